"""Readings: written in batches, rolled up by the minute and the quarter of an hour, read back decimated.

All functions work on an open ``Database`` and return at once or after one query; who calls them chooses the thread.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from app.store.rows import CHANNELS, HistoryBucket, ReadingRow, Spread

_NICE_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400)
_DAY_S = 86_400
_EXPORT_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class _Grain:
    """One table of readings."""

    table: str
    span_s: int
    """Time that a row stands for."""


_RAW, _MINUTE, _QUARTER = _Grain("readings", 1), _Grain("readings_minute", 60), _Grain("readings_quarter", 900)
_ROLLS = ((_RAW, _MINUTE), (_MINUTE, _QUARTER))

_COLUMNS = ", ".join(("at_s", *CHANNELS))
_INSERT = f"INSERT OR REPLACE INTO readings ({_COLUMNS}) VALUES ({', '.join('?' * (len(CHANNELS) + 1))})"  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long each grain is kept, in days; the quarters of an hour stay for ever."""

    raw_days: float = 14.0
    minute_days: float = 400.0


def write(db: Database, rows: Sequence[ReadingRow]) -> None:
    """One commit for all rows."""
    values = [(int(row.at_s), *(_finite(getattr(row, channel)) for channel in CHANNELS)) for row in rows]
    with db.atomic():
        db.conn.executemany(_INSERT, values)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def roll_up(db: Database, until_s: float) -> None:
    """Sum up the minutes and quarters that ended by ``until_s`` and were not summed up before.

    A reading that comes later than its minute's sum is kept raw and left out of the sum.
    """
    with db.atomic():
        for fine, coarse in _ROLLS:
            end_s = int(until_s) // coarse.span_s * coarse.span_s
            done_s = _edge(db, coarse, "max")
            start_s = _edge(db, fine, "min") if done_s is None else done_s + coarse.span_s
            if start_s is not None and start_s < end_s:
                db.execute(_roll_sql(fine, coarse), {"from": start_s, "to": end_s, "span": coarse.span_s})


def _edge(db: Database, grain: _Grain, which: str) -> int | None:
    found = db.execute(f"SELECT {which}(at_s) FROM {grain.table}").fetchone()[0]  # noqa: S608 - names of our own
    return None if found is None else int(found)


def _roll_sql(fine: _Grain, coarse: _Grain) -> str:
    columns, sums = ["at_s", "n"], ["at_s / :span * :span", _count(fine)]
    for channel in CHANNELS:
        low, high = (channel, channel) if fine is _RAW else (f"{channel}_min", f"{channel}_max")
        columns += [channel, f"{channel}_min", f"{channel}_max"]
        sums += [_mean(fine, channel), f"min({low})", f"max({high})"]
    return (
        f"INSERT OR REPLACE INTO {coarse.table} ({', '.join(columns)}) SELECT {', '.join(sums)}"  # noqa: S608
        f" FROM {fine.table} WHERE at_s >= :from AND at_s < :to GROUP BY at_s / :span"
    )


def _count(grain: _Grain) -> str:
    return "count(*)" if grain is _RAW else "sum(n)"


def _mean(grain: _Grain, channel: str) -> str:
    if grain is _RAW:
        return f"avg({channel})"
    return f"sum({channel} * n) / sum(CASE WHEN {channel} IS NOT NULL THEN n END)"


def forget(db: Database, now_s: float, retention: Retention) -> None:
    """Delete what retention no longer keeps, as far as it is rolled up."""
    for (fine, coarse), days in zip(_ROLLS, (retention.raw_days, retention.minute_days), strict=True):
        rolled_s = _edge(db, coarse, "max")
        if rolled_s is not None:
            before_s = min(int(now_s - days * _DAY_S), rolled_s) // coarse.span_s * coarse.span_s
            with db.atomic():
                db.execute(f"DELETE FROM {fine.table} WHERE at_s < ?", (before_s,))  # noqa: S608


def bucket_s(from_s: float, to_s: float, max_points: int) -> int:
    """The shortest round bucket with which a window has at most ``max_points``, s."""
    least_s = max(1.0, (to_s - from_s) / max(1, max_points - 1))
    return next((nice_s for nice_s in _NICE_S if nice_s >= least_s), math.ceil(least_s / _DAY_S) * _DAY_S)


