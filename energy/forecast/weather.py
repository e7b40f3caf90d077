"""Weather by the hour, past and to come, and what a house's load has from it.

A provider's numbers come in by a port (``app``); here they are only arrays. A value that is not known is NaN.
"""

from dataclasses import dataclass, fields

import numpy as np

from energy.asks import FloatArray

HEATS_BELOW_C = 16.0
COOLS_ABOVE_C = 23.0
HEATING_DAYS = 4
"""Days from today on, of which a provider tells enough."""
_KNOWN_SHARE = 0.75
"""Part of the last four weeks, and of the coming day, whose temperature must be known for it to count."""
_LONGEST_GAP_S = 4 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weather:
    """Values at (or means over the hour around) instants, in order of time; arrays of one length, NaN: not known."""

    at_s: FloatArray
    """(M,) POSIX s, increasing."""
    temperature_c: FloatArray
    cloud_share: FloatArray
    """0 clear .. 1 overcast."""
    ghi_w_m2: FloatArray
    """Global horizontal irradiance; ``dni`` the beam's on a plane that faces the sun, ``dhi`` the sky's."""
    dni_w_m2: FloatArray
    dhi_w_m2: FloatArray
    solar_w: FloatArray
    """The roof's own power, from a provider that forecasts that."""

    @staticmethod
    def of(at_s: FloatArray, **columns: FloatArray) -> "Weather":
        """With NaN for each column that is not given."""
        names = [field.name for field in fields(Weather) if field.name != "at_s"]
        return Weather(at_s=at_s, **{name: columns.get(name, np.full(len(at_s), np.nan)) for name in names})

    def column(self, name: str, at_s: FloatArray) -> FloatArray:
        """One column at other instants: linear between neighbours up to four hours apart, else NaN."""
        values: FloatArray = getattr(self, name)
        known = np.isfinite(values)
        if not known.any():
            return np.full(len(at_s), np.nan)
        times, values = self.at_s[known], values[known]
        after = np.clip(np.searchsorted(times, at_s), 1, max(1, len(times) - 1))
        before = after - 1
        after = np.minimum(after, len(times) - 1)
        near = (times[after] - times[before] <= _LONGEST_GAP_S) & (at_s >= times[0] - 3600) & (at_s <= times[-1] + 3600)
        return np.where(near, np.interp(at_s, times, values), np.nan)

    def packed(self) -> tuple[bytes, ...]:
        """Its content, to be compared; ``unpacked`` makes it whole again."""
        return tuple(np.asarray(getattr(self, f.name), dtype=np.float64).tobytes() for f in fields(self))

    @staticmethod
    def unpacked(content: tuple[bytes, ...]) -> "Weather":
        """From ``packed``."""
        names = [f.name for f in fields(Weather)]
        return Weather(**{name: np.frombuffer(part) for name, part in zip(names, content, strict=True)})

    def then(self, newer: "Weather") -> "Weather":
        """This one, and what ``newer`` knows wherever it knows something."""
        at_s = np.unique(np.concatenate([self.at_s, newer.at_s]))

        def both(name: str) -> FloatArray:
            merged = np.full(len(at_s), np.nan)
            for weather in (self, newer):
                place, values = np.searchsorted(at_s, weather.at_s), getattr(weather, name)
                merged[place] = np.where(np.isfinite(values), values, merged[place])
            return merged

        return Weather(at_s=at_s, **{f.name: both(f.name) for f in fields(Weather) if f.name != "at_s"})


def heating_columns(weather: Weather, slots_s: FloatArray, days: int) -> FloatArray:
    """(D, 48, 4): what days have from the weather; ``slots_s`` (D, 48) are their slots, ``days`` of them past.

    Degrees of heating of the day and of the slot, how much more the day needs than the three before it, and degrees of
    cooling. Empty (no columns) where too little is known.
    """
    celsius = weather.column("temperature_c", slots_s.reshape(-1)).reshape(slots_s.shape)
    known = np.isfinite(celsius)
    if min(known[max(0, days - 28) : days].mean(), known[days].mean()) < _KNOWN_SHARE:
        return np.zeros((*slots_s.shape, 0))
    # Where nothing is known, the usual: it says nothing either way.
    celsius = np.where(known, celsius, np.nanmean(celsius[max(0, days - 28) : days + 1]))
    heat = np.maximum(HEATS_BELOW_C - celsius, 0.0)
    of_day = heat.mean(axis=1)
    before = np.array([of_day[max(0, k - 3) : max(1, k)].mean() for k in range(len(of_day))])
    cool = np.maximum(celsius - COOLS_ABOVE_C, 0.0)
    wide = [np.broadcast_to(values[:, None], heat.shape) for values in (of_day, of_day - before)]
    return np.stack([wide[0], heat, wide[1], cool], axis=2)
