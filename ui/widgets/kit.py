"""The few building blocks of every page. Each says its role by a property; the one style sheet does the rest."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QMouseEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ui.models.units import Shown
from ui.theme.icons import icon, pixmap
from ui.theme.look import look
from ui.theme.tokens import Source
from ui.widgets.flowrow import FlowRow

NARROW_NOTICE_EM = 26
"""A message narrower than this has its buttons below."""
LONG_FIGURE = 24
"""Characters; a longer figure is a text and wraps."""


def restyle(widget: QWidget, **properties: str) -> None:
    """Set style properties and let the style sheet see them."""
    changed = False
    for name, value in properties.items():
        if widget.property(name) != value:
            widget.setProperty(name, value)
            changed = True
    if changed:
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class Label(QLabel):
    """A text in one of the page's sizes: "body", "small", "muted", "strong", "caption" or "big"."""

    def __init__(self, text: str = "", role: str = "body", *, wrap: bool = True, selectable: bool = False) -> None:
        super().__init__(text)
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self.setFont(look().font())
        if selectable:
            self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if wrap:
            # A wrapped label may be as narrow as its container asks: nothing is pushed out of a 320 px window.
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
            self.setMinimumWidth(1)

    def show_figure(self, shown: Shown) -> None:
        """Show a figure; a dash tells its reason on hover and to a screen reader."""
        self.setText(shown.text)
        self.setToolTip(shown.why)
        self.setAccessibleDescription(shown.why)

    def say(self, text: str) -> None:
        """Show a text, and take no room where there is none."""
        self.setText(text)
        self.setVisible(bool(text))


def column(*items: QWidget | QLayout | int, gap: float = 1, margins: tuple[float, ...] = (0, 0, 0, 0)) -> QVBoxLayout:
    """A column; a number is a stretch."""
    box = QVBoxLayout()
    fill(box, items, gap, margins)
    return box


def row(*items: QWidget | QLayout | int, gap: float = 1, margins: tuple[float, ...] = (0, 0, 0, 0)) -> QHBoxLayout:
    """A row; a number is a stretch."""
    box = QHBoxLayout()
    fill(box, items, gap, margins)
    return box


def fill(box: QBoxLayout, items: Sequence[QWidget | QLayout | int], gap: float, margins: tuple[float, ...]) -> None:
    """Put items into a box."""
    one = look()
    box.setSpacing(one.gap(gap))
    left, top, right, bottom = (one.gap(m) for m in margins)
    box.setContentsMargins(left, top, right, bottom)
    for item in items:
        if isinstance(item, QWidget):
            box.addWidget(item)
        elif isinstance(item, QLayout):
            box.addLayout(item)
        else:
            box.addStretch(item)


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and let it go."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            clear(inner)


class IconLabel(QLabel):
    """A still icon; it says nothing to a screen reader, since words stand beside it."""

    def __init__(self, name: str, colour: str | None = None, px: int | None = None) -> None:
        super().__init__()
        self._px = px or round(look().body_px * 1.35)
        self.setFixedSize(QSize(self._px, self._px))
        self.set_icon(name, colour)

    def set_icon(self, name: str, colour: str | None = None) -> None:
        """Show another icon."""
        self.setPixmap(pixmap(name, self._px, colour or look().tokens.muted))


class Button(QPushButton):
    """A button: kind "plain", "primary", "danger", "quiet", "link" or "chip"."""

    def __init__(
        self,
        text: str = "",
        on_click: Callable[[], None] | None = None,
        *,
        kind: str = "plain",
        icon_name: str = "",
        name: str = "",
        tip: str = "",
    ) -> None:
        super().__init__()
        # Qt leaves four pixels between icon and words, whatever the text size: an en space gives them room.
        self._lead = "\u2002" if icon_name and text else ""
        self.setText(text)
        self.setProperty("kind", kind)
        self.setAccessibleName(name or text)
        self.setToolTip(tip or (name if not text else ""))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        if icon_name:
            tokens = look().tokens
            colours = {"primary": tokens.on_accent, "danger": tokens.ink["limit"], "link": tokens.accent}
            colour = colours.get(kind, tokens.text)
            self.setIcon(icon(icon_name, colour, tokens.on_accent if kind == "chip" else colour))
            side = round(look().body_px * 1.2)
            self.setIconSize(QSize(side, side))
        if on_click is not None:
            self.clicked.connect(lambda _checked=False: on_click())

    def setText(self, text: str) -> None:
        super().setText(self._lead + text if text else "")


