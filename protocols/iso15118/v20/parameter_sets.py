"""The parameter sets of ISO 15118-20's energy services (8.4.3.1, Tables 205 to 207)."""

from collections.abc import Iterable
from dataclasses import dataclass

from protocols.exi.messages.common import ParameterSetType, ParameterType
from protocols.iso15118.services import ControlMode, Energy, MobilityNeeds, Service


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


def parameter_set_element(
    offer: ParameterSet, service: Service, nominal_voltage_v: int, phases: int, absolute_prices: bool = False
) -> ParameterSetType:
    """The wire form; `absolute_prices` tells that schedules come with prices in money.

    At most eight parameters: peers built on libcbv2g hold no more.
    """
    dc = service.energy is Energy.DC
    values = {
        "Connector": 2 if dc or phases == 3 else 1,
        **({} if dc else {"EVSENominalVoltage": nominal_voltage_v}),
        "ControlMode": int(offer.control_mode),
        "MobilityNeedsMode": int(offer.mobility_needs),
        "Pricing": int(absolute_prices),
        **({"BPTChannel": 1, "GeneratorMode": 1} if service.bidirectional else {}),
        **({"GridCodeIslandingDetectionMethod": 1} if service is Service.AC_BPT else {}),
    }
    return ParameterSetType(
        ParameterSetID=offer.id,
        Parameter=[ParameterType(Name=name, intValue=value) for name, value in values.items()],
    )


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
