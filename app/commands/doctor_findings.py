"""What a check-up finds: one line each, with the way out."""

import errno
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: fail stops something that the home asks for, warn only may."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    level: Level
    check: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.level:<4}  {self.check}: {self.text}" + (f" — {self.remedy}" if self.remedy else "")


def ok(check: str, text: str) -> Finding:
    """Nothing to do."""
    return Finding(Level.OK, check, text)


def warn(check: str, text: str, remedy: str) -> Finding:
    """Worth mending."""
    return Finding(Level.WARN, check, text, remedy)


def fail(check: str, text: str, remedy: str) -> Finding:
    """Must be mended."""
    return Finding(Level.FAIL, check, text, remedy)


def guarded(check: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What ``look`` finds; a check that breaks is a finding itself, and never ends the check-up."""
    try:
        yield from look()
    except Exception as error:
        yield fail(check, f"this check broke: {type(error).__name__}: {error}", "report it, with this line")


def port_finding(host: str, port: int, kind: socket.SocketKind, check: str, free: str) -> Finding:
    """Whether ``port`` can be listened on; ``free`` is said where it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, kind) as probe:
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return warn(check, f"port {port} is taken", "an engine may run here already; else stop what holds it")
        return fail(check, f"port {port} cannot be used: {error.strerror}", "choose another in the home file")
    return ok(check, free)
