"""The store beside plain SQLite: what a sure booking costs, what a reading costs the tick, what a window costs.

Run it as a script. The peers run in the same process on the same disk: one row a commit in SQLite's default mode
(DELETE, FULL), the lowest price of being on disk without a write-ahead log; and every reading of a day fetched raw.
"""

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from app.store import AccountRow, ReadingRow, Store  # noqa: E402

DAY_S = 86_400
T0 = 1_767_225_600


async def timed(times: int, work: Callable[[int], Awaitable[object]]) -> list[float]:
    """Seconds of each call, sorted."""
    found = []
    for number in range(times):
        start = time.perf_counter()
        await work(number)
        found.append(time.perf_counter() - start)
    return sorted(found)


def told(name: str, seconds: list[float], peer: float | None = None) -> None:
    """One line: median and p99, and the ratio to a peer's median."""
    median = statistics.median(seconds)
    ratio = f", {peer / median:.1f} times faster than its peer" if peer else ""
    print(f"{name}: median {median * 1e3:.3f} ms, p99 {seconds[int(len(seconds) * 0.99)] * 1e3:.3f} ms{ratio}")


async def main(folder: Path) -> None:
    """Measure and print."""
    plain = sqlite3.connect(folder / "plain.db", isolation_level=None, check_same_thread=False)
    plain.execute("CREATE TABLE accounts (at_s REAL PRIMARY KEY, cost REAL)")
    plain.execute("CREATE TABLE readings (at_s INTEGER PRIMARY KEY, grid_w REAL)")

    async def plain_booking(number: int) -> None:
        await asyncio.to_thread(plain.execute, "INSERT INTO accounts VALUES (?, 1.0)", (number,))

    store = await Store.open(folder / "home.db")
    peer = await timed(200, plain_booking)
    told("peer: one row, DELETE/FULL", peer)
    ours = await timed(200, lambda n: store.book(AccountRow(at_s=float(n), span_s=60.0, cost=1.0)))
    told("a booking, on disk when acknowledged", ours, statistics.median(peer))

    rows = [ReadingRow(at_s=T0 + second, grid_w=float(second % 997), ev_w=-3_000.0) for second in range(DAY_S)]

    async def reading(number: int) -> None:
        store.reading(rows[number])

    told("a reading, in the tick's own time", await timed(3_000, reading))
    for start in range(0, DAY_S, 3_000):
        for row in rows[start : start + 3_000]:
            store.reading(row)
        await store.flush()
    plain.execute("BEGIN")
    plain.executemany("INSERT INTO readings VALUES (?, ?)", [(row.at_s, row.grid_w) for row in rows])
    plain.execute("COMMIT")

    async def raw_day(number: int) -> None:
        await asyncio.to_thread(lambda: plain.execute("SELECT at_s, grid_w FROM readings").fetchall())

    raw = await timed(20, raw_day)
    told("peer: a day by the second, one channel", raw)
    told(
        "a day in 600 points, six channels",
        await timed(20, lambda n: store.history(T0, T0 + DAY_S, 600)),
        statistics.median(raw),
    )
    await store.close()
    plain.close()


if __name__ == "__main__":
    # On the disk of the project: the machine's folder for temporary files may be memory.
    scratch = ROOT / "build"
    scratch.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        asyncio.run(main(Path(name)))
