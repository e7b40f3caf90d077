"""Where the window finds its data files."""

from pathlib import Path

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
ICONS = RESOURCES / "icons"
I18N = RESOURCES / "i18n"
