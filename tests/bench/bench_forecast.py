"""How good the forecasts are, each made at its midnight from what was known then, beside simple averages.

    python tests/bench/bench_forecast.py [HOUSE.csv[.gz]] [--tz Europe/Paris] [--days 14] [--since 60]

HOUSE has the columns time_utc, load_w, pv_w and, where a provider's forecast is known, pv_forecast_w (mean W of equal
intervals; empty: no reading). Without one it takes the year of a real house that lies beside the checkout in
shared/data, where there is one. The last ``--days`` days are scored apart from those before them, from day ``--since``
on: whatever was chosen in this forecast was chosen by the latter.
"""

import argparse
import csv
import gzip
import io
import statistics
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from energy.forecast import (
    Forecast,
    History,
    SolarSite,
    Weather,
    forecast_load,
    forecast_solar,
    make_scenarios,
    score_sentence,
)
from energy.forecast.clean import clean

BESIDE = Path(__file__).resolve().parents[3] / "shared/data/house_fr_30min_2024-02_2025-02.csv.gz"
SLOTS = 48
TARGET_W, PUBLISHED_W, LARGE_MODEL_W = 735, 735, 691


def read(path: Path) -> dict[str, np.ndarray]:
    """Columns as arrays; an empty cell is NaN."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    at_s = [datetime.fromisoformat(row["time_utc"]).timestamp() for row in rows]
    columns = {"at_s": np.array(at_s)}
    for name in ("load_w", "pv_w", "pv_forecast_w"):
        columns[name] = np.array([float(row[name]) if row.get(name) else np.nan for row in rows])
    return columns


@dataclass
class Way:
    """What one way of forecasting said of each day, and how long it took."""

    name: str
    errors_w: list[np.ndarray] = field(default_factory=list)
    inside: list[np.ndarray] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)

    def add(self, said: np.ndarray | Forecast, truth: np.ndarray, took_s: float = 0.0) -> None:
        """One day."""
        mean = said.mean_w if isinstance(said, Forecast) else said
        self.errors_w.append(mean - truth)
        if isinstance(said, Forecast):
            # In the dark there is nothing to hold.
            seen = np.isfinite(truth) & (said.p90_w > 1.0)
            held = (truth >= said.p10_w) & (truth <= said.p90_w)
            self.inside.append(np.where(seen, held, np.nan))
            self.took_s.append(took_s)

    def line(self, part: slice) -> str:
        """RMSE, mean error, and how much the band holds."""
        errors = np.concatenate(self.errors_w[part])
        text = f"  {self.name:32s} {np.sqrt(np.nanmean(errors**2)):6.0f} {np.nanmean(np.abs(errors)):6.0f}"
        if self.inside:
            text += f"   band holds {np.nanmean(np.concatenate(self.inside[part])):5.1%}"
        return text

    def rmse(self, part: slice) -> float:
        """W."""
        return float(np.sqrt(np.nanmean(np.concatenate(self.errors_w[part]) ** 2)))


class Series:
    """A series by local day."""

    def __init__(self, at_s: np.ndarray, values: np.ndarray, zone: ZoneInfo) -> None:
        self.at_s, self.values, self.zone = at_s, values, zone
        self.step = {float(t): k for k, t in enumerate(at_s.tolist())}

    def day(self, start_s: float) -> np.ndarray:
        """(48,) half hours from an instant on."""
        found = [self.step.get(start_s + 1800.0 * k) for k in range(SLOTS)]
        return np.array([np.nan if k is None else self.values[k] for k in found])

    def past(self, day: date, count: int) -> np.ndarray:
        """(count, 48) the local days before ``day``."""
        return np.stack(
            [self.day(midnight_s(date.fromordinal(day.toordinal() - k), self.zone)) for k in range(count, 0, -1)]
        )


def midnight_s(day: date, zone: ZoneInfo) -> float:
    """POSIX s."""
    return datetime.combine(day, clock_time(), zone).timestamp()


def averages(series: Series, day: date, ways: dict[str, Way], what: str, truth: np.ndarray) -> None:
    """Yesterday, and the means of days."""
    with np.errstate(invalid="ignore"):
        past = series.past(day, 28)
        week, month = (np.nanmean(past[-count:], axis=0) for count in (7, 28))
        for name, said in (("yesterday", past[-1]), ("7 days", week), ("7 and 28 days", (week + month) / 2)):
            ways.setdefault(f"{what}, {name}", Way(f"{what}, {name}")).add(said, truth)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("house", type=Path, nargs="?", default=BESIDE)
    parser.add_argument("--tz", default="Europe/Paris")
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--since", type=int, default=60, help="first day of the house that is scored")
    parser.add_argument("--peak-w", type=float, default=5000.0)
    parser.add_argument("--latitude", type=float, default=45.0)
    parser.add_argument("--longitude", type=float, default=3.0)
    args = parser.parse_args()
    if not args.house.exists():
        print(f"skipped: no household at {args.house.name}; name a CSV of time_utc, load_w, pv_w")
        return
    import warnings

    warnings.simplefilter("ignore", RuntimeWarning)  # means of nothing, at night
    house, zone = read(args.house), ZoneInfo(args.tz)
    at_s = house["at_s"]
    load, solar = (Series(at_s, house[name], zone) for name in ("load_w", "pv_w"))
    load_history, solar_history = History(at_s, house["load_w"]), History(at_s, house["pv_w"])
    site = SolarSite(peak_w=args.peak_w, latitude_deg=args.latitude, longitude_deg=args.longitude)
    told = Weather.of(at_s + 900.0, solar_w=np.maximum(house["pv_forecast_w"], 0.0))
    provided = bool(np.isfinite(told.solar_w).any())
    first = datetime.fromtimestamp(at_s[0], zone).date().toordinal() + args.since
    last = datetime.fromtimestamp(at_s[-1], zone).date().toordinal()
    ways: dict[str, Way] = {}
    made: dict[str, Forecast] = {}

    def ours(name: str, truth: np.ndarray, make: object, *inputs: object, **options: object) -> None:
        begun = time.perf_counter()
        made[name] = make(*inputs, **options)  # type: ignore[operator]
        ways.setdefault(name, Way(name)).add(made[name], truth, time.perf_counter() - begun)

    for ordinal in range(first, last + 1):
        day = date.fromordinal(ordinal)
        now_s = midnight_s(day, zone)
        edges = now_s + 1800.0 * np.arange(SLOTS + 1)
        of_load, of_sun = load.day(now_s), solar.day(now_s)
        place = {"now_s": now_s, "tz": args.tz}
        ours("load, ours", of_load, forecast_load, load_history, edges, **place)
        averages(load, day, ways, "load", of_load)
        ours("solar, ours", of_sun, forecast_solar, solar_history, edges, site=site, **place)
        if provided:
            # A provider knows two days ahead, and what it said before.
            until = told.at_s < now_s + 2 * 86_400.0
            known = Weather.of(told.at_s[until], solar_w=told.solar_w[until])
            name = "solar, ours with the provider"
            ours(name, of_sun, forecast_solar, solar_history, edges, site=site, weather=known, **place)
            word = np.interp(edges[:-1] + 900.0, known.at_s, np.nan_to_num(known.solar_w))
            ways.setdefault("solar, the provider", Way("solar, the provider")).add(word, of_sun)
        averages(solar, day, ways, "solar", of_sun)
    parts = {
        f"day-ahead, the {args.days} days to {date.fromordinal(last)}": slice(-args.days, None),
        f"day-ahead, the {last - first + 1 - args.days} days before": slice(None, -args.days),
    }
    for title, part in parts.items():
        print(f"{title}: RMSE and mean error, W")
        for way in sorted(ways.values(), key=lambda w: w.name):
            print(way.line(part))
    reached = ways["load, ours"].rmse(slice(-args.days, None))
    verdict = "met" if reached <= TARGET_W else "not met"
    print(f"load: {reached:.0f} W, target {TARGET_W} W: {verdict}; published on the shipped house and window:")
    print(f"  gradient boosting {PUBLISHED_W} W, a time-series model of 258 million parameters {LARGE_MODEL_W} W")
    for name in ("load, ours", "solar, ours"):
        print(score_sentence(name.partition(",")[0].capitalize(), made[name].scores))
    for name, history in (("load", load_history), ("solar", solar_history)):
        for note in clean(history, still_at_zero=name == "solar")[1]:
            print(note.sentence(name))
    times(load_history, solar_history, site, ways, args.tz, midnight_s(date.fromordinal(last), zone))
    scenarios(made["load, ours"], made["solar, ours"], midnight_s(date.fromordinal(last), zone))


def times(load: History, solar: History, site: SolarSite, ways: dict[str, Way], tz: str, start_s: float) -> None:
    """The first forecast of a day, and one of the 96 of a day that is planned every quarter hour."""
    print(
        "time a forecast, ms (median): "
        + ", ".join(f"{name} {statistics.median(way.took_s) * 1e3:.1f}" for name, way in ways.items() if way.took_s)
        + ", the first of a day"
    )
    begun = time.perf_counter()
    for k in range(96):
        now_s = start_s + 900.0 * k
        edges = now_s + 900.0 * np.arange(145)
        forecast_load(load, edges, now_s=now_s, tz=tz)
        forecast_solar(solar, edges, now_s=now_s, site=site, tz=tz)
    print(f"  both together, each of the 96 of a day: {(time.perf_counter() - begun) / 96 * 1e3:.2f} ms")


def scenarios(load: Forecast, solar: Forecast, start_s: float) -> None:
    """How well a few paths stand for the forecast."""
    edges = start_s + 1800.0 * np.arange(SLOTS + 1)
    begun = time.perf_counter()
    for _ in range(100):
        found = make_scenarios(load, solar, edges, count=4)
    took_s = (time.perf_counter() - begun) / 100
    paths = np.stack([s.load_w for s in found])
    weights = np.array([s.probability for s in found])
    off = float(np.abs(weights @ paths - load.mean_w).max())
    spread = float(paths.std(axis=0).mean() / ((load.p90_w - load.p10_w) / 2.563).mean())
    print(f"4 scenarios: {took_s * 1e3:.2f} ms, mean off by {off:.1e} W at most, spread {spread:.0%} of the band's")


if __name__ == "__main__":
    main()
