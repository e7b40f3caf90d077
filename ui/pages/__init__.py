"""The pages, one line each. A page is a module with a class ``View(Page)``: a new one is a module and a line here."""

from dataclasses import dataclass

from ui.i18n import mark


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page of the table."""

    key: str
    title: str
    icon: str

    @property
    def module(self) -> str:
        """Where its ``View`` is; imported when the page is first opened."""
        return f"ui.pages.{self.key}"


PAGES: tuple[PageEntry, ...] = (
    PageEntry("home", mark("Home"), "house"),
    PageEntry("plan", mark("Plan"), "calendar-clock"),
    PageEntry("car", mark("Car"), "car"),
    PageEntry("events", mark("Events"), "radio-tower"),
    PageEntry("history", mark("History"), "chart-column"),
    PageEntry("installer", mark("Installer"), "wrench"),
    PageEntry("look", mark("Settings"), "settings"),
)
