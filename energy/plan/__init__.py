"""The plan: what the car does over the next day or two, as a convex programme that always answers.

``Planner().solve(PlanInput(...))`` gives a ``Plan``. The rooms within: ``prepare`` turns the home into numbers and
lowers every promise that cannot be kept to what can; ``programme`` is the linear programme; ``repair`` makes its answer
fit a real charger (minimum power, one direction at a time); ``explain`` gives each step its reason from the optimum;
``rule`` plans without a solver when that fails; ``planner`` puts them in order.
"""

from energy.plan.planner import Planner
from energy.plan.types import Money, Plan, PlanInput, PlanInputError, Promise, PromiseKind, Step

__all__ = ["Money", "Plan", "PlanInput", "PlanInputError", "Planner", "Promise", "PromiseKind", "Step"]
