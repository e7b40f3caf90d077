"""The one style sheet, made from the look in force. Widgets say what they are by the properties ``role`` and ``kind``."""

from string import Template

from PySide6.QtGui import QColor, QPalette

from ui.theme.look import Look
from ui.theme.tokens import RADIUS_PX

_SHEET = Template("""
* { font-size: ${body}px; color: $text; outline: none; }
QMainWindow, QWidget#shell, QScrollArea, QWidget#page, QStackedWidget { background: $ground; border: none; }
QToolTip { background: $text; color: $ground; border: none; padding: ${half}px ${gap}px; }

QLabel { background: transparent; }
QLabel[role="small"] { font-size: ${small}px; color: $muted; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="big"] { font-size: ${big}px; font-weight: 600; }
QLabel[role="caption"] { font-size: ${small}px; font-weight: 600; color: $muted; }
QLabel[state="limit"] { color: $limit; }
QLabel[state="ok"] { color: $car; }
QLabel[state="warn"] { color: $solar; }

QFrame[role="card"] { background: $surface; border: 1px solid $line; border-radius: ${radius}px; }
QFrame[role="rail"] { background: $surface; border: none; }
QFrame[role="rule"] { background: $line; border: none; max-height: 1px; min-height: 1px; }
QFrame[role="notice"] { border-radius: ${radius8}px; background: $sunken; border: none; border-left: 4px solid $grid; }
QFrame[role="notice"][kind="warn"] { border-left-color: $solar; }
QFrame[role="notice"][kind="error"] { border-left-color: $limit; }
QFrame[role="notice"][kind="ok"] { border-left-color: $car; }

QPushButton { background: $surface; border: 1px solid $edge; border-radius: ${radius8}px; padding: ${half}px ${gap2}px;
  min-height: ${control}px; }
QPushButton:hover { background: $sunken; }
QPushButton:pressed { background: $line; }
QPushButton:focus { border: 2px solid $accent; padding: ${half1}px ${gap2m}px; }
QPushButton:disabled { color: $muted; border-color: $line; background: $ground; }
QPushButton[kind="primary"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton[kind="primary"]:hover { background: $accent_hover; }
QPushButton[kind="primary"]:focus { border: 2px solid $text; }
QPushButton[kind="primary"]:disabled { background: $sunken; color: $muted; border-color: $sunken; }
QPushButton[kind="danger"] { color: $limit; border-color: $limit; }
QPushButton[kind="quiet"] { background: transparent; border: 2px solid transparent; padding: ${half1}px ${gap}px; }
QPushButton[kind="quiet"]:hover { background: $sunken; }
QPushButton[kind="quiet"]:focus { border: 2px solid $accent; }
QPushButton[kind="link"] { background: transparent; border: 2px solid transparent; color: $accent; padding: ${half1}px 2px;
  font-weight: 600; min-height: ${link}px; }
QPushButton[kind="link"]:hover { background: $sunken; }
QPushButton[kind="link"]:focus { border: 2px solid $accent; }
QPushButton[kind="link"]:disabled { color: $muted; }
QPushButton[kind="chip"] { padding: ${half}px ${gap}px; min-width: ${chip}px; }
QPushButton[kind="chip"]:focus { padding: ${half1}px ${gap1}px; }
QPushButton[kind="chip"]:checked { background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton[kind="chip"]:checked:focus { border: 2px solid $text; }
QPushButton[kind="nav"] { background: transparent; border: 2px solid transparent; border-radius: ${radius8}px;
  padding: ${gap}px; text-align: left; color: $muted; min-height: ${nav}px; }
QPushButton[kind="nav"]:hover { background: $sunken; color: $text; }
QPushButton[kind="nav"]:checked { background: $sunken; color: $text; font-weight: 600; }
QPushButton[kind="nav"]:focus { border: 2px solid $accent; }
QPushButton[kind="nav"][narrow="true"] { text-align: center; padding: ${half}px; }
QPushButton[kind="row"] { background: transparent; border: 2px solid transparent; border-radius: ${radius8}px; text-align: left;
  padding: ${gap}px; }
QPushButton[kind="row"]:hover, QPushButton[kind="row"]:checked { background: $sunken; }
QPushButton[kind="row"]:focus { border: 2px solid $accent; }

QLineEdit, QPlainTextEdit, QTimeEdit, QDateTimeEdit, QDateEdit, QSpinBox, QComboBox, QTextBrowser { background: $ground;
  border: 1px solid $edge; border-radius: ${radius8}px; padding: ${half}px ${gap}px; min-height: ${control}px;
  selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus, QPlainTextEdit:focus, QTimeEdit:focus, QDateTimeEdit:focus, QDateEdit:focus, QSpinBox:focus, QComboBox:focus {
  border: 2px solid $accent; padding: ${half1}px ${gap1}px; }
QComboBox::drop-down { border: none; width: ${gap3}px; }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $edge; selection-background-color: $sunken;
  selection-color: $text; }
QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus { border: none; padding: 0 ${half}px; background: transparent; min-height: 0; }
QTimeEdit::up-button, QDateTimeEdit::up-button, QSpinBox::up-button, QTimeEdit::down-button, QDateTimeEdit::down-button,
QSpinBox::down-button { width: 0; border: none; }

QCheckBox { spacing: 0; background: transparent; padding: 2px 0; border: 2px solid transparent; border-radius: 6px; }
QCheckBox:focus { border: 2px solid $accent; }
QCheckBox::indicator { width: ${link}px; height: ${link}px; border: 1px solid $edge; border-radius: 5px; background: $ground; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url($check); }

QSlider { min-height: ${gap3}px; background: transparent; border: 2px solid transparent; border-radius: 6px; }
QSlider:focus { border: 2px solid $accent; }
QSlider::groove:horizontal { height: 6px; border-radius: 3px; background: $sunken; border: 1px solid $line; }
QSlider::sub-page:horizontal { background: $car_shape; border-radius: 3px; }
QSlider::handle:horizontal { width: 20px; height: 20px; margin: -8px 0; border-radius: 10px; background: $surface;
  border: 2px solid $car_shape; }
QSlider[kind="reserve"]::sub-page:horizontal { background: $limit_shape; }
QSlider[kind="reserve"]::handle:horizontal { border-color: $limit_shape; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $scroll; border-radius: 4px; min-height: 32px; min-width: 32px; margin: 1px; }
QScrollBar::handle:hover { background: $edge; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page { background: none; border: none;
  width: 0; height: 0; }

QTableView, QTreeView, QListView { background: $surface; border: 1px solid $line; border-radius: ${radius8}px; alternate-background-color: $ground;
  selection-background-color: $sunken; selection-color: $text; font-size: ${small}px; }
QTableView:focus, QTreeView:focus, QListView:focus { border: 2px solid $accent; }
QTableView::item, QTreeView::item { padding: ${half}px; border: none; }
QHeaderView::section { background: $surface; color: $muted; border: none; border-bottom: 1px solid $line; padding: ${half}px;
  font-size: ${small}px; font-weight: 600; }
QMenu { background: $surface; border: 1px solid $line; padding: ${half}px; }
QMenu::item { padding: ${half}px ${gap2}px; border-radius: 6px; }
QMenu::item:selected { background: $sunken; }
""")


