"""Drivers of what is commanded over Modbus beside the charger: house batteries, relays, inverters that take a limit.

One shape for all: an order is written when it is new, and again when half of its time has passed, as long as somebody
renews it here; when nobody does, it ends in the device. Every reading is published with the time at which it was asked.
Signs are the house's: a battery's power > 0 charges.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from app.clock import Clock
from app.config.assets import BatterySection, SwitchSection
from app.config.home import ModbusSection
from app.drivers.modbus import RETRY_S, Links, WrongDeviceError
from app.ports import Board, Health, HealthLevel, SwitchState
from energy.model import BatteryState, HomeBattery
from protocols.modbus.checks import Fault
from protocols.modbus.device import ModbusDevice, Sample, find_sunspec
from protocols.modbus.link import LinkError, ModbusLink, RefusedError
from protocols.modbus.orders import LimitOrders, OrderError, Orders, ProfileOrders, StorageOrders
from protocols.modbus.profile import SUNSPEC, load_profile
from protocols.modbus.quantities import Role

RENEW_SHARE = 0.5
"""Of the expiry: then an order that still holds is written again."""
SAME = 1e-3
"""Share of the order's size below which a new order is the old one."""
ASK_AGAIN_S = 60.0
"""A device that refused an order is left to its own rule for so long."""
EVERY_S = 1.0
QUICKEST_REAL_S = 0.1

MakeOrders = Callable[[ModbusLink], Awaitable[Orders]]


