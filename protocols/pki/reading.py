"""Read a certificate that a stranger sent: every part of it once, so that nothing breaks later on."""

from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from protocols.pki.names import common_name, domains
from protocols.pki.problems import CertificateProblem, Trouble
from protocols.pki.profiles import PROFILES, Role

LARGEST_BYTES = 20_000
"""A certificate larger than this is no certificate of a car or charger (the messages' own limit is 800 or 1600)."""

NOT_READABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises for certificates, keys and OCSP responses that are malformed or strange."""

Extension = TypeVar("Extension", bound=x509.ExtensionType)


def read_der(der: bytes) -> x509.Certificate:
    """The certificate in ``der``. Raises CertificateProblem (unreadable)."""
    if len(der) > LARGEST_BYTES:
        raise CertificateProblem(Trouble.UNREADABLE, f"a certificate of {len(der)} bytes is too large to be one")
    try:
        certificate = x509.load_der_x509_certificate(der)
    except NOT_READABLE as error:
        raise CertificateProblem(
            Trouble.UNREADABLE, "what was sent as a certificate is none: ask its issuer for a new file"
        ) from error
    check_readable(certificate)
    return certificate


def check_readable(certificate: x509.Certificate) -> None:
    """Touch every part: the library reads them only when asked. Raises CertificateProblem (unreadable)."""
    try:
        tuple(certificate.extensions)
        names = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
        del names
        _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc, certificate.serial_number
    except NOT_READABLE as error:
        raise CertificateProblem(
            Trouble.UNREADABLE, f"a certificate is malformed ({type(error).__name__}): ask its issuer for a new one"
        ) from error
    try:
        certificate.public_key()
    except NOT_READABLE as error:
        raise CertificateProblem(
            Trouble.UNSUPPORTED_ALGORITHM,
            f"the certificate of '{common_name(certificate.subject)}' holds a key of a kind that ISO 15118 does not "
            "know: ask its issuer for one on secp256r1, secp521r1 or Ed448",
            certificate,
        ) from error


def extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    """The extension of that ``kind``, if there is one."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether it says that it may issue others."""
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def is_self_issued(certificate: x509.Certificate) -> bool:
    """Whether subject and issuer are one, as with a root."""
    return certificate.subject == certificate.issuer


def key_identifier(certificate: x509.Certificate) -> bytes:
    """Its subject key identifier; computed from its key (RFC 5280 method 1) where it names none."""
    named = extension(certificate, x509.SubjectKeyIdentifier)
    if named is None:
        named = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    return named.digest


def recognise(certificate: x509.Certificate) -> Role | None:
    """The role that it shows by domain component and extensions; None where these do not tell."""
    shown = domains(certificate.subject)
    usages = tuple(extension(certificate, x509.ExtendedKeyUsage) or ())
    for role, row in PROFILES.items():
        if row.is_ca == is_ca(certificate) and role.is_root == (row.is_ca and is_self_issued(certificate)):
            fits = _ca_fits(certificate, role) if row.is_ca else row.extended in usages or row.extended is None
            if fits and (row.domain in shown or (row.domain is None and not shown)):
                return role
    return next(
        (
            role
            for role, row in PROFILES.items()
            if role.is_leaf and not usages and not is_ca(certificate) and row.domain in shown
        ),
        None,
    )


def _ca_fits(certificate: x509.Certificate, role: Role) -> bool:
    constraints = extension(certificate, x509.BasicConstraints)
    return role.is_root or (constraints is not None and constraints.path_length == PROFILES[role].path_length)
