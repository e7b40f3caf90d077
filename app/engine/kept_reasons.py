"""Reasons as the store keeps them: figures rounded to what anybody reads, a plan's as columns over its steps."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from energy.model import Reason

_DECIMALS = (("_per_kwh", 5), ("_eur", 4), ("soc", 4), ("_hz", 3))
_OTHERWISE = 1

Params = Mapping[str, float | str]


def rounded(params: Params) -> dict[str, float | str]:
    """The params with as many decimals as their unit is worth; what is no number (endless, unknown) is left out."""
    return {
        name: value if isinstance(value, str) else round(value, _decimals(name))
        for name, value in params.items()
        if isinstance(value, str) or math.isfinite(value)
    }


def columns(reasons: Sequence[Reason]) -> dict[str, list[float | str | None]]:
    """Param → its value in each step, null where the step's reason has none."""
    rows = [rounded(reason.params) for reason in reasons]
    names = sorted(set().union(*rows))
    return {name: [row.get(name) for row in rows] for name in names}


def params_of(record: Mapping[str, Any], step: int) -> dict[str, float | str]:
    """A step's params from a kept plan; empty for one that was kept before reasons had facts."""
    kept: Mapping[str, list[Any]] = record.get("reason_params", {})
    return {name: column[step] for name, column in kept.items() if column[step] is not None}


@lru_cache(maxsize=256)
def _decimals(name: str) -> int:
    return next((decimals for ending, decimals in _DECIMALS if name.endswith(ending)), _OTHERWISE)
