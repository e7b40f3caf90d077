"""The book of events: differences between polled lists, each event judged alone."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from protocols.openadr.agenda import ReportAgenda
from protocols.openadr.changes import ChangeKind
from protocols.openadr.ledger import EventLedger
from protocols.openadr.model import PayloadUnits

Make = Callable[..., dict[str, Any]]
LATER = "2026-01-01T00:05:00Z"


class Book:
    """A ledger with its changes in short form."""

    def __init__(self, *own: str) -> None:
        self.ledger = EventLedger(lambda key: 0.0, ReportAgenda(), frozenset(own))

    def take(self, *raws: object, now_s: float = 1_767_225_600.0, **more: Any) -> list[tuple[str, str]]:
        self.ledger.take(raws, now_s, **more)
        return self.changes()

    def changes(self) -> list[tuple[str, str]]:
        found = [(change.kind.value, change.event_id) for change in self.ledger.changes]
        self.ledger.changes.clear()
        return found


def test_an_event_is_new_once_then_changed_then_cancelled(event: Make) -> None:
    book = Book()
    assert book.take(event()) == [("new", "event-1")]
    assert book.take(event()) == []
    assert book.take(event(priority=1, modificationDateTime=LATER)) == [("changed", "event-1")]
    assert book.take() == [("cancelled", "event-1")]
    assert book.ledger.events == ()


def test_an_event_that_ends_is_completed_and_its_disappearance_no_news(event: Make, now_s: float) -> None:
    book = Book()
    book.take(event())
    assert book.ledger.next_s() == now_s + 3600
    book.ledger.on_timer(now_s + 3600)
    assert book.changes() == [("completed", "event-1")]
    assert book.take(event(), now_s=now_s + 3700) == []
    assert book.take(now_s=now_s + 3800) == []


def test_an_event_long_over_at_first_sight_is_no_news(event: Make, now_s: float) -> None:
    assert Book().take(event(), now_s=now_s + 1e6) == []


def test_a_bad_event_hides_no_other_and_is_told_once(event: Make, interval: Make) -> None:
    book = Book()
    bad = event(id="bad", intervals=[interval("PRICE", math.nan)])
    raws = [event(), bad, "nonsense", None, event(id="event-2")]
    kinds = book.take(*raws)
    assert kinds.count(("new", "event-1")) == kinds.count(("new", "event-2")) == 1
    assert [kind for kind, _ in kinds].count("quarantined") == 3
    assert book.take(*raws) == []
    assert "nan" in book.ledger.quarantined["bad"]


def test_a_bad_new_version_leaves_the_good_one_in_force(event: Make, interval: Make) -> None:
    book = Book()
    book.take(event(intervals=[interval("IMPORT_CAPACITY_LIMIT", 4.2)]))
    bad = event(intervals=[interval("IMPORT_CAPACITY_LIMIT", -4.2)], modificationDateTime=LATER)
    assert book.take(bad) == [("quarantined", "event-1")]
    assert "stays in force" in book.ledger.quarantined["event-1"]
    assert book.ledger.events[0].signals[0].intervals[0].value == 4.2


def test_a_replayed_older_version_is_refused(event: Make) -> None:
    book = Book()
    book.take(event(priority=0, modificationDateTime=LATER))
    assert book.take(event(priority=9)) == [("quarantined", "event-1")]
    assert book.ledger.events[0].priority == 0


def test_of_two_versions_in_one_list_the_newer_counts(event: Make) -> None:
    book = Book()
    book.take(event(priority=0, modificationDateTime=LATER), event(priority=9))
    assert [e.priority for e in book.ledger.events] == [0]


def test_now_is_when_it_was_first_seen_however_often_it_is_polled(event: Make, now_s: float) -> None:
    book = Book()
    book.take()
    raw = event(intervalPeriod={"start": "0000-01-01", "duration": "PT1H"})
    book.take(raw, now_s=now_s + 10)
    assert book.take(raw, now_s=now_s + 40) == []
    assert book.ledger.events[0].start_s == now_s + 10
    assert book.take(raw | {"modificationDateTime": LATER}, now_s=now_s + 600) == [("changed", "event-1")]
    assert book.ledger.events[0].start_s == now_s + 600


def test_what_began_before_we_came_does_not_begin_anew(event: Make, now_s: float) -> None:
    book = Book()
    book.take(event(intervalPeriod={"start": "0000-01-01", "duration": "PT1H"}), now_s=now_s + 1800)
    assert book.ledger.events[0].end_s == now_s + 3600


def test_an_event_missing_from_a_list_of_several_pages_gets_a_second_look(event: Make) -> None:
    book = Book()
    book.take(event())
    assert book.take(absences_needed=2) == []
    assert book.take(event(), absences_needed=2) == []
    assert book.take(absences_needed=2) == []
    assert book.take(absences_needed=2) == [("cancelled", "event-1")]


@pytest.mark.parametrize(
    ("targets", "ours"),
    [
        (None, True),
        ([], True),
        (["home"], True),
        (["elsewhere"], False),
        (["elsewhere", "feeder-7"], True),
        ([{"type": "VEN_NAME", "values": ["home"]}], True),
        ([{"type": "VEN_NAME", "values": ["other"]}], False),
        ([{"type": "PROGRAM_NAME", "values": ["whatever"]}], True),
    ],
)
def test_targets_choose_homes(event: Make, targets: object, ours: bool) -> None:
    assert bool(Book("home", "feeder-7").take(event(targets=targets))) == ours


def test_an_event_that_no_longer_addresses_us_is_cancelled(event: Make) -> None:
    book = Book("home")
    book.take(event())
    assert book.take(event(targets=["other"], modificationDateTime=LATER)) == [("cancelled", "event-1")]


def test_programmes_not_taken_part_in_are_passed_over_until_they_are(event: Make) -> None:
    book = Book()
    book.ledger.know_programs(frozenset({"other"}), {})
    assert book.take(event()) == []
    book.ledger.know_programs(None, {"program-1": {"PRICE": PayloadUnits("KWH", "SEK")}})
    assert book.take(event()) == [("new", "event-1")]
    assert book.ledger.events[0].signals[0].currency == "SEK"


def test_after_an_outage_limits_are_forgotten_until_told_again(event: Make, interval: Make) -> None:
    book = Book()
    limit = event(id="limit", intervals=[interval("IMPORT_CAPACITY_LIMIT", 4)])
    book.take(event(), limit)
    book.ledger.discard_limits()
    assert book.changes() == [("cancelled", "limit")]
    assert [e.event_id for e in book.ledger.events] == ["event-1"]
    assert book.take(event(), limit) == [("new", "limit")]


def test_events_come_most_important_first(event: Make) -> None:
    book = Book()
    book.take(event(id="none"), event(id="low", priority=9), event(id="high", priority=0))
    assert [e.event_id for e in book.ledger.events] == ["high", "low", "none"]
    assert ChangeKind.NEW.value == "new"
