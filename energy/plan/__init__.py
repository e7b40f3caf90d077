"""The plan: what the car does over the next day or two, as a convex programme that always answers.

``Planner().solve(PlanInput(...))`` gives a ``Plan``. The rooms within: ``prepare`` turns the home into numbers and
lowers every promise that cannot be kept to what can; ``programme`` is the linear programme; ``repair`` makes its answer
fit a real charger (minimum power, one direction at a time); ``explain`` gives each step its reason from the optimum;
``rule`` plans without a solver when that fails; ``planner`` puts them in order.
"""

from typing import TYPE_CHECKING, Any

from energy.plan.types import (
    ArrayForecast,
    CapacityBand,
    LoadPlan,
    Money,
    PeakCharge,
    Plan,
    PlanInput,
    PlanInputError,
    PlugPlan,
    Promise,
    PromiseKind,
    Step,
    StorePlan,
    Terms,
)

if TYPE_CHECKING:
    from energy.plan.planner import Planner

__all__ = [
    "ArrayForecast",
    "CapacityBand",
    "LoadPlan",
    "Money",
    "PeakCharge",
    "Plan",
    "PlanInput",
    "PlanInputError",
    "Planner",
    "PlugPlan",
    "Promise",
    "PromiseKind",
    "Step",
    "StorePlan",
    "Terms",
]


def __getattr__(name: str) -> Any:
    """Import the solver's framework (over a second) only where plans are made, not where they are read."""
    if name == "Planner":
        from energy.plan.planner import Planner

        return Planner
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
