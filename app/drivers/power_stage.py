"""A power stage over Modbus, behind the port ``app.ports.PowerStage``: what its profile has registers for, it can.

A set-point is written once, with the time that is left of it: nobody renews it here. If the dispatch, this process
or the wire falls silent, the stage falls to 0 W by itself. A stage that does not answer is asked again within RETRY_S,
inside the driver: the supervisor's longer back-off is for what somebody must mend.
"""

import asyncio
from collections.abc import Awaitable, Callable

from app.clock import Clock
from app.config.home import PowerStageSection
from app.drivers.modbus import RETRY_S, Links
from app.drivers.simulated_stage import SimulatedStage
from app.ports import Board, Health, HealthLevel, StageAbility, StageReading
from app.ports import PowerStage as PowerStagePort
from protocols.iec61851 import X1, Check
from protocols.modbus.link import LinkError, RefusedError
from protocols.modbus.powerstage import MAX_EXPIRY_S, MIN_EXPIRY_S, PowerStage
from protocols.modbus.profile import SIMULATED, load_profile
from protocols.modbus.readings import PowerStageReading

PENDING_S = 30.0
"""A command that the stage refuses (a test before the pilot is in C) is tried again for this long."""
SAME_DUTY = 0.0006
"""The register has tenths of a percent."""
LEAVE_S = 2.0

_COMMANDS: dict[StageAbility, str] = {
    StageAbility.CONTACTOR: "command_contactor",
    StageAbility.PILOT: "command_duty",
    StageAbility.ISOLATION: "command_isolation",
    StageAbility.PRE_CHARGE: "command_precharge_v",
    StageAbility.WELDING: "command_welding",
    StageAbility.RESET: "command_reset",
}


