"""The queue on disk: order, thinning, and what a kill -9 leaves."""

import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from protocols.ocpp.disk import Disk, DiskUnusable
from protocols.ocpp.events import MeterSample
from protocols.ocpp.memory import Memory, OpenTransaction
from protocols.ocpp.queue import Outbox, TransactionRecord
from protocols.ocpp.transactions import Transactions


def record(seq_no: int, event: str = "Updated", transaction_id: str = "t") -> TransactionRecord:
    return TransactionRecord(
        event=event, transaction_id=transaction_id, seq_no=seq_no, at_s=float(seq_no), trigger="Trigger", evse_id=1
    )


def drain(outbox: Outbox) -> list[int]:
    numbers = []
    while (head := outbox.head()) is not None:
        numbers.append(head.record.seq_no)
        outbox.delivered(head.row_id)
    return numbers


def test_first_in_first_out_over_a_restart(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "q.db")
    outbox = Outbox(disk)
    for number in range(5):
        outbox.put(f"m{number}", record(number), offline=False, periodic=False)
    disk.close()
    outbox = Outbox(Disk(tmp_path / "q.db"))
    head = outbox.head()
    assert head is not None
    assert (head.message_id, head.record) == ("m0", record(0))
    assert outbox.has("t")
    assert not outbox.has("u")
    assert drain(outbox) == [0, 1, 2, 3, 4]
    assert not outbox.has(None)


def test_growth_is_bounded_and_only_samples_are_thinned(disk: Disk) -> None:
    outbox = Outbox(disk, max_rows=100)
    outbox.put("start", record(0, "Started"), offline=True, periodic=False)
    for number in range(1, 1000):
        outbox.put(f"m{number}", record(number), offline=True, periodic=True)
    outbox.put("end", record(1000, "Ended"), offline=True, periodic=False)
    assert len(outbox) <= 101
    numbers = drain(outbox)
    assert numbers == sorted(numbers)
    assert (numbers[0], numbers[-1]) == (0, 1000)
    assert numbers[-2] == 999, "the newest are kept"


def test_what_happened_offline_is_marked_only_if_never_sent(disk: Disk) -> None:
    outbox = Outbox(disk)
    row = outbox.put("a", record(0), offline=False, periodic=False)
    outbox.put("b", record(1), offline=False, periodic=False)
    outbox.sent(row)
    outbox.mark_offline()
    first = outbox.head()
    assert first is not None
    assert not first.offline
    outbox.delivered(row)
    second = outbox.head()
    assert second is not None
    assert second.offline


def test_a_commit_is_whole_or_nothing(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between the booking and the new sequence number would use a number twice."""
    outbox, memory = Outbox(disk), Memory(disk)
    transactions = Transactions(disk, outbox, memory, iter(map(str, range(100))).__next__)

    def crash(transaction: OpenTransaction) -> None:
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(memory, "keep_transaction", crash)
    with pytest.raises(sqlite3.OperationalError):
        transactions.start(
            1, 0.0, id_token=None, remote_start_id=None, state="Charging", trigger="x", sample=None, offline=False
        )
    assert len(outbox) == 0
    assert transactions.open == []


WRITER = """
import sys
from protocols.ocpp.config import StationConfig
from protocols.ocpp.disk import Disk
from protocols.ocpp.events import MeterSample
from protocols.ocpp.moment import Moment
from protocols.ocpp.station import Station

station = Station(StationConfig(station_id="S", url="ws://x", sample_s=1), Disk(sys.argv[1]))
station.transaction_started(Moment(0.0, 0.0), 1)
print("started", flush=True)
at = 0.0
while True:
    at += 1.0
    station.meter_sample(Moment(at, at), 1, MeterSample(at_s=at, import_wh=at))
    print(int(at), flush=True)
"""


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "q.db"
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline().strip() for _ in range(30)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += writer.stdout.read().split()
    writer.wait()
    disk = Disk(path)
    numbers = drain(Outbox(disk))
    assert numbers == list(range(len(numbers))), "no hole, no number twice, in order"
    assert len(numbers) >= len(acknowledged)
    (left,) = Memory(disk).transactions()
    assert left.next_seq == len(numbers)


@pytest.mark.parametrize("content", [b"this is no database, but longer than a header " * 20, b"SQLite format 3\0" * 99])
def test_unusable_file_is_told_with_the_way_out(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(content)
    with pytest.raises(DiskUnusable, match=r"broken\.db.*move it aside"):
        Disk(path)
    assert path.read_bytes() == content, "nothing is thrown away"


def test_folder_that_is_missing_and_file_from_the_future(tmp_path: Path) -> None:
    with pytest.raises(DiskUnusable, match="writable"):
        Disk(tmp_path / "no" / "q.db")
    path = tmp_path / "q.db"
    disk = Disk(path)
    disk.db.execute("PRAGMA user_version = 99")
    disk.close()
    with pytest.raises(DiskUnusable, match="newer Twoway"):
        Disk(path)


def test_samples_keep_what_is_unknown_unknown() -> None:
    assert MeterSample(at_s=0.0).power_w is None
