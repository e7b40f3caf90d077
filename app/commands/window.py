"""``twoway window``: open the window, and start an engine where none runs.

The window and the engine are processes of their own: closing one leaves the other alone.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from app.config.paths import OVERRIDE, Paths, standard_paths
from app.errors import UserError

START_S = 25.0
"""An engine that has not answered after this long is told of."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--home", type=Path, metavar="FILE", help="the home file (default: the one of this user)")
    parser.add_argument("--demo", action="store_true", help="open the demo home instead: the same as 'twoway demo'")
    parser.add_argument("--start-only", action="store_true", help="start the engine, open no window")
    parser.add_argument("--new-home", action="store_true", help="write a first home file where there is none")
    parser.add_argument("--fuse-a", type=int, default=35, metavar="A", help="of the new home: its main fuse (35)")
    parser.add_argument("--phases", type=int, choices=(1, 3), default=3, help="of the new home (3)")


def run(args: argparse.Namespace) -> int:
    """Open the window; 0 when it was closed in order."""
    if args.demo:
        return _demo(start_only=args.start_only)
    paths = standard_paths()
    home: Path = args.home or paths.home_file
    if args.new_home:
        write_first_home(home, fuse_a=args.fuse_a, phases=args.phases)
    if not args.start_only:
        _need_display()
    engine = None
    welcome = False
    if not engine_answers(paths.run_file):
        if home.is_file():
            engine = start_engine(home, paths)
        elif args.home is not None:
            raise UserError(f"There is no home file {home}: name another, or try 'twoway demo'.")
        elif args.start_only:
            raise UserError(f"There is no home file {home} yet: add --new-home, or try 'twoway demo'.")
        else:
            welcome = True
    if args.start_only:
        if engine is not None:
            _wait(engine, paths)
        return 0
    return _open(paths, engine, welcome=welcome)


def engine_answers(run_file: Path) -> bool:
    """Does the engine of this run file answer?"""
    try:
        url = urlsplit(str(json.loads(run_file.read_text(encoding="utf-8"))["url"]))
        connection = http.client.HTTPConnection(url.hostname or "", url.port or 80, timeout=2.0)
        try:
            connection.request("GET", "/api/v1/health")
            return connection.getresponse().status == 200
        finally:
            connection.close()
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return False


def start_engine(home: Path, paths: Paths) -> "subprocess.Popen[bytes]":
    """Start an engine that outlives this process; what it says before its log is open goes to ``engine.out``."""
    paths.logs.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "app.cli", "engine", "--home", str(home.absolute())]
    with _out_file(paths).open("wb") as out:
        return subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )


def write_first_home(home: Path, *, fuse_a: int, phases: int) -> None:
    """Write a home file with what a fuse box tells. Raises ``UserError`` where there is one already, or no folder."""
    text = (
        "# The home, as 'twoway' began it. The window's installer page changes it and leads through the rest.\n\n"
        f'[home]\ntimezone = "{_timezone()}"\n\n[connection]\nphases = {phases}\nfuse_a = {fuse_a}\n'
    )
    try:
        _need_folder(home)
        home.parent.mkdir(parents=True, exist_ok=True)
        with home.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UserError(f"There is a home file {home} already: the installer's page changes it.") from error
    except OSError as error:
        raise UserError(f"The home file {home} could not be written: {error.strerror}.") from error


def _need_folder(home: Path) -> None:
    file = next((place for place in home.parents if place.is_file()), None)
    if file is not None:
        raise UserError(f"{file} is a file, not a folder: name the folder it lies in ({OVERRIDE}, or --home).")


def _timezone() -> str:
    """This machine's time zone by name; UTC where it does not tell."""
    target = Path("/etc/localtime").resolve().as_posix()
    _, found, name = target.partition("/zoneinfo/")
    return name if found else "UTC"


def _need_display() -> None:
    shown = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"} & os.environ.keys()
    if sys.platform == "linux" and not shown:
        raise UserError("There is no display here: log in to a desktop, or run 'twoway engine' without the window.")


def _demo(*, start_only: bool) -> int:
    command = [sys.executable, "-m", "app.cli", "demo"]
    if not start_only:
        return subprocess.run(command, check=False).returncode  # noqa: S603
    quiet = subprocess.DEVNULL
    subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)  # noqa: S603
    return 0


def _open(paths: Paths, engine: "subprocess.Popen[bytes] | None", *, welcome: bool) -> int:
    command = [sys.executable, "-m", "ui", "--run-file", str(paths.run_file)]
    if welcome:
        command += ["--starter", json.dumps([sys.executable, "-m", "app.cli", "window", "--start-only"])]
    window = subprocess.Popen(command)  # noqa: S603
    try:
        if engine is not None:
            _tell_of_failure(engine, window, paths)
        return window.wait()
    except KeyboardInterrupt:
        window.terminate()
        return 130


def _tell_of_failure(engine: "subprocess.Popen[bytes]", window: "subprocess.Popen[bytes]", paths: Paths) -> None:
    """While the window opens: say in the terminal why the engine did not start."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and window.poll() is None:
        if engine.poll() not in (None, 0):
            print(f"twoway window: {_last_words(paths)}", file=sys.stderr)
            return
        if engine_answers(paths.run_file):
            return
        time.sleep(0.5)


def _wait(engine: "subprocess.Popen[bytes]", paths: Paths) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if engine_answers(paths.run_file):
            return
        if engine.poll() is not None:
            raise UserError(_last_words(paths))
        time.sleep(0.2)
    raise UserError(f"The engine does not answer yet: see {_out_file(paths)}, or run 'twoway doctor'.")


def _out_file(paths: Paths) -> Path:
    return paths.logs / "engine.out"


def _last_words(paths: Paths) -> str:
    try:
        lines = _out_file(paths).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    if not lines:
        return "The engine stopped without a word: run 'twoway doctor'."
    return lines[-1].removeprefix("twoway engine: ")
