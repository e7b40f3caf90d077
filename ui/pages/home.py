"""Home: what is happening, why, and will my car be ready?"""

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.client.engine import Link, Problem
from ui.i18n import tr
from ui.models import home as model
from ui.models.assets import planning_words
from ui.models.assets import rows as asset_rows
from ui.models.events import opt_out_question
from ui.models.installer import level_words
from ui.models.security import unprotected
from ui.models.units import Format
from ui.pages.page import Context, Page
from ui.theme.look import look
from ui.theme.tokens import Source
from ui.widgets.assets import AssetsCard
from ui.widgets.flow import FlowPicture
from ui.widgets.kit import Button, Card, Fact, IconLabel, Label, Notice, Split, clear, column, row, widget
from ui.widgets.skeleton import Skeleton

if TYPE_CHECKING:
    from app.api import schema as s


class View(Page):
    """The Home page."""

    width_em = 132.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.picture = FlowPicture()
        self.why = Label("", "body")
        self.why.setProperty("role", "strong")
        self.facts = Label("", "muted")
        self.upcoming = Label("", "muted")
        self._skeleton = Skeleton(0.9, 0.5)
        words = Card(pad=2.5)
        self._why_icon = IconLabel("info", look().tokens.accent)
        line = row(self._why_icon, column(self.why, self._skeleton, self.facts, self.upcoming, gap=0.75), gap=1.5)
        line.setAlignment(self._why_icon, Qt.AlignmentFlag.AlignTop)
        line.setStretch(1, 1)
        words.body.addLayout(line)
        words.setAccessibleName(tr("Why"))
        self.notice = Notice()
        left = column(self.notice, self.picture, words, gap=2)
        left.setStretchFactor(self.picture, 1)
        main = widget(left)
        self.ready = ReadyCard(partial(context.go, "car"))
        self.today = TodayCard(partial(context.go, "history"))
        self.grid = GridCard(self)
        self.assets = AssetsCard(self._put_off)
        side = widget(column(self.ready, self.assets, self.today, self.grid, 1, gap=2))
        self.box.addWidget(Split(main, side, side_em=23, break_em=58), 1)

    def show_home(self, home: "s.HomeSnapshot") -> None:
        self._skeleton.hide()
        self._tell_failures(home)
        self.picture.show_picture(model.picture(home))
        self.why.say(model.why_sentence(home))
        self.facts.say(model.why_facts(home))
        step = model.next_step(home)
        words = ""
        if step is not None:
            words = tr("Next, {time}: {step}", time=step.time, step=step.words) + (
                f", {step.power}" if step.power else ""
            )
        self.upcoming.say(words)
        self.ready.show_card(model.ready_card(home), self.fmt)
        self.today.show_card(model.today_card(home))
        self.grid.show_card(model.grid_card(home))
        self.assets.show_rows(asset_rows(home))

    def _put_off(self, name: str) -> None:
        path = f"/loads/{quote(name, safe='')}/put-off"
        self.engine.post(
            path, None, "put off", lambda _load: None, lambda problem: self.notice.say(problem.text, "error")
        )

    def _tell_failures(self, home: "s.HomeSnapshot") -> None:
        failed = [f"{h.name}: {h.text or level_words(h.level)}" for h in home.health if h.level == "failed"]
        text, kind, words = " ".join(failed), "error", tr("Have a look")
        if not failed and home.flow.at is None and home.flow.grid_w is None:
            kind, words = "info", tr("Set up")
            text = tr("No meter yet: without one, the fuse cannot be watched and the car stays still.")
        elif not failed and (without := planning_words(home.planning, self.fmt, home.now)[0]):
            text, kind, words = without, "warn", tr("Have a look")
        elif not failed and (bare := unprotected(home)):
            text, kind = bare, "warn"
        if not text:
            self.notice.quiet()
        elif self.notice.text != text:
            self.notice.say(text, kind, (words, partial(self.context.go, "installer")))

    def show_link(self, link: Link) -> None:
        away = link.state == "away"
        self.picture.set_away(
            tr("Engine away since {time}", time=f"{link.since.astimezone():%H:%M}") if away and self.engine.home else ""
        )
        self.setEnabled(not away or self.engine.home is None)


