"""The look in force: tokens, text sizes and motion, worked out from the settings and the system.

There is one look at a time; the shell sets it and builds its pages anew when it changes, so no widget has to listen.
"""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QGuiApplication

from ui.theme.tokens import DARK, GRID_PX, LIGHT, Source, Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Everything a painter needs to know."""

    tokens: Tokens = LIGHT
    scale: float = 1.0
    """Text scale of the settings, on top of the system's font size."""
    body_px: int = 14
    motion: bool = True

    @property
    def small_px(self) -> int:
        """The second text size."""
        return max(11, round(self.body_px * 0.86))

    @property
    def big_px(self) -> int:
        """The page's one big number."""
        return round(self.body_px * 2.3)

    def gap(self, steps: float = 1.0) -> int:
        """So many steps of the 8-px grid; grows half as fast as the text, so that large text leaves room."""
        return round(GRID_PX * steps * (1 + (self.scale - 1) * 0.35))

    def ink(self, source: Source) -> QColor:
        """Colour of text that speaks of a source."""
        return QColor(self.tokens.ink[source])

    def shape(self, source: Source) -> QColor:
        """Colour of a shape that stands for a source."""
        return QColor(self.tokens.shape[source])

    def font(self, px: int | None = None, *, bold: bool = False) -> QFont:
        """The system's font at a size, with figures that stand in columns."""
        font = QFont(QGuiApplication.font())
        font.setPixelSize(px or self.body_px)
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font


_current = Look()


def look() -> Look:
    """The look in force."""
    return _current


def set_look(new: Look) -> None:
    """Put a look in force; whoever calls this builds the widgets anew."""
    global _current  # one look a process, like the application's palette
    _current = new


def make_look(theme: str, scale: float, *, motion: bool) -> Look:
    """The look for a theme setting ("system", "light" or "dark") and a text scale."""
    system_px = QFontInfo(QGuiApplication.font()).pixelSize()
    return Look(
        tokens=DARK if theme == "dark" or (theme == "system" and system_is_dark()) else LIGHT,
        scale=scale,
        body_px=round(max(14.0, system_px * 1.08) * scale),
        motion=motion,
    )


def system_is_dark() -> bool:
    """Does the desktop ask for dark colours?"""
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
