"""What is booked comes back as it was, is on disk when acknowledged, and survives kill -9."""

import asyncio
import math
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.store import (
    AccountRow,
    CommandRow,
    DeliveryRow,
    EventRow,
    PlanRow,
    ReadingRow,
    ReasonRow,
    SessionRow,
    SettingRow,
    Store,
    StoreError,
    StoreFault,
    calendar,
)

T0 = 1_767_225_600.0  # 2026-01-01T00:00:00Z
BERLIN = ZoneInfo("Europe/Berlin")


async def test_everything_comes_back_as_it_was_booked_even_after_reopening(path: Path) -> None:
    session = SessionRow(
        session_id="s1", start_s=T0, end_s=T0 + 60, protocol="ISO 15118-20", charged_wh=10.5, discharged_wh=3.25
    )
    event = EventRow(
        source="utility", event_id="e1", kind="import_limit", start_s=T0, body={"intervals": [[1, 2]]}, opted_out=True
    )
    delivery = DeliveryRow(source="utility", event_id="e1", at_s=T0, asked_w=4200.0, delivered_w=4100.0)
    command = CommandRow(at_s=T0, source="backend", name="RemoteStop", body={"id": 7}, outcome="Accepted")
    reason = ReasonRow(
        at_s=T0, charger_id="c", power_w=-3000.0, code="feed_house", params={"until_s": 5.0}, limited_by=["x"]
    )
    plan = PlanRow(T0, {"ev_w": [1.0, None]})
    first = await Store.open(path)
    await first.book(session, event, delivery, command, plan)
    await first.set_setting("wishes", {"reserve_soc": 0.3}, T0)
    first.reason(reason)
    await first.close()
    second = await Store.open(path)
    try:
        assert await second.sessions() == [session]
        assert await second.events(T0) == [event]
        assert await second.deliveries("utility", "e1") == [delivery]
        assert await second.commands() == [command]
        assert await second.reasons(T0, T0 + 1) == [reason]
        assert await second.last_plan() == plan
        assert await second.last_plan(T0 - 1) is None
        assert await second.settings() == {"wishes": {"reserve_soc": 0.3}}
        assert second.notice == ""
    finally:
        await second.close()


async def test_a_session_grows_under_its_key_and_commands_never_merge(store: Store) -> None:
    await store.book(SessionRow(session_id="s", start_s=T0, charged_wh=1.0))
    await store.book(SessionRow(session_id="s", start_s=T0, charged_wh=2.0, end_s=T0 + 9, ended="unplugged"))
    [found] = await store.sessions()
    assert (found.charged_wh, found.ended) == (2.0, "unplugged")
    await store.book(*[CommandRow(at_s=T0, source="x", name="same") for _ in range(3)])
    assert len(await store.commands()) == 3


async def test_a_commit_is_whole_or_not_at_all(store: Store) -> None:
    bad = AccountRow(at_s=T0 + 900, span_s=900, cost=1.0)
    object.__setattr__(bad, "span_s", None)
    with pytest.raises(StoreError):
        await store.book(AccountRow(at_s=T0, span_s=900, cost=1.0), bad)
    assert await store.last_account_s() is None


async def test_a_setting_and_an_account_stand_or_fall_together(store: Store) -> None:
    memory = {"stored_wh": 1.5, "far": math.inf, "list": [1, None]}
    await store.book(AccountRow(at_s=T0, span_s=60), SettingRow(key="memory", value=memory, at_s=T0))
    assert await store.settings() == {"memory": memory}
    bad = AccountRow(at_s=T0 + 60, span_s=60)
    object.__setattr__(bad, "span_s", None)
    with pytest.raises(StoreError):
        await store.book(SettingRow(key="memory", value="new", at_s=T0), bad)
    assert await store.settings() == {"memory": memory}


async def test_energy_by_path_and_money_of_a_day_a_month_a_year(store: Store) -> None:
    rows = [
        AccountRow(
            at_s=T0 - 3600 + 900 * n,
            span_s=900,
            solar_car_wh=100.0,
            car_grid_wh=50.0,
            cost=0.1,
            baseline_cost=0.3,
            wear=0.05,
            ahead_wh=-40.0,
        )
        for n in range(24 * 4)
    ]
    await store.book(*rows)
    day = await store.summary("day", date(2026, 1, 1), BERLIN)
    assert [label for label, _ in day] == [f"{hour:02}:00" for hour in range(24)]
    assert all(total.paths_wh["solar_car"] == 400.0 for _, total in day)
    for period in ("month", "year"):
        [first, *rest] = await store.summary(period, date(2026, 1, 15), BERLIN)  # type: ignore[arg-type]
        assert first[1].paths_wh["car_grid"] == 24 * 4 * 50.0
        assert first[1].saved(0.0) == pytest.approx(24 * 4 * 0.15)
        assert first[1].saved(0.25) == pytest.approx(24 * 4 * (0.15 - 0.01))
        assert all(total.saved(0.25) is None and total.paths_wh["car_grid"] == 0 for _, total in rest)
    assert await store.last_account_s() == T0 - 3600 + 86_400


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_day_has_as_many_hours_as_the_clocks_give_it(day: date, hours: int) -> None:
    made = calendar("day", day, BERLIN)
    assert len(made.labels) == hours == len(made.edges_s) - 1
    assert made.edges_s[-1] - made.edges_s[0] == hours * 3600
    assert made.labels.count("02:00") == {23: 0, 24: 1, 25: 2}[hours]


