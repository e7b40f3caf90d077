"""What every page is: a scrolling column that fills itself from the engine's latest answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ui.client.engine import Engine, Link
from ui.models.home import format_of
from ui.models.units import Format
from ui.settings import Settings
from ui.theme.look import look
from ui.widgets.kit import fill

if TYPE_CHECKING:
    from app.api import schema as s


@dataclass(frozen=True, slots=True)
class Context:
    """What a page is given."""

    engine: Engine
    settings: Settings
    go: Callable[[str], None]
    """Open another page, by its key."""
    renew: Callable[[], None]
    """Put changed looks into force: every page is built anew."""


class _Sheet(QWidget):
    """The scrolled widget: as tall as its text needs at the width it is given (Qt would take the narrowest width)."""

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)


class Page(QScrollArea):
    """Base of the pages. Override ``show_…``: called when the page appears and at each change."""

    width_em = 108.0
    """A page's content is no wider than this many text sizes: long lines are hard to read."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.engine = context.engine
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = _Sheet()
        outer.setObjectName("page")
        self.content = QWidget()
        self.content.setMaximumWidth(round(self.width_em * look().body_px))
        self.content.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._centre = QVBoxLayout(outer)
        self.box = QVBoxLayout(self.content)
        fill(self.box, (), 2, (3, 3, 3, 3))
        self._centre.setContentsMargins(0, 0, 0, 0)
        self._centre.addWidget(self.content)
        self.setWidget(outer)
        self.engine.home_changed.connect(self.show_home)
        self.engine.plan_changed.connect(self.show_plan)
        self.engine.events_changed.connect(self.show_events)
        self.engine.health_changed.connect(self.show_health)
        self.engine.message_came.connect(self.show_message)
        self.engine.link_changed.connect(self.show_link)

    @property
    def fmt(self) -> Format:
        """The home's way of writing figures."""
        return format_of(self.engine.home) if self.engine.home is not None else Format()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Show everything that is known."""
        self.show_link(self.engine.link)
        if self.engine.home is not None:
            self.show_home(self.engine.home)
        if self.engine.plan is not None:
            self.show_plan(self.engine.plan)
        if self.engine.events is not None:
            self.show_events(self.engine.events)
        if self.engine.health is not None:
            self.show_health(self.engine.health)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > 36 * look().body_px
        side = look().gap(3 if wide else 1.5)
        self.box.setContentsMargins(side, side, side, side)
        # Centred where the window is wider than the content may be.
        spare = max(0, self.viewport().width() - self.content.maximumWidth()) // 2
        self._centre.setContentsMargins(spare, 0, spare, 0)

    def show_home(self, home: "s.HomeSnapshot") -> None:
        """A new snapshot."""

    def show_plan(self, plan: "s.PlanOut") -> None:
        """A new plan."""

    def show_events(self, events: "list[s.EventOut]") -> None:
        """New grid events."""

    def show_health(self, health: "list[s.HealthOut]") -> None:
        """Drivers and links."""

    def show_message(self, message: "s.MessageOut | None") -> None:
        """One more protocol message; None: all of them are new."""

    def show_link(self, link: Link) -> None:
        """The link to the engine changed."""
