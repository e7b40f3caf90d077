"""What a schedule costs a car, and a session so far: pure functions on plain values."""

import math

import pytest

from protocols.iso15118.costs import Bill, cheapest, outlook
from protocols.iso15118.power import EnergyNeeds, Limits, MeterReading
from protocols.iso15118.schedule import Prices, Receipt, Schedule, Tax

HOUR_S = 3_600.0
CAR = Limits(max_charge_w=11_000, max_discharge_w=10_000)


def priced(*hours: tuple[float, float], selling: float | None = None) -> Schedule:
    """Hours of (signed W, price)."""
    return Schedule(
        charge=tuple((HOUR_S, max(0.0, power_w)) for power_w, _ in hours),
        discharge=tuple((HOUR_S, max(0.0, -power_w)) for power_w, _ in hours) if selling is not None else (),
        charge_prices=Prices("EUR", tuple((HOUR_S, price) for _, price in hours)),
        discharge_prices=None if selling is None else Prices("EUR", ((HOUR_S, selling),)),
    )


def test_what_is_needed_is_bought_hour_by_hour_and_no_more() -> None:
    found = outlook(priced((10_000, 0.40), (10_000, 0.20), (10_000, 0.10)), EnergyNeeds(target_wh=15_000), CAR)
    assert (found.gained_wh, found.unit) == (15_000, "EUR")
    assert found.cost == pytest.approx(10 * 0.40 + 5 * 0.20)


def test_what_is_sold_is_credited_and_charged_again() -> None:
    found = outlook(
        priced((-10_000, 0.50), (11_000, 0.10), (11_000, 0.10), selling=0.45), EnergyNeeds(target_wh=0), CAR
    )
    assert found.gained_wh == 0
    assert found.cost == pytest.approx(10 * 0.10 - 10 * 0.45)


def test_nothing_is_sold_below_the_cars_minimum() -> None:
    needs = EnergyNeeds(target_wh=0, min_wh=-2_000)
    found = outlook(priced((-10_000, 0.5), (0, 0.1), selling=0.45), needs, CAR)
    assert found.gained_wh == -2_000
    assert found.cost == pytest.approx(-2 * 0.45)


def test_only_what_comes_before_departure_counts_and_what_the_car_can_take() -> None:
    needs = EnergyNeeds(target_wh=60_000, departure_in_s=1.5 * HOUR_S)
    found = outlook(priced((22_000, 0.2), (22_000, 0.4), (22_000, 0.0)), needs, CAR)
    assert found.gained_wh == 16_500
    assert found.cost == pytest.approx(11 * 0.2 + 5.5 * 0.4)


@pytest.mark.parametrize(
    ("taxes", "cost"),
    [((), 3.0), ((Tax("VAT", 0.2),), 3.0), ((Tax("VAT", 0.2, included=False),), 3.6)],
)
def test_taxes_that_prices_are_told_without_are_added(taxes: tuple[Tax, ...], cost: float) -> None:
    schedule = Schedule(((HOUR_S, 10_000.0),), charge_prices=Prices("EUR", ((HOUR_S, 0.3),), taxes=taxes))
    assert outlook(schedule, EnergyNeeds(target_wh=10_000), CAR).cost == pytest.approx(cost)


def test_least_and_most_cost_bound_what_is_bought() -> None:
    prices = Prices("EUR", ((HOUR_S, 0.3),), minimum_cost=5.0, maximum_cost=6.0)
    schedule = Schedule(((HOUR_S, 10_000.0),), charge_prices=prices)
    assert outlook(schedule, EnergyNeeds(target_wh=1_000), CAR).cost == 5.0


def test_the_cheapest_of_those_that_bring_enough_is_chosen() -> None:
    dear, cheap, short = priced((10_000, 0.4), (10_000, 0.4)), priced((10_000, 0.3), (10_000, 0.1)), priced((9_000, 0))
    assert cheapest([dear, cheap, short], EnergyNeeds(target_wh=20_000), CAR) == 1
    assert cheapest([dear, cheap, short], EnergyNeeds(target_wh=8_000), CAR) == 2


