"""A house and its prices from CSV text: checked, aligned, and what had to be mended is told.

Columns: ``time_utc`` (ISO 8601), then ``load_w``, ``pv_w`` and, where it is there, ``pv_forecast_w`` (house), or
``price_eur_per_mwh`` or ``price_eur_per_kwh`` and, where it is there, ``co2_g_per_kwh`` (prices). An empty cell is no
reading. Steps are even; rows that are missing are gaps. Gaps are bridged and counted, never silently. A spreadsheet's
semicolons and decimal commas are read as well.
"""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from energy.asks import FloatArray
from energy.backtest.minutes import held_by_minute, load_by_minute, solar_by_minute
from energy.forecast import SolarSite
from energy.tariffs import PriceSeries
from energy.twin import synthetic_house

DAY_S = 86400.0
MOST_HOUSE_W = 200_000.0
MOST_PRICE = 10.0
"""Currency/kWh; the market's own limits are −0.5 and 5."""
_SHORT_GAP_S = 3 * 3600.0
_FROZEN_S = 86400.0
_MOST_ROWS = 20_000_000


class DataError(ValueError):
    """A file that cannot be used; the message names the file, the line and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Even steps; NaN: no reading."""

    name: str
    start_s: float
    step_s: float
    columns: dict[str, FloatArray]

    @property
    def end_s(self) -> float:
        """Where the last interval ends."""
        return self.start_s + self.step_s * self.count

    @property
    def at_s(self) -> FloatArray:
        """The beginning of each interval."""
        return np.asarray(self.start_s + self.step_s * np.arange(self.count), dtype=np.float64)

    @property
    def count(self) -> int:
        """Number of intervals."""
        return len(next(iter(self.columns.values())))


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A house's load and sun, bridged."""

    table: Table
    load_w: FloatArray
    solar_w: FloatArray
    solar_forecast_w: FloatArray | None
    """NaN where the file has none."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Prices as the market has them, without fees."""

    table: Table
    series: PriceSeries
    co2_g_per_kwh: FloatArray | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """What happened, by the minute from ``start_s``."""

    start_s: float
    load_w: FloatArray
    solar_w: FloatArray
    market: PriceSeries
    co2_g_per_kwh: FloatArray | None = None
    solar_forecast_w: FloatArray | None = None

    @property
    def count(self) -> int:
        """How many minutes there are."""
        return len(self.load_w)


def parse_house(text: str, *, name: str = "house") -> House:
    """A house from CSV text. Raises ``DataError``."""
    table = _parse(text, name, ("load_w", "pv_w"), ("pv_forecast_w",))
    notes: list[str] = []
    load = _plausible(table, "load_w", notes)
    solar = _plausible(table, "pv_w", notes)
    if not np.isfinite(load).any():
        raise DataError(f"{name}: load_w has no reading at all; check the column")
    load_filled, long_load = _bridged(load, table.step_s)
    solar_filled = _sun_bridged(load, solar, table.step_s)
    _tell_gaps(notes, name, "load_w", load, table.step_s, long_load)
    lacking = int((~np.isfinite(solar) & (solar_filled > 20.0)).sum())
    if lacking:
        notes.append(f"{name}: pv_w lacks {lacking} daylight readings; the days around stand in.")
    _tell_frozen(notes, name, "load_w", load, table.step_s)
    forecast = table.columns.get("pv_forecast_w")
    return House(table=table, load_w=load_filled, solar_w=solar_filled, solar_forecast_w=forecast, notes=tuple(notes))


def twin_house(market: Market, *, seed: int, site: SolarSite) -> House:
    """A made-up household over the market's whole time, by the minute; the same seed gives the same one."""
    days = math.ceil((market.table.end_s - market.table.start_s) / DAY_S)
    made = synthetic_house(market.table.start_s, days, seed=seed, site=site)
    columns = {"load_w": made.load_w, "pv_w": made.solar_w}
    return House(
        table=Table(name="twin", start_s=made.start_s, step_s=made.step_s, columns=columns),
        load_w=made.load_w,
        solar_w=made.solar_w,
        solar_forecast_w=None,
        notes=(f"twin: a made-up household (seed {seed}) with a roof of {site.peak_w / 1e3:g} kW, nobody's own.",),
    )


