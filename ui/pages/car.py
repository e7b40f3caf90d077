"""Car: when it shall be ready, what it keeps; boost, pause, stop; the session in plain words, a drawer for the rest."""

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from ui.client.engine import Link, Problem
from ui.i18n import tr
from ui.models import car as model
from ui.models.security import unprotected
from ui.models.units import Shown, duration
from ui.pages.page import Context, Page
from ui.widgets.flowrow import FlowRow
from ui.widgets.kit import Button, Card, Fact, Label, Notice, Split, clear, column, row, widget
from ui.widgets.messages import MessageTable
from ui.widgets.skeleton import Skeleton
from ui.widgets.wishes import WishesEditor

if TYPE_CHECKING:
    from app.api import schema as s

BOOSTS_MIN = (30, 60, 120)


class View(Page):
    """The Car page."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._shown: s.WishesOut | None = None
        self.soc = Label("", "big", wrap=False)
        self.words = Label("", "muted")
        head = row(self.soc, self.words, gap=2)
        head.setStretch(1, 1)
        self.box.addLayout(head)
        self.notice = Notice()
        self.box.addWidget(self.notice)
        self.unprotected = Notice()
        self.box.addWidget(self.unprotected)
        self.editor = WishesEditor()
        self.editor.edited.connect(self._edited)
        main = widget(column(self._now_card(), self._ready_card(), self._keep_card(), 1, gap=2))
        side = widget(column(self._session_card(), self._drawer(), 1, gap=2))
        self.box.addWidget(Split(main, side, side_em=30, break_em=64))
        self.box.addStretch(1)

    # ---- cards ------------------------------------------------------------------------------------------------------

    def _now_card(self) -> Card:
        card = Card(tr("Now"), "zap", "car")
        self.boost_words = Label("", "body")
        self.boost_words.hide()
        self._boosts = [
            Button(
                duration(timedelta(minutes=m)),
                partial(self._boost, m),
                name=tr("Boost for {time}", time=duration(timedelta(minutes=m))),
            )
            for m in BOOSTS_MIN
        ]
        self._boost_caption = Label(tr("Boost now"), "body", wrap=False)
        self.end_boost = Button(tr("End the boost"), partial(self._boost, 0), icon_name="x")
        self.pause = Button(tr("Pause"), self._pause, icon_name="pause")
        self.stop = Button(tr("End the session …"), self._ask_stop, kind="danger", icon_name="octagon-x")
        card.body.addWidget(self.boost_words)
        for button in (self._boost_caption, *self._boosts):
            button.setMinimumHeight(self.pause.sizeHint().height())
        card.body.addLayout(FlowRow(self._boost_caption, *self._boosts, self.end_boost, gap=1))
        card.body.addLayout(FlowRow(self.pause, self.stop, gap=1))
        self.end_boost.hide()
        return card

    def _ready_card(self) -> Card:
        card = Card(tr("Ready by"), "flag", "car")
        card.body.addWidget(self.editor.departures)
        self.save_bar = Notice()
        card.body.addWidget(self.save_bar)
        return card

    def _keep_card(self) -> Card:
        card = Card(tr("What the car keeps and gives"), "shield-check", "limit")
        card.body.addWidget(self.editor.keeping)
        self.save_bar_below = Notice()
        card.body.addWidget(self.save_bar_below)
        return card

    def _session_card(self) -> Card:
        card = Card(tr("This session"), "plug", "car")
        self._skeleton = Skeleton(0.9, 0.8, 0.9)
        self._no_session = Label(
            tr("A session starts when a car is plugged in. What it takes and gives shows here."), "muted"
        )
        self._no_session.hide()
        self._facts = column(gap=1)
        card.body.addWidget(self._skeleton)
        card.body.addWidget(self._no_session)
        card.body.addLayout(self._facts)
        self._fact_rows: dict[str, Fact] = {}
        return card

    def _drawer(self) -> Card:
        card = Card(tr("Details"), "activity")
        card.head.addStretch(1)
        self.drawer_button = Button(tr("Show"), self._toggle_drawer, kind="link", name=tr("Show protocol details"))
        card.head.addWidget(self.drawer_button)
        self._details = column(gap=1)
        self._detail_rows: dict[str, Fact] = {}
        self.messages = MessageTable()
        self.drawer: QWidget = widget(column(self._details, self.messages, gap=1.5))
        self.drawer.hide()
        card.body.addWidget(self.drawer)
        return card

    # ---- showing ----------------------------------------------------------------------------------------------------

    def show_home(self, home: "s.HomeSnapshot") -> None:
        self._skeleton.hide()
        head = model.header(home)
        self.soc.show_figure(head.soc)
        self.words.setText(head.words)
        bare = unprotected(home)
        if not bare:
            self.unprotected.quiet()
        elif self.unprotected.text != bare:
            self.unprotected.say(bare, "warn")
        _fill(self._facts, self._fact_rows, model.facts(home))
        _fill(self._details, self._detail_rows, model.details(home))
        self._no_session.setVisible(not home.car.connected)
        boosting = model.boost_words(home)
        self.boost_words.say(boosting)
        for part in (self._boost_caption, *self._boosts):
            part.setVisible(not boosting)
        self.end_boost.setVisible(bool(boosting))
        paused = home.wishes.paused
        self.pause.setText(tr("Go on") if paused else tr("Pause"))
        self.pause.setAccessibleName(tr("Go on charging and feeding") if paused else tr("Pause charging and feeding"))
        self.stop.setVisible(home.car.connected)
        self.editor.show_batteries(home.batteries)
        if self._shown != home.wishes and not self.editor.dirty:
            self._shown = home.wishes
            self.editor.show_wishes(home.wishes, self.fmt, home.now)
            self._edited()
        if not self.drawer.isHidden():
            self.messages.show_messages(self.engine.messages, self.fmt)

    def show_link(self, link: Link) -> None:
        for button in (*self._boosts, self.end_boost, self.pause, self.stop):
            button.setEnabled(link.state != "away")

    def show_message(self, message: "s.MessageOut | None") -> None:
        if not self.drawer.isHidden() and message is None:
            self.messages.show_messages(self.engine.messages, self.fmt)

    def _toggle_drawer(self) -> None:
        opening = self.drawer.isHidden()
        self.drawer.setVisible(opening)
        self.drawer_button.setText(tr("Hide") if opening else tr("Show"))
        self.drawer_button.setAccessibleName(tr("Hide protocol details") if opening else tr("Show protocol details"))
        if opening:
            self.messages.show_messages(self.engine.messages, self.fmt)

    # ---- wishes -----------------------------------------------------------------------------------------------------

    def _edited(self) -> None:
        for bar in (self.save_bar, self.save_bar_below):
            if self.editor.dirty:
                actions = ((tr("Save"), self._save), (tr("Discard"), self._revert))
                if bar.isHidden():
                    bar.say(tr("Changed, not saved yet."), "info", *actions)
            else:
                bar.quiet()

    def _save(self) -> None:
        home = self.engine.home
        if home is None:
            return
        before = home.wishes
        wishes = self.editor.wishes().model_copy(update={"boost_until": before.boost_until, "paused": before.paused})
        self.engine.put("/wishes", wishes, "wishes", partial(self._saved, before), self._refused)

    def _saved(self, before: "s.WishesOut", wishes: "s.WishesOut") -> None:
        self._take(wishes)
        self.notice.say(tr("Saved. The plan is made anew."), "ok", (tr("Undo"), partial(self._undo, before)))

    def _undo(self, before: "s.WishesOut") -> None:
        self.engine.put("/wishes", before, "wishes", self._undone, self._refused)

    def _undone(self, wishes: "s.WishesOut") -> None:
        self._take(wishes)
        self.notice.say(tr("As it was before."), "ok")

    def _revert(self) -> None:
        if self.engine.home is not None:
            self._take(self.engine.home.wishes)

    def _take(self, wishes: "s.WishesOut") -> None:
        if self.engine.home is not None:
            self._shown = wishes
            self.editor.show_wishes(wishes, self.fmt, self.engine.home.now)
            self._edited()

    # ---- the car ----------------------------------------------------------------------------------------------------

    def _boost(self, minutes: int) -> None:
        from app.api.schema import BoostIn

        self.engine.post(
            "/car/boost", BoostIn(minutes=minutes), "wishes", partial(self._boosted, minutes), self._refused
        )

    def _boosted(self, minutes: int, _wishes: Any) -> None:
        if minutes:
            words = tr("The car charges at full power for {minutes} min.", minutes=str(minutes))
            self.notice.say(words, "ok", (tr("Undo"), partial(self._boost, 0)))
        else:
            self.notice.say(tr("The boost has ended; the plan goes on."), "ok")

    def _pause(self) -> None:
        home = self.engine.home
        if home is not None:
            self._send_pause(not home.wishes.paused)

    def _send_pause(self, paused: bool) -> None:
        from app.api.schema import PauseIn

        self.engine.post("/car/pause", PauseIn(paused=paused), "wishes", partial(self._paused, paused), self._refused)

    def _paused(self, paused: bool, _wishes: Any) -> None:
        words = tr("Paused: the car stays as it is.") if paused else tr("The plan goes on.")
        self.notice.say(words, "ok", (tr("Undo"), partial(self._send_pause, not paused)))

    def _ask_stop(self) -> None:
        self.notice.say(
            tr("Ending the session unlocks the cable. To charge again, the car has to be plugged in anew."),
            "warn",
            (tr("End it"), self._stop),
            (tr("Keep it"), self.notice.quiet),
        )

    def _stop(self) -> None:
        ended = partial(self.notice.say, tr("The session is being ended."), "ok")
        self.engine.post("/car/stop", None, "", lambda _nothing: ended(), self._refused)

    def _refused(self, problem: Problem) -> None:
        self.notice.say(problem.text, "error", (tr("Close"), self.notice.quiet))


def _fill(box: Any, rows: dict[str, Fact], facts: list[tuple[str, Shown]]) -> None:
    """Show facts, keeping the rows that are there already."""
    if list(rows) != [name for name, _ in facts]:
        clear(box)
        rows.clear()
        for name, _ in facts:
            rows[name] = Fact(name)
            rows[name].figure.setWordWrap(False)
            box.addWidget(rows[name])
    for name, shown in facts:
        rows[name].show_figure(shown)
