"""A problem's numbers as the values of a programme's parameters."""

from collections.abc import Sequence

import numpy as np

from energy.asks import FloatArray
from energy.plan.peaks import inside
from energy.plan.prepare import Problem
from energy.plan.programme import Values
from energy.plan.shape import Shape
from energy.plan.store import EVENT_PER_KWH, Soft, Store
from energy.plan.worth import CHANGE_PER_KWH

EXCESS_PENALTY_PER_KWH = 50.0
"""What keeps the house's own excess over a limit small, per kWh."""
CURTAIL_PER_KWH = 1e-4
"""Nothing is left on the roof for nothing."""
_FREE = 1e3
"""kW that no home reaches: an asked bound that does not bind."""


def fill(problem: Problem, shape: Shape, work_kw: FloatArray) -> Values:
    """Every parameter of the shape; ``work_kw`` (N,) is what loads of one run are planned to take."""
    site, stores, money = problem.site, problem.stores, problem.worth
    weights = np.ones(site.scenarios) if shape.tail else site.weights
    dt = np.outer(weights, site.dt_h).ravel()
    price_out = np.tile(money.price_out, site.scenarios)
    house = (site.house_kw + work_kw).ravel()
    values: Values = {
        "dt_h": site.dt_h,
        "weights": weights,
        "start": np.array([store.start for store in stores]),
        "house": house,
        "export_cost": price_out * dt,
        "import_cost": np.tile(money.planned_in - money.price_out, site.scenarios) * dt,
        "import_max": np.tile(site.import_limit, site.scenarios),
        "export_max": np.tile(site.export_limit, site.scenarios),
        "excess": EXCESS_PENALTY_PER_KWH * dt,
    }
    _stores(values, problem, shape, dt, weights)
    _sharing(values, problem, shape, work_kw)
    _terms(values, problem, shape, dt, weights)
    _asks(values, problem, shape, dt, work_kw)
    _foresight(values, problem, shape, work_kw)
    return values


def _stores(values: Values, problem: Problem, shape: Shape, dt: FloatArray, weights: FloatArray) -> None:
    site, stores, money = problem.site, problem.stores, problem.worth
    many = site.scenarios

    def each(rows: Sequence[FloatArray]) -> FloatArray:
        """(D, N) or (D, S, N) in the programme's order."""
        stacked = np.stack(rows)
        if stacked.ndim == 2:
            stacked = np.repeat(stacked[:, None, :], many, axis=1)
        return stacked.ravel()

    inflow = [-store.outflow for store in stores]
    for row, store in zip(inflow, stores, strict=True):
        row[0] += store.start * float(store.keep[0])
    soft = shape.yields > 0
    values |= {
        "gain": each([store.charge_gain for store in stores]),
        "drain": each([store.discharge_drain for store in stores]),
        "keep": each([store.keep for store in stores]),
        "inflow": each(inflow),
        "charge_max": each([store.charge_max for store in stores]),
        "discharge_max": each([store.discharge_max for store in stores]),
        "stored_min": each([_hard_floor(store) if soft else store.least[1:] for store in stores]),
        "stored_max": each([store.most[1:] for store in stores]),
        "taper_level": each([np.full(site.steps, store.taper.level_kw) for store in stores]),
        "taper_slope": each([np.full(site.steps, store.taper.slope) for store in stores]),
        "charge_cost": each([store.charge_cost + money.price_out for store in stores]) * np.tile(dt, len(stores)),
        "discharge_cost": each([store.discharge_cost - money.price_out for store in stores]) * np.tile(dt, len(stores)),
        "end_cost": np.outer([-store.end_value for store in stores], weights).ravel(),
    }
    if shape.decided:
        nothing_kw = np.zeros(site.steps)
        values["charge_low"] = each([nothing_kw if s.charge_low is None else s.charge_low for s in stores])
    spread = np.tile(np.repeat(weights, site.steps), len(stores))
    for name, count, rows in (
        (
            "low",
            shape.lows + shape.yields,
            [_padded(store.low, shape.lows) + _padded(store.yields, shape.yields) for store in stores],
        ),
        ("high", shape.highs, [_padded(store.high, shape.highs) for store in stores]),
    ):
        nothing = Soft(np.full(site.steps + 1, 0.0 if name == "low" else 1e6), np.zeros(site.steps + 1))
        for k in range(count):
            level = [row[k] or nothing for row in rows]
            values[f"{name}_{k}"] = each([soft_.level[1:] for soft_ in level])
            values[f"{name}_price_{k}"] = each([soft_.price[1:] for soft_ in level]) * spread


def _hard_floor(store: Store) -> FloatArray:
    """What the soft form leaves of a floor: below empty only by what cannot be served."""
    floor: FloatArray = np.full(len(store.outflow), -float(store.outflow.sum()) - 1e-6)
    return floor


