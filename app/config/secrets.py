"""The home's secrets: passwords and keys, apart from the home file, readable by their owner only.

The home file names a secret; its value stands in ``secrets.toml`` beside it, as ``name = "value"``.
"""

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

import tomlkit

from app.config.load import write_whole
from app.errors import UserError

OWNER_ONLY = 0o600


class SecretsError(UserError):
    """The secrets file cannot be used; the text says why, and the way out."""


class Secrets:
    """Values by name. Printing it shows none of them."""

    def __init__(self, values: Mapping[str, str], path: Path) -> None:
        self._values = dict(values)
        self._path = path

    def get(self, name: str) -> str:
        """The secret called ``name``. Raises SecretsError where there is none."""
        try:
            return self._values[name]
        except KeyError:
            raise SecretsError(f'no secret is called "{name}": add {name} = "…" to {self._path}') from None

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __repr__(self) -> str:
        return f"Secrets({len(self._values)} in {self._path})"


def read_secrets(path: Path) -> Secrets:
    """The secrets in ``path``; none where there is no such file.

    Raises SecretsError where others may read it, or where it is not ``name = "value"`` lines.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return Secrets({}, path)
    except OSError as error:
        raise SecretsError(f"{path} cannot be opened: {error.strerror}: make it a plain file of yours") from error
    try:
        # Not to wait for a pipe (O_NONBLOCK); of the opened file, not of its name: nobody can swap it in between.
        _refuse_loose(path, os.fstat(handle))
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = tomllib.loads(file.read().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        # The parser's text may quote the line, and with it the secret.
        raise SecretsError(f'{path} is not readable: write one name = "value" a line') from None
    finally:
        os.close(handle)
    for name, value in data.items():
        if not isinstance(value, str):
            raise SecretsError(f'{path}: {name} is no text: write {name} = "…"')
    return Secrets(data, path)


def write_secret(path: Path, name: str, value: str | None) -> None:
    """Keep ``value`` under ``name``, or forget it (None); the other lines stay as they are. Raises SecretsError."""
    read_secrets(path)
    document = tomlkit.parse(path.read_text("utf-8-sig")) if path.exists() else tomlkit.document()
    if value is None:
        document.pop(name, None)
    else:
        document[name] = value
    write_whole(path, tomlkit.dumps(document), OWNER_ONLY)


def _refuse_loose(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SecretsError(f"{path} is no plain file: move it away and write a new one")
    if status.st_mode & 0o077:
        raise SecretsError(f"{path} can be read by others: chmod 600 {path}")
    if status.st_uid not in (os.geteuid(), 0):
        raise SecretsError(f"{path} belongs to somebody else: chown it to the user that runs the engine")
