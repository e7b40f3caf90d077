"""``twoway backtest``: a year of a home replayed by the minute, beside what others would have done with it."""

import argparse
import signal
import sys
from pathlib import Path

from app.commands.arguments import not_negative, percent, positive, whole, whole_from_0
from app.errors import UsageError

EXAMPLES = """examples:
  twoway backtest --house house.csv --prices prices.csv --report year.json --page year.html
  twoway backtest --house house.csv.gz --prices prices.csv.gz --start 2024-06-01 --days 30 --report june.json
  twoway backtest --house house.csv --prices prices.csv --report year.json --resume
  twoway backtest --house twin --seed 7 --prices prices.csv --start 2024-06-01 --days 7 --report twin.json
  twoway backtest --homes street/ --report street.json --page street.html

A house has the columns time_utc,load_w,pv_w; prices have time_utc,price_eur_per_mwh (or _per_kwh); plain or .gz.
Beside FILE.json the days are written to FILE.days.csv. Ctrl-C or SIGTERM keeps what was done; --resume goes on.
"""
_USUAL = ("arrival", "timer", "rule", "own", "perfect", "foresight")
_SHOWN = ("arrival", "timer", "rule", "own", "perfect", "known", "foresight")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    data = parser.add_argument_group("what is replayed")
    data.add_argument("--house", type=Path, metavar="FILE.csv", help="the house's load and sun, or twin: a made-up one")
    data.add_argument("--prices", type=Path, metavar="FILE.csv", help="the market's prices")
    data.add_argument("--homes", type=Path, metavar="FOLDER", help="many homes: a folder with one folder for each")
    data.add_argument("--start", metavar="DATE", help="first local day, like 2024-06-01 (the first in both files)")
    data.add_argument("--days", type=whole, metavar="N", help="how many days (all there are)")
    data.add_argument("--seed", type=whole_from_0, default=1, metavar="N", help="of minutes and twin (1)")
    home = parser.add_argument_group("the home; without these a commuting 60 kWh car at an 11 kW V2G charger")
    home.add_argument("--home", type=Path, metavar="FILE.toml", help="a home file: car, charger, departures, contract")
    home.add_argument("--timezone", metavar="ZONE", help="where its clock stands (Europe/Paris)")
    home.add_argument("--capacity-kwh", type=positive, metavar="KWH", help="of the car's battery (60)")
    home.add_argument(
        "--fees", type=not_negative, metavar="EUR", help="grid fees and levies on each kWh imported (0.10)"
    )
    home.add_argument("--tax", type=percent, metavar="PERCENT", help="tax on what is imported (21)")
    home.add_argument("--export-fees", type=not_negative, metavar="EUR", help="taken off each kWh exported (0)")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--strategies",
        metavar="A,B",
        default=",".join(_USUAL),
        help=f"which of {', '.join(_SHOWN)} (all but known, which knows even prices that are not yet published)",
    )
    how.add_argument("--cluster", metavar="tcp://HOST:PORT", help="with --homes: a Dask scheduler (this machine)")
    how.add_argument("--workers", type=whole, metavar="N", help="with --homes: processes on this machine (its cores)")
    out = parser.add_argument_group("what comes of it")
    out.add_argument("--report", type=Path, required=True, metavar="FILE.json", help="the report")
    out.add_argument("--page", type=Path, metavar="FILE.html", help="a page with charts")
    out.add_argument("--credit", action="append", metavar="TEXT", help="whose data these are, told in report and page")
    out.add_argument("--resume", action="store_true", help="go on where an earlier run was stopped")


def run(args: argparse.Namespace) -> int:
    """Replay; 0 when every strategy was lived to the end, 130 when it was stopped."""
    # Asked to end by another process: as by the keyboard, with all that was done kept.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _replay(args)
    finally:
        signal.signal(signal.SIGTERM, before)


def _replay(args: argparse.Namespace) -> int:
    chosen = strategies(args.strategies)
    if args.homes is not None:
        if args.house is not None or args.prices is not None:
            raise UsageError("--homes brings its own data: leave out --house and --prices")
        from app.commands.backtest_homes import run_homes

        return run_homes(args, chosen)
    if args.house is None or args.prices is None:
        raise UsageError("--house and --prices are needed (or --homes FOLDER)")
    for option in ("cluster", "workers"):
        if getattr(args, option) is not None:
            raise UsageError(f"--{option} needs --homes")
    from app.commands.backtest_one import run_one

    return run_one(args, chosen)


def strategies(text: str) -> tuple[str, ...]:
    """The strategies that were asked for, in the report's order."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in _SHOWN:
            raise UsageError(f"--strategies: there is no '{word}'; there are {', '.join(_SHOWN)}")
    return tuple(name for name in _SHOWN if name in words or name in ("arrival", "foresight"))


def tell(line: str) -> None:
    """A line for a person who waits."""
    print(line, file=sys.stderr, flush=True)
