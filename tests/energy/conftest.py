"""A home to try things on."""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from energy.forecast import Forecast
from energy.grid_events import EventInterval, GridEvent, GridEventKind
from energy.horizon import make_edges
from energy.limits import Limits, gather
from energy.model import Charger, Connection, Ev, EvState, Plug, Wishes
from energy.plan import PlanInput, Planner

# What tests here share beside fixtures (plan_homes, plan_judge, plan_exact) is imported by name.
sys.path.insert(0, str(Path(__file__).parent))

MIDNIGHT = 1_718_000_000 // 86400 * 86400.0


class Home:
    """One home's fixed parts; ``plan_input`` and ``limits`` take what a test wants to be different."""

    now_s = MIDNIGHT + 16 * 3600.0
    connection = Connection(phases=3, fuse_a=25.0, export_limit_w=10_000.0)
    charger = Charger(charger_id="c1", phases=3, charge_max_w=11_000.0, discharge_max_w=10_000.0)
    ev = Ev(ev_id="ev", capacity_wh=60_000.0, charge_max_w=11_000.0, discharge_max_w=11_000.0)

    def ev_state(self, **changes: Any) -> EvState:
        """The car, connected at half charge and able to discharge."""
        return replace(EvState(connected=True, ev=self.ev, soc=0.5, can_discharge=True, at_s=self.now_s), **changes)

    def plan_input(
        self,
        price: Any = 0.30,
        pay: Any = 0.08,
        load_w: Any = 500.0,
        solar_w: Any = 0.0,
        *,
        hours: float = 24.0,
        **changes: Any,
    ) -> PlanInput:
        """An input with hourly (or constant) prices and constant or per-step load and solar."""
        edges = changes.pop("edges_s", None)
        if edges is None:
            edges = make_edges(self.now_s, hours=hours, fine_hours=hours)
        count = len(edges) - 1

        def series(value: Any) -> np.ndarray:
            array = np.atleast_1d(np.asarray(value, dtype=float))
            if len(array) == 1:
                return np.full(count, array[0])
            if len(array) == count:
                return array
            hour = ((edges[:-1] - edges[0]) // 3600.0).astype(int)
            return array[np.minimum(hour, len(array) - 1)]

        fields: dict[str, Any] = {
            "now_s": self.now_s,
            "edges_s": edges,
            "load": Forecast.exact(series(load_w)),
            "solar": Forecast.exact(series(solar_w)),
            "import_eur_per_kwh": series(price),
            "export_eur_per_kwh": series(pay),
            "connection": self.connection,
        }
        plug = {"charger": self.charger, "ev_state": self.ev_state(), "wishes": Wishes()}
        own = {name: changes.pop(name) for name in tuple(plug) if name in changes}
        fields["plugs"] = (Plug(**(plug | own)),)
        return PlanInput(**(fields | changes))

    def limits(self, ev_state: EvState | None = None, wishes: Wishes | None = None, **changes: Any) -> Limits:
        """What ``gather`` says for this home."""
        fields: dict[str, Any] = {
            "connection": self.connection,
            "charger": self.charger,
            "ev_state": ev_state or self.ev_state(),
            "wishes": wishes or Wishes(),
            "now_s": self.now_s,
        }
        return gather(**(fields | changes))


def make_event(kind: GridEventKind, start_s: float, end_s: float, value: float, **fields: Any) -> GridEvent:
    """An event of one interval."""
    interval = EventInterval(start_s=start_s, end_s=end_s, value=value)
    return GridEvent(**({"event_id": "e1", "source": "utility", "kind": kind, "intervals": (interval,)} | fields))


@pytest.fixture
def event() -> Callable[..., GridEvent]:
    """``event(kind, start_s, end_s, value, **fields)``."""
    return make_event


@pytest.fixture
def home() -> Home:
    """A three-phase home with a 60 kWh car."""
    return Home()


@pytest.fixture(scope="session")
def random_home() -> Callable[[int], PlanInput]:
    """``random_home(seed)``: a home of any kind, from the module beside this one."""
    name = "plan_homes"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        if spec is None or spec.loader is None:
            raise ImportError(name)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    found: Callable[[int], PlanInput] = sys.modules[name].home
    return found


@pytest.fixture(scope="session")
def planner() -> Planner:
    """One planner for all tests: each shape is compiled once."""
    return Planner()
