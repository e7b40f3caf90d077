"""The roots that are trusted, each for what it may vouch for."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from cryptography import x509

from protocols.pki.names import common_name
from protocols.pki.profiles import Role


class TrustStore:
    """Roots by role. Never changed: ``adding`` gives a new one."""

    def __init__(self, roots: Mapping[Role, Iterable[x509.Certificate]] | None = None) -> None:
        """Take ``roots``. Raises ValueError for a role that is no root's."""
        self._roots: dict[Role, tuple[x509.Certificate, ...]] = {}
        for role, certificates in (roots or {}).items():
            if not role.is_root:
                raise ValueError(f"{role} is no root: a trust store holds roots only")
            self._roots[role] = tuple(dict.fromkeys(certificates))

    def of(self, *roles: Role) -> tuple[x509.Certificate, ...]:
        """The roots of these roles."""
        return tuple(certificate for role in roles for certificate in self._roots.get(role, ()))

    def role_of(self, root: x509.Certificate) -> Role | None:
        """What ``root`` is trusted for; None where it is not in the store."""
        return next((role for role, certificate in self if certificate == root), None)

    def adding(self, role: Role, *certificates: x509.Certificate) -> "TrustStore":
        """This store with more roots."""
        return self | TrustStore({role: certificates})

    def __or__(self, other: "TrustStore") -> "TrustStore":
        roles = dict.fromkeys((*self._roots, *other._roots))
        return TrustStore({role: (*self.of(role), *other.of(role)) for role in roles})

    def __iter__(self) -> Iterator[tuple[Role, x509.Certificate]]:
        for role, certificates in self._roots.items():
            for certificate in certificates:
                yield role, certificate

    def __len__(self) -> int:
        return sum(map(len, self._roots.values()))

    def described(self, *roles: Role) -> str:
        """The roots of ``roles`` in words, for a sentence: ``'Home private root' (private-root)`` or ``none``."""
        rows = [f"'{common_name(certificate.subject)}' ({role})" for role in roles for certificate in self.of(role)]
        return ", ".join(rows) or "none"

    def current(self, at: datetime) -> "TrustStore":
        """Only the roots that are valid at ``at``."""
        return TrustStore(
            {
                role: [one for one in self.of(role) if one.not_valid_before_utc <= at <= one.not_valid_after_utc]
                for role in self._roots
            }
        )
