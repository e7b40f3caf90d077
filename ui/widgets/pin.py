"""The gate before the installer's page. Its PIN keeps the limits from being changed by accident; it stops no thief."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QSizePolicy

from ui.i18n import tr
from ui.settings import Settings
from ui.theme.look import look
from ui.widgets.kit import Button, Card, IconLabel, Label, Notice, row

SHORTEST = 4
TRIES = 5
WAIT_MS = 30_000


class PinGate(Card):
    """Asks for the PIN, or for a new one at the first use."""

    opened = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__(pad=3)
        self._settings = settings
        self._wrong = 0
        self._first = not settings.has_pin
        self.setMaximumWidth(round(look().body_px * 34))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        title = tr("Choose a PIN for the installer's page") if self._first else tr("Installer's PIN")
        words = tr(
            "This page sets the fuse and the limits of the home. The PIN keeps them from being changed by accident; "
            "it is kept on this machine, hashed."
        )
        head = row(IconLabel("lock", look().tokens.accent), Label(title, "strong"), gap=1)
        head.setStretch(1, 1)
        self.body.addLayout(head)
        self.body.addWidget(Label(words if self._first else tr("Fuse, limits and tests are behind it."), "muted"))
        self.pin = QLineEdit()
        self.pin.setEchoMode(QLineEdit.EchoMode.Password)
        self.pin.setMaxLength(32)
        self.pin.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly | Qt.InputMethodHint.ImhSensitiveData)
        self.pin.setAccessibleName(title)
        self.pin.setPlaceholderText(tr("at least {number} digits", number=str(SHORTEST)) if self._first else "")
        self.pin.returnPressed.connect(self._enter)
        self.button = Button(tr("Set the PIN") if self._first else tr("Open"), self._enter, kind="primary")
        line = row(self.pin, self.button, gap=1)
        line.setStretch(0, 1)
        self.body.addLayout(line)
        self.notice = Notice()
        self.body.addWidget(self.notice)

    def _enter(self) -> None:
        pin = self.pin.text()
        self.pin.clear()
        if self._first:
            if len(pin) < SHORTEST:
                self.notice.say(tr("A PIN has at least {number} digits.", number=str(SHORTEST)), "warn")
                return
            self._settings.set_pin(pin)
            self.opened.emit()
        elif self._settings.check_pin(pin):
            self._wrong = 0
            self.opened.emit()
        else:
            self._refuse()

    def _refuse(self) -> None:
        self._wrong += 1
        if self._wrong < TRIES:
            self.notice.say(tr("That is not the PIN."), "warn")
            return
        self._wrong = 0
        for part in (self.pin, self.button):
            part.setEnabled(False)
        self.notice.say(tr("Wrong {number} times: wait half a minute.", number=str(TRIES)), "error")
        QTimer.singleShot(WAIT_MS, self, self._try_again)

    def _try_again(self) -> None:
        for part in (self.pin, self.button):
            part.setEnabled(True)
        self.notice.quiet()
