import re

import pytest

from ui.models import events, installer
from ui.pages import PAGES
from ui.paths import ICONS
from ui.theme.tokens import DARK, LIGHT, SOURCES, Tokens, contrast
from ui.translate import SOURCES as CODE
from ui.widgets.kit import Notice

TEXT, SHAPE = 4.5, 3.0


def test_the_formula_is_the_standards() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_readable_on_every_ground(tokens: Tokens) -> None:
    inks = {"text": tokens.text, "muted": tokens.muted, "accent": tokens.accent, **tokens.ink}
    low = {
        (name, ground): contrast(ink, ground)
        for name, ink in inks.items()
        for ground in tokens.grounds
        if contrast(ink, ground) < TEXT
    }
    assert low == {}
    assert contrast(tokens.on_accent, tokens.accent) >= TEXT
    assert contrast(tokens.ground, tokens.text) >= TEXT, "tool tips turn it round"


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_shapes_and_borders_are_seen_on_every_ground(tokens: Tokens) -> None:
    shapes = {**tokens.shape, "edge": tokens.edge}
    low = {(n, g): contrast(c, g) for n, c in shapes.items() for g in tokens.grounds if contrast(c, g) < SHAPE}
    assert low == {}
    assert set(tokens.shape) == set(tokens.ink) == set(SOURCES)


def test_every_icon_that_is_named_is_there_and_none_that_is_not() -> None:
    named = set()
    for path in CODE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        named |= {word for word in re.findall(r'"([a-z][a-z0-9-]*)"', text) if (ICONS / f"{word}.svg").exists()}
    there = {path.stem for path in ICONS.glob("*.svg")}
    assert there - named == set(), "an icon that nothing shows"
    tables = [page.icon for page in PAGES], events.ICONS.values(), installer.ICONS.values(), Notice._ICONS.values()
    assert {icon for table in tables for icon in table} <= there
    calls = r"(?:IconLabel\(|icon_name=|draw_icon\(painter, |pixmap\(|Card\(tr\([^)]*\), )\"([a-z0-9-]+)\""
    shown = {name for path in CODE.rglob("*.py") for name in re.findall(calls, path.read_text(encoding="utf-8"))}
    assert len(shown) > 20
    assert shown <= there
