"""The support case in plain words: what was recorded, and how the capture stands."""

import math
from typing import TYPE_CHECKING

from ui.i18n import tr
from ui.models.units import NBSP, Format, Shown

if TYPE_CHECKING:
    from app.api import schema as s

SHOWN_RECORDINGS = 5


def size_words(count: int, fmt: Format) -> str:
    """A file's size."""
    if count < 1_000_000:
        return f"{fmt.number(max(1.0, count / 1000))}{NBSP}kB"
    return f"{fmt.number(count / 1_000_000, 1)}{NBSP}MB"


def recording_row(recording: "s.RecordingOut", fmt: Format) -> tuple[str, Shown]:
    """One line of the list: when the session began; its size and how it ended."""
    began = f"{fmt.day(recording.began)}, {fmt.clock(recording.began).text}"
    if recording.proper is None:
        ended = tr("no end")
    elif recording.paused:
        ended = tr("paused")
    else:
        ended = tr("ended in order") if recording.proper else tr("broken off")
    why = recording.reason or tr("It still runs, or the engine was stopped while it ran.")
    return began, Shown(f"{size_words(recording.bytes, fmt)} · {ended}", why)


def capture_words(capture: "s.CaptureOut", fmt: Format) -> str:
    """How the capture stands; empty where there is none."""
    if capture.running:
        minutes = fmt.number(math.ceil(capture.left_s / 60))
        return tr("Sessions that begin now are captured, for another {minutes} min.", minutes=minutes)
    if capture.bytes is None:
        return ""
    return tr("A capture of {size} is kept.", size=size_words(capture.bytes, fmt))
