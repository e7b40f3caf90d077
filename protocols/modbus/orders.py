"""Orders that end by themselves: a battery's power, an inverter's limit, a relay, each with its expiry in the device.

Two ways: a profile's pair of registers (``command_…`` and ``command_expiry_s``, side by side, one request), or the
SunSpec models 124 (storage) and 123 (immediate controls) with their revert timers. A device without such a timer is
not commanded at all: what nobody renews must end there, whoever dies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from protocols.modbus.blocks import Function, Span
from protocols.modbus.fields import encode_field
from protocols.modbus.link import ModbusLink, Pace
from protocols.modbus.models import Model, models
from protocols.modbus.profile import Profile
from protocols.modbus.sunspec import ModelAt, SunSpecDevice

MIN_EXPIRY_S, MAX_EXPIRY_S = 1.0, 60.0
STORAGE_MODEL, CONTROLS_MODEL = 124, 123
_NOT_THERE = 0xFFFF
_SF_NOT_THERE = 0x8000
_BOTH_LIMITS = 0b11
"""Storage control mode: bit 0 holds the charging rate, bit 1 the discharging rate."""


class OrderError(ValueError):
    """The device cannot be commanded like this; the text says why, and the way out."""


class Orders(Protocol):
    """Takes one value until its expiry."""

    async def give(self, value: float, expiry_s: float) -> None:
        """Follow ``value`` for ``expiry_s`` (1..60), then go back to its own rule. Raises as ``ModbusLink.write``."""
        ...


@dataclass(frozen=True, slots=True)
class ProfileOrders:
    """By a profile's pair of registers."""

    link: ModbusLink
    unit: int
    profile: Profile
    command: str

    def __post_init__(self) -> None:
        commands = self.profile.commands
        if self.command not in commands or "command_expiry_s" not in commands:
            raise OrderError(
                f"profile '{self.profile.name}' has no {self.command} with its command_expiry_s: write controllable = "
                "false, or give its registers once checked against the maker's manual"
            )
        if commands[self.command].span.end != commands["command_expiry_s"].span.address:
            raise OrderError(
                f"profile '{self.profile.name}': command_expiry_s must follow {self.command} at "
                f"{commands[self.command].span.end}, so that both are written in one request"
            )

    async def give(self, value: float, expiry_s: float) -> None:
        """See ``Orders``."""
        _checked(value, expiry_s)
        order, expiry = self.profile.commands[self.command], self.profile.commands["command_expiry_s"]
        words = encode_field(order, value) + encode_field(expiry, expiry_s)
        pace = Pace(self.profile.timeout_s, self.profile.connect_delay_s)
        await self.link.write(self.unit, order.span.address, words, pace)


@dataclass(slots=True)
class StorageOrders:
    """By SunSpec model 124: power in W, > 0 charges, as a share of ``WChaMax``.

    Both rates are bound to the one wanted: a charging rate of x with a discharging rate of −x leaves it no choice.
    """

    link: ModbusLink
    unit: int
    at: ModelAt
    _share: tuple[float, float] | None = None
    """W of the full rate, and the rate's unit (10 to its scale factor)."""

    @classmethod
    def of(cls, link: ModbusLink, unit: int, found: SunSpecDevice) -> StorageOrders:
        """Raises OrderError where the device's chain has no model 124."""
        return cls(link, unit, _model_at(found, STORAGE_MODEL, "a storage that can be commanded"))

    async def give(self, value: float, expiry_s: float) -> None:
        """See ``Orders``."""
        _checked(value, expiry_s)
        full_w, unit = self._share or await self._open()
        self._share = (full_w, unit)
        raw = round(max(-100.0, min(100.0, value / full_w * 100.0)) / unit)
        model = models()[STORAGE_MODEL]
        # The rates and their timer first: the mode brings them into force, with the timer running.
        rates = [_signed(-raw), _signed(raw), 0, round(expiry_s)]
        await self.link.write(self.unit, _address(self.at, model, "OutWRte"), rates)
        await self.link.write(self.unit, _address(self.at, model, "StorCtl_Mod"), [_BOTH_LIMITS])

    async def _open(self) -> tuple[float, float]:
        model = models()[STORAGE_MODEL]
        words = await _points(
            self.link, self.unit, self.at, model, "WChaMax", "WChaMax_SF", "InOutWRte_SF", "InOutWRte_RvrtTms"
        )
        if words["InOutWRte_RvrtTms"] == _NOT_THERE:
            raise OrderError("the battery has no revert timer (model 124, InOutWRte_RvrtTms): it is not commanded")
        full_w = words["WChaMax"] * _power_of_ten(words["WChaMax_SF"], "WChaMax_SF")
        if words["WChaMax"] == _NOT_THERE or full_w <= 0:
            raise OrderError("the battery does not tell its full power (model 124, WChaMax): it is not commanded")
        return full_w, _power_of_ten(words["InOutWRte_SF"], "InOutWRte_SF")


