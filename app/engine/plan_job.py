"""What is sent to the planning worker and what comes back: plain, picklable data, and the one function between.

Forecasts are made in the worker too: they are sums over weeks of history. The solver is imported here only.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from energy.forecast import History, SolarSite, forecast_load, forecast_solar
from energy.grid_events import GridEvent
from energy.horizon import make_edges
from energy.links import LinkRule, LinkState
from energy.model import Charger, Connection, EvState, Wishes
from energy.plan.types import Plan, PlanInput
