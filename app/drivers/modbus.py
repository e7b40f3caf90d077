"""Drivers for what is read over Modbus: meters and inverters. The charger's power stage is in ``power_stage``.

Signs are those of :mod:`protocols.modbus.readings`, which are the house's own: ``grid_w`` > 0 imports,
``solar_w`` >= 0. A device that does not answer is asked again within RETRY_S, inside the driver:
the supervisor's longer back-off is for what somebody must mend.
"""

import asyncio
from enum import StrEnum

from app.clock import Clock
from app.config.home import ModbusSection
from app.ports import Board, Health, HealthLevel
from energy.model import Readings
from protocols.modbus.checks import Fault
from protocols.modbus.device import ModbusDevice, Sample
from protocols.modbus.link import LinkError, ModbusLink, RefusedError
from protocols.modbus.quantities import Role

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
