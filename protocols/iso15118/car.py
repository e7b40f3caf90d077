"""The car behind the EVCC, as a port: the session asks, a model of a real or simulated car answers."""

from dataclasses import dataclass
from typing import Protocol

from protocols.iso15118.power import CarReport, Limits
from protocols.iso15118.services import ControlMode, MobilityNeeds, Service


class CarModel(Protocol):
    """What a car must be able to say and do. All times are POSIX seconds, powers signed W (> 0 charges)."""

    @property
    def evcc_id(self) -> str:
        """The identity that goes into SessionSetupReq (in -20 up to 255 characters)."""

    @property
    def limits(self) -> Limits:
        """What the battery and the converter can do right now."""

    def report(self, now: float) -> CarReport:
        """State of charge, power, voltage and needs at this moment."""

    def follow(self, power_w: float, now: float) -> None:
        """Move power as the charger says, as far as the car can; 0 when the contactors open."""

    def wants_to_stop(self, now: float) -> str | None:
        """Why the car wants to leave the charge loop now, or None to go on."""


@dataclass(frozen=True, slots=True)
class CarPlan:
    """What the EVCC sets out to do.

    `loop_interval_s` is the pause between a charge-loop answer and the next request; the SECC waits 0.5 s at most.
    `control_mode` None takes what the charger offers first. `pre_charge_patience_s` is for simulated cars: after so
    long they go on although the charger's voltage is not the battery's, since peers without a power stage never
    raise one; None is strict, and the standard's time-out ends the session.
    """

    service: Service = Service.DC_BPT
    control_mode: ControlMode | None = None
    mobility_needs: MobilityNeeds = MobilityNeeds.FROM_CAR
    loop_interval_s: float = 0.2
    pre_charge_patience_s: float | None = None
    ask_for_meter: bool = True
    resume_session_id: bytes = bytes(8)
