"""OpenADR 3 (3.0.1 and 3.1.0): the home as a VEN that polls a utility's VTN and reports back.

Public API
----------
Running it (``client``)::

    ven = Ven(
        VenConfig(version=version_of("3.1.0"), client_id="…", client_secret="…", ven_name="home",
                  resource_names=("car",), targets=("feeder-7",), programs=("dynamic tariff",), poll_s=30),
        random=random.random,
    )
    client = VenClient(ven, "https://vtn.example/openadr3/3.1.0", on_change=…, on_report=…, clock=time.time)
    await client.run()                 # until cancelled; trouble with the link never ends it

- ``on_change(VenChange)``: an event is NEW, CHANGED, CANCELLED, COMPLETED or QUARANTINED (with the reason).
- ``on_report(ReportDue) -> {resource name: [value per interval]} | None``: fill in a report that an event asked
  for; values in ``due.descriptor.units`` (see ``units.power_in``, ``units.energy_in``), None where not measured.
- ``ven.events``: ``AdrEvent``s in force or to come; ``ven.quarantined``; ``ven.health()`` (state, sentence, last
  contact); ``ven.remarks``; ``ven.discard_limits()`` after a grid outage; ``ven.poll_now()`` + ``client.wake()``.
- ``capacity.default_limits(events, "IMPORT" | "EXPORT", from_s, to_s)``: the subscribed capacity wherever no
  capacity limit holds: the rule for exhausted limits when the link is down.

Events in neutral terms (``model``): ``AdrEvent`` with ``signals``, one ``AdrSignal`` a payload type (``units`` and
``currency`` as sent), each with ``AdrInterval(interval_id, start_s, end_s, values)``: absolute POSIX seconds,
in order, without overlap; ``event.occurrences(signal, from_s, to_s)`` lays repetitions out. ``end_s`` may be inf.
``units.power_w`` and ``units.per_kwh`` convert values.

Without sockets (``ven``): ``next_request``, ``receive``, ``failed``, ``on_timer``, ``next_timer``, ``next_event``.

A simulated utility (``vtn``): ``SimulatedVtn(V3_1_0, clock=…)``, an async context manager with ``base_url``.

Sources: the OpenADR Alliance's OpenAPI definitions of 3.0.1 and 3.1.0 and the 3.1.0 User Guide and Definition.
"""

from protocols.openadr.capacity import CapacityStretch, default_limits
from protocols.openadr.changes import ChangeKind, VenChange
from protocols.openadr.client import InsecureUrlError, VenClient
from protocols.openadr.config import LinkState, VenConfig, VenHealth
from protocols.openadr.events import BadEventError, parse_event
from protocols.openadr.model import AdrEvent, AdrInterval, AdrSignal, ReportDescriptor
from protocols.openadr.reports import ReportDue, ReportValues
from protocols.openadr.ven import Ven
from protocols.openadr.versions import V3_0_1, V3_1_0, Target, UnknownVersionError, Version, version_of

__all__ = [
    "V3_0_1",
    "V3_1_0",
    "AdrEvent",
    "AdrInterval",
    "AdrSignal",
    "BadEventError",
    "CapacityStretch",
    "ChangeKind",
    "InsecureUrlError",
    "LinkState",
    "ReportDescriptor",
    "ReportDue",
    "ReportValues",
    "Target",
    "UnknownVersionError",
    "Ven",
    "VenChange",
    "VenClient",
    "VenConfig",
    "VenHealth",
    "Version",
    "default_limits",
    "parse_event",
    "version_of",
]
