"""The demo's setting from its command line: data, time, script, world."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from app.clock import utc
from app.demo import home_file
from app.demo.household import HOUSE_FILE, PRICES_FILE, Household, Series, read_house, read_prices
from app.demo.script import AWAY_H, LEAVES, Script, day_rows, lay_out
from app.demo.world import World
from app.engine.wishes import local_s
from app.errors import UserError
from app.store import ReadingRow, Store
from energy.twin import Battery

HEADLESS_DAY, LIVE_DAY = date(2024, 4, 16), date(2024, 4, 23)
"""Of the built-in data. On the live one's evening the house needs power when it is dear."""
BEGINS_BEFORE = timedelta(minutes=1)
"""The car comes home that much later."""
FIRST_YEAR, LAST_YEAR = 1970, 2900
"""Calendars, and the arithmetic on them, end somewhere."""
HISTORY_DAYS = 28
FIRST_SOC = 0.62
_SLOT_S = 900.0
_FLUSH_EVERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Everything that a demo is made from."""

    house: Household
    house_file: Path
    prices: Series
    prices_file: Path
    tz: ZoneInfo
    start_s: float
    end_s: float
    script: Script
    seed: int
    away_h: float
    """How long the car is away on a working day."""

    def world(self, *, settles_at_once: bool) -> World:
        """The world at the start."""
        battery = Battery(
            capacity_wh=home_file.CAPACITY_WH,
            soc=FIRST_SOC,
            charge_max_w=home_file.CHARGE_W,
            discharge_max_w=home_file.DISCHARGE_W,
        )
        return World(
            house=self.house,
            script=self.script,
            tz=self.tz,
            battery=battery,
            start_s=self.start_s,
            seed=self.seed,
            settles_at_once=settles_at_once,
        )


def make_setting(
    *,
    house: Path | None,
    prices: Path | None,
    start: str | None,
    hours: float,
    seed: int,
    live: bool,
    away_h: float = AWAY_H,
) -> Setting:
    """Read the data and lay out the script. Raises ``UserError`` naming what cannot be used."""
    house_file, prices_file = house or HOUSE_FILE, prices or PRICES_FILE
    household, series = read_house(house_file), read_prices(prices_file)
    tz = ZoneInfo(home_file.TIMEZONE)
    start_s = _start(start, household, tz, LIVE_DAY if live else HEADLESS_DAY, _before_home(away_h))
    end_s = start_s + hours * 3600.0
    if live:
        # It runs until it is closed; at the data's end the last values stay.
        end_s = max(start_s + 3600.0, min(end_s, household.load_w.end_s, series.end_s))
    for file, data in ((house_file, household.load_w), (prices_file, series)):
        _covered(data, file, start_s, end_s)
    # A day more than is shown: the plan looks ahead, and a car that is away comes back.
    script = lay_out(start_s, end_s + 86_400.0, tz, day_rows(away_h))
    return Setting(
        house=household,
        house_file=house_file,
        prices=series,
        prices_file=prices_file.absolute(),
        tz=tz,
        start_s=start_s,
        end_s=end_s,
        script=script,
        seed=seed,
        away_h=away_h,
    )


def _before_home(away_h: float) -> time:
    return (datetime.combine(LIVE_DAY, LEAVES) + timedelta(hours=away_h) - BEGINS_BEFORE).time()


def _start(text: str | None, house: Household, tz: ZoneInfo, default: date, begins: time) -> float:
    if text is None:
        default_s = local_s(default, begins, tz)
        if house.load_w.start_s <= default_s < house.load_w.end_s - 86_400.0:
            return default_s
        # Other data: its second week's first working day, so that there is some history.
        day = utc(house.load_w.start_s + min(8 * 86_400.0, (house.load_w.end_s - house.load_w.start_s) / 2)).date()
        while day.weekday() > 3:
            day += timedelta(days=1)
        return local_s(day, begins, tz)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"--start {text} is no date: write 2024-04-16 or 2024-04-16T17:00") from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise UserError(f"--start {text}: the data does not cover the year {at.year}")
    if len(text) <= 10:
        return local_s(at.date(), begins, tz)
    return (at if at.tzinfo else at.replace(tzinfo=tz)).timestamp()


def _covered(series: Series, path: Path, start_s: float, end_s: float) -> None:
    if not series.start_s <= start_s or not end_s <= series.end_s:
        first, last = utc(series.start_s), utc(series.end_s)
        raise UserError(
            f"{path} holds {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC, which does not cover the demo's "
            f"{(end_s - start_s) / 3600:g} hours from {utc(start_s):%Y-%m-%d %H:%M}: choose another --start, or fewer "
            "--hours"
        )
    for from_s, to_s in series.holes():
        if from_s < end_s and to_s > start_s:
            raise UserError(
                f"{path} has a hole from {utc(from_s):%Y-%m-%d %H:%M} to {utc(to_s):%Y-%m-%d %H:%M} UTC in the demo's "
                "time: fill it, or choose another --start"
            )


async def remember_past(path: Path, setting: Setting) -> None:
    """Fill a new store with the weeks before the start, as if the engine had run then: forecasts stand on it."""
    store = await Store.open(path)
    try:
        begin_s = max(setting.house.load_w.start_s, setting.start_s - HISTORY_DAYS * 86_400.0)
        holes = setting.house.load_w.holes()
        for count, at_s in enumerate(np.arange(begin_s, setting.start_s - 1.0, _SLOT_S)):
            if any(from_s <= at_s < to_s for from_s, to_s in holes):
                continue  # nobody measured then
            load_w, solar_w = setting.house.load_w.at(at_s), setting.house.solar_w.at(at_s)
            row = ReadingRow(at_s=float(at_s), grid_w=load_w - solar_w, load_w=load_w, solar_w=solar_w, ev_w=0.0)
            store.reading(row)
            if count % _FLUSH_EVERY == 0:
                await store.flush()
        await store.flush()
    finally:
        await store.close()
