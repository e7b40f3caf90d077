"""What comes after the first paint: the engine's client, the first page, the tray."""

from pathlib import Path

from PySide6.QtCore import QTimer

from ui.client.engine import Engine
from ui.shell import Shell


def bring_to_life(shell: Shell, run_file: Path, starter: list[str]) -> Engine:
    """Give the shell its engine and everything that hangs on it."""
    engine = Engine(run_file, shell)
    shell.attach(engine)
    engine.connect_now()
    QTimer.singleShot(1500, _warm_up)
    return engine


def _warm_up() -> None:
    """Load what the next pages need while nobody waits for it."""
    import ui.client.decode
