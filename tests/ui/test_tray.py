from collections.abc import Callable

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon
from sample_desk import NOW

from app.api import schema as s
from ui.tray import Tray, ring_icon


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the tray says, in place of the desktop's notifications."""
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda _icon, title, text, *_: said.append((title, text)))
    return said


def action(tray: Tray, words: str) -> QAction:
    menu = tray.icon.contextMenu()
    assert isinstance(menu, QMenu)
    return next(a for a in menu.actions() if a.text() == words)


def test_the_ring_shows_the_charge(qapp: object) -> None:
    def picture(soc: float | None, *, live: bool) -> object:
        return ring_icon(soc, live=live, dark=True).pixmap(64).toImage()

    full, half, unknown = picture(1.0, live=True), picture(0.5, live=True), picture(None, live=True)
    assert full != half != unknown
    assert picture(0.5, live=False) != half


def test_pause_and_boost_without_the_window(window: object, told: list[tuple[str, str]]) -> None:
    tray = Tray(window.shell, window.engine)  # type: ignore[attr-defined]
    action(tray, "Pause").trigger()
    window.wait(lambda: window.engine.home.wishes.paused)  # type: ignore[attr-defined]
    action(tray, "Go on").trigger()
    action(tray, "Boost for an hour").trigger()
    window.wait(lambda: window.asked("boost") == [60])  # type: ignore[attr-defined]
    assert window.asked("pause") == [True, False]  # type: ignore[attr-defined]
    assert told == []
    assert "64" in tray.icon.toolTip()


def test_a_broken_promise_is_told_once_and_leads_to_its_page(window: object, told: list[tuple[str, str]]) -> None:
    tray = Tray(window.shell, window.engine)  # type: ignore[attr-defined]
    short = s.ReadyBy(at=NOW, target_soc=0.8, planned_soc=0.6, on_track=False, short_by_wh=9000)
    window.sample.call(lambda: window.desk.change(event=None))  # type: ignore[attr-defined]
    window.sample.call(lambda: window.desk.change(ready_by=short))  # type: ignore[attr-defined]
    window.sample.call(lambda: window.desk.change(now=NOW.replace(minute=59)))  # type: ignore[attr-defined]
    window.wait(lambda: window.engine.home.now.minute == 59)  # type: ignore[attr-defined]
    assert [title for title, _ in told] == ["The car will not be ready in time"]
    tray.icon.messageClicked.emit()
    assert window.shell.current == "car"  # type: ignore[attr-defined]


def test_closing_hides_where_there_is_a_tray_unless_the_home_is_the_demo(
    window: object, settings: object, make_window: Callable[..., object]
) -> None:
    shell = window.shell  # type: ignore[attr-defined]
    tray = Tray(shell, window.engine)  # type: ignore[attr-defined]
    shell.close()
    assert not shell.isVisible()
    assert window.engine.link.state == "live", "it still watches"  # type: ignore[attr-defined]
    tray._open()
    assert shell.isVisible()
    facts = window.desk.home.facts.model_copy(update={"demo": True})  # type: ignore[attr-defined]
    window.sample.call(lambda: window.desk.change(facts=facts))  # type: ignore[attr-defined]
    window.wait(lambda: window.engine.home.facts.demo)  # type: ignore[attr-defined]
    assert not shell.hide_on_close
