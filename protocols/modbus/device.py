"""One device: found by its SunSpec chain or by a profile, polled in blocks, every value checked.

Thin asyncio over the sans-I/O parts; the clock is the caller's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from protocols.modbus.blocks import PERMANENT_CODES, BlockSchedule, Span
from protocols.modbus.checks import Checks, Fault, FaultKind
from protocols.modbus.fields import Field, Memory, decode_fields, spans_of, store
from protocols.modbus.link import LinkError, ModbusLink, Pace, RefusedError
from protocols.modbus.profile import SUNSPEC, Profile, load_profile, roles_of
from protocols.modbus.quantities import Role
from protocols.modbus.readings import (
    InverterReading,
    MeterReading,
    PowerStageReading,
    StorageReading,
    inverter_reading,
    meter_reading,
    power_stage_reading,
    storage_reading,
)
from protocols.modbus.sunspec import Identity, SunSpecDevice, discover

STORM_MIN_S = 0.5
STORM_MAX_S = 1.6
"""A device that answers every request with "busy" or "failing" is left alone this long, so that it can recover."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One poll: values by quantity (None missing) and what is wrong with them."""

    at_s: float
    values: Mapping[str, float | None]
    faults: tuple[Fault, ...]

    def meter(self) -> MeterReading:
        """The sample as a meter's reading."""
        return meter_reading(self.at_s, self.values, self.faults)

    def inverter(self) -> InverterReading:
        """The sample as an inverter's reading."""
        return inverter_reading(self.at_s, self.values, self.faults)

    def storage(self) -> StorageReading:
        """The sample as a house battery's reading."""
        return storage_reading(self.at_s, self.values, self.faults)

    def power_stage(self) -> PowerStageReading:
        """The sample as a charger power stage's reading."""
        return power_stage_reading(self.at_s, self.values, self.faults)


class ModbusDevice:
    """A unit behind a link whose registers are known. Make it with :meth:`find` or :meth:`from_profile`."""

    def __init__(
        self,
        link: ModbusLink,
        unit: int,
        fields: tuple[Field, ...],
        *,
        clock: Callable[[], float],
        identity: Identity,
        checks: Checks,
        schedule: BlockSchedule,
        pace: Pace | None = None,
    ) -> None:
        self.link = link
        self.unit = unit
        self.identity = identity
        self.fields = fields
        self.pace = pace
        self._clock = clock
        self._checks = checks
        self._schedule = schedule
        self._storm_s = STORM_MIN_S
        self._quiet_until_s = 0.0

    @classmethod
    async def find(
        cls, link: ModbusLink, unit: int, *, clock: Callable[[], float], checks: Checks | None = None
    ) -> ModbusDevice:
        """The SunSpec device at ``unit``. Raises LinkError, or SunSpecError where there is none."""
        found = await find_sunspec(link, unit)
        schedule = BlockSchedule.of(spans_of(found.fields), max_gap=60)
        return cls(
            link,
            unit,
            found.fields,
            clock=clock,
            identity=found.identity,
            checks=checks or Checks(),
            schedule=schedule,
        )

    @classmethod
    def from_profile(
        cls, link: ModbusLink, profile: Profile, unit: int | None = None, *, clock: Callable[[], float]
    ) -> ModbusDevice:
        """The device that ``profile`` describes, at ``unit`` (the profile's own when None)."""
        return cls(
            link,
            profile.unit if unit is None else unit,
            profile.fields,
            clock=clock,
            identity=Identity(maker=profile.vendor, model=profile.product),
            checks=Checks(ranges=profile.ranges),
            schedule=BlockSchedule.of(spans_of(profile.fields), max_words=profile.max_words, max_gap=profile.max_gap),
            pace=Pace(profile.timeout_s, profile.connect_delay_s),
        )

    @classmethod
    async def open(cls, link: ModbusLink, profile: str, unit: int, *, clock: Callable[[], float]) -> ModbusDevice:
        """The device at ``unit``, by its model chain where ``profile`` is "sunspec", else by the profile of that name.

        Raises LinkError, SunSpecError, ProfileError.
        """
        if profile == SUNSPEC:
            return await cls.find(link, unit, clock=clock)
        return cls.from_profile(link, load_profile(profile), unit, clock=clock)

    @property
    def roles(self) -> frozenset[Role]:
        """What the device is in the home."""
        return roles_of(field.quantity for field in self.fields)

    async def poll(self) -> Sample:
        """Read everything once.

        Raises LinkError where the device does not answer, or answers only that it is busy or failing. Registers that
        it refuses for good are missing in the sample and named in its faults.
        """
        loop_s = asyncio.get_running_loop().time()
        if loop_s < self._quiet_until_s:
            raise LinkError(f"{self} is left alone for {self._quiet_until_s - loop_s:.1f} s: it said it is busy")
        at_s = self._clock()
        memory: Memory = {}
        # A refused block comes back in pieces, which are asked for at once: one hole must not cost a whole reading.
        asked: set[Span] = set()
        while block := next((b for b in self._schedule.due(loop_s) if b.span not in asked), None):
            asked.add(block.span)
            try:
                words = await self.link.read(self.unit, block.span, self.pace)
            except RefusedError as refusal:
                if refusal.code not in PERMANENT_CODES:
                    self._rest(loop_s)
                    raise LinkError(str(refusal)) from refusal
                self._schedule.refused(block, refusal.code, loop_s)
                continue
            self._schedule.accepted(block)
            store(memory, block.span, words)
        if not memory:
            raise LinkError(f"{self} refuses every register: check unit number and profile")
        self._storm_s = STORM_MIN_S
        values, faults = self._checks.apply(decode_fields(self.fields, memory), at_s)
        return Sample(at_s, values, (*faults, *self._refused(values)))

    def _rest(self, now_s: float) -> None:
        self._quiet_until_s = now_s + self._storm_s
        self._storm_s = min(2 * self._storm_s, STORM_MAX_S)

    def _refused(self, values: Mapping[str, float | None]) -> tuple[Fault, ...]:
        parked = self._schedule.parked
        return tuple(
            Fault(FaultKind.REFUSED, quantity)
            for quantity in sorted({f.quantity for f in self.fields if any(span in parked for span in f.spans)})
            if values.get(quantity) is None
        )

    def __str__(self) -> str:
        name = f"{self.identity.maker} {self.identity.model}".strip()
        return f"{name or 'device'} at {self.link} unit {self.unit}"


async def find_sunspec(link: ModbusLink, unit: int) -> SunSpecDevice:
    """Walk the chain of ``unit``. Raises LinkError or SunSpecError."""
    steps = discover()
    span = next(steps)
    while True:
        try:
            words = await link.read(unit, span)
        except RefusedError as refusal:
            if refusal.code not in PERMANENT_CODES:
                raise LinkError(str(refusal)) from refusal
            words = None
        try:
            span = steps.send(words)
        except StopIteration as found:
            device: SunSpecDevice = found.value
            return device
