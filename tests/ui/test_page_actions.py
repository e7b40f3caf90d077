"""What happens when a person presses something: the engine is asked, the answer said inline, and it can be undone."""

import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from sample_desk import NOW, events

from app.api.desk import Refused
from ui.installer.bundle import HIDDEN, make_bundle, redact, redact_toml
from ui.models import installer as checklist
from ui.models import plan as plan_model
from ui.models.units import Format
from ui.widgets.kit import Notice

DEPARTURE = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
FMT = Format(timezone="Europe/Berlin", currency="EUR")


def press(widget: QWidget, words: str) -> None:
    QApplication.processEvents()
    found = [
        b for b in widget.findChildren(QPushButton) if b.isVisible() and words in (b.text().strip(), b.accessibleName())
    ]
    assert found, f"no button '{words}' among {[b.text() for b in widget.findChildren(QPushButton) if b.isVisible()]}"
    found[0].click()
    QApplication.processEvents()


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def said(notice: Notice) -> str:
    return plain(notice.text)


# ---- Plan -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def plan_page(window: object) -> object:
    page = window.page("plan")  # type: ignore[attr-defined]
    window.wait(lambda: page.chart is not None)  # type: ignore[attr-defined]
    return page


def test_dragging_the_flag_previews_and_nothing_changes_before_accepting(window: object, plan_page: object) -> None:
    flag = plan_page.chart._flags[0]  # type: ignore[attr-defined]
    assert flag.value() == DEPARTURE.timestamp()
    flag.setValue(DEPARTURE.timestamp() - 5 * 3600 - 200)
    flag.sigPositionChangeFinished.emit(flag)
    window.wait(lambda: plan_page._preview is not None)  # type: ignore[attr-defined]
    (wishes,) = window.asked("preview")  # type: ignore[attr-defined]
    assert wishes.one_off.at == DEPARTURE - timedelta(hours=5)  # type: ignore[attr-defined]
    assert wishes.one_off.target_soc == 0.8  # type: ignore[attr-defined]
    words = said(plan_page.notice)  # type: ignore[attr-defined]
    assert "it costs 0.40 € more" in words
    assert "70 % instead of 80 %" in words
    assert window.asked("set_wishes") == []  # type: ignore[attr-defined]
    press(plan_page, "Accept")  # type: ignore[arg-type]
    window.wait(lambda: bool(window.asked("set_wishes")))  # type: ignore[attr-defined]
    window.wait(lambda: "holds" in said(plan_page.notice))  # type: ignore[attr-defined]
    press(plan_page, "Undo")  # type: ignore[arg-type]
    window.wait(lambda: len(window.asked("set_wishes")) == 2)  # type: ignore[attr-defined]
    assert window.asked("set_wishes")[1].one_off is None  # type: ignore[attr-defined]


def test_a_discarded_preview_leaves_all_as_it_was(window: object, plan_page: object) -> None:
    press(plan_page, "Leave later")  # type: ignore[arg-type]
    window.wait(lambda: plan_page._preview is not None)  # type: ignore[attr-defined]
    press(plan_page, "Discard")  # type: ignore[arg-type]
    assert plan_page._preview is None  # type: ignore[attr-defined]
    assert window.asked("set_wishes") == []  # type: ignore[attr-defined]


def test_a_new_plan_does_not_take_the_flag_out_of_the_hand(window: object, plan_page: object) -> None:
    flag = plan_page.chart._flags[0]  # type: ignore[attr-defined]
    flag.moving = True
    plan_page.show_plan(window.desk.current_plan)  # type: ignore[attr-defined]
    assert plan_page.chart._flags[0] is flag  # type: ignore[attr-defined]
    flag.moving = False
    plan_page.show_plan(window.desk.current_plan)  # type: ignore[attr-defined]
    assert plan_page.chart._flags[0] is not flag  # type: ignore[attr-defined]


def test_a_departure_in_the_past_is_refused_here(window: object, plan_page: object) -> None:
    plan_page._ask(DEPARTURE, NOW - timedelta(hours=1))  # type: ignore[attr-defined]
    assert "must lie ahead" in said(plan_page.notice)  # type: ignore[attr-defined]
    assert window.asked("preview") == []  # type: ignore[attr-defined]


