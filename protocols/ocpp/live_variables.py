"""Variables of the device model whose value is found when a CSMS asks."""

from collections.abc import Callable, Iterator
from functools import partial

from protocols.ocpp.station_inside import StationInside
from protocols.ocpp.variables import Variable


def live_variables(station: StationInside) -> Iterator[Variable]:
    """All of a station."""
    yield Variable(
        "SmartChargingCtrlr", "Entries", "integer", lambda: str(len(station.profiles)), instance="ChargingProfiles"
    )
    yield Variable("ChargingStation", "AvailabilityState", "OptionList", partial(station.availability, 1))
    for evse in station.config.evses:
        number = evse.evse_id
        state: Callable[[], str] = partial(station.availability, number)
        yield Variable("EVSE", "AvailabilityState", "OptionList", state, evse_id=number)
        for name, sign, most_w in (("Power", 1, evse.charge_max_w), ("DischargePower", -1, evse.discharge_max_w)):
            power = partial(_power, station, number, sign)
            yield Variable("EVSE", name, "decimal", power, evse_id=number, unit="W", high=most_w)


def _power(station: StationInside, evse_id: int, sign: int) -> str:
    sample = station.transactions.last_sample(evse_id)
    return "0" if sample is None else f"{max(0.0, sign * (sample.power_w or 0.0)):.0f}"
