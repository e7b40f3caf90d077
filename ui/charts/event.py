"""Asked and delivered over each other, on the home's clock."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.charts.base import HourAxis, across, lane, make_layout, ruled, tint
from ui.i18n import tr
from ui.models.events import Curves
from ui.models.units import Format
from ui.theme.look import look


class EventChart(QWidget):
    """One lane for power."""

    def __init__(self, fmt: Format) -> None:
        super().__init__()
        self._fmt = fmt
        self._view = make_layout(tr("Asked and delivered power over time"))
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._view)
        self.setFixedHeight(round(look().body_px * 18))
        self._plot = lane(self._view, 0, HourAxis(fmt.zone, fmt))
        self._items: list[Any] = []
        self._now = across(look().tokens.accent)
        self._plot.addItem(self._now, ignoreBounds=True)

    def show_curves(self, curves: Curves, now_s: float) -> None:
        """Draw an event."""
        for item in self._items:
            self._plot.removeItem(item)
        self._items = []
        one = look()
        values = [0.0]
        if curves.asked_kw:
            pen = pg.mkPen(one.ink("grid"), width=1, style=Qt.PenStyle.DashLine)
            edges, asked = np.array(curves.asked_edge_s), np.array(curves.asked_kw)
            self._put(pg.PlotCurveItem(edges, asked, stepMode="center", pen=pen))
            values += curves.asked_kw
        if curves.delivered_s:
            pen = pg.mkPen(one.shape("car"), width=1)
            times, powers = np.array(curves.delivered_s), np.array(curves.delivered_kw)
            self._put(pg.PlotCurveItem(times, powers, pen=pen, fillLevel=0, brush=tint(one.shape("car"), 0.25)))
            values += curves.delivered_kw
        low, high = min(values), max([*values, 0.5])
        self._plot.setYRange(low - (high - low) * 0.04, high * 1.15, padding=0)
        ruled(self._plot, low, high, lambda v: self._fmt.number(v, 1), 4)
        ends = [*curves.asked_edge_s, *curves.delivered_s]
        self._plot.setXRange(min(ends), max(max(ends), min(ends) + 600), padding=0.01)
        self._now.setPos(now_s)

    def _put(self, item: Any) -> None:
        self._items.append(item)
        self._plot.addItem(item)
