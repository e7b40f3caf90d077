"""The charger's side of SLAC: a small process with no privilege but CAP_NET_RAW, spoken to in JSON lines.

    python -m protocols.slac.evse --interface eth1

Standard input, one object a line:
    {"do": "match"}             the pilot is in B: let a car match (nothing where it has begun already)
    {"do": "leave"}             leave the logical network: a fresh key for the modem
    {"do": "pause", "on": true} the car may be silent now; false: no longer
Its end ends the process, after leaving.

Standard output, one object a line, each with "event":
    ready (mac, interface, uid, capabilities), network (nid), matching (ev_mac), attempt_failed (reason),
    matched (ev_mac, nid, attenuation_db, sounds), no_slac, failed (reason), lost (reason), left, error (reason)
The network's key never leaves the process. pyslac does the matching; the watch over the link is ours.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from protocols.slac.choice import average_db
from protocols.slac.frames import ETHERNET, HOMEPLUG, mac_text
from protocols.slac.messages import LOCAL_MODEM, LinkStatusReq
from protocols.slac.privilege import PrivilegeError, keep_only_net_raw
from protocols.slac.pyslac_session import EvseSession, RunRestarted
from protocols.slac.timings import Timings
from protocols.slac.watch import LinkWatch
from protocols.slac.wire import Wire, WireError, hear, let_in, mac_of, open_socket

RETRY_S = 5.0
"""How soon a modem that did not answer is asked again."""
GRACE_S = 10.0
"""How long after SIGTERM the owner has to close standard input first."""
LINE_MOST = 4096

Tell = Callable[..., None]


class Matcher:
    """Matches one car after another on one interface, as it is told."""

    def __init__(
        self,
        session: EvseSession,
        tell: Tell,
        watch_peer: Callable[[bytes | None], None] = lambda peer: None,
        on_failure: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """`watch_peer` is called with the matched car's address, and None when it is no longer matched; `on_failure`
        when something went wrong that nobody foresaw: then nothing is matched any more.
        """
        self.session = session
        self._tell = tell
        self._watch_peer = watch_peer
        self._on_failure = on_failure
        self._watch: LinkWatch | None = None
        self._wanted = asyncio.Event()
        self._fresh = False
        self._paused = False
        self._leaving = False
        self._peer_seen = False
        self._work = self._start()

    def match(self) -> None:
        """Let a car match."""
        self._wanted.set()

    async def leave(self) -> None:
        """Leave the network, if anybody may be in it."""
        idle = not self._wanted.is_set()
        self._wanted.clear()
        self._paused = False
        if idle and self._fresh:
            self._tell("left")
            return
        self._leaving = True
        if not idle:
            await self._cancel()
            self._work = self._start()

    def pause(self, on: bool) -> None:
        """The car may be silent, or no longer."""
        self._paused = on
        if self._watch is not None:
            self._watch.paused = on

    async def close(self) -> None:
        """Stop, and let nobody stay in the network."""
        await self._cancel()
        self.session.send_key_change()

    def heard_peer(self, now: float) -> None:
        """A frame of the matched car went by."""
        if self._watch is not None:
            self._watch.heard(now)
            self._peer_seen = True

    def _start(self) -> asyncio.Task[None]:
        work = asyncio.create_task(self._run(), name="slac")
        work.add_done_callback(self._ended)
        return work

    def _ended(self, work: asyncio.Task[None]) -> None:
        if not work.cancelled() and (error := work.exception()) is not None:
            self._on_failure(f"the matching failed unforeseen ({type(error).__name__}: {error})")

    async def _cancel(self) -> None:
        while not self._work.done():
            # More than once, if need be: what is called there is not ours.
            self._work.cancel()
            await asyncio.wait({self._work}, timeout=1.0)
        self._end_watch()

    async def _run(self) -> None:
        while True:
            if not self._fresh:
                await self._set_up()
            if self._leaving:
                self._leaving = False
                self._tell("left")
            await self._wanted.wait()
            # A key that a car was told is not used for the next one.
            self._fresh = False
            try:
                await self._match()
            finally:
                self._end_watch()
            self._wanted.clear()

    async def _set_up(self) -> None:
        while True:
            try:
                await self.session.set_up()
                break
            except (TimeoutError, ValueError):
                self._tell("error", reason="no modem answers CM_SET_KEY.REQ; is it powered, and on this interface?")
                await asyncio.sleep(RETRY_S)
        self._fresh = True
        self._tell("network", nid=self.session.nid.hex())

    async def _match(self) -> None:
        """Until a car was matched and is gone again, or none came, or the one that was told the key did not join."""
        failure = ""
        while True:
            try:
                await self.session.await_car()
            except TimeoutError:
                if failure:
                    self._tell("failed", reason=failure)
                else:
                    self._tell("no_slac")
                return
            self._tell("matching", ev_mac=mac_text(self.session.pev_mac))
            try:
                await self.session.characterise()
                break
            except RunRestarted:
                continue
            except Exception as error:
                failure = self._why(error)
                self._tell("attempt_failed", reason=failure)
        failure = await self._join()
        if failure:
            self._tell("failed", reason=failure)
            return
        self._tell_match()
        self._tell("lost", reason=await self._watch_link())

    @staticmethod
    def _why(error: Exception) -> str:
        # pyslac wraps what stopped it, now and then.
        causes = (error, error.__cause__)
        if any(isinstance(one, RunRestarted) for one in causes):
            return "the car began a new run"
        if any(isinstance(one, TimeoutError) for one in causes):
            return "the car stopped answering in the middle of the matching"
        return f"the matching broke off: {error}"

    async def _join(self) -> str:
        """Wait until modem and car are in one network: "", or why they are not."""
        loop, timings, session = asyncio.get_running_loop(), self.session.timings, self.session
        began_s = loop.time()
        self._watch = watch = LinkWatch(timings, began_s)
        self._peer_seen = False
        self._watch_peer(session.pev_mac)
        while (waited_s := loop.time() - began_s) < timings.match_join_s:
            await self._ask_link(watch)
            assumed = not watch.modem_tells and waited_s >= timings.assumed_join_s
            if watch.linked or self._peer_seen or assumed:
                watch = self._watch = LinkWatch(timings, loop.time())
                watch.paused = self._paused
                return ""
        self._end_watch()
        return f"the car has not joined our network within {timings.match_join_s:.0f} s"

    async def _watch_link(self) -> str:
        while self._watch is not None:
            await self._ask_link(self._watch)
            loss = self._watch.loss(asyncio.get_running_loop().time())
            if loss is not None:
                return loss
            if self.session.asked_anew and not self._watch.modem_tells:
                return "the car began to match anew"
        return "the watch ended"

    async def _ask_link(self, watch: LinkWatch) -> None:
        self.session.put_message(LOCAL_MODEM, LinkStatusReq())
        await asyncio.sleep(self.session.timings.link_poll_s)
        while self.session.link_answers:
            watch.told(self.session.link_answers.popleft())

    def _end_watch(self) -> None:
        if self._watch is not None:
            self._watch = None
            self._watch_peer(None)

    def _tell_match(self) -> None:
        session = self.session
        self._tell(
            "matched",
            ev_mac=mac_text(session.pev_mac),
            nid=session.nid.hex(),
            attenuation_db=round(average_db(bytes(session.aag)), 1),
            sounds=session.num_total_sounds,
        )


def tell(event: str, **facts: Any) -> None:
    """One line for the engine."""
    print(json.dumps({"event": event, **facts}, separators=(",", ":")), flush=True)


class Lines:
    """Standard input's lines, from a thread: a file, a pipe and a terminal are read alike."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(16)
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, daemon=True, name="stdin").start()

    async def next(self) -> bytes:
        """The next line; b"" at the end."""
        return await self._queue.get()

    def _read(self) -> None:
        line = b"\n"
        with suppress(RuntimeError):
            while line:
                line = sys.stdin.buffer.readline(LINE_MOST)
                asyncio.run_coroutine_threadsafe(self._queue.put(line), self._loop).result()


