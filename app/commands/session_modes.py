"""The options of ``twoway secc`` and ``twoway car`` for a session's modes, and what each end does at which second.

Seconds count from the moment that power delivery first began. What is done is a table of words on either side.
"""

import argparse
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from app.commands.arguments import not_negative
from app.config.load import write_whole
from app.errors import UserError
from protocols.iso15118 import (
    EvccClient,
    Event,
    Evse,
    MobilityNeeds,
    Notification,
    PausedSession,
    PowerDeliveryChanged,
    Schedule,
    SessionPaused,
    SessionStarted,
)
from protocols.iso15118.evcc import EvccSession
from protocols.iso15118.schedule import offerable
from protocols.iso15118.services import ValueAdded

log = logging.getLogger(__name__)

OWNER_ONLY = 0o600
CURRENCY = re.compile("[A-Z]{3}")

CHARGER_ASKS: dict[str, Notification] = {
    "pause": Notification.Pause,
    "stop": Notification.Terminate,
    "schedule": Notification.ScheduleRenegotiation,
    "service": Notification.ServiceRenegotiation,
    "exit-standby": Notification.ExitStandby,
    "meter": Notification.MeteringConfirmation,
}
CAR_DOES: dict[str, Callable[[EvccSession], None]] = {
    "pause": lambda session: session.pause("paused by the user"),
    "stop": lambda session: session.stop("stopped by the user"),
    "schedule": lambda session: session.renegotiate_schedule(),
    "service": lambda session: session.renegotiate_service(),
    "standby": lambda session: session.standby(True),
    "exit-standby": lambda session: session.standby(False),
}
VALUE_ADDED = {"internet": ValueAdded.INTERNET, "parking": ValueAdded.PARKING_STATUS}
MOBILITY_NEEDS = {"car": MobilityNeeds.FROM_CAR, "charger": MobilityNeeds.FROM_CHARGER}
AUTHORIZE = ("at-once", "no")

CHARGER_EPILOG = """\
--ask S:WHAT asks the car for something S seconds after power delivery began; may be given several times:
  pause, stop, schedule (renegotiate it), service (choose again), exit-standby, meter (confirm the reading, signed)
  Only -20 has them all: in -2 a pause ends the session, DIN SPEC 70121 knows stop alone.
--authorize at-once | no | S: by external means, at once, never, or only S seconds after the car asked.
--schedule FILE offers one to three schedules to a car in scheduled mode (in dynamic mode their prices), as JSON:
  [{"charge": [[3600, 11000], [3600, 0]], "discharge": [[7200, 5000]],
    "charge_prices": {"currency": "EUR", "steps": [[3600, 0.31], [3600, 0.24]]}}]     (seconds, then W or money a kWh)
--paused FILE keeps what a paused session needs, so that the car can come back to another run of this command.
"""
CAR_EPILOG = """\
--do S:WHAT does something S seconds after power delivery began; may be given several times:
  pause, stop, schedule (renegotiate it), service (choose again), standby, exit-standby
--paused FILE keeps a session that was paused; --resume takes it up again where it stood.
"""


def timed(words: Iterable[str]) -> Callable[[str], tuple[float, str]]:
    """An argparse type for ``S:WORD`` with one of these words."""
    known = tuple(words)

    def parse(text: str) -> tuple[float, str]:
        seconds, colon, word = text.partition(":")
        if not colon or word not in known:
            raise argparse.ArgumentTypeError(f"{text!r:.40} is not S:WHAT with one of {', '.join(known)}")
        return not_negative(seconds), word

    return parse


def add_charger_modes(parser: argparse.ArgumentParser) -> None:
    """Declare the charger's options."""
    group = parser.add_argument_group("modes")
    group.add_argument(
        "--ask", action="append", default=[], type=timed(CHARGER_ASKS), metavar="S:WHAT", help="see below"
    )
    group.add_argument("--authorize", type=_authorize, default="at-once", metavar="WHEN", help="see below")
    group.add_argument("--schedule", type=Path, metavar="FILE", help="schedules with prices to offer; see below")
    group.add_argument("--paused", type=Path, metavar="FILE", help="keep a paused session here; see below")
    group.add_argument("--standby", action="store_true", help="let the car stand by (-20)")
    group.add_argument("--no-pause", action="store_true", help="refuse a pause")
    group.add_argument("--no-service-renegotiation", action="store_true", help="refuse another service (-20)")
    _add_value_added(group, "offer a service besides energy (-20)")


def add_car_modes(parser: argparse.ArgumentParser) -> None:
    """Declare the car's options."""
    group = parser.add_argument_group("modes")
    group.add_argument("--do", action="append", default=[], type=timed(CAR_DOES), metavar="S:WHAT", help="see below")
    group.add_argument(
        "--mobility-needs",
        choices=MOBILITY_NEEDS,
        default="car",
        help="who tells when the car leaves and with how much: the car, or the charger's side too (-20, dynamic)",
    )
    group.add_argument("--paused", type=Path, metavar="FILE", help="keep a paused session here; see below")
    group.add_argument("--resume", action="store_true", help="go on with the session that --paused kept")
    _add_value_added(group, "take a service besides energy, if it is offered (-20)")


