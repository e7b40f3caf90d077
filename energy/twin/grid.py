"""The grid as a socket sees it: frequency that wanders, voltage that sags with load."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(slots=True, kw_only=True)
class GridTwin:
    """Frequency as an Ornstein-Uhlenbeck process: in Continental Europe it wanders with about 20 mHz over minutes."""

    nominal_hz: float = 50.0
    spread_hz: float = 0.020
    memory_s: float = 120.0
    voltage_v: float = 230.0
    impedance_ohm: float = 0.25
    """Of the line to the house, each phase."""
    seed: int = 1
    disturbances: tuple[tuple[float, float, float], ...] = ()
    """(from s, to s, deviation Hz) on top: for tests of the answer to frequency."""
    _deviation_hz: float = 0.0
    _rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        """Start the noise from its seed."""
        self._rng = np.random.default_rng(self.seed)

    def step(self, now_s: float, dt_s: float) -> float:
        """Frequency at ``now_s + dt_s``, Hz."""
        keep = float(np.exp(-dt_s / self.memory_s))
        kick = self.spread_hz * float(np.sqrt(1.0 - keep * keep)) * float(self._rng.standard_normal())
        self._deviation_hz = keep * self._deviation_hz + kick
        extra = sum(d for start, end, d in self.disturbances if start <= now_s + dt_s < end)
        return self.nominal_hz + self._deviation_hz + extra

    def phase_voltage_v(self, phase_w: float) -> float:
        """Voltage of a phase that imports ``phase_w``, V."""
        return self.voltage_v - self.impedance_ohm * phase_w / self.voltage_v
