"""What all plots share: colours of the look, a time axis on the home's clock, lanes that do not steal the wheel."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyqtgraph as pg
from PySide6.QtGui import QColor

from ui.models.units import Format
from ui.theme.look import look

STEPS_MIN = (5, 15, 30, 60, 120, 180, 360, 720, 1440)
MOST_TICKS = 60
LABEL_EM = 4.2


class HourAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """A time axis with ticks at full local hours, right across a change of the clocks."""

    def __init__(self, zone: ZoneInfo, fmt: Format) -> None:
        super().__init__("bottom")
        self._zone, self._fmt = zone, fmt

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """Ticks that leave room for their labels."""
        most = max(2.0, size / (LABEL_EM * look().body_px))
        minutes = max(1e-3, (high - low) / 60)
        step = next((m for m in STEPS_MIN if minutes / m <= most), STEPS_MIN[-1])
        if minutes / step > MOST_TICKS:
            return [(step * 60, [])]
        midnight = datetime.fromtimestamp(low, self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        ticks: list[float] = []
        passed = timedelta()
        while True:
            # Local arithmetic: full hours on the clock, whatever the clocks do in between.
            time = (midnight.replace(tzinfo=None) + passed).replace(tzinfo=self._zone).timestamp()
            if time > high:
                return [(step * 60, ticks)]
            if time >= low:
                ticks.append(time)
            passed += timedelta(minutes=step)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Midnight is named by its day."""
        times = [datetime.fromtimestamp(v, self._zone) for v in values]
        return [self._fmt.weekday(t) if (t.hour, t.minute) == (0, 0) else f"{t:%H:%M}" for t in times]


def lane(layout: Any, row: int, axis: HourAxis | None) -> Any:
    """One lane of a chart; only the lowest carries the time axis."""
    one = look()
    items = {"bottom": axis} if axis is not None else {}
    plot = layout.addPlot(row=row, col=0, axisItems=items)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setMouseEnabled(False, False)
    plot.getViewBox().setBorder(None)
    plot.getViewBox().setDefaultPadding(0.0)
    for side in ("left", "bottom"):
        item = plot.getAxis(side)
        item.setPen(pg.mkPen(QColor(0, 0, 0, 0)))
        item.setTextPen(one.tokens.muted)
        item.setStyle(
            tickFont=one.font(one.small_px),
            tickLength=0,
            tickAlpha=0,
            tickTextOffset=one.gap(0.75),
            hideOverlappingLabels=False,
        )
    plot.getAxis("left").setWidth(round(one.small_px * 4.2))
    if axis is None:
        plot.hideAxis("bottom")
    return plot


def lane_title(layout: Any, row: int, words: str) -> None:
    """What a lane shows, over its left edge."""
    one = look()
    title = layout.addLabel(words, row=row, col=0, justify="left", color=one.tokens.muted, bold=True)
    title.setText(words, size=f"{one.small_px}px")
    title.setMaximumHeight(one.small_px * 1.5)


def ruled(plot: Any, low: float, high: float, words: Callable[[float], str], most: int = 4) -> None:
    """Round numbers at the left of a lane, with a hairline each; replaces the earlier ones."""
    for line in getattr(plot, "rules", []):
        plot.removeItem(line)
    ticks = [(value, words(value)) for value in round_numbers(low, high, most)]
    plot.getAxis("left").setTicks([ticks])
    plot.rules = [pg.InfiniteLine(v, angle=0, pen=pg.mkPen(look().tokens.line, width=1)) for v, _ in ticks]
    for line in plot.rules:
        line.setZValue(-10)
        plot.addItem(line, ignoreBounds=True)


def round_numbers(low: float, high: float, most: int) -> list[float]:
    """At most ``most`` + 1 round numbers from ``low`` to ``high``."""
    span = max(1e-9, high - low)
    steps = (m * 10.0**e for e in range(-3, 9) for m in (1, 2, 5))
    step = next((s for s in steps if span / s <= most), span)
    return [i * step for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def across(colour: str, **options: Any) -> Any:
    """A thin upright line."""
    return pg.InfiniteLine(angle=90, pen=pg.mkPen(colour, width=1, **options))


def tint(colour: QColor, alpha: float) -> QColor:
    """The colour, seen through."""
    result = QColor(colour)
    result.setAlphaF(alpha)
    return result


def make_layout(name: str) -> Any:
    """The widget that holds lanes; the wheel scrolls the page, not the plot."""
    pg.setConfigOptions(antialias=True, background=look().tokens.surface, foreground=look().tokens.muted)
    widget = pg.GraphicsLayoutWidget()
    widget.setAccessibleName(name)
    widget.ci.layout.setContentsMargins(0, 0, round(look().small_px * 1.6), 0)
    widget.ci.layout.setSpacing(look().gap(0.5))
    widget.wheelEvent = lambda event: event.ignore()
    return widget
