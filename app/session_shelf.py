"""The engine's shelf of recorded sessions: the last ones are kept, in files that only the owner reads, within bounds of
number and size.

    shelf = RecordingShelf(paths.state / "sessions")
    SeccServer(..., record=shelf.new)

Each file is one session as ``twoway session show`` and ``replay`` take it. The oldest make room for the newest, and a
session that grows beyond its part of the bound is kept up to there.
"""

import contextlib
import errno
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from protocols.iso15118.recording import Sink

log = logging.getLogger(__name__)

KEEP = 20
MAX_BYTES = 32 * 1024 * 1024
"""Of one session: some ten hours of charge loops, four a second."""
MAX_TOTAL_BYTES = 128 * 1024 * 1024
"""Of those that are kept while a new one begins; the newest of them stays in any case."""
PATTERN = "session-*.jsonl"


class RecordingShelf:
    """Files in ``folder``, which is made when the first session comes. Failing to write never troubles a session."""

    def __init__(
        self, folder: Path, *, keep: int = KEEP, max_bytes: int = MAX_BYTES, max_total_bytes: int = MAX_TOTAL_BYTES
    ) -> None:
        self.folder = folder
        self._keep = keep
        self._max_bytes = max_bytes
        self._max_total_bytes = max_total_bytes
        self._open: IO[str] | None = None

    @property
    def files(self) -> list[Path]:
        """The sessions that are kept, the oldest first."""
        return sorted(self.folder.glob(PATTERN))

    def new(self) -> "Sink":
        """Where a new session's lines go. The one before it is finished by this."""
        self.close()
        name = datetime.now(UTC).strftime("session-%Y%m%dT%H%M%S.%fZ.jsonl")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._make_room()
            handle = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            file = os.fdopen(handle, "w", encoding="utf-8")
        except OSError as error:
            log.warning("sessions are not recorded: %s: %s", self.folder, error.strerror)
            return lambda line: None
        self._open = file
        return _Bounded(file, self._max_bytes)

    def _make_room(self) -> None:
        files = self.files
        sizes = [path.stat().st_size for path in files]
        kept = min(len(files), self._keep - 1)
        while kept > 1 and sum(sizes[len(files) - kept :]) > self._max_total_bytes:
            kept -= 1
        for old in files[: len(files) - kept]:
            old.unlink(missing_ok=True)

    def close(self) -> None:
        """Finish the file of the running session."""
        if self._open is not None:
            file, self._open = self._open, None
            # What a full disk did not take is lost here once more.
            with contextlib.suppress(OSError):
                file.close()


class _Bounded:
    """A file up to so many bytes; then it raises OSError, which ends the recording (see ``Recorder``)."""

    def __init__(self, file: IO[str], max_bytes: int) -> None:
        self._file = file
        self._left = max_bytes

    def __call__(self, line: str) -> None:
        self._left -= len(line) + 1
        if self._left < 0 or self._file.closed:
            raise OSError(errno.EFBIG, "it has reached its largest size")
        self._file.write(line + "\n")
        self._file.flush()
