"""The tray icon: the ring of the car's charge, the few things one does without the window, and rare notifications."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from ui.client.engine import Engine, Link, Problem
from ui.i18n import tr
from ui.models.home import format_of, picture, why_sentence
from ui.models.notices import notices
from ui.shell import Shell
from ui.theme.icons import draw_icon
from ui.theme.tokens import DARK, LIGHT

if TYPE_CHECKING:
    from app.api import schema as s

SIDE = 64


def ring_icon(soc: float | None, *, live: bool, dark: bool) -> QIcon:
    """The ring with a car in it; grey while the engine is away or the charge unknown."""
    tokens = DARK if dark else LIGHT
    picture = QPixmap(SIDE, SIDE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ring = QRectF(5, 5, SIDE - 10, SIDE - 10)
    painter.setPen(QPen(QColor(tokens.edge), 7))
    painter.drawEllipse(ring)
    ink = QColor(tokens.shape["car"] if live else tokens.muted)
    if soc is not None:
        painter.setPen(QPen(ink, 9, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawArc(ring, 90 * 16, round(-soc * 360 * 16))
    draw_icon(painter, "zap", QRectF(18, 18, SIDE - 36, SIDE - 36), ink, 2.5)
    painter.end()
    return QIcon(picture)


class Tray(QObject):
    """Lives beside the shell where the desktop has a tray."""

    def __init__(self, shell: Shell, engine: Engine) -> None:
        super().__init__(shell)
        self._shell, self._engine = shell, engine
        self._before: s.HomeSnapshot | None = None
        self._shown: tuple[int | None, bool] | None = None
        self._page = "home"
        self._menu = QMenu()
        self._pause = QAction(tr("Pause"), self._menu)
        self._pause.triggered.connect(self._toggle_pause)
        self._boost = QAction(tr("Boost for an hour"), self._menu)
        self._boost.triggered.connect(self._start_boost)
        entries: tuple[tuple[str, Any], ...] = (
            (tr("Open Twoway"), self._open),
            (tr("Quit; the engine goes on"), shell.quit),
        )
        for words, action in entries:
            self._menu.addAction(words, action)
        for between in (self._pause, self._boost):
            self._menu.insertAction(self._menu.actions()[-1], between)
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(self._menu)
        self.icon.activated.connect(self._activated)
        self.icon.messageClicked.connect(self._follow)
        engine.home_changed.connect(self._on_home)
        engine.link_changed.connect(self._on_link)
        self._draw()
        self.icon.show()
        shell.hide_on_close = shell.settings.flag("window/tray", default=True)

    def _on_home(self, home: "s.HomeSnapshot") -> None:
        self._draw()
        fmt = format_of(home)
        soc = fmt.percent(home.car.soc).text
        self.icon.setToolTip(f"Twoway · {home.facts.name}\n{tr('Car')}: {soc}\n{why_sentence(home)}")
        self._pause.setText(tr("Go on") if home.wishes.paused else tr("Pause"))
        # The demo home ends with its window.
        self._shell.hide_on_close = not home.facts.demo and self._shell.settings.flag("window/tray", default=True)
        if self._shell.settings.flag("window/notify", default=True):
            for notice in notices(self._before, home):
                self._page = notice.page
                self.icon.showMessage(notice.title, notice.text, self.icon.icon())
        self._before = home

    def _on_link(self, link: Link) -> None:
        self._draw()
        if link.state == "away":
            self.icon.setToolTip(
                tr(
                    "The engine is away since {time}. The window reconnects by itself.",
                    time=f"{link.since.astimezone():%H:%M}",
                )
            )

    def _draw(self) -> None:
        home, live = self._engine.home, self._engine.link.state == "live"
        soc = picture(home).soc if home is not None else None
        key = (None if soc is None else round(soc * 100), live)
        if key != self._shown:
            self._shown = key
            self.icon.setIcon(ring_icon(soc, live=live, dark=True))

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in {QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick}:
            self._open()

    def _open(self) -> None:
        self._shell.show()
        self._shell.raise_()
        self._shell.activateWindow()

    def _follow(self) -> None:
        self._open()
        self._shell.open_page(self._page)

    def _toggle_pause(self) -> None:
        from app.api.schema import PauseIn

        home = self._engine.home
        if home is not None:
            body = PauseIn(paused=not home.wishes.paused)
            self._engine.post("/car/pause", body, "wishes", lambda _wishes: None, self._refused)

    def _start_boost(self) -> None:
        from app.api.schema import BoostIn

        self._engine.post("/car/boost", BoostIn(minutes=60), "wishes", lambda _wishes: None, self._refused)

    def _refused(self, problem: Problem) -> None:
        self.icon.showMessage("Twoway", problem.text, self.icon.icon())


def make_tray(shell: Shell, engine: Engine) -> Tray | None:
    """The tray icon, where the desktop has a place for it."""
    return Tray(shell, engine) if QSystemTrayIcon.isSystemTrayAvailable() else None
