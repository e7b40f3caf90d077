"""Line icons, drawn in any colour from the library's SVG files (see resources/icons/SOURCE.md)."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from ui.paths import ICONS
from ui.theme.look import look


@lru_cache(maxsize=128)
def _source(name: str) -> str:
    return (ICONS / f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=256)
def _renderer(name: str, colour: str, stroke: float) -> QSvgRenderer:
    svg = _source(name).replace("currentColor", colour).replace('stroke-width="2"', f'stroke-width="{stroke:g}"')
    return QSvgRenderer(QByteArray(svg.encode()))


def draw_icon(painter: QPainter, name: str, area: QRectF, colour: QColor | str, stroke: float = 1.75) -> None:
    """Draw an icon into ``area``."""
    _renderer(name, QColor(colour).name(), stroke).render(painter, area)


def pixmap(name: str, px: int, colour: QColor | str, ratio: float = 2.0) -> QPixmap:
    """An icon as a picture of ``px`` logical pixels."""
    picture = QPixmap(QSize(round(px * ratio), round(px * ratio)))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    draw_icon(painter, name, QRectF(0, 0, px, px), colour)
    painter.end()
    return picture


def icon(name: str, colour: QColor | str | None = None, checked: QColor | str | None = None) -> QIcon:
    """An icon for a button, with its own colour where the button is checked."""
    tokens = look().tokens
    result = QIcon()
    px = look().body_px * 2
    result.addPixmap(pixmap(name, px, colour or tokens.text), QIcon.Mode.Normal, QIcon.State.Off)
    result.addPixmap(pixmap(name, px, checked or colour or tokens.text), QIcon.Mode.Normal, QIcon.State.On)
    result.addPixmap(pixmap(name, px, tokens.edge), QIcon.Mode.Disabled)
    return result