def parse_market(text: str, *, name: str = "prices") -> Market:
    """Prices from CSV text. Raises ``DataError``."""
    first_line = text.lstrip("\ufeff").partition("\n")[0]
    per_kwh = "price_eur_per_kwh" in first_line
    column = "price_eur_per_kwh" if per_kwh else "price_eur_per_mwh"
    table = _parse(text, name, (column,), ("co2_g_per_kwh",))
    price = table.columns[column] * (1.0 if per_kwh else 1e-3)
    notes: list[str] = []
    absurd = np.isfinite(price) & (np.abs(price) > MOST_PRICE)
    if absurd.any():
        notes.append(f"{name}: {int(absurd.sum())} prices beyond {MOST_PRICE:g} per kWh are taken as missing.")
        price = np.where(absurd, np.nan, price)
    if not np.isfinite(price).any():
        raise DataError(
            f"{name}: there is no price in it that can be used; write them per MWh or name the column price_eur_per_kwh"
        )
    filled, long = _bridged(price, table.step_s)
    _tell_gaps(notes, name, column, price, table.step_s, long)
    _tell_frozen(notes, name, column, price, table.step_s)
    co2 = table.columns.get("co2_g_per_kwh")
    if co2 is not None and np.isfinite(co2).any():
        co2, _ = _bridged(co2, table.step_s)
    else:
        co2 = None
    return Market(table=table, series=PriceSeries(table.at_s, filled), co2_g_per_kwh=co2, notes=tuple(notes))


def overlap(house: House, market: Market) -> tuple[float, float]:
    """Where both have data, POSIX s. Raises ``DataError`` where they do not meet for a day."""
    start_s = max(house.table.start_s, market.table.start_s)
    end_s = min(house.table.end_s, market.table.end_s)
    if end_s - start_s < DAY_S:
        raise DataError(
            f"{house.table.name} ({_span(house.table)}) and {market.table.name} ({_span(market.table)}) "
            "do not share a whole day: choose files of the same time"
        )
    return start_s, end_s


def by_minute(house: House, market: Market, start_s: float, end_s: float, seed: int) -> Minutes:
    """Both by the minute from ``start_s`` to ``end_s``, which lie within ``overlap`` on whole minutes."""

    def cut(by_min: FloatArray, table: Table) -> FloatArray:
        first = round((start_s - table.start_s) / 60.0)
        return by_min[first : first + round((end_s - start_s) / 60.0)]

    h, m = house.table, market.table
    co2 = market.co2_g_per_kwh
    forecast = house.solar_forecast_w
    return Minutes(
        start_s=start_s,
        load_w=cut(load_by_minute(house.load_w, h.step_s, seed), h),
        solar_w=cut(solar_by_minute(house.solar_w, h.step_s, seed), h),
        market=market.series,
        co2_g_per_kwh=None if co2 is None else cut(held_by_minute(co2, m.step_s), m),
        solar_forecast_w=None if forecast is None else cut(held_by_minute(forecast, h.step_s), h),
    )


def _parse(text: str, name: str, wanted: Sequence[str], optional: Sequence[str]) -> Table:
    text = text.lstrip("\ufeff")
    first_line = text.partition("\n")[0]
    # Where the comma parts euros from cents a spreadsheet writes semicolons between its cells.
    semicolons = ";" in first_line and "," not in first_line
    reader = csv.DictReader(io.StringIO(text.replace(",", ".") if semicolons else text), delimiter=",;"[semicolons])
    present = [c.strip() for c in reader.fieldnames or []]
    reader.fieldnames = present
    missing = [column for column in ("time_utc", *wanted) if column not in present]
    if missing:
        raise DataError(
            f"{name}, line 1: no column {', '.join(missing)}; the first line must name "
            f"{','.join(('time_utc', *wanted))}"
        )
    names = [*wanted, *(column for column in optional if column in present)]
    times: list[float] = []
    rows: list[list[float]] = []
    try:
        for row in reader:
            at_s = _time(row["time_utc"] or "", name, reader.line_num)
            if times and at_s <= times[-1]:
                raise DataError(
                    f"{name}, line {reader.line_num}: {row['time_utc']} does not come after the line before; "
                    "sort the lines by time and leave out doubles"
                )
            times.append(at_s)
            rows.append([_number(row[column] or "", name, reader.line_num, column) for column in names])
    except csv.Error as error:
        raise DataError(f"{name}, line {reader.line_num}: {error}; save it as plain CSV") from None
    if len(times) < 2:
        raise DataError(f"{name} holds {len(times)} lines of data; at least two are needed")
    return _even(name, np.array(times), np.array(rows), names)


def _even(name: str, at_s: FloatArray, rows: FloatArray, names: Sequence[str]) -> Table:
    """Even steps of whole minutes, with gaps for the rows that are missing."""
    gaps = np.diff(at_s)
    step_s = float(np.median(gaps))
    if step_s < 60.0 or step_s % 60.0 or step_s > DAY_S:
        raise DataError(
            f"{name}: its steps are {step_s:g} s; they must be whole minutes, at most a day: resample it to 15 min"
        )
    places = (at_s - at_s[0]) / step_s
    uneven = np.flatnonzero(np.abs(places - np.round(places)) > 1e-6)
    if len(uneven):
        at = datetime.fromtimestamp(float(at_s[uneven[0]]), UTC)
        raise DataError(
            f"{name}: steps are {step_s / 60:g} min, but {at:%Y-%m-%dT%H:%M:%SZ} does not fit them; "
            "resample it to even steps"
        )
    if at_s[0] % 60.0:
        raise DataError(f"{name}: its times do not lie on whole minutes; resample it")
    places_n = np.round(places).astype(np.int64)
    count = int(places_n[-1]) + 1
    if count > _MOST_ROWS:
        raise DataError(f"{name}: {count} steps from first to last line are too many; is one of the dates wrong?")
    columns = {}
    for j, column in enumerate(names):
        values = np.full(count, np.nan)
        values[places_n] = rows[:, j]
        columns[column] = values
    return Table(name=name, start_s=float(at_s[0]), step_s=step_s, columns=columns)


