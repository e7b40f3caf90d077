"""``twoway doctor``: check this machine and a home file, and say what to mend."""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from app.commands import (
    doctor_certificates,
    doctor_engine,
    doctor_home,
    doctor_machine,
    doctor_prices,
    doctor_weather,
)
from app.commands.doctor_findings import Finding, Level, guarded, ok
from app.config.paths import standard_paths

HELP = "check this machine and a home file, and say what to mend"

EPILOG = """\
Every line begins with ok, warn or fail; what is not ok says how to mend it.
Exit status 0: nothing failed. 1: something did.

examples:
  twoway doctor                      this machine, and your home file if there is one
  twoway doctor --home my-home.toml  that home: file, secrets, ports, and whether its devices answer
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--home", type=Path, metavar="FILE", help="the home file to check (default: your own, if any)")
    parser.add_argument("--json", action="store_true", help="one JSON list instead of lines, for programs")


def run(args: argparse.Namespace) -> int:
    """Look at everything; 1 if anything failed."""
    findings: list[Finding] = []
    for finding in check_up(args.home):
        findings.append(finding)
        if not args.json:
            print(finding, flush=True)
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        print(_summary(findings))
    return 1 if any(finding.level is Level.FAIL for finding in findings) else 0


def check_up(home_path: Path | None) -> Iterator[Finding]:
    """All findings, one by one; ``home_path`` None: the user's own home file, if there is one."""
    paths = standard_paths()
    machine: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("Python", doctor_machine.python),
        ("libraries", doctor_machine.libraries),
        ("window", doctor_machine.window),
        ("IPv6", doctor_machine.ipv6),
        ("clock", doctor_machine.clock),
        ("disk", lambda: doctor_machine.disk(paths)),
        ("certificates", lambda: doctor_certificates.certificates(home_path)),
    )
    if home_path is not None and not _is_there(home_path):
        # Its secrets are not there either, so no key would open: one mistake, one line.
        machine = machine[:-1]
    for name, look in machine:
        yield from guarded(name, look)
    if home_path is None and not _is_there(paths.home_file):
        yield ok("home file", f"none yet at {paths.home_file}; 'twoway demo' needs none")
        return
    yield from _home(home_path or paths.home_file)


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # Whoever opens it will say what is wrong with it.
    return True


def _home(path: Path) -> Iterator[Finding]:
    home, findings = doctor_home.home_file(path)
    yield from findings
    if home is None:
        return
    yield from guarded("secrets", lambda: doctor_home.secrets(home, path))
    yield from guarded("prices", lambda: doctor_prices.prices(home, path))
    yield from guarded("weather", lambda: doctor_weather.weather(home, path))
    engine, findings = doctor_engine.look(home, standard_paths().run_file)
    yield from findings
    if engine is not None:
        yield from guarded("devices", lambda: doctor_engine.devices(engine))
        return
    if home.charger is not None:
        section = home.charger
        yield from guarded("charger", lambda: doctor_home.charger(section))
    yield from guarded("devices", lambda: doctor_home.devices(home))


def _summary(findings: list[Finding]) -> str:
    count = {level: sum(finding.level is level for finding in findings) for level in Level}
    if count[Level.FAIL]:
        return f"\n{count[Level.FAIL]} to mend, {count[Level.WARN]} to look at."
    return f"\nNothing to mend, {count[Level.WARN]} to look at."
