"""The subscribed capacity holds wherever no limit does."""

from collections.abc import Callable
from typing import Any

from protocols.openadr.capacity import default_limits
from protocols.openadr.events import parse_event
from protocols.openadr.model import AdrEvent

Make = Callable[..., dict[str, Any]]
HOUR_S = 3600.0


def _read(raw: dict[str, Any], now_s: float) -> AdrEvent:
    return parse_event(raw, now_s, lambda key: 0.0)


def test_a_subscription_fills_the_gaps_between_limits_and_after_them(event: Make, interval: Make, now_s: float) -> None:
    forever = {"start": "0000-01-01", "duration": "P9999Y"}
    subscription = event(id="s", intervalPeriod=forever, intervals=[interval("IMPORT_CAPACITY_SUBSCRIPTION", 5)])
    limit = event(
        id="l",
        intervals=[
            interval("IMPORT_CAPACITY_LIMIT", 8, start="2026-01-01T01:00:00Z"),
            interval("IMPORT_CAPACITY_LIMIT", 9, interval_id=1, start="2026-01-01T03:00:00Z"),
        ],
    )
    events = [_read(subscription, now_s), _read(limit, now_s)]
    found = default_limits(events, "IMPORT", now_s, now_s + 10 * HOUR_S)
    assert [((s.start_s - now_s) / HOUR_S, (s.end_s - now_s) / HOUR_S, s.capacity_w) for s in found] == [
        (0, 1, 5000),
        (2, 3, 5000),
        (4, 10, 5000),
    ]
    assert default_limits(events, "EXPORT", now_s, now_s + 10 * HOUR_S) == ()


def test_a_reservation_comes_on_top_while_it_lasts(event: Make, interval: Make, now_s: float) -> None:
    day = {"start": "2026-01-01T00:00:00Z", "duration": "P1D"}
    subscription = event(id="s", intervalPeriod=day, intervals=[interval("EXPORT_CAPACITY_SUBSCRIPTION", 2)])
    reservation = event(id="r", intervals=[interval("EXPORT_CAPACITY_RESERVATION", 1.5)])
    found = default_limits([_read(subscription, now_s), _read(reservation, now_s)], "EXPORT", now_s, now_s + 2 * HOUR_S)
    assert [s.capacity_w for s in found] == [3500, 2000]


def test_of_equal_priority_the_tighter_holds_else_the_higher(event: Make, interval: Make, now_s: float) -> None:
    wide = event(id="a", intervals=[interval("IMPORT_CAPACITY_SUBSCRIPTION", 9)])
    tight = event(id="b", intervals=[interval("IMPORT_CAPACITY_SUBSCRIPTION", 4)])
    equal = default_limits([_read(wide, now_s), _read(tight, now_s)], "IMPORT", now_s, now_s + HOUR_S)
    assert [s.capacity_w for s in equal] == [4000]
    first = [_read(wide | {"priority": 0}, now_s), _read(tight | {"priority": 1}, now_s)]
    assert [s.capacity_w for s in default_limits(first, "IMPORT", now_s, now_s + HOUR_S)] == [9000]
