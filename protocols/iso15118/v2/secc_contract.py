"""The SECC's answers of ISO 15118-2 that Plug & Charge adds: contracts, their installation, and receipts."""

import hmac
from typing import TypeVar

from protocols.exi.messages.v2 import (
    AuthorizationReq,
    AuthorizationRes,
    CertificateInstallationReq,
    CertificateInstallationRes,
    CertificateUpdateReq,
    CertificateUpdateRes,
    MeteringReceiptReq,
    MeteringReceiptRes,
    PaymentDetailsReq,
    PaymentDetailsRes,
)
from protocols.exi.messages.v2_types import (
    ContractSignatureEncryptedPrivateKeyType,
    DiffieHellmanPublickeyType,
    EMAIDType,
    EVSEProcessingType,
    ListOfRootCertificateIDsType,
    MeterInfoType,
    paymentOptionType,
    responseCodeType,
)
from protocols.exi.namespaces import V2
from protocols.iso15118.credentials import (
    Chain,
    ChargerCredentials,
    ContractIssued,
    ContractWanted,
    Doubt,
    Fragments,
    NotCredible,
    RootId,
)
from protocols.iso15118.events import ContractAccepted, ContractInstalled, ContractRefused, MeteringConfirmed
from protocols.iso15118.evse import Notification
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.signature import Fragment
from protocols.iso15118.v2 import evse_fields
from protocols.iso15118.v2.agreement import Agreement
from protocols.iso15118.v2.certificates import chain_element, provision_fragments, read_chain
from protocols.iso15118.v2.secc_setup import external_authorization

Code = responseCodeType
Provided = TypeVar("Provided", CertificateInstallationRes, CertificateUpdateRes)

CODES = {
    Doubt.EXPIRED: Code.FAILED_CertificateExpired,
    Doubt.NOT_YET_VALID: Code.FAILED_CertChainError,
    Doubt.REVOKED: Code.FAILED_CertificateRevoked,
    Doubt.UNTRUSTED: Code.FAILED_CertChainError,
    Doubt.INVALID: Code.FAILED_CertChainError,
    Doubt.MISSING: Code.FAILED_NoCertificateAvailable,
    Doubt.NOT_HERE: Code.FAILED_CertificateNotAllowedAtThisEVSE,
    Doubt.SIGNATURE: Code.FAILED_SignatureError,
}


def payment_details(agreed: Agreement, request: PaymentDetailsReq, now: float) -> PaymentDetailsRes:
    """The contract is judged; the car has to sign a challenge with its key."""
    chain = read_chain(request.ContractSignatureCertChain)
    try:
        agreed.emaid = _contracts(agreed).contract_holder(V2, chain, request.eMAID, now)
    except NotCredible as doubt:
        raise _refused(agreed, CODES[doubt.doubt], str(doubt), now) from None
    agreed.contract_leaf, agreed.challenge = chain.leaf, agreed.context.make_challenge()
    return PaymentDetailsRes(ResponseCode=Code.OK, GenChallenge=agreed.challenge, EVSETimeStamp=int(now))


def authorization(agreed: Agreement, request: AuthorizationReq, now: float) -> AuthorizationRes:
    """By contract: the challenge, signed, once; while we are ongoing it need not come again."""
    if agreed.payment is not paymentOptionType.Contract:
        return external_authorization(agreed, request, now)
    if not agreed.challenge_met:
        if not hmac.compare_digest(request.GenChallenge or b"", agreed.challenge):
            reason = "the car did not return the challenge that it was given"
            raise _refused(agreed, Code.FAILED_ChallengeInvalid, reason, now)
        _check(agreed, [Fragment(request.Id or "", request)], agreed.contract_leaf, now)
        agreed.challenge_met = True
        agreed.emit(ContractAccepted(now, agreed.emaid))
    if agreed.evse.authorized is False:
        raise Refusal(Code.FAILED, f"contract {agreed.emaid} was not authorised")
    agreed.authorized = True
    return AuthorizationRes(ResponseCode=Code.OK, EVSEProcessing=EVSEProcessingType.Finished)


def certificate_installation(
    agreed: Agreement, request: CertificateInstallationReq, now: float
) -> CertificateInstallationRes:
    """A first contract, for a car that signs with its maker's certificate."""
    _check(agreed, [Fragment(request.Id, request)], request.OEMProvisioningCert, now)
    wanted = ContractWanted(Chain(request.OEMProvisioningCert), _roots(request.ListOfRootCertificateIDs))
    return _provided(agreed, CertificateInstallationRes, wanted, now)


