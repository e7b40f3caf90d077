"""``twoway demo``: the built-in demo home, live in the window or the terminal, or headless in lockstep."""

import argparse
import asyncio
import sys
from pathlib import Path

from app.commands.arguments import not_negative, positive, whole_from_0
from app.errors import UsageError, UserError

EXAMPLES = """examples:
  twoway demo                                     the car comes home: watch it in the window or this terminal
  twoway demo --headless --report day.json        a whole day in a few minutes, every limit audited
"""
HOURS = 24.0
MOST = 1e6
"""Of hours, speed, seconds and watts alike: beyond it nothing is meant."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument("--headless", action="store_true", help="no window: run in lockstep and print a summary")
    parser.add_argument("--hours", type=_amount, metavar="H", help=f"home hours to run headless ({HOURS:g})")
    parser.add_argument(
        "--speed", type=_amount, metavar="X", help="home seconds in a real second, at most (headless 600, live 10)"
    )
    parser.add_argument(
        "--step", type=_amount, metavar="S", help="home seconds a step, headless (30; 1 up to speed 30)"
    )
    parser.add_argument("--report", type=Path, metavar="FILE.json", help="write the headless report there")
    parser.add_argument("--house", type=Path, metavar="FILE.csv", help="a household: time_utc,load_w,pv_w (.gz too)")
    parser.add_argument("--prices", type=Path, metavar="FILE.csv", help="market prices: time_utc,price_eur_per_mwh")
    parser.add_argument("--start", metavar="DATE", help="where in the data to begin: 2024-04-16 or 2024-04-16T17:00")
    parser.add_argument("--seed", type=whole_from_0, default=1, metavar="N", help="of all that is random (1)")
    parser.add_argument(
        "--frequency",
        type=_watts,
        default=3000.0,
        metavar="W",
        help="power that serves the grid's frequency (3000; 0: none)",
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep home file, store and logs there")
    parser.add_argument("--real-seconds", type=_amount, help=argparse.SUPPRESS)
    parser.add_argument("--verbose", action="store_true", help="tell more in the log")


def run(args: argparse.Namespace) -> int:
    """Run the demo; 0 when it ran without a limit broken and without a crash."""
    return _headless(args) if args.headless else _live(args)


def _headless(args: argparse.Namespace) -> int:
    from app.demo import headless, report
    from app.demo.lockstep import DemoBroken
    from app.demo.setting import make_setting
    from app.logs import setup_logs

    if args.report is not None:
        report.check_writable(args.report)
    setting = make_setting(
        house=args.house, prices=args.prices, start=args.start, hours=args.hours or HOURS, seed=args.seed, live=False
    )
    speed = args.speed or 600.0
    step_s = args.step or headless.step_for(speed)
    with headless.working_folder(args.keep) as folder:
        setup_logs(Path(folder) / "logs", verbose=args.verbose, console=args.verbose)
        try:
            found = asyncio.run(
                headless.run(setting, speed=speed, step_s=step_s, folder=Path(folder), frequency_w=args.frequency)
            )
        except DemoBroken as error:
            raise UserError(str(error)) from error
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(report.summary(found), flush=True)
    if args.report is not None:
        # Last: a disk that is full by now takes the file, not what the run has found.
        report.write(found, args.report)
    return 0 if found["ok"] else 1


def _live(args: argparse.Namespace) -> int:
    from app.demo import live

    for name in ("report", "hours", "step"):
        if getattr(args, name) is not None:
            raise UsageError(f"--{name} needs --headless: the live demo runs until it is closed")
    return live.run(args)


def _amount(text: str) -> float:
    return _meant(text, positive(text))


def _watts(text: str) -> float:
    return _meant(text, not_negative(text))


def _meant(text: str, value: float) -> float:
    if value > MOST:
        raise argparse.ArgumentTypeError(f"{text} is more than {MOST:,.0f}")
    return value
