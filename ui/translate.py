"""Bring the translations up to date: ``python -m ui.translate`` finds every text, ``--compile`` makes the .qm files.

The texts are the literals in ``tr("…")`` and ``mark("…")``, of the window and of the API schema's table of reasons.
Their translations live in resources/i18n/twoway_*.ts, in Qt's own format, so that Qt Linguist opens them; a text that
is no longer used is dropped.
"""

import argparse
import ast
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from ui.i18n import CONTEXT
from ui.paths import I18N

SOURCES = Path(__file__).resolve().parent
REASONS = SOURCES.parent / "app" / "api" / "reason_words.py"


def texts(folder: Path = SOURCES) -> list[str]:
    """Every text of the window and every sentence of the engine's reasons, sorted."""
    found: set[str] = set()
    for path in (*sorted(folder.rglob("*.py")), REASONS):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"tr", "mark"}
                and node.args
            ):
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
    return sorted(found)


def read(path: Path) -> dict[str, str]:
    """Text → translation, of a .ts file; without those that are not finished."""
    if not path.exists():
        return {}
    # Our own files, from this repository.
    root = ET.parse(path).getroot()  # noqa: S314
    pairs = ((m.findtext("source") or "", m.findtext("translation") or "") for m in root.iter("message"))
    return {source: translation for source, translation in pairs if source and translation}


def write(path: Path, language: str, wanted: list[str], translations: dict[str, str]) -> None:
    """Write a .ts file with one message for each text."""
    root = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ET.SubElement(root, "context")
    ET.SubElement(context, "name").text = CONTEXT
    for text in wanted:
        message = ET.SubElement(context, "message")
        ET.SubElement(message, "source").text = text
        translation = ET.SubElement(message, "translation")
        translation.text = translations.get(text, "")
        if not translation.text:
            translation.set("type", "unfinished")
    ET.indent(root)
    content = ET.tostring(root, encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{content}\n', encoding="utf-8")


def compile_qm(path: Path) -> None:
    """Make the .qm beside a .ts with Qt's lrelease."""
    beside = Path(sys.executable).with_name("pyside6-lrelease")
    program = str(beside) if beside.exists() else shutil.which("pyside6-lrelease")
    if program is None:
        raise SystemExit("pyside6-lrelease is missing: it comes with PySide6_Essentials.")
    subprocess.run([program, "-silent", str(path), "-qm", str(path.with_suffix(".qm"))], check=True)  # noqa: S603


def main() -> int:
    """Update every language; 1 where a text lacks its translation."""
    parser = argparse.ArgumentParser(description="Bring the translations up to date.")
    parser.add_argument("--compile", action="store_true", help="also make the .qm files (needs pyside6-lrelease)")
    args = parser.parse_args()
    wanted, missing = texts(), 0
    for path in sorted(I18N.glob("twoway_*.ts")):
        translations = read(path)
        write(path, path.stem.rpartition("_")[2], wanted, translations)
        lacking = [text for text in wanted if text not in translations]
        missing += len(lacking)
        print(f"{path.name}: {len(wanted)} texts, {len(lacking)} without translation")
        if args.compile:
            compile_qm(path)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
