"""Prices by step, the weights that break ties, and what the charge at the end is worth."""

from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray
from energy.grid_events import GridEventKind
from energy.plan.site import Site
from energy.plan.types import PlanInput, Step, StepAsks

MIN_GAIN_PER_KWH = 0.0005
"""A cycle that earns less than this beyond its wear is not worth doing."""
EARLY_PER_KWH = 1e-4
"""Among equal prices the earlier hour wins: a target reached early survives an early departure. So much for the first
hours, and less for each later one: over a week it must not outgrow a price."""
KEEP_PER_KWH = 1e-3
"""Among nearly equal choices the direction of the running plan wins: plans do not flip on noise."""
CHANGE_PER_KWH = 1e-3
"""What a change of power against the running plan counts in the next hours."""
BOOST_PER_KWH = 20.0
EMERGENCY_PER_KWH = 1.0
"""What a kWh imported during a high emergency counts, beside its price."""
_ACTIVE_KW = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Money by step (N,), currency/kWh."""

    price_in: FloatArray
    """As paid."""
    price_out: FloatArray
    price_event: tuple[str, ...]
    """The event that set the price, "" where none."""
    planned_in: FloatArray
    """As the programme counts it: never below the pay for export (where export pays more, a kWh is worth that
    whichever way it goes, and the programme stays convex), higher in an emergency, and with the price of its CO2."""
    early: FloatArray
    """What a kWh counts that is moved later."""


def worth(inp: PlanInput, asked: StepAsks, site: Site) -> Worth:
    """The prices that a plan looks at."""
    edges = inp.edges_s
    price_in, price_out, price_event = _prices(inp, asked)
    planned = np.maximum(price_in, price_out) + np.where(site.level >= 2, EMERGENCY_PER_KWH, 0.0)
    if inp.co2_g_per_kwh is not None:
        planned = planned + np.maximum(inp.co2_g_per_kwh, 0.0) / 1e3 * inp.terms.co2_eur_per_kg
    return Worth(
        price_in=price_in,
        price_out=price_out,
        price_event=price_event,
        planned_in=planned,
        early=EARLY_PER_KWH * np.log1p(((edges[:-1] + edges[1:]) / 2 - edges[0]) / 3600.0),
    )


def _prices(inp: PlanInput, asked: StepAsks) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Prices by step with the grid's price events in place, and the event that set them ("" where none)."""
    price_in, price_out = inp.import_eur_per_kwh, inp.export_eur_per_kwh
    owner = [""] * len(price_in)
    imported, exported = asked.get(GridEventKind.IMPORT_PRICE), asked.get(GridEventKind.EXPORT_PRICE)
    for ask in (imported, exported):
        if ask is not None:
            owner = [new or old for new, old in zip(ask.event_ids, owner, strict=True)]
    if imported is not None:
        price_in = np.where(np.isfinite(imported.value), imported.value, price_in)
    if exported is not None:
        price_out = np.where(np.isfinite(exported.value), exported.value, price_out)
    return price_in, price_out, tuple(owner)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the running plan has one store do, by the new plan's steps (N,)."""

    power_kw: FloatArray
    """> 0 charges; NaN where the running plan does not reach."""

    @property
    def known_kw(self) -> FloatArray | None:
        """None: the running plan reaches none of the steps."""
        return self.power_kw if np.isfinite(self.power_kw).any() else None

    @property
    def charges(self) -> FloatArray:
        """1 where it charges."""
        return (np.nan_to_num(self.power_kw) > _ACTIVE_KW).astype(float)

    @property
    def discharges(self) -> FloatArray:
        """1 where it discharges."""
        return (np.nan_to_num(self.power_kw) < -_ACTIVE_KW).astype(float)


def kept(inp: PlanInput, steps: tuple[Step, ...], power_w: FloatArray) -> Kept:
    """Decisions of the running plan with these ``steps`` and powers, laid on the new steps."""
    starts = inp.edges_s[:-1]
    if not len(steps) or len(power_w) != len(steps):
        return Kept(np.full(len(starts), np.nan))
    began = np.array([step.start_s for step in steps])
    index = np.searchsorted(began, starts + 1e-3, side="right") - 1
    inside = (index >= 0) & (starts < steps[-1].end_s)
    return Kept(np.where(inside, np.asarray(power_w)[np.maximum(index, 0)] / 1e3, np.nan))


def end_value(
    site: Site, money: Worth, *, need_kwh: float, charge_kw: float, efficiency: float, present: FloatArray
) -> float:
    """Worth of a kWh stored at the horizon's end: what refilling ``need_kwh`` would cost.

    Refilling takes the cheapest offers of the horizon's last day: solar surplus at the pay for export, the rest from
    the grid. At least 0: charge is never a burden.
    """
    dt_h = site.dt_h
    last_day = np.cumsum(dt_h[::-1])[::-1] <= 24.0 + 1e-9
    surplus = np.maximum(-site.house_kw[0], 0.0) * dt_h * present * last_day
    price = np.concatenate([money.price_out, money.planned_in])
    amount = np.concatenate([surplus, charge_kw * dt_h * last_day])
    order = np.argsort(price, kind="stable")
    filled = np.cumsum(amount[order])
    k = min(int(np.searchsorted(filled, need_kwh)), len(order) - 1)
    return max(0.0, float(price[order[k]])) / efficiency
