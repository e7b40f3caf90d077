"""EMHASS beside us: one home that both plan truly alike, its worker process, and one judge of both schedules.

What makes the problems equal:

- one battery (the car, always connected) of 60 kWh, ±11 kW at the grid side, 0.95 each way, 10 to 90 % of charge;
- the same load, sun and prices by step, known exactly; the same limits at the connection;
- at least 80 % at the first 07:00, and at the horizon's end the most that is allowed, 90 %: no charge beyond it can be
  left over, so what either thinks a kWh left over is worth does not come in;
- no wear, no taper, no reserve above the lowest charge, no least power: EMHASS has none of them for a car;
- neither's own objective counts: ``cost_eur`` follows each schedule of battery powers through the true battery, says
  what it breaks, and pays its bill by the step.

What stays different is what each is: EMHASS holds one direction at a time by a binary a step, ours mends the linear
programme's answer; ours weighs ties (a fraction of a cent) in favour of less cycling and earlier charging.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from energy.forecast import Forecast
from energy.model import Charger, Connection, Departure, Ev, EvState, Plug, Wishes
from energy.plan import Plan, PlanInput

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".interop" / "emhass" / "bin" / "python"
WORKER = ROOT / "tests" / "interop" / "programs" / "emhass_worker.py"
MISSING = "EMHASS is not installed: run tests/interop/setup_emhass.sh"

DAY_S = 1_718_000_000 // 86400 * 86400.0
START_HOUR = 16
POWER_W, CAPACITY_WH, EFFICIENCY = 11_000.0, 60_000.0, 0.95
SOC_MIN, SOC_MAX, SOC_AT_SEVEN = 0.1, 0.9, 0.8
SHAPES = {288: 300.0, 192: 900.0, 672: 900.0}
"""Steps and their length: 24 h by 5 min, 48 h and 7 d by 15 min."""


def installed() -> bool:
    return PYTHON.exists()


def same_problem(seed: int, steps: int, charge_min_w: float = 0.0) -> PlanInput:
    """A home at 16:00: sun, an evening peak, new hourly prices and a new charge for each seed."""
    rng = np.random.default_rng(seed)
    step_s = SHAPES[steps]
    now_s = DAY_S + START_HOUR * 3600.0
    edges = now_s + step_s * np.arange(steps + 1)
    hours = (edges[:-1] / 3600.0) % 24
    load = 300 + 900 * np.exp(-(((hours - 19) / 2) ** 2)) + 100 * rng.random(steps)
    solar = 4000 * rng.uniform(0.3, 1) * np.clip(np.cos((hours - 12.5) / 7 * np.pi / 2), 0, 1)
    hour = ((edges[:-1] - now_s) // 3600).astype(int)
    peaks = np.cos((hours - 19) / 12 * 2 * np.pi)
    price = 0.30 + 0.05 * peaks + (0.04 * rng.standard_normal(hour[-1] + 1))[hour]
    ev = Ev(
        ev_id="ev",
        capacity_wh=CAPACITY_WH,
        charge_max_w=POWER_W,
        discharge_max_w=POWER_W,
        soc_min=SOC_MIN,
        soc_max=SOC_MAX,
        taper_from_soc=1.0,
        wear_eur_per_kwh=0.0,
    )
    charger = Charger(
        charger_id="c",
        phases=3,
        charge_max_w=POWER_W,
        discharge_max_w=POWER_W,
        charge_min_w=charge_min_w,
        charge_efficiency=EFFICIENCY,
        discharge_efficiency=EFFICIENCY,
    )
    state = EvState(connected=True, ev=ev, soc=float(rng.uniform(0.3, 0.7)), can_discharge=True)
    wishes = Wishes(
        departures=(
            Departure(at_s=now_s + (31 - START_HOUR) * 3600, target_soc=SOC_AT_SEVEN),
            Departure(at_s=float(edges[-1]), target_soc=SOC_MAX),
        ),
        reserve_soc=SOC_MIN,
    )
    return PlanInput(
        now_s=now_s,
        edges_s=edges,
        load=Forecast.exact(load),
        solar=Forecast.exact(solar),
        import_eur_per_kwh=price,
        export_eur_per_kwh=price - 0.12,
        connection=Connection(phases=3, fuse_a=25),
        plugs=(Plug(charger=charger, ev_state=state, wishes=wishes),),
    )


def schedule_of(plan: Plan) -> np.ndarray:
    """The battery's power by step, W."""
    return np.array([step.ev_w for step in plan.steps])


