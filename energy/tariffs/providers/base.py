"""What every provider of prices has in common."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from energy.tariffs.base import TariffError
from energy.tariffs.series import PriceSeries

_EARLIEST_S, _LATEST_S = 946_684_800.0, 4_102_444_800.0
"""2000 to 2100: another time in an answer is a mistake."""


class ProviderError(TariffError):
    """An answer that cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the home file says of its provider."""

    url: str
    area: str = ""
    """Bidding zone, in the provider's own words."""
    token: str = field(default="", repr=False)
    currency: str = "EUR"
    """The home's."""
    price: str = ""
    """Which of several prices of one answer; empty: the provider's usual one."""
    resolution: str = ""
    """Which of several resolutions can be asked for; empty: the finest."""
    home: str = ""
    """Which of several homes of one account; empty: the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to send. ``url`` may hold a token: show ``shown``, never ``url``."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = None
    """With a body it is a POST, else a GET."""

    @property
    def shown(self) -> str:
        """The address without its query, for people."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one answer says; no price in it: they are not published yet."""

    series: PriceSeries
    currency: str
    next_url: str = ""
    """Where the rest of a long answer is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One shape of prices."""

    kind: str
    title: str
    requests: Callable[[Options, float, float], tuple[Request, ...]]
    """(options, from_s, to_s) → what to send, oldest first; all answers together are the prices of that time."""
    parse: Callable[[bytes, Options], Answer]
    """Raises ``ProviderError``, or ``TariffError`` for a price that cannot be true."""
    publish_local: str = "13:00"
    """When the prices of tomorrow usually appear."""
    needs: frozenset[str] = frozenset()
    """Options without which nothing can be asked, of area and token."""
    prices: tuple[str, ...] = ()
    """What ``Options.price`` may be, the usual one first."""
    with_vat: bool = False
    """Its usual price holds the VAT already."""


def asked(url: str, **query: str) -> str:
    """``url`` with these parameters put to its own."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *query.items()])))


def read_json(body: bytes, name: str) -> Any:
    """The document. Raises ``ProviderError`` for what is none."""

    def refuse(word: str) -> NoReturn:
        raise ValueError(f"{word} is no number")

    try:
        return json.loads(body, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ProviderError(f"{name} answered something that is no JSON ({_short(error)}).") from error


def instant(text: Any, name: str) -> float:
    """POSIX seconds of an ISO 8601 time with its offset. Raises ``ProviderError``."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("no offset")
        return plausible(moment.timestamp(), name)
    except (TypeError, ValueError, OverflowError) as error:
        raise ProviderError(f"{name} gave {str(text)[:40]!r} for a time, which it is not.") from error


def plausible(at_s: float, name: str) -> float:
    """The time itself. Raises ``ProviderError`` for one of another century."""
    if not _EARLIEST_S <= at_s <= _LATEST_S:
        raise ProviderError(f"{name} gave a price for a time far from now.")
    return at_s


def number(value: Any, name: str) -> float:
    """A finite number. Raises ``ProviderError``."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ProviderError(f"{name} gave {str(value)[:40]!r} for a price, which is no number.")
    return float(value)


def listed(value: Any, key: str, name: str) -> list[dict[str, Any]]:
    """The list of tables under ``key``. Raises ``ProviderError``."""
    rows = value.get(key) if isinstance(value, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ProviderError(f"{name} answered without its list {key!r}.")
    return rows


def _short(error: Exception) -> str:
    return str(error)[:80] or type(error).__name__
