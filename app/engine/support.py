"""What an installer hands to who helps: the last sessions as they were recorded, and a packet capture with its keys.

Both go by real time and lie in folders that only the owner reads. A capture ends by itself, after its minutes or its
bytes; there is one at a time, and it stays until it is deleted or another begins.
"""

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.api import schema as s
from app.api.desk import Refused
from app.ports import Captured
from app.session_shelf import RecordingShelf

if TYPE_CHECKING:
    from protocols.iso15118.wire.capture import Capture

CAPTURE_BYTES = 64 * 1024 * 1024
"""Some days of charge loops."""
TAIL_BYTES = 8192
"""A recording's last line lies in these."""
_STAMP = "session-%Y%m%dT%H%M%S.%fZ"
_NAME = "capture-%Y%m%dT%H%M%SZ.pcapng"


class SupportCase:
    """One engine's. ``charger`` None: this home's charger cannot be captured."""

    def __init__(self, shelf: RecordingShelf, folder: Path, interface: str, charger: Captured | None) -> None:
        """``folder`` is made when a capture begins; ``interface`` is what the file names."""
        self._shelf = shelf
        self._folder = folder
        self._interface = interface
        self._charger = charger
        self._capture: Capture | None = None
        self._ends: asyncio.TimerHandle | None = None
        self._until_s = 0.0

    # The recordings.

    def recordings(self) -> list[s.RecordingOut]:
        """The newest first. Reads the end of each file: not in the event loop."""
        return [out for path in reversed(self._shelf.files) if (out := _recording(path)) is not None]

    def recording(self, recording_id: str) -> bytes:
        """One of them, in whole lines. Reads a file: not in the event loop. Raises ``Refused``."""
        path = next((path for path in self._shelf.files if path.stem == recording_id), None)
        if path is None:
            raise Refused(
                f"There is no recording {recording_id} any more: the last sessions only are kept.", status=404
            )
        # A session that runs may have written half a line.
        return _read(path).rpartition(b"\n")[0] + b"\n"

    # The capture.

    def capture(self) -> s.CaptureOut:
        """How it stands."""
        path = self._path()
        running = self._capture is not None and not self._capture.full
        return s.CaptureOut(
            running=running,
            left_s=max(0.0, self._until_s - time.monotonic()) if running else 0.0,
            bytes=path.stat().st_size if path is not None else None,
        )

    def begin(self, minutes: float) -> s.CaptureOut:
        """Capture the sessions that begin within so many minutes, in place of an older capture. Raises ``Refused``."""
        if self._charger is None:
            raise Refused("This home has no charger whose sessions could be captured.")
        # Loaded where there is a charger only.
        from protocols.iso15118.wire.capture import Capture
        from protocols.iso15118.wire.network import TransportError, steady_clock

        self.delete()
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._folder / datetime.now(UTC).strftime(_NAME)
            self._capture = Capture(path, self._interface, steady_clock(), max_bytes=CAPTURE_BYTES)
        except (OSError, TransportError) as error:
            raise Refused(f"The capture cannot be written: {error}.", status=507) from error
        self._charger.capture(self._capture)
        self._until_s = time.monotonic() + minutes * 60
        self._ends = asyncio.get_running_loop().call_later(minutes * 60, self.end)
        return self.capture()

    def end(self) -> None:
        """Finish the file, and keep it."""
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None
        if self._capture is not None:
            if self._charger is not None:
                self._charger.capture(None)
            self._capture.close()
            self._capture = None

    def captured(self) -> tuple[str, bytes]:
        """The file's name and content. Reads a file: not in the event loop. Raises ``Refused``."""
        path = self._path()
        if path is None:
            raise Refused("There is no capture: begin one before the session that you want to see.", status=404)
        return path.name, _read(path)

    def delete(self) -> None:
        """End it, and leave nothing of it. Raises ``Refused``."""
        self.end()
        try:
            while (path := self._path()) is not None:
                path.unlink()
        except OSError as error:
            raise Refused(f"The capture cannot be deleted: {error.strerror}.", status=507) from error

    def close(self) -> None:
        """The engine stops."""
        self.end()
        self._shelf.close()

    def _path(self) -> Path | None:
        return max(self._folder.glob("capture-*.pcapng"), default=None)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.", status=507) from error


def _recording(path: Path) -> s.RecordingOut | None:
    """None for a file that has just made room, or that is none of ours."""
    try:
        began = datetime.strptime(path.stem, _STAMP).replace(tzinfo=UTC)
        end = _end(path)
        return s.RecordingOut(
            id=path.stem,
            began=began,
            bytes=path.stat().st_size,
            proper=end.get("proper"),
            paused=end.get("paused") is True,
            reason=str(end.get("reason", "")),
        )
    except (OSError, ValueError):
        return None


def _end(path: Path) -> dict[str, Any]:
    """The line that tells how the session ended; empty while it has not."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        for line in reversed(file.read().splitlines()):
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict) and found.get("kind") == "end":
                return found
    return {}