def _time(text: str, name: str, line: int) -> float:
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise DataError(f"{name}, line {line}: {text!r:.40} is no time; write 2024-04-16T12:00:00Z") from None


def _number(text: str, name: str, line: int, column: str) -> float:
    if not text.strip():
        return math.nan
    try:
        return float(text)
    except ValueError:
        raise DataError(
            f"{name}, line {line}: {column} is {text!r:.40}, which is no number; leave the cell empty for no reading"
        ) from None


def _plausible(table: Table, column: str, notes: list[str]) -> FloatArray:
    """Power ≥ 0 and of this world; a little below 0 is an instrument's zero."""
    power = table.columns[column]
    known = np.isfinite(power)
    absurd = (known & (np.abs(power) > MOST_HOUSE_W)) | np.isinf(power)
    if absurd.any():
        notes.append(
            f"{table.name}: {int(absurd.sum())} values of {column} beyond {MOST_HOUSE_W / 1e3:g} kW are "
            "taken as missing."
        )
    below = known & (power < -20.0) & ~absurd
    if below.any():
        notes.append(f"{table.name}: {int(below.sum())} values of {column} are below 0 and are taken as 0.")
    return np.where(absurd, np.nan, np.where(known, np.maximum(power, 0.0), np.nan))


def _bridged(value: FloatArray, step_s: float) -> tuple[FloatArray, int]:
    """Short gaps by a straight line, long ones from the same time of the nearest days; how many were long."""
    known = np.isfinite(value)
    filled = value.copy()
    index = np.arange(len(value))
    line = np.interp(index, index[known], value[known])
    per_day = max(1, round(DAY_S / step_s))
    long = 0
    for first, last in _runs(~known):
        if (last - first) * step_s <= _SHORT_GAP_S:
            filled[first:last] = line[first:last]
            continue
        long += last - first
        for k in range(first, last):
            days = (k + sign * day * per_day for day in range(1, 15) for sign in (-1, 1))
            like = next((value[j] for j in days if 0 <= j < len(value) and known[j]), None)
            filled[k] = line[k] if like is None else like
    return filled, long


def _sun_bridged(load: FloatArray, solar: FloatArray, step_s: float) -> FloatArray:
    """A missing sun is the mean of the same time on the days around; an inverter that sleeps at night says nothing."""
    per_day = max(1, round(DAY_S / step_s))
    days = -(-len(solar) // per_day)
    padded = np.full(days * per_day, np.nan)
    padded[: len(solar)] = solar
    table = padded.reshape(days, per_day)
    known = np.isfinite(table)
    value = np.where(known, table, 0.0)
    filled = table.copy()
    for day in np.flatnonzero(~known.all(axis=1)):
        around = slice(max(0, day - 7), day + 8)
        # A silent inverter counts as dark as long as somebody measured the house.
        seen = known[around].sum(axis=0)
        mean = value[around].sum(axis=0) / np.maximum(seen, 1)
        dark = seen < 0.34 * len(known[around])
        filled[day] = np.where(known[day], table[day], np.where(dark, 0.0, mean))
    result: FloatArray = filled.reshape(-1)[: len(solar)]
    return result


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """(first, after the last) of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _tell_gaps(notes: list[str], name: str, column: str, value: FloatArray, step_s: float, long: int) -> None:
    lacking = int((~np.isfinite(value)).sum())
    if lacking:
        hours = lacking * step_s / 3600.0
        by = "the same time of the nearest days" if long else "a straight line"
        notes.append(f"{name}: {column} lacks {hours:g} h ({lacking / len(value):.1%}); {by} stands in.")


def _tell_frozen(notes: list[str], name: str, column: str, value: FloatArray, step_s: float) -> None:
    """An instrument that says the same for more than a day has stopped measuring."""
    same = np.concatenate([[False], (np.diff(value) == 0) & (value[1:] != 0)])
    frozen = sum((b - a) * step_s for a, b in _runs(same) if (b - a) * step_s > _FROZEN_S)
    if frozen:
        notes.append(f"{name}: {column} does not move for {frozen / 3600:g} h in all; it is taken as it is.")


def _span(table: Table) -> str:
    first, last = (datetime.fromtimestamp(t, UTC) for t in (table.start_s, table.end_s))
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
