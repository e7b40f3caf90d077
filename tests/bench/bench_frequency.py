"""From a step of the grid's frequency to the new set-point in the car's hands, over real wires, beside its limit.

This process plays meter, inverter, power stage and car; the engine runs in a process of its own, as in a home. The car
charges with all its power and serves FCR; the frequency falls by 150 mHz. Two times are told for each step:

* "our own": from the moment at which the meter's Modbus server gave the first reply with the new frequency to the
  moment at which the car has read the lowered set-point in a charge-loop response. One reply's way there, one
  response's way back and the car's own 2 ms between its requests are in it;
* "with the poll": from the frequency's step itself, so with the wait for the meter's next poll (every 0.2 s).

    python tests/bench/bench_frequency.py [steps]
"""

import asyncio
import logging
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from boosted_home import boosted

from app.demo.world import Flows, World

LIMIT_MS = 100.0
CALM_HZ, LOW_HZ = 50.0, 49.85
SERVED_W = 4_000.0
FELL_W = 1_500.0
"""FCR asks for 2.9 kW at 49.85 Hz."""


class SteppingWorld(World):
    """A world whose frequency is commanded, and that notes what the meter told when."""

    frequency_hz: float = CALM_HZ
    told_s: float | None = None
    fell_s: float | None = None
    before_w: float = 0.0

    @property
    def flows(self) -> Flows:
        """No sun, a small load; the commanded frequency."""
        return replace(super().flows, load_w=500.0, solar_w=0.0, frequency_hz=self.frequency_hz)

    def meter(self) -> dict[str, float | None]:
        """As ever; the first reply with the low frequency is timed."""
        if self.frequency_hz == LOW_HZ and self.told_s is None:
            self.told_s = time.monotonic()
        return super().meter()

    def inverter(self) -> dict[str, float | None]:
        """Without a frequency: the meter's is the one."""
        return super().inverter() | {"frequency_hz": None}

    def follow_loop(self, power_w: float) -> None:
        """As ever; the first lowered set-point after the step is timed."""
        if self.told_s is not None and self.fell_s is None and power_w < self.before_w - FELL_W:
            self.fell_s = time.monotonic()
        super().follow_loop(power_w)


async def measure(steps: int, folder: Path) -> list[tuple[float, float]]:
    """(our own, with the poll) of each step, seconds."""
    async with boosted(SteppingWorld, folder, {("frequency", "curve"): "fcr"}, served_w=SERVED_W) as world:
        await _charges_fully(world, 40.0)
        return [await _step(world) for _ in range(steps)]


async def _charges_fully(world: World, within_s: float) -> None:
    deadline, before_w = time.monotonic() + within_s, 0.0
    while world.car_w < 6_000 or world.car_w > before_w + 50:
        if time.monotonic() > deadline:
            raise SystemExit("the car does not charge: the bench cannot be run here")
        before_w = world.car_w
        await asyncio.sleep(0.6)


async def _step(world: SteppingWorld) -> tuple[float, float]:
    world.frequency_hz = CALM_HZ
    await asyncio.sleep(0.5)
    await _charges_fully(world, 10.0)
    world.told_s = world.fell_s = None
    world.before_w = world.car_w
    begun_s = time.monotonic()
    world.frequency_hz = LOW_HZ
    deadline = begun_s + 5
    while world.fell_s is None and time.monotonic() < deadline:
        await asyncio.sleep(0.005)
    if world.fell_s is None or world.told_s is None:
        return float("inf"), float("inf")
    return world.fell_s - world.told_s, world.fell_s - begun_s


def show(name: str, took: list[float]) -> float:
    """One line; gives p99 in ms."""
    took = sorted(took)
    p50_ms, p99_ms = statistics.median(took) * 1e3, took[min(len(took) - 1, int(0.99 * len(took)))] * 1e3
    print(f"{name:<16}{p50_ms:>10.1f}{p99_ms:>10.1f}")
    return p99_ms


def main() -> int:
    """Print the figures; 1 where the limit is missed."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="twoway-bench-") as folder:
        found = asyncio.run(measure(steps, Path(folder)))
    print(f"frequency step to set-point at the car, {steps} steps")
    print(f"{'':<16}{'p50 ms':>10}{'p99 ms':>10}")
    p99_ms = show("our own", [own for own, _ in found])
    show("with the poll", [whole for _, whole in found])
    print(f"limit of our own at p99: {LIMIT_MS:g} ms; ratio {p99_ms / LIMIT_MS:.2f}")
    return 0 if p99_ms <= LIMIT_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
