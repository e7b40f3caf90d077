"""The SECC's answers at a session's two ends: a new one or an old one; stopped, asleep, or back to the services."""

from protocols.exi.messages.common import (
    ChargingSessionType,
    SessionSetupReq,
    SessionSetupRes,
    SessionStopReq,
    SessionStopRes,
)
from protocols.exi.messages.common_types import ResponseCodeType
from protocols.iso15118.events import ServiceSelected, SessionPaused, SessionStarted
from protocols.iso15118.paused import PausedSession
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.services import Energy, ProtocolName
from protocols.iso15118.v20.agreement import Agreement
from protocols.iso15118.v20.parameter_sets import ParameterSet


def session_setup(agreed: Agreement, request: SessionSetupReq, now: float) -> SessionSetupRes:
    """A new session, or the paused one when its car comes back to it.

    The paused one is kept until power flows again: a car that loses the link before may come back once more.
    """
    paused = agreed.evse.paused
    agreed.evcc_id = request.EVCCID
    resumed = paused is not None and request.Header.SessionID == paused.session_id and _fits(agreed, paused)
    if paused is not None and resumed:
        _take_up(agreed, paused)
    else:
        agreed.evse.paused = None
        agreed.session_id = agreed.context.make_session_id()
    agreed.meter_at_start = agreed.evse.meter
    agreed.emit(SessionStarted(now, request.EVCCID, agreed.session_id.hex().upper(), resumed))
    if agreed.service is not None and agreed.parameter_set is not None:
        chosen = agreed.parameter_set
        agreed.emit(ServiceSelected(now, agreed.service, chosen.control_mode, chosen.mobility_needs))
    code = ResponseCodeType.OK_OldSessionJoined if resumed else ResponseCodeType.OK_NewSessionEstablished
    return SessionSetupRes(Header=agreed.header(now), ResponseCode=code, EVSEID=agreed.evse.offer.evse_id)


def _fits(agreed: Agreement, paused: PausedSession) -> bool:
    """Whether this is the same car, known by its certificate too if it had one, and what it had is still offered."""
    known = (paused.evcc_id, paused.peer, paused.protocol or _protocol(agreed))
    if known != (agreed.evcc_id, _peer(agreed), _protocol(agreed)):
        return False
    return paused.service is None or (paused.service in agreed.services and _set_of(paused) in agreed.sets)


def _take_up(agreed: Agreement, paused: PausedSession) -> None:
    agreed.session_id = paused.session_id
    agreed.service, agreed.parameter_set = paused.service, _set_of(paused)
    agreed.schedules, agreed.schedule_id = paused.schedules, paused.schedule_id
    agreed.moved_before_wh = (paused.charged_wh, paused.discharged_wh)
    agreed.emaid, agreed.contract_leaf = paused.emaid, paused.contract_leaf
    if paused.authorized:
        agreed.evse.authorize(accepted=True)


def _set_of(paused: PausedSession) -> ParameterSet | None:
    if paused.parameter_set_id is None or paused.control_mode is None:
        return None
    return ParameterSet(paused.parameter_set_id, paused.control_mode, paused.mobility_needs)


def _protocol(agreed: Agreement) -> ProtocolName:
    return ProtocolName.V20_AC if agreed.energy is Energy.AC else ProtocolName.V20_DC


def _peer(agreed: Agreement) -> str:
    peer = agreed.context.security.peer
    return "" if peer is None else f"{peer.subject} from {peer.issuer}"


def session_stop(agreed: Agreement, request: SessionStopReq, now: float) -> SessionStopRes:
    """The end, a pause, or back to the choice of a service."""
    offer = agreed.evse.offer
    if request.ChargingSession is ChargingSessionType.Terminate:
        agreed.evse.paused = None
    if request.ChargingSession is ChargingSessionType.Pause:
        if not offer.pause_allowed:
            raise Refusal(ResponseCodeType.FAILED_PauseNotAllowed, "the car wanted to pause, which is not allowed")
        agreed.evse.paused = paused = _asleep(agreed, now)
        agreed.emit(SessionPaused(now, paused))
    if request.ChargingSession is ChargingSessionType.ServiceRenegotiation:
        if not offer.service_renegotiation:
            raise Refusal(
                ResponseCodeType.FAILED_NoServiceRenegotiationSupported,
                "the car wanted another service, which is not offered here",
            )
        agreed.service = agreed.parameter_set = agreed.pre_charge_v = agreed.schedule_id = None
        agreed.checking_cable_since_s = None
        agreed.value_added = ()
    return SessionStopRes(Header=agreed.header(now), ResponseCode=ResponseCodeType.OK)


def _asleep(agreed: Agreement, now: float) -> PausedSession:
    charged_wh, discharged_wh = agreed.moved_wh
    chosen = agreed.parameter_set
    paused = PausedSession(
        agreed.session_id,
        agreed.evcc_id,
        protocol=_protocol(agreed),
        peer=_peer(agreed),
        service=agreed.service,
        authorized=agreed.service is not None,
        emaid=agreed.emaid,
        contract_leaf=agreed.contract_leaf,
        schedules=agreed.schedules,
        schedule_id=agreed.schedule_id,
        charged_wh=charged_wh,
        discharged_wh=discharged_wh,
        paused_at_s=now,
    )
    if chosen is not None:
        paused.control_mode, paused.mobility_needs = chosen.control_mode, chosen.mobility_needs
        paused.parameter_set_id = chosen.id
    return paused
