"""The support case: the last sessions as they were recorded, and a capture that opens them, for who helps."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout

from ui.client.engine import Engine, Problem
from ui.files import save_and_say
from ui.i18n import tr
from ui.models import support as model
from ui.models.units import Format
from ui.widgets.flowrow import FlowRow
from ui.widgets.kit import Button, Card, Label, Notice, clear, column, row

if TYPE_CHECKING:
    from app.api import schema as s

CAPTURE_MIN = 30.0
LIST_EVERY = 5
"""The list is asked for at one refresh in so many: it changes with a session, the capture with every second."""


class SupportCard(Card):
    """The card; ``refresh`` asks the engine how things stand."""

    def __init__(self, engine: Engine, fmt: Format) -> None:
        super().__init__(tr("Support case"), "wrench")
        self._engine = engine
        self._fmt = fmt
        self._recordings: list[s.RecordingOut] | None = None
        self._kept = False
        self._turn = 0
        self.body.addWidget(Label(tr("The last sessions, for who helps to find a fault. They hold no key."), "muted"))
        self.empty = Label(tr("No session has been recorded yet: it begins when a car is plugged in."), "small")
        self.empty.hide()
        self.body.addWidget(self.empty)
        self._rows = column(gap=0.5)
        self.body.addLayout(self._rows)
        warning = tr(
            "A capture holds the packets of a session with the keys that open it: "
            "whoever has the file can read the whole session."
        )
        self.body.addWidget(Label(warning, "muted"))
        self.state = Label("", "small")
        self.state.hide()
        self.body.addWidget(self.state)
        self.begin = Button(tr("Capture the next session"), self._ask_to_begin, icon_name="radio-tower")
        self.stop = Button(tr("Stop the capture"), partial(self._capture, 0.0), icon_name="octagon-x")
        self.save = Button(tr("Save the capture"), self._fetch_capture, icon_name="download")
        self.delete = Button(tr("Delete the capture"), self._ask_to_delete, icon_name="trash-2")
        self.body.addLayout(FlowRow(self.begin, self.stop, self.save, self.delete, gap=1))
        self.notice = Notice()
        self.body.addWidget(self.notice)
        for button in (self.stop, self.save, self.delete):
            button.hide()

    def refresh(self) -> None:
        """Ask the engine; what it answers is shown when it comes."""
        self._engine.get("/installer/capture", "capture", self._show_capture, _ignore)
        if self._turn % LIST_EVERY == 0:
            self._engine.get("/installer/recordings", "recordings", self._show_recordings, _ignore)
        self._turn += 1

    # ---- recordings -------------------------------------------------------------------------------------------------

    def _show_recordings(self, recordings: "list[s.RecordingOut]") -> None:
        if recordings == self._recordings:
            return
        self._recordings = recordings
        clear(self._rows)
        for recording in recordings[: model.SHOWN_RECORDINGS]:
            self._rows.addLayout(self._row(recording))
        self.empty.setVisible(not recordings)

    def _row(self, recording: "s.RecordingOut") -> QHBoxLayout:
        began, shown = model.recording_row(recording, self._fmt)
        words = Label("", "small")
        words.show_figure(shown)
        button = Button(
            tr("Save"),
            partial(self._fetch, recording.id),
            icon_name="download",
            name=tr("Save the session of {time}", time=began),
        )
        line = row(column(Label(began), words, gap=0.25), button, gap=1)
        line.setStretch(0, 1)
        return line

    def _fetch(self, recording_id: str) -> None:
        self._engine.get(
            f"/installer/recordings/{recording_id}",
            "bytes",
            partial(self._save, f"{recording_id}.jsonl"),
            self._refused,
        )

    def _save(self, name: str, content: bytes) -> None:
        save_and_say(name, content, self.notice.say)

    # ---- the capture ------------------------------------------------------------------------------------------------

    def _show_capture(self, capture: "s.CaptureOut") -> None:
        self._kept = capture.bytes is not None
        self.state.say(model.capture_words(capture, self._fmt))
        self.begin.setVisible(not capture.running)
        self.stop.setVisible(capture.running)
        for button in (self.save, self.delete):
            button.setVisible(self._kept and not capture.running)

    def _ask_to_begin(self) -> None:
        words = tr(
            "For half an hour every session is captured with its keys. Give the file only to those who help, "
            "then delete it."
        )
        if self._kept:
            words += " " + tr("It takes the place of the capture that is kept.")
        self.notice.say(words, "warn", (tr("Begin"), partial(self._capture, CAPTURE_MIN)), (tr("Cancel"), self._quiet))

    def _capture(self, minutes: float) -> None:
        from app.api.schema import CaptureIn

        self._quiet()
        self._engine.post(
            "/installer/capture", CaptureIn(minutes=minutes), "capture", self._show_capture, self._refused
        )

    def _fetch_capture(self) -> None:
        self._engine.get("/installer/capture/file", "bytes", self._save_capture, self._refused)

    def _save_capture(self, content: bytes) -> None:
        self._save("twoway-capture.pcapng", content)

    def _ask_to_delete(self) -> None:
        words = tr("The engine's copy is deleted for good; what you have saved stays where it is.")
        self.notice.say(words, "warn", (tr("Delete"), self._delete), (tr("Cancel"), self._quiet))

    def _delete(self) -> None:
        self._engine.delete("/installer/capture", self._deleted, self._refused)

    def _deleted(self, _nothing: None) -> None:
        self.notice.say(tr("Deleted."), "ok")
        self.refresh()

    def _quiet(self) -> None:
        self.notice.quiet()

    def _refused(self, problem: Problem) -> None:
        self.notice.say(problem.text, "error")


def _ignore(_problem: Problem) -> None:
    """The page asks the engine at the same time, and says when it does not answer."""
