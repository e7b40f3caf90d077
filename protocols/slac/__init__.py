"""SLAC (ISO 15118-3, Annex A): a car and a charger find each other over the power line and share a network's key.

The charger's side, as a driver uses it (Linux; the process needs CAP_NET_RAW and keeps nothing else)::

    helper = EvseHelper("eth1", on_news)            # helper.py: starts `python -m protocols.slac.evse`
    task = asyncio.create_task(helper.run())        # HelperError: one sentence with the way out
    helper.match(); helper.leave(); helper.pause(True)
    link = DataLink()                               # link.py: what follows from news, and what the pilot has to show
    link.happen(Trigger.PLUGGED, now); link.next_action(); link.next_timer(); link.on_timer(now)

The car's side, sans-I/O (`ev.py`) and on an interface (`station.py`)::

    ev = EvSide(mac)                                # plugged_in, receive, on_timer, frames_to_send, next_event, leave
    station = EvStation("eth1", on_event, clock)    # WireError: one sentence with the way out

A power line for tests and demo (`modem.py`, on veth pairs `modem_wire.py`)::

    wires = ModemWires(["modem-ev", "modem-evse"], clock); wires.lay("modem-ev", "modem-evse", Cable(attenuation_db=6))

Inside: `layout.py`, `messages.py` and `frames.py` are the bytes; `ev_table.py` and `link.py` the transition tables
(`diagram.py` draws them); `attempt.py` and `choice.py` decide which EVSE is ours; `timings.py` has the timers;
`pyslac_session.py` puts pyslac behind our checks, `evse.py` is the process around it, `privilege.py` what it gives up,
`watch.py` how a lost link is noticed, `wire.py` the raw socket.
"""

from protocols.slac.ev import EvSide
from protocols.slac.ev_table import State
from protocols.slac.events import (
    Event,
    EvseHeard,
    FrameIgnored,
    LinkLost,
    Matched,
    MatchingFailed,
    StateChanged,
    ToggleAsked,
)
from protocols.slac.frames import Frame, mac_text, read_frame, read_mac
from protocols.slac.helper import EvseHelper, HelperError
from protocols.slac.layout import FrameError
from protocols.slac.link import Action, DataLink, LinkState, Trigger
from protocols.slac.modem import Cable, PowerLine
from protocols.slac.modem_wire import ModemWires
from protocols.slac.station import EvStation
from protocols.slac.timings import Timings
from protocols.slac.wire import WireError

__all__ = [
    "Action",
    "Cable",
    "DataLink",
    "EvSide",
    "EvStation",
    "Event",
    "EvseHeard",
    "EvseHelper",
    "Frame",
    "FrameError",
    "FrameIgnored",
    "HelperError",
    "LinkLost",
    "LinkState",
    "Matched",
    "MatchingFailed",
    "ModemWires",
    "PowerLine",
    "State",
    "StateChanged",
    "Timings",
    "ToggleAsked",
    "Trigger",
    "WireError",
    "mac_text",
    "read_frame",
    "read_mac",
]
