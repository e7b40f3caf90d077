"""Is this machine fit for Twoway? Checks that need no home file."""

import ctypes.util
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import time
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

from app.commands.doctor_findings import Finding, fail, ok, warn
from app.config.paths import Paths

MIN_PYTHON = (3, 11)
CAP_NET_RAW = 13
ROUTER = "fe80"
MIN_FREE_BYTES = 500_000_000
BUILT_S = 1_760_000_000
"""Autumn 2025: a clock that shows less has lost its time."""

SET_UP = "run 'make run', which installs what is missing"
WINDOW_LIBRARIES = {
    "GL": "libgl1",
    "EGL": "libegl1",
    "fontconfig": "libfontconfig1",
    "xkbcommon": "libxkbcommon0",
    "dbus-1": "libdbus-1-3",
    "xkbcommon-x11": "libxkbcommon-x11-0",
    "xcb-cursor": "libxcb-cursor0",
    "xcb-icccm": "libxcb-icccm4",
    "xcb-keysyms": "libxcb-keysyms1",
    "xcb-shape": "libxcb-shape0",
}
"""Libraries that Qt's xcb platform opens, and the Debian packages that hold them."""


def python() -> Iterator[Finding]:
    """The interpreter."""
    found = platform.python_version()
    if sys.version_info[:2] < MIN_PYTHON:
        yield fail("Python", found, "install Python 3.11 or newer")
    else:
        yield ok("Python", found)


def libraries() -> Iterator[Finding]:
    """The Python packages that pyproject.toml asks for."""
    try:
        wanted = [Requirement(text) for text in importlib.metadata.requires("twoway") or []]
    except importlib.metadata.PackageNotFoundError:
        yield fail("libraries", "twoway itself is not installed", SET_UP)
        return
    bad = 0
    needed = [row for row in wanted if row.marker is None or row.marker.evaluate({"extra": ""})]
    for row in needed:
        try:
            version = importlib.metadata.version(row.name)
        except importlib.metadata.PackageNotFoundError:
            yield fail("libraries", f"{row.name} is missing", SET_UP)
        else:
            if row.specifier.contains(version, prereleases=True):
                continue
            yield fail("libraries", f"{row.name} is {version}, wanted {row.specifier}", SET_UP)
        bad += 1
    if not bad:
        yield ok("libraries", f"all {len(needed)} are there")


def window() -> Iterator[Finding]:
    """What the window needs of the system. The engine runs without."""
    missing = [package for name, package in WINDOW_LIBRARIES.items() if ctypes.util.find_library(name) is None]
    if missing:
        yield warn(
            "window", f"system libraries are missing: {', '.join(missing)}", f"apt-get install {' '.join(missing)}"
        )
    else:
        yield ok("window", "its system libraries are there")
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        yield warn("window", "there is no display here", "log in to a desktop; 'twoway demo' runs in the terminal")


def addresses(proc: Path = Path("/proc/net/if_inet6")) -> dict[str, bool]:
    """Interfaces with IPv6 → whether they have a link-local address."""
    found: dict[str, bool] = {}
    for line in proc.read_text().splitlines() if proc.exists() else ():
        address, *_, name = line.split()
        found[name] = found.get(name, False) or address.startswith(ROUTER)
    return found


def ipv6() -> Iterator[Finding]:
    """ISO 15118 speaks IPv6 link-local only."""
    found = addresses()
    linked = sorted(name for name, link_local in found.items() if link_local)
    if linked:
        yield ok("IPv6", f"link-local on {', '.join(linked)}")
    elif found:
        yield warn("IPv6", "no interface is link-local", "a car needs one: connect the power-line modem's interface")
    else:
        yield warn("IPv6", "switched off", "ISO 15118 needs it: sysctl -w net.ipv6.conf.all.disable_ipv6=0")


def has_raw_sockets(status: Path = Path("/proc/self/status")) -> bool:
    """Whether this process may open raw sockets (CAP_NET_RAW)."""
    lines = status.read_text().splitlines() if status.exists() else []
    effective = next((line.split()[1] for line in lines if line.startswith("CapEff:")), "0")
    return bool(int(effective, 16) >> CAP_NET_RAW & 1)


def clock() -> Iterator[Finding]:
    """Prices, events and departures go by the wall clock."""
    now = time.strftime("%Y-%m-%d %H:%M:%S %Z")
    if time.time() < BUILT_S:
        yield fail("clock", f"shows {now}", "set it, and switch time synchronisation on: timedatectl set-ntp true")
    elif (synchronised := _synchronised()) is False:
        yield warn("clock", f"{now}, not synchronised", "timedatectl set-ntp true")
    else:
        yield ok("clock", now if synchronised is None else f"{now}, synchronised")
    if not zoneinfo.available_timezones():
        yield fail("clock", "no time zones are known", "apt-get install tzdata")


def _synchronised() -> bool | None:
    """Whether the system keeps its clock right; None where that cannot be told."""
    program = shutil.which("timedatectl")
    if program is None:
        return None
    command = [program, "show", "--property=NTPSynchronized", "--value"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(answer.stdout.strip())


def disk(paths: Paths) -> Iterator[Finding]:
    """The store must be able to write."""
    # os.path.exists: Path.exists raises where a folder may not be entered.
    folder = next((p for p in (paths.state, *paths.state.parents) if os.path.exists(p)), Path("/"))  # noqa: PTH110
    if not os.access(folder, os.W_OK | os.X_OK):
        yield fail("disk", f"{folder} cannot be written", "give it to the user that runs the engine")
        return
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:.1f} GB free in {folder}"
    yield (
        ok("disk", text) if free >= MIN_FREE_BYTES else warn("disk", text, "make room: a year of history takes 0.5 GB")
    )