def _padded(layers: tuple[Soft, ...], count: int) -> list[Soft | None]:
    return [*layers[:count], *[None] * (count - len(layers))]


def _sharing(values: Values, problem: Problem, shape: Shape, work_kw: FloatArray) -> None:
    site = problem.site
    house = site.house_kw + work_kw
    surplus = np.maximum(-house, 0.0)
    room = np.minimum(site.fuse_room - work_kw, site.import_limit - house) - site.standby_kw
    values["net_max"] = np.maximum(room, 0.0).ravel()
    values["feed_max"] = np.maximum(site.export_limit + house, 0.0).ravel()
    values["curtailable"] = site.curtailable_kw.ravel()
    values["surplus"] = surplus.ravel()
    values["own_need"] = np.maximum(house, 0.0).ravel()
    if shape.phases:
        for phase, taken in enumerate(taken_by_phase(problem, work_kw)):
            values[f"phase_max_{phase}"] = _all(np.maximum(site.phase_room - taken, 0.0), site.scenarios)
        values["phase_feed"] = _all(site.phase_feed, site.scenarios)
    if shape.caps:
        cap, given = np.minimum(site.charge_cap, _FREE), np.minimum(site.discharge_cap, _FREE)
        values["cars_charge_max"], values["cars_discharge_max"] = _all(cap, site.scenarios), _all(given, site.scenarios)
        values["drawn_max"] = (cap + surplus).ravel()


def taken_by_phase(problem: Problem, work_kw: FloatArray) -> list[FloatArray]:
    """What loads of one run, and the power stages themselves, put on each phase, kW."""
    even = 1.0 / problem.site.phases
    return [work_kw * max(share, even) + problem.site.standby_kw * even for share in problem.run_share]


def _terms(values: Values, problem: Problem, shape: Shape, dt: FloatArray, weights: FloatArray) -> None:
    terms = problem.inp.terms
    for k, band in enumerate(terms.bands):
        values[f"band_{k}"] = np.full(len(dt), band.above_w / 1e3)
        holds = np.tile(inside(band.windows_s, problem.inp.edges_s[:-1]), problem.site.scenarios)
        values[f"band_price_{k}"] = max(band.eur_per_kwh, 0.0) * dt * holds
    values["curtail_cost"] = np.tile(problem.worth.price_out, problem.site.scenarios) * dt + CURTAIL_PER_KWH * dt
    for k, (peak, held) in enumerate(zip(terms.peaks, problem.peaks, strict=True)):
        so_far = np.where(held.counts, peak.so_far_w / 1e3, _FREE)
        values[f"so_far_{k}"] = np.tile(so_far, problem.site.scenarios)
        values[f"peak_price_{k}"] = max(peak.eur_per_kw, 0.0) * weights


def _asks(values: Values, problem: Problem, shape: Shape, dt: FloatArray, work_kw: FloatArray) -> None:
    site = problem.site
    values["missed"] = EVENT_PER_KWH * dt
    for name, ask, stores in (
        ("cars", problem.asked_power, [problem.stores[k] for k in shape.cars]),
        ("site", problem.asked_site, list(problem.stores)),
    ):
        if ask is None:
            continue
        value = ask.value if name == "cars" else ask.value - work_kw
        most = sum(store.charge_max[0] for store in stores)
        least = sum(store.discharge_max[0] for store in stores)
        reachable = np.clip(value, -least, most)
        asked = np.isfinite(reachable)
        values[f"{name}_low"] = _all(np.where(asked, reachable, -_FREE), site.scenarios)
        values[f"{name}_high"] = _all(np.where(asked, reachable, _FREE), site.scenarios)


def _foresight(values: Values, problem: Problem, shape: Shape, work_kw: FloatArray) -> None:
    site, stores = problem.site, problem.stores
    if shape.near:
        house = (site.house_kw + work_kw)[:, : shape.near].ravel()
        values["near_surplus"] = np.tile(np.maximum(-house, 0.0), len(stores))
        values["near_need"] = np.tile(np.maximum(house, 0.0), len(stores))
    if shape.steady:
        before = np.stack([np.full(site.steps, np.nan) if s.previous_kw is None else s.previous_kw for s in stores])[
            :, : shape.steady
        ]
        values["previous"] = np.nan_to_num(before).ravel()
        price = CHANGE_PER_KWH * site.dt_h[: shape.steady] * site.weights[0]
        values["change_cost"] = (np.isfinite(before) * price).ravel()
    if shape.tail:
        fear = site.outlook.fear
        values["bill_weights"] = (1.0 - fear) * site.weights
        values["fear"] = fear
        values["tail_weights"] = fear * site.weights / max(site.outlook.tail, 1e-3)


def _all(row: FloatArray, scenarios: int) -> FloatArray:
    return np.tile(row, scenarios)
