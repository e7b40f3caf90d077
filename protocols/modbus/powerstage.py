"""A charger's power stage over Modbus: readings, a set-point that expires, and the contactor.

``ev_w`` and the set-point: > 0 charges the car, < 0 discharges it. Every set-point is written together with its expiry
in one request; the stage falls to 0 W by its own clock when it is not renewed (dead-man, at most MAX_EXPIRY_S).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from protocols.modbus.device import ModbusDevice
from protocols.modbus.fields import Field, encode_field
from protocols.modbus.link import ModbusLink
from protocols.modbus.profile import Profile
from protocols.modbus.readings import PowerStageReading

MAX_EXPIRY_S = 60.0
MIN_EXPIRY_S = 1.0


class PowerStageError(ValueError):
    """The power stage cannot be commanded like this; the text says why, and the way out."""


class PowerStage:
    """The client side of a power stage that ``profile`` describes."""

    def __init__(
        self, link: ModbusLink, profile: Profile, unit: int | None = None, *, clock: Callable[[], float]
    ) -> None:
        """Raises PowerStageError where the profile cannot drive a stage at all."""
        self.device = ModbusDevice.from_profile(link, profile, unit, clock=clock)
        self._profile = profile
        self._setpoint = _setpoint_fields(profile) if profile.writable else None

    def can(self, command: str) -> bool:
        """Whether the stage takes this command: "command_contactor", "command_duty" …"""
        return command in self._profile.commands

    @property
    def can_switch(self) -> bool:
        """Whether the stage takes a command for its contactor."""
        return self.can("command_contactor")

    async def read(self) -> PowerStageReading:
        """What the stage says now. Raises LinkError."""
        return (await self.device.poll()).power_stage()

    async def write_setpoint(self, power_w: float, expiry_s: float) -> None:
        """Follow ``power_w`` for ``expiry_s`` seconds (1..60), then 0 W unless renewed.

        Raises PowerStageError for a value that must not be sent, RefusedError where the stage says no, LinkError
        where it is unknown whether it took it: send again, or let it expire.
        """
        if not math.isfinite(power_w):
            raise PowerStageError(f"a set-point of {power_w} W cannot be sent: give a number")
        if not MIN_EXPIRY_S <= expiry_s <= MAX_EXPIRY_S:
            raise PowerStageError(
                f"a set-point must expire within {MIN_EXPIRY_S:.0f} to {MAX_EXPIRY_S:.0f} s, not {expiry_s} s: renew it"
            )
        if self._setpoint is None:
            raise PowerStageError(self._not_writable())
        power, expiry = self._setpoint
        words = encode_field(power, power_w) + encode_field(expiry, expiry_s)
        await self.device.link.write(self.device.unit, power.span.address, words, self.device.pace)

    async def contactor(self, closed: bool) -> None:
        """Close or open the contactor. Raises as :meth:`write_setpoint`; the stage closes in pilot C and D only."""
        await self.command(command_contactor=float(closed))

    async def command(self, **values: float) -> None:
        """Write these commands, which must lie side by side, in one request. Raises as :meth:`write_setpoint`."""
        fields = [self._profile.commands.get(name) for name in values]
        words: list[int] = []
        end = None
        for field, value in zip(fields, values.values(), strict=True):
            if field is None:
                raise PowerStageError(self._not_writable())
            if end is not None and field.span.address != end:
                raise PowerStageError(f"profile '{self._profile.name}': {field.quantity} must lie at {end}")
            words += encode_field(field, value)
            end = field.span.end
        if fields and fields[0] is not None:
            await self.device.link.write(self.device.unit, fields[0].span.address, words, self.device.pace)

    def _not_writable(self) -> str:
        return (
            f"profile '{self._profile.name}' allows no such command: set 'writable = true' and give its registers, "
            "once checked against the maker's manual"
        )


def _setpoint_fields(profile: Profile) -> tuple[Field, Field]:
    """The set-point's and its expiry's registers, which must lie side by side so that one request writes both."""
    try:
        setpoint, expiry = profile.commands["command_setpoint_w"], profile.commands["command_expiry_s"]
    except KeyError as exc:
        raise PowerStageError(
            f"profile '{profile.name}' lacks {exc}: a power stage without an expiring set-point is not driven"
        ) from exc
    if setpoint.span.end != expiry.span.address:
        raise PowerStageError(
            f"profile '{profile.name}': command_expiry_s must follow command_setpoint_w at {setpoint.span.end}, so "
            "that both are written in one request"
        )
    return setpoint, expiry


@dataclass(slots=True)
class Deadman:
    """A set-point that expires. Sans-I/O: the caller's clock, monotonic seconds."""

    _power_w: float = 0.0
    _until_s: float = -math.inf

    def write(self, power_w: float, expiry_s: float, now_s: float) -> None:
        """Follow ``power_w`` until ``expiry_s`` from now."""
        self._power_w, self._until_s = power_w, now_s + expiry_s

    def drop(self) -> None:
        """Back to 0 W at once."""
        self._power_w, self._until_s = 0.0, -math.inf

    def power_w(self, now_s: float) -> float:
        """The set-point that holds now: 0 once expired."""
        return self._power_w if now_s < self._until_s else 0.0

    def left_s(self, now_s: float) -> float:
        """Seconds until it expires; 0 once it has."""
        return max(0.0, self._until_s - now_s)
