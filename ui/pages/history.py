"""History: day, month, year by path of energy; money saved, cycles; export as CSV."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QSizePolicy

from ui.client.engine import Link, Problem
from ui.files import save_and_say
from ui.i18n import tr
from ui.models import history as model
from ui.models.units import Shown
from ui.pages.page import Context, Page
from ui.theme.look import look
from ui.widgets.bars import StackedBars, part_colour
from ui.widgets.decisions import Decisions
from ui.widgets.flowrow import FlowRow
from ui.widgets.kit import Button, Card, Fact, Label, Notice, Segments, Split, clear, column, row, widget
from ui.widgets.skeleton import Skeleton

if TYPE_CHECKING:
    from app.api import schema as s


class View(Page):
    """The History page."""

    width_em = 132.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._period: model.Period = "day"
        self._date: datetime | None = None
        self._summary: s.SummaryOut | None = None
        self._bars: list[model.Bar] = []
        self.saved = Label("", "big", wrap=False)
        self.words = Label("", "muted")
        periods = (("day", tr("Day")), ("month", tr("Month")), ("year", tr("Year")))
        self.segments = Segments(periods, "day", tr("Period"))
        self.segments.chosen.connect(self._choose)
        self.back = Button("", partial(self._go, -1), kind="quiet", icon_name="chevron-left", name=tr("Earlier"))
        self.forth = Button("", partial(self._go, 1), kind="quiet", icon_name="chevron-right", name=tr("Later"))
        self.title = Label("", "strong", wrap=False)
        self.export = Button(tr("Export CSV"), self._export, icon_name="download")
        figures = row(self.saved, self.words, gap=2)
        figures.setStretch(1, 1)
        walk = widget(row(self.back, self.title, self.forth, gap=0.5))
        self.box.addLayout(figures)
        self.box.addLayout(FlowRow(self.segments, walk, self.export, gap=2))
        self.notice = Notice()
        self.box.addWidget(self.notice)
        chart_card = Card(pad=2)
        self.readout = Label("", "muted")
        self.chart = StackedBars()
        self.chart.pointed.connect(self._point)
        self._skeleton = Skeleton(block=True)
        self._empty = Label(
            tr(
                "Nothing here yet. From the first full hour on, this shows where your energy came from "
                "and where it went."
            ),
            "muted",
        )
        for child in (self.readout, self._empty, self._skeleton, self.chart):
            chart_card.body.addWidget(child)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        chart_card.body.setStretchFactor(self.chart, 1)
        self.chart.hide()
        self._empty.hide()
        self.readout.setMinimumHeight(round(look().body_px * 1.4))
        self._side = side_card = Card(tr("Energy by path"), "activity")
        self._paths = column(gap=1)
        self._cost = Fact(tr("Energy cost"))
        self._cycles = Fact(tr("Full cycles of the battery"))
        self._emitted = Fact(tr("CO2 of what was bought"))
        self._emitted.hide()
        side_card.body.addLayout(self._paths)
        side_card.body.addWidget(self._cost)
        side_card.body.addWidget(self._cycles)
        side_card.body.addWidget(self._emitted)
        self.box.addWidget(Split(chart_card, widget(column(side_card, 1)), side_em=23, break_em=58), 1)
        self._decisions: list[s.DecisionOut] = []
        self._decided_before: datetime | None = None
        self.decisions = Decisions(self._ask_older)
        self.decisions.hide()
        self.box.addWidget(self.decisions)
        for keys, way in (("Alt+Left", -1), ("Alt+Right", 1)):
            QShortcut(
                QKeySequence(keys), self, partial(self._go, way), context=Qt.ShortcutContext.WidgetWithChildrenShortcut
            )

    # ---- asking -----------------------------------------------------------------------------------------------------

    def show_home(self, home: "s.HomeSnapshot") -> None:
        if self._date is None:
            self._date = home.now
            self._ask()

    def refresh(self) -> None:
        super().refresh()
        if self._summary is not None:
            # The day has gone on while another page was shown.
            self._ask()

    def show_link(self, link: Link) -> None:
        self.export.setEnabled(link.state != "away")
        if link.state == "live" and self._date is not None and self._summary is None:
            self._ask()

    def _choose(self, period: str) -> None:
        self._period = period  # type: ignore[assignment]  # the segments are the periods
        self._ask()

    def _go(self, way: int) -> None:
        home = self.engine.home
        if self._date is None or home is None:
            return
        date = model.step(self._period, self._date, way, self.fmt)
        if way < 0 or date <= model.step(self._period, home.now, 0, self.fmt):
            self._date = date
            self._ask()

    def _ask(self) -> None:
        home = self.engine.home
        if self._date is None or home is None:
            return
        self.title.setText(model.title(self._period, self._date, self.fmt))
        self.forth.setEnabled(
            model.step(self._period, self._date, 1, self.fmt) <= model.step(self._period, home.now, 0, self.fmt)
        )
        query = {"period": self._period, "date": self._date.astimezone(UTC).isoformat()}
        asked = (self._period, self._date)
        self.engine.get("/history/summary", "summary", partial(self._answer, asked), self._refused, query)

    def _answer(self, asked: tuple[str, datetime], summary: "s.SummaryOut") -> None:
        if asked != (self._period, self._date):
            return
        self._summary = summary
        self._skeleton.hide()
        fmt = self.fmt
        self._bars = model.bars(summary, fmt)
        empty = not any(bar.total_wh for bar in self._bars)
        self._empty.setVisible(empty)
        for shown in (self.chart, self.readout, self._side, self.saved, self.words):
            shown.setVisible(not empty)
        self.export.setEnabled(not empty)
        self.chart.show_bars(self._bars, fmt)
        self.saved.show_figure(
            fmt.money(abs(summary.saved) if summary.saved is not None else None, tr("Nothing was measured yet."))
        )
        self.words.setText(model.saved_words(summary))
        (_, cost), (_, cycles) = model.figures(summary, fmt)
        self._cost.show_figure(cost)
        self._cycles.show_figure(cycles)
        emitted = model.emitted(summary, fmt)
        self._emitted.setVisible(emitted is not None)
        if emitted is not None:
            self._emitted.show_figure(emitted)
        self._ask_why(summary)
        clear(self._paths)
        for path in model.totals(summary):
            line = Fact(path.name, sign=_Patch(path))
            line.show_figure(fmt.energy(path.energy_wh))
            self._paths.addWidget(line)
        self._point(-1)

    def _point(self, at: int) -> None:
        if not 0 <= at < len(self._bars):
            self.readout.setText("" if not self._bars else tr("Point at a bar to read it."))
            return
        bar, fmt = self._bars[at], self.fmt
        parts = [f"{p.name} {fmt.energy(p.energy_wh).text}" for p in bar.parts if p.energy_wh >= 50]
        saved: list[str] = [tr("saved {money}", money=bar.saved.text)] if bar.saved != Shown("—") else []
        self.readout.setText(f"{bar.label}: " + " · ".join([*parts, *saved]))

    # ---- why --------------------------------------------------------------------------------------------------------

    def _ask_why(self, summary: "s.SummaryOut") -> None:
        """A day's decisions; a month has too many to be read."""
        self.decisions.setVisible(summary.period == "day" and bool(summary.buckets))
        if summary.period == "day" and summary.buckets:
            self._ask_decisions(summary, summary.end, [])

    def _ask_older(self) -> None:
        if self._summary is not None and self._decided_before is not None:
            self._ask_decisions(self._summary, self._decided_before, self._decisions)

    def _ask_decisions(self, day: "s.SummaryOut", before: datetime, known: "list[s.DecisionOut]") -> None:
        span = {"from": day.start.astimezone(UTC).isoformat(), "to": before.astimezone(UTC).isoformat()}
        answer = partial(self._decided, day, known)
        self.engine.get("/history/decisions", "decisions", answer, self._refused, span | {"limit": str(model.LINES)})

    def _decided(self, day: "s.SummaryOut", known: "list[s.DecisionOut]", found: "s.DecisionsOut") -> None:
        if day is not self._summary:
            return
        self._decisions, self._decided_before = [*known, *found.decisions], found.before
        lines = [model.decision_line(decision, self.fmt) for decision in self._decisions]
        self.decisions.show_lines(lines, more=found.before is not None)

    # ---- export -----------------------------------------------------------------------------------------------------

    def _export(self) -> None:
        if self._summary is None:
            return
        self.notice.say(tr("Exporting …"))
        start, end = self._summary.start, self._summary.end
        query = {"from": start.astimezone(UTC).isoformat(), "to": end.astimezone(UTC).isoformat()}
        name = f"twoway-{self._period}-{self.fmt.local(start):%Y-%m-%d}.csv"
        self.engine.get("/history.csv", "text", partial(self._exported, name), self._refused, query)

    def _exported(self, name: str, text: str) -> None:
        save_and_say(name, text.encode(), self.notice.say)

    def _refused(self, problem: Problem) -> None:
        self.notice.say(problem.text, "error")


class _Patch(QFrame):
    """A path's colour, in the list of paths."""

    def __init__(self, part: model.Part) -> None:
        super().__init__()
        side = max(8, look().body_px - 4)
        self.setFixedSize(side, side)
        edge = look().tokens.shape[part.source]
        self.setStyleSheet(f"background: {part_colour(part).name()}; border: 1px solid {edge}; border-radius: 3px;")
