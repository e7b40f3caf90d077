"""A window without a screen, over the real API server with a sample home."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
sys.path.insert(0, str(Path(__file__).parent))

import pytest
import sample_desk
from PySide6.QtCore import QEvent, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ui.client.engine import Engine
from ui.i18n import install
from ui.pages.page import Page
from ui.settings import Settings
from ui.shell import Shell
from ui.theme.look import Look, set_look

WAIT_MS = 15_000


class Window:
    """A shell with its client, as a test holds it."""

    def __init__(self, qtbot: QtBot, shell: Shell, engine: Engine, sample: sample_desk.SampleEngine) -> None:
        self.bot, self.shell, self.engine, self.sample = qtbot, shell, engine, sample

    @property
    def desk(self) -> sample_desk.SampleDesk:
        return self.sample.desk

    def wait(self, until: Callable[[], bool]) -> None:
        self.bot.waitUntil(until, timeout=WAIT_MS)

    def connect(self) -> "Window":
        self.engine.connect_now()
        self.wait(lambda: None not in (self.engine.home, self.engine.health, self.engine.events))
        return self

    def page(self, key: str) -> Page:
        self.shell.open_page(key)
        QApplication.processEvents()
        return self.shell.pages[key]

    def asked(self, what: str) -> list[object]:
        return [body for name, body in self.desk.asked if name == what]


@pytest.fixture(autouse=True)
def collect_in_the_windows_thread() -> Iterator[None]:
    """The sample engine is a thread here: were its Python to collect garbage, widgets would be freed in that thread."""
    gc.disable()
    yield
    gc.collect()


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[sample_desk.SampleEngine]:
    engine = sample_desk.SampleEngine(tmp_path)
    engine.start()
    yield engine
    engine.stop()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    kept = Settings(QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
    kept.set("look/language", "en")
    kept.set("look/theme", "light")
    return kept


@pytest.fixture
def client(qtbot: QtBot, sample: sample_desk.SampleEngine) -> Iterator[Engine]:
    engine = Engine(sample.run_file)
    yield engine
    engine.close()
    engine.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def make_window(
    qtbot: QtBot, settings: Settings, sample: sample_desk.SampleEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Window]]:
    """Call it with a size and looks; ``connect()`` on the answer reaches for the sample home."""
    made: list[Window] = []
    monkeypatch.setattr("ui.files.downloads", lambda: tmp_path)

    def make(width: int = 1280, height: int = 800, **looks: str) -> Window:
        for key, value in looks.items():
            settings.set(f"look/{key}", value)
        shell = Shell(settings)
        qtbot.addWidget(shell)
        shell.resize(width, height)
        engine = Engine(sample.run_file, shell)
        shell.attach(engine)
        shell.show()
        made.append(Window(qtbot, shell, engine, sample))
        return made[-1]

    yield make
    for window in made:
        window.engine.close()
        window.shell.hide()
        window.shell.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    install("en")
    set_look(Look())


@pytest.fixture
def window(make_window: Callable[..., Window]) -> Window:
    """A window that is connected to the sample home."""
    return make_window().connect()