def test_a_refused_preview_says_why(window: object, plan_page: object) -> None:
    window.desk.refuse = Refused("The car cannot be ready by then.")  # type: ignore[attr-defined]
    press(plan_page, "Leave earlier")  # type: ignore[arg-type]
    window.wait(lambda: said(plan_page.notice) == "The car cannot be ready by then.")  # type: ignore[attr-defined]


def test_the_cursor_reads_numbers_and_the_reason(window: object, plan_page: object) -> None:
    plan_page.chart.set_cursor_at(datetime(2026, 11, 25, 1, 5, tzinfo=UTC).timestamp())  # type: ignore[attr-defined]
    assert plan_page.reason.text() == "Charge cheaply"  # type: ignore[attr-defined]
    texts = {f._caption.text(): plain(f._value.text()) for f in plan_page._readout}  # type: ignore[attr-defined]
    assert texts["Car charges"] == "6.9 kW"
    assert texts["Buy"] == "0.13 €/kWh"


def test_arrow_keys_move_the_cursor_and_with_shift_the_departure(window: object, plan_page: object) -> None:
    window.bot.keyClick(plan_page.chart, Qt.Key.Key_Right)  # type: ignore[attr-defined]
    assert plan_page._pointed == NOW + timedelta(minutes=15)  # type: ignore[attr-defined]
    window.bot.keyClick(plan_page.chart, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)  # type: ignore[attr-defined]
    window.wait(lambda: bool(window.asked("preview")))  # type: ignore[attr-defined]
    assert window.asked("preview")[0].one_off.at == DEPARTURE - timedelta(minutes=15)  # type: ignore[attr-defined]


def test_the_curves_break_while_the_car_is_away(window: object) -> None:
    series = plan_model.series(window.desk.current_plan, 0.64)  # type: ignore[attr-defined]
    assert series.soc_percent[0] == 64
    gaps = [x for x in series.soc_percent if x != x]
    assert len(gaps) == 36
    assert len(series.edge_s) == len(series.load_kw) + 1 == len(series.soc_percent)
    assert max(series.feed_kw) <= 0 <= min(series.charge_kw)


# ---- Car ------------------------------------------------------------------------------------------------------------


def test_boost_and_its_end(window: object) -> None:
    page = window.page("car")  # type: ignore[attr-defined]
    press(page, "Boost for 1\u00a0h")
    window.wait(lambda: page.boost_words.isVisible())  # type: ignore[attr-defined]
    assert "60 min" in said(page.notice)
    press(page, "End the boost")
    window.wait(lambda: window.asked("boost") == [60, 0])  # type: ignore[attr-defined]


def test_pause_goes_on_and_is_undone(window: object) -> None:
    page = window.page("car")  # type: ignore[attr-defined]
    press(page, "Pause charging and feeding")
    window.wait(lambda: "Paused" in said(page.notice))  # type: ignore[attr-defined]
    press(page, "Undo")
    window.wait(lambda: window.asked("pause") == [True, False])  # type: ignore[attr-defined]


def test_the_session_ends_only_after_its_consequence_was_read(window: object) -> None:
    page = window.page("car")  # type: ignore[attr-defined]
    press(page, "End the session …")
    assert "unlocks the cable" in said(page.notice)
    assert window.asked("stop") == []  # type: ignore[attr-defined]
    press(page, "End it")
    window.wait(lambda: len(window.asked("stop")) == 1)  # type: ignore[attr-defined]


def test_wishes_are_edited_saved_and_undone(window: object) -> None:
    page = window.page("car")  # type: ignore[attr-defined]
    editor, before = page.editor, window.desk.home.wishes  # type: ignore[attr-defined]
    assert not editor.dirty
    editor.reserve.setValue(45)
    press(page, "Add a weekly departure")
    editor._rows[1].target.setValue(60)
    editor.once.setChecked(True)
    assert said(page.save_bar) == "Changed, not saved yet."
    window.sample.call(lambda: window.desk.change(now=NOW + timedelta(minutes=1)))  # type: ignore[attr-defined]
    window.wait(lambda: window.engine.home.now > NOW)  # type: ignore[attr-defined]
    assert editor.reserve.value() == 45, "a snapshot does not wipe what is being written"
    press(page, "Save")
    window.wait(lambda: "Saved" in said(page.notice))  # type: ignore[attr-defined]
    saved = window.asked("set_wishes")[0]  # type: ignore[attr-defined]
    assert saved.reserve_soc == 0.45  # type: ignore[attr-defined]
    assert [w.target_soc for w in saved.weekly] == [0.8, 0.6]  # type: ignore[attr-defined]
    assert saved.one_off.at.hour == 17  # type: ignore[attr-defined]
    assert not editor.dirty
    press(page, "Undo")
    window.wait(lambda: window.desk.home.wishes == before)  # type: ignore[attr-defined]


