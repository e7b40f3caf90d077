"""Reasons in the API's words: of set-points and plans as they are, and of the decisions that the store has kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.api import schema as s
from app.api.reason_text import Plain, ReasonLike, text
from app.clock import utc
from app.engine.kept_reasons import params_of, rounded
from app.store import PlanRow, ReasonRow


@dataclass(frozen=True, slots=True)
class Kept:
    """A reason that comes back from the store."""

    code: str
    params: dict[str, float | str] = field(default_factory=dict)


def reason(found: ReasonLike, writer: Plain) -> s.ReasonOut:
    """A typed reason with its English; a figure without an end ("until cancelled") is left out, as JSON has none."""
    params = rounded(found.params)
    return s.ReasonOut(code=str(found.code), params=params, text=text(found, writer))


@dataclass(frozen=True, slots=True)
class Decision:
    """Set-points in a row with one reason and the same limits."""

    rows: Sequence[ReasonRow]
    until_s: float | None
    """When the charger's next decision came; None: not known."""


def grouped(rows: Sequence[ReasonRow]) -> list[Decision]:
    """Rows in order of time as decisions, newest first."""
    open_rows: dict[str, list[ReasonRow]] = {}
    done: list[Decision] = []
    for row in rows:
        held = open_rows.get(row.charger_id)
        if held is not None and _kind(held[0]) == _kind(row):
            held.append(row)
            continue
        if held is not None:
            done.append(Decision(held, row.at_s))
        open_rows[row.charger_id] = [row]
    done += [Decision(held, None) for held in open_rows.values()]
    return sorted(done, key=lambda decision: decision.rows[0].at_s, reverse=True)


def decision(found: Decision, writer: Plain) -> s.DecisionOut:
    """One decision; its times are told as from when it was made."""
    first, powers = found.rows[0], [row.power_w for row in found.rows]
    then = replace(writer, now_s=first.at_s)
    return s.DecisionOut(
        at=utc(first.at_s),
        until=None if found.until_s is None else utc(found.until_s),
        charger_id=first.charger_id,
        power_w=first.power_w,
        least_w=min(powers),
        most_w=max(powers),
        changes=len(powers),
        reason=reason(Kept(first.code, first.params), then),
        limited_by=[reason(Kept(limit["code"], limit.get("params", {})), then) for limit in first.limited_by],
    )


def past_plan(row: PlanRow, writer: Plain) -> s.PastPlanOut:
    """A plan as it was kept."""
    body: dict[str, Any] = row.body
    then = replace(writer, now_s=row.made_at_s)
    codes = body.get("reason", [])
    return s.PastPlanOut(
        made_at=utc(row.made_at_s),
        why=body.get("why", ""),
        cost=body.get("planned"),
        baseline_cost=body.get("baseline"),
        start=[utc(at_s) for at_s in body.get("start_s", [])],
        ev_w=body.get("ev_w", []),
        soc=body.get("soc", []),
        reasons=[reason(Kept(code, params_of(body, step)), then) for step, code in enumerate(codes)],
    )


def _kind(row: ReasonRow) -> tuple[str, ...]:
    return (row.code, *(limit["code"] for limit in row.limited_by))
