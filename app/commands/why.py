"""``twoway why``: what the car does and did, and why, as the running engine tells it."""

import argparse
import json
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from app.commands.doctor_engine import Running, from_run_file
from app.config.paths import standard_paths
from app.errors import UserError

HELP = "what the car does, did and will do, and why"

EPILOG = """\
It asks the engine that runs on this machine; a past time is told by the day's decisions, of which 90 days are kept.
Exit status 0: told. 1: no engine answers, or it does not tell.

examples:
  twoway why                       now
  twoway why --day 2026-11-22      the decisions of a day
  twoway why --plan                what is planned
"""

_MOST = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--day", metavar="DATE", help="the decisions of a local day, as 2026-11-22")
    what.add_argument("--plan", action="store_true", help="the coming steps, one line for each row with one reason")
    parser.add_argument("--json", action="store_true", help="the API's own answer, with every figure, for programs")
    parser.add_argument("--run-file", type=Path, metavar="FILE", help="where the engine says how to reach it")


def run(args: argparse.Namespace) -> int:
    """Ask and print; returns the exit status."""
    engine = _engine(args.run_file or standard_paths().run_file)
    home = _ask(engine, "/home")
    zone = ZoneInfo(home["facts"]["timezone"])
    if args.plan:
        answer = _ask(engine, "/plan")
        lines = _plan(answer, zone)
    elif args.day:
        answer = _day(engine, args.day, zone)
        lines = [_decision(row, zone) for row in reversed(answer)]
    else:
        answer = home["set_point"]
        lines = _now(answer)
    if args.json:
        print(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        print("\n".join(lines) or "Nothing is kept of that time.")
    return 0


def _engine(run_file: Path) -> Running:
    engine = from_run_file(run_file)
    if engine is None:
        raise UserError(f"No engine runs here ({run_file} is missing): start one with 'twoway engine'.")
    return engine


def _ask(engine: Running, path: str) -> Any:
    """The engine's answer. Raises UserError with its own sentence, or one that says that it does not answer."""
    try:
        return engine.get(path)
    except httpx.HTTPStatusError as error:
        try:
            problem = str(error.response.json()["problem"])
        except (ValueError, KeyError, TypeError):
            problem = f"The engine on {engine.url} answers {error.response.status_code}."
        raise UserError(problem) from error
    except (httpx.HTTPError, ValueError) as error:
        raise UserError(f"The engine on {engine.url} does not answer: {type(error).__name__}.") from error


def _day(engine: Running, date: str, zone: ZoneInfo) -> list[Any]:
    """The day's decisions, newest first, page by page."""
    try:
        begin = datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=zone)
    except ValueError as error:
        raise UserError(f"--day: '{date}' is no date such as 2026-11-22.") from error
    found: list[Any] = []
    before: str | None = _utc(begin + timedelta(days=1))
    while before is not None:
        page = _ask(engine, f"/history/decisions?from={_utc(begin)}&to={before}&limit={_MOST}")
        found += page["decisions"]
        before = page["before"]
    return found


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _now(point: Any) -> list[str]:
    if point is None:
        return ["The engine has not told the charger anything yet."]
    return [f"{point['power_w'] / 1000:+.1f} kW. {_words(point)}"]


def _decision(row: Any, zone: ZoneInfo) -> str:
    begin, end = _clock(row["at"], zone), _clock(row["until"], zone) if row["until"] else "now  "
    powers = sorted({f"{row[name] / 1000:+.1f}" for name in ("least_w", "most_w")}, key=float)
    return f"{begin} - {end}  {' to '.join(powers)} kW  {_words(row)}"


def _words(row: Any) -> str:
    """The reason, and the limits that cut what was wanted where they are not the reason themselves."""
    limits = [limit["text"] for limit in row["limited_by"] if limit["code"] != row["reason"]["code"]]
    return " ".join([row["reason"]["text"], *limits[:1]])


def _plan(plan: Any, zone: ZoneInfo) -> list[str]:
    """A line for each row of steps with one reason; its first step tells it."""
    rows = zip(plan["start"], plan["ev_w"], plan["reasons"], strict=True)
    lines = []
    for _, group in groupby(rows, key=lambda row: row[2]["code"]):
        steps = list(group)
        mean_kw = sum(watt for _, watt, _ in steps) / len(steps) / 1000
        lines.append(f"{_clock(steps[0][0], zone, '%a %H:%M')}  {mean_kw:+5.1f} kW  {steps[0][2]['text']}")
    return lines


def _clock(at: str, zone: ZoneInfo, pattern: str = "%H:%M") -> str:
    return datetime.fromisoformat(at).astimezone(zone).strftime(pattern)
