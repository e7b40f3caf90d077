"""OpenADR's times and durations: RFC 3339 and ISO 8601, with the two conventions of the user guide.

``P9999Y`` means for ever, a start at the beginning of time (``0000-01-01``, ``0001-01-01``) means now.
Source: OpenADR 3.1.0 User Guide, 7.3 "Event and Interval Timing".
"""

import math
import re
from datetime import UTC, datetime

FOREVER_S = math.inf
"""``P9999Y``, and anything longer than ``_LONG_YEARS``."""

_LONG_YEARS = 1000
_NOW_START = re.compile(r"^000[01]-01-01(T00:00(:00(\.0+)?)?(Z|[+-]00:00)?)?$")
_DURATION = re.compile(
    r"^(?P<sign>[+-]?)P(?=\d|T\d)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?$",
    re.ASCII,
)
_UNIT_S = {
    # ISO 8601 leaves a year's and a month's length to the parties; these are the calendar's means.
    "years": 365.25 * 86_400,
    "months": 30.4375 * 86_400,
    "weeks": 7 * 86_400,
    "days": 86_400,
    "hours": 3_600,
    "minutes": 60,
    "seconds": 1,
}
_LONGEST_TEXT = 64


def means_now(text: object) -> bool:
    """True for the beginning of time, by which a VTN says "now"."""
    return isinstance(text, str) and _NOW_START.match(text) is not None


def parse_time(text: object) -> float:
    """POSIX seconds of an RFC 3339 time; a time without a zone, or no time at all, is a ``ValueError``."""
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        raise ValueError(f"{str(text)[:40]!r} is no RFC 3339 time")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no RFC 3339 time") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone, so its moment is unknown")
    try:
        return moment.timestamp()
    except OverflowError:
        raise ValueError(f"{text!r} lies outside the calendar") from None


def format_time(time_s: float) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_duration(text: object) -> float:
    """Seconds of an ISO 8601 duration, signed; ``P9999Y`` is ``inf``; else a ``ValueError``."""
    match = _DURATION.match(text) if isinstance(text, str) and len(text) <= _LONGEST_TEXT else None
    if match is None:
        raise ValueError(f"{str(text)[:40]!r} is no ISO 8601 duration")
    total_s = sum(float(match[name] or 0) * unit_s for name, unit_s in _UNIT_S.items())
    if total_s >= _LONG_YEARS * _UNIT_S["years"]:
        total_s = FOREVER_S
    return -total_s if match["sign"] == "-" else total_s


def format_duration(duration_s: float) -> str:
    """ISO 8601 duration, the shortest exact one in seconds; ``inf`` is ``P9999Y``."""
    if math.isinf(duration_s):
        return "P9999Y"
    if duration_s % 3600 == 0:
        return f"PT{int(duration_s // 3600)}H"
    if duration_s % 60 == 0:
        return f"PT{int(duration_s // 60)}M"
    return f"PT{duration_s:.3f}".rstrip("0").rstrip(".") + "S"