class RowButton(QPushButton):
    """One line of a list: a title over small words, both wrapping; checkable."""

    def __init__(self, title: str, words: str, icon_name: str, colour: str) -> None:
        super().__init__()
        self.setProperty("kind", "row")
        self.setCheckable(True)
        self.setAccessibleName(f"{title}, {words}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        sign = IconLabel(icon_name, colour)
        line = row(sign, column(Label(title), Label(words, "small"), gap=0.25), gap=1.5, margins=(1, 1, 1, 1))
        line.setStretch(1, 1)
        self._line = line
        self.setLayout(line)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    # A button measures its own text only; this one is as large as what lies on it.
    def sizeHint(self) -> QSize:
        return self._line.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(1, 1)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._line.heightForWidth(width)


class Narrow:
    """A container that may be as narrow as its window, whatever its content would like.

    Qt measures a column's height at its *least* width where that is wider than the window: rows would then overlap.
    """

    def minimumSizeHint(self) -> QSize:
        return QSize(1, 1)


class Card(Narrow, QFrame):
    """A card with a caption; rows go into ``body``."""

    def __init__(self, caption: str = "", icon_name: str = "", source: Source | None = None, *, pad: float = 2) -> None:
        super().__init__()
        self.setProperty("role", "card")
        colour = look().tokens.ink[source] if source else None
        self.caption = Label(caption, "caption", wrap=False)
        self.head = row(self.caption, gap=1)
        if icon_name:
            self.head.insertWidget(0, IconLabel(icon_name, colour))
        self.body = column(gap=1)
        outer = column(gap=1.5, margins=(pad, pad, pad, pad))
        if caption:
            outer.addLayout(self.head)
            self.setAccessibleName(caption)
        outer.addLayout(self.body)
        self.setLayout(outer)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)


class Fact(Narrow, QWidget):
    """A named figure: the name left, the figure right."""

    def __init__(self, name: str, sign: QWidget | None = None) -> None:
        super().__init__()
        self._name = name
        self._label = Label(name, "muted")
        self.figure = Label("", "body", wrap=False)
        self.figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._line = row(self._label, self.figure, gap=1)
        self._line.setStretch(0, 1)
        if sign is not None:
            self._line.insertWidget(0, sign)
        self.setLayout(self._line)

    def show_figure(self, shown: Shown) -> None:
        """Show the figure; words that are longer than a figure wrap in the right two thirds."""
        long = len(shown.text) > LONG_FIGURE
        if long != self.figure.wordWrap():
            self.figure.setWordWrap(long)
            self._line.setStretchFactor(self.figure, 2 if long else 0)
        self.figure.show_figure(shown)
        self.setAccessibleName(f"{self._name}: {shown.text}")


class Check(Narrow, QWidget):
    """A check box whose words wrap."""

    toggled = Signal(bool)

    def __init__(self, words: str, *, checked: bool = False) -> None:
        super().__init__()
        self.box = QCheckBox()
        self.box.setChecked(checked)
        self.box.setAccessibleName(words)
        self.box.toggled.connect(self.toggled)
        self._words = Label(words)
        self._words.setBuddy(self.box)
        line = row(self.box, self._words, gap=1)
        line.setStretch(1, 1)
        line.setAlignment(self.box, Qt.AlignmentFlag.AlignTop)
        self.setLayout(line)
        self.setFocusProxy(self.box)

    def isChecked(self) -> bool:
        """Is it ticked?"""
        return self.box.isChecked()

    def setChecked(self, on: bool) -> None:
        """Tick it, or not."""
        self.box.setChecked(on)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.box.toggle()


class Swatch(QFrame):
    """A small square in a source's colour, for legends; the name stands beside it."""

    def __init__(self, source: Source, *, outline: bool = False) -> None:
        super().__init__()
        side = max(8, look().body_px - 5)
        self.setFixedSize(side, side)
        colour = look().tokens.shape[source]
        fill_colour = "transparent" if outline else colour
        self.setStyleSheet(f"background: {fill_colour}; border: 2px solid {colour}; border-radius: 3px;")


