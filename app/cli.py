"""The command ``twoway``: one table of commands, each a module that is imported only when it is asked for."""

import argparse
import difflib
import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

from app.errors import UsageError, UserError

COMMANDS: dict[str, str] = {
    "window": "the window; starts an engine where none runs (the default)",
    "engine": "the engine alone, for one home file",
    "demo": "the built-in demo home: car, charger, meter, roof, utility and backend, all simulated",
    "why": "what the car does, did and will do, and why",
    "backtest": "a year of a home replayed by the minute, beside timers, rules and perfect foresight",
    "secc": "the charger's side of ISO 15118 and DIN SPEC 70121 alone",
    "car": "a simulated car alone",
    "slac": "match a car and a charger over a power line: each side, a virtual modem, a demo",
    "session": "show and replay recorded sessions",
    "exi": "decode and encode EXI documents",
    "pki": "make, import, show and check a home's certificates",
    "doctor": "check this machine and a home file, and say what to mend",
}
"""Name → one line of help. ``app.commands.NAME`` gives ``add_arguments(parser)`` and ``run(args) -> int``."""


class OneLineParser(argparse.ArgumentParser):
    """A parser whose complaint is one line: argparse prints the whole usage before it."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to look, and leave with status 2."""
        self.exit(2, f"{self.prog}: {message}; '{self.prog} --help' tells the options.\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status (0 well, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C)."""
    try:
        return _main(argv)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141


def _main(argv: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help", "--version")):
        words.insert(0, "window")
    chosen = words[0]
    if chosen not in COMMANDS and not chosen.startswith("-"):
        print(f"twoway: {_unknown(chosen)}", file=sys.stderr)
        return 2
    parser = OneLineParser(
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
        return 2 if isinstance(error, UsageError) else 1
    except BrokenPipeError:
        raise
    except OSError as error:
        # The machine's own no (a full disk, a closed device), which no command foresaw: no traceback either.
        name = f"{error.filename}: " if error.filename else ""
        print(f"twoway {args.command}: {name}{error.strerror or error}", file=sys.stderr)
        return 1


def _unknown(word: str) -> str:
    near = difflib.get_close_matches(word, COMMANDS, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(COMMANDS)}."
    return f"there is no command '{word}': {hint}"


if __name__ == "__main__":
    sys.exit(main())
