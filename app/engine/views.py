"""What the engine knows, in the API's words: pure functions from the energy floor's types to the schema.

Nothing here decides; a value that is not known stays null, and says why where a person would ask.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from app.api import schema as s
from app.api.reason_text import Plain
from app.clock import utc
from app.engine.forecasts import forecasts
from app.engine.health import HealthLine
from app.engine.ladder import Fallback, FallbackStep
from app.engine.ledger import Entry
from app.engine.plan_types import PlanDone
from app.engine.reason_views import reason
from app.ports import CarSession, ShownCertificate
from app.store import AccountSum, HistoryBucket, SessionRow
from energy.grid_events import KINDS, GridEvent, GridEventKind
from energy.model import Departure, Readings, SetPoint
from energy.plan.types import Plan, Promise, PromiseKind, StorePlan
from energy.service_account import ServiceAccount

FAR = datetime(9999, 12, 31, tzinfo=UTC)
_ON_TRACK_TOLERANCE = 0.005


def when(at_s: float) -> datetime:
    """The instant; what lies beyond the calendar (``inf``) is its last day."""
    return utc(at_s) if at_s < FAR.timestamp() else FAR


def set_point(found: SetPoint, writer: Plain) -> s.SetPointOut:
    """What the charger was last told."""
    return s.SetPointOut(
        power_w=found.power_w,
        at=when(found.at_s),
        expires=when(found.expires_s),
        reason=reason(found.reason, writer),
        limited_by=[reason(r, writer) for r in found.limited_by],
    )


def health(line: HealthLine) -> s.HealthOut:
    """One line of the health book."""
    shown = line.shown
    return s.HealthOut(
        name=line.name,
        level=shown.level.value,
        text=shown.text,
        since=when(shown.since_s),
        restarts=line.restarts,
        details=shown.details,
    )


def flow(picture: Readings, ev_w: float, now_s: float, stale_s: float, why_missing: dict[str, str]) -> s.Flow:
    """What flows now; ``why_missing`` gives a sentence for each figure that no instrument tells."""
    load_w = picture.load_w(ev_w)
    figures = {
        "grid_w": picture.grid_w,
        "solar_w": picture.solar_w,
        "load_w": load_w,
        "frequency_hz": picture.frequency_hz,
    }
    missing = {
        name: why_missing.get(name, "No instrument of this home tells it.")
        for name, value in figures.items()
        if value is None and name != "frequency_hz"
    }
    return s.Flow(
        at=when(picture.at_s) if picture.grid_w is not None else None,
        ev_w=ev_w,
        battery_w=picture.battery_w,
        stale=picture.grid_w is not None and now_s - picture.at_s > stale_s,
        missing=missing,
        **figures,
    )


def car(session: CarSession | None, name: str) -> s.CarNow:
    """The car and its session."""
    if session is None:
        return s.CarNow(name=name, soc_missing="The charger has not been heard of yet.")
    state = session.ev
    missing = ""
    if state.soc is None:
        missing = "The car does not tell its charge." if state.connected else "No car is connected."
    return s.CarNow(
        connected=state.connected,
        name=name,
        soc=state.soc,
        soc_missing=missing,
        capacity_wh=state.ev.capacity_wh,
        power_w=state.power_w if state.connected else None,
        can_discharge=state.can_discharge,
        protocol=session.protocol,
        state=session.state,
        session_id=session.session_id,
        evcc_id=session.evcc_id,
        since=when(session.since_s) if session.since_s > 0 else None,
        charged_wh=session.charged_wh,
        discharged_wh=session.discharged_wh,
        messages=session.messages,
        charge_max_w=state.ev.charge_max_w,
        discharge_max_w=state.ev.discharge_max_w,
        encryption=session.encryption,
        cipher=session.cipher,
        unprotected_by_switch=session.unprotected_by_switch,
        authorization=session.authorization,
        contract=session.contract,
        certificate=_certificate(session.certificate),
    )


def _certificate(shown: ShownCertificate | None) -> s.CertificateOut | None:
    if shown is None:
        return None
    return s.CertificateOut(role="vehicle", subject=shown.subject, issuer=shown.issuer, valid_to=when(shown.valid_to_s))


_UNITS: dict[PromiseKind, str] = {
    PromiseKind.IMPORT_LIMIT: "W",
    PromiseKind.EXPORT_LIMIT: "W",
    PromiseKind.TRIP: "Wh",
    PromiseKind.DEPARTURE: "fraction",
    PromiseKind.RESERVE: "fraction",
    PromiseKind.LOAD: "h",
    PromiseKind.COMFORT: "fraction",
    PromiseKind.EVENT_FREQUENCY: "W",
    PromiseKind.EVENT_SETPOINT: "W",
    PromiseKind.EVENT_SOC: "fraction",
}


def promise(found: Promise) -> s.PromiseOut:
    """One promise of a plan."""
    return s.PromiseOut(
        kind=found.kind.value,
        deadline=when(found.deadline_s),
        wanted=found.wanted,
        planned=found.planned,
        short_by=found.short_by,
        unit=_UNITS.get(found.kind, ""),
        kept=found.kept,
    )


def plan(done: PlanDone, reserve_soc: float, writer: Plain, tz: ZoneInfo) -> s.PlanOut:
    """The plan as parallel lists."""
    steps = done.plan.steps
    return s.PlanOut(
        made_at=when(done.plan.made_s),
        end=when(steps[-1].end_s if steps else done.plan.made_s),
        start=[when(step.start_s) for step in steps],
        ev_w=[step.ev_w for step in steps],
        soc=[step.soc for step in steps],
        load_w=[step.load_w for step in steps],
        load_low_w=list(done.load_low_w),
        load_high_w=list(done.load_high_w),
        solar_w=[step.solar_w for step in steps],
        solar_low_w=list(done.solar_low_w),
        solar_high_w=list(done.solar_high_w),
        grid_w=[step.grid_w for step in steps],
        import_price=[step.import_eur_per_kwh for step in steps],
        export_price=[step.export_eur_per_kwh for step in steps],
        price_known_until=_price_known_until(done),
        reserve_soc=[reserve_soc] * len(steps),
        away=[not step.present for step in steps],
        reasons=[reason(step.reason, writer) for step in steps],
        promises=[promise(p) for p in done.plan.promises],
        cost=done.plan.money.planned_eur,
        baseline_cost=done.plan.money.baseline_eur,
        solve_s=done.took_s,
        solver=done.solver,
        fallback=not done.plan.optimal,
        stores=[_store(store, "battery") for store in done.plan.batteries]
        + [_store(store, "tank") for store in done.plan.tanks],
        loads=[
            s.RunOut(
                name=run.load_id,
                start=when(run.start_s) if run.start_s is not None else None,
                power_w=list(run.power_w),
            )
            for run in done.plan.loads
        ],
        curtailed_w=list(done.plan.curtailed_w),
        planning=fallbacks(done.steps, tz),
        forecasts=forecasts(done),
    )


def _store(found: StorePlan, kind: Literal["battery", "tank"]) -> s.StoreOut:
    share = [min(max(part, 0.0), 1.0) for part in found.share]
    return s.StoreOut(name=found.store_id, kind=kind, power_w=list(found.power_w), share=share)


def fallbacks(steps: Sequence[FallbackStep], tz: ZoneInfo) -> list[s.FallbackOut]:
    """What stands in for what, in the API's words."""
    return [
        s.FallbackOut(
            kind=step.kind.value,
            since=when(step.from_s) if step.from_s is not None else None,
            name=step.name,
            text=step.words(tz),
            quiet=step.quiet,
        )
        for step in steps
    ]


