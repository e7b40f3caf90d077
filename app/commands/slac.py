"""``twoway slac``: a car and a charger find each other over a power line, each side alone, or all in one demo."""

import argparse
import asyncio
import json
import logging
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from app.clock import WallClock
from app.commands import slac_lab
from app.commands.arguments import not_negative, positive
from app.commands.session_log import on_stop_signal
from app.config.home import SlacSection
from app.drivers.slac import SlacMatching
from app.errors import UsageError, UserError
from app.ports import Health, HealthLevel
from protocols.slac.ev import EvSide
from protocols.slac.events import Event, EvseHeard, FrameIgnored, LinkLost, Matched, MatchingFailed, StateChanged
from protocols.slac.frames import mac_text, read_frame
from protocols.slac.helper import News
from protocols.slac.layout import FrameError
from protocols.slac.link import Action
from protocols.slac.modem import Cable
from protocols.slac.modem_wire import ModemWires
from protocols.slac.station import EvStation
from protocols.slac.timings import Timings
from protocols.slac.wire import WireError

HELP = "match a car and a charger over a power line (SLAC, ISO 15118-3): each side, a virtual modem, a demo"

EPILOG = """\
All need Linux. `ev` and `modem` need CAP_NET_RAW; `evse` starts a small process that needs it and drops all else;
`lab` and `demo` make network namespaces, so they need root.

Standard output has one JSON line each time something happens: {"time", "who", "event", ...facts}.
Keys are never printed.

see it all at once, then by hand:
  sudo twoway slac demo
  sudo twoway slac lab up           # two namespaces, each with an interface plc0 to its own virtual modem
  sudo twoway slac modem --host twmodem-evse --host twmodem-ev
  sudo ip netns exec twoway-evse twoway slac evse --interface plc0 --settle 1
  sudo ip netns exec twoway-ev twoway slac ev --interface plc0
  sudo ip netns exec twoway-ev ping -c 1 ff02::1%plc0     # passes only after the match
  sudo twoway slac lab down

with real modems: `twoway slac evse --interface eth1` at the charger, `twoway slac ev --interface eth1` at the car.

Exit status: 0 after a match (with --once) or when stopped, 1 without a match or after an error, 2 for wrong words.
"""
REMATCH_S = 2.0
"""How soon a car whose link was lost, or whose matching failed, asks again."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")

    ev = actions.add_parser("ev", help="the car's side", description="The car's side: matches, and stays matched.")
    _add_interface(ev)
    ev.add_argument("--direct-db", type=not_negative, default=10, metavar="DB", help="surely ours (default 10)")
    ev.add_argument("--indirect-db", type=not_negative, default=20, metavar="DB", help="perhaps ours (default 20)")

    evse = actions.add_parser("evse", help="the charger's side", description="The charger's side, as if a car came.")
    _add_interface(evse)
    evse.add_argument("--settle", type=not_negative, default=10.0, metavar="S", help="modem's pause (default 10 s)")

    modem = actions.add_parser("modem", help="a virtual power line", description="A virtual power line with modems.")
    modem.add_argument("--host", action="append", required=True, metavar="IF", help="a modem's interface; two or more")
    modem.add_argument("--cable", action="append", type=cable, default=[], metavar="IF:IF=DB", help="attenuation, dB")
    modem.add_argument("--noise-db", type=not_negative, default=1.0, metavar="DB", help="its noise (default 1)")
    modem.add_argument("--frames", action="store_true", help="a line for each management message")

    lab = actions.add_parser("lab", help="make or remove the namespaces for trying it by hand")
    lab.add_argument("what", choices=("up", "down"), metavar="up|down", help="make them, or remove them")

    demo = actions.add_parser("demo", help="all of it in one: match, lose the link, match again")
    demo.add_argument("--settle", type=not_negative, default=1.0, metavar="S", help="modem's pause (default 1 s)")


def _add_interface(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--interface", required=True, metavar="IF", help="the interface to the modem")
    parser.add_argument("--once", action="store_true", help="stop after the first match, or the first failure")
    parser.add_argument(
        "--timeout-scale", type=positive, default=1.0, metavar="N", help="laboratory: wait N times as long"
    )


def cable(text: str) -> tuple[str, str, float]:
    """``IF:IF=DB``."""
    ends, _, loss = text.rpartition("=")
    one, _, other = ends.partition(":")
    try:
        loss_db = float(loss)
    except ValueError:
        loss_db = -1.0
    if not (one and other and 0 <= loss_db <= 255):
        raise argparse.ArgumentTypeError(f"{text!r:.60} is not IF:IF=DB, as twmodem-ev:twmodem-evse=6")
    return one, other, loss_db


def run(args: argparse.Namespace) -> int:
    """Do one of the actions; returns the exit status."""
    if args.action == "lab":
        return slac_lab.up() if args.what == "up" else slac_lab.down()
    actions: dict[str, Callable[[argparse.Namespace], Any]] = {"ev": _ev, "evse": _evse, "modem": _modem, "demo": _demo}
    try:
        return int(asyncio.run(actions[args.action](args)))
    except WireError as error:
        raise UserError(str(error)) from None


def line(who: str, event: str, **facts: Any) -> None:
    """Print one line."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    print(json.dumps({"time": time, "who": who, "event": event, **facts}, separators=(",", ":")), flush=True)


class Ending:
    """Why a command ends: stopped by the user, done, or an error with a sentence."""

    def __init__(self) -> None:
        self._done = asyncio.Event()
        self._status = 0
        self._error = ""
        on_stop_signal(self._done.set)

    def end(self, status: int = 0) -> None:
        """It is done."""
        self._status = status
        self._done.set()

    def fail(self, reason: str) -> None:
        """It cannot go on."""
        self._error = reason
        self._done.set()

    async def wait(self) -> int:
        """The exit status; raises UserError."""
        await self._done.wait()
        if self._error:
            raise UserError(self._error)
        return self._status


