"""The card of what stands beside the car: machines that can wait, house batteries, tanks."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QWidget

from ui.i18n import tr
from ui.models.assets import AssetRow
from ui.theme.look import look
from ui.widgets.kit import Button, Card, IconLabel, Label, clear, column, restyle, row


class AssetsCard(Card):
    """Hidden where the home has nothing of the kind."""

    def __init__(self, put_off: Callable[[str], None]) -> None:
        """``put_off(name)``: a machine shall not run in its present window."""
        super().__init__(tr("Machines and stores"), "machine", "battery")
        self._put_off = put_off
        self._lines: list[_Line] = []
        self._keys: tuple[tuple[str, str], ...] = ()
        self._rows = column(gap=1.25)
        self.body.addLayout(self._rows)
        self.hide()

    def show_rows(self, rows: tuple[AssetRow, ...]) -> None:
        """Show what each does."""
        keys = tuple((line.name, line.icon) for line in rows)
        if keys != self._keys:
            self._keys = keys
            clear(self._rows)
            self._lines = [_Line(line, self._put_off) for line in rows]
            for widget in self._lines:
                self._rows.addWidget(widget)
        for widget, line in zip(self._lines, rows, strict=True):
            widget.show_row(line)
        self.setVisible(bool(rows))


class _Line(QWidget):
    """A machine, a battery or a tank."""

    def __init__(self, line: AssetRow, put_off: Callable[[str], None]) -> None:
        super().__init__()
        ink = look().tokens.ink["battery" if line.icon == "house-battery" else "house"]
        self.figure = Label("", "strong", wrap=False)
        self.words = Label("", "small")
        self.put_off = Button(
            tr("Not today"), partial(put_off, line.name), kind="link", name=tr("{name}: not today", name=line.name)
        )
        head = row(IconLabel(line.icon, ink), Label(line.name, "body"), self.figure, gap=1)
        head.setStretch(1, 1)
        below = row(self.words, self.put_off, gap=1)
        below.setStretch(0, 1)
        self.setLayout(column(head, below, gap=0.25))

    def show_row(self, line: AssetRow) -> None:
        """What it does now."""
        self.figure.setText(line.figure)
        self.words.setText(line.words)
        restyle(self.words, state="limit" if line.limit else "")
        self.put_off.setVisible(line.may_put_off)
        self.setAccessibleName(f"{line.name}: {line.figure} {line.words}")