def certificate_update(agreed: Agreement, request: CertificateUpdateReq, now: float) -> CertificateUpdateRes:
    """A new contract for an old one, whose key has signed."""
    chain = read_chain(request.ContractSignatureCertChain)
    _check(agreed, [Fragment(request.Id, request)], chain.leaf, now)
    wanted = ContractWanted(chain, _roots(request.ListOfRootCertificateIDs), (request.eMAID,), update=True)
    return _provided(agreed, CertificateUpdateRes, wanted, now)


def receipt_wanted(agreed: Agreement, meter: MeterInfoType | None) -> bool:
    """Whether the car has to confirm this reading next; only by contract, [V2G2-691]."""
    wanted = agreed.evse.notification is Notification.MeteringConfirmation
    agreed.receipt_for = meter if wanted and agreed.payment is paymentOptionType.Contract else None
    return agreed.receipt_for is not None


def metering_receipt(agreed: Agreement, request: MeteringReceiptReq, now: float) -> MeteringReceiptRes:
    """The car's signature under our reading."""
    if request.SessionID != agreed.session_id or request.MeterInfo != agreed.receipt_for:
        raise Refusal(
            Code.FAILED_MeteringSignatureNotValid, "the car confirmed another reading than the one it was given"
        )
    _check(
        agreed, [Fragment(request.Id or "", request)], agreed.contract_leaf, now, Code.FAILED_MeteringSignatureNotValid
    )
    agreed.receipt_for = None
    if agreed.evse.notification is Notification.MeteringConfirmation:
        agreed.evse.notification = None
    agreed.emit(MeteringConfirmed(now, evse_fields.read_meter(request.MeterInfo), signed=True))
    return MeteringReceiptRes(
        ResponseCode=Code.OK, EVSEStatus=evse_fields.status(agreed.evse, agreed.energy, agreed.isolation)
    )


def _provided(agreed: Agreement, kind: type[Provided], wanted: ContractWanted, now: float) -> Provided:
    try:
        issued = _contracts(agreed).new_contract(V2, wanted, now)
    except NotCredible as doubt:
        raise _refused(agreed, CODES[doubt.doubt], str(doubt), now) from None
    if issued is None:
        reason = "the contract for this car was not ready in time"
        raise _refused(agreed, Code.FAILED_NoCertificateAvailable, reason, now)
    response = _provision(kind, issued)
    agreed.signature = issued.sign(provision_fragments(response))
    agreed.emit(ContractInstalled(now, issued.emaid))
    return response


def _provision(kind: type[Provided], issued: ContractIssued) -> Provided:
    return kind(
        ResponseCode=Code.OK,
        SAProvisioningCertificateChain=chain_element(issued.provider),
        ContractSignatureCertChain=chain_element(issued.contract, "id1"),
        ContractSignatureEncryptedPrivateKey=ContractSignatureEncryptedPrivateKeyType(
            Id="id2", value=issued.encrypted_key
        ),
        DHpublickey=DiffieHellmanPublickeyType(Id="id3", value=issued.dh_public_key),
        eMAID=EMAIDType(Id="id4", value=issued.emaid),
    )


def _contracts(agreed: Agreement) -> ChargerCredentials:
    if agreed.contracts is None:
        raise Refusal(Code.FAILED_NoCertificateAvailable, "this charger takes no contracts on this connection")
    return agreed.contracts


def _check(
    agreed: Agreement,
    fragments: Fragments,
    signer: bytes,
    now: float,
    code: responseCodeType = Code.FAILED_SignatureError,
) -> None:
    """The signature in the request's header; `code` is what a wrong one is answered with."""
    signature = None if agreed.received is None else agreed.received.signature
    try:
        _contracts(agreed).check_signature(V2, fragments, signature, signer)
    except NotCredible as doubt:
        answer = code if doubt.doubt is Doubt.SIGNATURE else CODES[doubt.doubt]
        raise _refused(agreed, answer, str(doubt), now) from None


def _refused(agreed: Agreement, code: responseCodeType, reason: str, now: float) -> Refusal:
    agreed.emit(ContractRefused(now, reason))
    return Refusal(code, reason)


def _roots(element: ListOfRootCertificateIDsType) -> tuple[RootId, ...]:
    return tuple(RootId(one.X509IssuerName, one.X509SerialNumber) for one in element.RootCertificateID)
