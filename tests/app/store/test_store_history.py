"""Readings: decimated so that no window draws a day by the second, rolled up, and forgotten in time."""

import csv
import io
import math
import random
from pathlib import Path

import pytest
from sqlite_utils import Database

from app.store import ReadingRow, Retention, Store, telemetry
from app.store.migrate import migrate

T0 = 1_767_225_600
DAY_S = 86_400


def database() -> Database:
    db = Database(memory=True)
    migrate(db, Path("memory"))
    return db


def fill(db: Database, seconds: int, step: int = 1, start: int = T0) -> dict[int, float]:
    """A sawtooth; returns what was written."""
    values = {at: float((at - start) % 1000) for at in range(start, start + seconds, step)}
    telemetry.write(db, [ReadingRow(at_s=at, grid_w=value) for at, value in values.items()])
    return values


def check(db: Database, values: dict[int, float], from_s: int, to_s: int, max_points: int) -> None:
    """History equals what one would compute by hand from every reading."""
    span, buckets = telemetry.history(db, from_s, to_s, max_points)
    assert len(buckets) <= max_points
    expected: dict[int, list[float]] = {}
    for at, value in values.items():
        if from_s <= at < to_s:
            expected.setdefault(at // span * span, []).append(value)
    assert [int(b.at_s) for b in buckets] == sorted(expected)
    for bucket in buckets:
        mine = expected[int(bucket.at_s)]
        spread = bucket.channels["grid_w"]
        assert bucket.count == len(mine)
        assert (spread.low, spread.high) == (min(mine), max(mine))
        assert spread.mean == pytest.approx(sum(mine) / len(mine))


@pytest.mark.parametrize("max_points", [1, 2, 10, 500, 1440, 100_000])
def test_history_is_mean_low_and_high_of_every_reading(max_points: int) -> None:
    db = database()
    values = fill(db, 3 * 3600)
    check(db, values, T0, T0 + 3 * 3600, max_points)
    telemetry.roll_up(db, T0 + 2 * 3600 + 777)
    check(db, values, T0, T0 + 3 * 3600, max_points)


def test_a_day_by_the_second_is_never_drawn_point_by_point() -> None:
    db = database()
    fill(db, DAY_S, step=10)
    telemetry.roll_up(db, T0 + DAY_S)
    span, buckets = telemetry.history(db, T0, T0 + DAY_S, 600)
    assert (span, len(buckets)) == (300, 288)


@pytest.mark.parametrize("seed", range(8))
def test_history_is_the_same_whatever_was_rolled_up_and_forgotten(seed: int) -> None:
    rng = random.Random(seed)
    db = database()
    values = fill(db, 5 * 3600, step=7, start=T0 + rng.randrange(900))
    end = max(values)
    for moment in sorted(rng.sample(range(T0, end), 4)):
        telemetry.roll_up(db, moment)
    telemetry.roll_up(db, end - rng.randrange(2000))
    retention = Retention(raw_days=1.5 * 3600 / DAY_S, minute_days=3 * 3600 / DAY_S)
    telemetry.forget(db, end, retention)
    raw, minutes = (db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("readings", "readings_minute"))
    assert raw < len(values) / 2
    assert minutes < 5 * 60
    # In buckets of a quarter of an hour or more nothing is seen of all that.
    for max_points in (2, 6, 20):
        check(db, values, T0, end + 1, max_points)
    # Finer windows show the old part coarser, and count each reading once.
    _, buckets = telemetry.history(db, T0, end + 1, 100_000)
    assert sum(bucket.count for bucket in buckets) == len(values)


def test_nothing_is_forgotten_before_it_is_rolled_up() -> None:
    db = database()
    values = fill(db, 7200, step=10)
    telemetry.forget(db, T0 + 1000 * DAY_S, Retention())
    check(db, values, T0, T0 + 7200, 1000)


def test_what_is_not_yet_rolled_up_is_kept_however_old() -> None:
    db = database()
    values = fill(db, 7200, step=10)
    telemetry.roll_up(db, T0 + 3600)
    telemetry.forget(db, T0 + 1000 * DAY_S, Retention())
    for max_points in (2, 5):  # buckets of a quarter of an hour or more
        check(db, values, T0, T0 + 7200, max_points)


@pytest.mark.parametrize("offset", [1, 59, 61, 400, 899])
def test_a_home_that_begins_within_a_quarter_is_counted_once(offset: int) -> None:
    db = database()
    values = fill(db, 5000, step=3, start=T0 + offset)
    telemetry.roll_up(db, T0 + 4000)
    for max_points in (3, 10, 100, 10_000):
        check(db, values, T0, T0 + 6000, max_points)


def test_unknown_stays_unknown() -> None:
    db = database()
    rows = [ReadingRow(at_s=T0 + n, grid_w=100.0 if n % 2 else None, soc=math.nan) for n in range(60)]
    telemetry.write(db, rows)
    telemetry.roll_up(db, T0 + 60)
    for max_points in (1, 100):
        for bucket in telemetry.history(db, T0, T0 + 60, max_points)[1]:
            assert "soc" not in bucket.channels
            assert "solar_w" not in bucket.channels
            assert bucket.channels.get("grid_w") is None or bucket.channels["grid_w"].mean == 100.0


def test_a_window_without_readings_is_empty() -> None:
    db = database()
    assert telemetry.history(db, T0, T0 + DAY_S, 100)[1] == []
    fill(db, 60)
    assert telemetry.history(db, T0 + DAY_S, T0 + 2 * DAY_S, 100)[1] == []
    assert telemetry.history(db, T0 + 10, T0 + 10, 100)[1] == []


async def test_readings_are_rolled_up_as_they_come_and_exported(path: Path) -> None:
    store = await Store.open(path)
    for second in range(0, 1800, 5):
        store.reading(ReadingRow(at_s=T0 + second + 0.7, grid_w=float(second), ev_w=-3000.0, soc=0.5))
    await store.flush()
    minutes = store._vault.swift.execute("SELECT count(*) FROM readings_minute").fetchone()[0]
    assert minutes == 29
    text = "".join([part async for part in store.export_csv(T0, T0 + 1800)])
    await store.close()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 360
    assert rows[1] == {
        "time": "2026-01-01T00:00:05Z",
        "grid_w": "5.0",
        "solar_w": "",
        "load_w": "",
        "ev_w": "-3000.0",
        "soc": "0.5",
        "frequency_hz": "",
        "battery_w": "",
        "battery_soc": "",
    }


async def test_a_long_export_comes_in_pieces_and_whole(store: Store) -> None:
    for second in range(3000):
        store.reading(ReadingRow(at_s=T0 + second, grid_w=1.0))
    await store.flush()
    parts = [part async for part in store.export_csv(T0, T0 + 5000)]
    assert len(parts) == 3
    assert sum(part.count("\n") for part in parts) == 3001