def offer_of(args: argparse.Namespace) -> dict[str, Any]:
    """What the charger's options say about `EvseOffer`."""
    return {
        "standby_allowed": args.standby,
        "pause_allowed": not args.no_pause,
        "service_renegotiation": not args.no_service_renegotiation,
        "automatic_authorization": args.authorize == "at-once",
        "value_added": _value_added(args),
    }


def plan_of(args: argparse.Namespace) -> dict[str, Any]:
    """What the car's options say about `CarPlan`. Raises UserError for a session that cannot be taken up."""
    resume = read_paused(args.paused) if args.resume else None
    if args.resume and resume is None:
        raise UserError(f"{args.paused} holds no paused session: begin one without --resume")
    return {
        "mobility_needs": MOBILITY_NEEDS[args.mobility_needs],
        "value_added": _value_added(args),
        "resume": resume,
    }


def read_schedules(path: Path) -> tuple[Schedule, ...]:
    """One to three schedules. Raises UserError naming what is wrong with the file."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=tuple[Schedule, ...])
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise UserError(f"{path} holds no schedules: {error}; 'twoway secc --help' shows their form") from None
    if not 1 <= len(found) <= 3:
        raise UserError(f"{path} holds {len(found)} schedules: one to three can be offered")
    for prices in (prices for one in found for prices in (one.charge_prices, one.discharge_prices) if prices):
        if not CURRENCY.fullmatch(prices.currency):
            raise UserError(f"{path}: {prices.currency!r:.20} is no currency: write it as EUR")
    try:
        return tuple(map(offerable, found))
    except ValueError as error:
        raise UserError(f"{path}: {error}; 'twoway secc --help' shows the form") from None


def read_paused(path: Path) -> PausedSession | None:
    """The session kept in this file; None where there is none. Raises UserError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} holds no paused session: name another file, or remove it to begin anew") from None
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError(f"{path} holds no paused session: name another file, or remove it to begin anew") from None
    try:
        return PausedSession.from_plain(plain)
    except ValueError as error:
        raise UserError(f"{path}: {error}; remove it to begin anew") from None


class PausedFile:
    """Keeps a session that was paused; without a path it does nothing.

    It forgets it where power flows again, or where another session began in its place: whoever loses the link before
    may come back once more.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def handle(self, event: Event) -> None:
        """Keep it, or forget it; a disk that does not take it ends no session."""
        if self._path is None:
            return
        match event:
            case SessionPaused(paused=paused):
                with _told(f"the paused session is not kept in {self._path}"):
                    write_whole(self._path, json.dumps(paused.to_plain()), OWNER_ONLY)
            case SessionStarted(resumed=False) | PowerDeliveryChanged(on=True):
                with _told(f"a session that is over stays in {self._path}"):
                    self._path.unlink(missing_ok=True)
            case _:
                pass


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.warning("%s: %s", what, error.strerror)


class Agenda:
    """What is to be done at which second of power delivery, each once, in order."""

    def __init__(self, items: Iterable[tuple[float, str]], do: Callable[[str], None]) -> None:
        self._left = sorted(items, key=lambda item: item[0])
        self._do = do
        self._began_s: float | None = None

    def handle(self, event: Event) -> None:
        """Any event tells the time."""
        if self._began_s is None and isinstance(event, PowerDeliveryChanged) and event.on:
            self._began_s = event.time_s
        while self._began_s is not None and self._left and event.time_s - self._began_s >= self._left[0][0]:
            self._do(self._left.pop(0)[1])


def charger_agenda(args: argparse.Namespace, evse: Evse) -> Agenda:
    """What the charger asks of the car, and when."""
    return Agenda(args.ask, lambda word: evse.notify(CHARGER_ASKS[word]))


def car_agenda(args: argparse.Namespace, client: EvccClient) -> Agenda:
    """What the car does, and when."""

    def do(word: str) -> None:
        if client.session is not None:
            CAR_DOES[word](client.session)

    return Agenda(args.do, do)


def _add_value_added(group: "argparse._ArgumentGroup", words: str) -> None:
    group.add_argument("--value-added", action="append", default=[], choices=VALUE_ADDED, help=words)


def _value_added(args: argparse.Namespace) -> tuple[ValueAdded, ...]:
    return tuple(VALUE_ADDED[name] for name in dict.fromkeys(args.value_added))


def _authorize(text: str) -> str | float:
    try:
        return text if text in AUTHORIZE else not_negative(text)
    except argparse.ArgumentTypeError:
        words = " nor ".join(AUTHORIZE)
        raise argparse.ArgumentTypeError(f"{text!r:.20} is neither {words} nor a number of seconds") from None
