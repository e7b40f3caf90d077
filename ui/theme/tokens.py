"""The window's colours and measures as data.

Colours mean sources, everywhere the same: solar amber, house violet, car green, house battery teal, grid slate-blue,
limits red. An *ink*
colour may carry text on every ground of its theme (contrast ≥ 4.5 : 1, WCAG 2.2, 1.4.3); a *shape* colour only fills
shapes beside a label (≥ 3 : 1, WCAG 2.2, 1.4.11). Both rules are computed by a test.
"""

from dataclasses import dataclass
from typing import Literal

Source = Literal["solar", "house", "car", "battery", "grid", "limit"]
SOURCES: tuple[Source, ...] = ("solar", "house", "car", "battery", "grid", "limit")

GRID_PX = 8
"""Every distance is a multiple of this (or half of it), times the text scale."""
RADIUS_PX = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """One theme's colours, as ``#RRGGBB``."""

    dark: bool
    ground: str
    """Behind everything."""
    surface: str
    """Cards."""
    sunken: str
    """Fields, tracks, the place of what has not come yet."""
    line: str
    """Hairlines: never the only sign of anything."""
    edge: str
    """Borders of controls, ≥ 3 : 1."""
    text: str
    muted: str
    accent: str
    on_accent: str
    ink: dict[Source, str]
    shape: dict[Source, str]

    @property
    def grounds(self) -> tuple[str, ...]:
        """All that text may stand on."""
        return (self.ground, self.surface, self.sunken)


LIGHT = Tokens(
    dark=False,
    ground="#F4F5F8",
    surface="#FFFFFF",
    sunken="#EBEEF2",
    line="#DFE3E9",
    edge="#7F8A9A",
    text="#171A21",
    muted="#566071",
    accent="#2156C4",
    on_accent="#FFFFFF",
    ink={
        "solar": "#8A5A00",
        "house": "#6B3FC4",
        "car": "#0A764A",
        "battery": "#0B6B76",
        "grid": "#45607F",
        "limit": "#B9282D",
    },
    shape={
        "solar": "#B97800",
        "house": "#7B52D3",
        "car": "#12935C",
        "battery": "#148A96",
        "grid": "#55749A",
        "limit": "#CF3A3F",
    },
)

DARK = Tokens(
    dark=True,
    ground="#0F1216",
    surface="#181C22",
    sunken="#232932",
    line="#2B323C",
    edge="#76818F",
    text="#ECEFF4",
    muted="#A3ADBA",
    accent="#8AB0FF",
    on_accent="#0B1220",
    ink={
        "solar": "#F2B544",
        "house": "#BCA3F8",
        "car": "#55CF94",
        "battery": "#5CCBD6",
        "grid": "#97B0CE",
        "limit": "#FF908B",
    },
    shape={
        "solar": "#F0AE33",
        "house": "#A98BF2",
        "car": "#3DBF81",
        "battery": "#3FB4C0",
        "grid": "#86A2C4",
        "limit": "#F4716C",
    },
)


def luminance(colour: str) -> float:
    """Relative luminance of ``#RRGGBB``, 0..1 (WCAG 2.2, definition "relative luminance")."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1..21 (WCAG 2.2, definition "contrast ratio")."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
