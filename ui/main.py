"""The window's process: paint the shell first, then reach for the engine."""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from ui.settings import Settings
from ui.shell import Shell
from ui.theme.icons import pixmap
from ui.theme.look import look


def process_age_s() -> float:
    """Seconds since this process was started, its interpreter's start included (0.0 where the system does not tell)."""
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return 0.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the window until it is closed."""
    parser = argparse.ArgumentParser(
        prog="python -m ui", description="The Twoway window: a client of a running engine."
    )
    parser.add_argument("--run-file", type=Path, required=True, help="where the engine says how to reach it")
    parser.add_argument("--starter", help="JSON list: the command that starts an engine, for the first page")
    parser.add_argument("--measure", action="store_true", help="print the time to the first paint, and quit")
    args = parser.parse_args(argv)
    QGuiApplication.setDesktopFileName("twoway")
    app = QApplication(sys.argv[:1])
    app.setApplicationName("twoway")
    app.setApplicationDisplayName("Twoway")
    shell = Shell(Settings())
    app.setWindowIcon(QIcon(pixmap("zap", 64, look().tokens.accent)))
    starter: list[str] = json.loads(args.starter) if args.starter else []

    def after_paint() -> None:
        if args.measure:
            print(f"first paint after {process_age_s():.2f} s", flush=True)
            app.quit()
            return
        from ui.after import bring_to_life

        bring_to_life(shell, args.run_file, starter)

    shell.painted.connect(lambda: QTimer.singleShot(0, after_paint))
    shell.show()
    return app.exec()
