"""``twoway secc``: the charger's side of ISO 15118 and DIN SPEC 70121 alone, with an ideal power stage behind it."""

import argparse
import asyncio
import contextlib
import sys
from dataclasses import replace

from app.commands.arguments import MOST_W, evse_id, positive, watts
from app.commands.session_checks import check_charger
from app.commands.session_log import (
    CONTROL_MODES,
    LINES_HELP,
    SERVICES,
    SessionLog,
    add_common_arguments,
    on_stop_signal,
    protocols_of,
    tell_warnings,
    timings_of,
)
from app.commands.session_modes import (
    CHARGER_EPILOG,
    PausedFile,
    add_charger_modes,
    charger_agenda,
    offer_of,
    read_paused,
    read_schedules,
)
from app.commands.session_security import SessionSecurity, add_security_arguments
from app.errors import UserError
from protocols.iso15118 import (
    AuthorizationRequested,
    ControlMode,
    Event,
    Evse,
    EvseOffer,
    IdealStage,
    LoopAnswered,
    Notification,
    PowerDeliveryChanged,
    ProtocolName,
    SeccServer,
    SessionEnded,
    TransportError,
)
from protocols.iso15118.evse import DEFAULT_LIMITS, HOME_SERVICES

HELP = "the charger's side of ISO 15118 and DIN SPEC 70121 alone"

