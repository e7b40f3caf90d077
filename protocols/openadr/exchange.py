"""One HTTP exchange with the VTN, as data: what is asked, and lists that come in pages."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_MAX_PAGES = 200


class Stage(StrEnum):
    """What a request is for."""

    DISCOVER = "discover"
    TOKEN = "token"  # noqa: S105 - a name, no secret
    PROGRAMS = "programs"
    FIND_VEN = "find_ven"
    CREATE_VEN = "create_ven"
    FIND_RESOURCES = "find_resources"
    CREATE_RESOURCE = "create_resource"
    REPORT = "report"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: paths are relative to the VTN's base, unless ``url`` is absolute."""

    stage: Stage
    method: str
    url: str
    params: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)
    body: dict[str, Any] | None = None
    token: str | None = field(default=None, repr=False)


@dataclass(slots=True)
class Listing:
    """A list that comes in pages, and perhaps by several queries."""

    stage: Stage
    queries: tuple[tuple[tuple[str, str], ...], ...] = ((),)
    query: int = 0
    skip: int = 0
    pages: int = 0
    items: list[Any] = field(default_factory=list)

    def params(self, page_size: int) -> tuple[tuple[str, str], ...]:
        """Query parameters of the next page."""
        page = (("skip", str(self.skip)), ("limit", str(page_size)))
        return self.queries[self.query] + page

    def take(self, page: list[Any], page_size: int) -> bool:
        """Add a page; True when the list is complete."""
        repeated = bool(page) and page[0] in self.items[-len(page) :] and len(page) == page_size
        self.items += [] if repeated else page
        self.pages += 1
        self.skip += len(page)
        if len(page) != page_size or repeated or self.pages >= _MAX_PAGES:
            self.query, self.skip = self.query + 1, 0
        return self.query >= len(self.queries)
