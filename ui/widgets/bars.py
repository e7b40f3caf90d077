"""Stacked bars: energy by path for each hour, day or month. The cursor is moved by mouse or by the arrow keys."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.i18n import tr
from ui.models.history import Bar, Part
from ui.models.units import Format
from ui.theme.look import look


def part_colour(part: Part) -> QColor:
    """The colour of a path."""
    return mixed(look().shape(part.source), part.shade)


def mixed(colour: QColor, share: float) -> QColor:
    """A colour thinned with the card's ground: opaque, so that a legend matches wherever it stands."""
    ground = QColor(look().tokens.surface)
    pairs = ((colour.red(), ground.red()), (colour.green(), ground.green()), (colour.blue(), ground.blue()))
    return QColor(*(round(a * share + b * (1 - share)) for a, b in pairs))


class StackedBars(QWidget):
    """The chart."""

    pointed = Signal(int)
    """Number of the bar under the cursor; −1: none."""

    def __init__(self) -> None:
        super().__init__()
        self._bars: list[Bar] = []
        self._fmt = Format()
        self._at = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Energy by path"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(480, round(look().body_px * 20))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, round(look().body_px * 14))

    def show_bars(self, bars: list[Bar], fmt: Format) -> None:
        """Draw bars."""
        self._bars, self._fmt, self._at = bars, fmt, -1
        total = sum(bar.total_wh for bar in bars)
        self.setAccessibleDescription(
            tr(
                "{count} bars, {energy} in all. Left and right read them.",
                count=str(len(bars)),
                energy=fmt.energy(total).text,
            )
        )
        self.update()

    def _area(self) -> QRectF:
        one = look()
        left = one.small_px * 3.6
        return QRectF(left, one.small_px * 1.6, self.width() - left - 4, self.height() - one.small_px * 3.8)

    def _pitch(self) -> float:
        return self._area().width() / max(1, len(self._bars))

    def paintEvent(self, event: QPaintEvent) -> None:
        one, area = look(), self._area()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(one.font(one.small_px))
        top_kwh = _round_up(max((bar.total_wh for bar in self._bars), default=1000.0) / 1000)
        for i in range(5):
            y = area.bottom() - area.height() * i / 4
            painter.setPen(QPen(QColor(one.tokens.line), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(one.tokens.muted))
            box = QRectF(0, y - 10, area.left() - one.gap(), 20)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, right, self._fmt.number(top_kwh * i / 4, 1 if top_kwh < 8 else 0))
        painter.drawText(QRectF(0, 0, area.left() - one.gap(), one.small_px * 1.3), Qt.AlignmentFlag.AlignRight, "kWh")
        pitch = self._pitch()
        every = max(1, round(one.small_px * 2.6 / pitch + 0.49))
        for i, bar in enumerate(self._bars):
            self._paint_bar(
                painter, bar, QRectF(area.left() + i * pitch, area.top(), pitch, area.height()), top_kwh, i == self._at
            )
            if i % every == 0:
                painter.setPen(QColor(one.tokens.muted))
                label = QRectF(area.left() + i * pitch - pitch, area.bottom() + 6, pitch * 3, one.small_px * 1.5)
                painter.drawText(label, Qt.AlignmentFlag.AlignHCenter, bar.label)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(one.tokens.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)

    def _paint_bar(self, painter: QPainter, bar: Bar, place: QRectF, top_kwh: float, pointed: bool) -> None:
        if pointed:
            painter.fillRect(place, QColor(look().tokens.sunken))
        width = max(2.0, min(place.width() * 0.68, 44.0))
        x, y = place.center().x() - width / 2, place.bottom()
        height = bar.total_wh / 1000 / top_kwh * place.height()
        if height <= 0:
            return
        clip = QPainterPath()
        radius = min(4.0, width / 3)
        clip.addRoundedRect(QRectF(x, y - height, width, height + radius), radius, radius)
        painter.save()
        painter.setClipRect(place)
        painter.setClipPath(clip, Qt.ClipOperation.IntersectClip)
        for part in bar.parts:
            tall = part.energy_wh / 1000 / top_kwh * place.height()
            y -= tall
            painter.fillRect(QRectF(x, y, width, tall), part_colour(part))
        painter.restore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(int((event.position().x() - self._area().left()) // self._pitch()))

    def leaveEvent(self, event: QEnterEvent) -> None:  # type: ignore[override]
        self._point(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if way and self._bars:
            self._point(min(len(self._bars) - 1, max(0, self._at + way)))
        else:
            super().keyPressEvent(event)

    def _point(self, at: int) -> None:
        at = at if 0 <= at < len(self._bars) else -1
        if at != self._at:
            self._at = at
            self.pointed.emit(at)
            self.update()


def _round_up(value: float) -> float:
    """The next number that divides well by four."""
    for step in (0.4, 0.8, 1, 2, 4, 8, 10, 16, 20, 40, 60, 80, 100, 200, 400, 800, 1000, 2000, 4000, 8000):
        if value <= step:
            return float(step)
    return value
