"""The queue of bookings (transaction events) for the CSMS: on disk, in order, each delivered at least once.

Each keeps its message id and its sequence number over every try, so a CSMS that sees one twice books it once.
A row leaves the queue when the CSMS has answered it. Silence never removes one; a CSMS that *refuses* one (CALLERROR)
more often than MessageAttempts allows gets the next, and the refused one is kept aside in ``given_up``.

Growth is bounded. Above ``MAX_ROWS`` (two weeks offline at one sample a minute) the older periodic samples are
thinned to every second one, again and again (E04.FR.07 to .09); starts, ends and changes are never dropped.
"""

import msgspec

from protocols.ocpp.disk import Disk
from protocols.ocpp.events import ChargingState, IdToken, MeterSample

MAX_ROWS = 20_000


class TransactionRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One transaction event, in no version's words: it may be sent in another version than it was made in."""

    event: str
    """Started, Updated or Ended."""
    transaction_id: str
    seq_no: int
    at_s: float
    trigger: str
    evse_id: int
    charging_state: ChargingState | None = None
    stopped_reason: str | None = None
    remote_start_id: int | None = None
    id_token: IdToken | None = None
    sample: MeterSample | None = None
    context: str = "Sample.Periodic"
    """ReadingContextEnumType of the sample."""
    operation_mode: str | None = None


class Waiting(msgspec.Struct, frozen=True):
    """A queued record."""

    row_id: int
    message_id: str
    record: TransactionRecord
    offline: bool
    """Did it happen (or wait) while the CSMS was away?"""
    refused: int


class Outbox:
    """The queue."""

    def __init__(self, disk: Disk, max_rows: int = MAX_ROWS) -> None:
        """On an open disk."""
        self._disk = disk
        self._max_rows = max_rows
        self._sent_up_to = 0

    def __len__(self) -> int:
        return int(self._disk.db.execute("SELECT COUNT(*) FROM outbox").fetchone()[0])

    def put(self, message_id: str, record: TransactionRecord, *, offline: bool, periodic: bool) -> int:
        """Queue it; on disk when this (or the commit block around it) returns. Returns its row."""
        with self._disk.commit():
            cursor = self._disk.db.execute(
                "INSERT INTO outbox (message_id, periodic, offline, record) VALUES (?, ?, ?, ?)",
                (message_id, periodic, offline, msgspec.json.encode(record)),
            )
            if len(self) > self._max_rows:
                self._thin()
        return cursor.lastrowid or 0

    def head(self) -> Waiting | None:
        """The oldest one, or None."""
        row = self._disk.db.execute(
            "SELECT id, message_id, record, offline, refused FROM outbox ORDER BY id LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        return Waiting(row[0], row[1], msgspec.json.decode(row[2], type=TransactionRecord), bool(row[3]), row[4])

    def last_row(self) -> int:
        """The youngest row's number; 0 for an empty queue."""
        return int(self._disk.db.execute("SELECT COALESCE(MAX(id), 0) FROM outbox").fetchone()[0])

    def sent(self, row_id: int) -> None:
        """It went over the wire once: from now on it stays as it is."""
        self._sent_up_to = row_id

    def delivered(self, row_id: int) -> None:
        """The CSMS has it. A power cut may undo this; then it is sent once more and booked once."""
        with self._disk.hasty():
            self._disk.db.execute("DELETE FROM outbox WHERE id = ?", (row_id,))

    def refused(self, row_id: int) -> None:
        """The CSMS refused it once more."""
        self._disk.db.execute("UPDATE outbox SET refused = refused + 1 WHERE id = ?", (row_id,))

    def give_up(self, waiting: Waiting, code: str, text: str) -> None:
        """Set it aside for a person to look at, so that the next can go."""
        with self._disk.commit():
            self._disk.db.execute(
                "INSERT INTO given_up (id, record, code, text) VALUES (?, ?, ?, ?)",
                (waiting.row_id, msgspec.json.encode(waiting.record), code, text),
            )
            self._disk.db.execute("DELETE FROM outbox WHERE id = ?", (waiting.row_id,))

    def mark_offline(self) -> None:
        """The link is gone: what was never sent is reported as having happened offline."""
        self._disk.db.execute("UPDATE outbox SET offline = 1 WHERE id > ? AND offline = 0", (self._sent_up_to,))

    def has(self, transaction_id: str | None) -> bool:
        """Does anything wait, or anything of that transaction?"""
        if transaction_id is None:
            return self.head() is not None
        rows = self._disk.db.execute("SELECT record FROM outbox")
        return any(msgspec.json.decode(r[0], type=TransactionRecord).transaction_id == transaction_id for r in rows)

    def _thin(self) -> None:
        rows = self._disk.db.execute(
            "SELECT id FROM outbox WHERE periodic = 1 AND id > ? ORDER BY id LIMIT ?",
            (self._sent_up_to, self._max_rows // 2),
        ).fetchall()
        self._disk.db.executemany("DELETE FROM outbox WHERE id = ?", rows[::2])
