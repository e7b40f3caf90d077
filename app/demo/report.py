"""The report of a headless demo, one JSON object.

=============== ======================================================================================================
key             what
=============== ======================================================================================================
schema          1
method          in words: how home time was stepped and what "settled" means
home            name, data files, ``start`` and ``end`` (UTC), ``hours``, ``step_s``, ``seed``
pace            ``asked_speed`` (home seconds in a real one, at most), ``reached_speed``, ``wall_s``, ``steps``, and
                ``steps_without``: steps that went on before reading, car, plan or power had settled; should be empty
sessions        ``count``, how each ``ended``, ``broken`` (not ended properly), and the records ``booked`` by the engine
messages        ``iso15118`` (both ways), ``modbus_requests``, ``openadr_requests``, ``ocpp``
plans           ``count``, ``median_s``, ``p95_s``, ``max_s`` (in the worker, forecasts included), ``fallbacks``,
                ``failures``
dispatch        ``ticks``, ``charge_loops``
energy_wh       by path, from the world itself: solar_house, solar_car, solar_grid, grid_house, grid_car, car_house,
                car_grid
engine_…        ``engine_energy_wh``: the same from the engine's own accounts, out of its store
money           ``bill``, ``wear``, ``baseline_bill``, ``stored_difference``, ``saved``, and what the baseline is;
                ``engine_saved``: from the engine's own accounts, stored charge at the coming day's mean price
events          each ask of utility and backend that began: asked, mean powers, ``worst_excess_w`` over a limit
                (or distance from a set-point); ``status`` and ``delivered_wh`` as the engine booked them
reports         number of reports that the utility has received
ocpp_problems   what a strict backend objected to
promises        ``departures`` that fell due: wanted and reached charge, ``kept``; ``reserve``: lowest charge at home;
                ``trips_short_wh``: energy that trips lacked
violations      every limit broken by the car's doing, with from, to, limit and worst value; must be empty
house_excess    limits exceeded by the house's own load while the car did not charge
health          drivers and links that were not well at the end
ok              true when there is no violation, no broken session, no failed driver, and there were plans
=============== ======================================================================================================
"""

import json
import statistics
from pathlib import Path
from typing import Any

from app.clock import utc
from app.demo.actors import Actors
from app.demo.audit import Audit
from app.demo.lockstep import PaceStats
from app.demo.setting import Setting
from app.engine.engine import Engine
from app.errors import UserError
from app.ports import HealthLevel
from app.store import EventRow, Store

METHOD = (
    "Lockstep: home time stands still while the wires work. Each step the house's load, sun and frequency change, the "
    "engine reads the meter over Modbus, decides, and the set-point reaches the power stage over Modbus and the car in "
    "its ISO 15118-20 charge loop; the powers that then stand are integrated over the step and held against every "
    "limit. What happens within a step (the charger's delay and ramp) is not simulated. Plans are made in a worker "
    "process and waited for. ISO 15118 time-outs are ten times the standard's, because one process plays every part."
)


def build(
    *,
    setting: Setting,
    actors: Actors,
    audit: Audit,
    engine: Engine,
    pace: PaceStats,
    step_s: float,
    speed: float,
    wall_s: float,
    booked: dict[str, Any],
) -> dict[str, Any]:
    """The report; ``booked`` is what the engine's store says (see ``read_store``)."""
    now_s = engine.clock.now_s()
    took = sorted(engine.planner.stats.took_s or [])
    unwell = [
        {"name": line.name, "level": line.shown.level.value, "text": line.shown.text, "restarts": line.restarts}
        for line in engine.book.lines()
        if line.shown.level in (HealthLevel.FAILED, HealthLevel.WARNING)
    ]
    home_s = now_s - setting.start_s
    report: dict[str, Any] = {
        "schema": 1,
        "method": METHOD,
        "home": {
            "name": engine.config.home.name,
            "house_file": setting.house_file.name,
            "prices_file": setting.prices_file.name,
            "start": utc(setting.start_s).isoformat(),
            "end": utc(now_s).isoformat(),
            "hours": round(home_s / 3600.0, 3),
            "step_s": step_s,
            "seed": setting.seed,
        },
        "pace": {
            "asked_speed": speed,
            "reached_speed": round(home_s / wall_s, 1) if wall_s > 0 else None,
            "wall_s": round(wall_s, 2),
            "steps": pace.steps,
            "steps_without": pace.late,
        },
        "sessions": {
            "count": len(actors.car.sessions),
            "ended": actors.car.sessions,
            "broken": actors.car.broken,
            "booked": booked["sessions"],
        },
        "messages": {
            "iso15118": actors.car.messages,
            "modbus_requests": actors.modbus_requests,
            "openadr_requests": len(actors.vtn.log),
            "ocpp": len(actors.csms.messages),
        },
        "plans": {
            "count": engine.planner.stats.made,
            "median_s": round(statistics.median(took), 4) if took else None,
            "p95_s": round(took[int(0.95 * (len(took) - 1))], 4) if took else None,
            "max_s": round(took[-1], 4) if took else None,
            "fallbacks": engine.planner.stats.fallbacks,
            "failures": engine.planner.stats.failures,
        },
        "dispatch": {"ticks": engine.dispatcher.ticks, "charge_loops": actors.car.car.loops},
        "energy_wh": audit.paths_wh(),
        "engine_energy_wh": booked["energy_wh"],
        "money": audit.money(actors.world) | {"engine_saved": booked["saved"]},
        "events": _events(audit, booked["events"], now_s),
        "reports": len(actors.vtn.reports),
        "ocpp_problems": actors.csms.problems,
        "promises": {
            "departures": audit.promises(actors.world),
            "reserve": {"wanted_soc": audit.rules.reserve_soc, "lowest_soc": round(audit.lowest_soc, 4)},
            "trips_short_wh": round(actors.world.driven_short_wh, 1),
        },
        "violations": [v.as_json() for v in audit.violations],
        "house_excess": [v.as_json() for v in audit.own_excess],
        "health": unwell,
    }
    failed = [line for line in unwell if line["level"] == HealthLevel.FAILED.value]
    planned = engine.planner.stats.made > 0
    report["ok"] = not audit.violations and not actors.car.broken and not failed and planned
    return report


