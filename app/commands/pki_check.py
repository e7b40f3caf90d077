"""Is a home's certificate folder fit? Every chain, key, date, permission and OCSP answer, one finding each."""

from collections.abc import Iterator
from datetime import datetime

from app.commands.doctor_findings import Finding, Level, fail, ok, warn
from app.pki.folder import CertificateFolder, Entry, PkiError
from app.pki.importing import policy_of
from app.pki.revoked import revocations
from app.pki.status import fetch, issuer_certificate, staples
from protocols.pki.chain import is_issued_by, verify_chain
from protocols.pki.expiry import days_left, expiring
from protocols.pki.names import common_name
from protocols.pki.problems import CertificateProblem, Trouble
from protocols.pki.profiles import TRUSTED_ROOTS, Role
from protocols.pki.rules import check_algorithm, check_dates, days_text

CHECK = "certificates"
RENEW = "'twoway pki make --renew' renews what was made here, else ask its issuer for a new one"
MAKE = "'twoway pki make' makes a home's own, 'twoway pki import FILE' takes what you were given"


def check_folder(folder: CertificateFolder, at: datetime, *, online: bool = False) -> Iterator[Finding]:
    """All findings at ``at`` (aware), file by file. With ``online`` the responders that certificates name are asked."""
    entries = folder.entries()
    if not entries:
        yield fail(CHECK, f"there are none in {folder.path}", MAKE)
        return
    yield from _permissions(folder)
    try:
        revocations(folder)
    except PkiError as error:
        yield Finding(Level.FAIL, CHECK, str(error))
        return
    for entry in entries:
        yield from _entry(folder, entry, at, online=online)
    yield from _clock(entries, at)
    if not any(entry.role is Role.SECC and entry.has_key for entry in entries):
        yield warn(CHECK, "no charger's certificate with a key: no TLS, no ISO 15118-20", MAKE)


def _entry(folder: CertificateFolder, entry: Entry, at: datetime, *, online: bool) -> Iterator[Finding]:
    if entry.problem:
        yield fail(entry.role, entry.problem, "import it anew or remove the file")
        return
    label = f"{entry.role} {common_name(entry.certificate.subject)}"
    if online:
        yield from _ask(folder, entry, label, at)
    try:
        what = _chain(folder, entry, at)
        if entry.has_key:
            folder.identity(entry)
    except (CertificateProblem, PkiError) as error:
        yield Finding(Level.FAIL, label, str(error))
        return
    if expiring([(entry.role, entry.certificate)], at):
        yield warn(label, f"ends in {days_text(days_left(entry.certificate, at))}", RENEW)
        return
    key = "" if entry.has_key or entry.role.is_root else ", without its key"
    yield ok(label, f"{what}, {days_text(days_left(entry.certificate, at))} left{key}")


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


def _ask(folder: CertificateFolder, entry: Entry, label: str, at: datetime) -> Iterator[Finding]:
    issuer = issuer_certificate(folder, entry.certificates)
    if issuer is None or entry.role.is_root:
        return
    try:
        if fetch(entry, issuer, at) is not None:
            yield ok(label, "its issuer's OCSP responder says that it holds")
    except CertificateProblem as problem:
        yield Finding(Level.FAIL, label, str(problem))
    except PkiError as error:
        yield warn(label, str(error), "check the connection; without an answer none is stapled")


def _permissions(folder: CertificateFolder) -> Iterator[Finding]:
    for path in (folder.path, *sorted(folder.path.rglob("*.key"))):
        if path.stat().st_mode & 0o077:
            yield warn(CHECK, f"{path} can be read by others", f"chmod go= {path}")
            return


def _clock(entries: tuple[Entry, ...], at: datetime) -> Iterator[Finding]:
    begins = [entry.certificate.not_valid_before_utc for entry in entries if entry.certificates]
    if begins and all(begin > at for begin in begins):
        yield fail("clock", f"shows {at:%Y-%m-%d}, before every certificate here begins", "set it right")
