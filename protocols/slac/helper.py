"""Starts the small process that matches (`evse.py`), and speaks with it: commands in, news out.

The process is started with the interpreter that runs this one. It needs CAP_NET_RAW to begin with, keeps nothing else,
and ends when its standard input does, so that it never outlives its owner.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

News = dict[str, Any]
"""One line of the process: "event" and its facts, see `evse.py`."""
END_S = 3.0
"""How long it may take to leave the network and end."""
LINE_MOST = 65_536


class HelperError(Exception):
    """The process could not go on; the text is one sentence with the way out."""


class EvseHelper:
    """One process on one interface.

    helper = EvseHelper("eth1", on_news)
    await helper.run()                  # until cancelled; raises HelperError when the process ends by itself
    helper.match(); helper.leave(); helper.pause(True)
    """

    def __init__(
        self,
        interface: str,
        on_news: Callable[[News], None],
        *,
        settle_s: float = 10.0,
        timeout_scale: float = 1.0,
        command: Sequence[str] = (sys.executable, "-m", "protocols.slac.evse"),
    ) -> None:
        self._on_news = on_news
        self._command = (
            *command,
            *("--interface", interface, "--settle", str(settle_s), "--timeout-scale", str(timeout_scale)),
        )
        self._process: asyncio.subprocess.Process | None = None
        self._complaint = ""

    @property
    def pid(self) -> int | None:
        """The process's number, while it runs."""
        return self._process.pid if self._process is not None else None

    def match(self) -> None:
        """The pilot is in B: let a car match."""
        self._say({"do": "match"})

    def leave(self) -> None:
        """Leave the logical network."""
        self._say({"do": "leave"})

    def pause(self, on: bool) -> None:
        """The matched car may be silent, or no longer."""
        self._say({"do": "pause", "on": on})

    async def run(self) -> None:
        """Start the process and pass its news on, until cancelled. Raises `HelperError`."""
        self._complaint = ""
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LINE_MOST,
                # A Ctrl-C in the terminal is the owner's, who ends the session first.
                start_new_session=True,
            )
        except OSError as error:
            raise HelperError(f"the SLAC process could not be started ({error.strerror})") from error
        process = self._process
        complaints = asyncio.create_task(self._read_complaints(process))
        try:
            await self._read_news(process)
            status = await process.wait()
            await complaints
            raise HelperError(self._complaint or f"the SLAC process ended by itself (status {status})")
        finally:
            await asyncio.shield(self._end(process))
            complaints.cancel()
            self._process = None

    async def _read_news(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        with contextlib.suppress(ValueError):
            async for line in process.stdout:
                try:
                    news = json.loads(line)
                except ValueError:
                    continue
                if isinstance(news, dict) and isinstance(news.get("event"), str):
                    self._on_news(news)

    async def _read_complaints(self, process: asyncio.subprocess.Process) -> None:
        """The last line of standard error is the reason, where the process ends by itself."""
        if process.stderr is None:
            return
        with contextlib.suppress(ValueError):
            async for line in process.stderr:
                text = line.decode(errors="replace").strip()
                self._complaint = text.removeprefix("slac evse: ") or self._complaint

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), END_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    def _say(self, command: dict[str, Any]) -> None:
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(json.dumps(command).encode() + b"\n")
