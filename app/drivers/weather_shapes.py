"""What weather providers answer, read into ``Weather``: pure, and distrustful.

What cannot be true is left out and said; what is left must still be worth something.
"""

import csv
import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from energy.asks import FloatArray
from energy.forecast import Weather


class WeatherError(ValueError):
    """An answer that cannot be used; one sentence says why."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer tells, and what of it was left out."""

    weather: Weather
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Column:
    """One quantity: where it comes from, and between what it can be true."""

    field: str
    least: float
    most: float
    units: Mapping[str, Callable[[float], float]]
    floor: float = 0.0
    """A little below is as good as this: instruments are not exact."""
    past_hour: bool = False
    """Open-Meteo: the mean of the hour before its time, not the value at it."""


def _same(value: float) -> float:
    return value


_WATT = {"W/m²": _same, "W/m2": _same, "": _same}
OPEN_METEO = {
    "temperature_2m": _Column(
        "temperature_c", -90.0, 60.0, {"°C": _same, "": _same, "°F": lambda value: (value - 32.0) / 1.8}, floor=-90.0
    ),
    "cloud_cover": _Column(
        "cloud_share", -0.01, 1.01, {"%": lambda value: value / 100.0, "": lambda value: value / 100.0}
    ),
    "shortwave_radiation": _Column("ghi_w_m2", -5.0, 1500.0, _WATT, past_hour=True),
    "direct_normal_irradiance": _Column("dni_w_m2", -5.0, 1500.0, _WATT, past_hour=True),
    "diffuse_radiation": _Column("dhi_w_m2", -5.0, 1200.0, _WATT, past_hour=True),
}
"""What is asked for, as the documentation of Open-Meteo's forecast API names it, and in which units it may come."""
_CSV = {column.field: column for column in OPEN_METEO.values()} | {
    "solar_w": _Column("solar_w", -1000.0, 1_000_000.0, {})
}
_ALIASES = {"pv_forecast_w": "solar_w"}
_MOST_HOURS = 24 * 400
_LAST_S = 4_102_444_800.0
"""The year 2100."""
_FROZEN_H = 24
"""A temperature that does not move for a day is none."""
_BAD_SHARE = 0.2
"""Part of a column that may be absurd before all of it is doubted."""


