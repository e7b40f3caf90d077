"""ISO 15118 sessions, both ends: SDP, V2GTP, the handshake, and the generations behind it.

The charger's side, as a driver uses it::

    evse = Evse(EvseOffer(evse_id="DE*TWO*E0001", phases=3), limits=Limits(max_charge_w=11_000, ...))
    server = SeccServer("eth1", evse, on_event)     # on_event(Event), called in the event loop
    await server.start()                            # TransportError: one clear sentence
    evse.set_power(-4200.0, valid_until_s=steady_now() + 60)  # W, > 0 charges the car, < 0 discharges it
    evse.readings = EvseReadings(power_w, voltage_v, current_a)
    evse.meter = MeterReading("meter", charged_wh, discharged_wh)
    evse.notify(Notification.Terminate)             # or Pause, ScheduleRenegotiation, ...
    evse.authorize(True); evse.offer_schedules(Schedule(...)); evse.insulation_ok = True; evse.limits = ...
    await server.stop()                             # ends a running session in order

A session reads `evse` at the moment it answers, so the newest set-point always goes out. What happens comes as
typed events (`events.py`): SessionStarted, AuthorizationRequested, ServiceSelected, LimitsReceived (the car's),
NeedsReceived (departure, energy, SoC), CableCheckRequested, PreChargeRequested, PowerDeliveryChanged, LoopAnswered
(the car's report of each turn, and the set-point it was given), SetPointExpired, MessageSeen, StateChanged,
SessionEnded. Where no hardware answers, `IdealStage(evse).handle(event)` does.

The car's side::

    client = EvccClient("eth1", car, CarPlan(Service.DC_BPT, ControlMode.DYNAMIC), on_event)
    ended = await client.run()                      # SessionEnded(proper, reason)
    client.stop("the driver came back")             # in order
    client.session                                  # also: pause, renegotiate_schedule, renegotiate_service, standby

where `car` is any `CarModel` (`car.py`): evcc_id, limits, report(now), follow(power_w, now), wants_to_stop(now).
`SimulatedCar` is one. On the interface "lo" both ends meet on ::1 without root; `sdp_port` keeps several apart.

A paused session comes as `SessionPaused(paused)` on both sides: plain data to keep (`paused.to_plain()`), and to give
back as `evse.paused` and `CarPlan(resume=...)` when the car wakes, after a restart too.

Inside: `dialect.py` says what a generation is, and each has a folder (`v20`, ...) with its transition table, which
drives both ends; `secc.py` and `evcc.py` are the sans-I/O engines, `handshake.py` and `registry.py` choose the dialect,
`wire/` the thin asyncio skin.
"""

from protocols.iso15118.car import CarModel, CarPlan
from protocols.iso15118.connection import ConnectionSecurity, PeerCertificate
from protocols.iso15118.evcc import EvccSession
from protocols.iso15118.events import (
    AnswerLate,
    AuthorizationRequested,
    CableCheckRequested,
    ConnectionOpened,
    ContractAccepted,
    ContractInstalled,
    ContractRefused,
    Event,
    LimitsReceived,
    LoopAnswered,
    MessageIgnored,
    MessageSeen,
    MeteringConfirmed,
    MeterReceived,
    NeedsReceived,
    NotificationIgnored,
    PayloadSeen,
    PowerDeliveryChanged,
    PreChargeRequested,
    PreChargeUnmatched,
    ProtocolChosen,
    SchedulesReceived,
    ServiceSelected,
    SessionEnded,
    SessionPaused,
    SessionStarted,
    SetPointExpired,
    SetPointReceived,
    StateChanged,
    ValueAddedSelected,
    VehicleCheckedIn,
    VehicleCheckedOut,
)
from protocols.iso15118.evse import Evse, EvseOffer, Notification
from protocols.iso15118.paused import PausedSession
from protocols.iso15118.power import CarReport, EnergyNeeds, EvseReadings, Limits, MeterReading
from protocols.iso15118.schedule import Prices, Receipt, Schedule, Tax
from protocols.iso15118.secc import SeccSession
from protocols.iso15118.secured import Secured
from protocols.iso15118.services import ControlMode, Energy, MobilityNeeds, ProtocolName, Service, ValueAdded
from protocols.iso15118.simulation import IdealStage, SimulatedCar
from protocols.iso15118.table import Outcome, State
from protocols.iso15118.timings import Timings
from protocols.iso15118.wire.capture import Capture
from protocols.iso15118.wire.network import TransportError, steady_now
from protocols.iso15118.wire.sdp import Security
from protocols.iso15118.wire.security import EvccSecurity, SeccSecurity
from protocols.iso15118.wire.transport import EvccClient, SeccServer

__all__ = [
    "AnswerLate",
    "AuthorizationRequested",
    "CableCheckRequested",
    "Capture",
    "CarModel",
    "CarPlan",
    "CarReport",
    "ConnectionOpened",
    "ConnectionSecurity",
    "ContractAccepted",
    "ContractInstalled",
    "ContractRefused",
    "ControlMode",
    "Energy",
    "EnergyNeeds",
    "EvccClient",
    "EvccSecurity",
    "EvccSession",
    "Event",
    "Evse",
    "EvseOffer",
    "EvseReadings",
    "IdealStage",
    "Limits",
    "LimitsReceived",
    "LoopAnswered",
    "MessageIgnored",
    "MessageSeen",
    "MeterReading",
    "MeterReceived",
    "MeteringConfirmed",
    "MobilityNeeds",
    "NeedsReceived",
    "Notification",
    "NotificationIgnored",
    "Outcome",
    "PausedSession",
    "PayloadSeen",
    "PeerCertificate",
    "PowerDeliveryChanged",
    "PreChargeRequested",
    "PreChargeUnmatched",
    "Prices",
    "ProtocolChosen",
    "ProtocolName",
    "Receipt",
    "Schedule",
    "SchedulesReceived",
    "SeccSecurity",
    "SeccServer",
    "SeccSession",
    "Secured",
    "Security",
    "Service",
    "ServiceSelected",
    "SessionEnded",
    "SessionPaused",
    "SessionStarted",
    "SetPointExpired",
    "SetPointReceived",
    "SimulatedCar",
    "State",
    "StateChanged",
    "Tax",
    "Timings",
    "TransportError",
    "ValueAdded",
    "ValueAddedSelected",
    "VehicleCheckedIn",
    "VehicleCheckedOut",
    "steady_now",
]