def _price_known_until(done: PlanDone) -> datetime | None:
    starts = {step.kind: step.from_s or done.plan.made_s for step in done.steps}
    kinds = (Fallback.PRICES_MISSING, Fallback.PRICES_EXPECTED)
    return next((when(starts[kind]) for kind in kinds if kind in starts), None)


def next_step(found: Plan | None, now_s: float, writer: Plain) -> s.NextStep | None:
    """The next step of the plan that differs in kind from the one that holds."""
    current = found.at(now_s) if found is not None else None
    if found is None or current is None:
        return None
    for step in found.steps:
        if step.start_s > now_s and step.reason.code is not current.reason.code:
            return s.NextStep(at=when(step.start_s), reason=reason(step.reason, writer), power_w=step.ev_w)
    return None


def ready_by(found: Plan | None, now_s: float, capacity_wh: float, usual: Departure | None = None) -> s.ReadyBy:
    """The next departure, and how the plan keeps it; where none is promised, the ``usual`` one."""
    promises = found.promises if found is not None else ()
    coming = [p for p in promises if p.kind is PromiseKind.DEPARTURE and p.deadline_s > now_s]
    if found is None or not coming:
        return _usual(found, usual) if usual is not None else s.ReadyBy()
    departure = min(coming, key=lambda p: p.deadline_s)
    reached = (
        step.end_s
        for step in found.steps
        if step.soc is not None and step.soc >= departure.wanted - _ON_TRACK_TOLERANCE and step.end_s > now_s
    )
    ready_s = next(reached, None)
    in_time = ready_s is not None and ready_s <= departure.deadline_s + 1.0
    return s.ReadyBy(
        at=when(departure.deadline_s),
        target_soc=departure.wanted,
        planned_soc=departure.planned,
        on_track=departure.kept,
        short_by_wh=departure.short_by * capacity_wh,
        ready_at=when(ready_s) if ready_s is not None and in_time else None,
        usual_chance=usual.chance if usual is not None and abs(usual.at_s - departure.deadline_s) < 1.0 else None,
    )


