"""What cannot be planned with is refused here, one clear sentence for each."""

import numpy as np

from energy.plan.types import PlanInput, PlanInputError


def check(inp: PlanInput) -> None:
    """Raise ``PlanInputError`` naming the first number that makes planning impossible."""
    edges = inp.edges_s
    count = len(edges) - 1
    if count < 1 or not np.all(np.isfinite(edges)) or not np.all(np.diff(edges) > 0):
        raise PlanInputError("The plan's steps must be at least one, finite and increasing: use make_edges().")
    series = {
        "load forecast": (inp.load.mean_w, inp.load.p10_w, inp.load.p90_w),
        "solar forecast": (inp.solar.mean_w, inp.solar.p10_w, inp.solar.p90_w),
        "import price": (inp.import_eur_per_kwh,),
        "export price": (inp.export_eur_per_kwh,),
    }
    for name, arrays in series.items():
        for values in arrays:
            if len(values) != count:
                raise PlanInputError(f"The {name} has {len(values)} values for {count} steps: align it to edges_s.")
            bad = np.flatnonzero(~np.isfinite(values))
            if len(bad):
                raise PlanInputError(
                    f"The {name} has no number at step {bad[0]} ({len(bad)} in all): fill it before planning."
                )
    scalars = {
        "battery capacity": inp.ev_state.ev.capacity_wh,
        "fuse current": inp.connection.fuse_a,
        "charger power": inp.charger.charge_max_w,
        "reserve": inp.wishes.reserve_soc,
    }
    for name, value in scalars.items():
        if not np.isfinite(value) or value < 0:
            raise PlanInputError(f"The {name} is {value}: it must be a number of 0 or more.")
    if not (0 < inp.charger.charge_efficiency <= 1 and 0 < inp.charger.discharge_efficiency <= 1):
        raise PlanInputError("The charger's efficiencies must lie above 0 and up to 1.")
    soc = inp.ev_state.soc
    if soc is not None and not (np.isfinite(soc) and -0.01 <= soc <= 1.01):
        raise PlanInputError(f"The state of charge is {soc}: it must lie in 0..1, or be None when not known.")
