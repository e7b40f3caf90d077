"""Issue certificates by the table of profiles.

Nothing here looks at a clock. Keys and serial numbers come from the system's random source unless they are given.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import SubjectKeyIdentifier
from cryptography.x509.oid import AuthorityInformationAccessOID

from protocols.pki.algorithms import Algorithm, PrivateKey, PublicKey, algorithm_of, kind_of
from protocols.pki.names import common_name, subject
from protocols.pki.profiles import PROFILES, Role, key_usage
from protocols.pki.reading import extension, is_self_issued

ORGANISATION = "Twoway"
SERIAL_NUMBER_LIMIT = 2**63
"""Serial numbers stay below: some peers keep them in 64 bits."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its private key and what stands between it and its root."""

    certificate: x509.Certificate
    key: PrivateKey
    above: tuple[x509.Certificate, ...] = ()
    """The sub-CAs, nearest first; the root is not among them."""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """What a peer is sent: the certificate, then its sub-CAs."""
        return (self.certificate, *self.above)

    @property
    def chain_der(self) -> tuple[bytes, ...]:
        """The same, as the messages carry it."""
        return tuple(certificate.public_bytes(Encoding.DER) for certificate in self.chain)

    def holds(self, at: datetime) -> bool:
        """Whether ``at`` (aware) lies within its certificate's time."""
        return self.certificate.not_valid_before_utc <= at <= self.certificate.not_valid_after_utc

    def __repr__(self) -> str:
        return f"Identity({common_name(self.certificate.subject)})"


def issue(
    role: Role,
    name: str,
    public_key: PublicKey,
    by: Identity,
    at: datetime,
    *,
    lifetime_days: int | None = None,
    ocsp_url: str | None = None,
    serial: int | None = None,
    organisation: str = ORGANISATION,
) -> x509.Certificate:
    """A certificate of ``role`` for ``public_key``, signed ``by`` a CA; valid from ``at`` (aware), never beyond the CA.

    ``name`` is the common name: the charger's ID, the EMAID, the PCID. ``ocsp_url`` tells where its status is asked.
    Raises ValueError where ``by`` is no CA or ``role`` is a root (see ``new_root``).
    """
    if role.is_root:
        raise ValueError(f"{role} signs itself: it is made by new_root")
    constraints = extension(by.certificate, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise ValueError(f"{common_name(by.certificate.subject)} is no certificate authority")
    until = at + timedelta(days=lifetime_days if lifetime_days is not None else PROFILES[role].lifetime_days)
    builder = _builder(role, name, public_key, at, min(until, by.certificate.not_valid_after_utc), serial, organisation)
    above = extension(by.certificate, SubjectKeyIdentifier)
    authority = (
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above)
        if above is not None
        else x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
    )
    builder = builder.issuer_name(by.certificate.subject).add_extension(authority, critical=False)
    if ocsp_url is not None:
        place = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp_url))
        builder = builder.add_extension(x509.AuthorityInformationAccess([place]), critical=False)
    if role is Role.OCSP:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    return _signed(builder, by.key)


def new(
    role: Role,
    name: str,
    by: Identity,
    at: datetime,
    *,
    key: PrivateKey | None = None,
    lifetime_days: int | None = None,
    ocsp_url: str | None = None,
    serial: int | None = None,
) -> Identity:
    """A new key, of its CA's kind unless ``key`` is given, with its certificate; see ``issue``."""
    key = key or kind_of(by.key).new_key()
    certificate = issue(
        role, name, key.public_key(), by, at, lifetime_days=lifetime_days, ocsp_url=ocsp_url, serial=serial
    )
    return Identity(certificate, key, () if is_self_issued(by.certificate) else by.chain)


def new_root(
    role: Role,
    name: str,
    algorithm: Algorithm,
    at: datetime,
    *,
    key: PrivateKey | None = None,
    serial: int | None = None,
    organisation: str = ORGANISATION,
) -> Identity:
    """A root that signs itself. Raises ValueError where ``role`` is none."""
    if not role.is_root:
        raise ValueError(f"{role} is no root")
    key = key or algorithm.new_key()
    until = at + timedelta(days=PROFILES[role].lifetime_days)
    builder = _builder(role, name, key.public_key(), at, until, serial, organisation)
    return Identity(_signed(builder.issuer_name(_subject(role, name, organisation)), key), key)


def _subject(role: Role, name: str, organisation: str) -> x509.Name:
    """The subject that a certificate of ``role`` gets."""
    return subject(name, PROFILES[role].domain, organisation)


def subject_key_identifier(public_key: PublicKey) -> SubjectKeyIdentifier:
    """RFC 5280 method 1 for secp256r1; method 2 (8 bytes) for -20, whose key transport counts on 16 hex digits."""
    whole = SubjectKeyIdentifier.from_public_key(public_key)
    if algorithm_of(public_key) is Algorithm.P256:
        return whole
    low = bytearray(whole.digest[-8:])
    low[0] = 0x40 | low[0] & 0x0F
    return SubjectKeyIdentifier(bytes(low))


def _builder(
    role: Role,
    name: str,
    public_key: PublicKey,
    at: datetime,
    until: datetime,
    serial: int | None,
    organisation: str,
) -> x509.CertificateBuilder:
    row = PROFILES[role]
    usage = row.key_usage
    if algorithm_of(public_key) is Algorithm.ED448:
        usage = usage - {"key_agreement", "key_encipherment"}  # RFC 8410: such a key only signs
    builder = (
        x509.CertificateBuilder()
        .subject_name(_subject(role, name, organisation))
        .public_key(public_key)
        .serial_number(serial if serial is not None else x509.random_serial_number() % SERIAL_NUMBER_LIMIT or 1)
        .not_valid_before(at)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(row.is_ca, row.path_length), critical=True)
        .add_extension(key_usage(usage), critical=True)
        .add_extension(subject_key_identifier(public_key), critical=False)
    )
    if row.extended is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([row.extended]), critical=False)
    return builder


def _signed(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
    sign = partial(builder.sign, key)
    return sign(kind_of(key).hash)  # type: ignore[arg-type]