def _usual(found: Plan | None, usual: Departure) -> s.ReadyBy:
    step = found.at(usual.at_s) if found is not None else None
    return s.ReadyBy(
        at=when(usual.at_s),
        target_soc=usual.target_soc,
        planned_soc=step.soc if step is not None else None,
        usual_chance=usual.chance,
    )


EventStatus = Literal["coming", "active", "done", "cancelled", "quarantined"]
_STATUSES: dict[str, EventStatus] = {"coming": "coming", "active": "active", "done": "done", "cancelled": "cancelled"}


def account(found: ServiceAccount | None) -> s.AccountOut | None:
    """What settles an event."""
    if found is None:
        return None
    return s.AccountOut(
        baseline=found.baseline.value,
        asked_wh=found.asked_wh,
        delivered_wh=found.delivered_wh,
        baseline_wh=found.baseline_wh,
        energy_wh=found.energy_wh,
        share=None if found.share is None else min(found.share, 1.0),
        response_s=found.response_s,
        mean_response_s=found.mean_response_s,
        steps_answered=found.answered,
        steps_unanswered=found.unanswered,
        overshoot_w=found.overshoot_w,
        over_s=found.over_s,
        worst_w=found.worst_w,
        availability=None if found.availability is None else min(found.availability, 1.0),
    )


def event(entry: Entry, tz: ZoneInfo) -> s.EventOut:
    """One grid event with what was delivered."""
    found = entry.event
    facts = KINDS[found.kind]
    return s.EventOut(
        source=found.source,
        event_id=found.event_id,
        kind=found.kind.value,
        title=found.title,
        unit=facts.unit,
        start=when(found.start_s),
        end=None if found.end_s == float("inf") else when(found.end_s),
        values=[(when(i.start_s), i.value) for i in found.intervals],
        status=_STATUSES.get(entry.status, "quarantined"),
        opted_out=found.opted_out,
        may_opt_out=facts.may_opt_out,
        opt_out_consequence=opt_out_consequence(found, tz) if facts.may_opt_out else "",
        delivered_w=[(when(row.at_s), row.delivered_w) for row in entry.delivered if row.delivered_w is not None],
        delivered_wh=entry.delivered_wh,
        account=account(entry.account),
        money=entry.money,
        problem=entry.problem,
    )