def history(db: Database, from_s: float, to_s: float, max_points: int) -> tuple[int, list[HistoryBucket]]:
    """Length of a bucket, and the buckets of ``from_s`` .. ``to_s`` in order; those without readings are absent.

    Each is read from the coarsest grain that is fine enough and still kept, so a year costs no more than a day.
    """
    span_s = bucket_s(from_s, to_s, max_points)
    found: dict[int, HistoryBucket] = {}
    for grain, start_s, end_s in _sources(db, span_s, from_s, to_s):
        for bucket in _buckets(db, grain, start_s, end_s, span_s):
            before = found.get(int(bucket.at_s))
            found[int(bucket.at_s)] = bucket if before is None else _merged(before, bucket)
    return span_s, [found[key] for key in sorted(found)]


def _sources(db: Database, span_s: int, from_s: float, to_s: float) -> list[tuple[_Grain, int, int]]:
    """Which table tells of which part of the window.

    The coarsest grain that is fine enough tells of all it can. Before it, where it is no longer kept, a coarser
    one does; after it, what is not yet rolled up is told by a finer one.
    """
    lo_s, hi_s = math.floor(from_s), math.ceil(to_s)
    oldest_raw_s = _edge(db, _RAW, "min")
    oldest_raw_s = hi_s if oldest_raw_s is None else oldest_raw_s
    oldest_minute_s = _edge(db, _MINUTE, "min")
    oldest_minute_s = oldest_raw_s if oldest_minute_s is None else oldest_minute_s
    # A row belongs to the coarser table only if it lies wholly before the finer one begins.
    to_minutes_s = oldest_minute_s - _QUARTER.span_s + 1
    to_raw_s = oldest_raw_s - _MINUTE.span_s + 1
    if span_s >= _QUARTER.span_s:
        to_minutes_s = _end(db, _QUARTER, lo_s)
    if span_s >= _MINUTE.span_s:
        to_raw_s = _end(db, _MINUTE, to_minutes_s)
    to_minutes_s = min(max(to_minutes_s, lo_s), hi_s)
    to_raw_s = min(max(to_raw_s, to_minutes_s), hi_s)
    return [(_QUARTER, lo_s, to_minutes_s), (_MINUTE, to_minutes_s, to_raw_s), (_RAW, to_raw_s, hi_s)]


def _end(db: Database, grain: _Grain, nothing_s: int) -> int:
    """Until when a table tells; ``nothing_s`` where it is empty."""
    last_s = _edge(db, grain, "max")
    return nothing_s if last_s is None else last_s + grain.span_s


def _buckets(db: Database, grain: _Grain, start_s: int, end_s: int, span_s: int) -> Iterator[HistoryBucket]:
    sums = [f"at_s / {span_s} * {span_s}", _count(grain)]
    for channel in CHANNELS:
        low, high = (channel, channel) if grain is _RAW else (f"{channel}_min", f"{channel}_max")
        sums += [_mean(grain, channel), f"min({low})", f"max({high})"]
    sql = f"SELECT {', '.join(sums)} FROM {grain.table} WHERE at_s >= ? AND at_s < ? GROUP BY 1"  # noqa: S608
    for row in db.execute(sql, (start_s, end_s)):
        triples = zip(CHANNELS, row[2::3], row[3::3], row[4::3], strict=True)
        spreads = {name: Spread(mean, low, high) for name, mean, low, high in triples if mean is not None}
        yield HistoryBucket(float(row[0]), int(row[1]), spreads)


def _merged(a: HistoryBucket, b: HistoryBucket) -> HistoryBucket:
    """Two parts of one bucket, from two grains."""
    channels = dict(a.channels)
    for name, other in b.channels.items():
        mine = channels.get(name)
        if mine is None:
            channels[name] = other
            continue
        mean = (mine.mean * a.count + other.mean * b.count) / (a.count + b.count)
        channels[name] = Spread(mean, min(mine.low, other.low), max(mine.high, other.high))
    return HistoryBucket(a.at_s, a.count + b.count, channels)


def export(db: Database, from_s: float, to_s: float) -> list[ReadingRow]:
    """The next rows of ``from_s`` .. ``to_s`` in the finest grain kept, at most some thousand; empty: the end."""
    for grain, start_s, end_s in _sources(db, 1, from_s, to_s):
        sql = f"SELECT {_COLUMNS} FROM {grain.table} WHERE at_s >= ? AND at_s < ? ORDER BY at_s LIMIT ?"  # noqa: S608
        rows = db.execute(sql, (start_s, end_s, _EXPORT_ROWS)).fetchall()
        if rows:
            return [ReadingRow(at_s=row[0], **dict(zip(CHANNELS, row[1:], strict=True))) for row in rows]
    return []
