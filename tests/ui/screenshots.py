# ruff: noqa: E402  (the platform is chosen before Qt is loaded)
"""Take pictures of the window: ``python tests/ui/screenshots.py FOLDER [NAME …]``, offscreen or on a display.

Each shot is a line of SHOTS: name, page, size, settings, and what is done to the sample home before. With
``--run-file FILE`` the pictures show a running engine instead.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

import sample_desk as sample
from PySide6.QtCore import QSettings, QSize
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from app.api import schema as s
from ui.after import bring_to_life
from ui.settings import Settings
from ui.shell import Shell

DESK = QSize(1280, 800)
PHONE = QSize(360, 640)


def assets(engine: sample.SampleEngine) -> None:
    engine.desk.home = engine.desk.home.model_copy(update=sample.with_assets())


def empty(engine: sample.SampleEngine) -> None:
    home = engine.desk.home
    engine.desk.home = home.model_copy(
        update={
            "car": s.CarNow(),
            "flow": s.Flow(grid_w=420, missing={"solar_w": "No inverter is set up."}),
            "set_point": home.set_point.model_copy(update={"reason": s.ReasonOut(code="no_car")}),
            "next_step": None,
            "ready_by": s.ReadyBy(),
            "today": s.Today(),
            "event": None,
            "wishes": s.WishesOut(),
        }
    )
    engine.desk.current_plan = None
    engine.desk.current_events = []
    engine.desk.empty_history = True


def faulty(engine: sample.SampleEngine) -> None:
    """A welded contactor, and a capture that is kept."""
    engine.desk.fault = "the power stage's contactor is welded: it does not open; switch the charger off"
    engine.desk.captures = s.CaptureOut(running=False, bytes=1_240_000)


def away(engine: sample.SampleEngine) -> None:
    engine.stop()


SHOTS: dict[str, tuple[str, QSize, dict[str, str], Callable[[sample.SampleEngine], None] | None]] = {
    "home-light": ("home", DESK, {"look/theme": "light"}, None),
    "home-dark": ("home", DESK, {"look/theme": "dark"}, None),
    "home-phone": ("home", PHONE, {"look/theme": "light"}, None),
    "home-320": ("home", QSize(320, 600), {"look/theme": "light", "look/language": "de"}, None),
    "home-4k": ("home", QSize(3840, 2160), {"look/theme": "light"}, None),
    "home-german": ("home", DESK, {"look/theme": "light", "look/language": "de"}, None),
    "home-200": ("home", DESK, {"look/theme": "light", "look/scale": "2.0"}, None),
    "home-away": ("home", DESK, {"look/theme": "light"}, away),
    "home-empty": ("home", DESK, {"look/theme": "light"}, empty),
    "plan-light": ("plan", DESK, {"look/theme": "light"}, None),
    "plan-dark": ("plan", DESK, {"look/theme": "dark"}, None),
    "plan-phone": ("plan", PHONE, {"look/theme": "light"}, None),
    "plan-german": ("plan", DESK, {"look/theme": "light", "look/language": "de"}, None),
    "plan-step": ("plan", DESK, {"look/theme": "light"}, None),
    "plan-step-dark": ("plan", DESK, {"look/theme": "dark", "look/language": "de"}, None),
    "plan-step-phone": ("plan", PHONE, {"look/theme": "light", "look/language": "de"}, None),
    "plan-empty": ("plan", DESK, {"look/theme": "light"}, empty),
    "car-light": ("car", DESK, {"look/theme": "light"}, None),
    "car-dark": ("car", DESK, {"look/theme": "dark"}, None),
    "car-phone": ("car", PHONE, {"look/theme": "light"}, None),
    "car-german": ("car", DESK, {"look/theme": "light", "look/language": "de"}, None),
    "car-200": ("car", DESK, {"look/theme": "light", "look/scale": "2.0", "look/language": "de"}, None),
    "car-empty": ("car", DESK, {"look/theme": "light"}, empty),
    "events-light": ("events", DESK, {"look/theme": "light"}, None),
    "events-dark": ("events", DESK, {"look/theme": "dark"}, None),
    "events-phone": ("events", PHONE, {"look/theme": "light", "look/language": "de"}, None),
    "events-empty": ("events", DESK, {"look/theme": "light"}, empty),
    "history-light": ("history", DESK, {"look/theme": "light"}, None),
    "history-dark": ("history", DESK, {"look/theme": "dark", "look/language": "de"}, None),
    "history-phone": ("history", PHONE, {"look/theme": "light"}, None),
    "history-empty": ("history", DESK, {"look/theme": "light"}, empty),
    "installer-light": ("installer", DESK, {"look/theme": "light"}, None),
    "installer-dark": ("installer", DESK, {"look/theme": "dark", "look/language": "de"}, None),
    "installer-phone": ("installer", PHONE, {"look/theme": "light", "look/language": "de"}, None),
    "installer-fault": ("installer", DESK, {"look/theme": "light"}, faulty),
    "installer-fault-dark": ("installer", DESK, {"look/theme": "dark", "look/language": "de"}, faulty),
    "installer-fault-phone": ("installer", PHONE, {"look/theme": "light", "look/language": "de"}, faulty),
    "assets-light": ("home", DESK, {"look/theme": "light"}, assets),
    "assets-dark": ("home", DESK, {"look/theme": "dark", "look/language": "de"}, assets),
    "assets-phone": ("home", PHONE, {"look/theme": "light", "look/language": "de"}, assets),
    "assets-car": ("car", DESK, {"look/theme": "light", "look/language": "de"}, assets),
    "assets-plan": ("plan", DESK, {"look/theme": "light", "look/language": "de"}, assets),
    "settings-light": ("look", DESK, {"look/theme": "light"}, None),
    "settings-phone": ("look", PHONE, {"look/theme": "dark", "look/language": "de"}, None),
}


def pump(app: QApplication, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not until():
        app.processEvents()
        time.sleep(0.005)


def take(app: QApplication, name: str, folder: Path, run_file: Path | None) -> None:
    page, size, looks, before = SHOTS[name]
    with tempfile.TemporaryDirectory() as temp:
        engine = sample.SampleEngine(Path(temp))
        engine.start()
        if before in (empty, faulty, assets):
            before(engine)
        store = QSettings(str(Path(temp) / "window.ini"), QSettings.Format.IniFormat)
        settings = Settings(store)
        for key, value in {"look/language": "en", **looks}.items():
            settings.set(key, value)
        settings.set("installer/unlocked_for_pictures", True)
        shell = Shell(settings)
        shell.resize(size)
        shell.current = page
        shell.show()
        client = bring_to_life(shell, run_file or engine.run_file, [])
        pump(app, 6, lambda: client.home is not None)
        pump(app, 1.6)
        if before is away:
            away(engine)
            pump(app, 1.5)
        view = shell.pages.get(page)
        unlock = getattr(view, "unlock", None)
        if unlock is not None:
            unlock()
            pump(app, 1.0)
        if name.startswith("plan-step"):
            pump(app, 10, lambda: view is not None and view.chart is not None)
            view.chart.cursor_moved.emit(sample.NOW.timestamp() + 8 * 3600)
            pump(app, 0.5)
        shell.grab().save(str(folder / f"{name}.png"))
        bar = view.verticalScrollBar() if view is not None else None
        if bar is not None and bar.maximum() > 40:
            bar.setValue(bar.maximum())
            pump(app, 0.3)
            shell.grab().save(str(folder / f"{name}-below.png"))
        client.close()
        shell.close()
        shell.deleteLater()
        engine.stop()
        pump(app, 0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description="Take pictures of the window.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="which (default: all)")
    parser.add_argument("--run-file", type=Path)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    app.setFont(QFont("Inter", 10))
    app.setQuitOnLastWindowClosed(False)
    for name in args.names or SHOTS:
        take(app, name, args.folder, args.run_file)
        print(args.folder / f"{name}.png")


if __name__ == "__main__":
    main()
