"""Does an engine run here, and what does it say of its devices?

Where one runs the doctor asks it instead of the devices: many take a single connection, and a second one would push the
engine off.
"""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.commands.doctor_findings import Finding, Level, fail, ok, port_finding, warn
from app.config.home import HomeConfig

ANSWER_S = 5.0
API = "/api/v1"

# What an engine's health levels are to a doctor.
_LEVELS = {"failed": Level.FAIL, "warning": Level.WARN, "starting": Level.WARN}


@dataclass(frozen=True, slots=True)
class Running:
    """An engine that answers. ``token`` is "" where this user may not read it."""

    url: str
    token: str = ""

    def get(self, path: str) -> Any:
        """The answer to ``path``. Raises httpx.HTTPError or ValueError."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        reply = httpx.get(self.url + API + path, headers=headers, timeout=ANSWER_S, trust_env=False)
        return reply.raise_for_status().json()


def look(home: HomeConfig, run_file: Path) -> tuple[Running | None, list[Finding]]:
    """The engine that runs here, if any, and what is to be said of it and of its port."""
    host, port = home.engine.api_host, home.engine.api_port
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    candidates = [from_run_file(run_file), Running(f"http://{shown}") if port else None]
    for engine in filter(None, candidates):
        try:
            about = engine.get("/health")
            text = f"answers on {engine.url}: version {about['engine_version']}, process {about['pid']}"
            return engine, [ok("engine", text)]
        except httpx.ConnectError:
            continue
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None, [
                fail("engine", f"something else answers on {engine.url}", "set engine.api_port to another port")
            ]
    if not port:
        return None, [ok("engine", "none runs; it takes any free port")]
    return None, [port_finding(host, port, socket.SOCK_STREAM, "engine", "none runs; its port is free")]


def devices(engine: Running) -> Iterator[Finding]:
    """What the engine says of its devices and links."""
    if not engine.token:
        yield warn(
            "devices", "the engine has them, and its token is not yours to read", "run this as the engine's user"
        )
        return
    try:
        rows = engine.get("/devices")
    except (httpx.HTTPError, ValueError) as error:
        yield fail("devices", f"the engine does not tell: {type(error).__name__}", "see its log")
        return
    for row in rows:
        level = _LEVELS.get(row["level"], Level.OK)
        text = row.get("text") or row["level"]
        yield Finding(level, row["name"], f"engine: {text}", "" if level is Level.OK else "see the installer's page")


def from_run_file(path: Path) -> Running | None:
    """The engine that the run file names; None where there is none, or it cannot be read."""
    try:
        content = json.loads(path.read_text("utf-8"))
        url, token_file = str(content["url"]).rstrip("/"), Path(content["token_file"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    try:
        return Running(url, token_file.read_text("utf-8").strip())
    except (OSError, ValueError):
        return Running(url)
