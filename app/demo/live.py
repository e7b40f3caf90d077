"""The demo home, live: the world, the engine and the window, each a process of its own.

    twin (world and devices) ←wires→ engine ←API→ window, or this terminal

The window may be closed or killed: the engine goes on until this process ends it. An engine that dies is started again
and resumes from its store; meanwhile the power stage's dead-man has taken the charger to 0 W.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from app.clock import utc
from app.config.load import write_whole
from app.config.secrets import write_secret
from app.demo import home_file
from app.demo.actors import VEN_SECRET, Addresses
from app.demo.certificates import make_certificates
from app.demo.setting import Setting, make_setting, remember_past
from app.demo.twin import ADDRESSES_NAME
from app.demo.words import fitted, news, status_line
from app.engine.engine import STORE_NAME
from app.errors import UserError

START_S = 30.0
STOP_S = 15.0
LINE_EVERY_S = 1.0
RESTART_S = 3.0
WINDOW_OPENS_S = 10.0
DEFAULT_SPEED, FASTEST = 10.0, 60.0
LIVE_HOURS = 72.0
LATE_AWAY_H = 11.0 + 10.0 / 60.0
"""Live, the car comes home at 18:55, shortly before the evening's dear hours: who looks on sees it feed at once."""


@dataclass(slots=True)
class LiveDemo:
    """The processes of one live demo, and where they meet."""

    setting: Setting
    folder: Path
    speed: float
    frequency_w: float = 0.0
    sources: tuple[Path | None, Path | None] = (None, None)
    """House and price files, where they are not the built-in ones."""
    origin_s: float = field(default_factory=time.monotonic)
    twin: "subprocess.Popen[bytes] | None" = None
    engine: "subprocess.Popen[bytes] | None" = None

    @property
    def run_file(self) -> Path:
        """The engine's."""
        return self.folder / "engine.json"

    @property
    def home_path(self) -> Path:
        """The home file that the demo writes."""
        return self.folder / "home.toml"

    def start_twin(self) -> Addresses:
        """Start the world, with certificates of its own; returns when its devices listen. Raises ``UserError``."""
        make_certificates(self.folder)
        house, prices = self.sources
        command = [sys.executable, "-m", "app.demo.twin", "--folder", str(self.folder)]
        command += ["--start", utc(self.setting.start_s).isoformat(), "--hours", str(LIVE_HOURS)]
        command += ["--seed", str(self.setting.seed), "--speed", str(self.speed), "--origin", repr(self.origin_s)]
        command += ["--away-hours", repr(self.setting.away_h), "--parent", str(os.getpid())]
        command += ["--house", str(house.absolute())] if house is not None else []
        command += ["--prices", str(prices.absolute())] if prices is not None else []
        self.twin = _start(command, self.folder / "twin.out")
        path = self.folder / ADDRESSES_NAME
        deadline = time.monotonic() + START_S
        while not path.exists():
            if self.twin.poll() is not None or time.monotonic() > deadline:
                raise UserError(f"the simulated home did not start: {_last_words(self.folder / 'twin.out')}")
            time.sleep(0.05)
        return Addresses(**json.loads(path.read_text("utf-8")))

    def write_home(self, addresses: Addresses) -> None:
        """The home file and its secret."""
        text = home_file.home_toml(
            "Demo home",
            addresses,
            self.setting.prices_file,
            home_file.Pace.at(self.speed),
            solar_peak_w=self.setting.house.solar_peak_w,
            frequency_w=self.frequency_w,
            away_h=self.setting.away_h,
        )
        write_whole(self.home_path, text)
        write_secret(self.folder / "secrets.toml", home_file.SECRET_NAME, VEN_SECRET)

    def start_engine(self, *, wait: bool = True) -> None:
        """Start the engine; returns when its API answers. Raises ``UserError``."""
        clock = f"{self.setting.start_s!r}:{self.speed!r}:{self.origin_s!r}"
        command = [sys.executable, "-m", "app.cli", "engine", "--home", str(self.home_path)]
        command += ["--state-dir", str(self.folder), "--run-file", str(self.run_file), "--home-clock", clock]
        command += ["--parent", str(os.getpid())]
        self.engine = _start(command, self.folder / "engine.out")
        deadline = time.monotonic() + START_S
        while wait and self.snapshot() is None:
            if self.engine.poll() is not None or time.monotonic() > deadline:
                raise UserError(f"the engine did not start: {_last_words(self.folder / 'engine.out')}")
            time.sleep(0.1)

    def snapshot(self) -> dict[str, Any] | None:
        """The engine's picture of the home; None while it does not answer."""
        found: dict[str, Any] | None = self.ask("home")
        return found

    def ask(self, path: str) -> Any:
        """What the API answers to this path; None while it does not."""
        try:
            if self.engine is not None and json.loads(self.run_file.read_text("utf-8"))["pid"] != self.engine.pid:
                return None
            url, headers = authorised(self.run_file)
            answer = httpx.get(f"{url}/api/v1/{path}", headers=headers, timeout=2.0, trust_env=False)
            return answer.json() if answer.status_code == 200 else None
        except (OSError, ValueError, KeyError, httpx.HTTPError):
            return None

    def stop(self) -> None:
        """The engine first: it ends the car's session while the world is still there."""
        for process in (self.engine, self.twin):
            if process is None or process.poll() is not None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.engine = self.twin = None