class ModbusStage:
    """Implements ``app.ports.PowerStage``."""

    def __init__(
        self,
        section: PowerStageSection,
        clock: Clock,
        *,
        name: str = "power stage",
        interval_s: float = 1.0,
        on_reading: Callable[[StageReading], None] | None = None,
        links: Links | None = None,
    ) -> None:
        """``clock`` is real time. Raises ProfileError, PowerStageError."""
        self.name = name
        self.reading: StageReading | None = None
        self.on_reading = on_reading
        self._section = section
        self._clock = clock
        self._interval_s = interval_s
        link = (links or Links()).get(section.host, section.port)
        self._stage = PowerStage(link, load_profile(section.profile), section.unit, clock=clock.now_s)
        self.abilities = frozenset(able for able, command in _COMMANDS.items() if self._stage.can(command))
        self._asked: tuple[float, float] | None = None
        self._closed = False
        self._duty = X1
        self._pending: dict[StageAbility, tuple[dict[str, float], float]] = {}
        self._news = asyncio.Event()
        self._health: tuple[HealthLevel, str] | None = None

    # The port.

    def set_power(self, power_w: float, expires_s: float) -> None:
        """See the port."""
        self._asked = (power_w, expires_s)
        self._news.set()

    def set_contactor(self, closed: bool) -> None:
        """See the port."""
        self._closed = closed
        if not closed:
            self._asked = None
        self._news.set()

    def set_pilot(self, duty: float) -> None:
        """See the port."""
        if duty != self._duty:
            self._duty = duty
            self._ask(StageAbility.PILOT, command_duty=duty)

    def check_isolation(self) -> None:
        """See the port."""
        self._ask(StageAbility.ISOLATION, command_isolation=1.0)

    def pre_charge(self, voltage_v: float, current_a: float) -> None:
        """See the port."""
        self._ask(StageAbility.PRE_CHARGE, command_precharge_v=voltage_v, command_precharge_a=current_a)

    def check_welding(self) -> None:
        """See the port."""
        self._ask(StageAbility.WELDING, command_welding=1.0)

    def reset_fault(self) -> None:
        """See the port."""
        self._ask(StageAbility.RESET, command_reset=1.0)

    def _ask(self, able: StageAbility, **values: float) -> None:
        if able in self.abilities:
            self._pending[able] = (values, self._clock.now_s() + PENDING_S)
            self._news.set()

    # The wire.

    async def run(self, board: Board) -> None:
        """Work until cancelled; then, as far as the wire allows, open the contactor and show X1."""
        try:
            while True:
                await self._turn(board)
        finally:
            await self._leave()

    async def _turn(self, board: Board) -> None:
        self._news.clear()
        try:
            refusals = [await self._command(), *[await self._obey(able) for able in tuple(self._pending)]]
            reading = await self._stage.read()
            if self._stage.can_switch and reading.contactor is not self._closed:
                refusals.append(await self._obeyed(self._stage.contactor(self._closed)))
                reading = await self._stage.read()
        except LinkError as error:
            self._say(board, HealthLevel.FAILED, f"{error}; asking again")
            await asyncio.sleep(RETRY_S)
            return
        if reading.duty is not None and abs(reading.duty - self._duty) > SAME_DUTY:
            # A stage that was restarted shows its own beginning.
            self._ask(StageAbility.PILOT, command_duty=self._duty)
        self.reading = self._told(reading)
        self._say(board, *_judged(reading, [text for text in refusals if text]))
        if self.on_reading is not None:
            self.on_reading(self.reading)
        await self._wait()

    async def _command(self) -> str:
        """Write the newest set-point, if it still holds; returns why the stage will not follow it, or ""."""
        if self._asked is None:
            return ""
        asked = self._asked
        power_w, expires_s = asked
        left_s = min(expires_s - self._clock.now_s(), MAX_EXPIRY_S)
        refusal = ""
        if left_s >= MIN_EXPIRY_S:
            refusal = await self._obeyed(self._stage.write_setpoint(power_w, left_s))
        if self._asked is asked:
            self._asked = None
        return refusal

    async def _obey(self, able: StageAbility) -> str:
        """Write one command; it stays to be tried again where the stage refuses it."""
        asked = self._pending[able]
        values, until_s = asked
        refusal = await self._obeyed(self._stage.command(**values))
        done = not refusal or self._clock.now_s() >= until_s
        if done and self._pending.get(able) is asked:
            del self._pending[able]
        return refusal

    @staticmethod
    async def _obeyed(command: Awaitable[None]) -> str:
        try:
            await command
        except (RefusedError, ValueError) as error:
            return str(error)
        return ""

    def _told(self, reading: PowerStageReading) -> StageReading:
        def verdict(able: StageAbility, check: Check | None) -> Check | None:
            # Asked for, but not begun: the verdict that stands is an older test's.
            return Check.RUNNING if able in self._pending else check

        return StageReading(
            at_s=reading.at_s,
            pilot=reading.pilot,
            diode=reading.diode,
            contactor=reading.contactor,
            ev_w=reading.ev_w,
            setpoint_w=reading.setpoint_w,
            dc_voltage_v=reading.dc_voltage_v,
            dc_current_a=reading.dc_current_a,
            phase_a=reading.current_a,
            import_wh=reading.import_wh,
            export_wh=reading.export_wh,
            isolation=verdict(StageAbility.ISOLATION, reading.isolation),
            isolation_ohm=reading.isolation_ohm,
            welding=verdict(StageAbility.WELDING, reading.welding),
            cable_a=reading.cable_a,
            fault=f"the power stage reports fault {reading.fault}" if reading.fault else "",
        )

    async def _wait(self) -> None:
        """Until there is something to command, or it is time to look again."""
        tick = asyncio.ensure_future(self._clock.sleep(self._interval_s))
        news = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait({tick, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tick.cancel()
            news.cancel()

    async def _leave(self) -> None:
        self._closed = False
        try:
            async with asyncio.timeout(LEAVE_S):
                await self._stage.contactor(False)
                if StageAbility.PILOT in self.abilities:
                    await self._stage.command(command_duty=X1)
        except (LinkError, RefusedError, TimeoutError, ValueError):
            return  # Its own dead-man ends the set-point.

    def _say(self, board: Board, level: HealthLevel, text: str) -> None:
        if self._health == (level, text):
            return
        self._health = (level, text)
        details: dict[str, str | float | int | bool | None] = {
            "address": f"{self._section.host}:{self._section.port}",
            "unit": self._section.unit,
            "profile": self._section.profile,
            "abilities": ", ".join(sorted(self.abilities)),
        }
        board.publish_health(self.name, Health(level=level, text=text, since_s=self._clock.now_s(), details=details))


def _judged(reading: PowerStageReading, refusals: list[str]) -> tuple[HealthLevel, str]:
    if reading.fault:
        return HealthLevel.FAILED, f"the power stage reports fault {reading.fault}"
    if refusals:
        return HealthLevel.WARNING, "; ".join(refusals)
    if reading.faults:
        return HealthLevel.WARNING, "; ".join(str(fault) for fault in reading.faults)
    return HealthLevel.OK, ""


def make_stage(
    section: PowerStageSection, clock: Clock, *, name: str, interval_s: float, links: Links | None = None
) -> PowerStagePort:
    """The home file's power stage. Raises ProfileError, PowerStageError."""
    if section.profile == SIMULATED:
        return SimulatedStage(name=name, clock=clock.now_s)
    return ModbusStage(section, clock, name=name, interval_s=interval_s, links=links)
