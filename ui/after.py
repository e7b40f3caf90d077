"""What comes after the first paint: the engine's client, the first page, the tray."""

from pathlib import Path

from PySide6.QtCore import QTimer

from ui.client.engine import Engine
from ui.shell import Shell

WARM_UP_MS = 1500


def bring_to_life(shell: Shell, run_file: Path, starter: list[str]) -> Engine:
    """Give the shell its engine and everything that hangs on it.

    ``starter`` is the command that starts an engine; given only where no home has been set up yet.
    """
    engine = Engine(run_file, shell)
    if starter and not run_file.exists():
        _offer_welcome(shell, engine, starter)
    shell.attach(engine)
    engine.connect_now()
    QTimer.singleShot(WARM_UP_MS, _warm_up)
    from ui.tray import make_tray

    make_tray(shell, engine)
    return engine


def _offer_welcome(shell: Shell, engine: Engine, starter: list[str]) -> None:
    from ui.pages.page import Context
    from ui.pages.welcome import View

    shell.welcome = lambda: View(Context(engine, shell.settings, shell.open_page, shell.renew), starter)


def _warm_up() -> None:
    """Load what the next pages need while nobody waits for it."""
    import ui.client.decode
    import ui.pages.car
    import ui.pages.events  # noqa: F401
