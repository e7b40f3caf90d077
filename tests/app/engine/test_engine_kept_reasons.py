"""Why something was done stays known: what is kept of plans and set-points, and how it comes back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.api.desk import Refused
from app.api.reason_text import Plain
from app.clock import FastClock, utc
from app.config.load import load_home
from app.config.secrets import Secrets
from app.engine.desk import EngineDesk
from app.engine.engine import Engine, Options
from app.engine.kept_reasons import columns, params_of, rounded
from app.engine.reason_views import grouped, reason
from app.engine.recorder import Recorder
from app.store import PlanRow, ReasonRow
from energy.model import Reason, ReasonCode, SetPoint

T0 = 1_713_261_600.0  # 2024-04-16T10:00:00Z
WRITER = Plain(tz=ZoneInfo("Europe/Berlin"), currency="EUR", now_s=T0)
HOME = "[home]\nname = 'H'\ntimezone = 'Europe/Berlin'\n[connection]\nphases = 3\nfuse_a = 25\n"
FEEDS = {"until_s": T0 + 7200, "price_eur_per_kwh": 0.38, "worth_eur_per_kwh": 0.12}


def row(after_s: float, code: str = "feed_house", power_w: float = -900.0, **fields: Any) -> ReasonRow:
    named = {"charger_id": "c1", "params": FEEDS, "limited_by": []} | fields
    return ReasonRow(at_s=T0 + after_s, power_w=power_w, code=code, **named)


def point(after_s: float, power_w: float = -900.0, *limits: ReasonCode, charger_id: str = "c1", **params: float):
    why = Reason(code=ReasonCode.FEED_HOUSE, params=FEEDS | params)
    at_s = T0 + after_s
    cut = tuple(Reason(code=code, params={"limit_w": float("inf"), "wanted_w": 1.23456}) for code in limits)
    return SetPoint(charger_id=charger_id, power_w=power_w, at_s=at_s, expires_s=at_s + 30, reason=why, limited_by=cut)


def test_figures_are_rounded_as_their_unit_is_worth_and_what_never_ends_is_left_out() -> None:
    params = {"until_s": float("inf"), "price_eur_per_kwh": 0.1234567, "wanted_w": 11.26, "binds": "load"}
    assert rounded(params) == {"price_eur_per_kwh": 0.12346, "wanted_w": 11.3, "binds": "load"}


def test_the_reasons_of_a_plan_come_back_step_by_step() -> None:
    reasons = [
        Reason(code=ReasonCode.HOLD, params={"worth_eur_per_kwh": 0.2}),
        Reason(code=ReasonCode.NO_CAR, params={"binds": "away"}),
    ]
    record = {"reason_params": columns(reasons)}
    assert [params_of(record, step) for step in range(2)] == [r.params for r in reasons]
    assert params_of({}, 0) == {}


def test_set_points_with_one_reason_are_one_decision() -> None:
    cut = [{"code": "limit_fuse", "params": {"limit_w": 5750.0}}]
    rows = [row(0), row(60, power_w=-1500), row(90, limited_by=cut), row(95, charger_id="c2"), row(120, "hold", 0.0)]
    found = grouped(rows)
    assert [(d.rows[0].at_s - T0, len(d.rows), d.until_s) for d in found] == [
        (120, 1, None),
        (95, 1, None),
        (90, 1, T0 + 120),
        (0, 2, T0 + 90),
    ]


def test_a_reason_of_the_api_brings_its_english() -> None:
    shown = reason(Reason(code=ReasonCode.FEED_HOUSE, params=FEEDS), WRITER)
    assert shown.text == (
        "Feeding the house from the car until 14:00, because the grid costs 0.38 EUR. "
        "A kWh in the car is worth 0.12 EUR."
    )


class Rows:
    """A scribe that keeps what it is told."""

    def __init__(self) -> None:
        self.kept: list[ReasonRow] = []

    def reason(self, row: ReasonRow) -> None:
        self.kept.append(row)


def kept_of(*points: SetPoint) -> list[ReasonRow]:
    scribe, nothing = Rows(), SimpleNamespace()
    parts = dict.fromkeys(("accounts", "ledger", "prices", "load", "solar"), nothing)
    recorder = Recorder(scribe=scribe, reports=(), has_solar=False, stale_s=10.0, **parts)  # type: ignore[arg-type]
    for told in points:
        recorder._reason(SimpleNamespace(set_point=told))  # type: ignore[arg-type]
    return scribe.kept


def test_a_new_limit_is_kept_at_once_and_the_same_reason_once_a_minute() -> None:
    kept = kept_of(
        point(0), point(1, -1500.0), point(2, -1500.0, ReasonCode.LIMIT_FUSE), point(61, -1500.0), point(130, -1600.0)
    )
    assert [r.at_s - T0 for r in kept] == [0, 2, 61, 130]
    assert kept[1].limited_by == [{"code": "limit_fuse", "params": {"wanted_w": 1.2}}]
    assert kept[0].params == FEEDS


def test_nothing_new_is_kept_while_nothing_changes_and_each_charger_has_its_own() -> None:
    kept = kept_of(*(point(float(s)) for s in range(0, 600, 10)), point(601, charger_id="c2"), point(602))
    assert [(r.at_s - T0, r.charger_id) for r in kept] == [(0, "c1"), (601, "c2")]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[EngineDesk]:
    path = tmp_path / "home.toml"
    path.write_text(HOME)
    engine = await Engine.open(
        load_home(path),
        home_file=path,
        state_dir=tmp_path,
        clock=FastClock(T0, 1.0),
        secrets=Secrets({}, tmp_path / "secrets.toml"),
        options=Options(),
    )
    engine.drivers.clear()
    made = EngineDesk(engine)
    running = asyncio.create_task(engine.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_past_decisions_are_told_newest_first_page_by_page(desk: EngineDesk) -> None:
    codes = ["feed_house", "hold", "charge_cheap", "hold", "feed_house"]
    await desk._engine.store.book(*[row(3600.0 * i - 86_400, code) for i, code in enumerate(codes)])
    start, end = utc(T0 - 86_400), utc(T0 - 3600)
    first = await desk.decisions(start, end, 2)
    assert [d.reason.code for d in first.decisions] == ["feed_house", "hold"]
    assert first.decisions[0].until is None
    assert first.decisions[1].until == first.decisions[0].at
    assert first.decisions[0].reason.params["worth_eur_per_kwh"] == 0.12
    assert first.decisions[0].reason.text.startswith("Feeding the house")
    assert first.before == first.decisions[-1].at
    second = await desk.decisions(start, first.before, 100)
    assert [d.reason.code for d in second.decisions] == ["charge_cheap", "hold", "feed_house"]
    assert second.decisions[0].until == first.decisions[1].at
    assert second.before is None
    assert (await desk.decisions(start - timedelta(days=9), start, 5)).decisions == []


async def test_the_plan_of_a_past_time_tells_each_steps_reason(desk: EngineDesk) -> None:
    record = {"why": "a new price", "start_s": [T0 - 900, T0], "ev_w": [-900.0, 0.0], "soc": [0.5, None]}
    reasons = [Reason(code=ReasonCode.FEED_HOUSE, params=FEEDS), Reason(code=ReasonCode.NO_CAR)]
    record |= {"reason": [r.code.value for r in reasons], "reason_params": columns(reasons), "planned": 1.5}
    await desk._engine.store.book(PlanRow(T0 - 900, record))
    plan = await desk.past_plan(utc(T0 - 100))
    assert (plan.why, plan.cost, plan.made_at) == ("a new price", 1.5, utc(T0 - 900))
    assert plan.reasons[0].params["price_eur_per_kwh"] == 0.38
    assert plan.reasons[1].text == "No car is plugged in."
    with pytest.raises(Refused, match="No plan is kept from 2024-04-15"):
        await desk.past_plan(utc(T0 - 86_400))


async def test_a_plan_that_was_kept_before_reasons_had_figures_is_still_told(desk: EngineDesk) -> None:
    old = {"start_s": [T0 - 900], "ev_w": [0.0], "soc": [0.5], "reason": ["hold"], "why": ""}
    await desk._engine.store.book(PlanRow(T0 - 900, old))
    [reason] = (await desk.past_plan(utc(T0))).reasons
    assert reason.text.startswith("Holding the car's charge")
