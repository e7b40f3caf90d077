"""The home's certificates, watched while the engine runs: renewed where the home issued them itself, their OCSP answers
kept fresh for stapling, and a warning in good time where somebody else must act.

Certificates go by the calendar, so this runs in real time whatever speed the home is shown at.
"""

import asyncio
import logging
from datetime import UTC, datetime

from app.config.secrets import SecretsError
from app.pki import CertificateFolder, PkiError
from app.pki.inspection import Grade, Remark, inspect
from app.pki.making import renew
from app.pki.status import fetch, issuer_certificate
from app.ports import Board, Health, HealthLevel
from protocols.pki.names import common_name
from protocols.pki.problems import CertificateProblem

log = logging.getLogger(__name__)

LOOK_S = 6 * 3600.0
"""Real seconds between two looks: an OCSP answer holds for days, a warning comes weeks ahead."""
FIRST_S = 15.0
"""A new home is being given its first certificates as the charger starts: that long an empty folder is no fault."""
SOON_S = 30.0
"""Real seconds until an empty folder is looked at again."""
LEVELS = {Grade.GOOD: HealthLevel.OK, Grade.SOON: HealthLevel.WARNING, Grade.BAD: HealthLevel.FAILED}


class CertificateWatch:
    """Implements ``app.ports.Driver``."""

    name = "certificates"

    def __init__(self, folder: CertificateFolder, look_s: float = LOOK_S, first_s: float = FIRST_S) -> None:
        self._folder = folder
        self._look_s = look_s
        self._first_s = first_s

    async def run(self, board: Board) -> None:
        """Look, mend what can be mended, say the rest; again and again."""
        for _ in range(round(self._first_s)):
            if await asyncio.to_thread(self._folder.entries):
                break
            await asyncio.sleep(1.0)
        while True:
            # Files and an issuer's responder: neither may hold up the engine's loop.
            remarks = await asyncio.to_thread(self.look, datetime.now(UTC))
            board.publish_health(self.name, _health(remarks))
            empty = not await asyncio.to_thread(self._folder.entries)
            await asyncio.sleep(min(SOON_S, self._look_s) if empty else self._look_s)

    def look(self, at: datetime) -> list[Remark]:
        """Renew and ask, then every remark that is left at ``at`` (aware)."""
        try:
            for entry in renew(self._folder, at):
                log.info("renewed the %s certificate of '%s'", entry.role, common_name(entry.certificate.subject))
        except (PkiError, SecretsError, OSError) as error:
            log.warning("certificates were not renewed: %s", error)
        for entry in self._folder.entries():
            if not (entry.certificates and entry.has_key and entry.role.is_leaf):
                continue
            issuer = issuer_certificate(self._folder, entry.certificates)
            try:
                if issuer is not None:
                    fetch(entry, issuer, at)
            except (CertificateProblem, PkiError, OSError) as error:
                log.warning("%s", error)
        return list(inspect(self._folder, at))


def _health(remarks: list[Remark]) -> Health:
    order = list(Grade)
    worst = max(remarks, key=lambda remark: order.index(remark.grade))
    if worst.grade is Grade.GOOD:
        return Health(level=HealthLevel.OK, text=f"all {len(remarks)} hold")
    others = sum(remark.grade is not Grade.GOOD for remark in remarks) - 1
    more = f" (and {others} more: twoway pki check)" if others else ""
    remedy = f": {worst.remedy}" if worst.remedy else ""
    return Health(level=LEVELS[worst.grade], text=f"{worst.about}: {worst.text}{remedy}{more}")