async def read_store(path: Path, start_s: float, end_s: float, refill_per_kwh: float) -> dict[str, Any]:
    """What the engine has booked, read from its store after it stopped; stored charge counts at ``refill_per_kwh``."""
    store = await Store.open(path)
    try:
        [total] = await store.accounts([start_s - 1.0, end_s + 1.0])
        events = await store.events(start_s - 86_400.0)
        delivered = {}
        for event in events:
            rows = await store.deliveries(event.source, event.event_id)
            delivered[event.source, event.event_id] = sum((r.delivered_w or 0.0) for r in rows) / 60.0
        sessions = [
            {
                "session_id": row.session_id,
                "protocol": row.protocol,
                "charged_wh": round(row.charged_wh, 1),
                "discharged_wh": round(row.discharged_wh, 1),
                "soc_start": row.soc_start,
                "soc_end": row.soc_end,
                "ended": row.ended,
            }
            for row in reversed(await store.sessions(1000))
        ]
    finally:
        await store.close()
    saved = total.saved(refill_per_kwh)
    return {
        "energy_wh": {name: round(wh, 1) for name, wh in total.paths_wh.items()},
        "saved": round(saved, 3) if saved is not None else None,
        "events": [(event, delivered[event.source, event.event_id]) for event in events],
        "sessions": sessions,
    }


def _events(audit: Audit, booked: list[tuple[EventRow, float]], now_s: float) -> list[dict[str, Any]]:
    answers = audit.events(now_s)
    for answer in answers:
        rows = [(row, wh) for row, wh in booked if utc(row.start_s).isoformat() == answer["start"]]
        titled = [(row, wh) for row, wh in rows if row.title == answer["name"]] or rows
        if titled:
            row, delivered_wh = titled[0]
            answer |= {"kind": row.kind, "status": row.status, "delivered_wh": round(delivered_wh, 1)}
        else:
            answer["status"] = "not received"
    return answers


def check_writable(path: Path) -> None:
    """Before the run, not after it: raises ``UserError`` where no report can be written."""
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            return  # a pipe or a device: to open it is to use it
        is_new = not path.exists()
        path.open("ab").close()
        if is_new:
            path.unlink()
    except OSError as error:
        raise _not_written(path, error) from error


def write(report: dict[str, Any], path: Path) -> None:
    """The report as a file. Raises ``UserError``."""
    try:
        path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise _not_written(path, error) from error


def _not_written(path: Path, error: OSError) -> UserError:
    return UserError(
        f"--report {path} cannot be written ({error.strerror or error}): name a file in a folder that is there"
    )


def summary(report: dict[str, Any]) -> str:
    """A few lines for the terminal."""
    money, pace, plans = report["money"], report["pace"], report["plans"]
    kept = sum(p["kept"] for p in report["promises"]["departures"])
    lines = [
        f"{report['home']['hours']:g} h in {pace['wall_s']:g} s ({pace['reached_speed']:g} times real time), "
        f"{report['sessions']['count']} sessions, {report['messages']['iso15118']} ISO 15118 messages, "
        f"{plans['count']} plans (median {plans['median_s']} s)",
        f"saved {money.get('saved', 0):.2f} {money.get('currency', '')} against no V2G, charging on arrival; "
        f"{kept} of {len(report['promises']['departures'])} departures kept; "
        f"{len(report['events'])} events answered; {len(report['violations'])} limit violations",
    ]
    lines += [f"  broken: {v['what']} {v['worst']} {v['unit']} over {v['limit']}" for v in report["violations"][:10]]
    return "\n".join(lines)
