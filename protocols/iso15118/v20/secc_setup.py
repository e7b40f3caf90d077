"""The SECC's answers from the session's setup to the selected service."""

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
from protocols.exi.messages.common_types import ProcessingType, ResponseCodeType
from protocols.iso15118.events import AuthorizationRequested, ServiceSelected, SessionStarted
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.services import Service
from protocols.iso15118.v20 import secc_contract
from protocols.iso15118.v20.agreement import Agreement
from protocols.iso15118.v20.parameter_sets import parameter_set_element


def session_setup(agreed: Agreement, request: SessionSetupReq, now: float) -> SessionSetupRes:
    """A new session, or the paused one when its car comes back."""
    paused = agreed.evse.paused
    resumed = paused is not None and request.Header.SessionID == paused.session_id and paused.evcc_id == request.EVCCID
    agreed.session_id = paused.session_id if paused is not None and resumed else agreed.context.make_session_id()
    agreed.evcc_id = request.EVCCID
    agreed.evse.paused = None
    agreed.emit(SessionStarted(now, request.EVCCID, agreed.session_id.hex().upper(), resumed))
    code = ResponseCodeType.OK_OldSessionJoined if resumed else ResponseCodeType.OK_NewSessionEstablished
    return SessionSetupRes(Header=agreed.header(now), ResponseCode=code, EVSEID=agreed.evse.offer.evse_id)


def authorization_setup(agreed: Agreement, request: AuthorizationSetupReq, now: float) -> AuthorizationSetupRes:
    """By contract where this session may have that, and by external means."""
    means = secc_contract.credentials(agreed)
    response = AuthorizationSetupRes(
        Header=agreed.header(now),
        ResponseCode=ResponseCodeType.OK,
        AuthorizationServices=[AuthorizationType.EIM],
        CertificateInstallationService=means is not None and means.installs_contracts,
    )
    if means is None:
        response.EIM_ASResAuthorizationMode = EIM_ASResAuthorizationModeType()
    else:
        response.AuthorizationServices = [AuthorizationType.PnC, AuthorizationType.EIM]
        response.PnC_ASResAuthorizationMode = secc_contract.offered_mode(agreed, means)
    return response


def authorization(agreed: Agreement, request: AuthorizationReq, now: float) -> AuthorizationRes:
    """Yes, no, or "the user is still looking for the card"."""

    def answer(code: ResponseCodeType, processing: ProcessingType) -> AuthorizationRes:
        return AuthorizationRes(Header=agreed.header(now), ResponseCode=code, EVSEProcessing=processing)

    if request.SelectedAuthorizationService is AuthorizationType.PnC:
        return answer(secc_contract.contract_code(agreed, request, now), ProcessingType.Finished)
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
