"""The car behind the EVCC, as a port: the session asks, a model of a real or simulated car answers."""

from dataclasses import dataclass
from typing import Protocol

from protocols.iso15118.paused import PausedSession
from protocols.iso15118.power import CarReport, Limits
from protocols.iso15118.services import ControlMode, Energy, MobilityNeeds, ProtocolName, Service, ValueAdded


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
    `protocols` are what the car proposes, the most wanted first; empty: the one of ISO 15118-20 that has `service`.
    `resume` is the session that this car paused, to be taken up again where it stood; `resume_session_id` alone asks
    for it without its context. `value_added` are the services besides energy that it selects where they are offered.
    `lab_v20_without_tls`: propose -20 even where the connection has no TLS 1.3, which the standard forbids.
    With credentials (`credentials.CarCredentials`) and TLS, `by_contract` pays by contract where that is offered, else
    by external means; `install_contract` asks for a contract first.
    """

    service: Service = Service.DC_BPT
    control_mode: ControlMode | None = None
    mobility_needs: MobilityNeeds = MobilityNeeds.FROM_CAR
    loop_interval_s: float = 0.2
    pre_charge_patience_s: float | None = None
    ask_for_meter: bool = True
    resume_session_id: bytes = bytes(8)
    resume: PausedSession | None = None
    value_added: tuple[ValueAdded, ...] = ()
    protocols: tuple[ProtocolName, ...] = ()
    lab_v20_without_tls: bool = False
    by_contract: bool = True
    install_contract: bool = False

    @property
    def old_session_id(self) -> bytes:
        """What SessionSetupReq asks to come back to; zeros for a new session."""
        return self.resume.session_id if self.resume is not None else self.resume_session_id

    @property
    def wanted_protocols(self) -> tuple[ProtocolName, ...]:
        """`protocols`, or what follows from the service."""
        natural = ProtocolName.V20_AC if self.service.energy is Energy.AC else ProtocolName.V20_DC
        return self.protocols or (natural,)