EPILOG = """\
--power takes a number of watts (above 0 charges the car, below 0 discharges it), or several with commas:
  --power=-3000              discharge at 3 kW all the time
  --power=5000,-3000         one value a charge loop, again and again
  --power=0:5000,60:-3000    from second 0 of power delivery 5 kW, from second 60 minus 3 kW

Exit status 0: every session ended properly (with --once: and there was one). 1: not so; the summary says why.
A connection that closes without one message is no session: its summary has "messages": 0.

example, in two terminals, after 'twoway pki make --car' (or, in a laboratory, both with --no-tls):
  twoway secc --interface lo --once --power=-3000
  twoway car --interface lo --service dc_bpt
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_common_arguments(parser)
    add_security_arguments(parser, charger=True)
    add_charger_modes(parser)
    parser.epilog = f"{LINES_HELP}\n{CHARGER_EPILOG}\n{EPILOG}"
    parser.add_argument("--once", action="store_true", help="stop after one session with a car")
    parser.add_argument(
        "--service",
        action="append",
        choices=SERVICES,
        help="a service to offer; may be given several times (default: all but mcs and mcs_bpt)",
    )
    parser.add_argument(
        "--control-mode",
        choices=CONTROL_MODES,
        default="dynamic",
        help="the control mode to offer first; cars take the first they can (default %(default)s)",
    )
    parser.add_argument("--power", type=PowerProfile, default="0", metavar="W", help="the set-point; see below")
    parser.add_argument(
        "--max-power", type=watts, default=11_000.0, metavar="W", help="limit each way (default %(default)g)"
    )
    parser.add_argument("--phases", type=int, choices=(1, 3), default=3, help="AC phases (default %(default)s)")
    parser.add_argument("--evse-id", type=evse_id, default="DE*TWO*E0001", help="EVSEID to give (default %(default)s)")
    parser.add_argument(
        "--stop-after",
        type=positive,
        metavar="S",
        help="ask the car to end the session this long after power delivery began",
    )


MOST_S = 1e7


class PowerProfile:
    """What `--power` means: a value for each charge loop, or for each time since power delivery began."""

    def __init__(self, text: str) -> None:
        try:
            self._steps = [self._step(part) for part in text.split(",")]
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not W, W,W,... or S:W,S:W,...") from None
        timed = {start_s is not None for start_s, _ in self._steps}
        if len(timed) > 1:
            raise argparse.ArgumentTypeError(f"{text!r} mixes W and S:W")
        starts = [start_s for start_s, _ in self._steps if start_s is not None]
        if starts != sorted(starts):
            raise argparse.ArgumentTypeError(f"the seconds in {text!r} must rise")
        self._timed = timed == {True}

    @staticmethod
    def _step(part: str) -> tuple[float | None, float]:
        start, colon, power = part.rpartition(":")
        value, start_s = float(power), float(start) if colon else None
        if not abs(value) < MOST_W or not (start_s is None or 0 <= start_s < MOST_S):
            raise ValueError(part)
        return (start_s, value)

    def at(self, elapsed_s: float, loop: int) -> float:
        """Watts for this time since power delivery began, and this charge loop."""
        if not self._timed:
            return self._steps[loop % len(self._steps)][1]
        return next((w for start, w in reversed(self._steps) if start is not None and elapsed_s >= start), 0.0)


class Charger:
    """The ideal charger behind the session: a power stage, a set-point that follows the profile, somebody who
    authorises; ``authorize`` is when: "at-once", "no", or so many seconds after the car asked.
    """

    def __init__(
        self, evse: Evse, profile: PowerProfile, stop_after_s: float | None, authorize: str | float = "at-once"
    ) -> None:
        self.evse = evse
        self.stage = IdealStage(evse)
        self._authorize = authorize
        self.began_s: float | None = None
        self._profile = profile
        self._stop_after_s = stop_after_s
        self._loops = 0

    def handle(self, event: Event) -> None:
        """Do what a charger does about one event."""
        self.stage.handle(event)
        match event:
            case PowerDeliveryChanged(time_s=now, on=True) if self.began_s is None:
                self.began_s, self._loops = now, 0
                self.steer(now)
            case LoopAnswered(time_s=now):
                self._loops += 1
                self.steer(now)
            case AuthorizationRequested():
                self._answer_card()
            case SessionEnded():
                self.began_s = None
            case _:
                pass

    def _answer_card(self) -> None:
        if self._authorize == "no":
            self.evse.authorize(False)
        elif isinstance(self._authorize, float):
            asyncio.get_running_loop().call_later(self._authorize, self.evse.authorize, True)

    def steer(self, now: float) -> None:
        """Set the set-point of this moment."""
        if self.began_s is None:
            return
        elapsed_s = now - self.began_s
        self.evse.set_power(self._profile.at(elapsed_s, self._loops))
        if self._stop_after_s is not None and elapsed_s >= self._stop_after_s:
            self.evse.notify(Notification.Terminate)


def run(args: argparse.Namespace) -> int:
    """Serve until stopped; returns the exit status."""
    profile = args.power if isinstance(args.power, PowerProfile) else PowerProfile(args.power)
    check_charger(args)
    tell_warnings("secc")
    try:
        with contextlib.closing(SessionSecurity(args, "secc")) as security:
            return asyncio.run(_serve(args, profile, security))
    except TransportError as error:
        raise UserError(str(error)) from None


async def _serve(args: argparse.Namespace, profile: PowerProfile, security: SessionSecurity) -> int:
    evse = _evse(args)
    charger = Charger(evse, profile, args.stop_after, args.authorize)
    kept = PausedFile(args.paused)
    agenda = charger_agenda(args, evse)
    log = SessionLog(lambda: (charger.stage.charged_wh, charger.stage.discharged_wh), lab_switch=args.no_tls)
    done = asyncio.Event()

    def on_event(event: Event) -> None:
        nonlocal agenda
        charger.handle(event)
        kept.handle(event)
        agenda.handle(event)
        log.handle(event)
        if isinstance(event, SessionEnded):
            agenda = charger_agenda(args, evse)
            charger.stage = IdealStage(evse)
            if args.once and log.sessions:
                done.set()

    server = SeccServer(
        args.interface,
        evse,
        on_event,
        timings=timings_of(args),
        security=security.secc(),
        sdp_port=args.sdp_port,
        capture=security.capture,
        record=security.record,
    )
    await server.start()
    print(f"twoway secc: waiting for a car on {args.interface}, SDP on UDP {server.sdp_port}", file=sys.stderr)
    security.warn()
    on_stop_signal(done.set)
    await done.wait()
    await server.stop()
    if args.once and log.sessions == 0:
        print("twoway secc: stopped before a car came", file=sys.stderr)
        return 1
    return 0 if log.all_proper else 1


def _evse(args: argparse.Namespace) -> Evse:
    first = CONTROL_MODES[args.control_mode]
    offer = EvseOffer(
        evse_id=args.evse_id,
        protocols=protocols_of(args) or tuple(ProtocolName),
        services=tuple(SERVICES[name] for name in args.service) if args.service else HOME_SERVICES,
        control_modes=(first, *(mode for mode in ControlMode if mode is not first)),
        phases=args.phases,
        lab_v20_without_tls=args.no_tls,
        **offer_of(args),
    )
    limits = replace(DEFAULT_LIMITS, max_charge_w=args.max_power, max_discharge_w=args.max_power)
    evse = Evse(offer=offer, limits=limits)
    if args.schedule is not None:
        evse.offer_schedules(*read_schedules(args.schedule))
    evse.paused = read_paused(args.paused) if args.paused is not None else None
    return evse