def read_open_meteo(body: bytes) -> Told:
    """The hourly arrays of a forecast. Raises ``WeatherError``.

    ``time`` is ISO 8601 without a zone, ahead of UTC by ``utc_offset_seconds``, or a number of seconds since 1970 in
    UTC; an unknown value is null. Radiation is the mean of the hour before; the rest holds at the time itself.
    """
    try:
        # What no JSON may contain and Python would take.
        answer = json.loads(body, parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        raise WeatherError("the answer is no JSON") from None
    if not isinstance(answer, dict):
        raise WeatherError("the answer is no forecast")
    if answer.get("error"):
        raise WeatherError(f"the provider refuses: {str(answer.get('reason', 'no reason given'))[:200]}")
    hourly = answer.get("hourly")
    if not isinstance(hourly, dict) or not isinstance(hourly.get("time"), list):
        raise WeatherError("the answer has no hourly values")
    at_s = _times(hourly["time"], answer.get("utc_offset_seconds", 0))
    units = answer.get("hourly_units")
    units = units if isinstance(units, dict) else {}
    columns: dict[str, FloatArray] = {}
    remarks: list[str] = []
    for name, column in OPEN_METEO.items():
        if name not in hourly:
            continue
        values = hourly[name]
        if not isinstance(values, list) or len(values) != len(at_s):
            remarks.append(f"{name} has not one value for each time")
            continue
        convert = column.units.get(str(units.get(name, "")))
        if convert is None:
            remarks.append(f'{name} comes in "{str(units[name])[:20]}"')
            continue
        read = np.array([convert(value) if _is_number(value) else math.nan for value in values])
        believed = _believed(name, read, column, remarks)
        columns[column.field] = believed[1:] if column.past_hour else (believed[:-1] + believed[1:]) / 2
    return _told((at_s[:-1] + at_s[1:]) / 2, columns, remarks)


def read_weather_csv(text: str) -> Told:
    """``time_utc`` (start of each interval) and any known columns, means of the interval. Raises ``WeatherError``."""
    rows = csv.DictReader(io.StringIO(text))
    names = [name.strip() for name in rows.fieldnames or ()]
    wanted = {name: _ALIASES.get(name, name) for name in names if _ALIASES.get(name, name) in _CSV}
    if "time_utc" not in names or not wanted:
        raise WeatherError(f"the first line must name time_utc and any of {', '.join(_CSV)}")
    times: list[Any] = []
    cells: dict[str, list[float]] = {name: [] for name in wanted}
    for number, row in enumerate(rows, start=2):
        times.append(row.get("time_utc"))
        for name in wanted:
            cell = (row.get(name) or "").strip()
            try:
                cells[name].append(float(cell) if cell else math.nan)
            except ValueError:
                raise WeatherError(f'line {number}: "{cell[:20]}" is no number for {name}') from None
    at_s = _times(times, 0)
    remarks: list[str] = []
    step_s = float(np.median(np.diff(at_s)))
    columns = {field: _believed(name, np.array(cells[name]), _CSV[field], remarks) for name, field in wanted.items()}
    return _told(at_s + step_s / 2, columns, remarks)


def _times(values: list[Any], offset: Any) -> FloatArray:
    if not 2 <= len(values) <= _MOST_HOURS * 4:
        raise WeatherError(f"it tells of {len(values)} times")
    ahead_s = float(offset) if _is_number(offset) and abs(offset) <= 86_400 else 0.0
    found = []
    for value in values:
        try:
            if _is_number(value):
                found.append(float(value))
                continue
            moment = datetime.fromisoformat(value)
            aware = moment.tzinfo is not None
            found.append(moment.timestamp() if aware else moment.replace(tzinfo=UTC).timestamp() - ahead_s)
        except (TypeError, ValueError, OverflowError, OSError):
            raise WeatherError(f'"{str(value)[:30]}" is no time') from None
    at_s = np.array(found)
    if not (at_s.min() > 0.0 and at_s.max() < _LAST_S):
        raise WeatherError("it tells of another century")
    if not (np.diff(at_s) > 0).all():
        raise WeatherError("its times do not go forward")
    return at_s


def _is_number(value: Any) -> bool:
    # An integer of a thousand digits is no number that anything here can hold.
    fits = isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**15)
    return fits and not isinstance(value, bool) and math.isfinite(value)


def _believed(name: str, values: FloatArray, column: _Column, remarks: list[str]) -> FloatArray:
    """The values without what cannot be true; none of them, where that is much."""
    known = np.isfinite(values)
    bad = known & ((values < column.least) | (values > column.most))
    if bad.any():
        worst = float(values[bad][np.abs(values[bad]).argmax()])
        much = bad.sum() > _BAD_SHARE * known.sum()
        remarks.append(f"{name} of {worst:.6g} cannot be true" + (": all of it is left out" if much else ""))
        values = np.full(len(values), np.nan) if much else np.where(bad, np.nan, values)
    if column.field == "temperature_c":
        rest = values[np.isfinite(values)]
        if len(rest) > _FROZEN_H and np.ptp(rest) < 1e-9:
            remarks.append(f"{name} stands still at {rest[0]:g}")
            return np.full(len(values), np.nan)
    return np.maximum(values, column.floor)


def _told(at_s: FloatArray, columns: dict[str, FloatArray], remarks: list[str]) -> Told:
    if not any(np.isfinite(values).any() for values in columns.values()):
        raise WeatherError("; ".join(remarks) or "it tells nothing that is of use here")
    return Told(Weather.of(at_s, **columns), tuple(remarks))