def test_the_drawer_shows_messages_and_their_content(window: object) -> None:
    page = window.page("car")  # type: ignore[attr-defined]
    window.wait(lambda: len(window.engine.messages) == 40)  # type: ignore[attr-defined]
    press(page, "Show protocol details")
    assert page.messages._model.rowCount() == 40
    page.messages.table.selectRow(0)
    assert "EVPresentVoltage" in page.messages.body.toPlainText()


# ---- Events ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["events", "home"])
def test_opting_out_tells_its_consequence_first(window: object, key: str) -> None:
    page = window.page(key)  # type: ignore[attr-defined]
    window.wait(lambda: window.engine.events is not None)  # type: ignore[attr-defined]
    press(page, "Opt out …")
    notice = page.notice if key == "events" else page.grid.notice
    assert "0.90 €" in said(notice)
    assert window.asked("opt_out") == []  # type: ignore[attr-defined]
    press(page, "Opt out")
    window.wait(lambda: window.asked("opt_out") == [("utility", "ev-1", True)])  # type: ignore[attr-defined]


def test_events_are_listed_by_what_matters(window: object) -> None:
    from ui.models.events import sorted_events

    assert [e.event_id for e in sorted_events(events()[::-1])] == ["ev-1", "ev-2", "ev-0"]
    page = window.page("events")  # type: ignore[attr-defined]
    window.wait(lambda: len(page._buttons) == 3)  # type: ignore[attr-defined]
    page._buttons["utility", "ev-0"].click()
    assert page.title.text() == "Price of 0.46 €/kWh"
    assert plain(page.asked.text()) == "Asked: 0.46 €/kWh, 0.41 €/kWh"


def test_a_pointed_step_says_why_and_what_else_would_cost(window: object, plan_page: object) -> None:
    plan_page.chart.cursor_moved.emit(NOW.timestamp() + 8 * 3600)  # type: ignore[attr-defined]
    assert plain(plan_page.sentence.text()).startswith("Charging the car until tomorrow 03:15")  # type: ignore[attr-defined]
    assert plain(plan_page.facts.text()) == (  # type: ignore[attr-defined]
        "A kWh in the car is worth 0.12 €. Holding until tomorrow 03:15 instead would cost 0.11 €. "
        "The charger can do no more."
    )


def test_home_says_what_is_behind_the_sentence(window: object) -> None:
    page = window.page("home")  # type: ignore[attr-defined]
    window.wait(lambda: bool(page.facts.text()))  # type: ignore[attr-defined]
    assert (
        plain(page.facts.text()) == "A kWh in the car is worth 0.12 €. Holding until 21:00 instead would cost 0.42 €."
    )


# ---- History --------------------------------------------------------------------------------------------------------


def test_history_walks_through_the_calendar_and_not_into_the_future(window: object) -> None:
    page = window.page("history")  # type: ignore[attr-defined]
    window.wait(lambda: page._summary is not None)  # type: ignore[attr-defined]
    page._go(1)
    assert len(window.asked("summary")) == 1, "tomorrow has not been measured"  # type: ignore[attr-defined]
    page._go(-1)
    page.segments.chosen.emit("month")
    window.wait(lambda: len(window.asked("summary")) == 3)  # type: ignore[attr-defined]
    window.wait(lambda: page._summary.period == "month")  # type: ignore[attr-defined]
    assert page.title.text() == "November 2026"
    assert window.asked("summary")[1][1].day == 23  # type: ignore[index]


