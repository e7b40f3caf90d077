"""Dispatch: each second, from what is measured, the set-points of the home and why.

``dispatch(state, ...)`` is a pure function for one charger; ``dispatch_site(state, ...)`` for a home with several, with
batteries, a roof and machines. Their rooms: ``wanted`` says what a car should do (the first rule of a table that has
an answer), ``steady`` keeps it from flapping, ``bounds`` cuts it to every limit, ``trim`` makes up for a charger that
misses what it is told. ``meter`` tells the house from our own devices behind a meter that is late, ``phases`` and
``reaction`` learn where a charger hangs and how quick it is; ``houses`` is the home as one device meets it,
``batteries`` and ``roof`` decide for the rest.
"""

from energy.dispatch.dispatch import dispatch
from energy.dispatch.reaction import Learned
from energy.dispatch.site import CarNow, SiteCommand, SiteState, dispatch_site
from energy.dispatch.types import DispatchConfig, DispatchState

__all__ = [
    "CarNow",
    "DispatchConfig",
    "DispatchState",
    "Learned",
    "SiteCommand",
    "SiteState",
    "dispatch",
    "dispatch_site",
]
