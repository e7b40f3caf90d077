import sys
from collections.abc import Callable

import pytest
import sample_desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QWidget,
)
from sample_desk import snapshot
from screenshots import empty

from app.api import schema as s
from ui.models import installer as installer_model
from ui.models.units import Format
from ui.pages import PAGES
from ui.widgets.flow import FlowPicture
from ui.widgets.kit import Label

KEYS = [page.key for page in PAGES]


def shown_text(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def open_and_unlock(window: object, key: str) -> QWidget:
    page = window.page(key)  # type: ignore[attr-defined]
    if hasattr(page, "unlock"):
        page.unlock()
    if key == "plan":
        window.wait(lambda: page.chart is not None or window.desk.current_plan is None)  # type: ignore[attr-defined]
    if key == "installer":
        window.wait(lambda: page._home is not None)  # type: ignore[attr-defined]
    if key == "history":
        window.wait(lambda: page._summary is not None)  # type: ignore[attr-defined]
        window.wait(lambda: bool(page._decisions) or window.desk.empty_history)  # type: ignore[attr-defined]
    QApplication.processEvents()
    return page


@pytest.mark.parametrize("key", KEYS)
def test_every_page_stands_before_the_engine_has_said_anything(make_window: Callable[..., object], key: str) -> None:
    page = make_window().page(key)  # type: ignore[attr-defined]
    assert page.isVisible()


@pytest.mark.parametrize("key", KEYS)
def test_every_page_on_the_first_day_teaches(make_window: Callable[..., object], sample: object, key: str) -> None:
    empty(sample)  # type: ignore[arg-type]
    window = make_window()
    window.connect()  # type: ignore[attr-defined]
    text = shown_text(open_and_unlock(window, key))
    taught = {
        "home": "No departure is set",
        "plan": "No plan yet",
        "car": "A session starts when a car is plugged in",
        "events": "No events yet",
        "history": "Nothing here yet",
    }
    assert taught.get(key, "") in text
    assert "None" not in text
    assert "nan" not in text.lower().split()


def test_home_answers_the_three_questions(window: object) -> None:
    text = shown_text(open_and_unlock(window, "home")).replace("\u00a0", " ")
    assert "Feeding the house from the car until 21:00, because the grid costs 0.38 €" in text
    assert "Next, 21:00: Wait for a better price" in text
    assert "On track, ready tomorrow 05:15" in text
    assert "1.84 €" in text


def test_away_greys_the_picture_and_says_since_when(window: object) -> None:
    page = open_and_unlock(window, "home")
    picture = page.findChild(FlowPicture)
    assert picture.moving
    window.sample.stop()  # type: ignore[attr-defined]
    window.wait(lambda: window.engine.link.state == "away")  # type: ignore[attr-defined]
    assert not picture.moving
    assert "away since" in window.shell.notice.text  # type: ignore[attr-defined]
    assert "1.84" in shown_text(page), "the last figures stay"
    assert not page.isEnabled()
    window.sample.start()  # type: ignore[attr-defined]
    window.engine.connect_now()  # type: ignore[attr-defined]
    window.wait(lambda: window.engine.link.state == "live")  # type: ignore[attr-defined]
    assert window.shell.notice.text == ""  # type: ignore[attr-defined]
    assert page.isEnabled()


def test_stale_readings_stand_still_and_are_called_so(window: object) -> None:
    picture = open_and_unlock(window, "home").findChild(FlowPicture)
    home = snapshot()
    window.desk.home = home  # type: ignore[attr-defined]
    stale = home.flow.model_copy(update={"stale": True})
    window.sample.call(lambda: window.desk.change(flow=stale))  # type: ignore[attr-defined]
    window.wait(lambda: not picture.moving)  # type: ignore[attr-defined]
    assert picture._picture.stale


def test_reduced_motion_shows_arrows_that_stand_still(make_window: Callable[..., object]) -> None:
    window = make_window(reduced_motion="true").connect()  # type: ignore[attr-defined]
    picture = open_and_unlock(window, "home").findChild(FlowPicture)
    assert not picture.moving
    assert not picture.grab().isNull()


def test_a_device_that_fails_is_told_on_home_with_the_way_to_it(window: object) -> None:
    page = open_and_unlock(window, "home")
    assert page.notice.isHidden()
    failed = [s.HealthOut(name="meter", level="failed", text="No answer for 20 s: check its cable.")]
    window.sample.call(lambda: window.desk.change(health=failed))  # type: ignore[attr-defined]
    window.wait(lambda: "check its cable" in page.notice.text)  # type: ignore[attr-defined]
    QApplication.processEvents()
    next(b for b in page.notice.findChildren(QAbstractButton) if b.isVisible()).click()
    assert window.shell.current == "installer"  # type: ignore[attr-defined]


def test_an_unencrypted_session_is_told_wherever_the_car_is_shown(window: object) -> None:
    home, car = open_and_unlock(window, "home"), open_and_unlock(window, "car")
    assert car.unprotected.isHidden()
    bare = window.desk.home.car.model_copy(  # type: ignore[attr-defined]
        update={"encryption": "none", "cipher": "", "unprotected_by_switch": True, "certificate": None}
    )
    window.sample.call(lambda: window.desk.change(car=bare))  # type: ignore[attr-defined]
    window.wait(lambda: "not encrypted" in home.notice.text and "not encrypted" in car.unprotected.text)  # type: ignore[attr-defined]
    shown = {name: fact.figure.text() for name, fact in car._detail_rows.items()}
    assert "laboratory switch" in shown["Encryption"]
    assert shown["The car's certificate"] == "—"
    encrypted = bare.model_copy(update={"encryption": "tls13", "unprotected_by_switch": False})
    window.sample.call(lambda: window.desk.change(car=encrypted))  # type: ignore[attr-defined]
    window.wait(lambda: car.unprotected.isHidden() and home.notice.isHidden())  # type: ignore[attr-defined]


def test_the_checklist_names_certificates_by_what_is_wrong_with_them(window: object) -> None:
    def step(**changes: object) -> installer_model.Step:
        page = sample_desk.installer().model_copy(update=changes)
        return next(one for one in installer_model.steps(page, {}, Format()) if one.key == "certificates")

    assert step().state == "warn"
    assert "expires in 12 days" in step().words
    good = [one.model_copy(update={"problem": ""}) for one in sample_desk.certificates()]
    assert step(certificates=good).state == "done"
    assert "Lindenweg 12 Root CA" in step(certificates=good).facts[0][1].text
    dead = [good[0].model_copy(update={"problem": "It expired yesterday.", "usable": False}), good[1]]
    assert step(certificates=dead).state == "failed"
    assert step(certificates=good, unprotected_by_switch=True).state == "warn"
    assert step(certificates=[]).state == "todo"
    assert "looked at" in step(certificates=None).words
    assert step(devices=[]).state == "none"


def test_a_home_with_nothing_in_it_yet_shows_the_way(make_window: Callable[..., object], sample: object) -> None:
    sample.desk.home = snapshot(flow=s.Flow(missing={"grid_w": "No meter."}), car=s.CarNow(), health=[])  # type: ignore[attr-defined]
    sample.desk.current_plan = None  # type: ignore[attr-defined]
    sample.desk.installer = lambda: s.InstallerOut(devices=[], links=[], limits={}, home_file="h", home_toml="")  # type: ignore[attr-defined]
    window = make_window()
    window.connect()  # type: ignore[attr-defined]
    assert "No meter yet" in open_and_unlock(window, "home").notice.text
    page = open_and_unlock(window, "installer")
    assert page.count.text() == "3 of 8", "neither inverter nor certificates nor links are asked of every home"
    assert not page._sign_test.isVisible()


def test_without_a_home_the_welcome_offers_two_ways_and_ends_with_the_first_snapshot(
    make_window: Callable[..., object], sample: object, tmp_path: object
) -> None:
    from ui.after import _offer_welcome

    window = make_window()
    shell, client = window.shell, window.engine  # type: ignore[attr-defined]
    told = tmp_path / "asked.txt"  # type: ignore[operator]
    script = f"import sys, pathlib; pathlib.Path({str(told)!r}).write_text(' '.join(sys.argv[1:]))"
    _offer_welcome(shell, client, [sys.executable, "-c", script])
    shell.open_page("home")
    page = shell.stack.currentWidget()
    assert "Welcome" in shown_text(page)
    page.fuse.setValue(25)
    page.own.click()
    window.wait(lambda: told.exists() and told.read_text() != "")  # type: ignore[attr-defined]
    assert told.read_text() == "--new-home --fuse-a 25 --phases 3"
    window.wait(lambda: client.home is not None)  # type: ignore[attr-defined]
    assert shell.stack.currentWidget() is shell.pages["home"]


CONTROLS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox)


