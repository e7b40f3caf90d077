"""The example home file is a home, and shows every key there is."""

import typing
from pathlib import Path

from pydantic import BaseModel

from app.config.home import HomeConfig
from app.config.load import load_home
from app.config.problems import EXAMPLE

PATH = Path(__file__).parents[3] / EXAMPLE

# What only some homes have: other tariffs' keys.
NOT_SHOWN = {"tariff": {"markup_per_kwh", "file", "provider"}, "co2": {"file"}, "weather": {"file"}}


def section_of(annotation):
    """The model inside ``X``, ``X | None`` or ``list[X]``."""
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    return next(filter(None, map(section_of, typing.get_args(annotation))), None)


def test_the_example_is_a_home():
    home = load_home(PATH)
    assert home.utility.secret == "utility"
    assert home.charger.power_stage.profile == "twoway-power-stage"


def test_the_example_shows_every_key():
    home = load_home(PATH)
    for name, field in HomeConfig.model_fields.items():
        given = getattr(home, name)
        rows = given if isinstance(given, list) else [given]
        shown = set().union(*(row.model_fields_set for row in rows))
        keys = set(section_of(field.annotation).model_fields)
        if name == "inverter":
            keys -= {"port", "unit", "interval_s", "stale_s"}
        elif name == "meter":
            keys -= {"peak_w", "curtailable"}
        assert keys - shown == NOT_SHOWN.get(name, set()), name
