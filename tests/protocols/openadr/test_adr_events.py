"""Events: legal oddities are understood, hostile ones refused each with its own reason."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.openadr.events import MAX_INTERVALS, BadEventError, parse_event
from protocols.openadr.model import AdrEvent, AdrInterval, without_overlap
from protocols.openadr.versions import Target

Make = Callable[..., dict[str, Any]]
HOUR_S = 3600.0


def read(raw: object, now_s: float = 1_767_225_600.0, shift: Callable[[str], float] = lambda key: 0.0) -> AdrEvent:
    return parse_event(raw, now_s, shift)


def values(event: AdrEvent, payload_type: str = "PRICE") -> list[tuple[float, float, object]]:
    signal = event.signal(payload_type)
    assert signal is not None
    return [(i.start_s - event.start_s, i.end_s - event.start_s, i.value) for i in signal.intervals]


def test_intervals_follow_each_other_by_the_events_period(event: Make, interval: Make) -> None:
    found = read(event(intervals=[interval("PRICE", 0.1), interval("PRICE", 0.2, duration="PT2H", interval_id=1)]))
    assert values(found) == [(0, HOUR_S, 0.1), (HOUR_S, 3 * HOUR_S, 0.2)]
    assert found.end_s == found.start_s + 3 * HOUR_S


def test_packed_values_share_their_interval_evenly(event: Make, interval: Make) -> None:
    found = read(event(intervals=[interval("PRICE", 0.17, 0.03, 0.11, duration="PT3H")]))
    assert values(found) == [(0, 3600, 0.17), (3600, 7200, 0.03), (7200, 10800, 0.11)]


def test_seven_values_of_an_hour_join_without_gap_or_overlap(event: Make, interval: Make) -> None:
    found = read(event(intervals=[interval("PRICE", *[n / 10 for n in range(7)])]))
    intervals = found.signals[0].intervals
    assert len(intervals) == 7
    assert all(a.end_s == b.start_s for a, b in pairwise(intervals))
    assert (intervals[0].start_s, intervals[-1].end_s) == (found.start_s, found.end_s)


def test_a_list_by_nature_is_not_divided(event: Make, interval: Make) -> None:
    found = read(event(intervals=[interval("CURVE", {"x": 1, "y": 2}, {"x": 3, "y": 4})]))
    signal = found.signal("CURVE")
    assert signal is not None
    assert signal.intervals[0].values == ((1.0, 2.0), (3.0, 4.0))


def test_for_ever_from_now(event: Make, now_s: float) -> None:
    found = read(event(intervalPeriod={"start": "0000-01-01", "duration": "P9999Y"}), now_s + 5)
    assert (found.start_s, found.end_s) == (now_s + 5, math.inf)
    assert found.at("PRICE", now_s + 1e9) is not None


def test_no_duration_lasts_until_something_follows(event: Make, interval: Make) -> None:
    first = interval("PRICE", 0.1)
    second = interval("PRICE", 0.2, interval_id=1, start="2026-01-01T02:00:00Z")
    found = read(event(intervalPeriod={"start": "2026-01-01T00:00:00Z"}, intervals=[first, second]))
    assert values(found) == [(0, 2 * HOUR_S, 0.1), (2 * HOUR_S, math.inf, 0.2)]


def test_a_short_interval_within_a_long_one_gives_back(event: Make, interval: Make) -> None:
    long = interval("PRICE", 0.1, start="2026-01-01T00:00:00Z", duration="P1D")
    short = interval("PRICE", 0.9, interval_id=1, start="2026-01-01T18:00:00Z", duration="PT1H")
    found = read(event(intervals=[long, short]))
    assert values(found) == [
        (0, 18 * HOUR_S, 0.1),
        (18 * HOUR_S, 19 * HOUR_S, 0.9),
        (19 * HOUR_S, 24 * HOUR_S, 0.1),
    ]


def test_a_day_of_prices_repeats_for_ever(event: Make, interval: Make) -> None:
    hours = [interval("PRICE", hour / 100, interval_id=hour) for hour in range(24)]
    found = read(event(duration="P9999Y", intervals=hours))
    held = found.at("PRICE", found.start_s + 10 * 86_400 + 5.5 * HOUR_S)
    assert held is not None
    assert (held.value, held.start_s) == (0.05, found.start_s + 10 * 86_400 + 5 * HOUR_S)
    signal = found.signals[0]
    week = found.occurrences(signal, found.start_s, found.start_s + 7 * 86_400)
    assert len(week) == 7 * 24
    assert all(a.end_s == b.start_s for a, b in pairwise(week))


def test_a_shorter_event_duration_cuts(event: Make, interval: Make) -> None:
    found = read(event(duration="PT90M", intervals=[interval("PRICE", 0.1), interval("PRICE", 0.2, interval_id=1)]))
    assert found.end_s == found.start_s + 5400
    assert found.at("PRICE", found.start_s + 5399) is not None
    assert found.at("PRICE", found.start_s + 5401) is None
    assert [i.end_s for i in found.occurrences(found.signals[0], 0, 1e12)] == [found.start_s + 3600, found.end_s]


@pytest.mark.parametrize("draw", [-1.0, -0.5, 0.0, 0.999])
def test_a_random_start_moves_the_whole_event_either_way(
    event: Make, interval: Make, now_s: float, draw: float
) -> None:
    period = {"start": "2026-01-01T00:00:00Z", "duration": "PT1H", "randomizeStart": "PT10M"}
    keys: list[str] = []

    def shift(key: str) -> float:
        keys.append(key)
        return draw

    two = [interval("PRICE", 0.1), interval("PRICE", 0.2, interval_id=1, start="2026-01-01T01:00:00Z")]
    found = read(event(intervalPeriod=period, intervals=two), shift=shift)
    assert found.start_s == now_s + draw * 600
    assert found.end_s == found.start_s + 2 * HOUR_S
    assert set(keys) == {"event-1"}


def test_several_payload_types_become_several_signals_with_their_units(event: Make) -> None:
    raw = event(
        payloadDescriptors=[{"payloadType": "PRICE", "units": "KWH", "currency": "EUR"}],
        intervals=[{"id": 0, "payloads": [{"type": "PRICE", "values": [0.1]}, {"type": "GHG", "values": [300]}]}],
    )
    found = read(raw)
    assert [(s.payload_type, s.units, s.currency) for s in found.signals] == [
        ("PRICE", "KWH", "EUR"),
        ("GHG", None, None),
    ]


def test_targets_of_both_versions(event: Make) -> None:
    assert read(event(targets=["a", "b"])).targets == (Target("a"), Target("b"))
    typed = [{"type": "GROUP", "values": ["a", "b"]}]
    assert read(event(targets=typed)).targets == (Target("a", "GROUP"), Target("b", "GROUP"))


def test_a_bad_report_descriptor_costs_only_its_report(event: Make) -> None:
    found = read(event(reportDescriptors=[{"payloadType": "USAGE", "frequency": "often"}, {"payloadType": "DEMAND"}]))
    assert [d.payload_type for d in found.descriptors] == ["DEMAND"]
    assert "frequency" in found.notes[0]


def test_a_private_payload_type_is_carried(event: Make, interval: Make) -> None:
    found = read(event(intervals=[interval("COM_EXAMPLE_MODE", "eco")]))
    assert found.signals[0].intervals[0].value == "eco"


def test_an_alert_without_words_is_still_an_alert(event: Make, interval: Make) -> None:
    assert read(event(intervals=[interval("ALERT_GRID_EMERGENCY")])).at("ALERT_GRID_EMERGENCY", 1_767_225_600.0)


NAN, INF = float("nan"), float("inf")
HOSTILE: dict[str, tuple[dict[str, Any], str]] = {
    "nan price": ({"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [NAN]}]}]}, "no sensible"),
    "infinite price": ({"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [INF]}]}]}, "no sensible"),
    "1e308": ({"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [1e308]}]}]}, "no sensible"),
    "giant integer": ({"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [10**400]}]}]}, "too large"),
    "string price": ({"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": ["0.1"]}]}]}, "no number"),
    "boolean price": ({"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [True]}]}]}, "no number"),
    "no values": ({"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": []}]}]}, "no value"),
    "values no list": ({"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": 1}]}]}, "no list"),
    "naive start": ({"intervalPeriod": {"start": "2026-01-01T00:00:00", "duration": "PT1H"}}, "time zone"),
    "100,000 intervals": (
        {"intervals": [{"id": i, "payloads": [{"type": "PRICE", "values": [0.1]}]} for i in range(100_000)]},
        "100000 intervals",
    ),
    "100,000 packed values": (
        {"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [1] * 100_000}]}]},
        "more",
    ),
    "simple 7": ({"intervals": [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [7]}]}]}, "levels"),
    "simple 1.5": ({"intervals": [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [1.5]}]}]}, "levels"),
    "negative limit": (
        {"intervals": [{"id": 0, "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [-1]}]}]},
        "IMPORT_CAPACITY_LIMIT: -1 is below 0",
    ),
    "negative duration": ({"intervalPeriod": {"start": "2026-01-01T00:00:00Z", "duration": "-PT1H"}}, "negative"),
    "negative event duration": ({"duration": "-PT1H"}, "negative"),
    "no start": ({"intervalPeriod": {"duration": "PT1H"}}, "no start"),
    "year 222222017": ({"intervalPeriod": {"start": "222222017-01-01T00:00:00Z", "duration": "PT1H"}}, "time"),
    "priority text": ({"priority": "high"}, "priority"),
    "priority negative": ({"priority": -1}, "priority"),
    "targets text": ({"targets": "all"}, "targets"),
    "intervals object": ({"intervals": {"id": 0}}, "no list"),
    "interval text": ({"intervals": ["now"]}, "no object"),
    "payloads missing": ({"intervals": [{"id": 0}]}, "payloads"),
    "id missing": ({"id": None}, "id is missing"),
    "id a number": ({"id": 7}, "id is missing"),
    "programme missing": ({"programID": None}, "programID"),
    "random within for ever": (
        {"intervalPeriod": {"start": "2026-01-01T00:00:00Z", "duration": "PT1H", "randomizeStart": "P9999Y"}},
        "random",
    ),
    "after for ever": (
        {
            "intervalPeriod": {"start": "2026-01-01T00:00:00Z", "duration": "P9999Y"},
            "intervals": [{"id": i, "payloads": [{"type": "PRICE", "values": [0.1]}]} for i in range(2)],
        },
        "never starts",
    ),
    "packed for ever": (
        {
            "intervalPeriod": {"start": "2026-01-01T00:00:00Z", "duration": "P9999Y"},
            "intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [1, 2]}]}],
        },
        "without an end",
    ),
    "a millisecond repeated for ever": (
        {"duration": "P9999Y", "intervalPeriod": {"start": "2026-01-01T00:00:00Z", "duration": "PT0.001S"}},
        "repeat",
    ),
    "thousands of values repeated for ever": (
        {"duration": "P9999Y", "intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [1] * 9_999}]}]},
        "repeat",
    ),
    "units a number": ({"payloadDescriptors": [{"payloadType": "PRICE", "units": 5}]}, "units"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_event_is_refused_with_its_reason(event: Make, name: str) -> None:
    members, reason = HOSTILE[name]
    raw = event() | members
    with pytest.raises(BadEventError, match=reason):
        read({key: value for key, value in raw.items() if value is not None})


@pytest.mark.parametrize("raw", [None, [], "event", 5, {}, {"id": "x"}])
def test_what_is_no_event_is_refused(raw: object) -> None:
    with pytest.raises(BadEventError):
        read(raw)


def test_as_many_intervals_as_allowed_are_taken(event: Make, interval: Make) -> None:
    intervals = [interval("PRICE", 0.1, interval_id=i) for i in range(MAX_INTERVALS)]
    assert len(read(event(intervals=intervals)).signals[0].intervals) == MAX_INTERVALS


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(
        ["id", "programID", "intervalPeriod", "intervals", "targets", "priority", "duration", "reportDescriptors",
         "payloadDescriptors", "modificationDateTime", "eventName"]
    ),
    json_like,
)  # fmt: skip
def test_whatever_stands_in_a_member_nothing_but_a_reason_comes_out(member: str, junk: object) -> None:
    raw: dict[str, object] = {
        "id": "event-1",
        "programID": "p",
        "intervalPeriod": {"start": "2026-01-01T00:00:00Z", "duration": "PT1H"},
        "intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [1]}]}],
        member: junk,
    }
    try:
        found = read(raw)
    except BadEventError:
        return
    assert found.end_s >= found.start_s


stretches = st.lists(
    st.tuples(st.integers(0, 50), st.integers(1, 50)).map(lambda p: AdrInterval(0, p[0], p[0] + p[1], (1.0,))),
    max_size=12,
)


@given(stretches)
def test_without_overlap_covers_the_same_time_once_by_the_latest_start(intervals: list[AdrInterval]) -> None:
    result = without_overlap(intervals)
    assert all(a.end_s <= b.start_s for a, b in pairwise(result))
    for moment in range(101):
        holding = [i.start_s for i in intervals if i.start_s <= moment < i.end_s]
        assert sum(i.start_s <= moment < i.end_s for i in result) == bool(holding)