def authorised(run_file: Path) -> tuple[str, dict[str, str]]:
    """The engine's URL and the header that opens it. Raises ``OSError``, ``ValueError`` or ``KeyError``."""
    told = json.loads(run_file.read_text("utf-8"))
    token = Path(told["token_file"]).read_text("utf-8").strip()
    return told["url"], {"Authorization": f"Bearer {token}"}


def run(args: argparse.Namespace) -> int:
    """``twoway demo`` without ``--headless``."""
    from app.demo.headless import working_folder

    speed = min(args.speed or DEFAULT_SPEED, FASTEST)
    if args.speed and args.speed > FASTEST:
        print(f"twoway demo: live, home time runs {FASTEST:g} times as fast at most; try --headless", file=sys.stderr)
    setting = make_setting(
        house=args.house,
        prices=args.prices,
        start=args.start,
        hours=LIVE_HOURS,
        seed=args.seed,
        live=True,
        away_h=LATE_AWAY_H,
    )
    with working_folder(args.keep) as folder:
        demo = LiveDemo(setting, folder, speed, args.frequency, (args.house, args.prices))
        asyncio.run(remember_past(folder / STORE_NAME, setting))
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            demo.write_home(demo.start_twin())
            demo.start_engine()
            if _has_display() and _in_window(demo):
                return 0
            return _in_terminal(demo, args.real_seconds)
        except KeyboardInterrupt:
            return 0
        finally:
            demo.stop()


def _has_display() -> bool:
    if os.environ.get("QT_QPA_PLATFORM"):
        return True
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _in_window(demo: LiveDemo) -> bool:
    """Run until the window is closed; False where it could not be opened."""
    began = time.monotonic()
    window = subprocess.Popen([sys.executable, "-m", "ui", "--run-file", str(demo.run_file)])  # noqa: S603
    try:
        while window.poll() is None:
            _keep_engine(demo)
            time.sleep(0.5)
    finally:
        if window.poll() is None:
            window.terminate()
    if window.returncode != 0 and time.monotonic() - began < WINDOW_OPENS_S:
        print("twoway demo: the window could not be opened here; 'twoway doctor' says what is missing", file=sys.stderr)
        return False
    return True


def _in_terminal(demo: LiveDemo, real_seconds: float | None) -> int:
    print("twoway demo: without a display the demo runs in this terminal; Ctrl-C ends it.", file=sys.stderr)
    print(f"twoway demo: home file {demo.home_path}, home time {demo.speed:g} times as fast", file=sys.stderr)
    told: set[str] = set()
    ends_s = None if real_seconds is None else time.monotonic() + real_seconds
    while ends_s is None or time.monotonic() < ends_s:
        _keep_engine(demo)
        picture = demo.snapshot()
        for sentence in news(picture) if picture is not None else []:
            if sentence not in told:
                told.add(sentence)
                _show(sentence, stays=True)
        _show(status_line(picture) if picture is not None else "the engine does not answer", stays=False)
        time.sleep(LINE_EVERY_S)
    if sys.stdout.isatty():
        print()
    return 0


def _show(line: str, *, stays: bool) -> None:
    """On a terminal, a line that does not stay is written over by the next; one that were too long would wrap."""
    if not sys.stdout.isatty():
        print(line, flush=True)
        return
    wide = shutil.get_terminal_size().columns - 1
    print(f"\r{fitted(line, wide):<{wide}}", end="\n" if stays else "", flush=True)


def _keep_engine(demo: LiveDemo) -> None:
    if demo.twin is not None and demo.twin.poll() is not None:
        raise UserError(f"the simulated home ended: {_last_words(demo.folder / 'twin.out')}")
    if demo.engine is not None and demo.engine.poll() is not None:
        print(f"\ntwoway demo: the engine ended ({demo.engine.returncode}); it is started again", file=sys.stderr)
        time.sleep(RESTART_S)
        demo.start_engine()


def _start(command: list[str], out: Path) -> "subprocess.Popen[bytes]":
    # A session of its own: Ctrl-C in the terminal is for us to handle in order.
    with out.open("ab") as stream:
        return subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True
        )


def _last_words(out: Path) -> str:
    try:
        lines = out.read_text("utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "it said nothing"


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