async def _ev(args: argparse.Namespace) -> int:
    ending, loop = Ending(), asyncio.get_running_loop()
    timings = Timings(direct_db=round(args.direct_db), indirect_db=round(args.indirect_db)).scaled(args.timeout_scale)

    def on_event(event: Event) -> None:
        name, facts = _told(event)
        line("ev", name, **facts)
        if isinstance(event, Matched) and args.once:
            ending.end()
        elif isinstance(event, MatchingFailed) and args.once:
            ending.end(1)
        elif isinstance(event, LinkLost | MatchingFailed):
            loop.call_later(REMATCH_S, station.plugged_in)

    # This command has no pilot to toggle: the EVSE that hears best is ours.
    station = EvStation(
        args.interface,
        on_event,
        loop.time,
        lambda mac: EvSide(mac, timings=timings, validate=False),
        on_loss=ending.fail,
    )
    try:
        station.plugged_in()
        return await ending.wait()
    finally:
        station.close()


def _told(event: Event) -> tuple[str, dict[str, Any]]:
    match event:
        case StateChanged():
            return "state", {"state": str(event.state), "previous": str(event.previous)}
        case EvseHeard():
            facts = {"attenuation_db": round(event.attenuation_db, 1), "sounds": event.sounds}
            return "evse_heard", {"evse_mac": mac_text(event.evse_mac), **facts}
        case Matched():
            facts = {"attenuation_db": round(event.attenuation_db, 1), "attempts": event.attempts}
            return "matched", {"evse_mac": mac_text(event.evse_mac), "nid": event.nid.hex(), **facts}
        case MatchingFailed():
            return "failed", {"reason": event.reason, "attempts": event.attempts}
        case LinkLost():
            return "lost", {"reason": event.reason}
        case FrameIgnored():
            return "ignored", {"reason": event.reason}
        case _:
            return type(event).__name__, {}


class HealthOnly:
    """A board that shows a driver's health on standard error; the rest of a home is not there."""

    def __init__(self, ending: Ending) -> None:
        self._ending = ending
        self._told = ""

    def publish_health(self, source: str, health: Health) -> None:
        """Tell what somebody must mend; a process that ended ends the command, one that still tries does not."""
        said, self._told = self._told, health.text
        if health.level is HealthLevel.FAILED and not health.details["running"]:
            if said == health.text:
                self._ending.end(1)
            else:
                self._ending.fail(health.text)
        elif health.level in (HealthLevel.WARNING, HealthLevel.FAILED) and said != health.text:
            print(f"twoway slac evse: {health.text}", file=sys.stderr)


async def _evse(args: argparse.Namespace) -> int:
    known = [name for _, name in socket.if_nameindex()]
    if args.interface not in known:
        raise UserError(f"there is no network interface {args.interface!r}; this machine has: {', '.join(known)}")
    ending = Ending()
    timings = Timings().scaled(args.timeout_scale)
    # What the driver logs is what its health says.
    logging.getLogger().addHandler(logging.NullHandler())

    def on_line(news: News) -> None:
        line("evse", news["event"], **{key: value for key, value in news.items() if key != "event"})
        if news["event"] == "matched" and args.once:
            ending.end()
        elif news["event"] in ("failed", "no_slac", "error") and args.once:
            ending.end(1)

    def on_pilot(action: Action) -> None:
        line("evse", "pilot", shows=str(action).removeprefix("pilot "))

    section = SlacSection(enabled=True, settle_s=min(30.0, args.settle))
    matching = SlacMatching(
        section, args.interface, WallClock(), timings=timings, timeout_scale=args.timeout_scale, on_pilot=on_pilot
    )
    matching.on_line = on_line
    driver = asyncio.create_task(matching.run(HealthOnly(ending)))
    matching.start()
    try:
        return await ending.wait()
    finally:
        driver.cancel()
        await asyncio.gather(driver, return_exceptions=True)


async def _modem(args: argparse.Namespace) -> int:
    hosts = list(dict.fromkeys(args.host))
    if len(hosts) < 2:
        raise UsageError("a power line has at least two modems: give --host twice, with two interfaces")
    unknown = sorted({name for one, other, _ in args.cable for name in (one, other)} - set(hosts))
    if unknown:
        raise UsageError(f"--cable names {', '.join(unknown)}, which no --host names")
    ending, loop = Ending(), asyncio.get_running_loop()
    on_frame = _print_frame if args.frames else None
    modems = ModemWires(hosts, loop.time, on_loss=ending.fail, on_frame=on_frame)
    for host in hosts[1:]:
        modems.lay(hosts[0], host, Cable(noise_db=args.noise_db))
    for one, other, loss_db in args.cable:
        modems.lay(one, other, Cable(attenuation_db=loss_db, noise_db=args.noise_db))
    line("modem", "ready", hosts=hosts)
    try:
        return await ending.wait()
    finally:
        modems.close()


def _print_frame(host: str, raw: bytes, carried: list[tuple[str, bytes]]) -> None:
    try:
        frame = read_frame(raw, exact=False)
    except FrameError:
        return
    to = list(dict.fromkeys(name for name, _ in carried))
    line("modem", "frame", message=frame.message.NAME, source=mac_text(frame.source), came_from=host, went_to=to)


async def _demo(args: argparse.Namespace) -> int:
    ending = Ending()
    demo = asyncio.create_task(slac_lab.demo(args.settle, line))
    demo.add_done_callback(lambda task: ending.end() if not task.cancelled() else None)
    try:
        await ending.wait()
        return await demo if demo.done() else 130
    finally:
        demo.cancel()
        await asyncio.gather(demo, return_exceptions=True)
