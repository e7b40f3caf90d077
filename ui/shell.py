"""The shell: navigation, the pages' stack and the line that tells how the engine is. It paints before all is known."""

import importlib
from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QFrame,
    QMainWindow,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QWidget,
)

from ui.i18n import install, language_of, tr
from ui.pages import PAGES, PageEntry
from ui.settings import Settings
from ui.theme.apply import apply_look
from ui.theme.icons import icon
from ui.theme.look import look, make_look, set_look
from ui.widgets.kit import Label, Notice, column, restyle, row
from ui.widgets.skeleton import Skeleton

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ui.client.engine import Engine, Link
    from ui.pages.page import Page


class Rail(QFrame):
    """Navigation: a column with words where there is room, icons where there is less, a bar at a phone's bottom."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "rail")
        self.setAccessibleName(tr("Pages"))
        one = look()
        self._mark = Label("Twoway", "strong", wrap=False)
        self.home_name = Label("", "small")
        self.home_name.setContentsMargins(one.gap(), 0, 0, 0)
        self.home_name.hide()
        self.status = Label("", "small")
        self.status.setContentsMargins(one.gap(), 0, 0, one.gap())
        self.status.hide()
        self._buttons: dict[str, QPushButton] = {}
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._brand = row(self._mark, margins=(1, 1, 1, 0))
        self._box.addLayout(self._brand)
        self._box.addWidget(self.home_name)
        self._box.addSpacing(one.gap())
        for index, page in enumerate(PAGES):
            self._box.addWidget(self._button(page, index))
        self._spring = self._box.count() - 1
        self._box.insertStretch(self._spring, 1)
        self._box.addWidget(self.status)
        self.setLayout(self._box)
        self._width = ""

    def _button(self, page: PageEntry, index: int) -> QPushButton:
        tokens = look().tokens
        title = tr(page.title)
        button = QPushButton(title)
        button.setProperty("kind", "nav")
        button.setCheckable(True)
        button.setIcon(icon(page.icon, tokens.muted, tokens.accent))
        side = round(look().body_px * 1.35)
        button.setIconSize(QSize(side, side))
        button.setAccessibleName(title)
        button.setToolTip(f"{title} (Ctrl+{index + 1})")
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(partial(self._choose, page.key))
        self._buttons[page.key] = button
        return button

    def _choose(self, key: str, _checked: bool = False) -> None:
        self.chosen.emit(key)

    def mark(self, key: str) -> None:
        """Show which page is open."""
        for each, button in self._buttons.items():
            button.setChecked(each == key)

    def set_width(self, width: str) -> None:
        """ "wide" (words), "icons" or "bar"."""
        if width == self._width:
            return
        self._width = width
        bar, wide, one = width == "bar", width == "wide", look()
        self._box.setDirection(QBoxLayout.Direction.LeftToRight if bar else QBoxLayout.Direction.TopToBottom)
        gap = one.gap()
        self._box.setContentsMargins(*(4, 2, 4, 2) if bar else (gap, gap * 2, gap, gap * 2))
        self._box.setSpacing(0 if bar else one.gap(0.5))
        self._mark.setVisible(wide)
        self.home_name.setVisible(wide and bool(self.home_name.text()))
        self.status.setVisible(wide and bool(self.status.text()))
        # The stretch pushes the settings to the foot of the column; in the bar every button takes its share.
        self._box.setStretch(self._spring, 0 if bar else 1)
        for button in self._buttons.values():
            self._box.setStretchFactor(button, 1 if bar else 0)
        for page in PAGES:
            button = self._buttons[page.key]
            # An en space: Qt puts only four pixels between icon and words.
            button.setText("\u2002" + tr(page.title) if wide else "")
            restyle(button, narrow="false" if wide else "true")
            button.setSizePolicy(
                QSizePolicy.Policy.Expanding if bar or wide else QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed
            )
            button.setMinimumWidth(1 if bar else 0)
        if wide:
            self.setFixedWidth(round(one.body_px * 14.5))
        else:
            self.setMinimumWidth(0)
            self.setMaximumWidth(16_777_215)

    def say(self, name: str, status: str) -> None:
        """The home's name, and a word on the engine."""
        self.home_name.setText(name)
        self.status.setText(status)
        self.home_name.setVisible(self._width == "wide" and bool(name))
        self.status.setVisible(self._width == "wide" and bool(status))


