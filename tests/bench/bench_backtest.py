"""What a replay costs in time, and what is captured, on the real house: seconds a day of each strategy, beside limits.

    python tests/bench/bench_backtest.py [--start 2024-06-10] [--days 7]

Without ../shared/data beside the checkout it takes the few real days in tests/data. A year of one home (own strategy,
a plan every 15 min, dispatch every minute) shall take no more than 15 min on two cores: 2.4 s a day on one of them.
"""

import argparse
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from app.csv_text import read_csv_text
from energy.backtest.data import parse_house, parse_market
from energy.backtest.home import BacktestHome
from energy.backtest.job import OWN, PERFECT, USUAL, Job, Results, parts, run, scores

ROOT = Path(__file__).resolve().parents[2]
BESIDE = ROOT.parent / "shared" / "data"
SAMPLES = ROOT / "tests" / "data" / "energy"
LIMIT_S = 15 * 60 / 365
YEAR_DAYS = 365


class Nowhere:
    """Keeps nothing."""

    def load(self, name: str) -> object | None:
        """Nothing."""
        return None

    def save(self, name: str, what: object, *, now: bool = False) -> None:
        """Nothing."""


def main() -> None:
    """Print a line for each strategy."""
    beside = BESIDE.exists()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--start", default="2024-06-10" if beside else "2024-09-09")
    parser.add_argument("--days", type=int, default=7 if beside else 2)
    args = parser.parse_args()
    house = "house_fr_30min_2024-02_2025-02.csv.gz" if beside else "house_fr_week_2024-09.csv"
    prices = "prices_nl_day_ahead_hourly_2024.csv.gz" if beside else "prices_nl_2024-09.csv"
    folder = BESIDE if beside else SAMPLES
    home = BacktestHome()
    job = Job(
        home=home,
        house=parse_house(read_csv_text(folder / house)),
        market=parse_market(read_csv_text(folder / prices)),
        start_s=datetime.fromisoformat(args.start).replace(tzinfo=ZoneInfo(home.tz)).timestamp(),
        days=args.days,
    )
    spent: dict[str, float] = {}
    results = Results()
    last = time.process_time()

    def tell(name: str, share: float) -> None:
        nonlocal last
        now = time.process_time()
        spent[name] = spent.get(name, 0.0) + now - last
        last = now

    for group in parts(job.strategies):
        results.add(run(job, group, Nowhere(), tell))
    found, _ = scores(job, results)
    base = sum(found["arrival"].regret_eur)
    print(f"{'strategy':10} {'s a day':>8} {'min a year':>11} {'captured':>9} {'missed':>7}")
    for name in USUAL:
        a_day = spent.get(name, 0.0) / args.days
        limit = f"  limit {LIMIT_S:.2f} s a day" if name in (OWN, PERFECT) else ""
        print(
            f"{name:10} {a_day:8.3f} {a_day * YEAR_DAYS / 60:11.1f} {1 - sum(found[name].regret_eur) / base:9.1%} "
            f"{found[name].departures_missed:7d}{limit}"
        )


if __name__ == "__main__":
    main()
