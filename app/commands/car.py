"""``twoway car``: a simulated car alone, with an honest battery, that speaks ISO 15118 and DIN SPEC 70121."""

import argparse
import asyncio
import sys
import time
from contextlib import closing, suppress

from app.commands.arguments import identifier, percent, positive, whole
from app.commands.session_checks import check_car
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
from app.commands.session_modes import CAR_EPILOG, PausedFile, add_car_modes, car_agenda, plan_of
from app.commands.session_security import SessionSecurity, add_security_arguments
from app.errors import UserError
from protocols.iso15118 import (
    CarPlan,
    EvccClient,
    Event,
    PreChargeUnmatched,
    SessionEnded,
    SimulatedCar,
    TransportError,
)

HELP = "a simulated car alone"

DEFAULT_DURATION_S = 10.0
PRE_CHARGE_PATIENCE_S = 2.0

EPILOG = """\
Exit status 0: the session ended properly. 1: not so; the summary, or one line on standard error, says why.

example, in two terminals, after 'twoway pki make --car' (or, in a laboratory, both with --no-tls):
  twoway secc --interface lo --once --power=-3000
  twoway car --interface lo --service dc_bpt
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_common_arguments(parser)
    add_security_arguments(parser, charger=False)
    add_car_modes(parser)
    parser.epilog = f"{LINES_HELP}\n{CAR_EPILOG}\n{EPILOG}"
    parser.add_argument(
        "--service", choices=SERVICES, default="dc_bpt", help="the service to ask for (default %(default)s)"
    )
    parser.add_argument(
        "--control-mode",
        choices=CONTROL_MODES,
        help="dynamic: the charger steers; scheduled: the car keeps a schedule (default: what is offered first)",
    )
    parser.add_argument("--soc", type=percent, default=0.5, metavar="PERCENT", help="charge at the start (default 50)")
    parser.add_argument("--target", type=percent, default=0.8, metavar="PERCENT", help="wanted charge (default 80)")
    parser.add_argument(
        "--floor", type=percent, default=0.2, metavar="PERCENT", help="never discharge below (default 20)"
    )
    parser.add_argument(
        "--departure", type=positive, default=8.0, metavar="H", help="leaves in so many hours (default %(default)g)"
    )
    parser.add_argument(
        "--capacity", type=positive, default=60.0, metavar="KWH", help="battery size (default %(default)g)"
    )
    parser.add_argument("--loops", type=whole, metavar="N", help="end after N charge loops")
    parser.add_argument(
        "--duration",
        type=positive,
        metavar="S",
        help=f"end after S seconds of power (default {DEFAULT_DURATION_S:g}, unless --loops or --to-target)",
    )
    parser.add_argument("--to-target", action="store_true", help="end when the wanted charge is reached")
    parser.add_argument(
        "--interval",
        type=positive,
        default=0.2,
        metavar="S",
        help="between a charge-loop answer and the next request; chargers wait 0.5 s (default %(default)g)",
    )
    parser.add_argument(
        "--speed", type=positive, default=1.0, metavar="N", help="the battery's time runs N times as fast"
    )
    parser.add_argument(
        "--evcc-id", type=identifier, default="TWOWAYSIM0001", help="EVCCID to give (default %(default)s)"
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="DC: end the session, as a real car would, if the charger's voltage does not come to the battery's; "
        f"else go on after {PRE_CHARGE_PATIENCE_S:g} s with a warning, since simulated chargers often have none",
    )


def run(args: argparse.Namespace) -> int:
    """Run one session; returns the exit status."""
    check_car(args)
    tell_warnings("car")
    try:
        with closing(SessionSecurity(args, "car")) as security:
            ended = asyncio.run(_drive(args, security))
    except TransportError as error:
        raise UserError(str(error)) from None
    except asyncio.CancelledError:
        raise UserError("stopped before a charger was found") from None
    return 0 if ended.proper else 1


async def _drive(args: argparse.Namespace, security: SessionSecurity) -> SessionEnded:
    car = _car(args)
    plan = CarPlan(
        service=SERVICES[args.service],
        control_mode=CONTROL_MODES[args.control_mode] if args.control_mode else None,
        protocols=protocols_of(args),
        loop_interval_s=args.interval,
        lab_v20_without_tls=args.no_tls,
        install_contract=args.install_contract,
        pre_charge_patience_s=None if args.strict else PRE_CHARGE_PATIENCE_S,
        **plan_of(args),
    )
    kept = PausedFile(args.paused)
    log = SessionLog(lambda: (car.charged_wh, car.discharged_wh), lab_switch=args.no_tls)

    def on_event(event: Event) -> None:
        kept.handle(event)
        agenda.handle(event)
        log.handle(event)
        security.warn()
        if isinstance(event, PreChargeUnmatched):
            print(
                f"twoway car: the charger's voltage is {event.evse_voltage_v:.0f} V, the battery's "
                f"{event.battery_v:.0f} V; a real car would stop here (--strict)",
                file=sys.stderr,
            )

    client = EvccClient(
        args.interface,
        car,
        plan,
        on_event,
        timings=timings_of(args),
        security=security.evcc(plan.wanted_protocols),
        sdp_port=args.sdp_port,
        capture=security.capture,
        record=security.record,
    )
    agenda = car_agenda(args, client)
    session = asyncio.ensure_future(client.run())
    asked = False

    def stop() -> None:
        nonlocal asked
        # The first signal ends a session in order; a second one, or one before there is a session, cuts.
        if client.connected and not asked:
            asked = True
            client.stop("stopped by the user")
        else:
            session.cancel()

    on_stop_signal(stop)
    with suppress(asyncio.CancelledError):
        return await session
    if client.last_end is None:
        raise asyncio.CancelledError
    return client.last_end


def _car(args: argparse.Namespace) -> SimulatedCar:
    endless = args.loops is None and args.duration is None and not args.to_target
    return SimulatedCar(
        evcc_id=args.evcc_id,
        capacity_wh=args.capacity * 1000,
        soc=args.soc,
        target_soc=args.target,
        floor_soc=args.floor,
        departure_s=time.time() + args.departure * 3600,
        speed=args.speed,
        max_loops=args.loops,
        max_seconds=DEFAULT_DURATION_S if endless else args.duration,
        stop_at_target=args.to_target,
    )
