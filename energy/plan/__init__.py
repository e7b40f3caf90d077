"""The plan: what a home's cars, batteries, tanks and machines do over the next day or two. It always answers.

``Planner().solve(PlanInput(...))`` gives a ``Plan``.

The mathematics
---------------
Everything that stores is a *store* d: a car, a house battery, a tank of heat, so many hours of work. With steps t of
dt_t hours, scenarios s of weight w_s (s = 0: what is expected), charge c, discharge q, stored energy e and import i::

    minimise    Σ_s w_s [ Σ_t dt (p_out · net + (p_in − p_out) · i)                the energy bill, with its CO2
                        + Σ_t dt Σ_d (a_c · c + a_q · q)                           wear, standby, ties, steadiness
                        + Σ_t,d (h · max(0, L − e) + g · max(0, e − U))            chances of leaving, standing full
                        + Σ_t dt Σ_k b_k · max(0, i − band_k) + Σ_m k_m · peak_m   the contract's bands and peaks
                        − Σ_d v_d · e_d,N ]                                        worth of what is left
    subject to  net = house + Σ_d (c − q) + curtailed,   i ≥ net,   i ≥ 0
                e_t = keep · e_{t−1} + gain · c − drain · q − outflow,   least ≤ e ≤ most
                c + slope · e ≤ level                                              a car near full takes less
                peak_m ≥ mean of i over each interval − peak so far
                Σ_d share_d,φ (c − q) ≤ what phase φ leaves;  Σ_d (c − q) ≤ what fuse and limits leave; and outwards
                Σ over cars c ≤ their limit;  Σ_d (c − q) ≤ limit + surplus        all that is dimmed together
                Σ over own-use q ≤ house + Σ c;   Σ over sun-only c ≤ surplus

It is linear, and exact as it stands: importing never costs less than export pays (``worth``), so ``i`` needs no twin.
With several scenarios the first hour's buying and selling is common to all; what follows the meter, and what comes
later, is each one's own. A careful home adds the mean of the worst quarter of the days to the mean of all (``risk``):
(1 − β) · E + β · CVaR. The plan that is shown is the expected course.

What gives way
--------------
Feasible by construction: before anything is solved, the fastest course of each store shows what can be had at most, and
trips, targets and reserves above it are lowered to it, exactly (``floors``). Only where several stores share a
connection that is too small for all are promises priced, in their order (``store``), and only after the hard programme
has been found to have no answer. Then: safety, law and grid limits never; trips, departures, reserve, work, comfort,
what the grid asks, money. ``promises`` says which gave way, when and by how much.

Instead of binaries
-------------------
One direction at a time, least powers (6 A), work in pieces: the programme is solved, its answer mended at its own
prices and solved once more (``repair``). Efficiency and standby by power: a line through the planned power
(``efficiency``). One uninterrupted run: the home's cost is convex in the load on top of it, so every solution's prices
bound every other start from below (``runs``). Each is checked beside exact mixed-integer answers in the tests.

The rooms, in the order in which they are used: ``check``; ``site`` (what all share), ``bounds``, ``service``,
``floors``, ``worth``, ``assets`` (each thing as a store), joined in ``prepare``; ``shape``, ``fill`` and ``programme``
(the compiled programme and its numbers); ``optimum`` with ``efficiency``, ``repair``, ``runs`` and ``within`` (the
answer made fit for real devices); ``course`` (true curves, honest money); ``explain`` (reasons from the optimum);
``promises``; ``rule`` (the plan without a solver); ``planner`` puts them in order.
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
