"""The one style sheet, resources/window.css, filled in from the look in force.

Widgets say what they are by the properties ``role``, ``kind`` and ``state``.
"""

from functools import cache
from string import Template

from PySide6.QtGui import QColor, QPalette

from ui.paths import RESOURCES
from ui.theme.look import Look
from ui.theme.tokens import RADIUS_PX


@cache
def _sheet() -> Template:
    return Template((RESOURCES / "window.css").read_text(encoding="utf-8"))


def style_sheet(look: Look, check_image: str) -> str:
    """The application's style sheet; ``check_image`` is the path of the check mark's picture."""
    t = look.tokens
    gap = look.gap()
    return _sheet().substitute(
        body=look.body_px,
        small=look.small_px,
        big=look.big_px,
        text=t.text,
        muted=t.muted,
        ground=t.ground,
        surface=t.surface,
        sunken=t.sunken,
        line=t.line,
        edge=t.edge,
        scroll="#C9CFD8" if not t.dark else "#3B444F",
        accent=t.accent,
        accent_hover=QColor(t.accent).darker(112).name(),
        on_accent=t.on_accent,
        limit=t.ink["limit"],
        limit_shape=t.shape["limit"],
        car=t.ink["car"],
        car_shape=t.shape["car"],
        solar=t.ink["solar"],
        grid=t.shape["grid"],
        radius=RADIUS_PX,
        radius8=8,
        half=gap // 2,
        half1=max(0, gap // 2 - 1),
        gap=gap,
        gap1=gap - 1,
        gap2=gap * 2,
        gap2m=gap * 2 - 1,
        gap3=gap * 3,
        control=round(look.body_px * 1.5),
        link=round(look.body_px * 1.3),
        nav=round(look.body_px * 1.6),
        chip=round(look.body_px * 1.9),
        check=check_image,
    )


def palette(look: Look) -> QPalette:
    """The application's palette, for what the style sheet does not reach."""
    t = look.tokens
    roles = {
        QPalette.ColorRole.Window: t.ground,
        QPalette.ColorRole.WindowText: t.text,
        QPalette.ColorRole.Base: t.surface,
        QPalette.ColorRole.AlternateBase: t.ground,
        QPalette.ColorRole.Text: t.text,
        QPalette.ColorRole.Button: t.surface,
        QPalette.ColorRole.ButtonText: t.text,
        QPalette.ColorRole.Highlight: t.accent,
        QPalette.ColorRole.HighlightedText: t.on_accent,
        QPalette.ColorRole.Link: t.accent,
        QPalette.ColorRole.PlaceholderText: t.muted,
        QPalette.ColorRole.ToolTipBase: t.text,
        QPalette.ColorRole.ToolTipText: t.ground,
    }
    result = QPalette()
    for role, colour in roles.items():
        result.setColor(role, QColor(colour))
    return result
