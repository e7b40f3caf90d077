"""Make a home's own certificates, and renew what ends soon."""

from collections.abc import Sequence
from datetime import datetime

from app.pki.folder import CertificateFolder, Entry, PkiError
from app.pki.revoked import revocations
from protocols.pki.algorithms import Algorithm, algorithm_of, kind_of
from protocols.pki.chain import is_issued_by
from protocols.pki.expiry import expiring
from protocols.pki.homes import EARLIER, CertificateSet, Names, car_set, home_set, public_set
from protocols.pki.issue import Identity, new
from protocols.pki.names import common_name, exact_common_name
from protocols.pki.ocsp import responder_url
from protocols.pki.profiles import PRIVATE_SECC_DAYS, Role

PROFILES: dict[str, Algorithm] = {
    "v20": Algorithm.P521,
    "v2": Algorithm.P256,
    "interop": Algorithm.P256,
    "ed448": Algorithm.ED448,
}
"""Profile → its algorithm. One set on secp256r1 serves ISO 15118-2 and the interop profile of -20."""


RENEWED = (*(role for role in Role if not role.is_leaf), *(role for role in Role if role.is_leaf))
"""CAs before leaves, sub-CA 1 before 2: a certificate never outlasts its issuer."""


def make_sets(
    folder: CertificateFolder,
    algorithms: Sequence[Algorithm],
    at: datetime,
    names: Names,
    *,
    car: bool = False,
    public: bool = False,
    again: bool = False,
) -> tuple[Entry, ...]:
    """Make the home's root and its charger's certificate, for each algorithm.

    With ``car``, a simulated car's besides, with its maker's and its mobility operator's; with ``public``, a V2G root
    with a charge point operator and a provisioning service.

    What is there already stays, unless ``again``: then it is put aside. Raises PkiError where all of it is there.
    """
    makers = [home_set, *([car_set] if car else []), *([public_set] if public else [])]
    sets = [make(algorithm, at, names) for algorithm in dict.fromkeys(algorithms) for make in makers]
    there = [_families(folder, one) for one in sets]
    old = [entry for entries in there for entry in entries]
    if not again:
        sets = [one for one, entries in zip(sets, there, strict=True) if not entries]
        if not sets:
            raise PkiError(
                f"{folder.path} has these already ('{common_name(old[0].certificate.subject)}'): "
                "'twoway pki make --renew' renews what ends soon, '--again' puts them aside and makes new ones, "
                "which cars must then be taught"
            )
        old = []
    made = [folder.add(role, member.chain, member.key) for one in sets for role, member in one.members.items()]
    folder.retire(old)
    return tuple(made)


def ensure_home(folder: CertificateFolder, at: datetime) -> bool:
    """Give a home that has no certificates at all a set of its own, for both generations; whether one was made."""
    if folder.entries():
        return False
    make_sets(folder, [Algorithm.P521, Algorithm.P256], at, Names())
    return True


def renew(folder: CertificateFolder, at: datetime) -> tuple[Entry, ...]:
    """Renew what ends soon or was revoked and whose issuer's key is here, from the top down; put the old ones aside.

    A sub-CA keeps its key, so that what it issued goes on; a leaf gets a new one. Raises PkiError where an issuer has
    ended itself.
    """
    made: list[Entry] = []
    revoked = revocations(folder)
    for role in (role for role in RENEWED if not role.is_root):
        for entry in folder.entries(role):
            if not entry.certificates or not entry.has_key:
                continue
            is_void = role.is_leaf and entry.certificate.serial_number in revoked
            if is_void or expiring([(role, entry.certificate)], at):
                issuer = issuer_of(folder, entry)
                if issuer is not None:
                    made.append(_renewed(folder, entry, issuer, at))
    return tuple(made)


def _renewed(folder: CertificateFolder, entry: Entry, issuer: Identity, at: datetime) -> Entry:
    if issuer.certificate.not_valid_after_utc <= at:
        raise PkiError(
            f"'{common_name(issuer.certificate.subject)}' has expired itself and can issue nothing: "
            "'twoway pki make --again' makes everything new"
        )
    private = entry.role is Role.SECC and folder.trust_store().role_of(issuer.certificate) is Role.PRIVATE_ROOT
    fresh = new(
        entry.role,
        exact_common_name(entry.certificate) or entry.role,
        issuer,
        max(at - EARLIER, issuer.certificate.not_valid_before_utc),
        key=None if entry.role.is_leaf else folder.identity(entry).key,
        lifetime_days=PRIVATE_SECC_DAYS if private else None,
        ocsp_url=responder_url(entry.certificate),
    )
    made = folder.add(entry.role, fresh.chain, fresh.key)
    folder.retire([entry])
    for below in folder.entries():
        if entry.certificate in below.certificates[1:]:
            chain = [fresh.certificate if one == entry.certificate else one for one in below.certificates]
            folder.rewrite(below, chain)
    return made


def issuer_of(folder: CertificateFolder, entry: Entry) -> Identity | None:
    """The CA that issued ``entry``, if its certificate and key are in the folder."""
    for candidate in folder.entries(*(role for role in Role if not role.is_leaf)):
        if (
            candidate.certificates
            and candidate.has_key
            and candidate.certificate.subject == entry.certificate.issuer
            and is_issued_by(entry.certificate, candidate.certificate)
        ):
            return folder.identity(candidate)
    return None


def _families(folder: CertificateFolder, wanted: CertificateSet) -> list[Entry]:
    """What stands in the folder of the kind of ``wanted`` and was made here: roots with a key, and all below them."""
    algorithms = {kind_of(one.key) for one in wanted.members.values()}
    entries = [entry for entry in folder.entries() if entry.certificates]
    roots = [
        entry
        for entry in entries
        if entry.role in wanted
        and entry.role.is_root
        and entry.has_key
        and algorithm_of(entry.certificate.public_key()) in algorithms
    ]
    below = [
        entry
        for entry in entries
        if not entry.role.is_root and any(is_issued_by(entry.certificates[-1], root.certificate) for root in roots)
    ]
    return roots + below
