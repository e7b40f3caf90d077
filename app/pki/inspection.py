"""Does what lies in a certificate folder hold? Every chain, key, date and permission, one remark each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.pki.folder import CertificateFolder, Entry, PkiError
from app.pki.importing import policy_of
from app.pki.revoked import revocations
from app.pki.status import staples
from protocols.pki.chain import is_issued_by, verify_chain
from protocols.pki.expiry import days_left, expiring
from protocols.pki.names import common_name
from protocols.pki.problems import CertificateProblem, Trouble
from protocols.pki.profiles import TRUSTED_ROOTS, Role
from protocols.pki.rules import check_algorithm, check_dates, days_text

SUBJECT = "certificates"
RENEW = "'twoway pki make --renew' renews what was made here, else ask its issuer for a new one"
MAKE = "'twoway pki make' makes a home's own, 'twoway pki import FILE' takes what you were given"


class Grade(StrEnum):
    """How bad it is: bad stops sessions, soon will."""

    GOOD = "ok"
    SOON = "warn"
    BAD = "fail"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing looked at."""

    grade: Grade
    about: str
    text: str
    remedy: str = ""
    """The way out, where ``text`` does not tell it already."""


def inspect(folder: CertificateFolder, at: datetime) -> Iterator[Remark]:
    """All remarks on the folder at ``at`` (aware); whatever is wrong with one file, the others are looked at."""
    entries = folder.entries()
    if not entries:
        yield Remark(Grade.BAD, SUBJECT, f"there are none in {folder.path}", MAKE)
        return
    yield from _permissions(folder)
    try:
        revocations(folder)
    except PkiError as error:
        yield Remark(Grade.BAD, SUBJECT, str(error))
        return
    for entry in entries:
        yield _entry(folder, entry, at)
    begins = [entry.certificate.not_valid_before_utc for entry in entries if entry.certificates]
    if begins and all(begin > at for begin in begins):
        yield Remark(Grade.BAD, "clock", f"shows {at:%Y-%m-%d}, before every certificate here begins", "set it right")
    if not any(entry.role is Role.SECC and entry.has_key for entry in entries):
        yield Remark(Grade.SOON, SUBJECT, "no charger's certificate with a key: no TLS, no ISO 15118-20", MAKE)


def label(entry: Entry) -> str:
    """What a remark calls an entry."""
    return f"{entry.role} {common_name(entry.certificate.subject)}" if entry.certificates else str(entry.role)


def _entry(folder: CertificateFolder, entry: Entry, at: datetime) -> Remark:
    about = label(entry)
    if entry.problem:
        return Remark(Grade.BAD, about, entry.problem, "import it anew or remove the file")
    try:
        what = _chain(folder, entry, at)
        if entry.has_key:
            folder.identity(entry)
    except (CertificateProblem, PkiError) as error:
        return Remark(Grade.BAD, about, str(error))
    left = days_text(days_left(entry.certificate, at))
    if expiring([(entry.role, entry.certificate)], at):
        return Remark(Grade.SOON, about, f"ends in {left}", RENEW)
    key = "" if entry.has_key or entry.role.is_root else ", without its key"
    return Remark(Grade.GOOD, about, f"{what}, {left} left{key}")


def _chain(folder: CertificateFolder, entry: Entry, at: datetime) -> str:
    """What holds ``entry``, in words. Raises CertificateProblem."""
    certificate = entry.certificate
    policy = policy_of(certificate.public_key())
    if entry.role in TRUSTED_ROOTS:
        answers = staples(folder, entry.certificates, at)
        verified = verify_chain(entry.certificates, entry.role, at, folder.trust_store(), policy, staples=answers)
        return f"its chain holds to '{common_name(verified.root.subject)}'"
    if entry.role.is_root and not is_issued_by(certificate, certificate):
        raise CertificateProblem(
            Trouble.WRONGLY_SIGNED,
            f"the root '{common_name(certificate.subject)}' does not carry its own signature: it was altered",
        )
    check_dates(certificate, at)
    check_algorithm(certificate, policy)
    return "trusted" if entry.role.is_root else "well"


def _permissions(folder: CertificateFolder) -> Iterator[Remark]:
    for path in (folder.path, *sorted(folder.path.rglob("*.key"))):
        if path.stat().st_mode & 0o077:
            yield Remark(Grade.SOON, SUBJECT, f"{path} can be read by others", f"chmod go= {path}")
            return
