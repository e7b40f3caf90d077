"""Settings: how the window looks and speaks. Each change holds at once, and is undone by choosing the other."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from ui.i18n import tr
from ui.models.units import Shown
from ui.pages.page import Context, Page
from ui.widgets.kit import Card, Check, Fact, Label, Segments

if TYPE_CHECKING:
    from app.api import schema as s

SCALES = ("1.0", "1.25", "1.5", "2.0")


class View(Page):
    """The Settings page."""

    width_em = 52.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        settings = context.settings
        self.box.addWidget(
            self._choice(
                tr("Appearance"),
                "sun",
                "look/theme",
                (("system", tr("Like the system")), ("light", tr("Light")), ("dark", tr("Dark"))),
                settings.text("look/theme", "system"),
            )
        )
        self.box.addWidget(
            self._choice(
                tr("Language"),
                "languages",
                "look/language",
                (("system", tr("Like the system")), ("en", "English"), ("de", "Deutsch")),
                settings.text("look/language", "system"),
            )
        )
        scales = tuple((scale, f"{float(scale):.0%}".replace("%", " %")) for scale in SCALES)
        now = min(SCALES, key=lambda scale: abs(float(scale) - settings.scale))
        self.box.addWidget(self._choice(tr("Text size"), "file-text", "look/scale", scales, now))
        self.box.addWidget(self._switches())
        self.box.addWidget(self._keys())
        self.about = Label("", "small", selectable=True)
        self.box.addWidget(self.about)
        self.box.addStretch(1)

    def _choice(self, title: str, icon: str, key: str, choices: tuple[tuple[str, str], ...], current: str) -> Card:
        card = Card(title, icon)
        segments = Segments(choices, current, title)
        segments.chosen.connect(partial(self._set, key))
        card.body.addWidget(segments)
        return card

    def _switches(self) -> Card:
        card = Card(tr("Behaviour"), "activity")
        for key, words, default in (
            ("look/reduced_motion", tr("Less motion: arrows instead of moving dots"), False),
            ("window/tray", tr("Stay in the tray when the window is closed"), True),
            ("window/notify", tr("Notify me when a promise breaks or a decision is asked"), True),
        ):
            box = Check(words)
            box.setChecked(self.context.settings.flag(key, default=default))
            box.toggled.connect(partial(self._switch, key))
            card.body.addWidget(box)
        return card

    def _keys(self) -> Card:
        card = Card(tr("Keys"), "list-checks")
        for keys, words in (
            ("Ctrl+1 … Ctrl+7", tr("Open a page")),
            ("F5", tr("Reconnect to the engine")),
            ("Alt+← / Alt+→", tr("Earlier or later in the history")),
            ("← / →", tr("Move the cursor in a plot")),
            ("Shift+← / Shift+→", tr("Move the departure in the plan")),
            ("Ctrl+Q", tr("Quit; the engine goes on")),
        ):
            line = Fact(words)
            line.show_figure(Shown(keys))
            card.body.addWidget(line)
        return card

    def show_home(self, home: "s.HomeSnapshot") -> None:
        words = tr(
            "Twoway {version} · the engine goes on when this window is closed.", version=home.facts.engine_version
        )
        self.about.setText(words)

    def _set(self, key: str, value: str) -> None:
        self.context.settings.set(key, value)
        # The page is built anew by this: let the button finish its click first.
        QTimer.singleShot(0, self.context.renew)

    def _switch(self, key: str, on: bool) -> None:
        self.context.settings.set(key, on)
        if key == "look/reduced_motion":
            self._set(key, "true" if on else "false")
