"""The demo home's car: its EVCC speaks ISO 15118-20, its battery is the world's.

It comes and goes by the script. Plugged in, it opens a session; a session that breaks is opened anew, as a driver's car
does when it is still on the cable.
"""

import asyncio
import logging

from app.clock import Clock
from app.demo.world import World
from protocols import iso15118 as iso
from protocols.modbus.readings import Pilot

log = logging.getLogger(__name__)

EVCC_ID = "TWOWAYDEMO01"
RATED_A, RATED_OUT_A = 150.0, 40.0
RETRY_REAL_S = 1.0
LOOK_HOME_S = 1.0


class DemoCar:
    """Implements ``protocols.iso15118.CarModel``; powers in W at the grid side, > 0 charges."""

    evcc_id = EVCC_ID

    def __init__(self, world: World, target_soc: float) -> None:
        """``target_soc``: what its driver set in the car."""
        self._world = world
        self._target_soc = target_soc
        self.loops = 0

    @property
    def limits(self) -> iso.Limits:
        """What battery and converter can do now."""
        charge_w, discharge_w = self._world.battery.limits_w()
        return iso.Limits(
            max_charge_w=charge_w,
            max_discharge_w=discharge_w,
            max_charge_a=RATED_A,
            min_charge_a=0.0,
            max_discharge_a=RATED_OUT_A,
            min_discharge_a=0.0,
            max_v=450.0,
            min_v=250.0,
        )

    def report(self, now: float) -> iso.CarReport:
        """State of charge, power and needs."""
        world, battery = self._world, self._world.battery
        capacity = battery.capacity_wh
        leave_s = min((t.leave_s for t in world.script.trips if t.leave_s > world.now_s), default=None)
        needs = iso.EnergyNeeds(
            # The driver's clock is home time.
            departure_in_s=None if leave_s is None else leave_s - world.now_s,
            target_wh=(self._target_soc - battery.soc) * capacity,
            max_wh=(1.0 - battery.soc) * capacity,
            min_wh=(battery.soc_min - battery.soc) * capacity,
            max_v2x_wh=(1.0 - battery.soc) * capacity,
            min_v2x_wh=(battery.soc_min - battery.soc) * capacity,
            min_soc=battery.soc_min,
            target_soc=self._target_soc,
        )
        return iso.CarReport(
            limits=self.limits,
            needs=needs,
            soc=battery.soc,
            ev_w=world.ev_w,
            target_w=world.car_w,
            voltage_v=world.voltage_v,
            complete=battery.soc >= battery.soc_max - 1e-6,
            capacity_wh=capacity,
        )

    def follow(self, power_w: float, now: float) -> None:
        """Take the charger's set-point."""
        self.loops += 1
        self._world.follow_loop(power_w)

    def wants_to_stop(self, now: float) -> str | None:
        """When the driver leaves."""
        return None if self._world.at_home else "the driver leaves"


class CarOnCable:
    """Plugs the car in when it is home, and runs its sessions."""

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        interface: str = "lo",
        sdp_port: int,
        target_soc: float = 0.8,
        loop_interval_s: float = 0.2,
        timings: iso.Timings | None = None,
        service: iso.Service = iso.Service.DC_BPT,
        control_mode: iso.ControlMode = iso.ControlMode.DYNAMIC,
        security: iso.EvccSecurity | None = None,
    ) -> None:
        """``sdp_port``: where the charger answers SDP on this interface. Without ``security`` the car asks for a
        session that is not encrypted, which only a charger with the laboratory's switch lets it have.
        """
        self._world = world
        self._clock = clock
        self._interface = interface
        self._sdp_port = sdp_port
        self._timings = timings
        self._plan = iso.CarPlan(
            service, control_mode, loop_interval_s=loop_interval_s, lab_v20_without_tls=security is None
        )
        self._security = security
        self.car = DemoCar(world, target_soc)
        self.state: iso.State | None = None
        self.messages = 0
        self.sessions: list[str] = []
        """How each session ended, oldest first."""
        self.resting = False
        """On the cable after a session that ended in order."""
        self.broken = 0
        """Sessions that did not end properly."""

    @property
    def looping(self) -> bool:
        """Is a session in its charge loop?"""
        return self.state is iso.State.CHARGE_LOOP

    async def run(self) -> None:
        """Come and go until cancelled."""
        while True:
            while not self._world.at_home:
                self._world.pilot = Pilot.A
                await self._clock.sleep(LOOK_HOME_S)
            self._world.pilot = Pilot.B
            await self._session()

    async def _session(self) -> None:
        client = iso.EvccClient(
            self._interface,
            self.car,
            self._plan,
            self._on_event,
            timings=self._timings,
            sdp_port=self._sdp_port,
            security=self._security,
        )
        try:
            ended = await client.run()
        except iso.TransportError as error:
            log.info("the car found no charger: %s", error)
            await asyncio.sleep(RETRY_REAL_S)
            return
        finally:
            self._unpowered()
        self.sessions.append(ended.reason)
        if not ended.proper:
            self.broken += 1
            log.warning("the car's session broke: %s", ended.reason)
            await asyncio.sleep(RETRY_REAL_S)
        while self._world.at_home and ended.proper:
            # Ended in order while the car stays: it sleeps on the cable until its driver comes.
            self.resting = True
            await self._clock.sleep(LOOK_HOME_S)
        self.resting = False

    def _on_event(self, event: iso.Event) -> None:
        if isinstance(event, iso.MessageSeen):
            self.messages += 1
        elif isinstance(event, iso.StateChanged):
            self.state = event.state
            if event.state is iso.State.CABLE_CHECK:
                self._world.pilot = Pilot.C
        elif isinstance(event, iso.PowerDeliveryChanged):
            if event.on:
                # AC has no cable check: the car closes its switch with power delivery.
                self._world.pilot = Pilot.C
            else:
                self._unpowered()

    def _unpowered(self) -> None:
        self._world.follow_loop(0.0)
        if self._world.pilot is not Pilot.A:
            self._world.pilot = Pilot.B
