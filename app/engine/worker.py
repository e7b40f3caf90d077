"""One worker process that answers calls, so that heavy sums never stand in the way of the one-second tick.

The process is spawned (nothing of the engine's state leaks into it), ends by itself when the engine dies, is killed
when it takes too long, and is started again for the next call.
"""

import asyncio
import contextlib
import importlib
import logging
import multiprocessing
import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

log = logging.getLogger(__name__)

_SPAWN = multiprocessing.get_context("spawn")


class WorkerFailed(Exception):
    """The call has no answer: the worker died, took too long, or raised; one sentence says which."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and how long the call took in the worker, s."""

    value: Any
    took_s: float


class Worker:
    """Calls ``module:function`` with one picklable argument in a process of its own, one call after the other."""

    def __init__(self, target: str, *, timeout_s: float = 60.0) -> None:
        """``target``: "package.module:function"; ``timeout_s``: real seconds for one call, start-up included."""
        self._target = target
        self._timeout_s = timeout_s
        self._lock = asyncio.Lock()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The process's number while it lives."""
        return self._process.pid if self._process is not None and self._process.is_alive() else None

    async def call(self, argument: object) -> Answer:
        """The function's answer. Raises ``WorkerFailed``."""
        async with self._lock:
            pipe = self._started()
            try:
                done, value, took_s = await asyncio.to_thread(_exchange, pipe, argument, self._timeout_s)
            except asyncio.CancelledError:
                # Its answer would be taken for the next call's.
                self.stop()
                raise
            except TimeoutError:
                self.stop()
                raise WorkerFailed(f"no answer within {self._timeout_s:g} s; the worker was ended") from None
            except (EOFError, OSError) as error:
                self.stop()
                raise WorkerFailed("the worker process died; it is started again") from error
        if not done:
            raise WorkerFailed(str(value))
        return Answer(value, took_s)

    def stop(self) -> None:
        """End the process now."""
        if self._process is not None:
            self._process.kill()
            self._process.join(timeout=5)
            self._process = None
        # Not closed here: a thread may still wait on it, and wakes because the other end is gone.
        self._pipe = None

    def _started(self) -> Connection:
        if self._process is not None and self._process.is_alive() and self._pipe is not None:
            return self._pipe
        self.stop()
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_serve, args=(theirs, self._target), name="twoway worker", daemon=True)
        process.start()
        theirs.close()
        self._process, self._pipe = process, ours
        self.starts += 1
        return ours


def _exchange(pipe: Connection, argument: object, timeout_s: float) -> tuple[bool, Any, float]:
    pipe.send(argument)
    if not pipe.poll(timeout_s):
        raise TimeoutError
    answer: tuple[bool, Any, float] = pipe.recv()
    return answer


def _serve(pipe: Connection, target: str) -> None:
    """The worker's life: answer until the other end is gone."""
    # Ctrl-C reaches the whole terminal; the engine ends us in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    with contextlib.suppress(EOFError, OSError):
        while True:
            argument = pipe.recv()
            began = time.perf_counter()
            try:
                done, value = True, function(argument)
            except Exception as error:
                done, value = False, f"{type(error).__name__}: {error}"
            pipe.send((done, value, time.perf_counter() - began))
