"""Prices by step, the weights that break ties, and what the charge at the end is worth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray, StepAsk
from energy.grid_events import GridEventKind
from energy.plan.bounds import StepBounds
from energy.plan.types import PlanInput

MIN_GAIN_PER_KWH = 0.004
"""A cycle that earns less than this is not worth doing."""
EARLY_PER_KWH_H = 5e-5
"""Among equal prices the earlier hour wins: a target reached early survives an early departure."""
KEEP_PER_KWH = 1e-3
"""Among nearly equal choices the running plan's wins: plans do not flip on noise."""
BOOST_PER_KWH = 20.0
EMERGENCY_PER_KWH = 1.0
"""What a kWh imported during a high emergency counts, beside its price."""


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
    whichever way it goes, and the programme stays convex), and higher in an emergency."""
    charge_cost: FloatArray
    """Beside the price."""
    discharge_cost: FloatArray
    end_value: float
    """Of a kWh stored at the end."""


def worth(inp: PlanInput, asked: Mapping[GridEventKind, StepAsk], bounds: StepBounds, trip_kwh: FloatArray) -> Worth:
    """All the money that a plan looks at; ``trip_kwh`` is what trips take."""
    edges = inp.edges_s
    price_in, price_out, price_event = _prices(inp, asked)
    early = EARLY_PER_KWH_H * ((edges[:-1] + edges[1:]) / 2 - edges[0]) / 3600.0
    keep_charge, keep_discharge = _kept_decisions(inp)
    wear = inp.ev_state.ev.wear_eur_per_kwh
    return Worth(
        price_in=price_in,
        price_out=price_out,
        price_event=price_event,
        planned_in=np.maximum(price_in, price_out) + np.where(bounds.level >= 2, EMERGENCY_PER_KWH, 0.0),
        charge_cost=early - KEEP_PER_KWH * keep_charge - np.where(bounds.boost, BOOST_PER_KWH, 0.0),
        discharge_cost=wear + MIN_GAIN_PER_KWH + early - KEEP_PER_KWH * keep_discharge,
        end_value=_end_value(inp, bounds, price_in, price_out, float(trip_kwh.sum())),
    )


def _prices(inp: PlanInput, asked: Mapping[GridEventKind, StepAsk]) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
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


def _kept_decisions(inp: PlanInput) -> tuple[FloatArray, FloatArray]:
    """1 where the running plan charges, and 1 where it discharges."""
    starts = inp.edges_s[:-1]
    charge, discharge = np.zeros(len(starts)), np.zeros(len(starts))
    previous = inp.previous
    if previous is not None and previous.steps:
        began = np.array([step.start_s for step in previous.steps])
        power = np.array([step.ev_w for step in previous.steps])
        index = np.searchsorted(began, starts + 1e-3, side="right") - 1
        inside = (index >= 0) & (starts < previous.steps[-1].end_s)
        was = np.where(inside, power[np.maximum(index, 0)], 0.0)
        charge, discharge = (was > 50.0).astype(float), (was < -50.0).astype(float)
    return charge, discharge


def _end_value(
    inp: PlanInput, bounds: StepBounds, price_in: FloatArray, price_out: FloatArray, trip_kwh: float
) -> float:
    """Worth of a kWh stored at the horizon's end: what refilling the next quarter of the battery would cost.

    Refilling takes the cheapest offers of the horizon's last day: solar surplus at the pay for export, the rest from
    the grid. At least 0: charge is never a burden.
    """
    dt_h = np.diff(inp.edges_s) / 3600.0
    need = max(0.25 * inp.ev_state.ev.capacity_wh / 1e3, trip_kwh)
    last_day = np.cumsum(dt_h[::-1])[::-1] <= 24.0 + 1e-9
    surplus = np.maximum(-bounds.house_kw, 0.0) * dt_h * bounds.present * last_day
    charge_kw = min(inp.charger.charge_max_w, inp.ev_state.ev.charge_max_w) / 1e3
    price = np.concatenate([price_out, price_in])
    amount = np.concatenate([surplus, charge_kw * dt_h * last_day])
    order = np.argsort(price, kind="stable")
    filled = np.cumsum(amount[order])
    k = min(int(np.searchsorted(filled, need)), len(order) - 1)
    return max(0.0, float(price[order[k]])) / inp.charger.charge_efficiency
