"""An engine whose prices come while it runs: planned with at once, kept over a restart, peaks remembered."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app.clock import StepClock
from app.config.load import load_home
from app.config.secrets import Secrets
from app.engine import views
from app.engine.engine import Engine
from app.engine.ladder import Fallback, FallbackStep
from app.engine.plan_types import PlanDone
from app.engine.tariff import IMPORT
from app.store import AccountRow
from energy.plan.types import Money, Plan
from energy.tariffs import PriceSeries

T0 = datetime(2024, 4, 16, 10, 0, tzinfo=UTC).timestamp()
HOME = """
[home]
timezone = "UTC"
[connection]
fuse_a = 25
[tariff]
kind = "day_ahead"
markup_per_kwh = 0.1
import_per_kwh = 0.5
provider = { kind = "awattar", url = "http://127.0.0.1:1/x" }
peak = [{ per_kw = 4.0 }]
"""


async def opened(tmp_path: Path) -> Engine:
    path = tmp_path / "home.toml"
    path.write_text(HOME)
    return await Engine.open(
        load_home(path),
        home_file=path,
        state_dir=tmp_path,
        clock=StepClock(T0, 1.0),
        secrets=Secrets({}, tmp_path / "secrets.toml"),
    )


async def test_new_prices_are_planned_with_at_once_and_kept(tmp_path: Path) -> None:
    engine = await opened(tmp_path)
    assert "prices" in [driver.name for driver in engine.drivers]
    assert engine.tariffs.now.at(T0) == (0.5, 0.08)
    told: list[str] = []
    engine.on_news.append(told.append)
    asked: list[str] = []
    engine.planner.ask = asked.append  # type: ignore[method-assign]
    engine.tariffs.take(IMPORT, PriceSeries(T0 + 3600.0 * np.arange(3), np.array([0.1, 0.2, 0.3])))
    assert (asked, told) == (["new prices"], ["plan"])
    assert engine.tariffs.now.at(T0) == pytest.approx((0.2, 0.1))
    engine._book_account(AccountRow(at_s=T0 - 900.0, span_s=900.0, grid_car_wh=1500.0), {})
    [peak, *_] = engine.tariff.terms(T0, engine._imported(T0)).peaks
    assert peak.so_far_w == 6000.0
    await engine.scribe.finish()
    await engine.store.close()

    again = await opened(tmp_path)
    assert again.tariffs.now.at(T0 + 3600.0) == pytest.approx((0.3, 0.2))
    [peak, *_] = again.tariff.terms(T0, again._imported(T0)).peaks
    assert peak.so_far_w == 6000.0
    await again.store.close()


@pytest.mark.parametrize(
    ("steps", "known_until"),
    [
        ((), None),
        ((FallbackStep(kind=Fallback.PRICES_EXPECTED, from_s=T0 + 3600.0),), T0 + 3600.0),
        ((FallbackStep(kind=Fallback.PRICES_MISSING, why="gone"),), T0),
    ],
)
def test_a_plan_tells_from_when_prices_are_expected(steps: tuple[FallbackStep, ...], known_until: float | None) -> None:
    plan = Plan(made_s=T0, plugs=(), promises=(), money=Money(planned_eur=0.0, baseline_eur=0.0), optimal=True)
    done = PlanDone(
        plan=plan, load_low_w=(), load_high_w=(), solar_low_w=(), solar_high_w=(), solver="HiGHS", steps=steps
    )
    found = views._price_known_until(done)
    assert (found.timestamp() if found is not None else None) == known_until
