"""A simulated house battery and relay, with the dead-man that a real one must have: for tests and twins.

Physics stay with whoever calls. Both follow an order until it expires by ``clock`` (monotonic seconds); then the
battery goes back to its own rule, and the relay opens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from protocols.modbus.blocks import Function, Span
from protocols.modbus.fields import Memory, decode_fields, store
from protocols.modbus.image import RegisterImage, profile_image
from protocols.modbus.orders import MAX_EXPIRY_S, MIN_EXPIRY_S
from protocols.modbus.powerstage import Deadman
from protocols.modbus.profile import Profile, load_profile
from protocols.modbus.server import Unit

BATTERY_PROFILE, SWITCH_PROFILE = "twoway-battery", "twoway-switch"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryValues:
    """What the battery measures now. ``battery_w`` > 0 charges."""

    soc: float
    battery_w: float
    storage_wh: float
    charge_wh: float = 0.0
    discharge_wh: float = 0.0


@dataclass(slots=True)
class SimulatedBattery:
    """``measure`` gives the present values; :meth:`ordered_w` what it is told, None while it follows its own rule."""

    measure: Callable[[], BatteryValues]
    max_charge_w: float = 5_000.0
    max_discharge_w: float = 5_000.0
    clock: Callable[[], float] = time.monotonic
    profile: Profile = field(default_factory=lambda: load_profile(BATTERY_PROFILE))
    _deadman: Deadman = field(default_factory=Deadman)
    _image: RegisterImage = field(init=False)

    def __post_init__(self) -> None:
        self._image = profile_image(self.profile)

    def unit(self) -> Unit:
        """The battery as a unit of a Modbus server."""
        return Unit(self._image, on_read=self._show, on_write=self._write)

    def ordered_w(self) -> float | None:
        """The power that it is told now, within its own limits; None: its own rule."""
        now_s = self.clock()
        if self._deadman.left_s(now_s) <= 0.0:
            return None
        return min(max(self._deadman.power_w(now_s), -self.max_discharge_w), self.max_charge_w)

    def _show(self) -> None:
        values, ordered_w = self.measure(), self.ordered_w()
        self._image.update(
            {
                "max_charge_w": self.max_charge_w,
                "max_discharge_w": self.max_discharge_w,
                "soc": values.soc,
                "storage_wh": values.storage_wh,
                "battery_w": values.battery_w,
                "setpoint_w": ordered_w,
                "expiry_left_s": self._deadman.left_s(self.clock()),
                "fault": 0.0,
                "charge_wh": values.charge_wh,
                "discharge_wh": values.discharge_wh,
            }
        )

    def _write(self, address: int, words: Sequence[int]) -> bool:
        asked = _asked(self.profile, address, words)
        if asked is None or asked.keys() != {"command_setpoint_w", "command_expiry_s"}:
            return False
        expiry_s = asked["command_expiry_s"]
        if not MIN_EXPIRY_S <= expiry_s <= MAX_EXPIRY_S:
            return False
        self._deadman.write(asked["command_setpoint_w"], expiry_s, self.clock())
        return True


@dataclass(slots=True)
class SimulatedSwitch:
    """A relay. ``measure`` gives what flows through it while it is closed, W, and the tank's temperature, °C."""

    measure: Callable[[bool], tuple[float | None, float | None]] = lambda _closed: (None, None)
    clock: Callable[[], float] = time.monotonic
    profile: Profile = field(default_factory=lambda: load_profile(SWITCH_PROFILE))
    _deadman: Deadman = field(default_factory=Deadman)
    _image: RegisterImage = field(init=False)

    def __post_init__(self) -> None:
        self._image = profile_image(self.profile)

    def unit(self) -> Unit:
        """The relay as a unit of a Modbus server."""
        return Unit(self._image, on_read=self._show, on_write=self._write)

    @property
    def closed(self) -> bool:
        """Its contact now."""
        return self._deadman.power_w(self.clock()) > 0.5

    def _show(self) -> None:
        power_w, tank_c = self.measure(self.closed)
        self._image.update({"switch": float(self.closed), "switch_w": power_w, "tank_c": tank_c})

    def _write(self, address: int, words: Sequence[int]) -> bool:
        asked = _asked(self.profile, address, words)
        if asked is None or asked.keys() != {"command_switch", "command_expiry_s"}:
            return False
        expiry_s = asked["command_expiry_s"]
        if not MIN_EXPIRY_S <= expiry_s <= MAX_EXPIRY_S or asked["command_switch"] not in (0.0, 1.0):
            return False
        self._deadman.write(asked["command_switch"], expiry_s, self.clock())
        return True


def _asked(profile: Profile, address: int, words: Sequence[int]) -> dict[str, float] | None:
    """The commands in one write; None where it touches registers that are none."""
    memory: Memory = {}
    store(memory, Span(Function.HOLDING, address, len(words)), words)
    found = {name: v for name, v in decode_fields(profile.commands.values(), memory).items() if v is not None}
    touched = sum(profile.commands[name].span.count for name in found)
    return found if touched == len(words) else None
