"""The credentials ports on `protocols.pki`: contracts judged and issued by a charger, held and shown by a car."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from protocols.exi.messages.xmldsig import SignatureType
from protocols.exi.namespaces import V2, V20_COMMON
from protocols.iso15118.credentials import (
    Chain,
    ContractIssued,
    ContractReceived,
    ContractWanted,
    Doubt,
    Fragments,
    NotCredible,
    RootId,
)
from protocols.iso15118.signature import SignatureProblem, sign, verify
from protocols.pki import CertificateProblem, Identity, Policy, Role, Trouble, TrustStore, read_der, verify_chain
from protocols.pki.algorithms import PrivateKey
from protocols.pki.identifiers import IdentifierError, normalise_emaid
from protocols.pki.names import common_name
from protocols.pki.provisioning import (
    EcdhCurve,
    ProvisioningError,
    Sealed,
    SealedV20,
    open_v2,
    open_v20,
    seal_v2,
    seal_v20,
)

DOUBTS: dict[Trouble, Doubt] = {
    Trouble.EXPIRED: Doubt.EXPIRED,
    Trouble.NOT_YET_VALID: Doubt.NOT_YET_VALID,
    Trouble.REVOKED: Doubt.REVOKED,
    Trouble.UNKNOWN_ROOT: Doubt.UNTRUSTED,
    Trouble.BROKEN_CHAIN: Doubt.UNTRUSTED,
}
"""What a trouble with a certificate means to a session; all others are `INVALID`."""


class Issuer(Protocol):
    """A mobility operator's side: which contract a car shall have."""

    def contract_for(self, pcid: str, wanted: ContractWanted, at: datetime) -> Identity | None:
        """The contract for this car; None: not ready yet. Raises `NotCredible` (MISSING) where there will be none."""


