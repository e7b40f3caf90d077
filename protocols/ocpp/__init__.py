"""OCPP 2.1 and 2.0.1: the home as a charging station to a backend (CSMS), and a simulated CSMS.

What an app does with it::

    client = OcppClient(StationConfig(station_id="TWOWAY-1", url="ws://csms/ocpp", password=None), disk_path, now)
    task = asyncio.create_task(client.run())          # connects, reconnects, never ends by itself
    async for event in client.events(): ...           # one reader

Facts in; plain calls that never wait, safe also while an event is handled; what they tell is on disk on return::

    client.status_changed(evse_id, ConnectorStatus.OCCUPIED)
    client.authorise(IdToken(value="…", type="Central", evcc_id=None))        # → Authorisation
    client.transaction_started(evse_id, id_token=…, remote_start_id=None, state=ChargingState.EV_CONNECTED,
                               trigger="CablePluggedIn", sample=MeterSample(at_s=…, import_wh=…, …)) -> str
    client.transaction_updated(evse_id, trigger="ChargingStateChanged", state=…, id_token=…, sample=…)
    client.meter_sample(evse_id, MeterSample(…))      # as often as you like; the CSMS's interval thins it
    client.transaction_ended(evse_id, reason="EVDisconnected", trigger="EVCommunicationLost", sample=…)
    client.charging_needs(evse_id, ChargingNeeds(mode="DC_BPT", charge_max_w=…, discharge_max_w=…, …))
    client.command_done(command_id)                   # a RemoteStart or RemoteStop was carried out, or cannot be

Questions::

    client.guidance(evse_id) -> Guidance              # limits and set-point that the backend's profiles ask now
    client.guidance_ahead(evse_id, horizon_s, from_s=None) -> tuple[Guidance, ...]
    client.online, client.waiting, client.open_transactions, client.registers(evse_id) -> (import_wh, export_wh)

Events out: LinkUp, LinkDown, BootAnswer, GuidanceChanged, RemoteStart, RemoteStop, Authorisation, NeedsAnswer,
TransactionDeauthorised, AllowedModes, AvailabilityAsked, MessageGivenUp, MessageSeen (the log).

Signs: power > 0 charges. ``Guidance.charge_max_w`` and ``discharge_max_w`` are W ≥ 0 or None; ``setpoint_w`` is signed.
``now`` is home time in POSIX seconds, used for timestamps and profiles; time-outs go by the event loop's clock.

The CSMS's side::

    async with SimulatedCsms(now) as csms:            # csms.url, csms.bookings, csms.messages, csms.problems
        await csms.call(station_id, action, payload)  # payload: say(7, start_s, 3600, limit_w=4200)

Not here: TLS client certificates, local authorization list, reservations, firmware, displays, tariffs, monitoring,
signed meter values, LocalFrequency and LocalLoadBalancing modes; each is answered with the refusal of the standard.
"""

from protocols.ocpp.bookings import Booking
from protocols.ocpp.client import OcppClient
from protocols.ocpp.config import Evse, StationConfig
from protocols.ocpp.csms import CallRefused, ScriptedCall, SimulatedCsms
from protocols.ocpp.disk import DiskUnusable
from protocols.ocpp.events import (
    AllowedModes,
    Authorisation,
    AvailabilityAsked,
    BootAnswer,
    ChargingNeeds,
    ChargingState,
    ConnectorStatus,
    Event,
    Guidance,
    GuidanceChanged,
    IdToken,
    LinkDown,
    LinkUp,
    MessageGivenUp,
    MessageSeen,
    MeterSample,
    NeedsAnswer,
    OperationMode,
    RemoteStart,
    RemoteStop,
    TransactionDeauthorised,
)
from protocols.ocpp.transactions import NoTransaction
from protocols.ocpp.versions import Version

__all__ = [
    "AllowedModes",
    "Authorisation",
    "AvailabilityAsked",
    "Booking",
    "BootAnswer",
    "CallRefused",
    "ChargingNeeds",
    "ChargingState",
    "ConnectorStatus",
    "DiskUnusable",
    "Event",
    "Evse",
    "Guidance",
    "GuidanceChanged",
    "IdToken",
    "LinkDown",
    "LinkUp",
    "MessageGivenUp",
    "MessageSeen",
    "MeterSample",
    "NeedsAnswer",
    "NoTransaction",
    "OcppClient",
    "OperationMode",
    "RemoteStart",
    "RemoteStop",
    "ScriptedCall",
    "SimulatedCsms",
    "StationConfig",
    "TransactionDeauthorised",
    "Version",
]
