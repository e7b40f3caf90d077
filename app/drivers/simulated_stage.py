"""A power stage without hardware, behind the port ``app.ports.PowerStage``: for tests and laboratories.

The same electronics that stand behind the simulated register map, and a car's pilot (``Inlet``) on their cable. Power
follows the set-point exactly while the contactor is closed; energy is its integral. ``step`` moves it to an instant,
so that a whole session runs by a clock of the test's own; ``run`` does so in real time.
"""

import asyncio
import time
from collections.abc import Callable

from app.ports import Board, Health, HealthLevel, StageAbility, StageReading
from protocols.iec61851 import READY, X1, Hardware, Inlet, Offer, Pilot, read_duty

STEP_S = 0.1
CABLE_A = 32.0
_WH = 3600.0


class SimulatedStage:
    """Implements ``app.ports.PowerStage``."""

    abilities = frozenset(StageAbility)

    def __init__(
        self,
        *,
        name: str = "power stage",
        on_reading: Callable[[StageReading], None] | None = None,
        clock: Callable[[], float] = time.time,
        hardware: Hardware | None = None,
        inlet: Inlet | None = None,
        battery_v: float = 400.0,
    ) -> None:
        """``clock`` gives real time, POSIX s. Without an ``inlet`` a willing car is on the cable from the start."""
        self.name = name
        self.reading: StageReading | None = None
        self.on_reading = on_reading
        self.hardware = hardware or Hardware()
        self.battery_v = battery_v
        self._clock = clock
        self._now_s = clock()
        self.inlet = inlet or _willing(self._now_s)
        self._asked = (0.0, float("-inf"))
        self._heard_until_s = float("-inf")
        self._closed = False
        self._charged_wh = self._discharged_wh = 0.0

    @property
    def pilot(self) -> Pilot:
        """What the pilot reads: state F where we make it so."""
        if self.hardware.defects.pilot is not None:
            return self.hardware.defects.pilot
        return Pilot.F if self.hardware.duty == 0.0 else self.inlet.pilot

    @property
    def ev_w(self) -> float:
        """What flows now, > 0 charges."""
        power_w, expires_s = self._asked
        flows = self.hardware.closed(self._now_s) and self.pilot in READY and self._now_s < expires_s
        return power_w if flows else 0.0

    def set_power(self, power_w: float, expires_s: float) -> None:
        """See the port."""
        self._move()
        self._asked = (power_w, expires_s)
        self._heard_until_s = expires_s

    def set_contactor(self, closed: bool) -> None:
        """See the port."""
        self._move()
        self._closed = closed
        if not closed:
            self._asked = (0.0, float("-inf"))
        self._switch()

    def set_pilot(self, duty: float) -> None:
        """See the port."""
        self._move()
        self.hardware.duty = duty
        self.inlet.sees(duty, self._now_s)

    def check_isolation(self) -> None:
        """See the port."""
        self.hardware.check_isolation(self._clock())

    def pre_charge(self, voltage_v: float, current_a: float) -> None:
        """See the port."""
        self.hardware.pre_charge(voltage_v, self._clock())

    def check_welding(self) -> None:
        """See the port."""
        self.hardware.check_welding(self._clock())

    def reset_fault(self) -> None:
        """See the port."""
        self.hardware.reset(self._clock())

    def step(self) -> StageReading:
        """Go on to the clock's time, measure, tell."""
        self._move()
        self.inlet.on_timer(self._now_s)
        if read_duty(self.hardware.duty).offer is Offer.CURRENT and self._now_s >= self._heard_until_s:
            # The dead-man: a current that nobody renews is offered no longer.
            self.set_pilot(X1)
        self._switch()
        self.reading = self._measured()
        if self.on_reading is not None:
            self.on_reading(self.reading)
        return self.reading

    async def run(self, board: Board) -> None:
        """Measure in real time until cancelled; then open the contactor."""
        board.publish_health(self.name, Health(level=HealthLevel.OK, text="simulated: no hardware is switched"))
        try:
            while True:
                self.step()
                await asyncio.sleep(STEP_S)
        finally:
            self.set_contactor(False)

    def _switch(self) -> None:
        """The stage itself closes in C and D only, and opens when the pilot leaves them."""
        self.hardware.switch(self._closed and self.pilot in READY, self._now_s)

    def _move(self) -> None:
        """Count the energy that flowed until now; a set-point that expired meanwhile counts to its end only."""
        now_s = max(self._now_s, self._clock())
        flows_s = max(0.0, min(now_s, self._asked[1]) - self._now_s)
        energy_wh = self.ev_w * flows_s / _WH
        self._charged_wh += max(0.0, energy_wh)
        self._discharged_wh += max(0.0, -energy_wh)
        self._now_s = now_s

    def _voltage_v(self) -> float:
        if self.hardware.closed(self._now_s) and self.pilot in READY:
            return self.battery_v
        return self.hardware.pre_charge_v(self._now_s) or 0.0

    def _measured(self) -> StageReading:
        now_s, hardware = self._now_s, self.hardware
        voltage_v, ev_w = self._voltage_v(), self.ev_w
        dead = hardware.defects.meter_dead
        code = hardware.defects.code
        return StageReading(
            at_s=now_s,
            pilot=self.pilot,
            diode=True,
            contactor=hardware.closed(now_s),
            ev_w=None if dead else ev_w,
            setpoint_w=self._asked[0] if now_s < self._asked[1] else 0.0,
            dc_voltage_v=None if dead else voltage_v,
            dc_current_a=None if dead or not voltage_v else ev_w / voltage_v,
            import_wh=None if dead else self._charged_wh,
            export_wh=None if dead else self._discharged_wh,
            isolation=hardware.isolation(now_s),
            isolation_ohm=hardware.isolation_ohm(now_s),
            welding=hardware.welding(now_s),
            cable_a=CABLE_A,
            fault=f"the power stage reports fault {code}" if code else "",
        )


def _willing(now_s: float) -> Inlet:
    inlet = Inlet()
    inlet.plug(CABLE_A, now_s)
    inlet.wants(True, now_s)
    return inlet
