"""The energy services of ISO 15118-20 and their parameter sets (8.4.3.1, Tables 204 to 207)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from protocols.exi.messages.common import ParameterSetType, ParameterType
from protocols.exi.namespaces import V20_AC, V20_DC
from protocols.iso15118.table import Energy


class Service(IntEnum):
    """Service IDs of energy transfer; a later protocol's services get an enum of their own."""

    AC = 1
    DC = 2
    AC_BPT = 5
    DC_BPT = 6

    @property
    def energy(self) -> Energy:
        """Which branch of the sequence it takes."""
        return Energy.AC if self in (Service.AC, Service.AC_BPT) else Energy.DC

    @property
    def bidirectional(self) -> bool:
        """Whether power may flow out of the car."""
        return self in (Service.AC_BPT, Service.DC_BPT)

    @property
    def namespace(self) -> str:
        """The protocol to agree on in SupportedAppProtocol."""
        return V20_AC if self.energy is Energy.AC else V20_DC


class ControlMode(IntEnum):
    """Who follows whom: SCHEDULED, the car keeps a schedule; DYNAMIC, the charger steers from moment to moment."""

    SCHEDULED = 1
    DYNAMIC = 2


class MobilityNeeds(IntEnum):
    """Who knows departure time and target: the car alone, or the charger's side too."""

    FROM_CAR = 1
    FROM_CHARGER = 2


PROTOCOLS: dict[str, tuple[int, Energy]] = {V20_AC: (1, Energy.AC), V20_DC: (1, Energy.DC)}
"""Namespaces we speak, with their major version. -2 and DIN SPEC 70121 come in here with tables of their own."""


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
