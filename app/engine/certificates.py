"""The home's certificates as the installer's page shows them: whom they are for, and what is wrong with them."""

import asyncio
import logging
import time
from datetime import UTC, datetime

from app.api import schema as s
from app.pki import CertificateFolder
from app.pki.folder import Entry
from app.pki.inspection import Grade, Remark, inspect, label
from protocols.pki import Role
from protocols.pki.names import common_name

log = logging.getLogger(__name__)

LOOK_S = 60.0
"""A look opens every key, which takes a while by design."""
SHOWN = frozenset({Role.SECC, Role.CONTRACT, Role.CPS, Role.OCSP, *(role for role in Role if role.is_root)})
"""Sub-CAs stand inside their leaves' chains, and a simulated car's own are no matter of the home's."""


class CertificateShelf:
    """What the folder held when it was last looked at; looking is done in a thread."""

    def __init__(self, folder: CertificateFolder) -> None:
        self._folder = folder
        self._found: list[s.CertificateOut] | None = None
        self._looked_s = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    def latest(self) -> list[s.CertificateOut] | None:
        """None until the first look is done. To be called in the event loop."""
        if self._looking is None and time.monotonic() - self._looked_s > LOOK_S:
            self._looking = asyncio.get_running_loop().create_task(self._look())
        return self._found

    async def _look(self) -> None:
        try:
            self._found = await asyncio.to_thread(certificates, self._folder)
        except Exception:
            log.exception("the certificates could not be looked at")
            self._found = self._found or []
        finally:
            self._looked_s, self._looking = time.monotonic(), None


def certificates(folder: CertificateFolder) -> list[s.CertificateOut]:
    """Those in the folder now; empty where there is none."""
    entries = [entry for entry in folder.entries() if entry.role in SHOWN and entry.certificates]
    if not entries:
        return []
    remarks = {remark.about: remark for remark in inspect(folder, datetime.now(UTC))}
    return [_out(entry, remarks.get(label(entry))) for entry in entries]


def _out(entry: Entry, remark: Remark | None) -> s.CertificateOut:
    certificate = entry.certificate
    wrong = remark if remark is not None and remark.grade is not Grade.GOOD else None
    return s.CertificateOut(
        role=entry.role,
        subject=common_name(certificate.subject),
        issuer=common_name(certificate.issuer),
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        problem="" if wrong is None else f"{wrong.about}: {wrong.text}",
        usable=wrong is None or wrong.grade is not Grade.BAD,
    )