def test_months_and_years_join_without_gap() -> None:
    for year in (2024, 2026):
        months = [calendar("month", date(year, month, 28), BERLIN) for month in range(1, 13)]
        assert all(a.edges_s[-1] == b.edges_s[0] for a, b in pairwise(months))
        assert calendar("year", date(year, 5, 5), BERLIN).edges_s == [m.edges_s[0] for m in months] + [
            months[-1].edges_s[-1]
        ]
    assert len(calendar("month", date(2024, 2, 1), BERLIN).labels) == 29


async def test_money_is_synced_and_telemetry_is_not(store: Store) -> None:
    pragmas = {
        name: [db.execute(f"PRAGMA {name}").fetchone()[0] for db in (store._vault.swift, store._vault.sure)]
        for name in ("journal_mode", "synchronous")
    }
    assert pragmas == {"journal_mode": ["wal", "wal"], "synchronous": [1, 2]}


WRITER = """
import asyncio, sys
from pathlib import Path
from app.store import AccountRow, Store

async def main():
    store = await Store.open(Path(sys.argv[1]))
    for n in range(1_000_000):
        await store.book(AccountRow(at_s=float(n), span_s=1.0, cost=0.01))
        print(n, flush=True)

asyncio.run(main())
"""


def test_every_acknowledged_booking_survives_kill_9(path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = -1
    for line in process.stdout:
        acknowledged = int(line)
        if acknowledged >= 200:
            break
    os.kill(process.pid, signal.SIGKILL)
    for line in process.stdout:
        if line.endswith("\n"):
            acknowledged = int(line)
    process.wait()
    found = [row[0] for row in sqlite3.connect(path).execute("SELECT at_s FROM accounts ORDER BY at_s")]
    assert found[: acknowledged + 1] == [float(n) for n in range(acknowledged + 1)]
    assert len(found) <= acknowledged + 2


async def test_the_loop_goes_on_while_the_disk_is_slow(store: Store) -> None:
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow_disk() -> None:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(20)

    blocked = loop.run_in_executor(store._writer, slow_disk)
    booking = asyncio.create_task(store.book(AccountRow(at_s=T0, span_s=1.0)))
    for second in range(50):
        store.reading(ReadingRow(at_s=T0 + second, grid_w=1.0))
        await asyncio.sleep(0)
    assert not booking.done()
    assert await store.settings() == {}  # reading is not in the writer's queue
    release.set()
    await asyncio.gather(blocked, booking)
    await store.flush()
    _, buckets = await store.history(T0, T0 + 60, 1000)
    assert sum(bucket.count for bucket in buckets) == 50


async def test_a_closed_store_says_so(path: Path) -> None:
    store = await Store.open(path)
    await store.close()
    await store.close()
    store.reading(ReadingRow(at_s=T0))
    for work in (store.book(CommandRow(at_s=T0, source="x", name="y")), store.sessions()):
        with pytest.raises(StoreError) as caught:
            await work
        assert caught.value.fault is StoreFault.CLOSED


async def test_a_plan_is_kept_packed_and_one_kept_as_text_is_read(path: Path) -> None:
    body = {"reason_params": {"price_eur_per_kwh": [0.25] * 288}}
    first = await Store.open(path)
    await first.book(PlanRow(T0, body))
    await first.close()
    with sqlite3.connect(path) as db:
        [(packed,)] = db.execute("SELECT body FROM plans").fetchall()
        assert len(packed) < 300
        db.execute("INSERT INTO plans VALUES (?, ?)", (T0 + 60, '{"ev_w": [1.0]}'))
    second = await Store.open(path)
    try:
        assert await second.last_plan(T0 + 59) == PlanRow(T0, body)
        assert await second.last_plan() == PlanRow(T0 + 60, {"ev_w": [1.0]})
    finally:
        await second.close()


async def test_the_next_change_of_set_point_is_found_for_its_charger(store: Store) -> None:
    await store.book(*[ReasonRow(at_s=T0 + s, charger_id=c, power_w=0.0, code="hold") for s, c in ((0, "a"), (9, "b"))])
    assert await store.next_reason_s("b", T0) == T0 + 9
    assert await store.next_reason_s("a", T0) == T0
    assert await store.next_reason_s("a", T0 + 1) is None
