"""Market prices over time, and what can be said of them without knowing more."""

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np

from energy.asks import FloatArray
from energy.tariffs.base import TariffError

ABSURD_PER_KWH = 5.0
"""No market that a home buys from was ever beyond this, in either direction: EUR, and what is worth about as much."""
_WORTH = {
    "BGN": 2.0,
    "CZK": 25.0,
    "DKK": 7.5,
    "HUF": 400.0,
    "ISK": 150.0,
    "JPY": 170.0,
    "NOK": 12.0,
    "PLN": 4.5,
    "RON": 5.0,
    "SEK": 11.0,
    "UAH": 45.0,
}
"""Roughly how many of a currency make a euro: enough to tell a price from a mistake."""
_HOUR_S = 3600.0
_SHORTEST_S = 300.0
_MOST_PRICES = 200_000
_LOOKED_AT = 200
"""So many of the newest prices tell the usual step."""


@dataclass(frozen=True)
class PriceSeries:
    """Market prices; each holds from its time to the next one's, but no longer than ``hold_s``: a gap is unknown."""

    at_s: FloatArray
    """(M,) increasing, POSIX s."""
    eur_per_kwh: FloatArray
    """(M,) finite."""

    @cached_property
    def step_s(self) -> float:
        """The usual time between two prices; an hour where there is only one."""
        return float(np.median(np.diff(self.at_s[-_LOOKED_AT:]))) if len(self.at_s) > 1 else _HOUR_S

    @cached_property
    def hold_s(self) -> float:
        """How long a price holds that no other follows: an hour, longer where prices are always further apart."""
        return max(_HOUR_S, self.step_s)

    @cached_property
    def end_s(self) -> float:
        """Where the known prices end: the last lasts as long as the one before it."""
        if len(self.at_s) == 0:
            return -math.inf
        step = min(self.at_s[-1] - self.at_s[-2], self.hold_s) if len(self.at_s) > 1 else _HOUR_S
        return float(self.at_s[-1] + step)

    @property
    def start_s(self) -> float:
        """Where the known prices begin."""
        return float(self.at_s[0]) if len(self.at_s) else math.inf

    def between(self, start_s: float, end_s: float) -> "PriceSeries":
        """The prices that begin in ``start_s`` .. ``end_s``."""
        a, b = np.searchsorted(self.at_s, [start_s, end_s])
        return PriceSeries(self.at_s[a:b], self.eur_per_kwh[a:b])

    def merged(self, newer: "PriceSeries") -> "PriceSeries":
        """Both; where they overlap the newer holds."""
        if len(newer.at_s) == 0 or len(self.at_s) == 0:
            return newer if len(self.at_s) == 0 else self
        starts_s = newer.at_s
        ends_s = np.minimum(np.append(starts_s[1:], newer.end_s), starts_s + newer.hold_s)
        k = np.searchsorted(starts_s, self.at_s, side="right") - 1
        covered = (k >= 0) & (self.at_s < ends_s[np.maximum(k, 0)])
        at_s = np.concatenate([self.at_s[~covered], starts_s])
        price = np.concatenate([self.eur_per_kwh[~covered], newer.eur_per_kwh])
        order = np.argsort(at_s, kind="stable")
        return PriceSeries(at_s[order], price[order])

    def mean_by_step(self, edges_s: FloatArray) -> FloatArray:
        """(N,) time-weighted mean of the known prices in each step; NaN for a step that they do not wholly cover."""
        if len(self.at_s) == 0:
            return np.full(len(edges_s) - 1, np.nan)
        # Of a year's prices only those around the steps are looked at.
        a = max(0, int(np.searchsorted(self.at_s, edges_s[0], side="right")) - 1)
        b = max(a + 1, int(np.searchsorted(self.at_s, edges_s[-1])))
        starts_s, price = self.at_s[a:b], self.eur_per_kwh[a:b]
        next_s = self.at_s[b] if b < len(self.at_s) else self.end_s
        lasts_s = np.minimum(np.diff(np.append(starts_s, next_s)), self.hold_s)
        # Where one price ends as the next begins, both knots are the same instant: the sums agree there.
        knots_s = np.column_stack([starts_s, starts_s + lasts_s]).ravel()
        total = _running(edges_s, knots_s, price * lasts_s)
        known_s = _running(edges_s, knots_s, lasts_s)
        widths_s = np.diff(edges_s)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(np.diff(known_s) >= widths_s - 1e-3, np.diff(total) / widths_s, np.nan)


