"""The text of a CSV file that a person gives: UTF-8, plain or gzipped."""

import gzip
import zlib
from pathlib import Path

from app.errors import UserError

_GZIP_MAGIC = b"\x1f\x8b"


def read_csv_text(path: Path) -> str:
    """The whole text. Raises ``UserError`` with the way out for whatever cannot be read."""
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if raw.startswith(_GZIP_MAGIC) else raw).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UserError(f"{path} cannot be read ({why}): give a CSV file in UTF-8, plain or gzipped") from None
