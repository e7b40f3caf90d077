"""The command ``twoway``: one table of commands, each a module that is imported only when it is asked for."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version

COMMANDS: dict[str, str] = {
    "window": "the window; starts an engine where none runs (the default)",
    "engine": "the engine alone, for one home file",
    "demo": "the built-in demo home: car, charger, meter, roof, utility and backend, all simulated",
    "secc": "the charger's side of ISO 15118-20 alone",
    "car": "a simulated car alone",
    "exi": "decode and encode EXI documents",
    "doctor": "check this machine and a home file, and say what to mend",
}
"""Name → one line of help. ``app.commands.NAME`` gives ``add_arguments(parser)`` and ``run(args) -> int``."""


class UserError(Exception):
    """A mistake that the user can mend: its text is one sentence, shown without a traceback."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status (0 well, 1 failed, 2 wrong usage)."""
    words = list(sys.argv[1:] if argv is None else argv)
    chosen = next((w for w in words if not w.startswith("-")), None)
    if chosen not in COMMANDS and not {"-h", "--help", "--version"} & set(words) and chosen is None:
        words.insert(0, "window")
        chosen = "window"
    parser = argparse.ArgumentParser(
        prog="twoway",
        description="Two-way power between your car, your house, your roof and the grid.",
        epilog="'twoway COMMAND --help' tells each command's options.",
    )
    parser.add_argument("--version", action="version", version=f"twoway {version('twoway')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, text in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if name == chosen:
            importlib.import_module(f"app.commands.{name}").add_arguments(sub)
    args = parser.parse_args(words)
    try:
        return int(importlib.import_module(f"app.commands.{args.command}").run(args))
    except UserError as error:
        print(f"twoway {args.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141


if __name__ == "__main__":
    # By its import name: as `__main__` this module would hold a second UserError that no command raises.
    sys.exit(importlib.import_module("app.cli").main())
