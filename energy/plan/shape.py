"""What a compiled programme depends on: which things a home has and which options are on, not how large they are.

Options that a home has not cost nothing: their rows are not there. One programme is compiled for each shape.
"""

from dataclasses import dataclass

import numpy as np

from energy.plan.peaks import Averages
from energy.plan.prepare import Problem
from energy.plan.store import StoreKind

_NEAR_H = 1.0
"""What is decided now holds for so long whichever way the day goes; after it, plans and dispatch follow the meter."""
_STEADY_H = 2.0
"""Over so many hours a change against the running plan costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sizes and options of a programme."""

    steps: int
    stores: int = 1
    scenarios: int = 1
    near: int = 0
    """First steps whose decisions all scenarios share; 0 with one scenario."""
    steady: int = 0
    """First steps in which a change against the running plan costs; 0: there is none."""
    taper: bool = False
    losses: bool = False
    decided: bool = False
    """It is decided when the stores with a least power run."""
    lows: int = 0
    """Priced floors a store."""
    highs: int = 0
    yields: int = 0
    """Priced floors that stand for the hard ones: the soft form; 0: hard."""
    joint: bool = False
    """Several things share the connection, so that it is a row of its own and no bound on one."""
    over_import: bool = False
    """The house alone is expected above a limit somewhere."""
    over_export: bool = False
    curtail: bool = False
    own_use: tuple[int, ...] = ()
    """Stores whose energy may not be exported, as a row."""
    surplus_only: tuple[int, ...] = ()
    cars: tuple[int, ...] = ()
    caps: bool = False
    """A limit on what all cars, and all that is controllable, take or give together."""
    phases: tuple[tuple[float, ...], ...] = ()
    """Each store's share on each phase; empty: they are even."""
    asks_cars: bool = False
    asks_site: bool = False
    bands: int = 0
    peaks: tuple[Averages, ...] = ()
    tail: bool = False
    """The bad days count beside the mean."""


def shape_of(problem: Problem, *, soft: bool = False) -> Shape:
    """The shape that this problem needs; ``soft``: floors are priced."""
    inp, site, stores = problem.inp, problem.site, problem.stores
    joint = len(stores) > 1 or bool(problem.runs)
    steps, many = site.steps, site.scenarios > 1
    elapsed_h = np.cumsum(site.dt_h)
    cars = tuple(k for k, store in enumerate(stores) if store.kind is StoreKind.CAR)
    capped = bool(np.isfinite(site.charge_cap).any() or np.isfinite(site.discharge_cap).any())
    shares = [store.share for store in stores] + ([problem.run_share] if problem.runs else [])
    uneven = any(max(share) - min(share) > 1e-9 or sum(share) > 1.0 + 1e-9 for share in shares)
    return Shape(
        steps=steps,
        stores=len(stores),
        scenarios=site.scenarios,
        near=min(steps, int(np.count_nonzero(elapsed_h <= _NEAR_H + 1e-9))) if many else 0,
        steady=_steady(problem, elapsed_h),
        taper=any(store.taper.slope > 0 for store in stores),
        losses=any(store.has_losses for store in stores),
        decided=any(store.charge_low is not None for store in stores),
        lows=max(len(store.low) for store in stores),
        highs=max(len(store.high) for store in stores),
        yields=max(len(store.yields) for store in stores) if soft else 0,
        joint=joint,
        over_import=bool(np.any(site.house_kw > site.import_limit)) or bool(problem.runs),
        over_export=bool(np.any(-site.house_kw > site.export_limit)),
        curtail=bool(np.any(site.curtailable_kw > 0) and np.any(problem.worth.price_out < _FREE_PAY)),
        own_use=tuple(k for k, store in enumerate(stores) if store.own_use) if joint else (),
        surplus_only=tuple(k for k, store in enumerate(stores) if store.surplus_only),
        cars=cars if capped or problem.asked_power is not None else (),
        caps=capped and joint,
        phases=tuple(store.share for store in stores) if joint and uneven else (),
        asks_cars=problem.asked_power is not None,
        asks_site=problem.asked_site is not None,
        bands=len(inp.terms.bands),
        peaks=tuple(peak.means for peak in problem.peaks),
        tail=many and site.outlook.fear > 0,
    )


_FREE_PAY = 0.02
"""Where export earns at least this nobody leaves solar on the roof, but for a limit."""


def _steady(problem: Problem, elapsed_h: np.ndarray) -> int:
    covered = [store.previous_kw is not None and bool(np.isfinite(store.previous_kw[0])) for store in problem.stores]
    return int(np.count_nonzero(elapsed_h <= _STEADY_H + 1e-9)) if any(covered) else 0