class Shell(QMainWindow):
    """The main window."""

    painted = Signal()
    """The first paint is done: the rest may come."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.engine: Engine | None = None
        self.pages: dict[str, Page] = {}
        self.current = "home"
        self.hide_on_close = False
        self.welcome: Callable[[], QWidget] | None = None
        """Makes the page that is shown instead of Home while no home has been set up."""
        self._painted = False
        self.setWindowTitle("Twoway")
        self.resize(1280, 800)
        self.setMinimumSize(320, 400)
        if settings.geometry is not None:
            self.restoreGeometry(settings.geometry)
        for index, page in enumerate(PAGES):
            QShortcut(QKeySequence(f"Ctrl+{index + 1}"), self, partial(self.open_page, page.key))
        QShortcut(QKeySequence("Ctrl+,"), self, partial(self.open_page, "look"))
        QShortcut(QKeySequence.StandardKey.Quit, self, self.quit)
        QShortcut(QKeySequence.StandardKey.Refresh, self, self._reconnect)
        hints = QApplication.styleHints()
        hints.colorSchemeChanged.connect(self._scheme_changed)
        self.renew()

    # ---- looks ------------------------------------------------------------------------------------------------------

    def renew(self) -> None:
        """Put the settings' language and look into force, and build everything in them."""
        install(language_of(self.settings.text("look/language", "system")))
        self._room = _room(self.width())
        new = make_look(
            self.settings.text("look/theme", "system"),
            self.settings.scale * self._room,
            motion=not self.settings.flag("look/reduced_motion", default=False),
        )
        set_look(new)
        apply_look(new)
        self._build()
        if self.engine is not None:
            self.open_page(self.current)
            self._show_link(self.engine.link)

    def _scheme_changed(self) -> None:
        if self.settings.text("look/theme", "system") == "system":
            self.renew()

    def _build(self) -> None:
        self.pages = {}
        self.rail = Rail()
        self.rail.chosen.connect(self.open_page)
        self.rail.mark(self.current)
        self.notice = Notice()
        self.stack = QStackedWidget()
        self._waiting = QWidget()
        gap = 3.0
        self._waiting.setLayout(column(Skeleton(block=True), Skeleton(0.8, 0.5), gap=2, margins=(gap,) * 4))
        self.stack.addWidget(self._waiting)
        central = QWidget()
        central.setObjectName("shell")
        self._frame = column(self.notice, gap=0, margins=(1.5, 1, 1.5, 0))
        right = column(self._frame, self.stack, gap=0)
        right.setStretch(1, 1)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        self._box.addWidget(self.rail)
        self._box.addLayout(right, 1)
        central.setLayout(self._box)
        self.setCentralWidget(central)
        self._frame.setContentsMargins(0, 0, 0, 0)
        # Nothing is marked until the first Tab, which then goes to the first page's button.
        self.setFocus()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if _room(self.width()) != self._room:
            QTimer.singleShot(0, self.renew)
        em = look().body_px
        width = "bar" if self.width() < 46 * em else "icons" if self.width() < 76 * em else "wide"
        self.rail.set_width(width)
        bar = width == "bar"
        self._box.setDirection(QBoxLayout.Direction.BottomToTop if bar else QBoxLayout.Direction.LeftToRight)

    # ---- pages ------------------------------------------------------------------------------------------------------

    def attach(self, engine: "Engine") -> None:
        """The engine's client is here: pages may be built now."""
        self.engine = engine
        engine.link_changed.connect(self._show_link)
        engine.home_changed.connect(self._show_facts)
        self.open_page(self.current)

    def open_page(self, key: str) -> None:
        """Show a page, building it at its first time."""
        self.current = key
        self.rail.mark(key)
        if self.engine is None:
            return
        if self.welcome is not None and self.engine.home is None and key not in {"look"}:
            self._show(self.welcome())
            return
        if key not in self.pages:
            from ui.pages.page import Context

            entry = next(page for page in PAGES if page.key == key)
            context = Context(self.engine, self.settings, self.open_page, self.renew)
            self.pages[key] = importlib.import_module(entry.module).View(context)
            self.stack.addWidget(self.pages[key])
        self._show(self.pages[key])

    def _show(self, page: QWidget) -> None:
        if self.stack.indexOf(page) < 0:
            self.stack.addWidget(page)
        self.stack.setCurrentWidget(page)

    # ---- the engine -------------------------------------------------------------------------------------------------

    def _show_facts(self, home: object) -> None:
        if self.engine is None or self.engine.home is None:
            return
        if self.welcome is not None:
            self.welcome = None
            self.open_page(self.current)
        facts = self.engine.home.facts
        status = tr("Demo, {speed} times as fast", speed=f"{facts.speed:g}") if facts.demo and facts.speed != 1 else ""
        if facts.demo and not status:
            status = tr("Demo home")
        self.rail.say(facts.name, status)
        self.setWindowTitle(f"{facts.name} – Twoway")

    def _show_link(self, link: "Link") -> None:
        if link.state == "away" and self.welcome is None:
            since = f"{link.since.astimezone():%H:%M}"
            words = tr("The engine is away since {time}. The window reconnects by itself.", time=since)
            if self.engine is not None and self.engine.home is None:
                words = tr("Looking for the engine. Start one with: twoway engine")
            self.notice.say(f"{words} {link.problem}".strip(), "warn", (tr("Try now"), self._reconnect))
        elif link.problem:
            self.notice.say(link.problem, "error")
        else:
            self.notice.quiet()
        gap = look().gap()
        shown = not self.notice.isHidden()
        self._frame.setContentsMargins(*(gap * 2, gap, gap * 2, 0) if shown else (0, 0, 0, 0))

    def _reconnect(self) -> None:
        if self.engine is not None:
            self.engine.connect_now()

    # ---- the window's life ------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        result = super().event(event)
        if event.type() == QEvent.Type.Paint and not self._painted:
            self._painted = True
            self.painted.emit()
        return result

    def closeEvent(self, event: QCloseEvent) -> None:
        self.settings.geometry = self.saveGeometry()
        if self.hide_on_close:
            event.ignore()
            self.hide()
            return
        super().closeEvent(event)

    def quit(self) -> None:
        """Close for good; the engine goes on."""
        self.hide_on_close = False
        self.close()
        QApplication.quit()


def _room(width: int) -> float:
    """Text grows with a window that is wider than any desk: a 4K screen without scaling is looked at from afar."""
    return 1.5 if width >= 2560 else 1.0
