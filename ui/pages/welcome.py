"""The first page where no home has been set up: try the demo home, or set up this one, with two figures to begin."""

from functools import partial

from PySide6.QtCore import QProcess, QTimer
from PySide6.QtWidgets import QApplication, QComboBox, QSpinBox

from ui.i18n import tr
from ui.pages.page import Context, Page
from ui.theme.look import look
from ui.widgets.flowrow import FlowRow
from ui.widgets.kit import Button, Card, IconLabel, Label, Notice, column, row, widget

GOODBYE_MS = 2500


class View(Page):
    """The welcome."""

    width_em = 60.0

    def __init__(self, context: Context, starter: list[str]) -> None:
        super().__init__(context)
        self._starter = starter
        self._process = QProcess(self)
        self._process.finished.connect(self._finished)
        self.box.addStretch(1)
        self.box.addWidget(Label(tr("Welcome"), "big"))
        text = tr(
            "Twoway moves power between your car, your house, your roof and the grid, so that it costs less "
            "and the car is ready when you leave."
        )
        self.box.addWidget(Label(text, "muted"))
        self.notice = Notice()
        self.box.addWidget(self.notice)
        self.box.addWidget(self._demo())
        self.box.addWidget(self._own())
        self.box.addStretch(2)

    def _demo(self) -> Card:
        card = Card(pad=3)
        head = row(IconLabel("house", look().tokens.accent), Label(tr("Look around in the demo home"), "strong"), gap=1)
        head.setStretch(1, 1)
        card.body.addLayout(head)
        text = tr(
            "A simulated car, charger, meter and roof, each speaking its real protocol. "
            "Nothing is switched in your house."
        )
        card.body.addWidget(Label(text, "muted"))
        self.demo = Button(tr("Open the demo home"), partial(self._start, "--demo"), kind="primary")
        card.body.addLayout(row(self.demo, 1))
        return card

    def _own(self) -> Card:
        card = Card(pad=3)
        head = row(IconLabel("wrench", look().tokens.accent), Label(tr("Set up this home"), "strong"), gap=1)
        head.setStretch(1, 1)
        card.body.addLayout(head)
        text = tr(
            "Two figures from the fuse box to begin with; "
            "the installer's page then leads through meter, roof and charger."
        )
        card.body.addWidget(Label(text, "muted"))
        self.fuse = QSpinBox()
        self.fuse.setRange(6, 250)
        self.fuse.setValue(35)
        self.fuse.setSuffix(" A")
        self.fuse.lineEdit().setTextMargins(look().gap(0.75), 0, look().gap(0.75), 0)
        self.fuse.setAccessibleName(tr("Main fuse in ampere"))
        self.phases = QComboBox()
        self.phases.setAccessibleName(tr("Phases"))
        self.phases.addItem(tr("three phases"), 3)
        self.phases.addItem(tr("one phase"), 1)
        fuse = widget(row(Label(tr("Main fuse"), wrap=False), self.fuse, gap=1))
        self.own = Button(tr("Set up"), self._set_up)
        card.body.addWidget(widget(column(FlowRow(fuse, self.phases, self.own, gap=1.5))))
        return card

    def _set_up(self) -> None:
        self._start("--new-home", "--fuse-a", str(self.fuse.value()), "--phases", str(self.phases.currentData()))

    def _start(self, *words: str) -> None:
        for button in (self.demo, self.own):
            button.setEnabled(False)
        self.notice.say(tr("Starting the engine; this takes a few seconds …"))
        self._process.start(self._starter[0], [*self._starter[1:], *words])

    def _finished(self, code: int, _status: QProcess.ExitStatus) -> None:
        if code == 0 and "--demo" in self._process.arguments():
            self.notice.say(tr("The demo home opens in a window of its own."), "ok")
            QTimer.singleShot(GOODBYE_MS, QApplication.quit)
            return
        if code == 0:
            self.engine.connect_now()
            return
        for button in (self.demo, self.own):
            button.setEnabled(True)
        problem = bytes(self._process.readAllStandardError().data()).decode(errors="replace").strip().splitlines()
        self.notice.say(
            problem[-1] if problem else tr("The engine did not start: run 'twoway doctor' in a terminal."), "error"
        )