def test_a_day_answers_why_and_shows_earlier_decisions_when_asked(window: object) -> None:
    page = window.page("history")  # type: ignore[attr-defined]
    window.wait(lambda: len(page._decisions) == 12)  # type: ignore[attr-defined]
    told = plain("\n".join(label.text() for label in page.decisions.findChildren(QLabel)))
    assert "since 17:30\nCar feeds · 0.4 – 3.0 kW\nFeeding the house from the car until 21:00" in told
    assert "A kWh in the car is worth 0.12 €. Holding until 21:00 instead would cost 0.42 €." in told
    assert "Held back from 11.0 kW, because phase 2 of the main fuse carries 8.1 kW at the most." in told
    press(page.decisions, "Show earlier ones")
    window.wait(lambda: len(page._decisions) > 12)  # type: ignore[attr-defined]
    first, second = window.asked("decisions")  # type: ignore[attr-defined]
    assert second[1] < first[1]
    page.segments.chosen.emit("month")
    window.wait(lambda: page._summary.period == "month")  # type: ignore[attr-defined]
    assert not page.decisions.isVisible()


def test_history_exports_without_overwriting(window: object, tmp_path: Path) -> None:
    page = window.page("history")  # type: ignore[attr-defined]
    window.wait(lambda: page._summary is not None)  # type: ignore[attr-defined]
    for name in ("twoway-day-2026-11-24.csv", "twoway-day-2026-11-24-2.csv"):
        press(page, "Export CSV")
        window.wait(lambda name=name: (tmp_path / name).exists())  # type: ignore[attr-defined]
    assert (tmp_path / "twoway-day-2026-11-24.csv").read_text().startswith("time_utc,")
    assert "Saved as" in said(page.notice)


def test_bars_are_read_by_keyboard(window: object) -> None:
    page = window.page("history")  # type: ignore[attr-defined]
    window.wait(lambda: bool(page._bars))  # type: ignore[attr-defined]
    window.bot.keyClick(page.chart, Qt.Key.Key_Right)  # type: ignore[attr-defined]
    assert page.readout.text().startswith("00: ")


# ---- Installer ------------------------------------------------------------------------------------------------------


@pytest.fixture
def installer_page(window: object) -> object:
    page = window.page("installer")  # type: ignore[attr-defined]
    page.unlock()
    window.wait(lambda: page._home is not None)  # type: ignore[attr-defined]
    return page


def test_the_pin_is_set_once_kept_hashed_and_asked_for_again(window: object, settings: object) -> None:
    page = window.page("installer")  # type: ignore[attr-defined]
    page.gate.pin.setText("12")
    press(page, "Set the PIN")
    assert "at least 4 digits" in said(page.gate.notice)
    page.gate.pin.setText("4711")
    press(page, "Set the PIN")
    assert page.gate.isHidden()
    kept = settings.text("installer/pin", "")  # type: ignore[attr-defined]
    assert "4711" not in kept
    assert settings.check_pin("4711")  # type: ignore[attr-defined]
    window.shell.renew()  # type: ignore[attr-defined]
    page = window.page("installer")  # type: ignore[attr-defined]
    for _ in range(5):
        page.gate.pin.setText("0000")
        page.gate._enter()
    assert not page.gate.pin.isEnabled()
    assert page._work is None
    page.gate._try_again()
    page.gate.pin.setText("4711")
    press(page, "Open")
    assert page.gate.isHidden()


def test_the_checklist_goes_on_where_it_stopped(window: object, installer_page: object) -> None:
    assert installer_page.count.text() == "2 of 8"  # type: ignore[attr-defined]
    press(installer_page._cards["connection"], "I have compared it")  # type: ignore[attr-defined]
    assert installer_page.count.text() == "3 of 8"  # type: ignore[attr-defined]
    window.shell.renew()  # type: ignore[attr-defined]
    page = window.page("installer")  # type: ignore[attr-defined]
    page.unlock()
    window.wait(lambda: page._home is not None)  # type: ignore[attr-defined]
    assert page.count.text() == "3 of 8"
    press(page._cards["connection"], "I have compared it")
    press(page._cards["connection"], "Undo")
    assert page.count.text() == "2 of 8"


