"""The charger's end of a session: a sans-I/O state machine driven by `table.py`.

Used like this, whatever carries the bytes::

    session = SeccSession(evse)
    session.connected(now)
    session.receive(data, now)
    send(session.data_to_send())
    while (event := session.next_event()) is not None: ...
    call session.on_timer(now) at session.next_timer(); close when session.ended
"""

from collections.abc import Callable
from typing import Any

from protocols.exi.messages.common_types import MessageHeaderType, ResponseCodeType
from protocols.exi.schema import Element
from protocols.iso15118 import secc_power, secc_setup
from protocols.iso15118.events import PowerDeliveryChanged, Sender
from protocols.iso15118.evse import Evse
from protocols.iso15118.link import Link
from protocols.iso15118.outcome import failed, outcome_of, requested_outcome
from protocols.iso15118.refusal import Refusal, refused_response
from protocols.iso15118.secc_setup import Agreement, new_session_id
from protocols.iso15118.table import EXCHANGES, Exchange, Outcome, State, allowed, next_state
from protocols.iso15118.timings import Timings
from protocols.iso15118.v2gtp import PayloadType

ANSWERS: dict[str, Callable[[Agreement, Any, float], Element]] = {
    "supportedAppProtocolReq": secc_setup.handshake,
    "SessionSetupReq": secc_setup.session_setup,
    "AuthorizationSetupReq": secc_setup.authorization_setup,
    "AuthorizationReq": secc_setup.authorization,
    "ServiceDiscoveryReq": secc_setup.service_discovery,
    "ServiceDetailReq": secc_setup.service_detail,
    "ServiceSelectionReq": secc_setup.service_selection,
    "AC_ChargeParameterDiscoveryReq": secc_power.ac_charge_parameters,
    "DC_ChargeParameterDiscoveryReq": secc_power.dc_charge_parameters,
    "ScheduleExchangeReq": secc_power.schedule_exchange,
    "DC_CableCheckReq": secc_power.cable_check,
    "DC_PreChargeReq": secc_power.pre_charge,
    "PowerDeliveryReq": secc_power.power_delivery,
    "AC_ChargeLoopReq": secc_power.ac_charge_loop,
    "DC_ChargeLoopReq": secc_power.dc_charge_loop,
    "MeteringConfirmationReq": secc_power.metering_confirmation,
    "DC_WeldingDetectionReq": secc_power.welding_detection,
    "SessionStopReq": secc_power.session_stop,
}
"""Who answers what. Every request that the table allows is here."""

HANDSHAKE = "supportedAppProtocolReq"


class SeccSession(Link):
    """One car's session with this charger."""

    me: Sender = "secc"
    peer: Sender = "evcc"

    def __init__(
        self,
        evse: Evse,
        timings: Timings | None = None,
        *,
        make_session_id: Callable[[], bytes] = new_session_id,
    ) -> None:
        super().__init__(timings or Timings())
        evse.new_session()
        self._silence_s = self.timings.secc_sequence_s
        self.agreed = Agreement(evse, self.timings, self._emit, make_session_id)

    def connected(self, now: float) -> None:
        """From here on the car may not fall silent."""
        self._start_timer("sequence", self._silence_s, now)

    def _handle(self, name: str, message: Element, payload_type: PayloadType, now: float) -> None:
        exchange = EXCHANGES.get(name)
        if exchange is None:
            self.end(now, f"the car sent {name}, which is no request")
            return
        try:
            self._check(exchange, message, payload_type)
            response = ANSWERS[name](self.agreed, message, now)
            self._send(exchange.namespace, payload_type, response, now)
        except Refusal as refusal:
            self._refuse(exchange, payload_type, refusal, now)
            return
        except ValueError as error:
            # A reading or limit that no wire number can carry must end this session, not the charger.
            self.end(now, f"{name} could not be answered: {error}")
            return
        self.energy = self.agreed.energy
        if failed(response):
            self.end(now, f"no common protocol: the car offered {_offered(message)}")
            return
        self._advance(exchange, outcome_of(message, response), payload_type, now)

    def _check(self, exchange: Exchange, message: Element, payload_type: PayloadType) -> None:
        """Whether this request may come now at all, before anything acts on it."""
        name = exchange.request
        if self.state is not State.HANDSHAKE and self.state is not State.SESSION_SETUP:
            header: MessageHeaderType = message.Header  # type: ignore[attr-defined]
            if header.SessionID != self.agreed.session_id:
                raise Refusal(
                    ResponseCodeType.FAILED_UnknownSession,
                    f"{name} named session {header.SessionID.hex().upper()}, which is not this one",
                )
        outcome = requested_outcome(message)
        in_order = allowed(self.state, name, self.energy) and (outcome is None or self._leads_on(name, outcome))
        if not in_order:
            detail = name if outcome is None else f"{name} ({outcome})"
            raise Refusal(ResponseCodeType.FAILED_SequenceError, f"{detail} came in state {self.state}")
        if payload_type not in (exchange.payload_type, exchange.side_stream):
            raise Refusal(ResponseCodeType.FAILED_SequenceError, f"{name} came with payload type {payload_type.name}")

    def _leads_on(self, name: str, outcome: Outcome) -> bool:
        try:
            next_state(self.state, name, outcome, self.energy)
        except LookupError:
            return False
        return True

    def _refuse(self, exchange: Exchange, payload_type: PayloadType, refusal: Refusal, now: float) -> None:
        if exchange.request != HANDSHAKE:
            response = refused_response(exchange.response, refusal.code, self.agreed.header(now))
            self._send(exchange.namespace, payload_type, response, now)
        self.end(now, f"{refusal.code}: {refusal.reason}")

    def _advance(self, exchange: Exchange, outcome: Outcome, payload_type: PayloadType, now: float) -> None:
        state = next_state(self.state, exchange.request, outcome, self.energy)
        if payload_type is not exchange.side_stream:
            self._silence_s = getattr(self.timings, exchange.secc_timer)
            self._start_timer("sequence", self._silence_s, now)
        if state is State.ENDED:
            paused = outcome is Outcome.PAUSE
            self.end(now, "paused by the car" if paused else "stopped by the car", proper=True, paused=paused)
            return
        self._go(state, now)

    def _expired(self, timer: str, now: float) -> None:
        self.end(
            now,
            f"the car fell silent for {self._silence_s:g} s in state {self.state} (V2G_SECC_Sequence_Timeout)",
        )

    def _before_end(self, now: float) -> None:
        if self.agreed.power_on:
            self.agreed.power_on = False
            self._emit(PowerDeliveryChanged(now, on=False))


def _offered(message: Element) -> str:
    protocols = getattr(message, "AppProtocol", [])
    return ", ".join(f"{one.ProtocolNamespace} {one.VersionNumberMajor}.{one.VersionNumberMinor}" for one in protocols)
