"""``twoway engine``: the engine alone, for one home file."""

import argparse
import asyncio
from pathlib import Path

from app.clock import Clock, FastClock, WallClock
from app.commands.arguments import port
from app.config.paths import standard_paths

EPILOG = """\
Your own home file is {home}; 'twoway window --new-home' writes a first one, and
'twoway doctor' checks it. Programs find the API's address and token in the run file, {run}.

Exit status 0: it was stopped in order (Ctrl-C or SIGTERM). 1: it could not start; one line says why.

examples:
  twoway engine
  twoway engine --home my-home.toml --state-dir my-home-state --port 0
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    paths = standard_paths()
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG.format(home=paths.home_file, run=paths.run_file)
    parser.add_argument("--home", type=Path, metavar="FILE", help="the home file (default: the user's own)")
    parser.add_argument(
        "--port", type=port, metavar="N", help="the API's port, instead of the home file's; 0 takes a free one"
    )
    parser.add_argument(
        "--state-dir", type=Path, metavar="FOLDER", help="store, logs and tokens (default: the user's own)"
    )
    parser.add_argument(
        "--run-file", type=Path, metavar="FILE", help="where it says how to reach it (default: the user's own)"
    )
    parser.add_argument("--verbose", action="store_true", help="tell more in the log, and on the terminal")
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    # The demo's: home time as START:SPEED:ORIGIN, see app.clock.FastClock.
    parser.add_argument("--home-clock", type=_clock, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run until stopped; 0 when it was stopped in order."""
    from app.config.load import load_home
    from app.config.paths import secrets_file
    from app.engine.engine import Options
    from app.engine.serve import Place, say, serve
    from app.logs import setup_logs

    paths = standard_paths()
    home_file: Path = (args.home or paths.home_file).absolute()
    config = load_home(home_file)
    place = Place(
        home_file=home_file,
        secrets_file=secrets_file(home_file),
        state_dir=(args.state_dir or paths.state).absolute(),
        run_file=(args.run_file or paths.run_file).absolute(),
    )
    demo = args.home_clock is not None
    clock: Clock = args.home_clock or WallClock()
    setup_logs(place.state_dir / "logs", verbose=args.verbose)
    options = Options(demo=demo, stage_interval_s=0.25 if demo else 0.5, parent_pid=args.parent)
    say(f"twoway engine: {config.home.name} ({home_file}); stop it with Ctrl-C")
    asyncio.run(serve(config, place, clock, options, port=args.port))
    return 0


def _clock(text: str) -> FastClock:
    start_s, speed, origin_s = (float(part) for part in text.split(":"))
    return FastClock(start_s, speed, origin_s)