class ReadyCard(Card):
    """Ready by: time, target, on track or what is short."""

    def __init__(self, change: "partial[None]") -> None:
        super().__init__(tr("Ready by"), "flag", "car")
        self.head.addStretch(1)
        self.head.addWidget(Button(tr("Change"), change, kind="link", name=tr("Change when the car is ready")))
        self.time = Label("", "big", wrap=False)
        self.target = Label("", "muted")
        self.bar = ChargeBar()
        self.verdict = Label("", "body")
        self._skeleton = Skeleton(0.5, 0.8)
        self.body.addWidget(self._skeleton)
        line = row(self.time, self.target, gap=1.5)
        line.setStretch(1, 1)
        self.body.addLayout(line)
        self.body.addWidget(self.bar)
        self.body.addWidget(self.verdict)
        self.bar.hide()

    def show_card(self, card: model.ReadyCard, fmt: Format) -> None:
        """Show the promise."""
        self._skeleton.hide()
        self.time.show_figure(card.time)
        self.target.say(card.target)
        self.bar.setVisible(card.soc is not None)
        self.bar.show_charge(card.soc or 0.0, card.target_soc)
        marks = {"ok": "✓ ", "limit": "! "}
        self.verdict.setText(marks.get(card.state, "") + card.verdict)
        self.verdict.setProperty("state", card.state)
        self.verdict.style().polish(self.verdict)


