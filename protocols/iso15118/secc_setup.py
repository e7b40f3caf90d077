"""The SECC's answers from the handshake to the selected service, and what has been agreed so far."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from protocols.exi.messages.app_protocol import (
    ResponseCodeType as HandshakeCode,
)
from protocols.exi.messages.app_protocol import (
    supportedAppProtocolReq,
    supportedAppProtocolRes,
)
from protocols.exi.messages.common import (
    AuthorizationReq,
    AuthorizationRes,
    AuthorizationSetupReq,
    AuthorizationSetupRes,
    AuthorizationType,
    EIM_ASResAuthorizationModeType,
    ServiceDetailReq,
    ServiceDetailRes,
    ServiceDiscoveryReq,
    ServiceDiscoveryRes,
    ServiceListType,
    ServiceParameterListType,
    ServiceSelectionReq,
    ServiceSelectionRes,
    ServiceType,
    SessionSetupReq,
    SessionSetupRes,
)
from protocols.exi.messages.common_types import MessageHeaderType, ProcessingType, ResponseCodeType
from protocols.iso15118.events import AuthorizationRequested, Event, ServiceSelected, SessionStarted
from protocols.iso15118.evse import Evse
from protocols.iso15118.power import Limits
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.schedule import Schedule
from protocols.iso15118.services import PROTOCOLS, ParameterSet, Service, offered_sets, parameter_set_element
from protocols.iso15118.table import Energy
from protocols.iso15118.timings import Timings

NO_SESSION = bytes(8)


def new_session_id() -> bytes:
    """Eight random bytes, never all zero: that means "no session yet" on the wire."""
    return secrets.token_bytes(7) + b"\x01"


@dataclass(slots=True)
class Agreement:
    """What SECC and EVCC have agreed on so far in one session."""

    evse: Evse
    timings: Timings
    emit: Callable[[Event], None]
    make_session_id: Callable[[], bytes] = new_session_id
    session_id: bytes = NO_SESSION
    evcc_id: str = ""
    energy: Energy | None = None
    asked_for_authorization: bool = False
    asked_for_cable_check: bool = False
    service: Service | None = None
    parameter_set: ParameterSet | None = None
    car_limits: Limits = field(default_factory=lambda: Limits(0.0))
    schedules: tuple[Schedule, ...] = ()
    planning_since_s: float | None = None
    pre_charge_v: float | None = None
    power_on: bool = False

    def header(self, now: float) -> MessageHeaderType:
        """The header of the next message."""
        return MessageHeaderType(SessionID=self.session_id, TimeStamp=int(now))

    @property
    def sets(self) -> tuple[ParameterSet, ...]:
        """The parameter sets on offer."""
        return offered_sets(self.evse.offer.control_modes)

    @property
    def services(self) -> tuple[Service, ...]:
        """The services on offer in the protocol that was agreed on."""
        return tuple(service for service in self.evse.offer.services if service.energy is self.energy)


def handshake(agreed: Agreement, request: supportedAppProtocolReq, now: float) -> supportedAppProtocolRes:
    """The protocol the car wants most among those we speak; a lower priority number wins (8.2)."""
    namespaces = {service.namespace for service in agreed.evse.offer.services}
    for wanted in sorted(request.AppProtocol, key=lambda protocol: protocol.Priority):
        major, energy = PROTOCOLS.get(wanted.ProtocolNamespace, (None, None))
        if wanted.ProtocolNamespace in namespaces and wanted.VersionNumberMajor == major:
            agreed.energy = energy
            exact = wanted.VersionNumberMinor == 0
            code = (
                HandshakeCode.OK_SuccessfulNegotiation
                if exact
                else HandshakeCode.OK_SuccessfulNegotiationWithMinorDeviation
            )
            return supportedAppProtocolRes(ResponseCode=code, SchemaID=wanted.SchemaID)
    return supportedAppProtocolRes(ResponseCode=HandshakeCode.Failed_NoNegotiation)


def session_setup(agreed: Agreement, request: SessionSetupReq, now: float) -> SessionSetupRes:
    """A new session, or the paused one when its car comes back."""
    paused = agreed.evse.paused
    resumed = paused is not None and request.Header.SessionID == paused.session_id and paused.evcc_id == request.EVCCID
    agreed.session_id = paused.session_id if paused is not None and resumed else agreed.make_session_id()
    agreed.evcc_id = request.EVCCID
    agreed.evse.paused = None
    agreed.emit(SessionStarted(now, request.EVCCID, agreed.session_id.hex().upper(), resumed))
    code = ResponseCodeType.OK_OldSessionJoined if resumed else ResponseCodeType.OK_NewSessionEstablished
    return SessionSetupRes(Header=agreed.header(now), ResponseCode=code, EVSEID=agreed.evse.offer.evse_id)


def authorization_setup(agreed: Agreement, request: AuthorizationSetupReq, now: float) -> AuthorizationSetupRes:
    """External means only: Plug & Charge needs TLS, [V2G20-2567]."""
    return AuthorizationSetupRes(
        Header=agreed.header(now),
        ResponseCode=ResponseCodeType.OK,
        AuthorizationServices=[AuthorizationType.EIM],
        CertificateInstallationService=False,
        EIM_ASResAuthorizationMode=EIM_ASResAuthorizationModeType(),
    )


def authorization(agreed: Agreement, request: AuthorizationReq, now: float) -> AuthorizationRes:
    """Yes, no, or "the user is still looking for the card"."""

    def answer(code: ResponseCodeType, processing: ProcessingType) -> AuthorizationRes:
        return AuthorizationRes(Header=agreed.header(now), ResponseCode=code, EVSEProcessing=processing)

    if request.SelectedAuthorizationService is not AuthorizationType.EIM:
        return answer(ResponseCodeType.WARNING_AuthorizationSelectionInvalid, ProcessingType.Finished)
    if agreed.evse.offer.automatic_authorization or agreed.evse.authorized:
        return answer(ResponseCodeType.OK, ProcessingType.Finished)
    if agreed.evse.authorized is False:
        return answer(ResponseCodeType.WARNING_EIMAuthorizationFailure, ProcessingType.Finished)
    if not agreed.asked_for_authorization:
        agreed.asked_for_authorization = True
        agreed.emit(AuthorizationRequested(now))
    return answer(ResponseCodeType.OK, ProcessingType.Ongoing_WaitingForCustomerInteraction)


def service_discovery(agreed: Agreement, request: ServiceDiscoveryReq, now: float) -> ServiceDiscoveryRes:
    """Our services, narrowed to those the car knows if it says and if any are left."""
    known = request.SupportedServiceIDs.ServiceID if request.SupportedServiceIDs else agreed.services
    services = [service for service in agreed.services if service in known] or agreed.services
    free = agreed.evse.offer.free_of_charge
    return ServiceDiscoveryRes(
        Header=agreed.header(now),
        ResponseCode=ResponseCodeType.OK,
        ServiceRenegotiationSupported=agreed.evse.offer.service_renegotiation,
        EnergyTransferServiceList=ServiceListType(
            Service=[ServiceType(ServiceID=int(service), FreeService=free) for service in services]
        ),
    )


def service_detail(agreed: Agreement, request: ServiceDetailReq, now: float) -> ServiceDetailRes:
    """The ways to run one service."""
    if request.ServiceID not in agreed.services:
        raise Refusal(
            ResponseCodeType.FAILED_ServiceIDInvalid,
            f"the car asked for details of service {request.ServiceID}, which was not offered",
        )
    offer, service = agreed.evse.offer, Service(request.ServiceID)
    priced = any(schedule.charge_prices is not None for schedule in agreed.evse.schedules)
    return ServiceDetailRes(
        Header=agreed.header(now),
        ResponseCode=ResponseCodeType.OK,
        ServiceID=request.ServiceID,
        ServiceParameterList=ServiceParameterListType(
            ParameterSet=[
                parameter_set_element(one, service, offer.nominal_voltage_v, offer.phases, priced)
                for one in agreed.sets
            ]
        ),
    )


def service_selection(agreed: Agreement, request: ServiceSelectionReq, now: float) -> ServiceSelectionRes:
    """One service with one of its parameter sets; no value-added services here."""
    selected = request.SelectedEnergyTransferService
    chosen = next((one for one in agreed.sets if one.id == selected.ParameterSetID), None)
    if selected.ServiceID not in agreed.services or chosen is None or request.SelectedVASList is not None:
        raise Refusal(
            ResponseCodeType.FAILED_ServiceSelectionInvalid,
            f"the car selected service {selected.ServiceID} with parameter set {selected.ParameterSetID}"
            f"{' and value-added services' if request.SelectedVASList else ''}, which was not offered",
        )
    agreed.service, agreed.parameter_set = Service(selected.ServiceID), chosen
    agreed.emit(ServiceSelected(now, agreed.service, chosen.control_mode, chosen.mobility_needs))
    return ServiceSelectionRes(Header=agreed.header(now), ResponseCode=ResponseCodeType.OK)
