"""Are the home's certificates there, do they hold, and is the clock fit to tell?"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from app.commands.doctor_findings import Finding, Level, ok
from app.commands.pki_check import CHECK, check_folder
from app.pki.folder import PkiError, home_folder
from protocols.pki.expiry import days_left
from protocols.pki.rules import days_text


def certificates(home_path: Path | None = None) -> Iterator[Finding]:
    """What ``twoway pki check`` complains of, and one line where it complains of nothing."""
    folder = home_folder(home_file=home_path)
    try:
        entries = [entry for entry in folder.entries() if entry.certificates]
        if not folder.is_there():
            yield ok(CHECK, "none yet: needed for ISO 15118-20 and Plug & Charge ('twoway pki make')")
            return
    except PkiError as error:
        yield Finding(Level.FAIL, CHECK, str(error))
        return
    at = datetime.now(UTC)
    findings = [finding for finding in check_folder(folder, at) if finding.level is not Level.OK]
    yield from findings
    if not findings:
        soonest = min(days_left(entry.certificate, at) for entry in entries)
        yield ok(CHECK, f"all {len(entries)} hold, the first to end has {days_text(soonest)} left")
