"""The engine as a process: one engine a home, its API on a socket, its run file, and its orderly end."""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.api.schema import API_VERSION
from app.api.server import ApiServer
from app.api.tokens import Tokens
from app.clock import Clock
from app.config.home import HomeConfig
from app.config.load import write_whole
from app.config.secrets import read_secrets
from app.engine.desk import EngineDesk
from app.engine.engine import Engine, Options
from app.errors import UserError
from app.store import StoreError

log = logging.getLogger(__name__)

LOCK_NAME = "engine.lock"
PARENT_EVERY_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where this engine keeps its things."""

    home_file: Path
    secrets_file: Path
    state_dir: Path
    run_file: Path


async def serve(config: HomeConfig, place: Place, clock: Clock, options: Options, *, port: int | None = None) -> None:
    """Run until SIGTERM or SIGINT, then stop in order. Raises ``UserError`` with one sentence.

    ``port``: of the API, instead of the home file's; 0 takes a free one.
    """
    with only_one(place.state_dir):
        try:
            engine = await Engine.open(
                config,
                home_file=place.home_file,
                state_dir=place.state_dir,
                clock=clock,
                secrets=read_secrets(place.secrets_file),
                options=options,
            )
        except (StoreError, ValueError) as error:
            raise UserError(str(error)) from error
        tokens = Tokens(place.state_dir)
        desk = EngineDesk(engine)
        host, wanted = config.engine.api_host, config.engine.api_port if port is None else port
        try:
            api = ApiServer(desk, tokens, host, wanted)
        except OSError as error:
            await engine.store.close()
            raise UserError(
                f"The API cannot listen on {host}:{wanted} ({error.strerror}): choose another with --port, or 0."
            ) from error
        write_run_file(place.run_file, api.url, tokens.window_file)
        log.info("the API listens on %s", api.url)
        try:
            await _until_signalled(engine, desk, api)
        finally:
            remove_run_file(place.run_file)


async def _until_signalled(engine: Engine, desk: EngineDesk, api: ApiServer) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stopped = asyncio.create_task(stop.wait(), name="signal")
    watching = asyncio.create_task(_watch_parent(engine.options.parent_pid, stop), name="parent")
    running = asyncio.create_task(engine.run(), name="engine")
    beside = [asyncio.create_task(desk.run(), name="desk"), asyncio.create_task(api.run(), name="api")]
    try:
        # An API that fails must not take the home with it.
        await asyncio.wait({stopped, running}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*beside, running, stopped, watching):
            task.cancel()
        results = await asyncio.gather(running, *beside, stopped, watching, return_exceptions=True)
    fault = results[0]
    if isinstance(fault, Exception):
        raise fault


async def _watch_parent(parent_pid: int | None, stop: asyncio.Event) -> None:
    if parent_pid is None:
        return
    while True:
        if os.getppid() != parent_pid:
            log.info("the process that started the engine is gone")
            stop.set()
            return
        await asyncio.sleep(PARENT_EVERY_S)


@contextlib.contextmanager
def only_one(state_dir: Path) -> Iterator[None]:
    """Hold this home for one engine. Raises ``UserError`` where another holds it."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock: IO[str] = (state_dir / LOCK_NAME).open("a+")
    except OSError as error:
        raise UserError(
            f"The state folder {state_dir} cannot be used ({error.strerror}): name another with --state-dir."
        ) from error
    with lock:
        try:
            # The system lets go of it when the process ends, however it ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise UserError(
                f"An engine runs already for {state_dir} (process {holder}): stop it, or open its window with 'twoway'."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def write_run_file(path: Path, url: str, token_file: Path) -> None:
    """Tell windows where this engine is reached."""
    body = {"url": url, "token_file": str(token_file.absolute()), "pid": os.getpid(), "api_version": API_VERSION}
    try:
        write_whole(path, json.dumps(body) + "\n", 0o600)
    except OSError as error:
        raise UserError(f"The run file {path} cannot be written: {error.strerror}.") from error


def remove_run_file(path: Path) -> None:
    """Take it away, if it is still ours."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        if json.loads(path.read_text("utf-8"))["pid"] == os.getpid():
            path.unlink()


def say(text: str) -> None:
    """One line to whoever started the engine."""
    print(text, file=sys.stderr, flush=True)
