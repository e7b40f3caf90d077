import re
import string

import pytest
from PySide6.QtCore import QTranslator

from ui import translate
from ui.i18n import CONTEXT, LANGUAGES
from ui.paths import I18N

FOREIGN = [language for language in LANGUAGES if language != "en"]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", FOREIGN)
def test_every_text_has_its_translation_with_the_same_fields(language: str) -> None:
    wanted, have = translate.texts(), translate.read(I18N / f"twoway_{language}.ts")
    assert [text for text in wanted if text not in have] == []
    assert [text for text in have if text not in wanted] == [], "run python -m ui.translate --compile"
    assert {text: have[text] for text in wanted if fields(text) != fields(have[text])} == {}


@pytest.mark.parametrize("language", FOREIGN)
def test_the_compiled_file_is_up_to_date(language: str, qapp: object) -> None:
    translator = QTranslator()
    assert translator.load(f"twoway_{language}", str(I18N))
    have = translate.read(I18N / f"twoway_{language}.ts")
    stale = {text for text, words in have.items() if translator.translate(CONTEXT, text) != words}
    assert stale == set(), "run python -m ui.translate --compile"


def test_no_text_goes_round_the_translation() -> None:
    """Words given straight to a label, a button or a message would stay English."""
    suspicious = re.compile(
        r"""(?:Label|Button|Check|setText|setToolTip|setAccessibleName|\.say)\(\s*f?["'][A-Za-z]{2,} [a-z]{2,}"""
    )
    found = [
        f"{path.name}: {line.strip()}"
        for path in translate.SOURCES.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if suspicious.search(line)
    ]
    assert found == []


def test_an_unfinished_text_is_kept_for_the_translator(tmp_path: object) -> None:
    path = tmp_path / "twoway_fr.ts"  # type: ignore[operator]
    translate.write(path, "fr", ["Car", "Roof"], {"Car": "Voiture"})
    assert translate.read(path) == {"Car": "Voiture"}
    assert 'type="unfinished"' in path.read_text(encoding="utf-8")
