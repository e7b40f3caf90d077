"""What the car was told to do and why, newest first: the answer to "Why?" for a day that is over."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from ui.i18n import tr
from ui.models.history import DecisionLine
from ui.widgets.flowrow import FlowRow
from ui.widgets.kit import Button, Card, Label, clear, column, row, widget


class Decisions(Card):
    """A card of decisions; it grows by a page when asked."""

    def __init__(self, ask_older: Callable[[], None]) -> None:
        super().__init__(tr("Why?"), "info")
        self._lines = column(gap=2)
        self._empty = Label(tr("No decision is kept of this day."), "muted")
        self.older = Button(tr("Show earlier ones"), ask_older, kind="link")
        self.body.addLayout(self._lines)
        self.body.addWidget(self._empty)
        self.body.addLayout(row(self.older, 1))
        self.show_lines((), more=False)

    def show_lines(self, lines: Sequence[DecisionLine], *, more: bool) -> None:
        """Show these; ``more``: there are older ones."""
        clear(self._lines)
        for line in lines:
            self._lines.addWidget(_line(line))
        self._empty.setVisible(not lines)
        self.older.setVisible(more)


def _line(line: DecisionLine) -> QWidget:
    """Time and power, the sentence, and what is behind it."""
    head = FlowRow(Label(line.time, "strong", wrap=False), Label(line.power, "muted", wrap=False), gap=1.5)
    sentence, facts = Label(line.sentence, "body"), Label("", "small")
    facts.say(line.facts)
    holder = widget(column(head, sentence, facts, gap=0.25))
    holder.setAccessibleName(" ".join(part for part in (line.time, line.power, line.sentence, line.facts) if part))
    return holder
