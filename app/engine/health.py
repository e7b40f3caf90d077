"""The health book: one line for each driver and link, for the installer's page and the log.

A line has two authors. The driver (or its supervisor) says how it fares; the board may complain about what it says
(an absurd reading). The worse of the two shows; a complaint that is not repeated fades.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from app.clock import Clock
from app.ports import Health, HealthLevel

log = logging.getLogger(__name__)

SEVERITY: dict[HealthLevel, int] = {
    HealthLevel.OFF: 0,
    HealthLevel.OK: 1,
    HealthLevel.STARTING: 2,
    HealthLevel.WARNING: 3,
    HealthLevel.FAILED: 4,
}
_LOG_LEVEL = {HealthLevel.WARNING: logging.WARNING, HealthLevel.FAILED: logging.WARNING}

COMPLAINT_FADES_S = 60.0
"""Home seconds after which a complaint that was not repeated is forgotten."""


@dataclass(slots=True)
class HealthLine:
    """What is known of one driver or link."""

    name: str
    said: Health
    restarts: int = 0
    complaint: str = ""
    complaint_at_s: float = 0.0
    shown: Health = field(default_factory=lambda: Health(level=HealthLevel.STARTING))


class HealthBook:
    """Every driver's and link's health, in the order in which they were first named."""

    def __init__(self, clock: Clock, on_change: Callable[[str], None] | None = None) -> None:
        """``on_change(name)`` is called when a line's level or text changes."""
        self._clock = clock
        self._lines: dict[str, HealthLine] = {}
        self.on_change = on_change

    def put(self, name: str, health: Health) -> None:
        """The driver's or the supervisor's own view."""
        line = self._line(name)
        line.said = health
        self._show(line)

    def restarted(self, name: str) -> None:
        """Count one restart."""
        self._line(name).restarts += 1

    def complain(self, name: str, text: str) -> None:
        """The engine refuses something that this driver says."""
        line = self._line(name)
        line.complaint, line.complaint_at_s = text, self._clock.now_s()
        self._show(line)

    def lines(self) -> list[HealthLine]:
        """All lines as they show now."""
        for line in self._lines.values():
            self._show(line)
        return list(self._lines.values())

    def get(self, name: str) -> HealthLine | None:
        """One line, or None where nobody has named it."""
        line = self._lines.get(name)
        if line is not None:
            self._show(line)
        return line

    def _line(self, name: str) -> HealthLine:
        if name not in self._lines:
            start = Health(level=HealthLevel.STARTING, since_s=self._clock.now_s())
            self._lines[name] = HealthLine(name=name, said=start, shown=start)
        return self._lines[name]

    def _show(self, line: HealthLine) -> None:
        now_s = self._clock.now_s()
        if line.complaint and now_s - line.complaint_at_s > COMPLAINT_FADES_S:
            line.complaint = ""
        said, before = line.said, line.shown
        if line.complaint and SEVERITY[said.level] < SEVERITY[HealthLevel.WARNING]:
            said = replace(said, level=HealthLevel.WARNING, text=line.complaint)
        same_level = said.level is before.level
        line.shown = replace(said, since_s=before.since_s if same_level else now_s)
        if same_level and said.text == before.text:
            return
        log.log(
            _LOG_LEVEL.get(said.level, logging.INFO),
            "%s: %s%s",
            line.name,
            said.level.value,
            f", {said.text}" if said.text else "",
            extra={"driver": line.name, "health": said.level.value},
        )
        if self.on_change is not None:
            self.on_change(line.name)
