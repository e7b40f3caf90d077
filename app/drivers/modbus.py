"""Drivers for what speaks Modbus: meters and inverters (readings to the board), and the charger's power stage.

Signs are those of :mod:`protocols.modbus.readings`, which are the house's own: ``grid_w`` > 0 imports,
``solar_w`` >= 0, ``ev_w`` > 0 charges. A device that does not answer is asked again within RETRY_S, inside the driver:
the supervisor's longer back-off is for what somebody must mend.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum

from app.clock import Clock
from app.config.home import ModbusSection, PowerStageSection
from app.ports import Board, Health, HealthLevel
from energy.model import Readings
from protocols.modbus.checks import Fault
from protocols.modbus.device import ModbusDevice, Sample
from protocols.modbus.link import LinkError, ModbusLink, RefusedError
from protocols.modbus.powerstage import MAX_EXPIRY_S, MIN_EXPIRY_S, PowerStage
from protocols.modbus.profile import load_profile
from protocols.modbus.quantities import Role
from protocols.modbus.readings import PowerStageReading

RETRY_S = 0.5
FORGET_AFTER_S = 30.0
"""A SunSpec device that was away this long is looked at anew: its firmware, and its chain, may have changed."""


class Gives(StrEnum):
    """What the home takes from an instrument."""

    GRID = "grid"
    SOLAR = "solar"


_ROLE = {Gives.GRID: Role.METER, Gives.SOLAR: Role.INVERTER}


class WrongDeviceError(Exception):
    """The device is not what the home file says."""


class Links:
    """One connection for each address: many devices accept no second one."""

    def __init__(self) -> None:
        self._links: dict[tuple[str, int], ModbusLink] = {}

    def get(self, host: str, port: int) -> ModbusLink:
        """The connection to this address."""
        return self._links.setdefault((host, port), ModbusLink(host, port))

    async def close(self) -> None:
        """Close all connections."""
        for link in self._links.values():
            await link.close()


class InstrumentDriver:
    """A meter or an inverter: polled each ``interval_s``, published with the time at which it was asked."""

    def __init__(self, section: ModbusSection, gives: Gives, clock: Clock, links: Links | None = None) -> None:
        """``links`` is shared by the drivers of one home."""
        self.name = section.name
        self._section = section
        self._gives = gives
        self._clock = clock
        self._link = (links or Links()).get(section.host, section.port)
        self._device: ModbusDevice | None = None
        self._health: Health | None = None

    async def run(self, board: Board) -> None:
        """Poll until cancelled. Raises ProfileError, SunSpecError or WrongDeviceError for what somebody must mend."""
        loop = asyncio.get_running_loop()
        seen_s = loop.time()
        while True:
            try:
                device = self._device or await self._open()
                sample = await device.poll()
            except (LinkError, RefusedError) as error:
                self._say(board, HealthLevel.FAILED, f"{error}; asking again")
                if loop.time() - seen_s > FORGET_AFTER_S:
                    self._device = None
                await asyncio.sleep(RETRY_S)
                continue
            seen_s = loop.time()
            readings = self._readings(sample)
            board.publish_readings(self.name, readings)
            self._say(board, *self._judged(sample.faults, readings))
            await self._clock.sleep(self._section.interval_s)

    async def _open(self) -> ModbusDevice:
        section = self._section
        device = await ModbusDevice.open(self._link, section.profile, section.unit, clock=self._clock.now_s)
        role = _ROLE[self._gives]
        if role not in device.roles:
            gives = ", ".join(sorted(device.roles)) or "nothing known"
            raise WrongDeviceError(f"{device} is no {role} (it is: {gives}): check unit number and profile")
        self._device = device
        return device

    def _readings(self, sample: Sample) -> Readings:
        if self._gives is Gives.SOLAR:
            roof = sample.inverter()
            return Readings(at_s=roof.at_s, solar_w=roof.solar_w, solar_at_s=roof.at_s)
        meter = sample.meter()
        known = any(watt is not None for watt in meter.phase_w)
        return Readings(
            at_s=meter.at_s,
            grid_w=meter.grid_w,
            phase_w=meter.phase_w if known else (),
            frequency_hz=meter.frequency_hz,
        )

    def _judged(self, faults: tuple[Fault, ...], readings: Readings) -> tuple[HealthLevel, str]:
        # An inverter may sleep, and tell nothing all night; a meter may not.
        if self._gives is Gives.GRID and readings.grid_w is None and not faults:
            return HealthLevel.WARNING, "it answers, but tells no power: check its wiring and settings"
        return _judged(faults)

    def _say(self, board: Board, level: HealthLevel, text: str) -> None:
        if self._health is not None and (self._health.level, self._health.text) == (level, text):
            return
        who = self._device.identity if self._device else None
        self._health = Health(
            level=level,
            text=text,
            since_s=self._clock.now_s(),
            details={
                "address": str(self._link),
                "unit": self._section.unit,
                "profile": self._section.profile,
                "maker": who.maker if who else None,
                "model": who.model if who else None,
                "serial": who.serial if who else None,
            },
        )
        board.publish_health(self.name, self._health)


class PowerStageDriver:
    """The charger's power stage: brings set-points and the contactor's command to it, and its readings back.

    A set-point is written once, with the time that is left of it: nobody renews it here. If the dispatch, this process
    or the wire falls silent, the stage falls to 0 W by itself.
    """

    def __init__(
        self,
        section: PowerStageSection,
        clock: Clock,
        *,
        name: str = "power stage",
        interval_s: float = 1.0,
        on_reading: Callable[[PowerStageReading], None] | None = None,
        links: Links | None = None,
    ) -> None:
        """``on_reading`` is called with each reading. Raises ProfileError, PowerStageError."""
        self.name = name
        self.reading: PowerStageReading | None = None
        self._section = section
        self._clock = clock
        self._interval_s = interval_s
        self._on_reading = on_reading
        link = (links or Links()).get(section.host, section.port)
        self._stage = PowerStage(link, load_profile(section.profile), section.unit, clock=clock.now_s)
        self._asked: tuple[float, float] | None = None
        self._closed = False
        self._news = asyncio.Event()
        self._health: tuple[HealthLevel, str] | None = None

    def set_power(self, power_w: float, expires_s: float) -> None:
        """Follow ``power_w`` (> 0 charges) until ``expires_s`` (home time); at once, the newest wins."""
        self._asked = (power_w, expires_s)
        self._news.set()

    def set_contactor(self, closed: bool) -> None:
        """Close or open the contactor; kept up until the stage shows it. Opening ends the set-point too."""
        self._closed = closed
        if not closed:
            self._asked = None
        self._news.set()

    async def run(self, board: Board) -> None:
        """Work until cancelled; then, as far as the wire allows, open the contactor."""
        try:
            while True:
                await self._turn(board)
        finally:
            await self._leave()

    async def _turn(self, board: Board) -> None:
        self._news.clear()
        try:
            refusals = [await self._command()]
            reading = await self._stage.read()
            if self._stage.can_switch and reading.contactor is not self._closed:
                refusals.append(await self._obeyed(self._stage.contactor(self._closed)))
                reading = await self._stage.read()
        except LinkError as error:
            self._say(board, HealthLevel.FAILED, f"{error}; asking again")
            await asyncio.sleep(RETRY_S)
            return
        self.reading = reading
        self._say(board, *_stage_judged(reading, [text for text in refusals if text]))
        if self._on_reading is not None:
            self._on_reading(reading)
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

    @staticmethod
    async def _obeyed(command: Awaitable[None]) -> str:
        try:
            await command
        except RefusedError as error:
            return str(error)
        return ""

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
            await asyncio.wait_for(self._stage.contactor(False), 2.0)
        except (LinkError, RefusedError, TimeoutError):
            return  # Its own dead-man ends the set-point.

    def _say(self, board: Board, level: HealthLevel, text: str) -> None:
        if self._health == (level, text):
            return
        self._health = (level, text)
        details: dict[str, str | float | int | bool | None] = {
            "address": f"{self._section.host}:{self._section.port}",
            "unit": self._section.unit,
            "profile": self._section.profile,
        }
        board.publish_health(self.name, Health(level=level, text=text, since_s=self._clock.now_s(), details=details))


def instrument_drivers(
    meters: list[ModbusSection], inverters: list[ModbusSection], clock: Clock, links: Links
) -> list[InstrumentDriver]:
    """The drivers of a home's ``[[meter]]`` and ``[[inverter]]`` tables."""
    return [
        *(InstrumentDriver(section, Gives.GRID, clock, links) for section in meters),
        *(InstrumentDriver(section, Gives.SOLAR, clock, links) for section in inverters),
    ]


def _judged(faults: tuple[Fault, ...]) -> tuple[HealthLevel, str]:
    if not faults:
        return HealthLevel.OK, ""
    return HealthLevel.WARNING, "; ".join(str(fault) for fault in faults)


def _stage_judged(reading: PowerStageReading, refusals: list[str]) -> tuple[HealthLevel, str]:
    if reading.fault:
        return HealthLevel.FAILED, f"the power stage reports fault {reading.fault}"
    if refusals:
        return HealthLevel.WARNING, "; ".join(refusals)
    return _judged(reading.faults)
