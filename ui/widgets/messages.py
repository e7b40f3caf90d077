"""The protocol's messages as a table, and the chosen one's body."""

import json
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QPlainTextEdit, QTableView, QWidget

from ui.i18n import tr
from ui.models.units import Format
from ui.theme.look import look
from ui.widgets.kit import column

if TYPE_CHECKING:
    from app.api import schema as s

Index = QModelIndex | QPersistentModelIndex


class MessageModel(QAbstractTableModel):
    """Rows are messages, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self._fmt = Format()
        self._rows: list[s.MessageOut] = []

    def show_messages(self, messages: "list[s.MessageOut]", fmt: Format) -> None:
        """Replace the rows, given oldest first."""
        self.beginResetModel()
        self._fmt, self._rows = fmt, messages[::-1]
        self.endResetModel()

    def message(self, index: int) -> "s.MessageOut | None":
        """The message of a row."""
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 3

    def headerData(self, section: int, way: Qt.Orientation, role: int = 0) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or way != Qt.Orientation.Horizontal:
            return None
        return (tr("Time"), tr("Way"), tr("Message"))[section]

    def data(self, index: Index, role: int = 0) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        message = self._rows[index.row()]
        way = tr("in") if message.direction == "in" else tr("out")
        return (f"{self._fmt.local(message.at):%H:%M:%S}", f"{way} · {message.source}", message.name)[index.column()]


class MessageTable(QWidget):
    """The table and the body below it."""

    def __init__(self) -> None:
        super().__init__()
        self._model = MessageModel()
        self.table = QTableView()
        self.table.setModel(self._model)
        self.table.setAccessibleName(tr("Protocol messages"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(round(look().small_px * 2))
        head = self.table.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setStretchLastSection(True)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.table.setMinimumHeight(round(look().body_px * 14))
        self.table.selectionModel().currentRowChanged.connect(self._show_body)
        self.body = QPlainTextEdit()
        self.body.setReadOnly(True)
        self.body.setTabChangesFocus(True)
        self.body.setAccessibleName(tr("The message's content"))
        self.body.setPlaceholderText(tr("Choose a message to read its content."))
        self.body.setMinimumHeight(round(look().body_px * 9))
        self.setLayout(column(self.table, self.body, gap=1))

    def show_messages(self, messages: "list[s.MessageOut]", fmt: Format) -> None:
        """Show messages, given oldest first; a chosen one stays readable below."""
        reading = self.table.selectionModel().hasSelection() or self.table.verticalScrollBar().value() > 0
        if not reading or self._model.rowCount() == 0:
            self._model.show_messages(messages, fmt)

    def _show_body(self, current: QModelIndex, _previous: QModelIndex) -> None:
        message = self._model.message(current.row())
        self.body.setPlainText(json.dumps(message.body, indent=2, ensure_ascii=False) if message else "")