@dataclass(frozen=True, slots=True)
class ProvisioningService:
    """Who puts contracts into cars (CPS): its identity signs them, an operator issues them.

    `sub_cas` are car makers' sub-CAs that a request may leave out: ISO 15118-2's carries the car's certificate alone.
    """

    identity: Identity
    issuer: Issuer
    sub_cas: tuple[x509.Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class ChargerContracts:
    """Implements `credentials.ChargerCredentials`. Policies are by namespace; what is missing there is -2's.

    `accepted` are the EMAIDs that this charger takes (normalised); None: any that its roots vouch for.
    """

    store: TrustStore
    policy_v20: Policy = Policy.V20
    service: ProvisioningService | None = None
    accepted: frozenset[str] | None = None
    providers: tuple[str, ...] = ()

    @property
    def installs_contracts(self) -> bool:
        """With a provisioning service."""
        return self.service is not None

    def contract_holder(self, namespace: str, chain: Chain, emaid: str | None, now: float) -> str:
        """The EMAID stands in the contract certificate; what the car says besides must be the same."""
        holder = _verified(chain, Role.CONTRACT, self.store, self._policy(namespace), now)
        try:
            name = normalise_emaid(holder)
            said = normalise_emaid(emaid) if emaid else name
        except IdentifierError as error:
            raise NotCredible(Doubt.INVALID, str(error)) from error
        # A check digit may be left out on either side.
        if said[:14] != name[:14]:
            raise NotCredible(Doubt.INVALID, f"the car says it charges by {said}, and its contract is {name}")
        if self.accepted is not None and name not in self.accepted:
            raise NotCredible(Doubt.NOT_HERE, f"contract {name} is good, but not on this charger's list of contracts")
        return name

    def check_signature(
        self, namespace: str, fragments: Fragments, signature: SignatureType | None, signer: bytes
    ) -> None:
        """By the key of `signer`."""
        _check_signature(namespace, fragments, signature, _read(signer))

    def new_contract(self, namespace: str, wanted: ContractWanted, now: float) -> ContractIssued | None:
        """Judge who asks, have a contract issued, and seal its key."""
        service = self.service
        if service is None:
            raise NotCredible(Doubt.MISSING, "this charger installs no contracts: it has no provisioning service")
        at = _calendar(now)
        role = Role.CONTRACT if wanted.update else Role.PROVISIONING
        asking = Chain(wanted.provisioning.leaf, (*wanted.provisioning.sub_cas, *map(_der, service.sub_cas)))
        pcid = _verified(asking, role, self.store, self._policy(namespace), now)
        contract = service.issuer.contract_for(pcid, wanted, at)
        if contract is None:
            return None
        return _issued(namespace, _read(wanted.provisioning.leaf), pcid, contract, service.identity)

    def _policy(self, namespace: str) -> Policy:
        return self.policy_v20 if namespace == V20_COMMON else Policy.V2


def _issued(
    namespace: str, recipient: x509.Certificate, pcid: str, contract: Identity, provider: Identity
) -> ContractIssued:
    key = recipient.public_key()
    try:
        if namespace == V20_COMMON:
            sealed = seal_v20(contract.key, key, pcid, contract.certificate)  # type: ignore[arg-type]
            curve, public, encrypted = str(sealed.curve), sealed.dh_public_key, sealed.encrypted_key
        else:
            plain = seal_v2(contract.key, key)  # type: ignore[arg-type]
            curve, public, encrypted = "", plain.dh_public_key, plain.encrypted_key
    except ProvisioningError as error:
        raise NotCredible(Doubt.INVALID, str(error)) from error
    return ContractIssued(
        emaid=common_name(contract.certificate.subject),
        contract=_chain(contract),
        curve=curve,
        dh_public_key=public,
        encrypted_key=encrypted,
        provider=_chain(provider),
        sign=lambda fragments: sign(namespace, fragments, provider.key),
    )


@dataclass(slots=True)
class CarContracts:
    """Implements `credentials.CarCredentials`. `keep` is told of a contract that was installed.

    `store` holds the V2G roots, and a mobility operator's if the car has one: then a contract has to lead there.
    `older` is what the same car holds for ISO 15118-2, whose keys (secp256r1) are not -20's.
    """

    store: TrustStore
    held: Identity | None = None
    maker: Identity | None = None
    policy_v20: Policy = Policy.V20
    keep: Callable[[Identity], None] = field(default=lambda contract: None)
    older: "CarContracts | None" = None

    def fitting(self, namespace: str) -> "CarContracts":
        """`older` in ISO 15118-2."""
        return self.older if namespace == V2 and self.older is not None else self

    @property
    def contract(self) -> Chain | None:
        """The contract's chain."""
        return None if self.held is None else _chain(self.held)

    @property
    def emaid(self) -> str:
        """As it stands in the contract certificate."""
        return "" if self.held is None else common_name(self.held.certificate.subject)

    @property
    def provisioning(self) -> Chain | None:
        """The maker's chain."""
        return None if self.maker is None else _chain(self.maker)

    @property
    def roots(self) -> tuple[RootId, ...]:
        """The V2G roots by name."""
        found = self.store.of(Role.V2G_ROOT)
        return tuple(RootId(root.issuer.rfc4514_string(), root.serial_number) for root in found)

    def sign_with_contract(self, namespace: str, fragments: Fragments) -> SignatureType:
        """By the contract's key."""
        return _signed(namespace, fragments, self.held, "contract")

    def sign_with_provisioning(self, namespace: str, fragments: Fragments) -> SignatureType:
        """By the maker's key."""
        return _signed(namespace, fragments, self.maker, "provisioning certificate")

    def take_contract(self, namespace: str, received: ContractReceived, now: float) -> None:
        """The service must be one of a V2G root's, its signature hold, the key open, and the chain be a contract's."""
        maker = self.maker
        if maker is None:
            raise NotCredible(Doubt.MISSING, "a contract came to a car without a provisioning certificate")
        policy = self.policy_v20 if namespace == V20_COMMON else Policy.V2
        _verified(received.provider, Role.CPS, self.store, policy, now)
        _check_signature(namespace, received.fragments, received.signature, _read(received.provider.leaf))
        if self.store.of(Role.MO_ROOT):
            _verified(received.contract, Role.CONTRACT, self.store, policy, now)
        certificate = _read(received.contract.leaf)
        key = self._opened(namespace, received, certificate, maker)
        self.held = Identity(certificate, key, tuple(_read(one) for one in received.contract.sub_cas))
        self.keep(self.held)

    def _opened(
        self, namespace: str, received: ContractReceived, certificate: x509.Certificate, maker: Identity
    ) -> PrivateKey:
        try:
            if namespace != V20_COMMON:
                recipient = self.held if received.update and self.held is not None else maker
                return open_v2(Sealed(received.dh_public_key, received.encrypted_key), recipient.key, certificate)
            curve = EcdhCurve(received.curve)
            public = received.dh_public_key[: DH_KEY_BYTES[curve]]
            pcid = common_name(maker.certificate.subject)
            return open_v20(SealedV20(curve, public, received.encrypted_key), maker.key, pcid, certificate)
        except (ProvisioningError, ValueError) as error:
            raise NotCredible(Doubt.INVALID, str(error)) from error


DH_KEY_BYTES: Mapping[EcdhCurve, int] = {EcdhCurve.SECP521: 133, EcdhCurve.X448: 57}
"""How much of the message's DHPublicKey belongs to the key."""


def _signed(namespace: str, fragments: Fragments, by: Identity | None, what: str) -> SignatureType:
    if by is None:
        raise NotCredible(Doubt.MISSING, f"this car has no {what} to sign with: import one with twoway pki")
    return sign(namespace, fragments, by.key)


def _check_signature(
    namespace: str, fragments: Fragments, signature: SignatureType | None, signer: x509.Certificate
) -> None:
    if signature is None:
        raise NotCredible(Doubt.SIGNATURE, "the message has no signature where the standard wants one")
    try:
        verify(namespace, fragments, signature, signer.public_key())
    except SignatureProblem as problem:
        raise NotCredible(Doubt.SIGNATURE, str(problem)) from problem


def _verified(chain: Chain, role: Role, store: TrustStore, policy: Policy, now: float) -> str:
    """The leaf's common name, if the chain holds."""
    certificates = [_read(chain.leaf), *map(_read, chain.sub_cas)]
    try:
        return verify_chain(certificates, role, _calendar(now), store, policy).name
    except CertificateProblem as problem:
        raise NotCredible(DOUBTS.get(problem.trouble, Doubt.INVALID), str(problem)) from problem


def _read(der: bytes) -> x509.Certificate:
    try:
        return read_der(der)
    except CertificateProblem as problem:
        raise NotCredible(Doubt.INVALID, str(problem)) from problem


def _chain(identity: Identity) -> Chain:
    leaf, *sub_cas = identity.chain_der
    return Chain(leaf, tuple(sub_cas))


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _calendar(now: float) -> datetime:
    return datetime.fromtimestamp(now, UTC)