def style_sheet(look: Look, check_image: str) -> str:
    """The application's style sheet; ``check_image`` is the path of the check mark's picture."""
    t = look.tokens
    gap = look.gap()
    return _SHEET.substitute(
        body=look.body_px,
        small=look.small_px,
        big=look.big_px,
        text=t.text,
        muted=t.muted,
        ground=t.ground,
        surface=t.surface,
        sunken=t.sunken,
        line=t.line,
        edge=t.edge,
        scroll="#C9CFD8" if not t.dark else "#3B444F",
        accent=t.accent,
        accent_hover=QColor(t.accent).darker(112).name(),
        on_accent=t.on_accent,
        limit=t.ink["limit"],
        limit_shape=t.shape["limit"],
        car=t.ink["car"],
        car_shape=t.shape["car"],
        solar=t.ink["solar"],
        grid=t.shape["grid"],
        radius=RADIUS_PX,
        radius8=8,
        half=gap // 2,
        half1=max(0, gap // 2 - 1),
        gap=gap,
        gap1=gap - 1,
        gap2=gap * 2,
        gap2m=gap * 2 - 1,
        gap3=gap * 3,
        control=round(look.body_px * 1.5),
        link=round(look.body_px * 1.3),
        nav=round(look.body_px * 1.6),
        chip=round(look.body_px * 1.9),
        check=check_image,
    )


def palette(look: Look) -> QPalette:
    """The application's palette, for what the style sheet does not reach."""
    t = look.tokens
    roles = {
        QPalette.ColorRole.Window: t.ground,
        QPalette.ColorRole.WindowText: t.text,
        QPalette.ColorRole.Base: t.surface,
        QPalette.ColorRole.AlternateBase: t.ground,
        QPalette.ColorRole.Text: t.text,
        QPalette.ColorRole.Button: t.surface,
        QPalette.ColorRole.ButtonText: t.text,
        QPalette.ColorRole.Highlight: t.accent,
        QPalette.ColorRole.HighlightedText: t.on_accent,
        QPalette.ColorRole.Link: t.accent,
        QPalette.ColorRole.PlaceholderText: t.muted,
        QPalette.ColorRole.ToolTipBase: t.text,
        QPalette.ColorRole.ToolTipText: t.ground,
    }
    result = QPalette()
    for role, colour in roles.items():
        result.setColor(role, QColor(colour))
    return result
