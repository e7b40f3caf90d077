"""Prices by time of day, kind of day and season, in local time."""

from dataclasses import dataclass, field
from math import inf
from typing import Any, ClassVar

from energy.asks import FloatArray
from energy.tariffs.base import Prices, TariffError, register
from energy.tariffs.schedule import Schedule, parse_bands


@register("time_of_use")
@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOfUse:
    """A day and night tariff, or any other schedule that is fixed long before."""

    OPTIONS: ClassVar = frozenset({"import_eur_per_kwh", "export_eur_per_kwh", "bands", "tz", "holidays"})

    imported: Schedule
    exported: Schedule = field(default_factory=lambda: Schedule(base=0.0))

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> "TimeOfUse":
        """From a config's table: ``import_eur_per_kwh``, ``export_eur_per_kwh``, ``tz``, ``holidays``, and ``bands``,
        a list of ``{from, to, import, export?, days?, season?}``, hours as "HH:MM".
        """
        strange = sorted(set(options) - cls.OPTIONS)
        if strange:
            raise TariffError(f"The tariff 'time_of_use' has a strange option: {strange[0]!r}.")
        if "import_eur_per_kwh" not in options:
            raise TariffError("The tariff 'time_of_use' has a missing option: import_eur_per_kwh.")
        rows = options.get("bands", ())
        for row in rows:
            if not isinstance(row, dict) or "from" not in row or "import" not in row:
                raise TariffError(
                    f"A band of the time-of-use tariff cannot be read: {row!r}. "
                    'Write {from = "07:00", to = "23:00", import = 0.32}, and days from mon to sun.'
                )
        days: dict[str, Any] = {"tz": options.get("tz", "UTC"), "holidays": tuple(options.get("holidays", ()))}
        return cls(
            imported=Schedule(base=options["import_eur_per_kwh"], bands=parse_bands(rows, "import"), **days),
            exported=Schedule(base=options.get("export_eur_per_kwh", 0.0), bands=parse_bands(rows, "export"), **days),
        )

    def prices(self, edges_s: FloatArray) -> Prices:
        """The mean in each step, wherever the bands' edges fall."""
        return Prices(
            import_eur_per_kwh=self.imported.means(edges_s),
            export_eur_per_kwh=self.exported.means(edges_s),
            known_until_s=inf,
        )
