"""A charger's power stage: it answers late, ramps, misses by a bias, falls to 0 when not renewed."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class PowerStage:
    """The defaults are a V2G charger measured at DTU: 3.35 kW/s of ramp, −740/+440 W of bias at full power."""

    charge_max_w: float = 11000.0
    discharge_max_w: float = 10000.0
    charge_min_w: float = 0.0
    delay_s: float = 1.0
    ramp_w_per_s: float = 3350.0
    charge_bias: float = 0.0
    """Relative error while charging (0.04 of 11 kW is the 440 W measured)."""
    discharge_bias: float = 0.0
    standby_w: float = 0.0
    """Own consumption while connected, W; part of the house's load."""
    power_w: float = 0.0
    """Now, signed, > 0 charges."""
    _queue: deque[tuple[float, float, float]] = field(default_factory=deque)
    _target_w: float = 0.0
    _expires_s: float = float("-inf")

    def command(self, power_w: float, now_s: float, expires_s: float) -> None:
        """Take a set-point that holds until ``expires_s``."""
        self._queue.append((now_s + self.delay_s, power_w, expires_s))

    def step(self, now_s: float, dt_s: float) -> float:
        """The power offered to the car at ``now_s + dt_s``, W."""
        end_s = now_s + dt_s
        while self._queue and self._queue[0][0] <= end_s:
            _, self._target_w, self._expires_s = self._queue.popleft()
        goal_w = self._goal_w() if end_s < self._expires_s else 0.0
        most = self.ramp_w_per_s * dt_s
        self.power_w += min(max(goal_w - self.power_w, -most), most)
        return self.power_w

    def _goal_w(self) -> float:
        wanted_w = min(max(self._target_w, -self.discharge_max_w), self.charge_max_w)
        if 0 < wanted_w < self.charge_min_w:
            return 0.0
        bias = self.charge_bias if wanted_w > 0 else self.discharge_bias
        biased = wanted_w * (1.0 + bias)
        return min(max(biased, -self.discharge_max_w), self.charge_max_w)
