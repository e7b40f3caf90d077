"""Plug & Charge as a session sees it: who is believed, who signs, and how a contract comes into a car.

A session knows which elements have to be signed and which signature came with them; it knows no key, no root and no
file. It asks through these two ports, the charger's and the car's; None in a context means external means only (EIM).
`contracts.py` is the implementation on `protocols.pki`. Every call answers at once: what needs a network has been
fetched before, or `new_contract` answers None and is asked again.

Certificates travel as DER bytes. `namespace` is the EXI set that the signed elements belong to (`V20_COMMON`, or
-2's); it decides the grammar and the policy for algorithms. `fragments` are the signed elements.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from protocols.exi.messages.xmldsig import SignatureType
from protocols.iso15118.signature import Fragment

Fragments = Sequence[Fragment]


class Doubt(StrEnum):
    """Why something is not believed; each generation has its own response code for it."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    REVOKED = "revoked"
    UNTRUSTED = "untrusted"
    """The chain is broken or leads to no root that is trusted for this."""
    INVALID = "invalid"
    """A certificate is wrongly signed, unreadable or not allowed in this role."""
    MISSING = "missing"
    """There is no certificate or contract to give or to use."""
    NOT_HERE = "not here"
    """A good contract that this charger does not take."""
    SIGNATURE = "signature"


class NotCredible(ValueError):
    """Something shown or signed does not hold: the kind for the response code, one sentence for people."""

    def __init__(self, doubt: Doubt, sentence: str) -> None:
        super().__init__(sentence)
        self.doubt = doubt


class Chain(NamedTuple):
    """A certificate and its sub-CAs (leaf's issuer first), in DER, without the root."""

    leaf: bytes
    sub_cas: tuple[bytes, ...] = ()


class RootId(NamedTuple):
    """How messages name a root: issuer in RFC 4514's form, and serial number."""

    issuer: str
    serial: int


@dataclass(frozen=True, slots=True)
class ContractWanted:
    """What a car asks for: `provisioning` is its maker's chain (for an update: the contract it holds)."""

    provisioning: Chain
    roots: tuple[RootId, ...] = ()
    emaids: tuple[str, ...] = ()
    """Contracts that it wants first; in an update the one that it has."""
    update: bool = False


@dataclass(frozen=True, slots=True)
class ContractIssued:
    """A contract on its way into a car. `curve` is "SECP521" or "X448" in -20 and "" in -2."""

    emaid: str
    contract: Chain
    curve: str
    dh_public_key: bytes
    encrypted_key: bytes
    provider: Chain
    """The provisioning service that signs."""
    sign: Callable[[Fragments], SignatureType]
    remaining: int = 0
    """How many more contracts wait for this car."""


@dataclass(frozen=True, slots=True)
class ContractReceived:
    """The same as the car finds it in the answer, with the signature over `fragments`."""

    emaid: str
    contract: Chain
    curve: str
    dh_public_key: bytes
    encrypted_key: bytes
    provider: Chain
    fragments: Fragments
    signature: SignatureType | None
    update: bool = False
    """In -2 a renewed contract is sealed for the key of the old one."""


class ChargerCredentials(Protocol):
    """The charger's end. Every method raises `NotCredible`."""

    @property
    def installs_contracts(self) -> bool:
        """Whether `new_contract` can ever give one: it decides what the charger offers."""

    @property
    def providers(self) -> tuple[str, ...]:
        """Mobility operators whose contracts are taken, by provider ID; empty: not told."""

    def contract_holder(self, namespace: str, chain: Chain, emaid: str | None, now: float) -> str:
        """The EMAID (normalised) of a contract that is good here and now. `emaid` is what the car says besides."""

    def check_signature(
        self, namespace: str, fragments: Fragments, signature: SignatureType | None, signer: bytes
    ) -> None:
        """The signature must be over just these elements, by the key of this certificate."""

    def new_contract(self, namespace: str, wanted: ContractWanted, now: float) -> ContractIssued | None:
        """A contract for this car, sealed for its key; None: not ready yet, ask again."""


class CarCredentials(Protocol):
    """The car's end."""

    def fitting(self, namespace: str) -> "CarCredentials":
        """What this car shows in the protocol that the handshake chose: keys that serve one generation do not serve
        another. These very credentials where it has no others."""

    @property
    def contract(self) -> Chain | None:
        """The contract that it would charge by."""

    @property
    def emaid(self) -> str:
        """That contract's EMAID; "" without one."""

    @property
    def provisioning(self) -> Chain | None:
        """What its maker gave it to ask for a contract with."""

    @property
    def roots(self) -> tuple[RootId, ...]:
        """The V2G roots that it knows."""

    def sign_with_contract(self, namespace: str, fragments: Fragments) -> SignatureType:
        """A header's Signature by the contract's key. Raises `NotCredible(MISSING)` without a contract."""

    def sign_with_provisioning(self, namespace: str, fragments: Fragments) -> SignatureType:
        """A header's Signature by the provisioning certificate's key. Raises `NotCredible(MISSING)` without one."""

    def take_contract(self, namespace: str, received: ContractReceived, now: float) -> None:
        """Check, open and keep a contract that was installed. Raises `NotCredible`."""
