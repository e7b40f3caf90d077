"""A household's real data from CSV, for the demo home.

``time_utc,load_w,pv_w`` (house) and ``time_utc,price_eur_per_mwh`` (prices), plain or gzipped; other columns are passed
over. Times are ISO 8601; without a zone they are UTC. An empty field is a missing value, and so is a row that is not
there; more than a day of missing rows is a hole, of which the demo keeps clear.
"""

import csv
import io
import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from app.csv_text import read_csv_text
from app.errors import UserError

BUILT_IN = Path(__file__).parents[2] / "resources" / "demo"
HOUSE_FILE = BUILT_IN / "house.csv"
PRICES_FILE = BUILT_IN / "prices.csv"

_DAY_S = 86_400.0
_SHORT_GAP_S = 3 * 3600.0
"""A gap up to this long is bridged by a straight line."""
_LONG_GAP_S = _DAY_S
"""Rows that are missing for longer than this are a hole: nothing stands in for them."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values that hold from their time until the next one's; times strictly increasing, POSIX s."""

    time_s: np.ndarray
    value: np.ndarray

    @property
    def step_s(self) -> float:
        """The usual distance of two times."""
        return float(np.median(np.diff(self.time_s)))

    @property
    def start_s(self) -> float:
        """The first time."""
        return float(self.time_s[0])

    @property
    def end_s(self) -> float:
        """When the last value ceases to hold."""
        return float(self.time_s[-1]) + self.step_s

    def holes(self) -> list[tuple[float, float]]:
        """Stretches of more than a day, from and to, in which the file has no rows."""
        (before,) = np.nonzero(np.diff(self.time_s) > _LONG_GAP_S)
        return [(float(self.time_s[k]) + self.step_s, float(self.time_s[k + 1])) for k in before]

    def at(self, now_s: float) -> float:
        """The value at ``now_s``; the first before the beginning, the last after the end."""
        k = bisect_right(self.time_s, now_s) - 1
        return float(self.value[min(max(k, 0), len(self.value) - 1)])


@dataclass(frozen=True, slots=True)
class Household:
    """What the house and its roof did."""

    load_w: Series
    solar_w: Series

    @property
    def solar_peak_w(self) -> float:
        """The most that the roof ever gave."""
        return float(self.solar_w.value.max())


def read_house(path: Path = HOUSE_FILE) -> Household:
    """The house in this file. Raises ``UserError`` naming file, line and remedy."""
    times, columns = _read(path, ("load_w", "pv_w"))
    load, solar = columns
    return Household(
        load_w=Series(times, _filled(times, load, path, "load_w", long_gaps_repeat=True)),
        # A sleeping inverter says nothing: long silences are night.
        solar_w=Series(times, _filled(times, solar, path, "pv_w", long_gaps_repeat=False)),
    )


def read_prices(path: Path = PRICES_FILE) -> Series:
    """Day-ahead prices in currency/MWh. Raises ``UserError`` naming file, line and remedy."""
    times, (price,) = _read(path, ("price_eur_per_mwh",), signed=True)
    return Series(times, _filled(times, price, path, "price_eur_per_mwh", long_gaps_repeat=True))


def _read(path: Path, names: tuple[str, ...], *, signed: bool = False) -> tuple[np.ndarray, list[np.ndarray]]:
    times: list[float] = []
    rows: list[list[float]] = []
    for line, row in _rows(path, ("time_utc", *names)):
        at_s = _time(row["time_utc"], path, line)
        if times and at_s <= times[-1]:
            raise UserError(
                f"{path}, line {line}: the time {row['time_utc']} does not come after the line before; sort by time"
            )
        times.append(at_s)
        rows.append([_number(row[name], path, line, name, signed) for name in names])
    if len(times) < 2:
        raise UserError(f"{path} holds {len(times)} lines of data: at least two are needed")
    return _with_missing_rows(np.array(times), np.array(rows))


def _with_missing_rows(time_s: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Rows that are missing for up to a day become rows without values; the columns."""
    gaps_s = np.diff(time_s)
    step_s = float(np.median(gaps_s))
    (before,) = np.nonzero((gaps_s > 1.5 * step_s) & (gaps_s <= _LONG_GAP_S))
    added = [np.arange(time_s[k] + step_s, time_s[k + 1] - 0.5 * step_s, step_s) for k in before]
    at = np.repeat(before + 1, [len(times) for times in added])
    filled_s = np.insert(time_s, at, np.concatenate(added)) if added else time_s
    return filled_s, [np.insert(column, at, math.nan) if added else column for column in table.T]


def _rows(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(read_csv_text(path)))
    missing = [name for name in wanted if name not in (reader.fieldnames or [])]
    if missing:
        raise UserError(f"{path}, line 1: no column {', '.join(missing)}; the first line must name {','.join(wanted)}")
    try:
        for row in reader:
            if any(row.get(name) is None for name in wanted):
                raise UserError(
                    f"{path}, line {reader.line_num}: fields are missing; each line needs {','.join(wanted)}"
                )
            yield reader.line_num, row
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: {error}; save it as plain CSV") from None


def _time(text: str, path: Path, line: int) -> float:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserError(f"{path}, line {line}: '{text}' is no time; write it like 2024-04-16T12:00:00Z") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _number(text: str, path: Path, line: int, name: str, signed: bool) -> float:
    if not text.strip():
        return math.nan
    try:
        value = float(text)
    except ValueError:
        raise UserError(
            f"{path}, line {line}: '{text}' in {name} is no number; leave it empty if it is not known"
        ) from None
    if not math.isfinite(value) or abs(value) > 1e6:
        raise UserError(f"{path}, line {line}: {text} in {name} cannot be true; leave it empty if it is not known")
    return value if signed else max(0.0, value)


def _filled(time_s: np.ndarray, value: np.ndarray, path: Path, name: str, *, long_gaps_repeat: bool) -> np.ndarray:
    """Missing values: short gaps by a straight line; long ones by the day before (or after), or by 0."""
    known = np.isfinite(value)
    if not known.any():
        raise UserError(f"{path}: the column {name} is empty; give a file with readings")
    filled: np.ndarray = np.interp(time_s, time_s[known], value[known])
    good = time_s[known]
    after = np.searchsorted(good, time_s, side="left")
    gap_s = good[np.minimum(after, len(good) - 1)] - good[np.maximum(after - 1, 0)]
    outside = (time_s < good[0]) | (time_s > good[-1])
    for k in np.flatnonzero(~known & (outside | (gap_s > _SHORT_GAP_S))):
        filled[k] = _same_hour(time_s, value, int(k)) if long_gaps_repeat else 0.0
    return filled


def _same_hour(time_s: np.ndarray, value: np.ndarray, k: int) -> float:
    """The value at the same time of another day, the nearest that is known."""
    for days in (-1, 1, -2, 2, -7, 7, -3, 3):
        j = int(np.searchsorted(time_s, time_s[k] + days * _DAY_S))
        if 0 <= j < len(time_s) and abs(time_s[j] - time_s[k] - days * _DAY_S) < 1.0 and math.isfinite(value[j]):
            return float(value[j])
    return float(np.nanmedian(value))