class OrderedDriver(ABC):
    """Polls a device and writes the newest order to it."""

    def __init__(self, name: str, link: ModbusLink, clock: Clock, *, expiry_s: float, interval_s: float) -> None:
        """``expiry_s`` is real time, as the device counts it."""
        self.name = name
        self._link = link
        self._clock = clock
        self._expiry_s = expiry_s
        self._interval_s = interval_s
        self._orders: Orders | None = None
        self._refusal = ""
        self._again_s = 0.0
        self._asked: tuple[float, float] | None = None
        """The order, and the loop's time until which somebody stands behind it."""
        self._written: tuple[float, float] | None = None
        """What was written last, and when."""
        self._news = asyncio.Event()
        self._said: tuple[HealthLevel, str] | None = None

    @property
    def obeys(self) -> bool:
        """Does the device take orders, as far as is known?"""
        return self._orders is not None and not self._refusal

    def _ask(self, value: float | None) -> None:
        if value is None:
            self._asked = None
            return
        self._asked = (value, asyncio.get_running_loop().time() + self._expiry_s)
        if self._written is None or not _same(value, self._written[0]):
            self._news.set()

    async def run(self, board: Board) -> None:
        """Work until cancelled. Raises ProfileError, SunSpecError, WrongDeviceError for what somebody must mend."""
        while True:
            self._news.clear()
            try:
                await self._open()
                await self._order()
                faults = await self._look(board)
            except (LinkError, RefusedError) as error:
                self._say(board, HealthLevel.FAILED, f"{error}; asking again")
                await asyncio.sleep(RETRY_S)
                continue
            said = "; ".join([text for text in (self._refusal, *map(str, faults)) if text])
            self._say(board, HealthLevel.WARNING if said else HealthLevel.OK, said)
            await self._wait()

    @abstractmethod
    async def _open(self) -> None:
        """Find the device, and how it takes orders."""

    @abstractmethod
    async def _look(self, board: Board) -> tuple[Fault, ...]:
        """Read and publish; what is doubtful of it."""

    async def _commandable(self, make: MakeOrders) -> None:
        """Learn how the device takes orders; one that cannot, or will not, is told, shown, and asked again later."""
        if self._refusal and asyncio.get_running_loop().time() >= self._again_s:
            self._refusal = ""
        if self._orders is not None or self._refusal:
            return
        try:
            self._orders = await make(self._link)
        except OrderError as error:
            self._refused(error)

    def _refused(self, error: Exception) -> None:
        self._refusal = f"it follows its own rule: {error}"
        self._again_s = asyncio.get_running_loop().time() + ASK_AGAIN_S
        self._orders = self._written = None

    async def _order(self) -> None:
        """Write the newest order if it still holds and the device needs it."""
        now_s = asyncio.get_running_loop().time()
        if self._orders is None or self._asked is None or now_s >= self._asked[1]:
            return
        value = self._asked[0]
        if self._written is not None:
            last, at_s = self._written
            if _same(value, last) and now_s - at_s < RENEW_SHARE * self._expiry_s:
                return
        try:
            await self._orders.give(value, self._expiry_s)
        except (OrderError, RefusedError) as error:
            self._refused(error)
            return
        self._written = (value, now_s)

    async def _wait(self) -> None:
        # Orders expire in real time, however fast home time runs.
        real_s = max(QUICKEST_REAL_S, self._interval_s / self._clock.speed)
        tick = asyncio.ensure_future(asyncio.sleep(real_s))
        news = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait({tick, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (tick, news):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _say(self, board: Board, level: HealthLevel, text: str) -> None:
        if self._said == (level, text):
            return
        self._said = (level, text)
        details: dict[str, str | float | int | bool | None] = {"address": str(self._link), "obeys": self.obeys}
        board.publish_health(self.name, Health(level=level, text=text, since_s=self._clock.now_s(), details=details))


class BatteryDriver(OrderedDriver):
    """A house battery: read always, commanded where the home file says so and the device can."""

    def __init__(
        self,
        section: BatterySection,
        battery: HomeBattery,
        clock: Clock,
        links: Links,
        *,
        meter_interval_s: float = float("inf"),
    ) -> None:
        """``battery``: the section in the energy floor's words.

        It is looked at twice for each reading of the grid's meter (every ``meter_interval_s``): with a power older than
        the last order's effect, the dispatch would take its own answer for the house's.
        """
        link = links.get(section.host, section.port)
        interval_s = min(section.interval_s, meter_interval_s / 2)
        super().__init__(section.name, link, clock, expiry_s=section.expiry_s, interval_s=interval_s)
        self.battery = battery
        self._section = section
        self._device: ModbusDevice | None = None

    def set_power(self, power_w: float | None) -> None:
        """See ``app.ports.BatteryDriver``."""
        self._ask(power_w)

    async def _open(self) -> None:
        section = self._section
        if self._device is None:
            device = await ModbusDevice.open(self._link, section.profile, section.unit, clock=self._clock.now_s)
            if Role.STORAGE not in device.roles:
                gives = ", ".join(sorted(device.roles)) or "nothing known"
                raise WrongDeviceError(f"{device} is no battery (it is: {gives}): check unit number and profile")
            self._device = device
        if section.controllable:
            await self._commandable(self._make)

    async def _make(self, link: ModbusLink) -> Orders:
        section = self._section
        if section.profile == SUNSPEC:
            return StorageOrders.of(link, section.unit, await find_sunspec(link, section.unit))
        return ProfileOrders(link, section.unit, load_profile(section.profile), "command_setpoint_w")

    async def _look(self, board: Board) -> tuple[Fault, ...]:
        if self._device is None:
            return ()
        sample = await self._device.poll()
        power_w = _battery_w(sample)
        if power_w is not None:
            soc = sample.storage().soc
            state = BatteryState(battery=self.battery, soc=soc, power_w=power_w, at_s=sample.at_s)
            board.publish_battery(self.name, state, obeys=self.obeys)
        return sample.faults


def _battery_w(sample: Sample) -> float | None:
    """Its power; a battery inverter of its own tells what it feeds into the house instead."""
    if "battery_w" in sample.values:
        return sample.values["battery_w"]
    ac_w = sample.values.get("ac_w")
    return None if ac_w is None else -ac_w


class SwitchDriver(OrderedDriver):
    """A relay, and what it measures."""

    def __init__(self, name: str, section: SwitchSection, clock: Clock, links: Links) -> None:
        """``name``: the machine's or tank's."""
        link = links.get(section.host, section.port)
        super().__init__(name, link, clock, expiry_s=section.expiry_s, interval_s=EVERY_S)
        self._section = section
        self._device = ModbusDevice.from_profile(link, load_profile(section.profile), section.unit, clock=clock.now_s)

    def set_switch(self, closed: bool) -> None:
        """See ``app.ports.SwitchDriver``."""
        self._ask(1.0 if closed else 0.0)

    async def _open(self) -> None:
        await self._commandable(self._make)

    async def _make(self, link: ModbusLink) -> Orders:
        return ProfileOrders(link, self._section.unit, load_profile(self._section.profile), "command_switch")

    async def _look(self, board: Board) -> tuple[Fault, ...]:
        sample = await self._device.poll()
        closed = sample.values.get("switch")
        if closed is not None:
            state = SwitchState(
                at_s=sample.at_s,
                closed=closed >= 0.5,
                power_w=sample.values.get("switch_w"),
                tank_c=sample.values.get("tank_c"),
            )
            board.publish_switch(self.name, state)
        return sample.faults


class LimitDriver(OrderedDriver):
    """The limit of an inverter that another driver reads."""

    def __init__(self, section: ModbusSection, clock: Clock, links: Links) -> None:
        """``section``: a curtailable ``[[inverter]]``."""
        link = links.get(section.host, section.port)
        super().__init__(f"{section.name} limit", link, clock, expiry_s=30.0, interval_s=EVERY_S)
        self.inverter = section.name
        self._section = section

    def set_limit(self, share: float | None) -> None:
        """See ``app.ports.LimitDriver``."""
        if share is not None:
            self._ask(share)
        elif self._written is not None and self._written[0] < 1.0:
            self._ask(1.0)
        else:
            # Nothing holds it back: nothing need be written.
            self._ask(None)

    async def _open(self) -> None:
        await self._commandable(self._make)

    async def _make(self, link: ModbusLink) -> Orders:
        section = self._section
        if section.profile == SUNSPEC:
            return LimitOrders.of(link, section.unit, await find_sunspec(link, section.unit))
        return ProfileOrders(link, section.unit, load_profile(section.profile), "command_limit")

    async def _look(self, board: Board) -> tuple[Fault, ...]:
        return ()


def _same(value: float, other: float) -> bool:
    return abs(value - other) <= SAME * max(1.0, abs(value))