def test_a_wrong_home_file_is_shown_by_line_and_not_written(window: object, installer_page: object) -> None:
    card = installer_page.file  # type: ignore[attr-defined]
    card.editor.setPlainText("[home]\n\n[connection]\nfuse_amps = 35\n")
    press(card, "Check")
    window.wait(lambda: said(card.notice).startswith("Line 4:"))  # type: ignore[attr-defined]
    assert "did you mean 'fuse_a'" in said(card.notice)
    assert card.editor.textCursor().blockNumber() == 3
    assert card.editor.extraSelections()
    card.editor.setPlainText("[connection]\nphases = 3\nfuse_a = 25\n")
    press(card, "Save")
    window.wait(lambda: "Written" in said(card.notice))  # type: ignore[attr-defined]
    assert [dry for _, dry in window.asked("write_home")] == [True, False]  # type: ignore[attr-defined]
    assert not card.dirty


@pytest.mark.parametrize(
    ("before", "after", "passed", "words"),
    [
        ({"grid_w": 300.0}, {"grid_w": 2400.0}, True, "the sign is right"),
        ({"grid_w": 300.0}, {"grid_w": -1800.0}, False, "sign is wrong"),
        ({"grid_w": 300.0}, {"grid_w": 420.0}, None, "larger load"),
        (
            {"grid_w": 0.0, "phase_1_w": 0.0, "phase_2_w": 0.0},
            {"grid_w": 2000.0, "phase_1_w": 10.0, "phase_2_w": 1990.0},
            True,
            "on Phase 2",
        ),
        (
            {"grid_w": 0.0, "phase_1_w": 0.0, "phase_2_w": 0.0},
            {"grid_w": 900.0, "phase_1_w": 2000.0, "phase_2_w": -1100.0},
            False,
            "Phase 2 fell",
        ),
    ],
)
def test_the_load_test(before: dict[str, float], after: dict[str, float], passed: bool | None, words: str) -> None:
    verdict = checklist.load_test(before, after, FMT)
    assert verdict.passed is passed
    assert words in verdict.words


def test_the_charge_test_waits_a_minute() -> None:
    assert checklist.charge_test(6900.0, 3.0, FMT).passed is True
    assert checklist.charge_test(0.0, 30.0, FMT).passed is None
    assert checklist.charge_test(None, 61.0, FMT).passed is False


def visible(widget: QWidget) -> set[str]:
    QApplication.processEvents()
    return {b.text().strip() for b in widget.findChildren(QPushButton) if b.isVisible()}


def test_a_charger_s_fault_is_reset_after_a_warning_only(window: object, installer_page: object) -> None:
    card = installer_page._cards["charger"]  # type: ignore[attr-defined]
    assert "Reset the fault …" not in visible(card)
    window.desk.fault = "the contactor is welded"  # type: ignore[attr-defined]
    installer_page._ask()  # type: ignore[attr-defined]
    window.wait(lambda: "Reset the fault …" in visible(card))  # type: ignore[attr-defined]
    press(card, "Reset the fault …")
    assert "cannot be undone" in said(card.notice)
    press(card, "Cancel")
    assert window.asked("reset_charger") == []  # type: ignore[attr-defined]
    press(card, "Reset the fault …")
    press(card, "Reset")
    window.wait(lambda: "The fault is reset" in said(card.notice))  # type: ignore[attr-defined]
    assert window.asked("reset_charger") == [None]  # type: ignore[attr-defined]
    assert "Reset the fault …" not in visible(card)


def test_a_refused_reset_says_why(window: object, installer_page: object) -> None:
    card = installer_page._cards["charger"]  # type: ignore[attr-defined]
    window.desk.fault = "the contactor is welded"  # type: ignore[attr-defined]
    installer_page._ask()  # type: ignore[attr-defined]
    window.wait(lambda: "Reset the fault …" in visible(card))  # type: ignore[attr-defined]
    window.desk.refuse = Refused("The charger has no fault that could be reset.")  # type: ignore[attr-defined]
    press(card, "Reset the fault …")
    press(card, "Reset")
    window.wait(lambda: "no fault that could be reset" in said(card.notice))  # type: ignore[attr-defined]


