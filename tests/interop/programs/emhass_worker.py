"""Run in EMHASS's environment: its optimisation class as a library, one JSON line in, one JSON line out.

The first line says what the battery and the connection can do and how many steps there are; each line after it is one
day to plan. The answer is the battery's power by step (W, > 0 charges) and how long EMHASS took for it: setting its
numbers, solving and reading its result, after the problem was built once.
"""

import json
import logging
import sys
import time
from importlib import resources

import numpy as np
import pandas as pd
from emhass.optimization import Optimization

PV, LOAD, COST, PAY = "pv", "load", "unit_load_cost", "unit_prod_price"
_OF_TWO_LOADS = [
    "nominal_power_of_deferrable_loads",
    "minimum_power_of_deferrable_loads",
    "cost_forecast_per_deferrable_load",
    "is_electric_load",
    "operating_hours_of_each_deferrable_load",
    "start_timesteps_of_each_deferrable_load",
    "end_timesteps_of_each_deferrable_load",
    "treat_deferrable_load_as_semi_cont",
    "set_deferrable_load_single_constant",
    "set_deferrable_startup_penalty",
    "deferrable_load_max_cost",
    "set_deferrable_max_startups",
]


def build(home):
    """EMHASS's optimiser with its shipped settings, but for the home's own."""
    shipped = json.loads(resources.files("emhass").joinpath("data/config_defaults.json").read_text())
    optim = (
        dict(shipped)
        | {key: [] for key in _OF_TWO_LOADS}
        | {
            "number_of_deferrable_loads": 0,
            "set_use_battery": True,
            "set_nodischarge_to_grid": False,
            "delta_forecast_daily": pd.Timedelta(seconds=home["step_s"] * home["steps"]),
            "lp_solver_mip_rel_gap": home["gap"],
        }
    )
    plant = dict(shipped) | {
        "maximum_power_from_grid": home["import_max_w"],
        "maximum_power_to_grid": home["export_max_w"],
        # It holds discharging to this times the efficiency, and charging to this.
        "battery_discharge_power_max": home["discharge_max_w"] / home["efficiency"],
        "battery_charge_power_max": home["charge_max_w"],
        "battery_discharge_efficiency": home["efficiency"],
        "battery_charge_efficiency": home["efficiency"],
        "battery_nominal_energy_capacity": home["capacity_wh"],
        "battery_minimum_state_of_charge": home["soc_min"],
        "battery_maximum_state_of_charge": home["soc_max"],
        "battery_target_state_of_charge": home["soc_max"],
    }
    retrieve = {
        "optimization_time_step": pd.Timedelta(seconds=home["step_s"]),
        "time_zone": "UTC",
        "sensor_power_photovoltaics": PV,
        "sensor_power_load_no_var_loads": LOAD,
    }
    logger = logging.getLogger("emhass")
    logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.ERROR)
    return Optimization(retrieve, optim, plant, COST, PAY, "profit", {}, logger)


def plan(optimiser, home, day):
    index = pd.date_range("2024-06-10", periods=home["steps"], freq=pd.Timedelta(seconds=home["step_s"]), tz="UTC")
    arrays = {key: np.asarray(day[key], dtype=float) for key in (PV, LOAD, COST, PAY)}
    frame = pd.DataFrame(arrays, index=index)
    begun, begun_cpu = time.perf_counter(), time.process_time()
    result = optimiser.perform_optimization(
        frame,
        *arrays.values(),
        soc_init=day["soc"],
        soc_final=day["soc_final"],
        soc_target=day["soc_target"],
        soc_target_timestep=day["soc_target_step"],
    )
    spent, cpu = time.perf_counter() - begun, time.process_time() - begun_cpu
    answer = {"seconds": spent, "cpu_s": cpu, "status": optimiser.optim_status}
    if "P_batt" in result:
        answer["battery_w"] = (-result["P_batt"]).tolist()
    return answer


def main():
    home = json.loads(sys.stdin.readline())
    optimiser = build(home)
    for line in sys.stdin:
        print(json.dumps(plan(optimiser, home, json.loads(line))), flush=True)


main()
