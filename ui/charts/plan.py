"""The plan as three lanes over one time axis: prices, power, charge; a line for now, a cursor, a departure's flag."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.charts.base import HourAxis, across, lane, lane_title, make_layout, ruled, tint
from ui.i18n import tr
from ui.models.plan import DEPARTURE_STEP, Series
from ui.models.units import Format
from ui.theme.look import look

LANE_SHARES = (4, 7, 5)
"""Heights of the lanes: prices, power, charge."""
_STEP_S = DEPARTURE_STEP.total_seconds()


class PlanChart(QWidget):
    """Give it a ``Series``; it tells where the cursor stands and where the departure is dragged to."""

    cursor_moved = Signal(float)
    """POSIX seconds under the cursor."""
    departure_dragged = Signal(float, float)
    """From, to: POSIX seconds."""

    def __init__(self, fmt: Format) -> None:
        super().__init__()
        self._fmt = fmt
        self._series: Series | None = None
        self._cursor_s = 0.0
        self._flags: list[Any] = []
        self._view = make_layout(tr("Plan: prices, power and charge over time"))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._view)
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Plan: prices, power and charge over time"))
        self.setAccessibleDescription(
            tr("Left and right move the cursor; with Shift they move the departure by a quarter of an hour.")
        )
        self.setMinimumHeight(round(look().body_px * 27))
        titles = (tr("Price per kWh"), tr("Power, kW"), tr("Car's charge"))
        axes = (None, None, HourAxis(fmt.zone, fmt))
        for number, (words, share) in enumerate(zip(titles, LANE_SHARES, strict=True)):
            lane_title(self._view, 2 * number, words)
            self._view.ci.layout.setRowStretchFactor(2 * number + 1, share)
        self._prices, self._power, self._charge = (lane(self._view, 2 * n + 1, axis) for n, axis in enumerate(axes))
        self._lanes = (self._prices, self._power, self._charge)
        for plot in self._lanes[1:]:
            plot.setXLink(self._prices)
        self._charge.setYRange(-2, 124, padding=0)
        ruled(self._charge, 0, 100, lambda v: f"{v:.0f} %", 2)
        tokens = look().tokens
        self._now = [across(tokens.accent) for _ in self._lanes]
        self._cursor = [across(tokens.muted, style=Qt.PenStyle.DotLine) for _ in self._lanes]
        for plot, now, cursor in zip(self._lanes, self._now, self._cursor, strict=True):
            now.setZValue(20)
            cursor.setZValue(19)
            cursor.hide()
            plot.addItem(now, ignoreBounds=True)
            plot.addItem(cursor, ignoreBounds=True)
        self._view.scene().sigMouseMoved.connect(self._hover)

    # ---- data -------------------------------------------------------------------------------------------------------

    def show_series(self, series: Series, preview: Series | None = None) -> None:
        """Draw a plan, and over it the outline of another one that may replace it."""
        self._series = series
        for plot in self._lanes:
            for item in [i for i in plot.items if getattr(i, "of_plan", False)]:
                plot.removeItem(item)
        self._flags = []
        one = look()
        edges = np.array(series.edge_s)
        self._step(self._prices, edges, series.import_price, one.ink("grid"), fill=0.12)
        self._step(self._prices, edges, series.export_price, one.ink("car"), dash=True)
        low = self._step(self._power, edges, series.load_low_kw, tint(one.shape("house"), 0.0))
        high = self._step(self._power, edges, series.load_high_kw, tint(one.shape("house"), 0.0))
        self._add(self._power, pg.FillBetweenItem(low, high, brush=tint(one.shape("house"), 0.18)))
        self._step(self._power, edges, series.solar_kw, one.shape("solar"), fill=0.22)
        self._step(self._power, edges, series.load_kw, one.ink("house"))
        self._step(self._power, edges, series.charge_kw, one.shape("car"), fill=0.45)
        self._step(self._power, edges, series.feed_kw, one.shape("car"), fill=0.45)
        zero = pg.InfiniteLine(0, angle=0, pen=pg.mkPen(one.tokens.edge, width=1))
        self._add(self._power, zero)
        self._line(edges, series.soc_percent, one.ink("car"), fill=0.18)
        self._step(self._charge, edges, series.reserve_percent, one.ink("limit"), dash=True)
        if preview is not None:
            new_edges = np.array(preview.edge_s)
            total = [a + b for a, b in zip(preview.charge_kw, preview.feed_kw, strict=True)]
            self._step(self._power, new_edges, total, look().tokens.accent, dash=True)
            self._line(new_edges, preview.soc_percent, look().tokens.accent, dash=True)
        self._draw_flags((preview or series).flags)
        self._prices.setXRange(edges[0], edges[-1], padding=0)
        top = max([*series.import_price, *series.export_price, 0.01])
        bottom = min([*series.import_price, *series.export_price, 0.0])
        self._prices.setYRange(bottom - top * 0.03, top * 1.06, padding=0)
        ruled(self._prices, bottom, top, lambda v: self._fmt.number(v, 2), 3)
        highs = max([*series.solar_kw, *series.load_high_kw, *series.charge_kw, 1.0])
        lows = min([*series.feed_kw, 0.0])
        self._power.setYRange(lows * 1.08, highs * 1.04, padding=0)
        ruled(self._power, lows, highs, lambda v: self._fmt.number(v, 0 if highs - lows > 4 else 1), 6)

    @property
    def dragging(self) -> bool:
        """Is the flag in somebody's hand? Then nothing is drawn anew."""
        return any(line.moving for line in self._flags)

    def set_now(self, now_s: float) -> None:
        """Move the line for now."""
        for line in self._now:
            line.setPos(now_s)

    def _add(self, plot: Any, item: Any) -> Any:
        item.of_plan = True
        plot.addItem(item)
        return item

    def _step(
        self, plot: Any, edges: Any, values: list[float], colour: Any, *, fill: float = 0.0, dash: bool = False
    ) -> Any:
        style = Qt.PenStyle.DashLine if dash else Qt.PenStyle.SolidLine
        options: dict[str, Any] = {"fillLevel": 0, "brush": tint(pg.mkColor(colour), fill)} if fill else {}
        # Wider than 1 is the cliff: a pen of 2 costs ten times the time of a pen of 1.
        pen = pg.mkPen(colour, width=1, style=style)
        return self._add(plot, pg.PlotCurveItem(edges, np.array(values), stepMode="center", pen=pen, **options))

    def _line(self, edges: Any, values: list[float], colour: Any, *, fill: float = 0.0, dash: bool = False) -> None:
        style = Qt.PenStyle.DashLine if dash else Qt.PenStyle.SolidLine
        pen = pg.mkPen(colour, width=1, style=style)
        options: dict[str, Any] = {"fillLevel": 0, "brush": tint(pg.mkColor(colour), fill)} if fill else {}
        array = np.array(values)
        known = np.isfinite(array)
        # One piece for each time at home: a filled curve with gaps would close across them.
        cuts = np.flatnonzero(np.diff(known.astype(int))) + 1
        for part in np.split(np.arange(len(array)), cuts):
            if len(part) > 1 and known[part[0]]:
                self._add(self._charge, pg.PlotCurveItem(edges[part], array[part], pen=pen, **options))

    def _draw_flags(self, flags: list[tuple[float, float]]) -> None:
        one = look()
        for number, (time_s, target) in enumerate(flags):
            first = number == 0
            line = pg.InfiniteLine(
                time_s,
                angle=90,
                movable=first,
                pen=pg.mkPen(one.tokens.text, width=1),
                hoverPen=pg.mkPen(one.tokens.accent, width=1),
                label=f"⚑ {self._clock(time_s)} · {self._fmt.number(target)} %",
                labelOpts={
                    "position": 0.88,
                    "color": one.tokens.on_accent if first else one.tokens.text,
                    "fill": pg.mkBrush(one.tokens.accent if first else one.tokens.sunken),
                    "movable": False,
                    "anchors": [(0, 0.5), (1, 0.5)],
                },
            )
            line.label.setFont(one.font(one.small_px, bold=True))
            line.setZValue(25)
            self._add(self._charge, line)
            dot = pg.ScatterPlotItem([time_s], [target], size=9, brush=pg.mkBrush(one.tokens.text), pen=None)
            self._add(self._charge, dot)
            self._flags.append(line)
            if first:
                line.setCursor(Qt.CursorShape.SizeHorCursor)
                line.sigDragged.connect(self._dragging)
                line.sigPositionChangeFinished.connect(lambda item, at=time_s: self._dropped(item, at))

    def _clock(self, time_s: float) -> str:
        return self._fmt.clock(datetime.fromtimestamp(time_s, UTC)).text

    # ---- hands ------------------------------------------------------------------------------------------------------

    def _dragging(self, line: Any) -> None:
        line.label.setText(f"⚑ {self._clock(round(line.value() / _STEP_S) * _STEP_S)}")

    def _dropped(self, line: Any, from_s: float) -> None:
        self.departure_dragged.emit(from_s, round(line.value() / _STEP_S) * _STEP_S)

    def _hover(self, position: QPointF) -> None:
        for plot in self._lanes:
            if plot.sceneBoundingRect().contains(position):
                self.set_cursor_at(float(plot.getViewBox().mapSceneToView(position).x()))
                return

    def set_cursor_at(self, time_s: float) -> None:
        """Move the cursor."""
        if self._series is None or not self._series.edge_s[0] <= time_s < self._series.edge_s[-1]:
            return
        self._cursor_s = time_s
        for line in self._cursor:
            line.setPos(time_s)
            line.show()
        self.cursor_moved.emit(time_s)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if way == 0 or self._series is None:
            super().keyPressEvent(event)
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            if self._flags:
                at = float(self._flags[0].value())
                self.departure_dragged.emit(at, at + way * _STEP_S)
            return
        start = self._cursor_s or float(self._now[0].value())
        self.set_cursor_at(start + way * (self._series.edge_s[1] - self._series.edge_s[0]))

    def leaveEvent(self, event: QEvent) -> None:
        for line in self._cursor:
            line.hide()
        self._cursor_s = 0.0
        self.cursor_moved.emit(0.0)
