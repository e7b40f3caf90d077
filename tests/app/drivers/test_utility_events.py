"""From OpenADR payloads to what is asked of the home."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from app.drivers.utility_events import PAYLOADS, Acted, Shown, grid_events
from energy.grid_events import GridEvent, GridEventKind
from protocols.openadr.events import parse_event
from protocols.openadr.model import AdrEvent
from protocols.openadr.payloads import RULES

NOW_S = 1_767_225_600.0
HOUR_S = 3600.0
K = GridEventKind


def adr(payload_type: str, *values: Any, units: str | None = None, **members: Any) -> AdrEvent:
    raw = {
        "id": "e",
        "programID": "p",
        "intervalPeriod": {"start": "2026-01-01T00:00:00Z", "duration": "PT1H"},
        "intervals": [{"id": 0, "payloads": [{"type": payload_type, "values": list(values)}]}],
        "payloadDescriptors": [{"payloadType": payload_type, "units": units}],
    } | members
    return parse_event(raw, NOW_S, lambda key: 0.0)


def one(event: AdrEvent) -> GridEvent:
    asked, _ = grid_events([event], "utility", NOW_S)
    assert len(asked) == 1
    return asked[0]


def test_every_payload_type_of_openadr_has_a_row() -> None:
    assert PAYLOADS.keys() == RULES.keys()
    assert all(row.why for row in PAYLOADS.values() if isinstance(row, Shown))


@pytest.mark.parametrize(
    ("payload_type", "value", "units", "kind", "asked"),
    [
        ("PRICE", 0.3, "KWH", K.IMPORT_PRICE, 0.3),
        ("PRICE", 300.0, "MWH", K.IMPORT_PRICE, 0.3),
        ("EXPORT_PRICE", -0.05, None, K.EXPORT_PRICE, -0.05),
        ("IMPORT_CAPACITY_LIMIT", 4.2, "KW", K.IMPORT_LIMIT, 4200.0),
        ("EXPORT_CAPACITY_LIMIT", 1500, "W", K.EXPORT_LIMIT, 1500.0),
        ("DISPATCH_SETPOINT", 3, None, K.EV_SETPOINT, 3000.0),
        ("CHARGE_STATE_SETPOINT", 0.8, "PERCENT", K.SOC_SETPOINT, 0.8),
        ("CHARGE_STATE_SETPOINT", 80, "PERCENT", K.SOC_SETPOINT, 0.8),
        ("SIMPLE", 2, None, K.EMERGENCY, 2.0),
        ("ALERT_GRID_EMERGENCY", "save us", None, K.EMERGENCY, 3.0),
        ("ALERT_FLEX_ALERT", "evening", None, K.EMERGENCY, 1.0),
        ("ALERT_POSSIBLE_OUTAGE", "storm", None, K.RESERVE, 0.8),
    ],
)
def test_a_payload_becomes_its_kind_in_the_homes_units(
    payload_type: str, value: Any, units: str | None, kind: GridEventKind, asked: float
) -> None:
    event = one(adr(payload_type, value, units=units))
    assert event.kind is kind
    assert event.intervals[0].value == pytest.approx(asked)
    assert (event.intervals[0].start_s, event.intervals[0].end_s) == (NOW_S, NOW_S + HOUR_S)


@pytest.mark.parametrize("payload_type", [t for t, row in PAYLOADS.items() if isinstance(row, Shown)])
def test_what_is_not_acted_on_is_shown_with_the_reason(payload_type: str) -> None:
    value: Any = {"x": 1, "y": 2} if payload_type == "CURVE" else 0.5
    if payload_type.startswith("ALERT") or payload_type == "DISPATCH_INSTRUCTION":
        value = "words"
    asked, shown = grid_events([adr(payload_type, value)], "utility", NOW_S)
    assert [s.payload_type for s in shown] == [payload_type]
    assert all(event.event_id.startswith("default.") for event in asked)


def test_a_private_type_and_an_unknown_unit_are_shown() -> None:
    asked, shown = grid_events([adr("COM_EXAMPLE", 1)], "utility", NOW_S)
    assert not asked
    assert "unknown" in shown[0].why
    asked, shown = grid_events([adr("IMPORT_CAPACITY_LIMIT", 16, units="AMPS")], "utility", NOW_S)
    assert not asked
    assert "AMPS" in shown[0].why


def test_simple_level_0_asks_nothing_and_is_no_fault() -> None:
    assert grid_events([adr("SIMPLE", 0)], "utility", NOW_S) == ([], [])


def test_priority_and_the_senders_words_are_kept() -> None:
    assert one(adr("PRICE", 0.1, priority=0, eventName="tariff")).priority == 0
    assert one(adr("PRICE", 0.1, eventName="tariff")).title == "tariff"
    assert one(adr("ALERT_FLEX_ALERT", "hot evening")).title == "hot evening"


def test_the_subscription_holds_where_no_limit_does() -> None:
    forever = {"start": "0000-01-01", "duration": "P9999Y"}
    subscription = adr("IMPORT_CAPACITY_SUBSCRIPTION", 5, intervalPeriod=forever, id="s")
    asked, _ = grid_events([subscription, adr("IMPORT_CAPACITY_LIMIT", 8)], "utility", NOW_S)
    held = {event.event_id: event for event in asked}
    assert held["e.IMPORT_CAPACITY_LIMIT"].value_at(NOW_S + 60) == 8000
    assert held["default.import"].value_at(NOW_S + 60) is None
    assert held["default.import"].value_at(NOW_S + HOUR_S + 60) == 5000


def test_repeating_prices_are_laid_out_ahead_and_stay_the_same_within_the_hour() -> None:
    daily = adr(
        "PRICE",
        *[quarter / 400 for quarter in range(96)],
        intervalPeriod={"start": "2025-06-01T00:00:00Z", "duration": "P1D"},
        duration="P9999Y",
    )
    first = grid_events([daily], "utility", NOW_S + 10)[0]
    assert first == grid_events([daily], "utility", NOW_S + 1800)[0]
    assert first[0].value_at(NOW_S + 2.5 * 86_400) == pytest.approx(0.12)
    assert math.isfinite(first[0].end_s)


def test_all_rows_give_a_kind_or_a_reason() -> None:
    convert: Callable[..., Any]
    for row in PAYLOADS.values():
        if isinstance(row, Acted):
            convert = row.convert
            assert convert(0.5, "NO_SUCH_UNIT") is None or row.kind in (K.EMERGENCY, K.RESERVE)
