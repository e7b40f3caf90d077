"""The SECC's answers of ISO 15118-2 from the session to the authorisation by external means."""

from protocols.exi.messages.v2 import (
    AuthorizationReq,
    AuthorizationRes,
    PaymentServiceSelectionReq,
    PaymentServiceSelectionRes,
    ServiceDetailReq,
    ServiceDetailRes,
    ServiceDiscoveryReq,
    ServiceDiscoveryRes,
    SessionSetupReq,
    SessionSetupRes,
)
from protocols.exi.messages.v2_types import (
    ChargeServiceType,
    EVSEProcessingType,
    PaymentOptionListType,
    ServiceListType,
    SupportedEnergyTransferModeType,
    responseCodeType,
    serviceCategoryType,
)
from protocols.iso15118.events import AuthorizationRequested, SessionStarted, ValueAddedSelected
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.secc_side import NO_SESSION
from protocols.iso15118.services import ValueAdded
from protocols.iso15118.v2.agreement import Agreement
from protocols.iso15118.v2.services import CHARGE_SERVICE, INTERNET_SERVICE, has_set, parameter_list

Code, Processing = responseCodeType, EVSEProcessingType


def session_setup(agreed: Agreement, request: SessionSetupReq, now: float) -> SessionSetupRes:
    """A new session, or the paused one when its car comes back."""
    evcc_id = request.EVCCID.hex().upper()
    resumed = agreed.begin(evcc_id, NO_SESSION if agreed.received is None else agreed.received.session_id)
    agreed.emit(SessionStarted(now, evcc_id, agreed.session_id.hex().upper(), resumed))
    return SessionSetupRes(
        ResponseCode=Code.OK_OldSessionJoined if resumed else Code.OK_NewSessionEstablished,
        EVSEID=agreed.evse.offer.evse_id,
        EVSETimeStamp=int(now),
    )


def service_discovery(agreed: Agreement, request: ServiceDiscoveryReq, now: float) -> ServiceDiscoveryRes:
    """Ways to pay, ways to charge, and the value-added services of the category and scope asked for."""
    wanted = [
        service
        for service in agreed.value_added
        if request.ServiceCategory in (None, service.ServiceCategory)
        and request.ServiceScope in (None, service.ServiceScope)
    ]
    return ServiceDiscoveryRes(
        ResponseCode=Code.OK,
        PaymentOptionList=PaymentOptionListType(PaymentOption=list(agreed.payment_options)),
        ChargeService=ChargeServiceType(
            ServiceID=CHARGE_SERVICE,
            ServiceCategory=serviceCategoryType.EVCharging,
            FreeService=agreed.evse.offer.free_of_charge,
            SupportedEnergyTransferMode=SupportedEnergyTransferModeType(EnergyTransferMode=list(agreed.modes)),
        ),
        ServiceList=ServiceListType(Service=wanted) if wanted else None,
    )


def service_detail(agreed: Agreement, request: ServiceDetailReq, now: float) -> ServiceDetailRes:
    """The parameter sets of a value-added service; the charging service has none."""
    known = {CHARGE_SERVICE, *(service.ServiceID for service in agreed.value_added)}
    if request.ServiceID not in known:
        raise Refusal(
            Code.FAILED_ServiceIDInvalid,
            f"the car asked for details of service {request.ServiceID}, which was not offered",
        )
    parameters = parameter_list(request.ServiceID)
    return ServiceDetailRes(ResponseCode=Code.OK, ServiceID=request.ServiceID, ServiceParameterList=parameters)


def payment_service_selection(
    agreed: Agreement, request: PaymentServiceSelectionReq, now: float
) -> PaymentServiceSelectionRes:
    """The way to pay, charging, and perhaps value-added services; nothing that was not offered."""
    chosen = request.SelectedServiceList.SelectedService
    selected = {service.ServiceID for service in chosen}
    if CHARGE_SERVICE not in selected:
        raise Refusal(Code.FAILED_NoChargeServiceSelected, "the car selected services, but not the charging service")
    unknown = selected - {CHARGE_SERVICE} - {service.ServiceID for service in agreed.value_added}
    if unknown:
        raise Refusal(
            Code.FAILED_ServiceSelectionInvalid,
            f"the car selected service {min(unknown)}, which was not offered",
        )
    beside = [service for service in chosen if service.ServiceID != CHARGE_SERVICE]
    for service in beside:
        if not has_set(service.ServiceID, service.ParameterSetID):
            raise Refusal(
                Code.FAILED_ServiceSelectionInvalid,
                f"the car selected parameter set {service.ParameterSetID} of service {service.ServiceID}, "
                "which it does not have",
            )
    if request.SelectedPaymentOption not in agreed.payment_options:
        raise Refusal(
            Code.FAILED_PaymentSelectionInvalid,
            f"the car selected to pay by {request.SelectedPaymentOption}, which was not offered",
        )
    agreed.payment = request.SelectedPaymentOption
    if INTERNET_SERVICE in selected:
        agreed.emit(ValueAddedSelected(now, (ValueAdded.INTERNET,)))
    return PaymentServiceSelectionRes(ResponseCode=Code.OK)


def external_authorization(agreed: Agreement, request: AuthorizationReq, now: float) -> AuthorizationRes:
    """Yes, no, or "the user is still looking for the card"; who was let in before the pause is let in again."""
    evse = agreed.evse
    if evse.authorized is False:
        raise Refusal(Code.FAILED, "the driver was not authorised")
    let_in_before = agreed.authorized and not agreed.emaid
    if evse.offer.automatic_authorization or evse.authorized or let_in_before:
        agreed.authorized = True
        return AuthorizationRes(ResponseCode=Code.OK, EVSEProcessing=Processing.Finished)
    if not agreed.asked_for_authorization:
        agreed.asked_for_authorization = True
        agreed.emit(AuthorizationRequested(now))
    return AuthorizationRes(ResponseCode=Code.OK, EVSEProcessing=Processing.Ongoing_WaitingForCustomerInteraction)
