"""Who may ask what: three roles, a bearer token each, in files that only their owner can read.

``token`` opens everything and is what the window uses; ``token.homeowner`` leaves out the installer's page;
``token.reader`` only looks. A token is made once and stays until its file is deleted.
"""

import hmac
import os
import secrets
from enum import IntEnum
from pathlib import Path


class Role(IntEnum):
    """A role may do all that a lesser one may."""

    READER = 1
    HOMEOWNER = 2
    INSTALLER = 3


_FILES = {Role.INSTALLER: "token", Role.HOMEOWNER: "token.homeowner", Role.READER: "token.reader"}


class Tokens:
    """The tokens of one engine."""

    def __init__(self, folder: Path) -> None:
        """Read the tokens in ``folder``, making those that are missing."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.window_file = folder / _FILES[Role.INSTALLER]
        self._tokens = {role: _read_or_make(folder / name) for role, name in _FILES.items()}

    def role_of(self, token: str) -> Role | None:
        """The role that this token opens, or None; takes the same time for every wrong token."""
        given = token.encode()
        matches = [role for role, known in self._tokens.items() if hmac.compare_digest(given, known.encode())]
        return matches[0] if matches else None


def _read_or_make(path: Path) -> str:
    if path.exists():
        path.chmod(0o600)
        token = path.read_text().strip()
        if len(token) >= 32:
            return token
        path.unlink()
    token = secrets.token_urlsafe(32)
    # O_EXCL with the mode at creation: the token is never readable by others, not even for a moment.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token + "\n")
    return token
