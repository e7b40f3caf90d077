"""What it takes to explain a plan of 288 steps: reasons beside 2 ms, and their sentences for the API.

python tests/bench/bench_reasons.py
"""

import statistics
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

import numpy as np

from app.api.reason_text import Plain
from app.engine.reason_views import reason
from energy.forecast import Forecast
from energy.horizon import make_edges
from energy.model import Charger, Connection, Departure, Ev, EvState, Plug, Wishes
from energy.plan import PlanInput, Planner
from energy.plan import planner as room

NOW_S = 1_718_035_200.0
TARGET_MS = 2.0


def home() -> PlanInput:
    """A day by five minutes: sun, two dear hours, a departure."""
    edges = make_edges(NOW_S, hours=24, fine_hours=24)
    hours = (edges[:-1] - NOW_S) / 3600.0
    ev = Ev(ev_id="ev", capacity_wh=60_000, charge_max_w=11_000, discharge_max_w=11_000)
    plug = Plug(
        charger=Charger(charger_id="c", phases=3, charge_max_w=11_000, discharge_max_w=10_000),
        ev_state=EvState(connected=True, ev=ev, soc=0.5, can_discharge=True, at_s=NOW_S),
        wishes=Wishes(departures=(Departure(at_s=NOW_S + 15 * 3600, target_soc=0.8),)),
    )
    return PlanInput(
        now_s=NOW_S,
        edges_s=edges,
        load=Forecast.exact(600 + 400 * np.sin(hours) ** 2),
        solar=Forecast.exact(np.clip(4000 * np.sin((hours - 14) / 10 * np.pi), 0, None)),
        import_eur_per_kwh=0.25 + 0.1 * np.sin(hours / 24 * 4 * np.pi),
        export_eur_per_kwh=np.full(len(hours), 0.08),
        connection=Connection(phases=3, fuse_a=25),
        plugs=(plug,),
    )


def times_ms(work: Callable[[], object], times: int = 100) -> tuple[float, float]:
    """Median and fastest wall time of a call: on a busy machine the fastest is the call's own."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    return statistics.median(took) * 1e3, min(took) * 1e3


def main() -> None:
    """Print the table."""
    asked: list[Callable[[], object]] = []
    explain = room.explain

    def spied(*args: object, **named: object) -> object:
        asked.append(lambda: explain(*args, **named))  # type: ignore[arg-type]
        return asked[-1]()

    room.explain = spied  # type: ignore[assignment]
    plan = Planner().solve(home())
    writer = Plain(tz=ZoneInfo("Europe/Berlin"), currency="EUR", now_s=NOW_S)
    print(f"{'explaining ' + str(len(plan.steps)) + ' steps':<28}{'median ms':>10}{'fastest':>10}{'of 2 ms':>10}")
    median, fastest = times_ms(asked[-1])
    print(f"{'reasons with their facts':<28}{median:>10.2f}{fastest:>10.2f}{median / TARGET_MS:>10.2f}")
    median, fastest = times_ms(lambda: [reason(step.reason, writer) for step in plan.steps], times=30)
    print(f"{'sentences for the API':<28}{median:>10.2f}{fastest:>10.2f}")


if __name__ == "__main__":
    main()
