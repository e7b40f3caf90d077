"""Which certificates end soon, while there is still time to get new ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from protocols.pki.names import common_name
from protocols.pki.profiles import PROFILES, Role
from protocols.pki.rules import days_text, moment


@dataclass(frozen=True, slots=True)
class Expiring:
    """One certificate that ends within its role's warning time, or has ended."""

    role: Role
    certificate: x509.Certificate
    days_left: int
    """Whole days; negative once it has ended."""

    def __str__(self) -> str:
        name, ends = common_name(self.certificate.subject), moment(self.certificate.not_valid_after_utc)
        if self.days_left < 0:
            return f"the certificate of '{name}' ({self.role}) expired on {ends}"
        return f"the certificate of '{name}' ({self.role}) ends in {days_text(self.days_left)}, on {ends}"


def days_left(certificate: x509.Certificate, at: datetime) -> int:
    """Whole days until it ends at ``at``; negative once it has ended."""
    return (certificate.not_valid_after_utc - at).days


def warning_days(certificate: x509.Certificate, role: Role) -> int:
    """How many days before its end to say so: its role's, but never more than a third of its life."""
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return min(PROFILES[role].warn_days, life.days // 3)


def expiring(certificates: Iterable[tuple[Role, x509.Certificate]], at: datetime) -> tuple[Expiring, ...]:
    """Those that end soon at ``at`` (aware) or have ended, the most urgent first. A TrustStore may be given."""
    rows = [
        Expiring(role, certificate, left)
        for role, certificate in certificates
        if (left := days_left(certificate, at)) < warning_days(certificate, role)
    ]
    return tuple(sorted(rows, key=lambda row: row.days_left))