def quarantined(source: str, event_id: str, problem: str, now_s: float) -> s.EventOut:
    """An event that could not be understood: shown, so that somebody can mend it, and not acted on."""
    return s.EventOut(
        source=source,
        event_id=event_id,
        kind="unknown",
        title=event_id,
        start=when(now_s),
        end=None,
        status="quarantined",
        problem=problem,
    )


_UNPAID = "what was offered for it is not paid"
_CONSEQUENCES: dict[GridEventKind, str] = {
    GridEventKind.EV_SETPOINT: f"the car follows your own plan instead of the asked power; {_UNPAID}.",
    GridEventKind.SITE_SETPOINT: f"the home follows your own plan instead of the asked power; {_UNPAID}.",
    GridEventKind.SOC_SETPOINT: f"the car is charged for your own wishes only; {_UNPAID}.",
    GridEventKind.RESERVE: "the charge that was to be kept may be used; in an outage less may be left.",
    GridEventKind.FREQUENCY: f"the car stops supporting the grid's frequency; {_UNPAID}.",
}


def opt_out_consequence(found: GridEvent, tz: ZoneInfo) -> str:
    """One sentence: what happens when the homeowner declines this event."""
    consequence = _CONSEQUENCES.get(found.kind, "the home follows your own plan instead.")
    if found.start_s <= 0:
        return consequence[0].upper() + consequence[1:]
    start, end = when(found.start_s).astimezone(tz), when(found.end_s).astimezone(tz)
    span = f"From {start:%H:%M}" + ("" if found.end_s == float("inf") else f" to {end:%H:%M}")
    return f"{span}: {consequence}"


def session(row: SessionRow) -> s.SessionOut:
    """One car session of the record."""
    return s.SessionOut(
        session_id=row.session_id,
        start=when(row.start_s),
        end=when(row.end_s) if row.end_s is not None else None,
        protocol=row.protocol,
        evcc_id=row.evcc_id,
        charged_wh=row.charged_wh,
        discharged_wh=row.discharged_wh,
        soc_start=row.soc_start,
        soc_end=row.soc_end,
        ended=row.ended,
    )


def means(bucket: HistoryBucket) -> dict[str, float]:
    """A bucket's means, for the channels that the history page shows."""
    return {name: spread.mean for name, spread in bucket.channels.items() if name in s.HistoryPoint.model_fields}


def paths_wh(found: Mapping[str, float]) -> dict[str, float]:
    """Energy by path, rounded to a tenth of a Wh."""
    return {name: round(wh, 1) for name, wh in found.items()}


def summary(
    period: Literal["day", "month", "year"],
    rows: Sequence[tuple[str, AccountSum]],
    capacity_wh: float,
    refill_per_kwh: float,
) -> s.SummaryOut:
    """A period of accounts by its hours, days or months."""
    buckets = [
        s.SummaryBucket(
            label=label,
            start=when(row.start_s),
            paths_wh=paths_wh(row.paths_wh),
            saved=row.saved(refill_per_kwh),
            cost=row.cost,
            co2_g=row.co2_g,
        )
        for label, row in rows
    ]
    total: dict[str, float] = {}
    for _, row in rows:
        for name, wh in row.paths_wh.items():
            total[name] = total.get(name, 0.0) + wh
    moved_wh = sum(total.get(name, 0.0) for name in ("car_house", "car_grid", "car_battery"))
    return s.SummaryOut(
        period=period,
        start=when(rows[0][1].start_s),
        end=when(rows[-1][1].end_s),
        buckets=buckets,
        paths_wh=paths_wh(total),
        saved=_sum([bucket.saved for bucket in buckets]),
        cost=_sum([row.cost for _, row in rows]),
        co2_g=_sum([row.co2_g for _, row in rows]),
        cycles=moved_wh / capacity_wh if capacity_wh > 0 else None,
    )


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
