"""The SECC's answers about authorization: by contract, or by external means."""

from protocols.exi.messages.common import (
    AuthorizationReq,
    AuthorizationRes,
    AuthorizationSetupReq,
    AuthorizationSetupRes,
    AuthorizationType,
    EIM_ASResAuthorizationModeType,
)
from protocols.exi.messages.common_types import ProcessingType, ResponseCodeType
from protocols.iso15118.events import AuthorizationRequested
from protocols.iso15118.v20 import secc_contract
from protocols.iso15118.v20.agreement import Agreement


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
