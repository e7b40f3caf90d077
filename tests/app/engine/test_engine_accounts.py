"""The home's accounts: every Wh once, money beside the counterfactual, nothing twice after a restart."""

import json
from dataclasses import replace
from typing import Any

import pytest

from app.engine.accounts import Accounts, Flow
from app.store import AccountRow
from energy.model import Charger, Ev

T0 = 1_713_279_600.0
CAR = Ev(ev_id="car", capacity_wh=60_000, charge_max_w=11_000, discharge_max_w=10_000, wear_eur_per_kwh=0.02)
CHARGER = Charger(charger_id="charger", phases=3, charge_max_w=11_000, discharge_max_w=10_000)
HOUSE = Flow(
    at_s=T0, load_w=1000.0, solar_w=0.0, ev_w=0.0, connected=False, soc=None, import_price=0.30, export_price=0.08
)


class Book:
    def __init__(self, remembered: dict[str, Any] | None = None) -> None:
        self.rows: list[AccountRow] = []
        self.memory: dict[str, Any] = {}
        self.accounts = Accounts(CAR, CHARGER, 17_250.0, self.book, remembered)

    def book(self, row: AccountRow, memory: dict[str, Any]) -> None:
        self.rows.append(row)
        self.memory = json.loads(json.dumps(memory))

    def hold(self, flow: Flow, seconds: int, from_s: float = T0) -> None:
        for second in range(seconds + 1):
            self.accounts.add(replace(flow, at_s=from_s + second))

    def total(self, name: str) -> float:
        return sum(getattr(row, name) or 0.0 for row in self.rows)


def test_minutes_are_booked_without_gap_or_overlap() -> None:
    book = Book()
    book.hold(HOUSE, 600)
    assert [row.span_s for row in book.rows] == [60.0] * 10
    assert [row.at_s for row in book.rows] == [T0 + 60 * k for k in range(10)]
    assert book.total("grid_house_wh") == pytest.approx(1000 / 6)
    assert book.total("cost") == pytest.approx(0.05)
    assert book.total("baseline_cost") == pytest.approx(book.total("cost"))


def test_charge_that_is_ahead_of_the_counterfactuals_is_booked_as_it_grows() -> None:
    book = Book()
    held = replace(HOUSE, connected=True, soc=0.6)
    # The other car charges on arrival, 11 kW for ten minutes; ours stands still and falls behind by as much.
    book.hold(held, 600)
    assert book.total("ahead_wh") == pytest.approx(-11_000 / 6 * CHARGER.charge_efficiency, rel=0.02)
    after = Book(book.memory)
    after.hold(held, 60, from_s=T0 + 600)
    assert after.total("ahead_wh") == pytest.approx(-11_000 / 60 * CHARGER.charge_efficiency, rel=0.02)


def test_feeding_the_house_earns_against_charging_on_arrival() -> None:
    book = Book()
    feeding = replace(HOUSE, ev_w=-1000.0, connected=True, soc=0.6)
    book.hold(feeding, 600)
    assert book.total("car_house_wh") == pytest.approx(1000 / 6)
    assert book.total("cost") == pytest.approx(0.0, abs=1e-9)
    assert book.total("wear") == pytest.approx(0.02 / 6)
    # The counterfactual's car charges at full power beside the house.
    assert book.total("baseline_cost") == pytest.approx(12.0 / 6 * 0.30)
    assert book.accounts.baseline_ev_w(feeding) == 11_000.0


def test_a_long_silence_is_not_booked() -> None:
    book = Book()
    book.hold(HOUSE, 60)
    book.hold(HOUSE, 60, from_s=T0 + 7200)
    assert book.total("grid_house_wh") == pytest.approx(2 * 1000 / 60)


def test_two_decisions_in_one_moment_count_once() -> None:
    book = Book()
    for second in range(61):
        book.accounts.add(replace(HOUSE, at_s=T0 + second))
        book.accounts.add(replace(HOUSE, at_s=T0 + second))
    assert [row.span_s for row in book.rows] == [60.0]


def test_the_counterfactual_pays_for_the_same_trip() -> None:
    book = Book()
    home = replace(HOUSE, connected=True, soc=0.8)
    book.hold(home, 60)
    stored = book.memory["shadow"]["stored_wh"]
    book.hold(HOUSE, 60, from_s=T0 + 61)
    book.hold(replace(home, soc=0.6), 60, from_s=T0 + 122)
    # It drove the same 12 kWh, and has begun to charge again.
    charged = 11_000 * 0.95 * 61 / 3600
    assert book.memory["shadow"]["stored_wh"] == pytest.approx(stored - 12_000 + charged, rel=0.01)


def test_a_restart_goes_on_with_the_same_counterfactual() -> None:
    first = Book()
    first.hold(replace(HOUSE, connected=True, soc=0.5), 120)
    second = Book(first.memory)
    second.hold(replace(HOUSE, connected=True, soc=0.5), 60, from_s=T0 + 200)
    assert second.memory["shadow"]["bill_eur"] > first.memory["shadow"]["bill_eur"]
    assert second.rows[0].at_s == T0 + 200
