"""Weather is kept as it was last told, and a session knows when its car was unplugged."""

import sqlite3
from pathlib import Path

from app.engine.weather import WeatherKeeper
from app.store import SessionRow, Store, WeatherRow

T0 = 1_767_225_600.0


async def test_what_is_told_anew_replaces_what_was_told_before(path: Path) -> None:
    store = await Store.open(path)
    await store.book(
        WeatherRow(at_s=T0, temperature_c=3.0, cloud_share=0.5), WeatherRow(at_s=T0 + 3600, ghi_w_m2=120.0)
    )
    await store.book(WeatherRow(at_s=T0, temperature_c=4.0))
    await store.close()
    store = await Store.open(path)
    rows = await store.weather(T0)
    assert rows == [WeatherRow(at_s=T0, temperature_c=4.0), WeatherRow(at_s=T0 + 3600, ghi_w_m2=120.0)]
    assert await store.weather(T0 + 1) == rows[1:]
    keeper = WeatherKeeper(lambda _rows: None)
    keeper.restore(rows)
    assert keeper.weather is not None
    assert keeper.weather.temperature_c[0] == 4.0
    assert keeper.weather.at_s.tolist() == [T0, T0 + 3600]
    await store.close()


async def test_a_store_of_before_knows_no_unplugging(path: Path) -> None:
    store = await Store.open(path)
    await store.book(SessionRow(session_id="s1", start_s=T0))
    await store.book(SessionRow(session_id="s2", start_s=T0 + 60, unplugged_s=T0 + 90))
    await store.close()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT unplugged_s FROM sessions ORDER BY start_s").fetchall() == [(None,), (T0 + 90,)]
