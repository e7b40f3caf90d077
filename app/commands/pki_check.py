"""What ``twoway pki check`` and the doctor say of a certificate folder."""

from collections.abc import Iterator
from datetime import datetime

from app.commands.doctor_findings import Finding, Level, ok, warn
from app.pki.folder import CertificateFolder, Entry, PkiError
from app.pki.inspection import SUBJECT, inspect, label
from app.pki.status import fetch, issuer_certificate
from protocols.pki.problems import CertificateProblem

CHECK = SUBJECT


def check_folder(folder: CertificateFolder, at: datetime, *, online: bool = False) -> Iterator[Finding]:
    """All findings at ``at`` (aware), file by file. With ``online`` the responders that certificates name are asked."""
    if online:
        for entry in folder.entries():
            yield from _ask(folder, entry, at)
    for remark in inspect(folder, at):
        yield Finding(Level(remark.grade), remark.about, remark.text, remark.remedy)


def _ask(folder: CertificateFolder, entry: Entry, at: datetime) -> Iterator[Finding]:
    if entry.problem or entry.role.is_root:
        return
    issuer = issuer_certificate(folder, entry.certificates)
    if issuer is None:
        return
    try:
        if fetch(entry, issuer, at) is not None:
            yield ok(label(entry), "its issuer's OCSP responder says that it holds")
    except CertificateProblem as problem:
        yield Finding(Level.FAIL, label(entry), str(problem))
    except PkiError as error:
        yield warn(label(entry), str(error), "check the connection; without an answer none is stapled")
