"""A packet capture of our own sessions, for an installer's support case; no privilege is needed, as only our own
sockets' bytes go in. With `key_log` as the security's key log the file opens the TLS in it: keep it as a secret.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from protocols.iso15118.wire import pcapng
from protocols.iso15118.wire.network import TransportError
from protocols.iso15118.wire.pcapng import ACK, FIN, PSH, SYN

Address = tuple[str, int]

SEGMENT_BYTES = 1440
"""What fits a frame of Ethernet."""
MAX_FILE_BYTES = 256 * 1024 * 1024
"""A capture that nobody stops stops here: days of charge loops."""
WARNING = "this file opens the session's encryption to whoever has it: give it only to those who help, then delete it"


class Capture:
    """One file, open until `close`. Raises `TransportError` when it cannot be written."""

    def __init__(self, path: Path, interface: str, clock: Callable[[], float], *, max_bytes: int | None = None) -> None:
        self.path = path
        self.full = False
        self._clock = clock
        self._max_bytes = max_bytes or MAX_FILE_BYTES
        self._file = _open_private(path)
        self._write(pcapng.file_start("twoway", interface))

    def key_log(self, line: str) -> None:
        """A line of a TLS key log; for `SeccSecurity.key_log` and `EvccSecurity.key_log`."""
        self._write(pcapng.secrets(line + "\n"))

    def datagram(self, source: Address, target: Address, data: bytes) -> None:
        """A UDP datagram went by."""
        self.frame(pcapng.udp(source, target, data))

    def connection(self) -> "CapturedConnection":
        """What hears one TCP connection."""
        return CapturedConnection(self)

    def frame(self, frame: bytes) -> None:
        """One frame, now."""
        self._write(pcapng.packet(self._clock(), frame))

    def close(self) -> None:
        """Finish the file."""
        with contextlib.suppress(OSError):  # what a full disk did not take
            self._file.close()

    def _write(self, data: bytes) -> None:
        if self._file.closed or self.full:
            return
        try:
            self._file.write(data)
            # What is not on the disk when a session breaks is what one wants to see.
            self._file.flush()
            self.full = self._file.tell() > self._max_bytes
        except OSError:
            # A full disk ends the capture, not the session.
            self.full = True


def _open_private(path: Path) -> BinaryIO:
    """A new file that only its owner reads, whatever file stood there before."""
    if path.exists() and not path.is_file():
        raise TransportError(f"the capture {path} cannot be written: it is no plain file")
    try:
        path.unlink(missing_ok=True)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise TransportError(f"the capture {path} cannot be written: {error.strerror}") from error


class CapturedConnection:
    """Turns one connection's bytes into segments with the sequence numbers that they would have had."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._local: Address = ("::", 0)
        self._remote: Address = ("::", 0)
        self._sent = self._received = 0
        self._open = False

    def opened(self, local: Address, remote: Address, *, outgoing: bool) -> None:
        """The connection is open; `outgoing`: we opened it."""
        self._local, self._remote, self._open = local, remote, True
        self._segment(SYN, b"", sent=outgoing)
        self._segment(SYN | ACK, b"", sent=not outgoing)
        self._segment(ACK, b"", sent=outgoing)

    def moved(self, data: bytes, *, sent: bool) -> None:
        """Bytes were sent or received."""
        for start in range(0, len(data), SEGMENT_BYTES):
            self._segment(PSH | ACK, data[start : start + SEGMENT_BYTES], sent=sent)

    def closed(self) -> None:
        """The connection is gone."""
        if self._open:
            self._open = False
            self._segment(FIN | ACK, b"", sent=True)
            self._segment(FIN | ACK, b"", sent=False)

    def _segment(self, flags: int, data: bytes, *, sent: bool) -> None:
        ours, theirs = (self._sent, self._received) if sent else (self._received, self._sent)
        source, target = (self._local, self._remote) if sent else (self._remote, self._local)
        acknowledged = theirs if flags & ACK else 0
        self._capture.frame(pcapng.tcp(source, target, data, sequence=ours, acknowledged=acknowledged, flags=flags))
        moved = len(data) + (1 if flags & (SYN | FIN) else 0)
        if sent:
            self._sent += moved
        else:
            self._received += moved