@dataclass(slots=True)
class LimitOrders:
    """By SunSpec model 123: a share (0..1) of the inverter's nominal power that it may give at most."""

    link: ModbusLink
    unit: int
    at: ModelAt
    _unit: float | None = None

    @classmethod
    def of(cls, link: ModbusLink, unit: int, found: SunSpecDevice) -> LimitOrders:
        """Raises OrderError where the device's chain has no model 123."""
        return cls(link, unit, _model_at(found, CONTROLS_MODEL, "an inverter that takes a limit"))

    async def give(self, value: float, expiry_s: float) -> None:
        """See ``Orders``; 1 lets it give what it can."""
        _checked(value, expiry_s)
        model = models()[CONTROLS_MODEL]
        if self._unit is None:
            words = await _points(
                self.link, self.unit, self.at, model, "WMaxLimPct", "WMaxLimPct_RvrtTms", "WMaxLimPct_SF"
            )
            if words["WMaxLimPct_RvrtTms"] == _NOT_THERE:
                raise OrderError("the inverter has no revert timer (model 123, WMaxLimPct_RvrtTms): it takes no limit")
            self._unit = _power_of_ten(words["WMaxLimPct_SF"], "WMaxLimPct_SF")
        limit = round(max(0.0, min(1.0, value)) * 100.0 / self._unit)
        await self.link.write(self.unit, _address(self.at, model, "WMaxLimPct"), [limit, 0, round(expiry_s)])
        await self.link.write(self.unit, _address(self.at, model, "WMaxLim_Ena"), [1 if value < 1.0 else 0])


def _checked(value: float, expiry_s: float) -> None:
    if not math.isfinite(value):
        raise OrderError(f"an order of {value} cannot be sent: give a number")
    if not MIN_EXPIRY_S <= expiry_s <= MAX_EXPIRY_S:
        raise OrderError(f"an order must expire within {MIN_EXPIRY_S:.0f} to {MAX_EXPIRY_S:.0f} s, not {expiry_s} s")


def _model_at(found: SunSpecDevice, model_id: int, what: str) -> ModelAt:
    at = next((at for at in found.chain if at.model_id == model_id), None)
    if at is None:
        raise OrderError(f"{found.identity.maker or 'the device'} is not {what} (no SunSpec model {model_id})")
    if at.length + 2 < models()[model_id].length + 2:
        raise OrderError(f"its SunSpec model {model_id} is shorter than the standard's: it is not commanded")
    return at


def _address(at: ModelAt, model: Model, point: str) -> int:
    return at.address + model.points[point].offset


async def _points(link: ModbusLink, unit: int, at: ModelAt, model: Model, *names: str) -> dict[str, int]:
    words = await link.read(unit, Span(Function.HOLDING, at.address, model.length + 2))
    return {name: words[model.points[name].offset] for name in names}


def _power_of_ten(word: int, name: str) -> float:
    exponent = word - 0x10000 if word & 0x8000 else word
    if word == _SF_NOT_THERE or not -10 <= exponent <= 10:
        raise OrderError(f"the device does not tell a scale factor ({name}): it is not commanded")
    return float(10.0**exponent)


def _signed(value: int) -> int:
    return value & 0xFFFF
