"""The window's words: every text goes through ``tr``; German comes from resources/i18n/twoway_de.qm.

``mark`` names a text of a data table that ``tr`` translates later. ``python -m ui.translate`` finds both.
"""

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from ui.paths import I18N

CONTEXT = "twoway"
LANGUAGES = ("en", "de")

_installed: list[QTranslator] = []


def tr(text: str, **fields: str) -> str:
    """The text in the user's language, with ``{fields}`` filled in."""
    translated = QCoreApplication.translate(CONTEXT, text)
    return translated.format(**fields) if fields else translated


def mark(text: str) -> str:
    """The text as it is: marks it for translation."""
    return text


def language_of(setting: str) -> str:
    """The language for a setting: "system", "en" or "de"."""
    if setting in LANGUAGES:
        return setting
    return "de" if QLocale.system().language() == QLocale.Language.German else "en"


def locale_of(language: str) -> QLocale:
    """Number and date formats for a language: the system's where it speaks that language."""
    system = QLocale.system()
    wanted = QLocale.Language.German if language == "de" else QLocale.Language.English
    return system if system.language() == wanted else QLocale(language)


def install(language: str) -> None:
    """Speak a language from now on (widgets made earlier keep their words)."""
    app = QCoreApplication.instance()
    if app is None:
        raise RuntimeError("install() needs the application to exist first.")
    for old in _installed:
        app.removeTranslator(old)
    _installed.clear()
    if language != "en":
        qt_folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        for name, folder in (("qtbase_" + language, qt_folder), ("twoway_" + language, str(I18N))):
            translator = QTranslator(app)
            if translator.load(name, folder):
                app.installTranslator(translator)
                _installed.append(translator)
    QLocale.setDefault(locale_of(language))
