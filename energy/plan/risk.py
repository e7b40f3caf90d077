"""What a homeowner's word for risk means in numbers."""

from dataclasses import dataclass

from energy.model import Risk


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a plan looks at what is not known."""

    weights: tuple[float, ...]
    """Of the expected course, then of each scenario; they sum to 1."""
    tail: float
    """Part of the days that counts as the bad ones: the worst quarter, say."""
    fear: float
    """How much the mean of the bad days counts beside the mean of all, 0..1."""
    caution: float
    """Multiplies what an early or unsure departure without its charge is taken to cost."""


@dataclass(frozen=True, slots=True)
class _Temper:
    expected: float
    tail: float
    fear: float
    caution: float


_TEMPERS = {
    Risk.CAREFUL: _Temper(expected=0.2, tail=0.25, fear=0.5, caution=2.0),
    Risk.BALANCED: _Temper(expected=0.5, tail=0.25, fear=0.15, caution=1.0),
    Risk.BOLD: _Temper(expected=1.0, tail=1.0, fear=0.0, caution=0.5),
}
"""``expected`` is the weight of the forecasts' means; the scenarios share the rest by their probability. The bold look
at what is most likely alone."""


def outlook(risk: Risk, probabilities: tuple[float, ...]) -> Outlook:
    """The numbers for one plan and its scenarios."""
    temper = _TEMPERS[risk]
    total = sum(probabilities)
    if temper.expected >= 1.0 or total <= 0:
        return Outlook((1.0,), temper.tail, 0.0, temper.caution)
    rest = (1.0 - temper.expected) / total
    return Outlook((temper.expected, *(rest * p for p in probabilities)), temper.tail, temper.fear, temper.caution)
