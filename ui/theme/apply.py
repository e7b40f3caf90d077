"""Put a look on the application: font, palette, style sheet."""

import tempfile
from functools import lru_cache
from pathlib import Path

from PySide6.QtWidgets import QApplication

from ui.theme.icons import pixmap
from ui.theme.look import Look
from ui.theme.style import palette, style_sheet


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    # Kept for the life of the process, and removed with it.
    return tempfile.TemporaryDirectory(prefix="twoway-window-")


def apply_look(look: Look) -> None:
    """Style every widget of the application, those that come later too."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("apply_look() needs the application to exist first.")
    # Style sheets read pictures from files only.
    check = Path(_folder().name) / f"check-{look.tokens.on_accent[1:]}.png"
    if not check.exists():
        pixmap("check", 16, look.tokens.on_accent).save(str(check))
    if app.style().name().lower() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(palette(look))
    app.setStyleSheet(style_sheet(look, check.as_posix()))
