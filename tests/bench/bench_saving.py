"""What the whole chain saves on a real house: weeks lived at the twin's own step, beside perfect foresight.

    python tests/bench/bench_saving.py [HOUSE.csv[.gz] PRICES.csv[.gz]] [--weeks 2024-04-08 2024-12-09] [--days 3]

Without files it takes the year that lies beside the checkout in shared/data, or else the days in tests/data.

The car (60 kWh, 11 kW in, 10 kW out) is at home from 17:30 to 07:00 UTC, needs 80 % at 07:00 and uses 9 kWh a day.
Money is against "no V2G, charge to 80 % on arrival", with the same trips and the charge left at the end made good.
"""

import argparse
import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from bench_forecast import BESIDE, read

from energy.forecast import History, SolarSite
from energy.model import Absence, Charger, Connection, Departure, Ev, Wishes
from energy.plan import Planner
from energy.simulate import Lived, Scene, live
from energy.tariffs import DayAhead, Markup, Tariff, parse_prices
from energy.twin import Battery, CarTwin, GridTwin, HomeTwin, HouseSeries, PowerStage, Trip

CAPACITY_WH = 60_000.0
SAMPLES = Path(__file__).resolve().parents[1] / "data" / "energy"


def week(house: dict[str, np.ndarray], tariff: Tariff, start_s: float, days: int, *, foresight: bool) -> Lived:
    """Live some days from noon."""
    trips = tuple(
        Trip(from_s=seven, to_s=seven + 10.5 * 3600.0, used_wh=9000.0)
        for seven in (start_s + 86400.0 * day - 5 * 3600.0 for day in range(days + 3))
    )
    charger = Charger(charger_id="c", phases=3, charge_max_w=11_000.0, discharge_max_w=10_000.0, charge_min_w=1380.0)
    scene = Scene(
        connection=Connection(phases=3, fuse_a=25.0, export_limit_w=10_000.0),
        charger=charger,
        ev=Ev(ev_id="ev", capacity_wh=CAPACITY_WH, charge_max_w=11_000.0, discharge_max_w=11_000.0),
        wishes=Wishes(
            departures=tuple(Departure(at_s=trip.from_s, target_soc=0.8) for trip in trips),
            absences=tuple(Absence(from_s=t.from_s, to_s=t.to_s, used_wh=t.used_wh) for t in trips),
        ),
        tariff=tariff,
        load_history=History(house["at_s"], house["load_w"]),
        solar_history=History(house["at_s"], house["pv_w"]),
        site=SolarSite(peak_w=5000.0, latitude_deg=45.0, longitude_deg=3.0),
        tz="Europe/Paris",
        dt_s=20.0,
        foresight=foresight,
    )
    twin = HomeTwin(
        car=CarTwin(battery=Battery(capacity_wh=CAPACITY_WH, soc=0.5), trips=trips),
        stage=PowerStage(charge_min_w=1380.0, delay_s=2.0),
        house=HouseSeries.of(float(house["at_s"][0]), 1800.0, house["load_w"], house["pv_w"]),
        grid=GridTwin(),
    )
    return live(twin, scene, Planner(), start_s, days * 24.0)


def main() -> None:
    """Print a line for each week."""
    parser = argparse.ArgumentParser(description=__doc__)
    beside = BESIDE.exists()
    prices = BESIDE.with_name("prices_nl_day_ahead_hourly_2024.csv.gz")
    parser.add_argument(
        "house", type=Path, nargs="?", default=BESIDE if beside else SAMPLES / "house_fr_week_2024-09.csv"
    )
    parser.add_argument("prices", type=Path, nargs="?", default=prices if beside else SAMPLES / "prices_nl_2024-09.csv")
    parser.add_argument("--weeks", nargs="+", default=["2024-04-08", "2024-12-09"] if beside else ["2024-09-09"])
    parser.add_argument("--days", type=int, default=3 if beside else 2)
    args = parser.parse_args()
    house = read(args.house)
    raw = args.prices.read_bytes()
    text = (gzip.decompress(raw) if args.prices.suffix == ".gz" else raw).decode()
    tariff = DayAhead(series=parse_prices(text), markup=Markup(fees_eur_per_kwh=0.10, tax=0.21))
    print("week         bill  baseline   saved   of foresight's   kept   violations   plans   turns")
    for name in args.weeks:
        start_s = datetime.fromisoformat(name).replace(tzinfo=UTC, hour=12).timestamp()
        ours = week(house, tariff, start_s, args.days, foresight=False)
        best = week(house, tariff, start_s, args.days, foresight=True)
        if ours.saving is None or best.saving is None:
            continue
        kept = sum(soc >= target - 0.01 for _, target, soc in ours.departures)
        print(
            f"{name}  {ours.saving.bill_eur:6.2f}  {ours.saving.baseline_bill_eur:8.2f}  {ours.saving.saved_eur:6.2f}"
            f"   {ours.saving.saved_eur / best.saving.saved_eur:14.1%}   {kept}/{len(ours.departures)}"
            f"   {len(ours.violations):10d}   {ours.plans:5d}   {ours.turns:5d}",
            flush=True,
        )


if __name__ == "__main__":
    main()
