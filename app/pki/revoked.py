"""What the home revoked of its own certificates: serial numbers and since when, in one file of the folder."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from app.config.load import write_whole
from app.pki.folder import OWNER_ONLY, CertificateFolder, PkiError

REVOKED = "revoked.json"


def revocations(folder: CertificateFolder) -> dict[int, datetime]:
    """Serial numbers of what was revoked here, and when. Raises PkiError where the list cannot be read."""
    path = folder.path / REVOKED
    try:
        rows = json.loads(path.read_text("utf-8"))
        return {int(serial, 16): datetime.fromisoformat(since).astimezone(UTC) for serial, since in rows.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise PkiError(f"{path} cannot be read as the list of revoked certificates: mend or remove it") from error


def keep_revocations(folder: CertificateFolder, rows: Mapping[int, datetime]) -> None:
    """Write the list, whole."""
    text = json.dumps({f"{serial:x}": since.isoformat() for serial, since in sorted(rows.items())}, indent=2)
    write_whole(folder.path / REVOKED, text + "\n", OWNER_ONLY)