class ChargeBar(QWidget):
    """The car's charge as a bar, with a notch where it shall be."""

    def __init__(self) -> None:
        super().__init__()
        self._soc = 0.0
        self._target: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Car's charge"))

    def sizeHint(self) -> QSize:
        return QSize(120, 14)

    def show_charge(self, soc: float, target: float | None) -> None:
        """Fractions 0..1."""
        self._soc, self._target = soc, target
        self.setAccessibleDescription(f"{soc:.0%}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        track = QRectF(0, 3, self.width(), 8)
        painter.setBrush(QColor(look().tokens.sunken))
        painter.drawRoundedRect(track, 4, 4)
        painter.setBrush(look().shape("car") if self.isEnabled() else QColor(look().tokens.muted))
        painter.drawRoundedRect(QRectF(0, 3, max(8.0, self.width() * self._soc), 8), 4, 4)
        if self._target is not None:
            painter.setBrush(QColor(look().tokens.text))
            painter.drawRoundedRect(QRectF(self.width() * self._target - 1.5, 0, 3, 14), 1.5, 1.5)


class TodayCard(Card):
    """Today: money against no V2G, and the energy by path."""

    def __init__(self, more: "partial[None]") -> None:
        super().__init__(tr("Today"), "coins", "solar")
        self.head.addStretch(1)
        self.head.addWidget(Button(tr("History"), more, kind="link", name=tr("Open the history")))
        self.saved = Label("", "strong", wrap=False)
        self.words = Label("", "muted")
        self.cost = Fact(tr("Energy cost"))
        self._paths = column(gap=0.5)
        self._names: tuple[str, ...] = ()
        self._rows: list[PathRow] = []
        self._skeleton = Skeleton(0.4, 0.9, 0.9)
        self.body.addWidget(self._skeleton)
        line = row(self.saved, self.words, gap=1)
        line.setStretch(1, 1)
        self.body.addLayout(line)
        self.body.addWidget(self.cost)
        self.body.addLayout(self._paths)
        self.cost.hide()

    def show_card(self, card: model.TodayCard) -> None:
        """Show the day so far."""
        self._skeleton.hide()
        self.saved.show_figure(card.saved)
        self.saved.setVisible(card.known)
        self.words.setText(card.saved_words)
        self.cost.setVisible(card.known)
        self.cost.show_figure(card.cost)
        names = tuple(name for name, _, _, _ in card.paths)
        if names != self._names:
            self._names = names
            clear(self._paths)
            self._rows = [PathRow(name, source) for name, source, _, _ in card.paths]
            for line in self._rows:
                self._paths.addWidget(line)
        for line, (_, _, shown, share) in zip(self._rows, card.paths, strict=True):
            line.show_share(shown.text, share)


class PathRow(QWidget):
    """One path of energy: name, bar, figure."""

    def __init__(self, name: str, source: Source) -> None:
        super().__init__()
        self._name, self._source, self._share = name, source, 0.0
        self.figure = Label("", "body", wrap=False)
        words = row(Label(name, "small"), self.figure, gap=1)
        words.setStretch(0, 1)
        self.setLayout(column(words, gap=0, margins=(0, 0, 0, 0.75)))

    def show_share(self, text: str, share: float) -> None:
        """The energy in words, and its part of the largest, 0..1."""
        self.figure.setText(text)
        self.setAccessibleName(f"{self._name}: {text}")
        self._share = share
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        y = self.height() - 4
        painter.setBrush(QColor(look().tokens.sunken))
        painter.drawRoundedRect(QRectF(0, y, self.width(), 4), 2, 2)
        painter.setBrush(look().shape(self._source) if self.isEnabled() else QColor(look().tokens.muted))
        painter.drawRoundedRect(QRectF(0, y, max(4.0, self.width() * self._share), 4), 2, 2)


class GridCard(Card):
    """Grid: the event now or next, and the way out of it."""

    def __init__(self, page: Page) -> None:
        super().__init__(tr("Grid"), "radio-tower", "grid")
        self._page = page
        self._event: s.EventOut | None = None
        self.title = Label("", "strong")
        self.words = Label("", "muted")
        self.opt_out = Button("", self._ask, kind="link")
        self.notice = Notice()
        self._skeleton = Skeleton(0.7)
        self.head.addStretch(1)
        self.head.addWidget(
            Button(tr("Events"), partial(page.context.go, "events"), kind="link", name=tr("Open the events"))
        )
        for part in (self._skeleton, self.title, self.words, self.notice):
            self.body.addWidget(part)
        self.body.addLayout(row(self.opt_out, 1))
        self.title.hide()
        self.opt_out.hide()

    def show_card(self, card: model.GridCard) -> None:
        """Show what the grid asks."""
        self._skeleton.hide()
        self._event = card.event
        self.title.say(card.title)
        self.words.say(card.words)
        event = card.event
        self.opt_out.setVisible(event is not None and event.may_opt_out and self.notice.isHidden())
        if event is not None:
            words = tr("Take part again") if event.opted_out else tr("Opt out …")
            self.opt_out.setText(words)
            self.opt_out.setAccessibleName(words)

    def _ask(self) -> None:
        """The consequence comes before the deed."""
        event = self._event
        if event is None:
            return
        if event.opted_out:
            self._send(event, opted_out=False)
            return
        self.opt_out.hide()
        self.notice.say(
            opt_out_question(event),
            "warn",
            (tr("Opt out"), partial(self._send, event, opted_out=True)),
            (tr("Stay in"), self._close),
        )

    def _close(self) -> None:
        self.notice.quiet()
        self.opt_out.show()

    def _send(self, event: "s.EventOut", *, opted_out: bool) -> None:
        from app.api.schema import OptOutIn

        path = f"/events/{event.source}/{event.event_id}/opt-out"
        self._page.engine.post(path, OptOutIn(opted_out=opted_out), "event", self._done, self._refused)

    def _done(self, event: "s.EventOut") -> None:
        self.notice.quiet()
        self._event = event

    def _refused(self, problem: Problem) -> None:
        self.notice.say(problem.text, "error", (tr("Close"), self._close))
