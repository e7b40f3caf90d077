"""Typed reasons in plain sentences: what is said and with which figures. Who writes the figures and in which language
is the writer's business: the window's own, or ``Plain`` for the API, the command line and files.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from string import Formatter
from typing import Protocol

from app.api.reason_words import BINDS, COSTS, EVEN, NEXT, WORDINGS, WORTH, WORTH_CHANGES

CHANGED_PER_KWH = 0.005
"""A worth that changes by less is told once, currency/kWh."""
TOLD_EUR = 0.005
"""A cost below this would be written as 0.00."""

Params = Mapping[str, float | str]


class ReasonLike(Protocol):
    """A ``ReasonOut``, a ``Reason``, or anything with these two."""

    @property
    def code(self) -> str:
        """A ``ReasonCode``'s value."""
        ...

    @property
    def params(self) -> Params:
        """Figures and facts."""
        ...


class Writer(Protocol):
    """A language and its way of writing figures."""

    def translate(self, text: str) -> str:
        """A text of the table in this language, its fields as they are."""
        ...

    def figure(self, kind: str, value: float, *, finely: bool = False) -> str:
        """A figure of a kind (see ``KINDS``); ``finely``: with one decimal more."""
        ...


KINDS: tuple[tuple[str, str], ...] = (
    ("_per_kwh", "money"),  # in a sentence everybody knows that a kilowatt-hour is meant
    ("_eur", "money"),
    ("_w", "power"),
    ("_wh", "energy"),
    ("soc", "percent"),
    ("_hz", "frequency"),
    ("phase", "count"),
    ("_s", "time"),
)
"""The end of a param's name → what kind of figure it is; the first that fits. Else it is a ``number``."""


def label(code: str, translate: Callable[[str], str] = str) -> str:
    """Two or three words for a reason; an unknown code of a newer engine is shown as it is."""
    wording = WORDINGS.get(code)
    return translate(wording.label) if wording else code.replace("_", " ")


def brief(code: str) -> str:
    """A reason in a few English words, for a terminal; an unknown code as it is."""
    wording = WORDINGS.get(code)
    return wording.brief if wording else code.replace("_", " ")


def sentence(reason: ReasonLike, writer: Writer) -> str:
    """What is done and why, in one sentence."""
    wording = WORDINGS.get(reason.code)
    if wording is None:
        return reason.code.replace("_", " ").capitalize() + "."
    have = _known(reason.params)
    chosen = next((text for text in wording.sentences if fields_of(text) <= have), wording.sentences[-1])
    return _said(chosen, reason.params, writer)


def facts(reason: ReasonLike, writer: Writer) -> str:
    """What a kWh in the car is worth, what the next best choice would cost, and the limit that is met; may be empty."""
    params = reason.params
    # A limit that is the reason itself is not told twice.
    binds = None if reason.code.startswith("limit_") else BINDS.get(str(params.get("binds", "")))
    chosen = (_worth(params), _next(params), binds)
    return " ".join(_said(text, params, writer) for text in chosen if text is not None)


def text(reason: ReasonLike, writer: Writer) -> str:
    """The sentence and the facts behind it."""
    return f"{sentence(reason, writer)} {facts(reason, writer)}".rstrip()


def known_params() -> Mapping[str, frozenset[str]]:
    """Code → all the params that its sentences can say."""
    return {code: frozenset().union(*map(fields_of, w.sentences)) for code, w in WORDINGS.items()}


@lru_cache(maxsize=512)
def fields_of(text: str) -> frozenset[str]:
    """The params that a text names."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def _known(params: Params) -> set[str]:
    return {name for name, value in params.items() if isinstance(value, str) or math.isfinite(value)}


def _worth(params: Params) -> str | None:
    now, later = params.get("worth_eur_per_kwh"), params.get("worth_later_eur_per_kwh")
    if not isinstance(now, int | float) or not math.isfinite(now):
        return None
    if isinstance(later, int | float) and "later_s" in params and abs(later - now) >= CHANGED_PER_KWH:
        return WORTH_CHANGES
    return WORTH


def _next(params: Params) -> str | None:
    outcomes = NEXT.get(str(params.get("next_choice", "")))
    if outcomes is None or "block_until_s" not in params:
        return None
    if breaks := str(params.get("next_breaks", "")):
        return outcomes.get(breaks)
    cost = params.get("next_cost_eur")
    if not isinstance(cost, int | float) or 0 < cost < TOLD_EUR:
        return None
    return outcomes[COSTS if cost > 0 else EVEN]


def _said(chosen: str, params: Params, writer: Writer) -> str:
    names = fields_of(chosen)
    words = {name: _figure(name, params[name], writer) for name in names}
    prices = {name: params[name] for name in names if name.endswith("_per_kwh")}
    if len(set(prices.values())) == 2 and len({words[name] for name in prices}) == 1:
        # Two prices that a cent cannot tell apart, in a sentence about their difference.
        words |= {name: _figure(name, price, writer, finely=True) for name, price in prices.items()}
    return writer.translate(chosen).format(**words)


def _figure(name: str, value: float | str, writer: Writer, *, finely: bool = False) -> str:
    if isinstance(value, str):
        return value
    return writer.figure(_kind(name), value, finely=finely)


@lru_cache(maxsize=256)
def _kind(name: str) -> str:
    return next((kind for ending, kind in KINDS if name.endswith(ending)), "number")


@dataclass(frozen=True, slots=True)
class Plain:
    """English without a window: ``0.31 EUR``, ``4.2 kW``, ``tomorrow 07:00`` in the home's time."""

    tz: tzinfo
    currency: str
    now_s: float

    def translate(self, text: str) -> str:
        """As it is."""
        return text

    def figure(self, kind: str, value: float, *, finely: bool = False) -> str:
        """A figure with its unit; power without its sign, which the words tell."""
        if kind == "time":
            return _when(value, self.now_s, self.tz)
        return _PLAIN[kind](value + 0.0, 3 if finely else 2, self.currency)


@lru_cache(maxsize=1024)
def _when(at_s: float, now_s: float, tz: tzinfo) -> str:
    """A time as one says it. A plan's hundreds of steps name the same few times."""
    there = datetime.fromtimestamp(min(at_s, _LAST_S), UTC).astimezone(tz)
    days = (there.date() - datetime.fromtimestamp(now_s, UTC).astimezone(tz).date()).days
    clock = f"{there:%H:%M}"
    near = {0: clock, 1: f"tomorrow {clock}", -1: f"yesterday {clock}"}
    if days in near:
        return near[days]
    return f"{there:%a} {clock}" if 1 < days < 7 else f"{there.day} {there:%b} {clock}"


_LAST_S = datetime(9999, 12, 30, tzinfo=UTC).timestamp()
_PLAIN: dict[str, Callable[[float, int, str], str]] = {
    "money": lambda value, decimals, currency: f"{value:.{decimals}f} {currency}".replace("-0.00 ", "0.00 "),
    "power": lambda value, _d, _c: f"{abs(value) / 1000:.1f} kW",
    "energy": lambda value, _d, _c: f"{value / 1000:.1f} kWh",
    "percent": lambda value, _d, _c: f"{value * 100:.0f} %",
    "frequency": lambda value, _d, _c: f"{value:.2f} Hz",
    "count": lambda value, _d, _c: f"{value:.0f}",
    "number": lambda value, _d, _c: f"{value:.1f}",
}
