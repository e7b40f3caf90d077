"""Plan: one time axis, three lanes; drag the departure's flag and see the new plan before you accept it."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QWidget

from ui.client.engine import Link, Problem
from ui.i18n import tr
from ui.models import plan as model
from ui.models.assets import planning_words
from ui.models.units import Shown
from ui.pages.page import Context, Page
from ui.theme.look import look
from ui.theme.tokens import Source
from ui.widgets.flowrow import FlowRow
from ui.widgets.kit import Button, Card, IconLabel, Label, Notice, Swatch, column, row, widget
from ui.widgets.skeleton import Skeleton

if TYPE_CHECKING:
    from app.api import schema as s
    from ui.charts.plan import PlanChart


FIGURES = 8
"""The most that a step has: six of every home, its batteries, its machines."""


class Figure(QWidget):
    """A caption over a figure, in the readout."""

    def __init__(self) -> None:
        super().__init__()
        self._caption = Label("", "small", wrap=False)
        self._value = Label("—", "strong", wrap=False)
        self.setLayout(column(self._caption, self._value, gap=0, margins=(0, 0, 1, 0)))

    def show_figure(self, caption: str, shown: Shown) -> None:
        """Show one figure of the readout."""
        self._caption.setText(caption)
        self._value.show_figure(shown)
        self.setAccessibleName(f"{caption}: {shown.text}")


class View(Page):
    """The Plan page."""

    width_em = 150.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._plan: s.PlanOut | None = None
        self._preview: s.PlanOut | None = None
        self._departure: datetime | None = None
        self._pointed: datetime | None = None
        self.cost = Label("", "big", wrap=False)
        self.words = Label("", "muted")
        self.saving = Label("", "muted")
        self.earlier = Button("", partial(self._nudge, -1), icon_name="chevron-left", name=tr("Leave earlier"))
        self.later = Button("", partial(self._nudge, 1), icon_name="chevron-right", name=tr("Leave later"))
        self.leaving = Label("", "strong", wrap=False)
        flag = IconLabel("flag", look().tokens.text)
        self._leaving_box = widget(row(self.earlier, flag, self.leaving, self.later, gap=1))
        self._leaving_box.hide()
        for label in (self.words, self.saving):
            label.setWordWrap(False)
        words = widget(column(self.words, self.saving, gap=0))
        self.box.addLayout(FlowRow(self.cost, words, self._leaving_box, gap=2))
        self.notice = Notice()
        self.broken = Notice()
        self.planning = Label("", "muted")
        self.box.addWidget(self.broken)
        self.box.addWidget(self.planning)
        self.box.addWidget(self.notice)
        self.card = Card(pad=2)
        self._readout = [Figure() for _ in range(FIGURES)]
        self.time = Label("", "strong", wrap=False)
        self.reason = Label("", "muted", wrap=False)
        self.sentence = Label("", "body")
        self.facts = Label("", "small")
        figures = (FlowRow(self.time, self.reason, gap=1.5), FlowRow(*self._readout, gap=1.5))
        self._lines = column(self.sentence, self.facts, 1, gap=0.25)
        self._words = widget(self._lines)
        self._figures = widget(column(*figures, self._words, gap=1))
        self._words_width = 0
        self._figures.hide()
        self.card.body.addWidget(self._figures)
        self._skeleton = Skeleton(block=True)
        self._empty = Label(
            tr("No plan yet. The first one is made as soon as the meter and the prices are known; it takes a minute."),
            "muted",
        )
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.hide()
        self.card.body.addWidget(self._empty)
        self.card.body.addWidget(self._skeleton, 1)
        self.legend = _legend()
        self.legend.hide()
        self.card.body.addWidget(self.legend)
        self.box.addWidget(self.card, 1)
        self.forecasts = Label("", "small")
        self.box.addWidget(self.forecasts)
        self.chart: PlanChart | None = None

    # ---- showing ----------------------------------------------------------------------------------------------------

    def show_plan(self, plan: "s.PlanOut | None") -> None:
        self._plan = plan
        self._empty.setVisible(plan is None)
        self._skeleton.setVisible(plan is not None and self.chart is None)
        self.legend.setVisible(plan is not None)
        self._figures.setVisible(plan is not None)
        if plan is None:
            return
        if self.chart is None:
            # Plots cost half a second to load: the page stands before they come.
            QTimer.singleShot(0, self._make_chart)
        else:
            self._draw()

    def _make_chart(self) -> None:
        if self.chart is not None:
            return
        from ui.charts.plan import PlanChart

        self.chart = PlanChart(self.fmt)
        self.chart.cursor_moved.connect(self._point)
        self.chart.departure_dragged.connect(self._dragged)
        self.card.body.replaceWidget(self._skeleton, self.chart)
        self._skeleton.hide()
        self.card.body.setStretchFactor(self.chart, 1)
        self._draw()

    def _draw(self) -> None:
        plan, chart, home = self._plan, self.chart, self.engine.home
        if plan is None or chart is None or home is None or chart.dragging:
            return
        fmt = self.fmt
        soc = home.car.soc
        preview = model.series(self._preview, soc) if self._preview is not None else None
        chart.show_series(model.series(plan, soc), preview)
        chart.set_now(home.now.timestamp())
        head = model.header(plan, fmt, home.now)
        self.cost.show_figure(head.cost)
        self.words.setText(head.words)
        self.saving.say(head.saving)
        self.forecasts.say(model.forecast_words(plan, fmt))
        wrong, usual = planning_words(home.planning or plan.planning, fmt, home.now)
        self.planning.say(usual)
        broken = [*filter(None, (wrong,)), *model.broken_promises(plan, fmt, home.now)]
        if broken:
            self.broken.say(" ".join(broken), "warn")
        else:
            self.broken.quiet()
        flags = model.departures(self._preview or plan)
        self._departure = flags[0].deadline if flags else None
        self._leaving_box.setVisible(self._departure is not None)
        if self._departure is not None:
            self.leaving.setText(fmt.when(self._departure, home.now).text)
            self.leaving.setAccessibleName(tr("Departure {time}", time=fmt.when(self._departure, home.now).text))
        self._read()

    def show_home(self, home: "s.HomeSnapshot") -> None:
        if self.chart is not None:
            self.chart.set_now(home.now.timestamp())
            if self._pointed is None:
                self._read()
        elif self._plan is None:
            self.show_plan(self.engine.plan)

    def show_link(self, link: Link) -> None:
        live = link.state != "away"
        for button in (self.earlier, self.later):
            button.setEnabled(live)

    def _point(self, time_s: float) -> None:
        self._pointed = datetime.fromtimestamp(time_s, UTC) if time_s else None
        self._read()

    def _read(self) -> None:
        plan, home = self._preview or self._plan, self.engine.home
        if plan is None or home is None:
            return
        at = self._pointed or max(home.now, plan.start[0])
        step = model.step_at(plan, at)
        if step is None:
            return
        shown = model.readout(plan, step, self.fmt, home.now)
        self.time.setText(shown.time if self._pointed else tr("Now"))
        self.reason.setText(shown.reason)
        self.sentence.setText(shown.sentence)
        self.facts.setText(shown.facts)
        self._keep_room()
        for figure in self._readout[len(shown.figures) :]:
            figure.hide()
        for figure, (caption, value) in zip(self._readout, shown.figures, strict=False):
            figure.show_figure(caption, value)
            figure.show()

    def _keep_room(self) -> None:
        """The words take the room of the longest so far: the chart stays where it is while the cursor wanders."""
        width = self._words.width()
        if width != self._words_width:
            self._words_width = width
            self._words.setMinimumHeight(0)
        needed = self._lines.heightForWidth(width)
        self._words.setMinimumHeight(max(self._words.minimumHeight(), needed))

    # ---- changing the departure -------------------------------------------------------------------------------------

    def _nudge(self, way: int) -> None:
        if self._departure is not None:
            self._ask(self._departure, self._departure + way * timedelta(minutes=15))

    def _dragged(self, from_s: float, to_s: float) -> None:
        self._ask(datetime.fromtimestamp(from_s, UTC), datetime.fromtimestamp(to_s, UTC))

    def _ask(self, old: datetime, new: datetime) -> None:
        from app.api.schema import OneOffDeparture

        home, plan = self.engine.home, self._plan
        if home is None or plan is None or new == old:
            self._draw()
            return
        if new <= home.now:
            self.notice.say(tr("A departure must lie ahead: nothing was changed."), "warn")
            self._draw()
            return
        target = next((p.wanted for p in model.departures(plan)), 0.8)
        wishes = home.wishes.model_copy(update={"one_off": OneOffDeparture(at=new, target_soc=min(1.0, target))})
        self.notice.say(tr("Planning anew for {time} …", time=self.fmt.when(new, home.now).text))
        self.engine.post("/plan/preview", wishes, "preview", partial(self._previewed, wishes, new), self._refused)

    def _previewed(self, wishes: "s.WishesOut", at: datetime, preview: "s.PlanOut") -> None:
        home = self.engine.home
        if home is None or self._plan is None:
            return
        self._preview = preview
        self.notice.say(
            model.difference(self._plan, preview, at, self.fmt, home.now),
            "info",
            (tr("Accept"), partial(self._accept, wishes)),
            (tr("Discard"), self._discard),
        )
        self._draw()

    def _accept(self, wishes: "s.WishesOut") -> None:
        home = self.engine.home
        if home is not None:
            self.engine.put("/wishes", wishes, "wishes", partial(self._accepted, home.wishes), self._refused)

    def _accepted(self, before: "s.WishesOut", _wishes: "s.WishesOut") -> None:
        if self._preview is not None:
            self._plan = self._preview
        self._discard()
        self.notice.say(tr("The new departure holds."), "ok", (tr("Undo"), partial(self._undo, before)))

    def _undo(self, before: "s.WishesOut") -> None:
        self.engine.put("/wishes", before, "wishes", lambda _wishes: self.notice.quiet(), self._refused)

    def _discard(self) -> None:
        self._preview = None
        self.notice.quiet()
        self._draw()

    def _refused(self, problem: Problem) -> None:
        self._preview = None
        self._draw()
        self.notice.say(problem.text, "error")


def _legend() -> QWidget:
    parts: tuple[tuple[Source, str, bool], ...] = (
        ("grid", tr("Buy from the grid"), False),
        ("car", tr("Sell to the grid (dashed)"), True),
        ("solar", tr("Roof"), False),
        ("house", tr("House, with its likely range"), False),
        ("car", tr("Car: up charges, down feeds"), False),
        ("limit", tr("Reserve (dashed)"), True),
    )
    items = [
        widget(row(Swatch(source, outline=line), Label(words, "small", wrap=False), gap=0.75))
        for source, words, line in parts
    ]
    holder = QWidget()
    holder.setLayout(FlowRow(*items, gap=2))
    return holder
