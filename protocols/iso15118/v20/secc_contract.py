"""Plug & Charge at the charger's end: the contract that a car shows, the one that it is given, the reading it signs.

All need TLS and `SeccContext.credentials`; without them a charger offers external means alone.
"""

import hmac

from protocols.exi.messages.common import (
    AuthorizationReq,
    CertificateInstallationReq,
    CertificateInstallationRes,
    ECDHCurveType,
    MeteringConfirmationReq,
    PnC_AReqAuthorizationModeType,
    PnC_ASResAuthorizationModeType,
    SignedInstallationDataType,
    SupportedProvidersListType,
)
from protocols.exi.messages.common_types import ProcessingType, ResponseCodeType
from protocols.exi.messages.xmldsig import SignatureType
from protocols.exi.namespaces import V20_COMMON
from protocols.iso15118.credentials import (
    ChargerCredentials,
    ContractIssued,
    ContractWanted,
    Doubt,
    NotCredible,
)
from protocols.iso15118.events import ContractAccepted, ContractInstalled, ContractRefused
from protocols.iso15118.refusal import Refusal, least
from protocols.iso15118.signature import Fragment
from protocols.iso15118.v20.agreement import Agreement
from protocols.iso15118.v20.chains import PROVISIONING_CHAIN, contract_chain, plain_chain, read_chain, read_root_ids

INSTALLATION_ID = "id1"
DH_KEY_BYTES = 133
"""The schema's one length for DHPublicKey; an X448 key, which is shorter, is filled up with zeros behind."""

_W = ResponseCodeType
CODES: dict[Doubt, ResponseCodeType] = {
    Doubt.EXPIRED: _W.WARNING_CertificateExpired,
    Doubt.NOT_YET_VALID: _W.WARNING_CertificateNotYetValid,
    Doubt.REVOKED: _W.WARNING_CertificateRevoked,
    Doubt.UNTRUSTED: _W.WARNING_CertificateValidationError,
    Doubt.INVALID: _W.WARNING_CertificateValidationError,
    Doubt.MISSING: _W.WARNING_NoCertificateAvailable,
    Doubt.NOT_HERE: _W.WARNING_GeneralPnCAuthorizationError,
    Doubt.SIGNATURE: _W.FAILED_SignatureError,
}
"""What the car is told. A warning lets it fall back to external means; a bad signature ends the session."""


def credentials(agreed: Agreement) -> ChargerCredentials | None:
    """Plug & Charge's means, if this session may have it: [V2G20-2567] wants TLS."""
    return agreed.context.credentials if agreed.context.security.secured else None


def offered_mode(agreed: Agreement, means: ChargerCredentials) -> PnC_ASResAuthorizationModeType:
    """The challenge of this session, and whose contracts are taken."""
    if not agreed.challenge:
        agreed.challenge = agreed.context.make_challenge()
    providers = SupportedProvidersListType(ProviderID=list(means.providers)) if means.providers else None
    return PnC_ASResAuthorizationModeType(GenChallenge=agreed.challenge, SupportedProviders=providers)


def contract_code(agreed: Agreement, request: AuthorizationReq, now: float) -> ResponseCodeType:
    """What to answer to a contract: OK, or the warning. Raises `Refusal` for a signature that does not hold."""
    means, mode = credentials(agreed), request.PnC_AReqAuthorizationMode
    if means is None or mode is None or not agreed.challenge:
        return ResponseCodeType.WARNING_AuthorizationSelectionInvalid
    if not hmac.compare_digest(mode.GenChallenge, agreed.challenge):
        agreed.emit(ContractRefused(now, "the car did not return this session's challenge"))
        return ResponseCodeType.WARNING_ChallengeInvalid
    try:
        agreed.emaid = _believed(agreed, means, mode, now)
    except NotCredible as doubt:
        agreed.emit(ContractRefused(now, str(doubt)))
        code = CODES[doubt.doubt]
        if code.startswith("FAILED"):
            raise Refusal(code, str(doubt)) from doubt
        return code
    agreed.contract_leaf = mode.ContractCertificateChain.Certificate
    agreed.emit(ContractAccepted(now, agreed.emaid))
    return ResponseCodeType.OK


