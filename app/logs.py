"""Structured, rotating logs: one JSON object a line, without secrets.

People read the console (one short line); machines and support read the file. Tokens, passwords and credentials in
addresses are struck out before a line is formatted, whoever logged it.
"""

import logging
import logging.handlers
import re
import sys
from pathlib import Path

from pythonjsonlogger.json import JsonFormatter

from app.errors import UserError

FILE_BYTES = 5_000_000
FILES_KEPT = 5
STRUCK_OUT = "***"

_SECRET_KEY = re.compile(r"token|secret|passw|authorization|api_?key|credential", re.IGNORECASE)
_SECRET_TEXT = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {STRUCK_OUT}"),
    (re.compile(r"(://[^/\s:@]+:)[^@/\s]+@"), rf"\1{STRUCK_OUT}@"),
    (
        re.compile(r"(?i)\b((?:access_)?token|client_secret|password|api_key)(\s*[=:]\s*|\"\s*:\s*\")[^\s&,\"']+"),
        rf"\1\2{STRUCK_OUT}",
    ),
)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def redact(text: str) -> str:
    """The text without what looks like a secret."""
    for pattern, instead in _SECRET_TEXT:
        text = pattern.sub(instead, text)
    return text


class Redact(logging.Filter):
    """Strikes secrets out of a record's text and of its extra fields."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets the record pass, redacted."""
        record.msg = redact(record.getMessage())
        record.args = ()
        for key in set(vars(record)) - _STANDARD:
            value = getattr(record, key)
            if _SECRET_KEY.search(key):
                setattr(record, key, STRUCK_OUT)
            elif isinstance(value, str):
                setattr(record, key, redact(value))
        return True


def _json_formatter() -> logging.Formatter:
    return JsonFormatter(
        "{asctime}{levelname}{name}{message}",
        style="{",
        rename_fields={"asctime": "at", "levelname": "level", "name": "logger"},
        datefmt="%Y-%m-%dT%H:%M:%S%z",
    )


def _rotating(path: Path) -> logging.Handler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return logging.handlers.RotatingFileHandler(path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
    except OSError as error:
        raise UserError(f"The log {path} cannot be written ({error.strerror}): name another folder.") from error


def setup_logs(folder: Path | None = None, *, verbose: bool = False, console: bool = True) -> Path | None:
    """Send all logs to ``folder``/engine.jsonl (rotating) and warnings to stderr; returns the file, if there is one.

    Replaces whatever handlers stand, so that it may be called again, and after a library that called
    ``logging.basicConfig`` (pyslac does, at DEBUG). Raises ``UserError`` where the folder cannot be used.
    """
    root = logging.getLogger()
    handlers: list[logging.Handler] = []
    path: Path | None = None
    if folder is not None:
        path = folder / "engine.jsonl"
        file = _rotating(path)
        file.setFormatter(_json_formatter())
        file.setLevel(logging.DEBUG if verbose else logging.INFO)
        handlers.append(file)
    if console:
        stderr = logging.StreamHandler(sys.stderr)
        stderr.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S"))
        stderr.setLevel(logging.INFO if verbose else logging.WARNING)
        handlers.append(stderr)
    for handler in handlers:
        handler.addFilter(Redact())
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    for handler in handlers or [logging.NullHandler()]:
        root.addHandler(handler)
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    # Wires that tell each frame: their drivers already say what matters.
    for chatty in ("websockets", "httpx", "httpcore", "uvicorn.access", "uvicorn.error", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # It repeats, without saying of which device, what the driver's health tells.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    return path
