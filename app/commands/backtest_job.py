"""From the command line to a job: files read, home put together, period chosen."""

import argparse
import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.clock import day_begins_s
from app.csv_text import read_csv_text
from app.errors import UserError
from energy.backtest.data import DAY_S, DataError, House, Market, overlap, parse_house, parse_market, twin_house
from energy.backtest.home import BacktestHome
from energy.backtest.job import Job

TWIN = Path("twin")
"""Instead of a house's file: a made-up household."""


def make_job(
    args: argparse.Namespace, house: Path, prices: Path, home_file: Path | None, chosen: tuple[str, ...]
) -> Job:
    """The job that the options describe. Raises ``UserError`` in one sentence."""
    home = _home(args, home_file)
    try:
        measured = None if house == TWIN else parse_house(read_csv_text(house), name=house.name)
        the_market = parse_market(read_csv_text(prices), name=prices.name)
        the_house = measured or twin_house(the_market, seed=args.seed, site=home.site)
        start_s, days = _period(args.start, args.days, the_house, the_market, home.tz)
    except DataError as error:
        raise UserError(str(error)) from None
    peak_w = float(the_house.solar_w.max())
    if home_file is None:
        # A roof is rated a little above the most it ever gave.
        home = replace(home, site=replace(home.site, peak_w=max(1.15 * peak_w, 0.0)))
    return Job(
        home=home,
        house=the_house,
        market=the_market,
        start_s=start_s,
        days=days,
        seed=args.seed,
        strategies=chosen,
    )


def fingerprints(job: Job, house: Path, prices: Path) -> dict[str, str]:
    """What a stopped run may be resumed with: the same of everything, by name."""
    return {
        "--house": _digest(house),
        "--prices": _digest(prices),
        "the home's options": hashlib.sha256(repr(job.home).encode()).hexdigest(),
        "--start": repr(job.start_s),
        "--days": str(job.days),
        "--seed": str(job.seed),
        "--strategies": ",".join(job.strategies),
    }


def _digest(path: Path) -> str:
    return str(path) if path == TWIN else hashlib.sha256(path.read_bytes()).hexdigest()


def _home(args: argparse.Namespace, home_file: Path | None) -> BacktestHome:
    home = BacktestHome()
    if home_file is not None:
        from app.commands.backtest_home import home_of

        home = home_of(home_file)
    if args.timezone is not None:
        home = replace(home, tz=args.timezone)
    try:
        ZoneInfo(home.tz)
    except (ZoneInfoNotFoundError, ValueError):
        raise UserError(f"--timezone: no time zone is called {home.tz!r}; write one like Europe/Paris") from None
    if args.capacity_kwh is not None:
        home = replace(home, ev=replace(home.ev, capacity_wh=_within(args.capacity_kwh, 1.0, 300.0) * 1e3))
    markup = home.markup
    if args.fees is not None:
        markup = replace(markup, fees_eur_per_kwh=args.fees)
    if args.tax is not None:
        markup = replace(markup, tax=args.tax)
    if args.export_fees is not None:
        markup = replace(markup, export_fees_eur_per_kwh=args.export_fees)
    return replace(home, markup=markup)


def _within(value: float, least: float, most: float) -> float:
    if not least <= value <= most:
        raise UserError(f"--capacity-kwh {value:g}: a car has {least:g} to {most:g} kWh")
    return value


def _period(start: str | None, days: int | None, house: House, market: Market, tz: str) -> tuple[float, int]:
    """First local midnight and whole days, within both files."""
    zone = ZoneInfo(tz)
    first_s, last_s = overlap(house, market)
    first = datetime.fromtimestamp(first_s, zone)
    first_day = first.date() + timedelta(days=0 if day_begins_s(first.date(), zone) >= first_s else 1)
    if start is None:
        day = first_day
    else:
        try:
            day = date.fromisoformat(start)
        except ValueError:
            raise UserError(f"--start {start!r:.40} is no date: write it like {first_day}") from None
    begins_s = day_begins_s(day, zone)
    most = int((last_s - begins_s) // DAY_S)
    last_day = datetime.fromtimestamp(last_s - 1.0, zone).date()
    if begins_s < first_s or most < 1:
        raise UserError(f"--start {day}: both files have whole days from {first_day} to {last_day}; choose one of them")
    if days is not None and days > most:
        raise UserError(f"--days {days}: from {day} on both files have {most} whole days; ask for no more")
    return begins_s, days or most
