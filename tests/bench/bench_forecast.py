"""How good the forecasts are: day-ahead RMSE on a real house beside simple averages, and how long one takes.

    python tests/bench/bench_forecast.py [HOUSE.csv[.gz]] [--tz Europe/Paris] [--days 14]

HOUSE has the columns time_utc, load_w, pv_w (mean W of equal intervals; empty: no reading). Without one it takes the
year of a real house that lies beside the checkout in shared/data, where there is one.
"""

import argparse
import csv
import gzip
import io
import math
import statistics
import time
from datetime import datetime
from pathlib import Path

import numpy as np

from energy.forecast import History, SolarSite, forecast_load, forecast_solar

BESIDE = Path(__file__).resolve().parents[3] / "shared/data/house_fr_30min_2024-02_2025-02.csv.gz"


def read(path: Path) -> dict[str, np.ndarray]:
    """Columns as arrays; an empty cell is NaN."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    at_s = [datetime.fromisoformat(row["time_utc"]).timestamp() for row in rows]
    columns = {"at_s": np.array(at_s)}
    for name in ("load_w", "pv_w"):
        columns[name] = np.array([float(row[name]) if row[name] else np.nan for row in rows])
    return columns


def rmse(errors: list[np.ndarray]) -> float:
    """Root mean square of all errors that are numbers."""
    return float(np.sqrt(np.nanmean(np.concatenate(errors) ** 2)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("house", type=Path, nargs="?", default=BESIDE)
    parser.add_argument("--tz", default="Europe/Paris")
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--peak-w", type=float, default=5000.0)
    parser.add_argument("--latitude", type=float, default=45.0)
    parser.add_argument("--longitude", type=float, default=3.0)
    args = parser.parse_args()
    if not args.house.exists():
        print(f"skipped: no household at {args.house.name}; name a CSV of time_utc, load_w, pv_w")
        return
    house = read(args.house)
    at_s, load, solar = house["at_s"], house["load_w"], house["pv_w"]
    load_history, solar_history = History(at_s, load), History(at_s, solar)
    site = SolarSite(peak_w=args.peak_w, latitude_deg=args.latitude, longitude_deg=args.longitude)
    # Local midnights of a winter window: an hour before those of UTC.
    end = math.ceil((at_s[-1] + 3600.0) / 86400) * 86400.0 - 3600.0
    errors: dict[str, list[np.ndarray]] = {
        k: []
        for k in (
            "load, ours",
            "load, 7 and 28 days",
            "load, 7 days",
            "load, yesterday",
            "solar, ours",
            "solar, yesterday",
        )
    }
    above, below, took = [], [], []
    for day in range(args.days, 0, -1):
        start_s = end - 86400.0 * day
        k = round((start_s - at_s[0]) / 1800.0)
        missing = np.full(max(0, k + 48 - len(load)), np.nan)
        truth, sun = np.append(load[k : k + 48], missing), np.append(solar[k : k + 48], missing)
        edges = start_s + 1800.0 * np.arange(49)
        begun = time.perf_counter()
        ours = forecast_load(load_history, edges, now_s=start_s, tz=args.tz)
        took.append(time.perf_counter() - begun)
        past = load[k - 28 * 48 : k].reshape(28, 48)
        errors["load, ours"].append(ours.mean_w - truth)
        errors["load, 7 and 28 days"].append((np.nanmean(past[-7:], 0) + np.nanmean(past, 0)) / 2 - truth)
        errors["load, 7 days"].append(np.nanmean(past[-7:], 0) - truth)
        errors["load, yesterday"].append(past[-1] - truth)
        roof = forecast_solar(solar_history, edges, now_s=start_s, site=site, tz=args.tz)
        errors["solar, ours"].append(roof.mean_w - sun)
        errors["solar, yesterday"].append(solar[k - 48 : k] - sun)
        above.append(np.mean(truth > ours.p90_w))
        below.append(np.mean(truth < ours.p10_w))
    print(f"day-ahead RMSE over {args.days} days, W")
    for name, values in errors.items():
        print(f"  {name:22s} {rmse(values):7.0f}")
    print(f"load above p90: {np.mean(above):.1%}, below p10: {np.mean(below):.1%} (10 % each is right)")
    print(f"one load forecast: median {statistics.median(took) * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
