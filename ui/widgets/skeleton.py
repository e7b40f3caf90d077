"""The quiet shape of what has not come yet, instead of a spinner."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.i18n import tr
from ui.theme.look import look


class Skeleton(QWidget):
    """A few grey bars, as wide as the text they stand for (fractions of the width)."""

    def __init__(self, *bars: float, block: bool = False) -> None:
        super().__init__()
        self._bars = bars or (0.5, 0.9, 0.7)
        self._block = block
        self._step = round(look().body_px * 1.9)
        self.setMinimumHeight(self._step * len(self._bars))
        self.setSizePolicy(
            QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding if block else QSizePolicy.Policy.Fixed
        )
        self.setAccessibleName(tr("Loading"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look().tokens.sunken))
        if self._block:
            painter.drawRoundedRect(QRectF(self.rect()), 12, 12)
            return
        for i, part in enumerate(self._bars):
            painter.drawRoundedRect(QRectF(0, i * self._step, self.width() * part, self._step * 0.55), 6, 6)
