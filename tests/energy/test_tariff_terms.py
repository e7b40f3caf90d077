"""Peak and capacity tariffs: what the next kW costs, and what the bill holds, against sums done by hand."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from energy.forecast.history import History
from energy.tariffs import Capacity, Contract, Fixed, Peak, Schedule, TariffError
from energy.tariffs.schedule import parse_bands

TZ = "Europe/Brussels"


def local(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(TZ)).timestamp()


def month(year: int, number: int, **peaks: float) -> History:
    """Quarter hours of a month at 500 W; ``d03_18`` = 4000.0 puts 4 kW into the first quarter of the 3rd, 18:00."""
    start = datetime(year, number, 1, tzinfo=ZoneInfo(TZ))
    end = (start + timedelta(days=32)).replace(day=1)
    at_s = np.arange(start.timestamp(), end.timestamp(), 900.0)
    mean_w = np.full(len(at_s), 500.0)
    for name, watt in peaks.items():
        day, hour = name[1:].split("_")
        mean_w[at_s == local(f"{year}-{number:02d}-{day}T{hour}:00")] = watt
    return History(at_s, mean_w)


def until(history: History, text: str) -> History:
    past = history.at_s < local(text)
    return History(history.at_s[past], history.mean_w[past])


def when(**band) -> Schedule:
    return Schedule(base=0.0, bands=parse_bands([{"price": 1.0, **band}], "price"), tz=TZ)


def test_the_months_highest_quarter_hour_with_a_least():
    # Flanders: the mean of twelve months' peaks, at least 2.5 kW: 48 a kW and year are 4 a kW and month.
    rule = Peak(eur_per_kw=4.0, least_w=2500.0, tz=TZ)
    used = month(2025, 1, d03_18=4000.0, d20_18=6000.0)
    assert rule.cost_eur(used, local("2025-01-01T00:00"), local("2025-02-01T00:00")) == pytest.approx(24.0)
    assert rule.cost_eur(month(2025, 2), local("2025-02-01T00:00"), local("2025-03-01T00:00")) == pytest.approx(10.0)
    (now,) = rule.charges(local("2025-01-10T12:00"), until(used, "2025-01-10T12:00"))
    assert (now.eur_per_kw, now.so_far_w, now.average_s) == (4.0, 4000.0, 900.0)
    assert now.until_s == local("2025-02-01T00:00")
    fresh = rule.charges(local("2025-01-01T00:00"), None)[0]
    assert fresh.so_far_w == 2500.0


def test_a_plan_that_reaches_into_the_next_month_meets_its_fresh_peak():
    rule = Peak(eur_per_kw=4.0, least_w=2500.0, tz=TZ)
    now, coming = rule.charges(local("2025-01-31T12:00"), month(2025, 1, d03_18=9000.0))
    assert now.so_far_w == 9000.0
    assert (now.windows_s, now.until_s) == (None, local("2025-02-01T00:00"))
    assert coming.so_far_w == 2500.0
    assert coming.windows_s == ((local("2025-02-01T00:00"), local("2025-03-01T00:00")),)


def test_the_mean_of_three_days_in_winters_daytime_hours():
    # Sweden-like: the mean of the three highest hours of different days, weekdays 7 to 19, November to March.
    rule = Peak(
        eur_per_kw=9.0,
        count=3,
        average_s=3600.0,
        when=when(**{"from": "07:00", "to": "19:00", "days": ["weekday"], "season": ["11-01", "03-31"]}),
        tz=TZ,
    )
    # 2025-01-04 is a Saturday, 20:00 is out of hours; each quarter lifts its hour by a quarter of what it is above 0.5.
    used = month(2025, 1, d04_12=20_000.0, d06_20=20_000.0, d06_12=8500.0, d07_12=4500.0, d08_12=6500.0, d09_12=4500.0)
    bill = rule.cost_eur(used, local("2025-01-01T00:00"), local("2025-02-01T00:00"))
    assert bill == pytest.approx((2.5 + 1.5 + 2.0) / 3 * 9.0)
    (now,) = rule.charges(local("2025-01-10T05:00"), until(used, "2025-01-10T05:00"))
    # One more day counts once it is above the third, and then by a third.
    assert now.so_far_w == pytest.approx(1500.0)
    assert now.eur_per_kw == pytest.approx(3.0)
    friday, monday = (local("2025-01-10T07:00"), local("2025-01-10T19:00")), local("2025-01-13T07:00")
    assert now.windows_s[0] == friday
    assert now.windows_s[1][0] == monday
    # The hour that runs counts as a whole.
    assert rule.charges(local("2025-01-10T12:20"), None)[0].windows_s[0][0] == local("2025-01-10T12:00")
    # A day that is in already counts from its own peak.
    (later,) = rule.charges(local("2025-01-08T15:00"), until(used, "2025-01-08T15:00"))
    assert later.so_far_w == pytest.approx(2000.0)
    assert rule.charges(local("2025-07-01T05:00"), None)[0].windows_s == ()
    assert rule.cost_eur(month(2025, 7, d01_12=9000.0), local("2025-07-01T00:00"), local("2025-08-01T00:00")) == 0.0


def test_a_ladder_is_free_up_to_its_steps_top():
    # Norway-like: up to 2 kW 15, to 5 kW 25, to 10 kW 45 a month.
    rule = Peak(steps=((2000.0, 15.0), (5000.0, 25.0), (10_000.0, 45.0)), average_s=3600.0, tz=TZ)
    used = month(2025, 1, d03_18=10_500.0)  # its hour: 3 kW
    assert rule.cost_eur(used, local("2025-01-01T00:00"), local("2025-02-01T00:00")) == 25.0
    (now,) = rule.charges(local("2025-01-10T00:00"), until(used, "2025-01-10T00:00"))
    assert now.so_far_w == pytest.approx(5000.0)
    assert now.eur_per_kw == pytest.approx(20.0 / 5.0)
    top = Peak(steps=((2000.0, 15.0),), tz=TZ).charges(local("2025-01-10T00:00"), until(used, "2025-01-10T00:00"))[0]
    assert top.eur_per_kw == 0.0


def test_a_month_with_a_change_of_clocks_is_one_month():
    rule = Peak(eur_per_kw=1.0, tz=TZ)
    (now,) = rule.charges(local("2025-03-20T00:00"), None)
    assert now.until_s == local("2025-04-01T00:00")
    used = month(2025, 3, d31_22=5000.0)
    assert len(used.at_s) == 31 * 96 - 4
    assert rule.cost_eur(used, local("2025-03-01T00:00"), local("2025-04-01T00:00")) == pytest.approx(5.0)
    assert rule.cost_eur(used, local("2025-04-01T00:00"), local("2025-04-02T00:00")) == 0.0


def test_contracted_power():
    rule = Capacity(above_w=4600.0, eur_per_kwh=0.5, when=when(**{"from": "08:00", "to": "24:00"}))
    used = month(2025, 1, d03_18=6600.0, d04_06=9000.0)
    assert rule.cost_eur(used, local("2025-01-01T00:00"), local("2025-02-01T00:00")) == pytest.approx(2.0 / 4 * 0.5)
    band = rule.band(local("2025-01-03T10:00"))
    assert band.above_w == 4600.0
    assert band.windows_s[0] == (local("2025-01-03T10:00"), local("2025-01-04T00:00"))
    assert Capacity(above_w=1.0, eur_per_kwh=1.0).band(0.0).windows_s is None


def test_a_contracts_terms_and_what_it_bills_beside_energy():
    contract = Contract(
        energy=Fixed(import_eur_per_kwh=0.3),
        peaks=(Peak(eur_per_kw=4.0, tz=TZ),),
        capacity=(Capacity(above_w=5000.0, eur_per_kwh=1.0),),
        monthly_eur=31.0,
        co2_eur_per_kg=0.1,
        tz=TZ,
    )
    used = month(2025, 1, d03_18=6000.0)
    terms = contract.terms(local("2025-01-15T00:00"), used)
    assert [peak.so_far_w for peak in terms.peaks] == [6000.0]
    assert [band.above_w for band in terms.bands] == [5000.0]
    assert terms.co2_eur_per_kg == 0.1
    bill = contract.beside_energy_eur(used, local("2025-01-01T00:00"), local("2025-02-01T00:00"))
    assert bill == pytest.approx(31.0 + 24.0 + 0.25)
    three_days = Contract(energy=contract.energy, monthly_eur=31.0, tz=TZ)
    assert three_days.beside_energy_eur(used, local("2025-01-10T00:00"), local("2025-01-13T00:00")) == pytest.approx(
        3.0
    )


def test_missing_and_coarse_history():
    rule = Peak(eur_per_kw=1.0, average_s=3600.0, tz=TZ)
    now = local("2025-01-10T12:00")
    # Of an hour only one quarter is known: the rest is taken as nothing.
    assert rule.charges(now, History(np.array([now - 3600.0]), np.array([8000.0])))[0].so_far_w == pytest.approx(2000.0)
    hourly = History(now - 3600.0 * np.array([3.0, 2.0, 1.0]), np.array([1000.0, np.nan, 3000.0]))
    assert rule.charges(now, hourly)[0].so_far_w == pytest.approx(3000.0)
    assert rule.charges(now, History(np.empty(0), np.empty(0)))[0].so_far_w == 0.0


@pytest.mark.parametrize(
    "options",
    [{"average_s": 60.0}, {"count": 0}, {"steps": ((5000.0, 1.0), (2000.0, 2.0))}, {"tz": "Mars/Base"}],
)
def test_terms_that_cannot_be(options):
    with pytest.raises(TariffError):
        Peak(**options)
