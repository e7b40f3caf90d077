import pytest

from ui.theme.tokens import DARK, LIGHT, SOURCES, Tokens, contrast

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
