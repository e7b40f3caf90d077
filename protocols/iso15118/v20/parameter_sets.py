"""The parameter sets of ISO 15118-20's energy services (8.4.3.1, Tables 205 to 207)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from protocols.exi.messages.common import ParameterSetType, ParameterType
from protocols.iso15118.schedule import Schedule
from protocols.iso15118.services import ControlMode, Energy, MobilityNeeds, Service, ValueAdded


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """One way to run a service that the SECC offers and the EVCC may select."""

    id: int
    control_mode: ControlMode
    mobility_needs: MobilityNeeds


def offered_sets(control_modes: Iterable[ControlMode]) -> tuple[ParameterSet, ...]:
    """The sets for these modes, the most wanted first: most cars take the first they understand.

    MobilityNeeds FROM_CHARGER is for dynamic mode only, [V2G20-2663], and comes last.
    """
    modes = tuple(control_modes)
    pairs = [(mode, MobilityNeeds.FROM_CAR) for mode in modes]
    if ControlMode.DYNAMIC in modes:
        pairs.append((ControlMode.DYNAMIC, MobilityNeeds.FROM_CHARGER))
    return tuple(ParameterSet(number, *pair) for number, pair in enumerate(pairs, start=1))


class Pricing(IntEnum):
    """What schedules say about money."""

    NONE = 0
    ABSOLUTE = 1
    LEVELS = 2


def pricing_of(schedules: Iterable[Schedule]) -> Pricing:
    """What the schedules at hand say about money."""
    known = tuple(schedules)
    if any(schedule.charge_prices is not None for schedule in known):
        return Pricing.ABSOLUTE
    return Pricing.LEVELS if any(schedule.charge_levels for schedule in known) else Pricing.NONE


VALUE_ADDED_SETS: dict[ValueAdded, dict[int, dict[str, int | str]]] = {
    ValueAdded.INTERNET: {1: {"Protocol": "Https", "Port": 443}, 2: {"Protocol": "Http", "Port": 80}},
    ValueAdded.PARKING_STATUS: {
        1: {"IntendedService": 1, "ParkingStatusType": 4},
        2: {"IntendedService": 2, "ParkingStatusType": 4},
    },
}
"""Tables 208 and 209: the parameter sets of services besides energy (check-in, check-out; parked by the driver)."""


def value_added_element(set_id: int, values: dict[str, int | str]) -> ParameterSetType:
    """The wire form."""
    return ParameterSetType(
        ParameterSetID=set_id,
        Parameter=[
            ParameterType(Name=name, intValue=value)
            if isinstance(value, int)
            else ParameterType(Name=name, finiteString=value)
            for name, value in values.items()
        ],
    )


MCS_CONNECTOR = 1
"""The megawatt coupler itself; the other numbers are other couplers."""


def parameter_set_element(
    offer: ParameterSet, service: Service, nominal_voltage_v: int, phases: int, pricing: Pricing = Pricing.NONE
) -> ParameterSetType:
    """The wire form; `pricing` tells what schedules say about money.

    At most eight parameters: peers built on libcbv2g hold no more.
    """
    dc = service.energy is Energy.DC
    values = {
        "Connector": _connector(service, phases),
        **({} if dc else {"EVSENominalVoltage": nominal_voltage_v}),
        "ControlMode": int(offer.control_mode),
        "MobilityNeedsMode": int(offer.mobility_needs),
        "Pricing": int(pricing),
        **({"BPTChannel": 1, "GeneratorMode": 1} if service.bidirectional else {}),
        **({"GridCodeIslandingDetectionMethod": 1} if service is Service.AC_BPT else {}),
    }
    return ParameterSetType(
        ParameterSetID=offer.id,
        Parameter=[ParameterType(Name=name, intValue=value) for name, value in values.items()],
    )


def _connector(service: Service, phases: int) -> int:
    if service in (Service.MCS, Service.MCS_BPT):
        return MCS_CONNECTOR
    return 2 if service.energy is Energy.DC or phases == 3 else 1


def read_parameter_set(element: ParameterSetType) -> ParameterSet | None:
    """The set as the EVCC understands it; None if it lacks a control mode that we know."""
    values = {parameter.Name: parameter.intValue for parameter in element.Parameter}
    try:
        return ParameterSet(
            element.ParameterSetID,
            ControlMode(values.get("ControlMode") or 0),
            MobilityNeeds(values.get("MobilityNeedsMode") or MobilityNeeds.FROM_CAR),
        )
    except ValueError:
        return None
