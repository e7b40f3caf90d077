"""Files that the window writes for people: into their downloads, under a name of their own, never over another."""

import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices

from ui.i18n import tr

Say = Callable[..., None]


def downloads() -> Path:
    """The user's folder for downloads; their home where there is none."""
    for place in (QStandardPaths.StandardLocation.DownloadLocation, QStandardPaths.StandardLocation.HomeLocation):
        found = QStandardPaths.writableLocation(place)
        if found and Path(found).is_dir():
            return Path(found)
    return Path.home()


def save(name: str, content: bytes, folder: Path | None = None) -> Path:
    """Write ``content`` as ``name`` or, where that is taken, ``name-2``; whole or not at all. Raises ``OSError``."""
    folder = folder or downloads()
    first = folder / name
    path, number = first, 1
    while path.exists():
        number += 1
        path = first.with_stem(f"{first.stem}-{number}")
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".twoway-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def save_and_say(name: str, content: bytes, say: Say) -> Path | None:
    """Save, and tell where in an inline message, with a way to open the folder."""
    try:
        path = save(name, content)
    except OSError as error:
        say(
            tr(
                "The file could not be written to {folder}: {problem}.",
                folder=str(downloads()),
                problem=error.strerror or "?",
            ),
            "error",
        )
        return None
    say(tr("Saved as {path}.", path=str(path)), "ok", (tr("Open the folder"), partial(open_folder, path.parent)))
    return path


def open_folder(folder: Path) -> None:
    """Show a folder in the desktop's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