def _believed(agreed: Agreement, means: ChargerCredentials, mode: PnC_AReqAuthorizationModeType, now: float) -> str:
    """The signature is checked before the contract: whoever cannot sign is told nothing about it."""
    chain = read_chain(mode.ContractCertificateChain)
    means.check_signature(V20_COMMON, [Fragment(mode.Id, mode)], _signature(agreed), chain.leaf)
    return means.contract_holder(V20_COMMON, chain, None, now)


def certificate_installation(
    agreed: Agreement, request: CertificateInstallationReq, now: float
) -> CertificateInstallationRes:
    """A contract for the car that shows its maker's certificate; "ongoing" until there is one.

    A warning has empty parts where the contract would stand: the schema wants them, and nobody reads them.
    """
    means = credentials(agreed)
    if means is None or not means.installs_contracts:
        raise Refusal(ResponseCodeType.FAILED, "the car asked for a contract, and this charger offered none")
    shown = request.OEMProvisioningCertificateChain
    response: CertificateInstallationRes = least(CertificateInstallationRes)
    response.Header, response.ResponseCode = agreed.header(now), ResponseCodeType.OK
    response.EVSEProcessing = ProcessingType.Finished
    try:
        means.check_signature(
            V20_COMMON,
            [Fragment(shown.Id, shown, PROVISIONING_CHAIN)],
            _signature(agreed),
            shown.Certificate,
        )
        wanted = ContractWanted(
            read_chain(shown),
            read_root_ids(request.ListOfRootCertificateIDs),
            tuple(request.PrioritizedEMAIDs.EMAID) if request.PrioritizedEMAIDs else (),
        )
        issued = means.new_contract(V20_COMMON, wanted, now)
    except NotCredible as doubt:
        agreed.emit(ContractRefused(now, str(doubt)))
        response.ResponseCode = CODES[doubt.doubt]
        if response.ResponseCode.startswith("FAILED"):
            raise Refusal(response.ResponseCode, str(doubt)) from doubt
        return response
    if issued is None:
        response.EVSEProcessing = ProcessingType.Ongoing
        return response
    _fill(response, issued)
    agreed.emit(ContractInstalled(now, issued.emaid))
    return response


def _fill(response: CertificateInstallationRes, issued: ContractIssued) -> None:
    data = SignedInstallationDataType(
        Id=INSTALLATION_ID,
        ContractCertificateChain=contract_chain(issued.contract),
        ECDHCurve=ECDHCurveType(issued.curve),
        DHPublicKey=issued.dh_public_key.ljust(DH_KEY_BYTES, b"\0"),
        # A contract's own key is secp521r1 whatever curve its transport was agreed on.
        SECP521_EncryptedPrivateKey=issued.encrypted_key,
    )
    response.CPSCertificateChain = plain_chain(issued.provider)
    response.SignedInstallationData = data
    response.RemainingContractCertificateChains = min(issued.remaining, 255)
    response.Header.Signature = issued.sign([Fragment(data.Id, data)])


def check_reading(agreed: Agreement, request: MeteringConfirmationReq, now: float) -> None:
    """A reading that a contract pays for must be signed by its key. Raises `Refusal`."""
    if not agreed.contract_leaf:
        return
    means, data = credentials(agreed), request.SignedMeteringData
    if means is None:
        return
    try:
        means.check_signature(V20_COMMON, [Fragment(data.Id, data)], _signature(agreed), agreed.contract_leaf)
    except NotCredible as doubt:
        raise Refusal(ResponseCodeType.FAILED_MeteringSignatureNotValid, str(doubt)) from doubt


def _signature(agreed: Agreement) -> SignatureType | None:
    return agreed.received.signature if agreed.received is not None else None
