"""The demo home's physics: a car, a charger's power stage, a house with a roof, a grid. Pure; time and steps are given.

Each part stands alone (the demo puts each behind its real protocol); ``HomeTwin`` joins them for simulations in one
process.
"""

from energy.twin.car import Battery, CarTwin, Trip
from energy.twin.grid import GridTwin
from energy.twin.home import HomeTwin, TwinPicture
from energy.twin.house import HouseSeries, synthetic_house
from energy.twin.power_stage import PowerStage

__all__ = [
    "Battery",
    "CarTwin",
    "GridTwin",
    "HomeTwin",
    "HouseSeries",
    "PowerStage",
    "Trip",
    "TwinPicture",
    "synthetic_house",
]