def cost_eur(inp: PlanInput, battery_w: np.ndarray) -> float:
    """The bill of a schedule. Raises ``ValueError`` where it leaves the battery, the charger or the connection."""
    hours = np.diff(inp.edges_s) / 3600.0
    stored = np.where(battery_w > 0, battery_w * EFFICIENCY, battery_w / EFFICIENCY) * hours
    soc = (inp.ev_state.soc or 0.0) + np.cumsum(stored) / CAPACITY_WH
    grid_w = inp.load.mean_w + battery_w - inp.solar.mean_w
    seven = seven_step(inp)
    broken = {
        "the charger's power": np.abs(battery_w).max() - POWER_W > 1.0,
        "the lowest charge": soc.min() < SOC_MIN - 2e-4,
        "the highest charge": soc.max() > SOC_MAX + 2e-4,
        "the charge at 07:00": soc[seven] < SOC_AT_SEVEN - 2e-4,
        "the charge at the end": soc[-1] < SOC_MAX - 2e-4,
        "the connection": np.abs(grid_w).max() > inp.connection.import_max_w + 1.0,
    }
    names = [name for name, is_broken in broken.items() if is_broken]
    if names:
        raise ValueError(f"The schedule breaks {', '.join(names)}.")
    price = np.where(grid_w > 0, inp.import_eur_per_kwh, inp.export_eur_per_kwh)
    return float((price * grid_w * hours).sum() / 1e3)


def seven_step(inp: PlanInput) -> int:
    """The step at whose end it is 07:00."""
    return int(np.searchsorted(inp.edges_s, inp.wishes.departures[0].at_s - 1.0)) - 1


@dataclass(frozen=True, slots=True)
class Answer:
    """One plan of EMHASS."""

    battery_w: np.ndarray
    seconds: float
    cpu_s: float


class Emhass:
    """Its optimiser in a process of its own, built once for a number of steps. A context manager.

    ``gap`` is what its solver may leave on the table, a share of the cost; EMHASS ships 0.01, which is ten times
    what "equal within 0.1 %" allows.
    """

    def __init__(self, steps: int, gap: float = 0.001) -> None:
        inp = same_problem(0, steps)
        self._process = subprocess.Popen(
            [PYTHON, WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._send(
            steps=steps,
            step_s=SHAPES[steps],
            gap=gap,
            import_max_w=inp.connection.import_max_w,
            export_max_w=inp.connection.export_max_w,
            charge_max_w=POWER_W,
            discharge_max_w=POWER_W,
            efficiency=EFFICIENCY,
            capacity_wh=CAPACITY_WH,
            soc_min=SOC_MIN,
            soc_max=SOC_MAX,
        )

    def __enter__(self) -> "Emhass":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def _send(self, **fields: Any) -> None:
        if self._process.stdin is None:
            raise OSError("EMHASS's worker has no input.")
        self._process.stdin.write(json.dumps(fields) + "\n")
        self._process.stdin.flush()

    def plan(self, inp: PlanInput) -> Answer:
        """Its plan for this home. Raises ``OSError`` when it ends or finds none."""
        self._send(
            pv=inp.solar.mean_w.tolist(),
            load=inp.load.mean_w.tolist(),
            unit_load_cost=inp.import_eur_per_kwh.tolist(),
            unit_prod_price=inp.export_eur_per_kwh.tolist(),
            soc=inp.ev_state.soc,
            soc_final=SOC_MAX,
            soc_target=SOC_AT_SEVEN,
            soc_target_step=seven_step(inp),
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        answer = json.loads(line) if line else {"status": "it ended"}
        if answer["status"] != "Optimal":
            raise OSError(f"EMHASS gave no plan: {answer['status']}.")
        return Answer(np.array(answer["battery_w"]), answer["seconds"], answer["cpu_s"])
