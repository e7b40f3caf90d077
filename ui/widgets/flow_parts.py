"""The parts of the flow picture: where things stand, and the few shapes that it is drawn from."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from ui.theme.look import look


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand, in pixels."""

    unit: float
    house: QPointF
    """Middle of the house's body."""
    grid: QPointF
    car: QPointF
    roof: QPointF
    battery: QPointF
    grid_r: float
    car_r: float
    roof_r: float
    battery_r: float

    @property
    def apex(self) -> QPointF:
        return self.house - QPointF(0, 1.75 * self.unit)

    @property
    def wall(self) -> float:
        return 1.2 * self.unit

    @property
    def lines(self) -> dict[str, tuple[QPointF, QPointF]]:
        """Name → where a line starts and where it meets the house."""
        y = self.grid.y()
        return {
            "grid": (QPointF(self.grid.x() + self.grid_r, y), QPointF(self.house.x() - self.wall, y)),
            "roof": (QPointF(self.roof.x(), self.roof.y() + self.roof_r), self.apex),
            "car": (QPointF(self.car.x() - self.car_r, y), QPointF(self.house.x() + self.wall, y)),
            "battery": self._battery_line,
        }

    @property
    def _battery_line(self) -> tuple[QPointF, QPointF]:
        """From the battery's edge to the house's wall, below the eave."""
        wall = QPointF(self.house.x() - self.wall, self.house.y() - 0.38 * self.unit)
        way = wall - self.battery
        length = math.hypot(way.x(), way.y())
        return self.battery + way * (self.battery_r / length), wall


def lay_out(width: float, height: float) -> Layout:
    """Where things stand in a picture of this size; text sizes are the look's."""
    body = look().body_px
    text = body * 2.9
    unit = max(16.0, min(width / 9.2, (height - text - 12) / 4.6))
    roof_r = max(0.5 * unit, body * 0.95)
    roof_y = max(roof_r + 4, (height - text - 4.5 * unit) / 2 + roof_r)
    house = QPointF(width / 2, roof_y + roof_r + 0.62 * unit + 1.75 * unit)
    y = house.y() + 0.2 * unit
    reach = min(3.5 * unit, width / 2 - 1.02 * unit)
    return Layout(
        unit=unit,
        house=house,
        grid=QPointF(width / 2 - reach, y),
        car=QPointF(width / 2 + reach, y),
        roof=QPointF(width / 2, roof_y),
        battery=QPointF(width / 2 - reach, y - 1.95 * unit),
        grid_r=0.82 * unit,
        car_r=1.0 * unit,
        roof_r=roof_r,
        battery_r=0.56 * unit,
    )


def speed(power_w: float) -> float:
    """Units a second: a trickle crawls, a full charger runs."""
    return 0.35 + 1.5 * math.sqrt(min(1.0, abs(power_w) / 11_000))


def square(centre: QPointF, side: float) -> QRectF:
    """A square around a point."""
    return QRectF(centre.x() - side / 2, centre.y() - side / 2, side, side)


def disc(painter: QPainter, centre: QPointF, radius: float, colour: QColor) -> None:
    """A tinted circle with an edge."""
    tint = QColor(colour)
    tint.setAlphaF(0.10)
    width = max(2.0, radius * 0.055)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(look().tokens.surface))
    painter.drawEllipse(centre, radius - width / 2, radius - width / 2)
    painter.setPen(QPen(colour, width))
    painter.setBrush(tint)
    painter.drawEllipse(centre, radius - width / 2, radius - width / 2)


def notch(
    painter: QPainter, centre: QPointF, radius: float, thick: float, part: float, colour: QColor, *, flag: bool
) -> None:
    """A mark on the ring at a fraction of its round: a bar for the reserve, a bar with a pennant for the target."""
    angle = math.radians(part * 360 - 90)
    out = QPointF(math.cos(angle), math.sin(angle))
    painter.setPen(QPen(colour, max(2.0, thick * 0.28), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(centre + out * (radius - thick * 1.1), centre + out * (radius + thick * 0.35))
    if flag:
        tip = centre + out * (radius + thick * 0.35)
        side = QPointF(-out.y(), out.x()) * thick * 0.75
        pennant = QPainterPath(tip)
        pennant.lineTo(tip + side - out * thick * 0.35)
        pennant.lineTo(tip - out * thick * 0.75)
        pennant.closeSubpath()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPath(pennant)


def chevrons(painter: QPainter, start: QPointF, way: QPointF, length: float, size: float, colour: QColor) -> None:
    """Arrow heads along a line: the direction, without motion."""
    along = way / length
    across = QPointF(-along.y(), along.x())
    painter.setPen(QPen(colour, 2.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for part in (0.3, 0.5, 0.7) if length > size * 9 else (0.5,):
        tip = start + way * part + along * size * 0.5
        path = QPainterPath(tip - along * size + across * size * 0.8)
        path.lineTo(tip)
        path.lineTo(tip - along * size - across * size * 0.8)
        painter.drawPath(path)