def test_recorded_sessions_are_saved(window: object, installer_page: object, tmp_path: Path) -> None:
    card = installer_page.support  # type: ignore[attr-defined]
    window.wait(lambda: "Save" in visible(card))  # type: ignore[attr-defined]
    press(card, "Save the session of 23 Nov, 16:18")
    window.wait(lambda: "Saved as" in said(card.notice))  # type: ignore[attr-defined]
    (name,) = window.asked("recording")  # type: ignore[attr-defined]
    assert (tmp_path / f"{name}.jsonl").read_bytes() == b'{"kind":"header"}\n'


def test_a_home_without_sessions_says_so(window: object) -> None:
    window.desk.empty_history = True  # type: ignore[attr-defined]
    page = window.page("installer")  # type: ignore[attr-defined]
    page.unlock()
    window.wait(lambda: page.support.empty.isVisible())  # type: ignore[attr-defined]
    assert "Save" not in visible(page.support)


def test_a_capture_is_warned_of_begun_stopped_saved_and_deleted(
    window: object, installer_page: object, tmp_path: Path
) -> None:
    card = installer_page.support  # type: ignore[attr-defined]
    assert visible(card) & {"Stop the capture", "Save the capture", "Delete the capture"} == set()
    press(card, "Capture the next session")
    assert "Give the file only to those who help" in said(card.notice)
    assert window.asked("capture") == []  # type: ignore[attr-defined]
    press(card, "Begin")
    window.wait(lambda: "Stop the capture" in visible(card))  # type: ignore[attr-defined]
    assert "for another 30 min" in card.state.text()
    assert "Capture the next session" not in visible(card)
    press(card, "Stop the capture")
    window.wait(lambda: "Save the capture" in visible(card))  # type: ignore[attr-defined]
    assert window.asked("capture") == [30.0, 0.0]  # type: ignore[attr-defined]
    assert plain(card.state.text()) == "A capture of 25 kB is kept."
    press(card, "Save the capture")
    window.wait(lambda: "Saved as" in said(card.notice))  # type: ignore[attr-defined]
    assert (tmp_path / "twoway-capture.pcapng").read_bytes() == b"packets"
    press(card, "Delete the capture")
    assert window.asked("delete_capture") == []  # type: ignore[attr-defined]
    press(card, "Delete")
    window.wait(lambda: "Save the capture" not in visible(card))  # type: ignore[attr-defined]
    assert said(card.notice) == "Deleted."


def test_report_and_bundle_are_left_behind_without_secrets(
    window: object, installer_page: object, tmp_path: Path
) -> None:
    window.wait(lambda: len(window.engine.messages) == 40)  # type: ignore[attr-defined]
    press(installer_page, "Report as PDF")  # type: ignore[arg-type]
    report = (tmp_path / "twoway-report-2026-11-24.pdf").read_bytes()
    assert report.startswith(b"%PDF-")
    assert len(report) > 5_000
    press(installer_page, "Diagnostics bundle")  # type: ignore[arg-type]
    with zipfile.ZipFile(tmp_path / "twoway-diagnostics-2026-11-24.zip") as bundle:
        assert {"home.json", "messages.json", "installer.json", "home.toml", "machine.json"} <= set(bundle.namelist())
        everything = b"".join(bundle.read(name) for name in bundle.namelist()).decode()
    for secret in ("secret-thing", "WMIV1234567890ABCDEX", "5A1C00F2B7E94D10"):
        assert secret not in everything


def test_redaction_by_key_and_by_look() -> None:
    given = {
        "client_secret": "abc",
        "nested": [{"Authorization": "Bearer abcdefghijk", "note": "sent Bearer abcdefghijk to it"}],
        "url": "https://user:pass@example.org/x",
        "pem": "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----",
        "evccId": "WMIV1234567890ABCDEX",
        "fuse_a": 35,
    }
    clean = redact(given)
    assert clean["client_secret"] == HIDDEN
    assert clean["nested"][0] == {"Authorization": HIDDEN, "note": f"sent {HIDDEN} to it"}
    assert "pass" not in clean["url"]
    assert "MII" not in clean["pem"]
    assert clean["evccId"] == "…CDEX"
    assert clean["fuse_a"] == 35
    assert "hunter2" not in redact_toml('[utility]\nsecret = "hunter2"\nurl = "http://a:hunter2@b/"\n')
    assert make_bundle({"home": {}}, "")[:2] == b"PK"
