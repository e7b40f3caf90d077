"""Certificates and keys as files carry them: PEM, DER, PKCS#7 and PKCS#12, in any order; and back to PEM or PKCS#12."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
    pkcs7,
    pkcs12,
)

from protocols.pki.algorithms import PrivateKey, algorithm_of, key_name, same_key
from protocols.pki.issue import Identity
from protocols.pki.names import common_name
from protocols.pki.problems import CertificateProblem, Trouble
from protocols.pki.reading import NOT_READABLE, check_readable, is_self_issued

LARGEST_BYTES = 1_000_000
PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a file held."""

    certificates: tuple[x509.Certificate, ...]
    keys: tuple[PrivateKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """One leaf or root of a bundle, with what stands above it and its key, where they were there."""

    certificates: tuple[x509.Certificate, ...]
    """Leaf first; a root alone is a chain of one."""
    key: PrivateKey | None = None

    @property
    def certificate(self) -> x509.Certificate:
        """The one that the chain is about."""
        return self.certificates[0]


def read_bundle(data: bytes, passphrase: str | None = None) -> Bundle:
    """Everything in ``data``. Raises CertificateProblem: unreadable, or wrong-key where ``passphrase`` opens it not."""
    if len(data) > LARGEST_BYTES:
        raise _unreadable(f"{len(data)} bytes are too many for certificates")
    password = passphrase.encode() if passphrase else None
    bundle = _read_pem(data, password) if b"-----BEGIN " in data else _read_binary(data, password)
    if not bundle.certificates and not bundle.keys:
        request = b"CERTIFICATE REQUEST" in data
        raise _unreadable(
            "it is a request: its issuer makes a certificate of it" if request else "no certificate and no key is in it"
        )
    for certificate in bundle.certificates:
        check_readable(certificate)
    return bundle


def chains_of(bundle: Bundle) -> tuple[Chain, ...]:
    """The bundle's chains: one for each root, and for each certificate that issued no other in it.

    Raises CertificateProblem (wrong-key) where a key belongs to none of its certificates.
    """
    unique = tuple(dict.fromkeys(bundle.certificates))
    for key in bundle.keys:
        if not any(same_key(key.public_key(), one.public_key()) for one in unique):
            raise CertificateProblem(
                Trouble.WRONG_KEY,
                f"a private key ({key_name(key)}) belongs to no certificate beside it: put its certificate into the "
                "same file",
            )
    issuers = {one.issuer for one in unique if not is_self_issued(one)}
    heads = [one for one in unique if is_self_issued(one) or one.subject not in issuers]
    return tuple(Chain(_upwards(head, unique), _key_for(head, bundle.keys)) for head in heads)


def to_pem(certificates: Iterable[x509.Certificate]) -> str:
    """Certificates as PEM, one below the other."""
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)


def key_to_pem(key: PrivateKey, passphrase: str | None) -> str:
    """A private key as PKCS#8, encrypted (PBES2 with AES-256) where there is a passphrase."""
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def to_pkcs12(identity: Identity, passphrase: str) -> bytes:
    """An identity as PKCS#12, encrypted."""
    name = common_name(identity.certificate.subject).encode()
    return pkcs12.serialize_key_and_certificates(
        name,
        identity.key,
        identity.certificate,
        identity.above,
        BestAvailableEncryption(passphrase.encode()),
    )


def _read_pem(data: bytes, password: bytes | None) -> Bundle:
    certificates: list[x509.Certificate] = []
    keys: list[PrivateKey] = []
    for match in PEM_BLOCK.finditer(data):
        block, label = match.group(0) + b"\n", match.group(1).decode()
        try:
            if label in ("CERTIFICATE", "X509 CERTIFICATE"):
                certificates.append(x509.load_pem_x509_certificate(block.replace(b"X509 ", b"")))
            elif label == "PKCS7":
                certificates += pkcs7.load_pem_pkcs7_certificates(block)
            elif label.endswith("PRIVATE KEY"):
                keys.append(_key(block, password, pem=True))
        except NOT_READABLE as error:
            raise _unreadable(f"its {label} block is damaged") from error
    return Bundle(tuple(certificates), tuple(keys))


def _read_binary(data: bytes, password: bytes | None) -> Bundle:
    try:
        return Bundle((x509.load_der_x509_certificate(data),))
    except NOT_READABLE:
        pass
    try:
        return Bundle((), (_key(data, password, pem=False),))
    except NOT_READABLE:
        pass
    try:
        return Bundle(tuple(pkcs7.load_der_pkcs7_certificates(data)))
    except NOT_READABLE:
        pass
    return _read_pkcs12(data, password)


def _read_pkcs12(data: bytes, password: bytes | None) -> Bundle:
    try:
        found = pkcs12.load_pkcs12(data, password)
    except ValueError as error:
        if "password" in str(error).lower() or "mac" in str(error).lower():
            raise _locked(password) from error
        raise _unreadable("it is neither PEM nor DER, PKCS#7 or PKCS#12") from error
    except UnsupportedAlgorithm as error:
        raise _unreadable("it is encrypted in a way that is not known here") from error
    first = () if found.cert is None else (found.cert.certificate,)
    key = () if found.key is None else (_supported(found.key),)
    return Bundle((*first, *(one.certificate for one in found.additional_certs)), key)


def _key(data: bytes, password: bytes | None, *, pem: bool) -> PrivateKey:
    load = load_pem_private_key if pem else load_der_private_key
    try:
        return _supported(load(data, password))
    except TypeError as error:
        if password is not None:
            return _key(data, None, pem=pem)  # It is not encrypted: the passphrase was for its neighbours.
        raise _locked(password) from error
    except ValueError as error:
        if password is not None and _is_encrypted(data, load):
            # One wrong passphrase in 256 leaves something that looks well padded, and is no key.
            raise _locked(password) from error
        raise


def _is_encrypted(data: bytes, load: Callable[[bytes, None], object]) -> bool:
    try:
        load(data, None)
    except TypeError:
        return True
    except NOT_READABLE:
        pass
    return False


def _supported(key: object) -> PrivateKey:
    if isinstance(key, PrivateKey) and algorithm_of(key) is not None:
        return key
    raise CertificateProblem(
        Trouble.UNSUPPORTED_ALGORITHM,
        f"its private key is {key_name(key)}, and ISO 15118 knows secp256r1, secp521r1 and Ed448 only: get another",
    )


def _upwards(head: x509.Certificate, certificates: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """``head`` and its issuers as far as they are there, without the root."""
    path = [head]
    while not is_self_issued(path[-1]):
        above = next((one for one in certificates if one.subject == path[-1].issuer and one not in path), None)
        if above is None or is_self_issued(above):
            break
        path.append(above)
    return tuple(path)


def _key_for(certificate: x509.Certificate, keys: Iterable[PrivateKey]) -> PrivateKey | None:
    return next((key for key in keys if same_key(key.public_key(), certificate.public_key())), None)


def _unreadable(why: str) -> CertificateProblem:
    return CertificateProblem(Trouble.UNREADABLE, f"no certificates can be read: {why}")


def _locked(password: bytes | None) -> CertificateProblem:
    why = "the passphrase does not open it" if password else "it is encrypted: give its passphrase"
    return CertificateProblem(Trouble.WRONG_KEY, why)