def _running(edges_s: FloatArray, knots_s: FloatArray, parts: FloatArray) -> FloatArray:
    """The sum of ``parts`` until each edge; each grows evenly from one knot to the next."""
    sums = np.repeat(np.cumsum(parts), 2)
    sums[::2] -= parts
    return np.interp(edges_s, knots_s, sums)


Span = tuple[float, float, float]
"""(from, to) POSIX s, and the price in it, currency/kWh."""


def absurd_per_kwh(currency: str) -> float:
    """Beyond this, in either direction, a price in this currency is none."""
    return ABSURD_PER_KWH * _WORTH.get(currency, 1.0)


def series_of(spans: Iterable[Span], *, name: str = "prices", currency: str = "EUR") -> PriceSeries:
    """A series from spans in any order; where they overlap the shorter holds, of equal ones the later in the list.

    Raises ``TariffError`` for spans without length and for prices that cannot be true.
    """
    rows = list(spans)
    if not rows:
        return PriceSeries(np.empty(0), np.empty(0))
    for start_s, end_s, price in rows:
        if not end_s > start_s:
            raise TariffError(f"{name}: a price from {_when(start_s)} ends before it begins.")
        if not math.isfinite(price) or abs(price) > absurd_per_kwh(currency):
            raise TariffError(f"{name}: {price:g} {currency} a kWh at {_when(start_s)} cannot be true.")
    step_s = max(_SHORTEST_S, min(_HOUR_S, *(end_s - start_s for start_s, end_s, _ in rows)))
    if sum(end_s - start_s for start_s, end_s, _ in rows) > _MOST_PRICES * step_s:
        raise TariffError(f"{name}: far too many prices.")
    found: dict[float, float] = {}
    for start_s, end_s, price in sorted(rows, key=lambda row: row[0] - row[1]):
        for k in range(max(1, round((end_s - start_s) / step_s))):
            found[start_s + k * step_s] = price
    times = sorted(found)
    return PriceSeries(np.array(times), np.array([found[t] for t in times]))


def parse_prices(text: str, *, name: str = "prices", currency: str = "EUR") -> PriceSeries:
    """Prices from CSV text with ``time_utc`` (ISO 8601) and ``price_eur_per_mwh`` or ``price_eur_per_kwh``.

    The columns are called so whatever the home's ``currency`` is.

    Empty prices are left out. Raises ``TariffError`` naming the line that cannot be read.
    """
    rows = csv.DictReader(io.StringIO(text))
    columns = rows.fieldnames or []
    unit = next((c for c in ("price_eur_per_kwh", "price_eur_per_mwh") if c in columns), None)
    if "time_utc" not in columns or unit is None:
        raise TariffError(f"{name}: the first line must name time_utc and price_eur_per_mwh or price_eur_per_kwh.")
    scale = 1e-3 if unit == "price_eur_per_mwh" else 1.0
    found: dict[float, float] = {}
    for row in rows:
        cell = (row[unit] or "").strip()
        if not cell:
            continue
        try:
            moment = datetime.fromisoformat((row["time_utc"] or "").strip())
            price = float(cell) * scale
        except ValueError as error:
            raise TariffError(f"{name}, line {rows.line_num}: {error}; write 2024-01-31T13:00:00Z,85.2.") from error
        if not math.isfinite(price):
            raise TariffError(f"{name}, line {rows.line_num}: the price {cell!r} is no number.")
        if abs(price) > absurd_per_kwh(currency):
            raise TariffError(f"{name}, line {rows.line_num}: {price:g} a kWh cannot be true; check the column's unit.")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        found[moment.timestamp()] = price
    if not found:
        raise TariffError(f"{name}: there is no price in it.")
    times = sorted(found)
    return PriceSeries(np.array(times), np.array([found[t] for t in times]))


def _when(at_s: float) -> str:
    try:
        return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return "no time at all"
