"""One price for every hour."""

import math
from dataclasses import dataclass

import numpy as np

from energy.asks import FloatArray
from energy.tariffs.base import Prices, TariffError, is_number, register


@register("fixed")
@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A flat tariff; prices are as paid, with everything on them."""

    import_eur_per_kwh: float
    export_eur_per_kwh: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no price."""
        for name in ("import_eur_per_kwh", "export_eur_per_kwh"):
            value = getattr(self, name)
            if not is_number(value):
                raise TariffError(f"The fixed tariff's {name} is {value!r}: it must be a number.")

    def prices(self, edges_s: FloatArray) -> Prices:
        """The same price in each step."""
        count = len(edges_s) - 1
        return Prices(
            import_eur_per_kwh=np.full(count, float(self.import_eur_per_kwh)),
            export_eur_per_kwh=np.full(count, float(self.export_eur_per_kwh)),
            known_until_s=math.inf,
        )