@pytest.mark.parametrize("key", KEYS)
def test_every_control_has_a_name_and_is_reached_by_tab(window: object, key: str) -> None:
    page = open_and_unlock(window, key)
    controls = [
        c
        for c in window.shell.findChildren(QWidget)  # type: ignore[attr-defined]
        if isinstance(c, CONTROLS) and c.isVisible() and c.isEnabled() and c.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    nameless = [c for c in controls if not (c.accessibleName() or getattr(c, "text", lambda: "")())]
    assert nameless == []
    reached, current = set(), window.shell.focusWidget() or window.shell  # type: ignore[attr-defined]
    current = window.shell  # type: ignore[attr-defined]
    for _ in range(2000):
        current = current.nextInFocusChain()
        if current is window.shell:  # type: ignore[attr-defined]
            break
        reached.add(current)
    proxies = {c.focusProxy() for c in reached if c.focusProxy()}
    assert [c.accessibleName() for c in controls if c not in reached | proxies] == []
    assert page.isVisible()


def test_tab_goes_through_the_pages_in_reading_order(window: object) -> None:
    open_and_unlock(window, "home")
    shell = window.shell  # type: ignore[attr-defined]
    shell.activateWindow()
    QApplication.processEvents()
    names = []
    for _ in range(12):
        shell.focusNextPrevChild(True)
        focus = shell.focusWidget()
        names.append(focus.accessibleName() if focus else "")
    rail = [page.title for page in PAGES]
    assert names[: len(rail)] == rail
    assert names[len(rail)] == "Picture of the power flows"
    assert names[len(rail) + 1] == "Change when the car is ready"


def test_the_picture_tells_a_screen_reader_what_flows(window: object) -> None:
    picture = open_and_unlock(window, "home").findChild(FlowPicture)
    assert picture.accessibleName() == "Picture of the power flows"
    assert "To the grid: 1.2" in picture.accessibleDescription()


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("width", "scale"), [(320, "1.0"), (360, "1.0"), (1280, "1.0"), (800, "2.0")])
def test_no_text_is_cut_off(make_window: Callable[..., object], language: str, width: int, scale: str) -> None:
    window = make_window(width, 700, language=language, scale=scale).connect()  # type: ignore[attr-defined]
    cut = []
    for key in KEYS:
        page = open_and_unlock(window, key)
        window.bot.wait(50)  # layouts settle over a few turns of the loop
        assert page.widget().width() <= page.viewport().width(), f"{key} is wider than the window"
        edge = page.viewport().width()
        for part in page.findChildren(QWidget):
            if (
                not part.isVisible()
                or not isinstance(part, Label | QAbstractButton)
                or not getattr(part, "text", str)()
            ):
                continue
            left = part.mapTo(page.widget(), part.rect().topLeft()).x()
            if left + part.width() > edge + 1:
                cut.append((key, part.text(), "beyond the edge"))
            if isinstance(part, Label) and part.wordWrap():
                if part.height() + 1 < part.heightForWidth(part.width()):
                    cut.append((key, part.text(), "too low"))
            elif part.width() + 1 < part.sizeHint().width():
                cut.append((key, part.text(), f"{part.width()} < {part.sizeHint().width()}"))
    assert cut == []


def test_language_theme_and_size_change_at_once_and_keep_the_page(window: object) -> None:
    page = open_and_unlock(window, "look")
    before = window.shell.pages["look"]  # type: ignore[attr-defined]
    page._set("look/language", "de")
    window.wait(lambda: window.shell.pages.get("look") not in (None, before))  # type: ignore[attr-defined]
    assert window.shell.current == "look"  # type: ignore[attr-defined]
    assert "Erscheinungsbild" in shown_text(window.shell.pages["look"])  # type: ignore[attr-defined]


def test_shortcuts_open_pages(window: object) -> None:
    window.shell.activateWindow()  # type: ignore[attr-defined]
    window.bot.keyClick(window.shell, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)  # type: ignore[attr-defined]
    assert window.shell.current == "car"  # type: ignore[attr-defined]


def test_a_new_page_is_a_line_and_a_module() -> None:
    import importlib

    for page in PAGES:
        assert hasattr(importlib.import_module(page.module), "View")
