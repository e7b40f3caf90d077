"""Typed reasons in the window's words: the API schema's table of sentences, in its language and way of writing.

The schema is imported where something is said: before the first paint nobody has a reason yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ui.i18n import tr
from ui.models.units import Format

if TYPE_CHECKING:
    from app.api.schema import reason_text


@dataclass(frozen=True, slots=True)
class _Words:
    """The user's language, and the home's way of writing figures."""

    fmt: Format
    now: datetime

    def translate(self, text: str) -> str:
        return tr(text)

    def figure(self, kind: str, value: float, *, finely: bool = False) -> str:
        fmt = self.fmt
        match kind:
            case "money":
                return fmt.money(value, decimals=3 if finely else 2).text
            case "power":
                return fmt.power(value).text
            case "energy":
                return fmt.energy(value).text
            case "percent":
                return fmt.percent(value).text
            case "frequency":
                return fmt.frequency(value).text
            case "time":
                return fmt.when(datetime.fromtimestamp(value, UTC), self.now).text
            case "count":
                return fmt.number(value)
        return fmt.number(value, 1)


def label(code: str) -> str:
    """Two or three words for a reason; an unknown code of a newer engine is shown as it is."""
    from app.api.schema import reason_text

    return reason_text.label(code, tr)


def sentence(reason: "reason_text.ReasonLike", fmt: Format, now: datetime) -> str:
    """One sentence for a reason."""
    from app.api.schema import reason_text

    return reason_text.sentence(reason, _Words(fmt, now))


def facts(reason: "reason_text.ReasonLike", fmt: Format, now: datetime) -> str:
    """What a kWh in the car is worth, and what the next best choice would cost; may be empty."""
    from app.api.schema import reason_text

    return reason_text.facts(reason, _Words(fmt, now))


def why(
    reason: "reason_text.ReasonLike", limited_by: "Sequence[reason_text.ReasonLike]", fmt: Format, now: datetime
) -> str:
    """The sentence for a set-point: its reason, then the limit that cuts it, if another one does."""
    text = sentence(reason, fmt, now)
    if limited_by and limited_by[0].code != reason.code:
        text += " " + sentence(limited_by[0], fmt, now)
    return text
