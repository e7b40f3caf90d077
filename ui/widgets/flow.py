"""The picture of the home: roof on top, house in the middle, grid left, car right, and power moving between them.

All that stands still is painted once into a pixmap, again only when a figure, the size or the look changes; a frame of
the animation is that pixmap and some dots (measured: a third of the cost of a scene graph).
"""

import math

from PySide6.QtCore import QElapsedTimer, QEvent, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ui.i18n import tr
from ui.models.home import Node, Picture, Wire
from ui.models.units import DASH
from ui.theme.icons import draw_icon
from ui.theme.look import look
from ui.theme.tokens import Source
from ui.widgets.flow_parts import Layout, chevrons, disc, lay_out, notch, speed, square

FRAME_MS = 33
NARROW_EM = 9
"""Below this many letters the battery shows its charge without its name."""


class FlowPicture(QWidget):
    """The widget; ``show_picture`` gives it figures, ``set_away`` greys it."""

    def __init__(self) -> None:
        super().__init__()
        self._picture: Picture | None = None
        self._away = ""
        self._still: QPixmap | None = None
        self._places: list[tuple[QRectF, str]] = []
        self._phase: dict[str, float] = {"grid": 0.0, "roof": 0.0, "car": 0.0, "battery": 0.0}
        self._clock = QElapsedTimer()
        self._frames = QTimer(self, interval=FRAME_MS)
        self._frames.timeout.connect(self._frame)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(tr("Picture of the power flows"))
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMouseTracking(True)

    def show_picture(self, picture: Picture) -> None:
        """Show new figures."""
        if picture != self._picture:
            self._picture = picture
            self._still = None
            self.setAccessibleDescription(picture.words)
            self.update()
        self._start_or_stop()

    def set_away(self, words: str) -> None:
        """Grey the picture and say why in a few words; an empty text brings it back."""
        if words != self._away:
            self._away, self._still = words, None
            self._start_or_stop()
            self.update()

    @property
    def moving(self) -> bool:
        """Does power move on the screen?"""
        return self._frames.isActive()

    def minimumSizeHint(self) -> QSize:
        body = look().body_px
        return QSize(240, round(12 * body + 60))

    def sizeHint(self) -> QSize:
        return QSize(720, round(24 * look().body_px))

    def heightForWidth(self, width: int) -> int:
        """As tall as the drawing is at this width: no empty sky on a phone."""
        body = look().body_px
        return round(min(24 * body, max(12 * body + 60, width * 0.52 + 3.4 * body)))

    # ---- motion -----------------------------------------------------------------------------------------------------

    def _wires(self) -> dict[str, Wire]:
        p = self._picture
        if p is None:
            return {}
        wires = {"grid": p.grid_wire, "roof": p.roof_wire, "car": p.car_wire}
        return wires if p.battery is None else {**wires, "battery": p.battery_wire}

    def _start_or_stop(self) -> None:
        moves = any(wire.flowing for wire in self._wires().values())
        alive = moves and not self._away and look().motion and self.isVisible()
        if self._picture is not None and self._picture.stale:
            alive = False
        if alive and not self._frames.isActive():
            self._clock.start()
            self._frames.start()
        elif not alive:
            self._frames.stop()

    def _frame(self) -> None:
        passed_s = min(0.1, self._clock.restart() / 1000)
        for name, wire in self._wires().items():
            if wire.flowing:
                self._phase[name] += passed_s * speed(wire.to_house_w) * self._plan().unit
        self.update()

    # ---- events -----------------------------------------------------------------------------------------------------

    def showEvent(self, event: QEvent) -> None:
        self._start_or_stop()

    def hideEvent(self, event: QEvent) -> None:
        self._frames.stop()

    def resizeEvent(self, event: QEvent) -> None:
        self._still = None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and self._picture is not None:
            spot = event.pos()  # type: ignore[attr-defined]  # a QHelpEvent
            words = next((why for area, why in self._places if why and area.contains(QPointF(spot))), "")
            QToolTip.showText(event.globalPos(), words, self)  # type: ignore[attr-defined]
            return True
        return super().event(event)

    # ---- paint ------------------------------------------------------------------------------------------------------

    def _plan(self) -> Layout:
        return lay_out(float(self.width()), float(self.height()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._still is None:
            self._still = self._paint_still()
        painter.drawPixmap(0, 0, self._still)
        plan = self._plan()
        if not self._away:
            for name, wire in self._wires().items():
                if wire.flowing:
                    self._paint_motion(painter, plan, name, wire)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(look().tokens.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 10, 10)

    def _paint_motion(self, painter: QPainter, plan: Layout, name: str, wire: Wire) -> None:
        start, end = plan.lines[name]
        if wire.to_house_w < 0:
            start, end = end, start
        way = end - start
        length = math.hypot(way.x(), way.y())
        if length < 4:
            return
        colour = look().shape(wire.source)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        radius = max(2.5, min(6.0, plan.unit * 0.075))
        step = max(radius * 4.5, plan.unit * 0.42)
        if not look().motion or (self._picture is not None and self._picture.stale):
            chevrons(painter, start, way, length, radius * 1.5, colour)
            return
        at = self._phase[name] % step
        while at < length:
            # Dots fade in and out at the ends, so that none pops.
            fade = min(1.0, at / (radius * 2), (length - at) / (radius * 2))
            painter.setOpacity(max(0.0, fade))
            painter.drawEllipse(start + way * (at / length), radius, radius)
            at += step
        painter.setOpacity(1.0)

    def _paint_still(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(QSize(round(self.width() * ratio), round(self.height() * ratio)))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._places = []
        plan = self._plan()
        for name, (start, end) in plan.lines.items():
            if name != "battery" or self._has_battery:
                self._paint_line(painter, start, end, self._wires().get(name))
        self._paint_house(painter, plan)
        self._paint_roof(painter, plan)
        self._paint_grid(painter, plan)
        self._paint_car(painter, plan)
        self._paint_battery(painter, plan)
        if self._away or (self._picture is not None and self._picture.stale):
            self._paint_since(painter, self._away or tr("Old readings: the meter is silent"))
        painter.end()
        return pixmap

    def _ink(self, source: Source) -> QColor:
        return self._greyed(look().ink(source))

    def _shape(self, source: Source) -> QColor:
        return self._greyed(look().shape(source))

    def _greyed(self, colour: QColor) -> QColor:
        grey = self._away or self._picture is None or self._picture.stale
        return QColor(look().tokens.muted) if grey else colour

    def _paint_line(self, painter: QPainter, start: QPointF, end: QPointF, wire: Wire | None) -> None:
        colour = QColor(look().tokens.line)
        if wire is not None and wire.flowing:
            colour = self._shape(wire.source)
            colour.setAlphaF(0.28)
        painter.setPen(QPen(colour, 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLine(start, end)

    def _paint_house(self, painter: QPainter, plan: Layout) -> None:
        u, c = plan.unit, plan.house
        eave_y, base_y = c.y() - 0.62 * u, c.y() + 1.15 * u
        eave_x = plan.wall + 0.36 * u
        body = QPainterPath()
        body.moveTo(c.x() - plan.wall, eave_y)
        body.lineTo(c.x() - plan.wall, base_y - 0.12 * u)
        body.quadTo(c.x() - plan.wall, base_y, c.x() - plan.wall + 0.12 * u, base_y)
        body.lineTo(c.x() + plan.wall - 0.12 * u, base_y)
        body.quadTo(c.x() + plan.wall, base_y, c.x() + plan.wall, base_y - 0.12 * u)
        body.lineTo(c.x() + plan.wall, eave_y)
        body.lineTo(plan.apex)
        body.closeSubpath()
        shape = self._shape("house")
        tint = QColor(shape)
        tint.setAlphaF(0.10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look().tokens.surface))
        painter.drawPath(body)
        painter.setBrush(tint)
        painter.drawPath(body)
        width = max(2.0, 0.045 * u)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(shape, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        walls = QPainterPath()
        walls.moveTo(c.x() - plan.wall, eave_y - 0.02 * u)
        walls.lineTo(c.x() - plan.wall, base_y - 0.12 * u)
        walls.quadTo(c.x() - plan.wall, base_y, c.x() - plan.wall + 0.12 * u, base_y)
        walls.lineTo(c.x() + plan.wall - 0.12 * u, base_y)
        walls.quadTo(c.x() + plan.wall, base_y, c.x() + plan.wall, base_y - 0.12 * u)
        walls.lineTo(c.x() + plan.wall, eave_y - 0.02 * u)
        painter.drawPath(walls)
        slope = (plan.apex.y() - eave_y) / (0 - plan.wall)
        drop = slope * (eave_x - plan.wall)
        left = QPointF(c.x() - eave_x, eave_y + drop)
        right = QPointF(c.x() + eave_x, eave_y + drop)
        edge = QPainterPath()
        edge.moveTo(left)
        edge.lineTo(plan.apex)
        edge.lineTo(right)
        painter.drawPath(edge)
        self._paint_panels(painter, plan, right)
        self._paint_panels(painter, plan, left)
        self._paint_text(painter, QPointF(c.x(), c.y() + 0.22 * u), self._node("house"), "house", plan.wall * 1.9)

    def _paint_panels(self, painter: QPainter, plan: Layout, eave: QPointF) -> None:
        """Three solar panels on one slope of the roof."""
        way = eave - plan.apex
        length = math.hypot(way.x(), way.y())
        along = way / length
        out = QPointF(along.y(), -along.x())
        if out.y() > 0:
            out = -out
        lift, thick = 0.06 * plan.unit, 0.17 * plan.unit
        painter.setPen(Qt.PenStyle.NoPen)
        known = self._picture is not None and self._picture.roof.value.text != DASH
        painter.setBrush(self._shape("solar") if known else QColor(look().tokens.line))
        for i in range(3):
            a = plan.apex + along * length * (0.23 + i * 0.235) + out * lift
            b = plan.apex + along * length * (0.23 + i * 0.235 + 0.205) + out * lift
            panel = QPainterPath(a)
            panel.lineTo(b)
            panel.lineTo(b + out * thick)
            panel.lineTo(a + out * thick)
            panel.closeSubpath()
            painter.drawPath(panel)

    def _paint_roof(self, painter: QPainter, plan: Layout) -> None:
        shape = self._shape("solar")
        disc(painter, plan.roof, plan.roof_r, shape)
        side = plan.roof_r * 1.15
        draw_icon(painter, "sun", square(plan.roof, side), self._ink("solar"))
        left = QPointF(plan.roof.x() + plan.roof_r + look().gap(1.25), plan.roof.y())
        self._paint_text(painter, left, self._node("roof"), "solar", self.width() / 2 - plan.roof_r - 16, beside=True)

    def _paint_grid(self, painter: QPainter, plan: Layout) -> None:
        shape = self._shape("grid")
        disc(painter, plan.grid, plan.grid_r, shape)
        draw_icon(painter, "utility-pole", square(plan.grid, plan.grid_r * 0.95), self._ink("grid"), 1.5)
        below = QPointF(plan.grid.x(), plan.grid.y() + plan.car_r + look().body_px * 1.55)
        self._paint_text(painter, below, self._node("grid"), "grid", plan.grid.x() * 2 - 4)

    @property
    def _has_battery(self) -> bool:
        return self._picture is not None and self._picture.battery is not None

    def _paint_battery(self, painter: QPainter, plan: Layout) -> None:
        p, c, r = self._picture, plan.battery, plan.battery_r
        if p is None or p.battery is None:
            return
        disc(painter, c, r, self._shape("battery"))
        thick = max(3.0, 0.09 * plan.unit)
        if p.battery_soc is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._shape("battery"), thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawArc(square(c, (r - thick / 2) * 2), 90 * 16, round(-p.battery_soc * 360 * 16))
        draw_icon(painter, "house-battery", square(c, r * 0.95), self._ink("battery"))
        above = QPointF(c.x(), c.y() - r - look().body_px * 1.4)
        room, node = c.x() * 2 - 4, p.battery
        if room < NARROW_EM * look().body_px:
            node = Node(value=node.value, caption=node.caption.rpartition(" · ")[2])
        self._paint_text(painter, above, node, "battery", room)

    def _paint_car(self, painter: QPainter, plan: Layout) -> None:
        p, c, r = self._picture, plan.car, plan.car_r
        thick = max(5.0, 0.17 * plan.unit)
        ring = square(c, (r - thick / 2) * 2)
        painter.setBrush(QColor(look().tokens.surface))
        painter.setPen(QPen(QColor(look().tokens.sunken), thick))
        painter.drawEllipse(ring)
        green = self._shape("car")
        if p is not None and p.soc is not None:
            painter.setPen(QPen(green, thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawArc(ring, 90 * 16, round(-p.soc * 360 * 16))
        if p is not None and p.car_connected:
            if p.reserve is not None:
                notch(painter, c, r, thick, p.reserve, self._ink("limit"), flag=False)
            if p.target is not None:
                notch(painter, c, r, thick, p.target, QColor(look().tokens.text), flag=True)
        ink = self._ink("car") if p is not None and p.car_connected else QColor(look().tokens.edge)
        soc = p.soc_text if p is not None else None
        big = min(look().body_px * 1.5, r * 0.42)
        if soc is not None and soc.text:
            draw_icon(painter, "car", square(c - QPointF(0, r * 0.27), r * 0.68), ink)
            painter.setFont(look().font(round(big), bold=True))
            painter.setPen(self._greyed(QColor(look().tokens.text)))
            area = QRectF(c.x() - r, c.y() + r * 0.02, 2 * r, big * 1.5)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, soc.text)
            self._places.append((area, soc.why))
        else:
            draw_icon(painter, "car", square(c, r * 0.9), ink)
        below = QPointF(c.x(), c.y() + r + look().body_px * 1.55)
        self._paint_text(painter, below, self._node("car"), "car", (self.width() - c.x()) * 2 - 4)

    def _node(self, name: str) -> Node | None:
        p = self._picture
        return None if p is None else {"grid": p.grid, "roof": p.roof, "house": p.house, "car": p.car}[name]

    def _paint_text(
        self, painter: QPainter, at: QPointF, node: Node | None, source: Source, room: float, *, beside: bool = False
    ) -> None:
        """A figure over its caption, centred at a point (or left-aligned beside it)."""
        if node is None:
            return
        one = look()
        value, caption = one.font(one.body_px, bold=True), one.font(one.small_px)
        value_h, caption_h = one.body_px * 1.35, one.small_px * 1.35
        alone = not node.value.text
        top = at.y() - (caption_h if alone else value_h + caption_h) / 2
        left = at.x() if beside else at.x() - room / 2
        across = Qt.AlignmentFlag.AlignLeft if beside else Qt.AlignmentFlag.AlignHCenter
        if not alone:
            painter.setFont(value)
            painter.setPen(self._greyed(QColor(one.tokens.text)))
            painter.drawText(QRectF(left, top, room, value_h), across | Qt.AlignmentFlag.AlignVCenter, node.value.text)
            self._places.append((QRectF(left, top, room, value_h + caption_h), node.value.why))
            top += value_h
        painter.setFont(caption)
        painter.setPen(self._ink(source) if not alone else QColor(one.tokens.muted))
        words = QFontMetricsF(caption).elidedText(node.caption, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, top, room, caption_h), across | Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_since(self, painter: QPainter, words: str) -> None:
        one = look()
        font = one.font(one.small_px, bold=True)
        room = min(float(self.width()), QFontMetricsF(font).horizontalAdvance(words) + 4 * one.gap())
        pill = QRectF(0, 2, room, one.small_px * 2.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(one.tokens.sunken))
        painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
        painter.setFont(font)
        painter.setPen(QColor(one.tokens.text))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, words)
