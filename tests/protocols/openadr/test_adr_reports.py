"""Reports: due when the user guide says, over the intervals it says, and valid by the Alliance's schema."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest

from protocols.openadr.agenda import ReportAgenda
from protocols.openadr.events import parse_event
from protocols.openadr.model import AdrEvent, ReportDescriptor
from protocols.openadr.reports import ReportDue, report_json, reports_of
from protocols.openadr.versions import V3_0_1, V3_1_0, Version

Make = Callable[..., dict[str, Any]]
HOUR_S = 3600.0


@pytest.fixture
def ten_hours(event: Make, interval: Make) -> AdrEvent:
    intervals = [interval("PRICE", 0.1, interval_id=100 + i) for i in range(10)]
    return parse_event(event(intervals=intervals), 0.0, lambda key: 0.0)


@pytest.fixture
def looping(event: Make, interval: Make) -> AdrEvent:
    intervals = [interval("PRICE", 0.1, interval_id=i) for i in range(2)]
    return parse_event(event(duration="P9999Y", intervals=intervals), 0.0, lambda key: 0.0)


def plan(event: AdrEvent, from_s: float = 0.0, most: int = 20, **members: Any) -> list[tuple[float, list[int]]]:
    """Due hour and interval ids of the reports."""
    descriptor = ReportDescriptor("USAGE", **members)
    found = itertools.islice(reports_of(event, descriptor, from_s), most)
    return [((r.due_s - event.start_s) / HOUR_S, [i.interval_id for i in r.intervals]) for r in found]


def test_by_default_one_report_on_all_intervals_after_the_last(ten_hours: AdrEvent) -> None:
    assert plan(ten_hours) == [(10, list(range(100, 110)))]


def test_a_forecast_is_due_before_the_first(ten_hours: AdrEvent) -> None:
    assert plan(ten_hours, historical=False) == [(0, list(range(100, 110)))]


def test_a_subset(ten_hours: AdrEvent) -> None:
    assert plan(ten_hours, start_interval=1, num_intervals=3) == [(4, [101, 102, 103])]
    assert plan(ten_hours, start_interval=5) == [(10, [105, 106, 107, 108, 109])]
    assert plan(ten_hours, num_intervals=2) == [(10, [108, 109])]


def test_a_report_every_two_intervals(ten_hours: AdrEvent) -> None:
    assert plan(ten_hours, start_interval=1, num_intervals=2, frequency=2, repeat=3) == [
        (3, [101, 102]),
        (5, [103, 104]),
        (7, [105, 106]),
    ]
    assert len(plan(ten_hours, start_interval=0, num_intervals=1, repeat=-1)) == 10


def test_rolling_forecasts(ten_hours: AdrEvent) -> None:
    assert plan(ten_hours, start_interval=0, num_intervals=3, frequency=1, repeat=3, historical=False) == [
        (0, [100, 101, 102]),
        (1, [101, 102, 103]),
        (2, [102, 103, 104]),
    ]


def test_reports_go_on_as_a_looping_event_does(looping: AdrEvent) -> None:
    found = plan(looping, repeat=-1, most=3)
    assert found == [(2, [0, 1]), (4, [0, 1]), (6, [0, 1])]


def test_of_those_missed_only_the_latest_is_sent(looping: AdrEvent) -> None:
    years_on_s = looping.start_s + 10_000 * HOUR_S + 1
    found = plan(looping, years_on_s, repeat=-1, most=2)
    assert [hour for hour, _ in found] == [10_000, 10_002]


def test_an_event_without_an_end_owes_no_report_at_its_end(event: Make) -> None:
    forever = parse_event(event(intervalPeriod={"start": "0000-01-01", "duration": "P9999Y"}), 0.0, lambda key: 0.0)
    assert plan(forever) == []


def test_a_report_only_event_by_its_period(event: Make) -> None:
    found = parse_event(event(intervals=None), 0.0, lambda key: 0.0)
    assert [hour for hour, _ in plan(found, repeat=-1, most=3)] == [1, 2, 3]


def test_the_agenda_gives_each_report_once_in_order(ten_hours: AdrEvent, event: Make) -> None:
    raw = event(reportDescriptors=[{"payloadType": "USAGE"}, {"payloadType": "DEMAND", "historical": False}])
    planned = parse_event(raw, 0.0, lambda key: 0.0)
    agenda = ReportAgenda()
    agenda.plan(planned, planned.start_s - 60)
    assert agenda.next_s() == planned.start_s
    assert [d.descriptor.payload_type for d in agenda.due(planned.start_s)] == ["DEMAND"]
    assert [d.descriptor.payload_type for d in agenda.due(planned.end_s + 5)] == ["USAGE"]
    assert agenda.due(planned.end_s + 1e6) == []
    assert math.isinf(agenda.next_s())


def test_an_ad_hoc_report_comes_at_our_own_pace(event: Make) -> None:
    raw = event(reportDescriptors=[{"payloadType": "OPERATING_STATE", "frequency": 0, "repeat": -1}])
    planned = parse_event(raw, 0.0, lambda key: 0.0)
    agenda = ReportAgenda(900.0)
    agenda.plan(planned, planned.start_s)
    found = [agenda.due(planned.start_s + 900.0 * n) for n in range(1, 7)]
    assert [len(f) for f in found] == [1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize("version", [V3_0_1, V3_1_0], ids=lambda v: v.name)
def test_a_report_is_valid_and_says_what_is_missing(
    spec: Callable[[str], Any], ten_hours: AdrEvent, version: Version
) -> None:
    descriptor = ReportDescriptor("USAGE", reading_type="DIRECT_READ", units="KWH")
    due = ReportDue("event-1", "program-1", descriptor, 0, 0.0, ten_hours.spans[:3])
    body = report_json(version, due, "home", {"car": [1.5, None, float("nan")]})
    spec(version.name).check("report" if version is V3_0_1 else "reportRequest", body)
    intervals = body["resources"][0]["intervals"]
    assert [i["id"] for i in intervals] == [100, 101, 102]
    assert [i["payloads"][0]["type"] for i in intervals] == ["USAGE", "DATA_QUALITY", "DATA_QUALITY"]
    assert ("programID" in body) == (version is V3_0_1)
