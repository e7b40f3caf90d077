"""The run file: where a running engine says how to reach it. Read again at each reconnect: a new engine writes anew."""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ui.i18n import tr


class RunFileError(Exception):
    """No engine can be reached from this run file: one sentence says why (empty: none runs)."""


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """How to reach the engine."""

    url: str
    """Base address without a path, such as ``http://127.0.0.1:8770``."""
    token: str
    api_version: str


def read_run_file(path: Path) -> EngineAddress:
    """The engine's address and token.

    Raises ``RunFileError`` where the file is missing (no engine runs), broken, or names a token that cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        url, token_file = content["url"], Path(content["token_file"])
        api_version = str(content.get("api_version", ""))
    except FileNotFoundError as error:
        raise RunFileError("") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFileError(tr("The run file {path} cannot be read: start the engine anew.", path=str(path))) from error
    if not isinstance(url, str) or urlsplit(url).scheme not in {"http", "https"}:
        raise RunFileError(tr("The run file {path} names no web address: start the engine anew.", path=str(path)))
    try:
        token = token_file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        words = tr("The token file {path} cannot be read: run the window as the engine's user.", path=str(token_file))
        raise RunFileError(words) from error
    return EngineAddress(url.rstrip("/"), token, api_version)
