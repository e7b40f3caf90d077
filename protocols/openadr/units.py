"""OpenADR's units to watts and watt-hours. Source: OpenADR 3.1.0 Definition, "Units Enumerations"."""

_POWER_W = {"W": 1.0, "KW": 1e3, "KVA": 1e3, "MW": 1e6}
"""KVA is taken at unity power factor, the tighter reading of a limit on apparent power."""
_ENERGY_WH = {"WH": 1.0, "KWH": 1e3, "KVAH": 1e3, "MWH": 1e6}


def power_w(value: float, units: str | None) -> float | None:
    """Watts of a power payload; units not given mean kW; None: no power, or a unit that we do not know."""
    factor = _POWER_W.get((units or "KW").upper())
    return None if factor is None else value * factor


def per_kwh(price: float, units: str | None) -> float | None:
    """Price for one kWh of a price per ``units``; not given means per kWh; None: per something else."""
    factor = _ENERGY_WH.get((units or "KWH").upper())
    return None if factor is None else price * 1e3 / factor


def power_in(watts: float, units: str | None) -> float | None:
    """Watts in the units that a report asks for (kW when it does not say)."""
    factor = _POWER_W.get((units or "KW").upper())
    return None if factor is None else watts / factor


def energy_in(energy_wh: float, units: str | None) -> float | None:
    """Watt-hours in the units that a report asks for (kWh when it does not say)."""
    factor = _ENERGY_WH.get((units or "KWH").upper())
    return None if factor is None else energy_wh / factor
