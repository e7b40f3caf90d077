"""The charger as its session sees it: what it offers, measures and wants at this instant.

The application writes here whenever it likes; a session reads at the moment it answers. There is no queue
between them, so the newest set-point is always the one that goes out.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum

from protocols.iso15118.paused import PausedSession as PausedSession
from protocols.iso15118.power import EnergyNeeds, EvseReadings, Limits, MeterReading
from protocols.iso15118.schedule import Schedule, offerable
from protocols.iso15118.services import ControlMode, ProtocolName, Service, ValueAdded


class Notification(StrEnum):
    """What the charger may ask of the car; each generation knows some of these."""

    Pause = "Pause"
    ExitStandby = "ExitStandby"
    Terminate = "Terminate"
    ScheduleRenegotiation = "ScheduleRenegotiation"
    ServiceRenegotiation = "ServiceRenegotiation"
    MeteringConfirmation = "MeteringConfirmation"


MOST_DELAY_S = 65_535
HOME_SERVICES = (Service.AC, Service.DC, Service.AC_BPT, Service.DC_BPT)


@dataclass(frozen=True, slots=True)
class EvseOffer:
    """What this charger is; it does not change while it runs. The first control mode is the preferred one.

    `negative_discharge_limits`: the standard does not say whether discharge limits are written below zero, and
    some cars expect them so. We read both and write magnitudes unless told otherwise.
    `protocols`: which the handshake may agree on; their order means nothing, the car's priorities decide.
    `value_added`: services besides energy. `plans_each_request`: whenever the car asks for a schedule, it waits
    until the application has answered `NeedsReceived` with `offer_schedules`.
    `lab_v20_without_tls`: the standard wants TLS 1.3 for -20; a laboratory may do without.
    """

    evse_id: str = "DE*TWO*E0001"
    protocols: tuple[ProtocolName, ...] = tuple(ProtocolName)
    lab_v20_without_tls: bool = False
    services: tuple[Service, ...] = HOME_SERVICES
    control_modes: tuple[ControlMode, ...] = (ControlMode.DYNAMIC, ControlMode.SCHEDULED)
    phases: int = 3
    nominal_voltage_v: int = 230
    nominal_frequency_hz: float = 50.0
    free_of_charge: bool = True
    automatic_authorization: bool = True
    standby_allowed: bool = False
    pause_allowed: bool = True
    service_renegotiation: bool = True
    negative_discharge_limits: bool = False
    value_added: tuple[ValueAdded, ...] = ()
    plans_each_request: bool = False

    def discharge(self, magnitude: float) -> float:
        """A discharge limit as this charger writes it."""
        return 0.0 - magnitude if self.negative_discharge_limits else magnitude


DEFAULT_LIMITS = Limits(
    max_charge_w=11_000,
    min_charge_w=100,
    max_discharge_w=11_000,
    min_discharge_w=100,
    max_charge_a=32,
    min_charge_a=0,
    max_discharge_a=32,
    min_discharge_a=0,
    max_v=1000,
    min_v=150,
)


@dataclass(slots=True)
class Evse:
    """The charger's state. Write through the methods where there is one, else assign.

    `readings` and `meter` are what the hardware measured; None for `meter` means there is no meter to report.
    `mobility` is what the driver told the charger's side (used when the car selected MobilityNeeds 2).
    `parking_space` guides a car that checks in; a car that checks out is told whether it `may_leave`.
    """

    offer: EvseOffer = field(default_factory=EvseOffer)
    limits: Limits = DEFAULT_LIMITS
    readings: EvseReadings = field(default_factory=EvseReadings)
    meter: MeterReading | None = None
    mobility: EnergyNeeds | None = None
    insulation_ok: bool | None = None
    contactor_fault: bool = False
    authorized: bool | None = None
    schedules: tuple[Schedule, ...] = ()
    planning: bool = False
    notification: Notification | None = None
    notification_max_delay_s: int = 0
    parking_space: int | None = None
    may_leave: bool = True
    paused: PausedSession | None = None
    _power_w: float = 0.0
    _valid_until_s: float = math.inf
    _shares: tuple[float, ...] | None = None

    def set_power(
        self, power_w: float, valid_until_s: float = math.inf, shares: tuple[float, ...] | None = None
    ) -> None:
        """The dispatch's set-point: W, > 0 charges, < 0 discharges; 0 W again from `valid_until_s` on.

        `shares` spread it over the phases of an AC charger, evenly if None. Raises `ValueError` if the power is not a
        finite number, or the shares are not one for each phase that add up to 1.
        """
        if not math.isfinite(power_w):
            raise ValueError(f"a set-point must be a finite number of watts, not {power_w}")
        if shares is not None and (len(shares) != self.offer.phases or not math.isclose(sum(shares), 1.0)):
            raise ValueError(f"shares must be {self.offer.phases} numbers that add up to 1, not {shares}")
        self._power_w, self._valid_until_s, self._shares = power_w, valid_until_s, shares

    @property
    def phase_shares(self) -> tuple[float, ...]:
        """How an AC set-point is shared among the phases; they add up to 1."""
        return self._shares or (1.0 / self.offer.phases,) * self.offer.phases

    def power_w(self, now: float) -> float:
        """The set-point in force at `now` (POSIX seconds)."""
        return self._power_w if now < self._valid_until_s else 0.0

    def expire(self, now: float) -> float | None:
        """If the set-point ran out since it was set, forget it and return what it was."""
        if now < self._valid_until_s or self._power_w == 0:
            return None
        expired, self._power_w = self._power_w, 0.0
        return expired

    def authorize(self, accepted: bool) -> None:
        """The answer to `AuthorizationRequested`."""
        self.authorized = accepted

    def notify(self, notification: Notification, max_delay_s: int = 0) -> None:
        """Ask the car for something with the next answer: pause, terminate, renegotiate.

        `max_delay_s` is cut to what the wire can tell, 0 to 18 hours.
        """
        self.notification, self.notification_max_delay_s = notification, max(0, min(MOST_DELAY_S, max_delay_s))

    def offer_schedules(self, *schedules: Schedule) -> None:
        """One to three alternatives for the car; ends `planning`.

        Raises `ValueError` on any other number, and for a schedule that is none (see `offerable`).
        """
        if not 1 <= len(schedules) <= 3:
            raise ValueError(f"one to three schedules can be offered, not {len(schedules)}")
        self.schedules, self.planning = tuple(map(offerable, schedules)), False

    def new_session(self) -> None:
        """Forget what belonged to the last car. The set-point, limits and schedules stay: they are the home's."""
        self.notification = None
        self.insulation_ok = None
        self.authorized = None
