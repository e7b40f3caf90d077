"""The laboratory of ``twoway slac``: two network namespaces, each with a cable to a virtual modem of its own."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

from app.errors import UserError
from protocols.slac.modem import Cable
from protocols.slac.modem_wire import ModemWires
from protocols.slac.wire import WireError

EVSE, EV = "evse", "ev"
HOST = "plc0"
"""The interface to the modem, in each namespace."""
PATIENCE_S = 40.0
LISTEN_S = 4

Line = Callable[..., None]


def namespace(side: str) -> str:
    """The namespace's name."""
    return f"twoway-{side}"


def modem_end(side: str) -> str:
    """The modem's end of the cable, in the namespace that the command runs in."""
    return f"twmodem-{side}"


def up() -> int:
    """Make them, and tell what there is."""
    _need_root()
    _remove()
    try:
        for side in (EVSE, EV):
            _ip("netns", "add", namespace(side))
            _ip(
                *("link", "add", modem_end(side), "type", "veth"),
                *("peer", "name", HOST, "netns", namespace(side)),
            )
            # The modem's end is no host: it must say nothing of its own.
            _ip("link", "set", modem_end(side), "addrgenmode", "none", "up")
            _ip("-n", namespace(side), "link", "set", "lo", "up")
            _ip("-n", namespace(side), "link", "set", HOST, "up")
    except UserError:
        _remove()
        raise
    sides = ", ".join(f"{namespace(side)} ({HOST}, modem {modem_end(side)})" for side in (EVSE, EV))
    print(f"namespaces: {sides}", file=sys.stderr)
    return 0


def down() -> int:
    """Remove them."""
    _need_root()
    _remove()
    return 0


async def demo(settle_s: float, line: Line) -> int:
    """Match, lose the link, match again; 0 if all went as it should."""
    up()
    try:
        modems = ModemWires([modem_end(EVSE), modem_end(EV)], asyncio.get_running_loop().time)
    except WireError:
        _remove()
        raise
    cable = Cable()
    modems.lay(modem_end(EVSE), modem_end(EV), cable)
    try:
        async with asyncio.TaskGroup() as tasks:
            evse = Side(EVSE, ["--settle", str(settle_s)], line)
            evse.task = tasks.create_task(evse.run())
            await evse.wait_for("network")
            before = await _ipv6_passes(line)
            ev = Side(EV, [], line)
            ev.task = tasks.create_task(ev.run())
            await ev.wait_for("matched")
            await evse.wait_for("matched")
            after = await _ipv6_passes(line)
            modems.line.cut(modem_end(EVSE), modem_end(EV))
            line("demo", "cable", laid=False)
            await evse.wait_for("lost")
            modems.lay(modem_end(EVSE), modem_end(EV), cable)
            line("demo", "cable", laid=True)
            await evse.wait_for("matched")
            await ev.wait_for("matched")
            again = await _ipv6_passes(line)
            for side in (ev, evse):
                side.task.cancel()
    except* UserError as errors:
        raise errors.exceptions[0] from None
    finally:
        modems.close()
        _remove()
    well = (before, after, again) == (False, True, True)
    line("demo", "done", well=well, ipv6_before=before, ipv6_after=after, ipv6_after_rematch=again)
    return 0 if well else 1


class Side:
    """One side as a process in its namespace; its lines are passed on."""

    task: asyncio.Task[None]

    def __init__(self, side: str, options: list[str], line: Line) -> None:
        self._side = side
        self._command = [
            *("ip", "netns", "exec", namespace(side), sys.executable, "-m", "app.cli"),
            *("slac", side, "--interface", HOST, *options),
        ]
        self._line = line
        self._events: asyncio.Queue[str] = asyncio.Queue()

    async def run(self) -> None:
        """Run until cancelled; raises UserError when it ends by itself."""
        process = await asyncio.create_subprocess_exec(*self._command, stdout=asyncio.subprocess.PIPE)
        try:
            if process.stdout is not None:
                async for raw in process.stdout:
                    told = json.loads(raw)
                    self._line(told.pop("who"), told.pop("event"), **{k: v for k, v in told.items() if k != "time"})
                    await self._events.put(json.loads(raw)["event"])
            raise UserError(f"the {self._side} side ended (status {await process.wait()})")
        finally:
            if process.returncode is None:
                process.terminate()
                await asyncio.shield(process.wait())

    async def wait_for(self, event: str) -> None:
        """Until its next line of this event; raises UserError when it does not come."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while await self._events.get() != event:
                    pass
        except TimeoutError:
            raise UserError(f"the {self._side} side told no {event!r} within {PATIENCE_S:.0f} s") from None


async def _ipv6_passes(line: Line) -> bool:
    """Whether one IPv6 datagram of the car, sent to everybody, comes to the charger."""
    listener = await asyncio.create_subprocess_exec(
        *("ip", "netns", "exec", namespace(EVSE), sys.executable, "-c", _LISTEN),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if listener.stdout is not None:
        await listener.stdout.readline()
    speaker = await asyncio.create_subprocess_exec(
        *("ip", "netns", "exec", namespace(EV), sys.executable, "-c", _SPEAK), stderr=asyncio.subprocess.DEVNULL
    )
    await speaker.wait()
    heard = await listener.wait() == 0
    line("demo", "ipv6", passes=heard)
    return heard


_LISTEN = f"""
import socket, struct, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.settimeout({LISTEN_S})
s.bind(("::", 15999))
index = socket.if_nametoindex("{HOST}")
group = socket.inet_pton(socket.AF_INET6, "ff02::1") + struct.pack("@I", index)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
print("ready", flush=True)
try:
    s.recvfrom(64)
except OSError:
    sys.exit(1)
"""
_SPEAK = f"""
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.sendto(b"twoway", ("ff02::1", 15999, 0, socket.if_nametoindex("{HOST}")))
"""


def _need_root() -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        raise UserError("network namespaces need root on Linux: put sudo before the command")
    if shutil.which("ip") is None:
        raise UserError("there is no `ip` command: install iproute2 (Debian: apt-get install iproute2)")


def _remove() -> None:
    for side in (EVSE, EV):
        for words in (("link", "del", modem_end(side)), ("netns", "del", namespace(side))):
            with suppress(UserError):
                _ip(*words)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607 - our words
    if done.returncode != 0:
        raise UserError(f"ip {' '.join(words)}: {done.stderr.strip() or 'failed'}")


__all__ = ["demo", "down", "up"]
