"""A link that goes silent: only one that ever set a limit dims the home, and that is remembered."""

from app.engine.links import LinkBook
from energy.grid_events import EventInterval, GridEvent, GridEventKind
from energy.links import LinkPhase, LinkRule, is_limited

T0 = 1_713_279_600.0
RULE = LinkRule(source="utility", import_w=4200.0)


def event(kind: GridEventKind) -> GridEvent:
    return GridEvent(
        event_id="1", source="utility", kind=kind, intervals=(EventInterval(start_s=T0, end_s=T0 + 60, value=4200),)
    )


def test_a_link_that_only_sends_prices_never_dims_the_home() -> None:
    book = LinkBook([RULE], T0)
    book.heartbeat("utility", T0)
    book.events("utility", [event(GridEventKind.IMPORT_PRICE)], T0)
    book.tick(T0 + 3600)
    assert book.binding() == ()


def test_a_link_that_set_a_limit_does_when_it_falls_silent_and_until_it_is_back() -> None:
    remembered: list[str] = []
    book = LinkBook([RULE], T0, on_bound=remembered.append)
    book.heartbeat("utility", T0)
    book.events("utility", [event(GridEventKind.IMPORT_LIMIT)], T0)
    [(_, state)] = book.binding()
    assert not is_limited(state)
    assert book.tick(T0 + 121) == ("utility",)
    [(rule, state)] = book.binding()
    assert (rule.import_w, is_limited(state)) == (4200.0, True)
    book.events("utility", [], T0 + 199)
    book.heartbeat("utility", T0 + 200)
    assert is_limited(book.binding()[0][1])
    book.events("utility", [event(GridEventKind.IMPORT_LIMIT)], T0 + 201)
    assert book.binding()[0][1].phase is LinkPhase.CONTROLLED
    assert remembered == ["utility"]
    again = LinkBook([RULE], T0, bound=book.bound)
    assert is_limited(again.binding()[0][1])  # a restart begins limited


def test_an_answered_poll_that_still_holds_the_limit_confirms_it() -> None:
    book = LinkBook([RULE], T0, bound=["utility"])
    book.events("utility", [event(GridEventKind.IMPORT_LIMIT)], T0)
    assert is_limited(book.binding()[0][1])
    book.heartbeat("utility", T0 + 1)
    assert book.binding()[0][1].phase is LinkPhase.CONTROLLED
