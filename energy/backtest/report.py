"""The report: one JSON object, and a table of days.

=========== ==========================================================================================================
key         what
=========== ==========================================================================================================
schema      "twoway.backtest/1"
home        what was replayed: name, time zone, car, charger, connection, week, contract
period      ``start``, ``end`` (UTC), ``days``, ``first_day`` (local)
data        the files, their steps, what was mended, the model of the minutes and its seed
method      how it was done, in sentences
bound_eur   the least that it can cost (see energy/backtest/foresight.py)
base_eur    what charging on arrival costs
strategies  by name: ``share`` of the perfect saving, ``saved_eur``, and each field of energy.backtest.score.Score
            but the days; ``months`` (share, saved) and ``spread`` of the days' shares
days        one row a day: date, cost, regret and share of each strategy
credit      whose data these are, where it was told
typical     two days by the quarter hour for the page
=========== ==========================================================================================================
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from energy.asks import FloatArray
from energy.backtest.foresight import BLOCK
from energy.backtest.home import BacktestHome
from energy.backtest.job import (
    ARRIVAL,
    CO2_G_PER_KWH,
    CO2_SOURCE,
    FORESIGHT,
    KNOWN,
    OWN,
    PERFECT,
    RULE,
    TIMER,
    Job,
    Results,
    scores,
)
from energy.backtest.minutes import MODEL
from energy.backtest.ours import REPLAN_S, STEPS
from energy.backtest.score import Score
from energy.backtest.world import Course

SCHEMA = "twoway.backtest/1"
NAMES = {
    ARRIVAL: "Charging on arrival",
    TIMER: "Night timer",
    RULE: "Best simple rule",
    OWN: "Twoway",
    PERFECT: "Twoway, perfect forecasts",
    KNOWN: "Twoway, prices known too",
    FORESIGHT: "Perfect foresight",
}
_ROWS = ("days", "typical", "homes")
_LEAST_DAY_EUR = 0.05
"""A day on which less could be saved says nothing by its share."""


def build(job: Job, results: Results) -> dict[str, Any]:
    """The report of a job whose strategies were all lived. Same job, same report."""
    found, course = scores(job, results)
    if results.foresight is None:
        raise ValueError("A report needs foresight.")
    base = found[ARRIVAL]
    bound = results.foresight.bound_eur()
    dates = _dates(job)
    return {
        "schema": SCHEMA,
        "home": _home(job),
        "period": {
            "start": _utc(job.start_s),
            "end": _utc(job.start_s + job.days * 86400.0),
            "days": job.days,
            "first_day": dates[0],
        },
        "data": _data(job, course),
        "method": _method(job, results),
        "bound_eur": _r(bound),
        "base_eur": _r(base.cost_eur),
        "strategies": {name: _strategy(s, base, dates) for name, s in found.items()},
        "days": [_day(k, date, found) for k, date in enumerate(dates)],
        "typical": _typical(job, course, results, dates),
    }


def text_of(report: Mapping[str, Any]) -> str:
    """The report as JSON text: long rows a line each, so that a year stays small and readable."""
    parts = []
    for key, value in report.items():
        if key in _ROWS:
            rows = ",\n  ".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in value)
            text = f"[\n  {rows}\n ]"
        else:
            text = json.dumps(value, ensure_ascii=False, indent=1).replace("\n", "\n ")
        parts.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def days_csv(report: Mapping[str, Any]) -> str:
    """The table of days."""
    names = list(report["strategies"])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    heads = ("cost_eur", "regret_eur", "share")
    writer.writerow(["date", *(f"{name}_{head}" for name in names for head in heads)])
    for row in report["days"]:
        writer.writerow([row["date"], *(_cell(row[name][head]) for name in names for head in heads)])
    return out.getvalue()


def share_of(regret: float, base_regret: float) -> float | None:
    """Share of the perfect saving; None where there was next to nothing to save."""
    return 1.0 - regret / base_regret if base_regret >= _LEAST_DAY_EUR else None


def _strategy(s: Score, base: Score, dates: Sequence[str]) -> dict[str, Any]:
    plain = {
        key: (_r(value) if isinstance(value, float) else value)
        for key, value in asdict(s).items()
        if key not in ("regret_eur", "day_cost_eur", "plans", "reasons")
    }
    months: dict[str, tuple[float, float]] = {}
    for date, regret, base_regret in zip(dates, s.regret_eur, base.regret_eur, strict=True):
        mine, theirs = months.get(date[:7], (0.0, 0.0))
        months[date[:7]] = mine + regret, theirs + base_regret
    shares = [
        share
        for regret, base_regret in zip(s.regret_eur, base.regret_eur, strict=True)
        if (share := share_of(regret, base_regret)) is not None
    ]
    quantiles = np.quantile(shares, (0.1, 0.25, 0.5, 0.75, 0.9)) if shares else [np.nan] * 5
    return {
        "title": NAMES[s.name],
        "share": _r(share_of(sum(s.regret_eur), sum(base.regret_eur))),
        "saved_eur": _r(base.cost_eur - s.cost_eur),
        **plain,
        "plans": {key: _r(value) for key, value in s.plans.items()},
        "reasons": dict(sorted(s.reasons.items())),
        "months": {
            month: {"share": _r(share_of(mine, theirs)), "saved_eur": _r(theirs - mine), "possible_eur": _r(theirs)}
            for month, (mine, theirs) in months.items()
        },
        "spread": {
            "days": len(shares),
            **{f"p{q}": _r(float(v)) for q, v in zip((10, 25, 50, 75, 90), quantiles, strict=True)},
        },
    }


def _day(k: int, date: str, found: Mapping[str, Score]) -> dict[str, Any]:
    base = found[ARRIVAL].regret_eur[k]
    row: dict[str, Any] = {"date": date}
    for name, s in found.items():
        row[name] = {
            "cost_eur": _r(s.day_cost_eur[k]),
            "regret_eur": _r(s.regret_eur[k]),
            "share": _r(share_of(s.regret_eur[k], base)),
        }
    return row


def _typical(job: Job, course: Course, results: Results, dates: Sequence[str]) -> list[dict[str, Any]]:
    """The day of middling sun in the sunniest and in the darkest month, by the quarter hour."""
    n = course.count
    sun = course.minutes.solar_w[:n].reshape(-1, BLOCK).mean(axis=1)
    months: dict[str, list[int]] = {}
    for k, date in enumerate(dates):
        months.setdefault(date[:7], []).append(k)
    mean = {month: float(sun[rows].mean()) for month, rows in months.items()}
    picked = []
    for month in dict.fromkeys((max(mean, key=lambda m: mean[m]), min(mean, key=lambda m: mean[m]))):
        workdays = [k for k in months[month] if datetime.fromisoformat(dates[k]).weekday() < 5] or months[month]
        picked.append(sorted(workdays, key=lambda k: sun[k])[len(workdays) // 2])
    shown = [name for name in (OWN, PERFECT, RULE, FORESIGHT) if name in results.worlds]
    shown = [*shown[:1], FORESIGHT] if shown[0] != FORESIGHT else shown

    def quarters(value: FloatArray, k: int, digits: int = 0) -> list[float]:
        mean_w = value[k * BLOCK : (k + 1) * BLOCK].reshape(-1, 15).mean(axis=1)
        return [round(float(v), digits) for v in mean_w]

    return [
        {
            "date": dates[k],
            "load_w": quarters(course.minutes.load_w, k),
            "solar_w": quarters(course.minutes.solar_w, k),
            "import_eur_per_kwh": quarters(course.import_eur, k, 4),
            "strategies": {
                name: {
                    "ev_w": quarters(results.worlds[name].ev_w, k),
                    "soc": quarters(results.worlds[name].soc, k, 4),
                }
                for name in shown
            },
        }
        for k in picked
    ]


def _home(job: Job) -> dict[str, Any]:
    home = job.home
    return {
        "name": home.name,
        "timezone": home.tz,
        "car": asdict(home.ev),
        "charger": asdict(home.charger),
        "connection": asdict(home.connection),
        "week": [asdict(outing) for outing in home.week],
        "first_soc": home.first_soc,
        "reserve_soc": home.reserve_soc,
        "goal_soc_without_v2g": home.goal_soc,
        "contract": {
            "words": home.contract_words or _contract_words(home),
            "published": home.published,
            "on_the_road_eur_per_kwh": home.public_eur_per_kwh,
        },
        "risk": home.risk.value,
    }


def _contract_words(home: BacktestHome) -> str:
    m = home.markup
    export = f" less {m.export_fees_eur_per_kwh:g} a kWh" if m.export_fees_eur_per_kwh else ""
    return (
        f"Import: the market's price and {m.fees_eur_per_kwh:g} a kWh of fees, and {m.tax:.0%} of tax on both; "
        f"export: the market's price{export}."
    )


def _data(job: Job, course: Course) -> dict[str, Any]:
    coarse = max(job.house.table.step_s, 60.0) > 60.0
    co2_known = course.minutes.co2_g_per_kwh is not None
    return {
        "house": {"name": job.house.table.name, "step_min": job.house.table.step_s / 60.0},
        "prices": {"name": job.market.table.name, "step_min": job.market.table.step_s / 60.0},
        "notes": list(job.notes()),
        "minutes": MODEL if coarse else "The house's data are by the minute.",
        "seed": job.seed,
        "co2": "co2_g_per_kwh of the prices' file" if co2_known else f"{CO2_G_PER_KWH:g} g/kWh: {CO2_SOURCE}",
    }


def _method(job: Job, results: Results) -> list[str]:
    sentences = [
        "Every strategy lives in the same minutes with the same battery, charger and trips; each minute is scored.",
        "A new command takes the charger's reaction time and ramp to arrive; that part of the minute is scored at the "
        "old power.",
        f"Twoway plans every {REPLAN_S / 60:g} min while the car is there, {STEPS[-1][0]:g} h ahead in steps of "
        + ", ".join(f"{step_s / 60:g} min to {until_h:g} h" for until_h, step_s in STEPS)
        + ", and dispatches every minute.",
        f"While it feeds the house {job.home.dispatch.follow_import_w:g} W of import are left for what a meter misses.",
        f"It knows the prices of the coming day from {job.home.published} local time on, and expects the rest.",
        "Own forecasts are made from what the house measured before; perfect forecasts are the minutes to come, but "
        "prices are published no earlier.",
        "The timer charges from 23:00 to 06:00, and at the last moment for a departure.",
        "Perfect foresight is a bound: the least cost of the whole period, found backwards, minute by minute, with "
        "each minute's cost replaced by its lower convex hull; its row is a course that really lives so. It takes the "
        "half percent that may lack at a departure, and now and then a hair more.",
        "A day's regret is what it cost beyond perfect foresight, stored charge counted at what foresight would make "
        "of it; the share captured is 1 − regret / regret of charging on arrival.",
        "The charge left at the end is credited alike to all, with its worth to perfect foresight in the days after.",
        "A departure counts as missed where more than 0.5 % lacks that a car charging from arrival would have had.",
    ]
    if results.rule is not None:
        sentences.append(
            f"The best simple rule was chosen afterwards, on this very period, out of {results.rules_tried} tried: "
            f"{results.rule.words()}."
        )
    return sentences


def _dates(job: Job) -> list[str]:
    zone = ZoneInfo(job.home.tz)
    first = datetime.fromtimestamp(job.start_s + 43200.0, zone).date()
    return [(first + timedelta(days=k)).isoformat() for k in range(job.days)]


def _utc(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _r(value: float | None) -> float | None:
    """Rounded for the report; what is no number is None."""
    return None if value is None or not np.isfinite(value) else round(float(value), 4)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
