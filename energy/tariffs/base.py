"""What every tariff gives, and how one is found by name.

Adding a tariff is one small module: a frozen dataclass with ``prices`` and a ``@register("name")`` line.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol, TypeVar

from energy.asks import FloatArray


class TariffError(ValueError):
    """A tariff that cannot be used as described; the message names the thing and the way out."""


class NoPrices(TariffError):
    """A tariff whose prices come from outside has none, or none that still tell anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices for N steps, in the home's currency per kWh, everything on them."""

    import_eur_per_kwh: FloatArray
    export_eur_per_kwh: FloatArray
    known_until_s: float
    """From here on the prices are an expectation, not published; ``inf``: all are certain."""


class Tariff(Protocol):
    """A contract for energy."""

    def prices(self, edges_s: FloatArray) -> Prices:
        """Mean price in each of the N steps between ``edges_s`` (N + 1, POSIX s)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """What is added to an energy price until it is what the homeowner pays."""

    fees_eur_per_kwh: float = 0.0
    """Grid fees, levies and the supplier's margin."""
    tax: float = 0.0
    """Tax on the sum, fraction (0.21 is 21 %)."""
    export_fees_eur_per_kwh: float = 0.0
    """Taken off the pay for exported energy."""

    def imported(self, energy_eur_per_kwh: FloatArray) -> FloatArray:
        """Price paid for imported energy."""
        return (energy_eur_per_kwh + self.fees_eur_per_kwh) * (1.0 + self.tax)

    def exported(self, energy_eur_per_kwh: FloatArray) -> FloatArray:
        """Pay for exported energy; private homes export without tax."""
        return energy_eur_per_kwh - self.export_fees_eur_per_kwh


def is_number(value: object) -> bool:
    """A finite number, and no text or truth value that looks like one."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_T = TypeVar("_T", bound=type)
_REGISTRY: dict[str, Any] = {}


def register(name: str) -> Callable[[_T], _T]:
    """Make a tariff's class known under ``name``."""

    def add(tariff: _T) -> _T:
        _REGISTRY[name] = tariff
        return tariff

    return add


def kinds() -> tuple[str, ...]:
    """Names of every tariff there is."""
    return tuple(sorted(_REGISTRY))


def options_of(kind: str) -> frozenset[str]:
    """Names of the options that a kind takes: its fields, or its ``OPTIONS`` where they are others."""
    found = _found(kind)
    options: frozenset[str] = getattr(found, "OPTIONS", None) or frozenset(field.name for field in fields(found))
    return options


def make_tariff(kind: str, options: Mapping[str, Any]) -> Tariff:
    """A tariff from its name and options as a config file has them.

    Raises ``TariffError`` naming the unknown kind or option.
    """
    found = _found(kind)
    maker = getattr(found, "from_options", None)
    if maker is not None:
        tariff: Tariff = maker(dict(options))
        return tariff
    known = options_of(kind)
    strange = sorted(set(options) - known)
    if strange:
        raise TariffError(f"The tariff {kind!r} has no option {strange[0]!r}; it has {', '.join(sorted(known))}.")
    try:
        plain: Tariff = found(**options)
    except TypeError as error:
        raise TariffError(f"The tariff {kind!r} lacks an option: {error}.") from error
    return plain


def _found(kind: str) -> Any:
    if kind not in _REGISTRY:
        raise TariffError(f"No tariff is called {kind!r}; there are {', '.join(kinds())}.")
    return _REGISTRY[kind]
