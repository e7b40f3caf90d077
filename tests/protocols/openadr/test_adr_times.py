import math

import pytest

from protocols.openadr.times import format_duration, format_time, means_now, parse_duration, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT1H", 3600),
        ("PT0S", 0),
        ("P1D", 86_400),
        ("P1W", 604_800),
        ("PT1H30M", 5400),
        ("PT0.5S", 0.5),
        ("P1DT12H", 129_600),
        ("-PT1H", -3600),
        ("P9999Y", math.inf),
        ("-P9999Y", -math.inf),
    ],
)
def test_a_duration_is_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "1H", "PT1H ", "PT١H", "P1H", None, 3600, "PT" + "9" * 100 + "S", "−PT1H"]
)
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        parse_duration(text)


@pytest.mark.parametrize("seconds", [0.0, 1.5, 60.0, 900.0, 3600.0, 90_000.0, math.inf])
def test_a_duration_survives_the_way_there_and_back(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.000Z"])
def test_a_time_is_posix_seconds(text: str, now_s: float) -> None:
    assert parse_time(text) == now_s
    assert parse_time(format_time(now_s)) == now_s


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00", "2026-01-01", "00:00:00", "", None, 5, "x" * 10_000])
def test_a_time_without_zone_or_sense_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="time"):
        parse_time(text)


@pytest.mark.parametrize(
    "text", ["0000-01-01", "0001-01-01", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"]
)
def test_the_beginning_of_time_means_now(text: str) -> None:
    assert means_now(text)
    assert not means_now("2001-01-01")
    assert not means_now(None)
