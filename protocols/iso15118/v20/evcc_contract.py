"""Plug & Charge at the car's end: asking for a contract, showing it, and falling back to external means."""

from dataclasses import dataclass, field
from enum import StrEnum

from protocols.exi.messages.common import (
    AuthorizationReq,
    AuthorizationSetupRes,
    AuthorizationType,
    CertificateInstallationReq,
    CertificateInstallationRes,
    EMAIDListType,
    PnC_AReqAuthorizationModeType,
)
from protocols.exi.messages.common_types import MessageHeaderType
from protocols.exi.namespaces import V20_COMMON
from protocols.iso15118.credentials import CarCredentials, Chain, ContractReceived, Doubt, NotCredible
from protocols.iso15118.evcc_side import EvccContext
from protocols.iso15118.events import ContractInstalled, ContractRefused
from protocols.iso15118.signature import Fragment
from protocols.iso15118.v20.chains import PROVISIONING_CHAIN, contract_chain, read_chain, root_ids, signed_chain

SIGNED_ID = "id1"
MOST_CONTRACTS = 1
"""How many contracts this car can hold at once."""


class Way(StrEnum):
    """How this session is to be authorised; INSTALL comes before CONTRACT."""

    INSTALL = "install"
    CONTRACT = "contract"
    EXTERNAL = "external"


@dataclass(slots=True)
class Authorisation:
    """What of Plug & Charge this session still has before it. `ways` are tried in order."""

    ways: list[Way] = field(default_factory=lambda: [Way.EXTERNAL])
    challenge: bytes = b""

    @property
    def way(self) -> Way:
        """What is tried now."""
        return self.ways[0]

    def next_way(self, context: EvccContext) -> bool:
        """Give up the present way, and those that need what it did not bring; whether there is another."""
        means = credentials(context)
        left = self.ways[1:]
        if means is None or means.contract is None:
            left = [way for way in left if way is not Way.CONTRACT]
        self.ways = left or self.ways
        return bool(left)

    def take_contract(self, context: EvccContext, message: CertificateInstallationRes, now: float) -> None:
        """Keep the contract that came, and go on by it. One that is not credible leaves what was there before."""
        means = _means(context)
        try:
            means.take_contract(V20_COMMON, _received(message), now)
            context.emit(ContractInstalled(now, means.emaid))
        except NotCredible as doubt:
            context.emit(ContractRefused(now, str(doubt)))
        if not self.next_way(context):
            raise NotCredible(Doubt.MISSING, "no contract could be installed, and the charger takes nothing else")


def credentials(context: EvccContext) -> CarCredentials | None:
    """Plug & Charge's means, if this session may have it."""
    return context.credentials if context.security.secured else None


def ways(context: EvccContext, message: AuthorizationSetupRes) -> list[Way]:
    """What can be tried with this charger, best first; empty: nothing."""
    means, plan, found = credentials(context), context.plan, []
    by_contract = AuthorizationType.PnC in message.AuthorizationServices and message.PnC_ASResAuthorizationMode
    if means is not None and plan.by_contract and by_contract:
        can_install = message.CertificateInstallationService and means.provisioning is not None
        if can_install and (plan.install_contract or means.contract is None):
            found += [Way.INSTALL, Way.CONTRACT]
        elif means.contract is not None:
            found.append(Way.CONTRACT)
    if AuthorizationType.EIM in message.AuthorizationServices:
        found.append(Way.EXTERNAL)
    return found


def show_contract(context: EvccContext, header: MessageHeaderType, challenge: bytes) -> AuthorizationReq:
    """The contract, with the charger's challenge, signed. Raises `NotCredible` without one."""
    means = _means(context)
    mode = PnC_AReqAuthorizationModeType(
        Id=SIGNED_ID, GenChallenge=challenge, ContractCertificateChain=contract_chain(means.contract or Chain(b""))
    )
    header.Signature = means.sign_with_contract(V20_COMMON, [Fragment(mode.Id, mode)])
    return AuthorizationReq(
        Header=header, SelectedAuthorizationService=AuthorizationType.PnC, PnC_AReqAuthorizationMode=mode
    )


def ask_for_contract(context: EvccContext, header: MessageHeaderType) -> CertificateInstallationReq:
    """The maker's certificate, signed by its key. Raises `NotCredible` without one."""
    means = _means(context)
    shown = signed_chain(means.provisioning or Chain(b""), SIGNED_ID)
    header.Signature = means.sign_with_provisioning(V20_COMMON, [Fragment(shown.Id, shown, PROVISIONING_CHAIN)])
    return CertificateInstallationReq(
        Header=header,
        OEMProvisioningCertificateChain=shown,
        ListOfRootCertificateIDs=root_ids(means.roots),
        MaximumContractCertificateChains=MOST_CONTRACTS,
        PrioritizedEMAIDs=EMAIDListType(EMAID=[means.emaid]) if means.emaid else None,
    )


def _received(message: CertificateInstallationRes) -> ContractReceived:
    data = message.SignedInstallationData
    sealed = data.SECP521_EncryptedPrivateKey or data.X448_EncryptedPrivateKey or data.TPM_EncryptedPrivateKey or b""
    return ContractReceived(
        emaid="",
        contract=read_chain(data.ContractCertificateChain),
        curve=data.ECDHCurve,
        dh_public_key=data.DHPublicKey,
        encrypted_key=sealed,
        provider=read_chain(message.CPSCertificateChain),
        fragments=[Fragment(data.Id, data)],
        signature=message.Header.Signature,
    )


def _means(context: EvccContext) -> CarCredentials:
    means = credentials(context)
    if means is None:
        raise ValueError("Plug & Charge was begun without credentials")
    return means
