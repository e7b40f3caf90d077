"""Certificate chains as the messages of ISO 15118-20 carry them."""

from typing import Protocol

from protocols.exi.messages.common import (
    CertificateChainType,
    ContractCertificateChainType,
    SignedCertificateChainType,
    SubCertificatesType,
)
from protocols.exi.messages.common_types import ListOfRootCertificateIDsType
from protocols.exi.messages.xmldsig import X509IssuerSerialType
from protocols.iso15118.credentials import Chain, RootId

PROVISIONING_CHAIN = "OEMProvisioningCertificateChain"
"""The one chain that is signed, by its element's name."""
MOST_ROOTS = 20
"""What ListOfRootCertificateIDs holds."""
NO_ROOT = RootId("", 0)
"""The list may not be empty: a car that knows no V2G root names one that nobody has."""


class _ChainElement(Protocol):
    Certificate: bytes
    SubCertificates: SubCertificatesType | None


def read_chain(element: _ChainElement | ContractCertificateChainType) -> Chain:
    """The chain in any of its three elements."""
    subs = element.SubCertificates
    return Chain(element.Certificate, tuple(subs.Certificate) if subs is not None else ())


def contract_chain(chain: Chain) -> ContractCertificateChainType:
    """A contract's chain. Raises `ValueError` without sub-CAs, which the schema insists on."""
    if not chain.sub_cas:
        raise ValueError("a contract needs at least one sub-CA above it in ISO 15118-20")
    return ContractCertificateChainType(
        Certificate=chain.leaf, SubCertificates=SubCertificatesType(Certificate=list(chain.sub_cas))
    )


def plain_chain(chain: Chain) -> CertificateChainType:
    """A chain that is not signed itself."""
    return CertificateChainType(Certificate=chain.leaf, SubCertificates=_subs(chain))


def signed_chain(chain: Chain, element_id: str) -> SignedCertificateChainType:
    """A chain that the message's signature is over."""
    return SignedCertificateChainType(Id=element_id, Certificate=chain.leaf, SubCertificates=_subs(chain))


def root_ids(roots: tuple[RootId, ...]) -> ListOfRootCertificateIDsType:
    """Up to twenty roots by name."""
    named = roots[:MOST_ROOTS] or (NO_ROOT,)
    return ListOfRootCertificateIDsType(
        RootCertificateID=[
            X509IssuerSerialType(X509IssuerName=one.issuer, X509SerialNumber=one.serial) for one in named
        ]
    )


def read_root_ids(element: ListOfRootCertificateIDsType) -> tuple[RootId, ...]:
    """The same, read."""
    named = (RootId(one.X509IssuerName, one.X509SerialNumber) for one in element.RootCertificateID)
    return tuple(one for one in named if one != NO_ROOT)


def _subs(chain: Chain) -> SubCertificatesType | None:
    return SubCertificatesType(Certificate=list(chain.sub_cas)) if chain.sub_cas else None
