"""A whole contract, put together: an energy price, fees and taxes on it, pay for exports, and what costs beside kWh.

Each part is small and knows nothing of the others, so a new contract is a new mix of data, and at most one new part.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from energy.asks import FloatArray
from energy.forecast.history import History
from energy.plan.types import Terms
from energy.tariffs.base import NoPrices, Prices, Tariff
from energy.tariffs.local import zone
from energy.tariffs.schedule import Schedule
from energy.tariffs.terms import Capacity, Peak, monthly_eur, periods


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """Something on top of the energy's price: grid fees by the hour, levies, the supplier's share."""

    per_kwh: Schedule = field(default_factory=lambda: Schedule(base=0.0))
    percent: float = 0.0
    """Of the energy's own price (5 is 5 %); nothing while that is below 0."""
    taxed: bool = True
    name: str = ""

    def on(self, energy_eur_per_kwh: FloatArray, edges_s: FloatArray) -> FloatArray:
        """The fee in each step, without tax."""
        return self.per_kwh.means(edges_s) + np.maximum(0.0, energy_eur_per_kwh) * (self.percent / 100.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What is paid for energy that is exported."""

    energy: Tariff | None = None
    """Whose import price is what is paid; None: the contract's own energy price, before fees and taxes."""
    share: float = 1.0
    """The part of that price which is paid."""
    fee_per_kwh: float = 0.0
    """Taken off."""
    vat: float = 0.0
    """Paid on top, to homes that invoice it; fraction."""
    floor_per_kwh: float | None = None
    cap_per_kwh: float | None = None
    unpaid_below_zero: bool = False
    """Nothing is paid while the market's price is below 0."""
    market: Tariff | None = None
    """That market; None: the contract's own energy price."""

    def paid(self, own: FloatArray, edges_s: FloatArray) -> tuple[FloatArray, float]:
        """Pay in each step, and until when it is known; ``own`` is the contract's energy price."""
        price, known_until_s = own, np.inf
        if self.energy is not None:
            found = self.energy.prices(edges_s)
            price, known_until_s = found.import_eur_per_kwh, found.known_until_s
        pay = _kept((price * self.share - self.fee_per_kwh) * (1.0 + self.vat), self.floor_per_kwh, self.cap_per_kwh)
        if self.unpaid_below_zero:
            market = own if self.market is None else self.market.prices(edges_s).import_eur_per_kwh
            pay = np.where(market < 0.0, np.minimum(pay, 0.0), pay)
        return pay, known_until_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Everything that a home's energy costs. It is a ``Tariff``; what is left out changes nothing."""

    energy: Tariff
    fees: tuple[Fee, ...] = ()
    vat: float = 0.0
    """On taxed fees, and on the energy unless its price holds it already; fraction."""
    energy_with_vat: bool = False
    """The energy's price holds the VAT already."""
    cap_per_kwh: float | None = None
    """The home never pays more a kWh, all included (Octopus Agile: 1.00 GBP)."""
    floor_per_kwh: float | None = None
    export: Export | None = None
    """None: what the energy tariff itself pays."""
    peaks: tuple[Peak, ...] = ()
    capacity: tuple[Capacity, ...] = ()
    monthly_eur: float = 0.0
    """A standing charge: it is on the bill, and no plan can change it."""
    co2_eur_per_kg: float = 0.0
    tz: str = "UTC"
    fallback: Tariff | None = None
    """Holds, as paid, while the energy's prices are not known at all."""

    def prices(self, edges_s: FloatArray) -> Prices:
        """Import and export price in each step, everything on them.

        Raises ``NoPrices`` where no price is known and there is no fallback.
        """
        try:
            return self._market_prices(edges_s)
        except NoPrices:
            if self.fallback is None:
                raise
            return replace(self.fallback.prices(edges_s), known_until_s=float(edges_s[0]))

    def terms(self, now_s: float, imported: History | None = None) -> Terms:
        """What a plan made now is told; ``imported``: mean import of past intervals (quarters of an hour at best),
        at least of the billing period that runs.
        """
        return Terms(
            peaks=tuple(charge for peak in self.peaks for charge in peak.charges(now_s, imported)),
            bands=tuple(rule.band(now_s) for rule in self.capacity),
            co2_eur_per_kg=self.co2_eur_per_kg,
        )

    def looks_back_to_s(self, now_s: float) -> float | None:
        """Since when past import matters to ``terms``; None: it does not."""
        starts = [next(periods(peak.period, now_s, now_s + 1.0, zone(peak.tz)))[0] for peak in self.peaks]
        return min(starts, default=None)

    def beside_energy_eur(self, imported: History, start_s: float, end_s: float) -> float:
        """What the bill of ``start_s`` .. ``end_s`` holds beside the kWh: standing charge, peaks, contracted power."""
        rules: tuple[Peak | Capacity, ...] = (*self.peaks, *self.capacity)
        beside = sum(rule.cost_eur(imported, start_s, end_s) for rule in rules)
        return monthly_eur(self.monthly_eur, start_s, end_s, self.tz) + beside

    def at(self, now_s: float) -> "Contract":
        """The same contract with prices as they were known at ``now_s``, where its parts know that."""
        export = self.export
        if export is not None:
            export = replace(
                export,
                energy=None if export.energy is None else as_known(export.energy, now_s),
                market=None if export.market is None else as_known(export.market, now_s),
            )
        return replace(self, energy=as_known(self.energy, now_s), export=export)

    def _market_prices(self, edges_s: FloatArray) -> Prices:
        found = self.energy.prices(edges_s)
        own = found.import_eur_per_kwh
        tax = 1.0 + self.vat
        imported = own if self.energy_with_vat else own * tax
        for fee in self.fees:
            imported = imported + fee.on(own, edges_s) * (tax if fee.taxed else 1.0)
        imported = _kept(imported, self.floor_per_kwh, self.cap_per_kwh)
        if self.export is None:
            return replace(found, import_eur_per_kwh=imported)
        exported, known_until_s = self.export.paid(own, edges_s)
        return Prices(
            import_eur_per_kwh=imported,
            export_eur_per_kwh=exported,
            known_until_s=min(found.known_until_s, known_until_s),
        )


def as_known(tariff: Tariff, now_s: float) -> Tariff:
    """The tariff as it was known at ``now_s``; itself where it has always been known."""
    at: Any = getattr(tariff, "at", None)
    return tariff if at is None else at(now_s)


def _kept(price: FloatArray, floor: float | None, cap: float | None) -> FloatArray:
    if floor is None and cap is None:
        return price
    return np.clip(price, floor, cap)
