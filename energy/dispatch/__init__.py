"""Dispatch: each second, from what is measured, the one set-point for the charger and why.

``dispatch(state, ...)`` is a pure function. Its rooms: ``wanted`` says what the car should do (the first rule of a
table that has an answer), ``steady`` keeps it from flapping, ``bounds`` cuts it to every limit, ``trim`` makes up for a
charger that misses what it is told.
"""

from energy.dispatch.dispatch import dispatch
from energy.dispatch.types import DispatchConfig, DispatchState

__all__ = ["DispatchConfig", "DispatchState", "dispatch"]
