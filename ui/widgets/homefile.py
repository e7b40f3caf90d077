"""The home file's editor: checks without writing, shows the line that is wrong and how to mend it."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QFont, QFontDatabase, QTextCursor, QTextFormat
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from ui.client.engine import Engine, Problem
from ui.i18n import tr
from ui.theme.look import look
from ui.widgets.flowrow import FlowRow
from ui.widgets.kit import Button, Card, Label, Notice

if TYPE_CHECKING:
    from app.api import schema as s


class HomeFileCard(Card):
    """The card with the editor."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(tr("Home file"), "file-text")
        self._engine = engine
        self._text = ""
        self.path = Label("", "small", selectable=True)
        self.editor = QPlainTextEdit()
        self.editor.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.editor.setTabChangesFocus(True)
        self.editor.setAccessibleName(tr("Home file"))
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(look().small_px)
        font.setStyleHint(QFont.StyleHint.Monospace)
        self.editor.setStyleSheet(f'font-family: "{font.family()}", monospace; font-size: {look().small_px}px;')
        self.editor.setMinimumHeight(round(look().body_px * 20))
        self.editor.textChanged.connect(self._changed)
        self.check = Button(tr("Check"), partial(self._send, dry_run=True), icon_name="check")
        self.save = Button(tr("Save"), partial(self._send, dry_run=False), kind="primary")
        self.revert = Button(tr("Discard"), self._revert, icon_name="undo-2")
        self.notice = Notice()
        for part in (self.path, self.editor, self.notice):
            self.body.addWidget(part)
        self.body.addLayout(FlowRow(self.check, self.save, self.revert, gap=1))
        self._changed()

    @property
    def dirty(self) -> bool:
        """Has the text been changed?"""
        return self.editor.toPlainText() != self._text

    def show_file(self, home: "s.InstallerOut") -> None:
        """Show the engine's home file, unless another text is being written."""
        self.path.setText(home.home_file)
        if not self.dirty and home.home_toml != self._text:
            self._text = home.home_toml
            self.editor.setPlainText(home.home_toml)

    def _changed(self) -> None:
        self.editor.setExtraSelections([])
        for button in (self.save, self.revert):
            button.setEnabled(self.dirty)

    def _revert(self) -> None:
        self.editor.setPlainText(self._text)
        self.notice.quiet()

    def _send(self, *, dry_run: bool) -> None:
        from app.api.schema import HomeTomlIn

        text = self.editor.toPlainText()
        self.notice.say(tr("Checking …"))
        body = HomeTomlIn(toml=text, dry_run=dry_run)
        self._engine.put("/installer/home", body, "installer", partial(self._accepted, text, dry_run), self._refused)

    def _accepted(self, text: str, dry_run: bool, _home: "s.InstallerOut") -> None:
        self.editor.setExtraSelections([])
        if dry_run:
            self.notice.say(tr("The home file is in order. Nothing was written."), "ok")
            return
        self._text = text
        self._changed()
        self.notice.say(tr("Written; the old one is kept beside it. It holds after a restart of the engine."), "ok")

    def _refused(self, problem: Problem) -> None:
        if problem.line is None:
            self.notice.say(problem.text, "error")
            return
        self.notice.say(tr("Line {line}: {problem}", line=str(problem.line), problem=problem.text), "error")
        block = self.editor.document().findBlockByNumber(problem.line - 1)
        mark = QTextEdit.ExtraSelection()
        colour = QColor(look().shape("limit"))
        colour.setAlphaF(0.18)
        mark.format.setBackground(colour)
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        mark.cursor = QTextCursor(block)
        self.editor.setExtraSelections([mark])
        self.editor.setTextCursor(QTextCursor(block))
        self.editor.setFocus()
