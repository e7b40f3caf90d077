"""Where things lie on this machine.

The environment variable TWOWAY_HOME_DIR puts everything under one folder (a gateway's data disk, a test); otherwise the
system's own places are used.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP = "twoway"
OVERRIDE = "TWOWAY_HOME_DIR"
SECRETS_NAME = "secrets.toml"


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one user's Twoway. None of them is made here."""

    config: Path
    """The home file and the secrets: what a person wrote."""
    state: Path
    """The store and the logs: what the engine wrote, and must not lose."""
    runtime: Path
    """Where a running engine says that it runs; may vanish at a restart."""

    @property
    def home_file(self) -> Path:
        """The home file that is used when none is named."""
        return self.config / "home.toml"

    @property
    def run_file(self) -> Path:
        """Where a running engine says how it is reached: JSON with ``url``, ``token_file``, ``api_version``."""
        return self.runtime / "engine.json"

    @property
    def certificates(self) -> Path:
        """The home's certificates and their encrypted keys."""
        return self.state / "pki"

    @property
    def logs(self) -> Path:
        """The log files' folder."""
        return self.state / "logs"


def standard_paths() -> Paths:
    """The folders in force now."""
    override = os.environ.get(OVERRIDE)
    if override:
        base = Path(override).expanduser().absolute()
        return Paths(config=base, state=base / "state", runtime=base / "run")
    state = platformdirs.user_state_path(APP, appauthor=False)
    # Without a login session there is no folder of one's own that vanishes; one in /tmp could be anybody's.
    session = "XDG_RUNTIME_DIR" in os.environ
    return Paths(
        config=platformdirs.user_config_path(APP, appauthor=False),
        state=state,
        runtime=platformdirs.user_runtime_path(APP, appauthor=False) if session else state / "run",
    )


def secrets_file(home_file: Path) -> Path:
    """The secrets of a home: beside its home file."""
    return home_file.with_name(SECRETS_NAME)
