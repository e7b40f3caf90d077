"""The demo home's Modbus devices: a SunSpec meter, a SunSpec inverter, and a power stage with its dead-man.

Physics stay with whoever calls: the meter and the inverter are told their values each step (``update``), the power
stage asks for its present values and tells which power and contactor it follows.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from protocols.iec61851.duty import STATE_F, X1, Offer, read_duty
from protocols.iec61851.hardware import CHECKS, Hardware
from protocols.modbus.blocks import Function, Span
from protocols.modbus.fields import Memory, decode_fields, store
from protocols.modbus.image import RegisterImage, profile_image, sunspec_image
from protocols.modbus.powerstage import MAX_EXPIRY_S, MIN_EXPIRY_S, Deadman
from protocols.modbus.profile import Profile, load_profile
from protocols.modbus.readings import PILOTS, Phases, Pilot
from protocols.modbus.server import Unit
from protocols.modbus.sunspec import Identity

POWER_STAGE_PROFILE = "twoway-power-stage"
NO_PHASES: Phases = (None, None, None)


def simulated_meter(serial: str = "SIM-METER-1", model: int = 203) -> RegisterImage:
    """A SunSpec meter (three phase with integers: 203; floating point: 213).

    Tell it ``grid_w`` (> 0 imports), ``phase_w.1`` …, ``current_a.1`` …, ``voltage_v.1`` …, ``frequency_hz``,
    ``import_wh``, ``export_wh`` with ``update``.
    """
    return sunspec_image(Identity("Twoway", "Simulated meter", "1", serial), [model])


def simulated_inverter(serial: str = "SIM-INVERTER-1", model: int = 103) -> RegisterImage:
    """A SunSpec inverter without a battery (103, or 113 with floating point). Tell it ``ac_w`` and ``solar_wh``."""
    return sunspec_image(Identity("Twoway", "Simulated inverter", "1", serial), [model])


@dataclass(frozen=True, slots=True, kw_only=True)
class StageValues:
    """What the electronics measure now. ``ev_w`` > 0 charges; ``import_wh`` went into the car, ``export_wh`` out."""

    pilot: Pilot
    ev_w: float = 0.0
    voltage_v: Phases = NO_PHASES
    current_a: Phases = NO_PHASES
    dc_voltage_v: float | None = None
    dc_current_a: float | None = None
    frequency_hz: float | None = None
    import_wh: float = 0.0
    export_wh: float = 0.0
    fault: int = 0

    def by_quantity(self) -> dict[str, float | None]:
        """The same, by the names of the register map."""
        values: dict[str, float | None] = {
            "pilot": PILOTS.index(self.pilot),
            "fault": self.fault,
            "ev_w": self.ev_w,
            "dc_voltage_v": self.dc_voltage_v,
            "dc_current_a": self.dc_current_a,
            "frequency_hz": self.frequency_hz,
            "import_wh": self.import_wh,
            "export_wh": self.export_wh,
        }
        for phase in range(3):
            values[f"voltage_v.{phase + 1}"] = self.voltage_v[phase]
            values[f"current_a.{phase + 1}"] = self.current_a[phase]
        return values


CLOSING_PILOTS = frozenset({Pilot.C, Pilot.D})
MEASURED = ("ev_w", "dc_voltage_v", "dc_current_a", "import_wh", "export_wh")
"""What a dead meter no longer tells."""


@dataclass(slots=True)
class SimulatedPowerStage:
    """A power stage that guards itself: the set-point expires by ``clock`` (monotonic seconds), whoever dies.

    ``measure`` gives the present values; ``follow`` is told each change of (set-point in W, contactor closed). Both
    are called in the event loop's thread. Run :meth:`guard` beside the server, or call :meth:`step` often.
    """

    measure: Callable[[], StageValues]
    follow: Callable[[float, bool], None]
    max_charge_w: float = 11_000.0
    max_discharge_w: float = 11_000.0
    phases: int = 3
    clock: Callable[[], float] = time.monotonic
    profile: Profile = field(default_factory=lambda: load_profile(POWER_STAGE_PROFILE))
    hardware: Hardware = field(default_factory=lambda: Hardware(contactor_s=0.0, isolation_s=0.1, welding_s=0.1))
    """Contactor, tests and pre-charge; its defects are the place to break things."""
    _deadman: Deadman = field(default_factory=Deadman)
    _heard_until_s: float = -math.inf
    """When the last set-point that was written expires, dropped or not."""
    _image: RegisterImage = field(init=False)
    _told: tuple[float, bool] = (0.0, False)
    _written: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._image = profile_image(self.profile)

    def unit(self) -> Unit:
        """The stage as a unit of a Modbus server."""
        return Unit(self._image, on_read=self.step, on_write=self._write)

    @property
    def closed(self) -> bool:
        """Is the contactor closed, by its mirror contact?"""
        return self.hardware.closed(self.clock())

    def pilot(self) -> Pilot:
        """What the pilot reads: state F where it is ours."""
        if self.hardware.defects.pilot is not None:
            return self.hardware.defects.pilot
        return Pilot.F if self.hardware.duty == STATE_F else self.measure().pilot

    def step(self) -> None:
        """Let the dead-man act, and show the present values."""
        now_s = self.clock()
        hardware = self.hardware
        values = self.measure()
        pilot = self.pilot()
        if pilot not in CLOSING_PILOTS:
            self._open()
        if read_duty(hardware.duty).offer is Offer.CURRENT and now_s >= self._heard_until_s:
            hardware.duty = X1
        self._tell(now_s)
        shown = values.by_quantity() | {
            "pilot": PILOTS.index(pilot),
            "fault": hardware.defects.code or values.fault,
            "contactor": float(hardware.closed(now_s)),
            "setpoint_w": self._deadman.power_w(now_s),
            "expiry_left_s": self._deadman.left_s(now_s),
            "max_charge_w": self.max_charge_w,
            "max_discharge_w": self.max_discharge_w,
            "phases": float(self.phases),
            "duty": hardware.duty,
            "diode": 1.0,
            "isolation": float(CHECKS.index(hardware.isolation(now_s))),
            "isolation_ohm": hardware.isolation_ohm(now_s),
            "welding": float(CHECKS.index(hardware.welding(now_s))),
            "cable_a": None,
        }
        pre_charge_v = hardware.pre_charge_v(now_s)
        if pre_charge_v is not None:
            shown["dc_voltage_v"] = pre_charge_v
        if hardware.defects.meter_dead:
            shown |= dict.fromkeys(MEASURED)
        self._image.update(shown)

    async def guard(self) -> None:
        """Wake whenever a set-point expires. Run as a task for as long as the stage lives."""
        while True:
            self.step()
            left_s = self._deadman.left_s(self.clock())
            self._written.clear()
            # Not wait_for, which in Python 3.11 can swallow a cancellation that comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, 1.0) if left_s else 1.0):
                    await self._written.wait()

    def _write(self, address: int, words: Sequence[int]) -> bool:
        """Take one write; False where the stage will not follow it."""
        memory: Memory = {}
        commands = self.profile.commands.values()
        span = Span(Function.HOLDING, address, len(words))
        store(memory, span, words)
        asked = {name: value for name, value in decode_fields(commands, memory).items() if value is not None}
        touched = sum(self.profile.commands[name].span.count for name in asked)
        taken = touched == len(words) and self._take(asked)
        if taken:
            store(self._image.memory, span, words)
            self.step()
            self._written.set()
        return taken

    def _take(self, asked: dict[str, float]) -> bool:
        if asked.keys() == {"command_setpoint_w", "command_expiry_s"}:
            return self._set(asked["command_setpoint_w"], asked["command_expiry_s"])
        if asked.keys() == {"command_precharge_v", "command_precharge_a"}:
            return self._pre_charge(asked["command_precharge_v"])
        # A set-point without an expiry is never taken, nor two commands in one.
        taker = self._takers().get(next(iter(asked), ""))
        return taker is not None and len(asked) == 1 and taker(*asked.values())

    def _takers(self) -> dict[str, Callable[[float], bool]]:
        return {
            "command_contactor": self._switch,
            "command_duty": self._show_duty,
            "command_isolation": self._isolation,
            "command_welding": self._welding,
            "command_reset": self._reset,
        }

    def _set(self, power_w: float, expiry_s: float) -> bool:
        believable = -self.max_discharge_w <= power_w <= self.max_charge_w
        if not believable or not MIN_EXPIRY_S <= expiry_s <= MAX_EXPIRY_S:
            return False
        self._deadman.write(power_w, expiry_s, self.clock())
        self._heard_until_s = self.clock() + expiry_s
        return True

    def _switch(self, command: float) -> bool:
        if command == 0.0:
            self._open()
            return True
        if command != 1.0 or self.pilot() not in CLOSING_PILOTS:
            return False
        self.hardware.switch(True, self.clock())
        return True

    def _show_duty(self, duty: float) -> bool:
        if not 0.0 <= duty <= 1.0:
            return False
        self.hardware.duty = duty
        return True

    def _isolation(self, command: float) -> bool:
        if command == 0.0:
            self.hardware.rest()
            return True
        if self.pilot() not in CLOSING_PILOTS:
            return False
        self.hardware.check_isolation(self.clock())
        return True

    def _pre_charge(self, voltage_v: float) -> bool:
        if voltage_v and self.pilot() not in CLOSING_PILOTS:
            return False
        self.hardware.pre_charge(voltage_v, self.clock())
        return True

    def _welding(self, command: float) -> bool:
        if command != 1.0:
            return False
        self.hardware.check_welding(self.clock())
        return True

    def _reset(self, command: float) -> bool:
        if command != 1.0:
            return False
        self.hardware.reset(self.clock())
        self._open()
        return True

    def _open(self) -> None:
        self.hardware.switch(False, self.clock())
        self._deadman.drop()

    def _tell(self, now_s: float) -> None:
        closed = self.hardware.closed(now_s)
        now = (self._deadman.power_w(now_s) if closed else 0.0, closed)
        if now != self._told:
            self._told = now
            self.follow(*now)