def read_command(line: bytes) -> tuple[str, bool]:
    """(what to do, on); raises ValueError with one sentence."""
    try:
        # As text: given octets, json would guess at other encodings, whose code the process may no longer read.
        command = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise ValueError(f"{line[:60]!r} is not JSON") from None
    do = command.get("do") if isinstance(command, dict) else None
    if do not in ("match", "leave", "pause"):
        raise ValueError(f'{line[:60]!r} asks for nothing known: "do" is one of "match", "leave", "pause"')
    return do, command.get("on") is not False


async def serve(interface: str, settle_s: float, timeout_scale: float) -> int:
    """Serve until standard input ends; returns the exit status."""
    sock = open_socket(interface)
    mac = mac_of(sock)
    hear(sock, interface)
    lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def on_loss(reason: str) -> None:
        if not lost.done():
            lost.set_result(reason)

    def on_frame(raw: bytes) -> None:
        if len(raw) >= ETHERNET.size and ETHERNET.unpack_from(raw)[2] != HOMEPLUG:
            matcher.heard_peer(asyncio.get_running_loop().time())
        else:
            session.receive(raw)

    wire = Wire(sock, on_frame, on_loss)
    timings = Timings().scaled(timeout_scale)
    session = EvseSession(mac, wire.send, timings=timings, settle_s=settle_s, patience=timeout_scale)
    keep_only_net_raw()
    tell("ready", mac=mac_text(mac), interface=interface, uid=os.getuid(), capabilities=["cap_net_raw"])
    # A service manager tells all its processes at once to stop: the owner's session needs the link to end in order.
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, lambda: loop.call_later(GRACE_S, on_loss, "told to stop"))
    matcher = Matcher(session, tell, lambda peer: let_in(sock, peer), on_loss)
    lines = Lines()
    try:
        while True:
            reading = asyncio.ensure_future(lines.next())
            awaited: set[asyncio.Future[Any]] = {reading, lost}
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if lost.done():
                reading.cancel()
                raise WireError(lost.result())
            line = reading.result()
            if not line:
                return 0
            try:
                do, on = read_command(line)
            except ValueError as error:
                tell("error", reason=str(error))
                continue
            if do == "match":
                matcher.match()
            elif do == "leave":
                await matcher.leave()
            else:
                matcher.pause(on)
    finally:
        await matcher.close()
        wire.close()


def main() -> int:
    """Run the process; its exit status is 0 after the end of standard input, 1 after an error (one line)."""
    parser = argparse.ArgumentParser(prog="python -m protocols.slac.evse", description="The charger's side of SLAC.")
    parser.add_argument("--interface", required=True, metavar="IF", help="the power-line modem's interface")
    parser.add_argument("--settle", type=float, default=10.0, metavar="S", help="pause after a new key (default 10)")
    parser.add_argument("--timeout-scale", type=float, default=1.0, metavar="N", help="laboratory: wait N times longer")
    args = parser.parse_args()
    try:
        return asyncio.run(serve(args.interface, args.settle, args.timeout_scale))
    except (WireError, PrivilegeError) as error:
        with suppress(BrokenPipeError):
            tell("error", reason=str(error))
        print(f"slac evse: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        return 0


if __name__ == "__main__":
    # The thread that reads standard input would keep the interpreter from ending.
    status = main()
    with suppress(BrokenPipeError, ValueError):
        sys.stdout.flush()
    os._exit(status)
