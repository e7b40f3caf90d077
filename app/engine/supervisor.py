"""Keeps the drivers running: each fails alone, backs off, and comes back.

A back-off is real time, whatever speed the home is shown at: it protects a real wire. It is jittered, so that a
street of homes does not knock at a returning backend all at once.
"""

import asyncio
import logging
import random
import time
from dataclasses import dataclass

from app.engine.health import HealthBook
from app.ports import Board, Driver, Health, HealthLevel

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """How long to wait before the next try, real seconds."""

    first_s: float = 1.0
    factor: float = 2.0
    most_s: float = 60.0
    forgiven_after_s: float = 60.0
    """A driver that ran this long before it failed begins again at ``first_s``."""

    def wait_s(self, failures: int, chance: float) -> float:
        """The wait after so many failures in a row; ``chance`` in 0..1 jitters it between one half and the whole."""
        whole = min(self.most_s, self.first_s * self.factor ** max(0, failures - 1))
        return whole * (0.5 + chance / 2)


def is_known_fault(error: BaseException) -> bool:
    """A fault of the world (no device, refused port, a peer's nonsense), not of this programme: no traceback needed."""
    module = type(error).__module__
    foreign_wire = ("pymodbus", "websockets", "httpx", "httpcore", "ssl")
    return isinstance(error, OSError | TimeoutError | EOFError) or module.split(".")[0] in (
        "app",
        "protocols",
        *foreign_wire,
    )


def in_one_line(error: BaseException) -> str:
    """The error as one line for people."""
    if isinstance(error, BaseExceptionGroup) and error.exceptions:
        return in_one_line(error.exceptions[0])
    text = " ".join(str(error).split())
    return (
        text if text and is_known_fault(error) else f"{type(error).__name__}: {text}" if text else type(error).__name__
    )


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return error


class Supervisor:
    """Runs drivers, each in a task of its own."""

    def __init__(
        self, board: Board, book: HealthBook, *, back_off: BackOff | None = None, seed: int | None = None
    ) -> None:
        """``seed`` makes the jitter repeatable."""
        self._board = board
        self._book = book
        self._back_off = back_off or BackOff()
        self._random = random.Random(seed)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, driver: Driver) -> None:
        """Run this driver until ``stop``."""
        if driver.name in self._tasks:
            raise ValueError(f"two drivers are called {driver.name}: give each its own name in the home file")
        self._book.put(driver.name, Health(level=HealthLevel.STARTING))
        self._tasks[driver.name] = asyncio.create_task(self._keep(driver), name=f"driver {driver.name}")

    async def stop(self, name: str | None = None, *, timeout_s: float = 5.0) -> None:
        """End one driver, or all; a driver that does not end in time is left behind and named in the log."""
        names = list(self._tasks) if name is None else [name] if name in self._tasks else []
        tasks = [self._tasks.pop(n) for n in names]
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=timeout_s)
            for task in late:
                log.warning("%s did not end within %g s", task.get_name(), timeout_s)

    async def _keep(self, driver: Driver) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await driver.run(self._board)
                reason, fault = "ended by itself", None
            except Exception as error:
                fault = _first(error)
                reason = in_one_line(fault)
            ran_s = time.monotonic() - began
            failures = 1 if ran_s >= self._back_off.forgiven_after_s else failures + 1
            wait_s = self._back_off.wait_s(failures, self._random.random())
            if fault is not None and not is_known_fault(fault):
                log.error("%s failed: %s", driver.name, reason, exc_info=fault)
            line = self._book.get(driver.name)
            details = line.said.details if line is not None else {}
            text = f"{reason}; next try in {max(1, round(wait_s))} s"
            self._book.put(driver.name, Health(level=HealthLevel.FAILED, text=text, details=details))
            await asyncio.sleep(wait_s)
            self._book.restarted(driver.name)
