"""IEC 61851: the control pilot of both ends, duty cycle and current, the cable's rating, basic charging.

Pure: no clock, no socket. ``pilot`` and ``duty`` are the standard's tables as data, ``table`` is the charger's state
machine as rows, ``outlet`` runs it, ``inlet`` is the car's side, ``basic`` turns watts into a duty cycle, ``hardware``
simulates the electronics behind it.
"""

from protocols.iec61851.basic import PROTOCOL, Circuit
from protocols.iec61851.duty import DIGITAL, STATE_F, X1, Offer, Read, duty_for, read_duty
from protocols.iec61851.hardware import Check, Defects, Hardware, isolation_verdict
from protocols.iec61851.inlet import Inlet, InletConfig, InletState
from protocols.iec61851.outlet import (
    CarTakesTooMuch,
    ContactorFailed,
    Outlet,
    OutletChanged,
    OutletConfig,
    OutletEvent,
)
from protocols.iec61851.pilot import LEVELS, READY, WITH_CAR, Pilot, PilotReading, frequency_ok, level_of, read_pilot
from protocols.iec61851.proximity import CABLES, cable_rating_a, plugged
from protocols.iec61851.table import OutletState, When
from protocols.iec61851.timings import PilotTimings

__all__ = [
    "CABLES",
    "DIGITAL",
    "LEVELS",
    "PROTOCOL",
    "READY",
    "STATE_F",
    "WITH_CAR",
    "X1",
    "CarTakesTooMuch",
    "Check",
    "Circuit",
    "ContactorFailed",
    "Defects",
    "Hardware",
    "Inlet",
    "InletConfig",
    "InletState",
    "Offer",
    "Outlet",
    "OutletChanged",
    "OutletConfig",
    "OutletEvent",
    "OutletState",
    "Pilot",
    "PilotReading",
    "PilotTimings",
    "Read",
    "When",
    "cable_rating_a",
    "duty_for",
    "frequency_ok",
    "isolation_verdict",
    "level_of",
    "plugged",
    "read_duty",
    "read_pilot",
]
