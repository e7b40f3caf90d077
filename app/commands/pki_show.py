"""A home's certificates as a table, or as JSON for programs."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from app.pki.folder import CertificateFolder, Entry
from protocols.pki.algorithms import key_name
from protocols.pki.expiry import days_left, expiring
from protocols.pki.names import common_name
from protocols.pki.rules import days_text

COLUMNS = {
    "id": "id",
    "role": "role",
    "subject": "subject",
    "issuer": "issuer",
    "curve": "curve",
    "valid_from": "from",
    "valid_until": "until",
    "days_left": "days left",
    "key": "key",
    "warning": "warning",
}
"""Field → its heading."""


@dataclass(frozen=True, slots=True)
class Row:
    """One certificate."""

    id: str
    role: str
    subject: str = ""
    issuer: str = ""
    curve: str = ""
    valid_from: str = ""
    valid_until: str = ""
    days_left: int | None = None
    key: bool = False
    warning: str = ""


def rows(folder: CertificateFolder, at: datetime) -> tuple[Row, ...]:
    """What is in the folder, at ``at`` (aware)."""
    return tuple(_row(entry, at) for entry in folder.entries())


def as_json(found: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows for a program: stable keys, dates as ISO 8601."""
    return [asdict(row) for row in found]


def as_table(found: Sequence[Row]) -> Iterator[str]:
    """Lines for a person."""
    lines = [tuple(COLUMNS.values()), *(tuple(_cell(row, name) for name in COLUMNS) for row in found)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _row(entry: Entry, at: datetime) -> Row:
    if entry.problem:
        return Row(entry.path.stem, entry.role, key=entry.has_key, warning=entry.problem)
    certificate = entry.certificate
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    soon = expiring([(entry.role, certificate)], at)
    warning = ""
    if at < begins:
        warning = "not yet valid"
    elif at > ends:
        warning = "expired"
    elif soon:
        warning = f"ends in {days_text(soon[0].days_left)}"
    return Row(
        entry.path.stem,
        entry.role,
        common_name(certificate.subject),
        common_name(certificate.issuer),
        key_name(certificate.public_key()),
        f"{begins:%Y-%m-%d}",
        f"{ends:%Y-%m-%d}",
        days_left(certificate, at),
        entry.has_key,
        warning,
    )


def _cell(row: Row, name: str) -> str:
    value = getattr(row, name)
    if name == "key":
        return "yes" if value else "-"
    return "" if value is None else str(value)
