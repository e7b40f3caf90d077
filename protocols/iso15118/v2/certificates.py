"""Certificates as the messages of ISO 15118-2 carry them."""

from protocols.exi.messages.v2 import CertificateInstallationRes, CertificateUpdateRes
from protocols.exi.messages.v2_types import CertificateChainType, SubCertificatesType
from protocols.exi.messages.xmldsig import SignatureType
from protocols.iso15118.credentials import Chain, ContractReceived, Fragments
from protocols.iso15118.signature import Fragment


def chain_element(chain: Chain, element_id: str | None = None) -> CertificateChainType:
    """A chain as messages carry it."""
    sub_cas = SubCertificatesType(Certificate=list(chain.sub_cas)) if chain.sub_cas else None
    return CertificateChainType(Id=element_id, Certificate=chain.leaf, SubCertificates=sub_cas)


def read_chain(element: CertificateChainType) -> Chain:
    """The same read back."""
    sub_cas = element.SubCertificates
    return Chain(element.Certificate, tuple(sub_cas.Certificate) if sub_cas else ())


def provision_fragments(response: CertificateInstallationRes | CertificateUpdateRes) -> Fragments:
    """The four elements of a provision that the provisioning service signs."""
    contract = response.ContractSignatureCertChain
    key, point, emaid = response.ContractSignatureEncryptedPrivateKey, response.DHpublickey, response.eMAID
    return (
        Fragment(contract.Id or "", contract, "ContractSignatureCertChain"),
        Fragment(key.Id, key, "ContractSignatureEncryptedPrivateKey"),
        Fragment(point.Id, point, "DHpublickey"),
        Fragment(emaid.Id, emaid, "eMAID"),
    )


def received(
    response: CertificateInstallationRes | CertificateUpdateRes, signature: SignatureType | None
) -> ContractReceived:
    """A provision as the car's credentials take it."""
    return ContractReceived(
        emaid=response.eMAID.value,
        contract=read_chain(response.ContractSignatureCertChain),
        curve="",
        dh_public_key=response.DHpublickey.value,
        encrypted_key=response.ContractSignatureEncryptedPrivateKey.value,
        provider=read_chain(response.SAProvisioningCertificateChain),
        fragments=provision_fragments(response),
        signature=signature,
        update=isinstance(response, CertificateUpdateRes),
    )
