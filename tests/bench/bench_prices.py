"""How good expected day-ahead prices are: RMSE in ct/kWh for the day 12 to 36 h ahead, beside simple averages.

    python tests/bench/bench_prices.py [PRICES.csv[.gz]] [--tz Europe/Amsterdam]

Asked each noon, when prices are known until midnight, for the whole of tomorrow. PRICES has the columns time_utc and
price_eur_per_mwh. Without one it takes the year of real prices that lies beside the checkout in shared/data.
"""

import argparse
import gzip
import statistics
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from energy.horizon import make_edges
from energy.tariffs import AsPublished, parse_prices

BESIDE = Path(__file__).resolve().parents[3] / "shared/data/prices_nl_day_ahead_hourly_2024.csv.gz"
LEARN_DAYS = 60


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prices", type=Path, nargs="?", default=BESIDE)
    parser.add_argument("--tz", default="Europe/Amsterdam")
    args = parser.parse_args()
    if not args.prices.exists():
        print(f"skipped: no prices at {args.prices.name}; name a CSV of time_utc, price_eur_per_mwh")
        return
    raw = args.prices.read_bytes()
    series = parse_prices(
        (gzip.decompress(raw) if args.prices.suffix == ".gz" else raw).decode(), name=str(args.prices)
    )
    tz = ZoneInfo(args.tz)
    published = AsPublished(series, tz=args.tz)
    day = datetime.fromtimestamp(series.start_s, tz).replace(hour=0, minute=0) + timedelta(days=LEARN_DAYS)
    errors: dict[str, list[np.ndarray]] = {"ours": [], "yesterday again": [], "mean of 7 days": []}
    took_s = []
    while (day + timedelta(days=1)).timestamp() <= series.end_s - 3600.0:
        edges = day.timestamp() + 3600.0 * np.arange(25)
        truth = series.mean_by_step(edges)
        back = [series.mean_by_step(edges - days * 86400.0) for days in range(1, 8)]
        day += timedelta(days=1)
        if not np.isfinite([truth, *back]).all():
            continue
        began = time.perf_counter()
        ours = published.at(edges[0] - 12 * 3600.0).prices(edges).import_eur_per_kwh
        took_s.append(time.perf_counter() - began)
        errors["ours"].append(ours - truth)
        errors["yesterday again"].append(back[0] - truth)
        errors["mean of 7 days"].append(np.mean(back, axis=0) - truth)
    print(f"{len(took_s)} days from the {LEARN_DAYS}th on, each asked at noon of the day before, ct/kWh")
    print(f"{'':18}{'RMSE':>8}{'mean error':>12}{'median':>8}{'level off':>11}{'shape off':>11}")
    for name, rows in errors.items():
        off = 100.0 * np.array(rows)
        level = off.mean(axis=1, keepdims=True)
        figures = (_rms(off), np.abs(off).mean(), np.median(np.abs(off)), _rms(level), _rms(off - level))
        print("{:18}{:8.2f}{:12.2f}{:8.2f}{:11.2f}{:11.2f}".format(name, *figures))
    print(f"one forecast: median {1e3 * statistics.median(took_s):.2f} ms")
    _year(published, day)


def _year(published: AsPublished, end: datetime) -> None:
    """What asking costs when it is done as a backtest does: every quarter hour, a plan's horizon each."""
    starts = end.timestamp() - 60 * 86400.0 + 900.0 * np.arange(60 * 96)
    began = time.perf_counter()
    for now_s in starts.tolist():
        published.at(now_s).prices(make_edges(now_s))
    print(f"asked every 15 min for 60 days: {1e3 * (time.perf_counter() - began) / len(starts):.3f} ms each")


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


if __name__ == "__main__":
    main()
