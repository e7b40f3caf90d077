"""Whole families of certificates: what a home needs, and what a simulated car and its world need besides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509

from protocols.pki.algorithms import Algorithm, kind_of
from protocols.pki.issue import Identity, new, new_root
from protocols.pki.profiles import PRIVATE_SECC_DAYS, Role
from protocols.pki.store import TrustStore

EARLIER = timedelta(days=1)
"""New certificates begin a day ago: the other end's clock may be behind."""


@dataclass(frozen=True, slots=True)
class Names:
    """The common names in a set."""

    secc: str = "USTWOS00000000000000000000000000000001"
    """The charger's ID (CPID or SECCID)."""
    emaid: str = "USTWOC00000001"
    pcid: str = "TWO00000000000001A"
    home: str = "Home"


@dataclass(frozen=True, slots=True)
class CertificateSet:
    """Identities by role."""

    members: Mapping[Role, Identity] = field(default_factory=dict)

    def __getitem__(self, role: Role) -> Identity:
        return self.members[role]

    def __contains__(self, role: object) -> bool:
        return role in self.members

    @property
    def store(self) -> TrustStore:
        """The set's roots as a trust store."""
        return TrustStore({role: (one.certificate,) for role, one in self.members.items() if role.is_root})

    @property
    def roots(self) -> tuple[x509.Certificate, ...]:
        """The roots' certificates."""
        return tuple(one.certificate for role, one in self.members.items() if role.is_root)


def home_set(algorithm: Algorithm, at: datetime, names: Names | None = None) -> CertificateSet:
    """A private environment: its root, and the charger's certificate directly below."""
    names = names or Names()
    start = at - EARLIER
    root = new_root(Role.PRIVATE_ROOT, f"{names.home} private root {algorithm.curve}", algorithm, start)
    secc = new(Role.SECC, names.secc, root, start, lifetime_days=PRIVATE_SECC_DAYS)
    return CertificateSet({Role.PRIVATE_ROOT: root, Role.SECC: secc})


def car_set(algorithm: Algorithm, at: datetime, names: Names | None = None) -> CertificateSet:
    """A simulated car with its maker and its mobility operator: TLS, provisioning and contract certificates."""
    names = names or Names()
    members = _branch(
        algorithm,
        at,
        Role.OEM_ROOT,
        (Role.OEM_SUB1, Role.OEM_SUB2),
        {Role.VEHICLE: names.pcid, Role.PROVISIONING: names.pcid},
    )
    members |= _branch(algorithm, at, Role.MO_ROOT, (Role.MO_SUB1, Role.MO_SUB2), {Role.CONTRACT: names.emaid})
    return CertificateSet(members)


def public_set(algorithm: Algorithm, at: datetime, names: Names | None = None) -> CertificateSet:
    """A V2G root with a charge point operator's chain and a provisioning service's: the world outside a home."""
    names = names or Names()
    members = _branch(algorithm, at, Role.V2G_ROOT, (Role.CPO_SUB1, Role.CPO_SUB2), {Role.SECC: names.secc})
    root = members[Role.V2G_ROOT]
    return CertificateSet(
        members | _below(root, at, (Role.CPS_SUB1, Role.CPS_SUB2), {Role.CPS: "Provisioning service"})
    )


def _branch(
    algorithm: Algorithm, at: datetime, root_role: Role, subs: tuple[Role, ...], leaves: Mapping[Role, str]
) -> dict[Role, Identity]:
    root = new_root(root_role, _title(root_role, algorithm), algorithm, at - EARLIER)
    return {root_role: root} | _below(root, at, subs, leaves)


def _below(root: Identity, at: datetime, subs: tuple[Role, ...], leaves: Mapping[Role, str]) -> dict[Role, Identity]:
    made: dict[Role, Identity] = {}
    issuer, algorithm = root, kind_of(root.key)
    for role in subs:
        issuer = made[role] = new(role, _title(role, algorithm), issuer, at - EARLIER)
    for role, name in leaves.items():
        made[role] = new(role, name, issuer, at - EARLIER)
    return made


def _title(role: Role, algorithm: Algorithm) -> str:
    """A CA's name tells its curve: two families in one store are then told apart by name already."""
    kind, _, rank = role.value.partition("-")
    return f"{kind.upper()} {rank} {algorithm.curve}"
