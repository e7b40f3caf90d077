"""Events: what the utility asked, what was delivered, the money, and the way out with its consequence."""

from functools import partial
from typing import TYPE_CHECKING

from ui.client.engine import Link, Problem
from ui.i18n import tr
from ui.models import events as model
from ui.pages.page import Context, Page
from ui.theme.look import look
from ui.widgets.flowrow import FlowRow
from ui.widgets.kit import Button, Card, Fact, Label, Notice, RowButton, Split, Swatch, clear, column, row, widget
from ui.widgets.skeleton import Skeleton

if TYPE_CHECKING:
    from app.api import schema as s
    from ui.charts.event import EventChart


class View(Page):
    """The Events page."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._events: list[s.EventOut] = []
        self._key: tuple[str, str] | None = None
        self._listed: list[tuple[str, ...]] = []
        self._buttons: dict[tuple[str, str], RowButton] = {}
        self._asking = False
        self.chart: EventChart | None = None
        self._empty = Card(pad=3)
        self._empty.body.addWidget(Label(tr("No events yet"), "strong"))
        self._empty.body.addWidget(
            Label(
                tr(
                    "When your utility asks for help, for instance to feed the grid on a cold evening, it shows here: "
                    "what it asks, what your home delivered, what it earned, and how to opt out. A utility is linked "
                    "on the installer's page."
                ),
                "muted",
            )
        )
        self._empty.hide()
        self._list_card = Card(tr("Events"), "radio-tower", "grid")
        self._list = column(gap=0.5)
        self._skeleton = Skeleton(0.9, 0.6, 0.9, 0.6)
        self._list_card.body.addWidget(self._skeleton)
        self._list_card.body.addLayout(self._list)
        side = widget(column(self._list_card, 1))
        self._split = Split(self._detail_card(), side, side_em=26, break_em=60, side_first=True)
        self.box.addWidget(self._empty)
        self.box.addWidget(self._split)
        self.box.addStretch(1)

    def _detail_card(self) -> Card:
        self._detail = Card(pad=2.5)
        self.title = Label("", "strong")
        self.problem = Notice()
        self._facts = column(gap=1)
        self._rows: dict[str, Fact] = {}
        words = Label(tr("Asked (dashed)"), "small", wrap=False)
        self._asked_legend = widget(row(Swatch("grid", outline=True), words, gap=0.75))
        self._legend = widget(
            FlowRow(
                self._asked_legend,
                widget(row(Swatch("car"), Label(tr("Delivered, kW"), "small", wrap=False), gap=0.75)),
                gap=2,
            )
        )
        self._chart_box = column(gap=0)
        self.asked = Label("", "muted")
        self.opt_out = Button("", self._ask)
        self.notice = Notice()
        for part in (self.title, self.problem):
            self._detail.body.addWidget(part)
        self._detail.body.addLayout(self._chart_box)
        self._detail.body.addWidget(self._legend)
        self._detail.body.addWidget(self.asked)
        self._detail.body.addLayout(self._facts)
        self._detail.body.addWidget(self.notice)
        self._detail.body.addLayout(row(self.opt_out, 1))
        return self._detail

    # ---- showing ----------------------------------------------------------------------------------------------------

    def show_events(self, events: "list[s.EventOut]") -> None:
        self._skeleton.hide()
        self._events = model.sorted_events(events)
        self._empty.setVisible(not events)
        self._split.setVisible(bool(events))
        if not events:
            return
        keys = [(e.source, e.event_id) for e in self._events]
        if self._key not in keys:
            self._key = keys[0]
        self._fill_list()
        self._show_detail()

    def show_link(self, link: Link) -> None:
        self.opt_out.setEnabled(link.state != "away")

    def _fill_list(self) -> None:
        home = self.engine.home
        if home is None:
            return
        lines: list[tuple[str, ...]] = []
        for e in self._events:
            words = f"{model.event_time(e, self.fmt, home.now)} · {model.status_words(e)}"
            lines.append((e.source, e.event_id, model.event_title(e), words, e.status))
        if lines == self._listed:
            return
        self._listed = lines
        clear(self._list)
        self._buttons = {}
        for source, event_id, title, words, status in lines:
            button = RowButton(title, words, model.ICONS.get(status, "clock"), look().tokens.ink["grid"])
            button.setChecked((source, event_id) == self._key)
            button.clicked.connect(partial(self._choose, (source, event_id)))
            self._buttons[source, event_id] = button
            self._list.addWidget(button)

    def _choose(self, key: tuple[str, str], _checked: bool = False) -> None:
        self._key = key
        for each, button in self._buttons.items():
            button.setChecked(each == key)
        self._close()

    def _event(self) -> "s.EventOut | None":
        return next((e for e in self._events if (e.source, e.event_id) == self._key), None)

    def _show_detail(self) -> None:
        event, home = self._event(), self.engine.home
        if event is None or home is None:
            return
        fmt = self.fmt
        self.title.setText(model.event_title(event))
        if event.problem:
            self.problem.say(event.problem, "warn")
        else:
            self.problem.quiet()
        facts = model.facts(event, fmt, home.now)
        if not self._rows:
            for name, _ in facts:
                self._rows[name] = Fact(name)
                self._facts.addWidget(self._rows[name])
        for name, shown in facts:
            self._rows[name].show_figure(shown)
        self.opt_out.setVisible(event.may_opt_out and not self._asking)
        self.opt_out.setText(tr("Take part again") if event.opted_out else tr("Opt out …"))
        self.opt_out.setAccessibleName(self.opt_out.text())
        self._draw(event)

    def _draw(self, event: "s.EventOut") -> None:
        home = self.engine.home
        curves = model.curves(event, home.now if home else event.start)
        drawable = not curves.empty
        if drawable and self.chart is None:
            from ui.charts.event import EventChart

            self.chart = EventChart(self.fmt)
            self._chart_box.addWidget(self.chart)
        if self.chart is not None:
            self.chart.setVisible(drawable)
            if drawable and home is not None:
                self.chart.show_curves(curves, home.now.timestamp())
        self._legend.setVisible(drawable)
        self._asked_legend.setVisible(bool(curves.asked_kw))
        self.asked.say(model.asked_words(event, self.fmt))

    # ---- opting out -------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        event = self._event()
        if event is None:
            return
        if event.opted_out:
            self._send(opted_out=False)
            return
        self._asking = True
        self.opt_out.hide()
        self.notice.say(
            model.opt_out_question(event),
            "warn",
            (tr("Opt out"), partial(self._send, opted_out=True)),
            (tr("Stay in"), self._close),
        )

    def _close(self) -> None:
        self._asking = False
        self.notice.quiet()
        self._show_detail()

    def _send(self, *, opted_out: bool) -> None:
        from app.api.schema import OptOutIn

        event = self._event()
        if event is not None:
            path = f"/events/{event.source}/{event.event_id}/opt-out"
            self.engine.post(path, OptOutIn(opted_out=opted_out), "event", self._sent, self._refused)

    def _sent(self, event: "s.EventOut") -> None:
        self._asking = False
        kept = [e for e in self._events if (e.source, e.event_id) != (event.source, event.event_id)]
        self.show_events([*kept, event])
        words = tr("You opted out of this event.") if event.opted_out else tr("Your home takes part again.")
        self.notice.say(words, "ok")

    def _refused(self, problem: Problem) -> None:
        self.notice.say(problem.text, "error", (tr("Close"), self._close))