def test_a_schedule_that_sells_wins_by_what_it_earns() -> None:
    plain = priced((11_000, 0.2), (0, 0.5), (0, 0.1))
    trading = priced((11_000, 0.2), (-10_000, 0.5), (11_000, 0.1), selling=0.45)
    assert cheapest([plain, trading], EnergyNeeds(target_wh=11_000), CAR) == 1


@pytest.mark.parametrize(
    "other",
    [
        Schedule(((HOUR_S, 10_000.0),)),
        Schedule(((HOUR_S, 10_000.0),), charge_levels=((HOUR_S, 0.0),)),
        Schedule(((HOUR_S, 10_000.0),), charge_prices=Prices("SEK", ((HOUR_S, 0.1),))),
    ],
)
def test_what_cannot_be_compared_leaves_the_first_offer(other: Schedule) -> None:
    assert cheapest([priced((10_000, 0.4)), other], EnergyNeeds(target_wh=5_000), CAR) == 0
    assert cheapest([other, priced((10_000, 0.4))], EnergyNeeds(target_wh=5_000), CAR) == 0


def test_levels_count_where_no_money_is_told() -> None:
    offers = [Schedule(((HOUR_S, 10_000.0),), charge_levels=((HOUR_S, level),)) for level in (2.0, 1.0, 3.0)]
    assert cheapest(offers, EnergyNeeds(target_wh=5_000), CAR) == 1


def test_a_car_that_tells_no_need_takes_what_brings_most() -> None:
    assert cheapest([priced((4_000, 0.1)), priced((10_000, 0.4))], EnergyNeeds(), CAR) == 1


def test_a_bill_counts_both_ways_at_the_price_of_each_moment() -> None:
    schedule, bill = priced((11_000, 0.4), (-5_000, 0.2), selling=0.3), Bill()
    assert bill.count(MeterReading("M", 100, 50), schedule, 0.0, 0.0) == Receipt(0.0, 0.0, 0.4)
    first = bill.count(MeterReading("M", 5_100, 50), schedule, 1_800.0, 1_800.0)
    assert first is not None
    assert first.energy_cost == pytest.approx(5 * 0.4)
    second = bill.count(MeterReading("M", 5_100, 3_050), schedule, 5_400.0, 5_400.0)
    assert second is not None
    assert second.energy_cost == pytest.approx(5 * 0.4 - 3 * 0.3)
    assert second.price == 0.2
    beyond = bill.count(MeterReading("M", 6_100, 3_050), schedule, 90_000.0, 90_000.0)
    assert beyond is not None
    assert beyond.energy_cost == pytest.approx(5 * 0.4 - 3 * 0.3 + 0.2), "the last price holds on"


def test_without_prices_there_is_no_receipt() -> None:
    assert Bill().count(MeterReading("M", 1, 1), Schedule(((HOUR_S, 1.0),)), 0.0, 0.0) is None


def test_a_meters_signature_and_status_have_to_fit_a_message() -> None:
    with pytest.raises(ValueError, match="64 bytes at most, not 65"):
        MeterReading("M", 1, 1, signature=bytes(65))
    with pytest.raises(ValueError, match="16 bits, not 40000"):
        MeterReading("M", 1, 1, status=40_000)


def test_an_endless_need_and_no_schedule_power_cost_nothing() -> None:
    found = outlook(priced((0, 0.3)), EnergyNeeds(), CAR)
    assert (found.gained_wh, found.cost) == (0.0, 0.0)
    assert not math.isnan(found.gained_wh)


def test_a_tax_that_leaves_nothing_of_a_price_is_not_believed() -> None:
    for rate in (-1.0, -3.0):
        prices = Prices("EUR", ((3_600.0, 0.3),), taxes=(Tax("none", rate),))
        schedule = Schedule(charge=((3_600.0, 5_000.0),), charge_prices=prices)
        assert cheapest([schedule], EnergyNeeds(target_wh=5_000), CAR) == 0
        bill = Bill()
        bill.count(MeterReading("M1", 0, 0), schedule, 0.0, 0.0)
        receipt = bill.count(MeterReading("M1", 1_000, 0), schedule, 60.0, 60.0)
        assert receipt is not None
        assert receipt.energy_cost == pytest.approx(0.3)
