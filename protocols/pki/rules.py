"""The rules that each certificate of a chain must keep by itself."""

from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from protocols.pki.algorithms import Algorithm, Policy, algorithm_of, key_name
from protocols.pki.identifiers import bare_id
from protocols.pki.names import common_name, domains, exact_common_name, printable
from protocols.pki.problems import CertificateProblem, Trouble
from protocols.pki.profiles import ALIKE, PROFILES, Role
from protocols.pki.reading import extension, is_ca, is_self_issued, recognise

SMALLEST_HASH_BYTES = 32
UNDERSTOOD = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.ExtendedKeyUsage,
    x509.SubjectKeyIdentifier,
    x509.AuthorityKeyIdentifier,
    x509.AuthorityInformationAccess,
    x509.SubjectAlternativeName,
    x509.CertificatePolicies,
    x509.CRLDistributionPoints,
)
"""Extensions that may be critical: the others would change what a certificate means without our knowing."""


def check_dates(certificate: x509.Certificate, at: datetime) -> None:
    """Refuse what is expired or not yet valid at ``at`` (aware)."""
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    name = common_name(certificate.subject)
    if at > ends:
        raise CertificateProblem(
            Trouble.EXPIRED,
            f"the certificate of '{name}' expired on {moment(ends)}, {days_text((at - ends).days)} ago: "
            f"get a new one from '{common_name(certificate.issuer)}'",
            certificate,
        )
    if at < begins:
        raise CertificateProblem(
            Trouble.NOT_YET_VALID,
            f"the certificate of '{name}' is valid only from {moment(begins)}, and the clock here says "
            f"{moment(at)}: is the clock right?",
            certificate,
        )


def check_algorithm(certificate: x509.Certificate, policy: Policy) -> None:
    """Refuse keys and hashes that ``policy`` does not take."""
    key = certificate.public_key()
    algorithm = algorithm_of(key)
    name = common_name(certificate.subject)
    if algorithm is None or algorithm not in policy.allowed:
        wanted = " or ".join(one.curve for one in Algorithm if one in policy.allowed)
        hint = " (the interop profile takes it)" if policy is Policy.V20 and algorithm is Algorithm.P256 else ""
        raise CertificateProblem(
            Trouble.UNSUPPORTED_ALGORITHM,
            f"the certificate of '{name}' has a {key_name(key)} key, and this generation of ISO 15118 asks for "
            f"{wanted}{hint}: get one of the right kind",
            certificate,
        )
    if not is_self_issued(certificate):  # A root is trusted for being in the store, not for its own signature.
        check_hash(certificate)


def check_hash(certificate: x509.Certificate) -> None:
    """Refuse signatures that are too weak, or made in a way that is not known."""
    try:
        used = certificate.signature_hash_algorithm
        weak = used.name.upper() if used is not None and used.digest_size < SMALLEST_HASH_BYTES else None
    except UnsupportedAlgorithm:
        weak = "an unknown algorithm"
    if weak is not None:
        raise CertificateProblem(
            Trouble.UNSUPPORTED_ALGORITHM,
            f"the certificate of '{common_name(certificate.subject)}' is signed with {weak}, which is too weak: "
            "get one signed with SHA-256 or better",
            certificate,
        )


def check_leaf_role(certificate: x509.Certificate, role: Role) -> None:
    """Refuse a certificate that shows another purpose than ``role``."""
    found = recognise(certificate)
    row = PROFILES[role]
    if found is not None and found not in ALIKE.get(role, {role}):
        raise _wrong_role(certificate, role, f"is {found.words}")
    if is_ca(certificate):
        raise _wrong_role(certificate, role, "is a certificate authority's")
    shown = domains(certificate.subject)
    if row.domain is not None and row.domain not in shown and (row.domain_required or shown & _known_domains()):
        said = ", ".join(sorted(map(printable, shown))) or "none"
        raise _wrong_role(certificate, role, f"has the domain component {said} instead of {row.domain}")
    usages = extension(certificate, x509.ExtendedKeyUsage)
    wanted = {row.extended, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if row.extended is not None and usages is not None and not wanted & set(usages):
        raise _wrong_role(certificate, role, "may be used for something else only")


def check_rules(certificate: x509.Certificate, role: Role | None, depth: int) -> None:
    """Refuse what breaks RFC 5280's rules: ``role`` is a leaf's, None for a CA; ``depth`` is 0 for the leaf."""
    name = common_name(certificate.subject)
    usage = extension(certificate, x509.KeyUsage)
    for one in certificate.extensions:
        if one.critical and not isinstance(one.value, UNDERSTOOD):
            raise CertificateProblem(
                Trouble.NOT_ALLOWED,
                f"the certificate of '{name}' has a critical extension ({one.oid.dotted_string}) that is not known "
                "here: ask its issuer for one without",
                certificate,
            )
    if role is not None:
        if not exact_common_name(certificate):
            raise _not_allowed(certificate, "it names no one, or several (common name)")
        if usage is not None and not usage.digital_signature:
            raise _not_allowed(certificate, "its key may not sign")
        return
    constraints = extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise _not_allowed(certificate, "it is no certificate authority's, yet it issued another")
    if constraints.path_length is not None and constraints.path_length < depth - 1:
        raise _not_allowed(certificate, f"more sub-CAs stand below it than it allows ({constraints.path_length})")
    if usage is not None and not usage.key_cert_sign:
        raise _not_allowed(certificate, "its key may not sign certificates")


def check_id(certificate: x509.Certificate, expected: str) -> None:
    """Refuse a leaf that is another's: compared without separators and case."""
    name = exact_common_name(certificate)
    if name is None or bare_id(name) != bare_id(expected):
        raise CertificateProblem(
            Trouble.WRONG_ID,
            f"the certificate is '{common_name(certificate.subject)}'s, and '{printable(expected)}' was expected: "
            "it belongs to another",
            certificate,
        )


def moment(when: datetime) -> str:
    """A time as sentences have it."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def days_text(days: int) -> str:
    """``1 day``, ``12 days``."""
    return "less than a day" if days < 1 else f"{days} day{'s' if days > 1 else ''}"


def _known_domains() -> set[str]:
    return {row.domain for row in PROFILES.values() if row.domain is not None}


def _wrong_role(certificate: x509.Certificate, role: Role, what: str) -> CertificateProblem:
    return CertificateProblem(
        Trouble.WRONG_ROLE,
        f"the certificate of '{common_name(certificate.subject)}' {what}, and {role.words} was expected: "
        "another must be used",
        certificate,
    )


def _not_allowed(certificate: x509.Certificate, why: str) -> CertificateProblem:
    return CertificateProblem(
        Trouble.NOT_ALLOWED,
        f"the certificate of '{common_name(certificate.subject)}' breaks its own rules: {why}; ask its issuer for a "
        "right one",
        certificate,
    )