class Notice(Narrow, QFrame):
    """An inline message: what a dialog would say elsewhere. With actions, and quiet when there is nothing to say."""

    _ICONS: ClassVar[dict[str, str]] = {
        "info": "info",
        "ok": "circle-check",
        "warn": "triangle-alert",
        "error": "circle-alert",
    }
    _INKS: ClassVar[dict[str, Source]] = {"info": "grid", "ok": "car", "warn": "solar", "error": "limit"}

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "notice")
        self._icon = IconLabel("info")
        self._text = Label()
        self._actions = row(gap=0.5)
        self._words = row(self._text, self._actions, gap=0.5)
        self._words.setStretch(0, 1)
        self._words.setAlignment(self._actions, Qt.AlignmentFlag.AlignLeft)
        line = row(self._icon, self._words, gap=1.5, margins=(1.5, 1, 1, 1))
        line.setStretch(1, 1)
        line.setAlignment(self._icon, Qt.AlignmentFlag.AlignVCenter)
        self.setLayout(line)
        self.hide()

    @property
    def text(self) -> str:
        """What it says now."""
        return self._text.text() if not self.isHidden() else ""

    def say(self, text: str, kind: str = "info", *actions: tuple[str, Callable[[], None]]) -> None:
        """Say something, with buttons (words, what they do)."""
        restyle(self, kind=kind)
        self._icon.set_icon(self._ICONS[kind], look().tokens.ink[self._INKS[kind]])
        self._text.setText(text)
        self.setAccessibleName(text)
        clear(self._actions)
        for words, action in actions:
            self._actions.addWidget(Button(words, action, kind="link"))
        self._arrange()
        self.show()
        # Said aloud by a screen reader without the focus moving.
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def quiet(self) -> None:
        """Say nothing."""
        self.hide()

    def resizeEvent(self, event: object) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Buttons beside the words, or below where they would leave the words no room."""
        below = self._actions.count() > 0 and self.width() < NARROW_NOTICE_EM * look().body_px
        way = QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight
        if self._words.direction() != way:
            self._words.setDirection(way)


class Segments(Narrow, QWidget):
    """One choice out of a few, as buttons in a row."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], current: str, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._buttons: dict[str, Button] = {}
        line = FlowRow(gap=0.5)
        for key, words in choices:
            button = Button(words, kind="chip", name=f"{name}: {words}")
            button.setCheckable(True)
            button.setChecked(key == current)
            button.clicked.connect(lambda _checked=False, key=key: self._click(key))
            self._buttons[key] = button
            line.addWidget(button)
        self.setLayout(line)

    def choose(self, key: str) -> None:
        """Show a choice as made, without a signal."""
        for each, button in self._buttons.items():
            button.setChecked(each == key)

    def _click(self, key: str) -> None:
        # Not an exclusive group of Qt's: in one of those, Tab would reach the checked button only.
        self.choose(key)
        self.chosen.emit(key)


class Split(Narrow, QWidget):
    """Two parts beside each other where there is room, one above the other where not."""

    def __init__(
        self, main: QWidget, side: QWidget, *, side_em: float = 24, break_em: float = 56, side_first: bool = False
    ) -> None:
        super().__init__()
        em = look().body_px
        self._break, self._side_width, self._side = round(break_em * em), round(side_em * em), side
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        fill(self._box, (side, main) if side_first else (main, side), 2, (0, 0, 0, 0))
        self._box.setStretchFactor(main, 1)
        self.setLayout(self._box)
        self._set_wide(wide=False)

    def resizeEvent(self, event: object) -> None:
        self._set_wide(wide=self.width() >= self._break)

    def _set_wide(self, *, wide: bool) -> None:
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._box.direction() != way:
            self._box.setDirection(way)
        self._side.setMaximumWidth(self._side_width if wide else 16_777_215)
        self._side.setMinimumWidth(self._side_width if wide else 0)


class Holder(Narrow, QWidget):
    """A plain container."""


def widget(layout: QLayout) -> QWidget:
    """A widget around a layout."""
    holder = Holder()
    holder.setLayout(layout)
    return holder
