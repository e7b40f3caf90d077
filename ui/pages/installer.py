"""Installer: the home as a checklist that can stop and go on later, behind a PIN; its report and its diagnostics."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from ui.client.engine import Problem
from ui.files import save_and_say
from ui.i18n import tr
from ui.installer.bundle import make_bundle
from ui.installer.report import report_html, report_pdf
from ui.models import installer as model
from ui.pages.page import Context, Page
from ui.theme.look import look
from ui.theme.tokens import Source
from ui.widgets.flowrow import FlowRow
from ui.widgets.homefile import HomeFileCard
from ui.widgets.kit import Button, Card, Fact, IconLabel, Label, Notice, Split, column, row, widget
from ui.widgets.pin import PinGate
from ui.widgets.skeleton import Skeleton
from ui.widgets.support import SupportCard

if TYPE_CHECKING:
    from app.api import schema as s

REFRESH_MS = 2000
_INKS: dict[model.State, Source | None] = {
    "done": "car",
    "todo": "grid",
    "warn": "solar",
    "failed": "limit",
    "none": None,
}


class StepCard(Card):
    """One step: its state, what was found, and what to do."""

    def __init__(self, step: model.Step) -> None:
        super().__init__(pad=2)
        self._step: model.Step | None = None
        self._sign = IconLabel("circle-dashed")
        self._title = Label(step.title, "strong")
        self._state = Label("", "small", wrap=False)
        head = row(self._sign, self._title, self._state, gap=1)
        head.setStretch(1, 1)
        self._words = Label("", "muted")
        self._facts = column(gap=0.5)
        self._rows: dict[str, Fact] = {}
        self.notice = Notice()
        self.deeds = FlowRow(gap=1)
        self.body.addLayout(head)
        self.body.addWidget(self._words)
        self.body.addLayout(self._facts)
        self.body.addWidget(self.notice)
        self.body.addLayout(self.deeds)

    def show_step(self, step: model.Step) -> None:
        """Show what is known now."""
        if self._step != step:
            ink = _INKS[step.state]
            self._sign.set_icon(model.ICONS[step.state], look().tokens.ink[ink] if ink else None)
            self._state.setText(model.state_words(step.state))
            self._words.say(step.words)
            self.setAccessibleName(f"{step.title}: {model.state_words(step.state)}")
            if [name for name, _ in step.facts] != list(self._rows):
                for old in self._rows.values():
                    old.hide()
                    old.deleteLater()
                self._rows = {}
                for name, _ in step.facts:
                    self._rows[name] = Fact(name)
                    self._facts.addWidget(self._rows[name])
            for name, shown in step.facts:
                self._rows[name].show_figure(shown)
        self._step = step


class View(Page):
    """The Installer page."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._home: s.InstallerOut | None = None
        self._steps: list[model.Step] = []
        self._cards: dict[str, StepCard] = {}
        self._before: dict[str, float] = {}
        self._test_started: datetime | None = None
        self.gate = PinGate(context.settings)
        self.gate.opened.connect(self.unlock)
        self.box.addWidget(self.gate)
        self._work: QWidget | None = None
        self.box.addStretch(1)
        self._refresh = QTimer(self, interval=REFRESH_MS)
        self._refresh.timeout.connect(self._ask)

    # ---- opening ----------------------------------------------------------------------------------------------------

    def unlock(self) -> None:
        """Open the page; it locks again when the window is closed."""
        self.gate.hide()
        if self._work is None:
            self._work = self._build()
            self.box.insertWidget(0, self._work)
        self._work.show()
        self._refresh.start()
        self._ask()

    def _build(self) -> QWidget:
        self.count = Label("", "big", wrap=False)
        words = Label(tr("You can stop at any step and go on another day: what is done stays done."), "muted")
        head = row(self.count, words, gap=2)
        head.setStretch(1, 1)
        self.notice = Notice()
        self._list = column(gap=2)
        self._skeleton = Skeleton(0.8, 0.6, 0.9, 0.5)
        self._list.addWidget(self._skeleton)
        self.file = HomeFileCard(self.engine)
        self.support = SupportCard(self.engine, self.fmt)
        papers = Card(tr("Papers"), "download")
        self.report = Button(tr("Report as PDF"), self._report, icon_name="file-text")
        self.bundle = Button(tr("Diagnostics bundle"), self._bundle, icon_name="package")
        self.papers = Notice()
        text = tr(
            "The report lists every step and limit, to sign and leave with the home. "
            "The bundle helps to find a fault: it holds no secret."
        )
        papers.body.addWidget(Label(text, "muted"))
        papers.body.addLayout(FlowRow(self.report, self.bundle, gap=1))
        papers.body.addWidget(self.papers)
        side = widget(column(papers, self.support, self.file, 1, gap=2))
        main = widget(column(self._list, 1, gap=2))
        return widget(column(head, self.notice, Split(main, side, side_em=34, break_em=68), gap=2))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._work is not None:
            self._refresh.start()
            self._ask()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._refresh.stop()

    # ---- showing ----------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        if self.engine.link.state == "live":
            self.engine.get("/installer", "installer", self._answer, self._refused)
            self.support.refresh()

    def _refused(self, problem: Problem) -> None:
        self.notice.say(problem.text, "error")

    def _answer(self, home: "s.InstallerOut") -> None:
        self._home = home
        self.notice.quiet()
        self._skeleton.hide()
        self.file.show_file(home)
        self._show_steps()

    def _show_steps(self) -> None:
        if self._home is None:
            return
        self._steps = model.steps(self._home, self._ticks(), self.fmt)
        done = sum(1 for step in self._steps if step.state in {"done", "none"})
        self.count.setText(tr("{done} of {all}", done=str(done), all=str(len(self._steps))))
        for step in self._steps:
            if step.key not in self._cards:
                self._cards[step.key] = StepCard(step)
                self._add_actions(self._cards[step.key], step.key)
                self._list.addWidget(self._cards[step.key])
            self._cards[step.key].show_step(step)
        has_meter = any(device.role == "meter" for device in self._home.devices)
        self._sign_test.setVisible(has_meter)
        self._reset.setVisible(model.resettable(self._home))

    def _add_actions(self, card: StepCard, key: str) -> None:
        if key == "meter":
            self._sign_test = Button(tr("Test the sign …"), self._begin_load_test, name=tr("Test the meter's sign"))
            card.deeds.addWidget(self._sign_test)
        elif key == "charger":
            self._reset = Button(tr("Reset the fault …"), self._ask_to_reset, icon_name="undo-2")
            card.deeds.addWidget(self._reset)
        elif key == "session":
            card.deeds.addWidget(Button(tr("Start a test charge"), self._begin_charge_test, icon_name="play"))
        elif key in {"connection", "limits"}:
            self._tick_button(card, key)

    def _tick_button(self, card: StepCard, key: str) -> None:
        button = Button(tr("I have compared it"), icon_name="check")
        button.clicked.connect(partial(self._compared, key))
        card.deeds.addWidget(button)

    # ---- ticks ------------------------------------------------------------------------------------------------------

    def _key(self, step: str) -> str:
        home = self.engine.home.facts.name if self.engine.home is not None else ""
        return f"installer/done/{home.encode().hex()}/{step}"

    def _ticks(self) -> dict[str, str]:
        found = {step: self.context.settings.text(self._key(step), "") for step in model.STEP_KEYS}
        return {step: words for step, words in found.items() if words}

    def _tick(self, step: str, words: str) -> None:
        self.context.settings.set(self._key(step), words)
        self._show_steps()

    def _untick(self, step: str) -> None:
        self._tick(step, "")
        self._cards[step].notice.quiet()

    def _today(self) -> str:
        home = self.engine.home
        return self.fmt.long_day(home.now) if home is not None else ""

    def _compared(self, step: str, _checked: bool = False) -> None:
        self._tick(step, tr("Compared on {day}.", day=self._today()))
        self._cards[step].notice.say(tr("Noted."), "ok", (tr("Undo"), partial(self._untick, step)))

    # ---- tests ------------------------------------------------------------------------------------------------------

    def _readings(self) -> dict[str, float]:
        devices = self._home.devices if self._home is not None else []
        readings = {k: v for d in devices if d.role == "meter" for k, v in d.readings.items()}
        home = self.engine.home
        if "grid_w" not in readings and home is not None:
            readings["grid_w"] = home.flow.grid_w
        return {k: float(v) for k, v in readings.items() if isinstance(v, int | float)}

    def _begin_load_test(self) -> None:
        card = self._cards["meter"]
        self._before = self._readings()
        if "grid_w" not in self._before:
            card.notice.say(tr("The meter tells no grid power yet: wait until it answers."), "warn")
            return
        power = self.fmt.signed_power(self._before["grid_w"]).text
        card.notice.say(
            tr("It reads {power} now. Switch on a kettle or an oven, wait five seconds, then go on.", power=power),
            "info",
            (tr("It is on"), self._end_load_test),
            (tr("Cancel"), card.notice.quiet),
        )

    def _end_load_test(self) -> None:
        self.engine.get("/installer", "installer", self._judge_load_test, self._refused)

    def _judge_load_test(self, home: "s.InstallerOut") -> None:
        self._home = home
        verdict = model.load_test(self._before, self._readings(), self.fmt)
        card = self._cards["meter"]
        if verdict.passed:
            self._tick("meter", f"{verdict.words} ({self._today()})")
            card.notice.say(verdict.words, "ok", (tr("Undo"), partial(self._untick, "meter")))
        else:
            kind = "error" if verdict.passed is False else "warn"
            card.notice.say(verdict.words, kind, (tr("Test again"), self._begin_load_test))

    def _begin_charge_test(self) -> None:
        from app.api.schema import BoostIn

        card, home = self._cards["session"], self.engine.home
        if home is None or not home.car.connected:
            card.notice.say(tr("Plug a car in first."), "warn")
            return
        self.engine.post(
            "/car/boost", BoostIn(minutes=2), "wishes", lambda _w: self._charge_test_runs(), self._charge_refused
        )

    def _charge_refused(self, problem: Problem) -> None:
        self._cards["session"].notice.say(problem.text, "error")

    def _charge_test_runs(self) -> None:
        self._test_started = datetime.now().astimezone()
        self._cards["session"].notice.say(
            tr("Waiting for the car to charge …"), "info", (tr("Cancel"), self._end_charge_test)
        )

    def _end_charge_test(self) -> None:
        from app.api.schema import BoostIn

        self._test_started = None
        self._cards["session"].notice.quiet()
        self.engine.post("/car/boost", BoostIn(minutes=0), "wishes", lambda _w: None, self._charge_refused)

    def show_home(self, home: "s.HomeSnapshot") -> None:
        if self._test_started is None:
            return
        waited_s = (datetime.now().astimezone() - self._test_started).total_seconds()
        verdict = model.charge_test(home.car.power_w, waited_s, self.fmt)
        if verdict.passed is None:
            return
        self._end_charge_test()
        card = self._cards["session"]
        if verdict.passed:
            self._tick("session", f"{verdict.words} ({self._today()})")
            card.notice.say(verdict.words, "ok", (tr("Undo"), partial(self._untick, "session")))
        else:
            card.notice.say(verdict.words, "error")

    # ---- the charger's fault ----------------------------------------------------------------------------------------

    def _ask_to_reset(self) -> None:
        words = tr(
            "Reset it only once somebody has found and mended the cause: the charger may then switch on at once. "
            "This cannot be undone."
        )
        notice = self._cards["charger"].notice
        notice.say(words, "warn", (tr("Reset"), self._reset_fault), (tr("Cancel"), notice.quiet))

    def _reset_fault(self) -> None:
        self.engine.post("/installer/charger/reset", None, "installer", self._fault_reset, self._reset_refused)

    def _fault_reset(self, home: "s.InstallerOut") -> None:
        self._answer(home)
        words = tr("The fault is reset. What is still wrong shows again within seconds.")
        self._cards["charger"].notice.say(words, "ok")

    def _reset_refused(self, problem: Problem) -> None:
        self._cards["charger"].notice.say(problem.text, "error")

    # ---- papers -----------------------------------------------------------------------------------------------------

    def _report(self) -> None:
        home = self.engine.home
        if home is None or not self._steps:
            return
        html = report_html(home.facts.name, home.now, self._steps, home.facts.engine_version, self.fmt)
        name = f"twoway-report-{self.fmt.local(home.now):%Y-%m-%d}.pdf"
        save_and_say(name, report_pdf(html, f"{home.facts.name} – Twoway"), self.papers.say)

    def _bundle(self) -> None:
        engine, home = self.engine, self.engine.home
        if home is None or self._home is None:
            return
        parts = {
            "home": home.model_dump(mode="json"),
            "plan": engine.plan.model_dump(mode="json") if engine.plan is not None else None,
            "events": [e.model_dump(mode="json") for e in engine.events or []],
            "health": [h.model_dump(mode="json") for h in engine.health or []],
            "messages": [m.model_dump(mode="json") for m in engine.messages],
            "installer": self._home.model_dump(mode="json", exclude={"home_toml"}),
            "checklist": [{"step": s.key, "state": s.state, "words": s.words} for s in self._steps],
        }
        name = f"twoway-diagnostics-{self.fmt.local(home.now):%Y-%m-%d}.zip"
        save_and_say(name, make_bundle(parts, self._home.home_toml), self.papers.say)
