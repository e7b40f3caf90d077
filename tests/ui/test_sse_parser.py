import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.client.sse import MAX_EVENT_CHARS, EventStreamParser, StreamEvent

LINE = st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=("Cs",)), max_size=20)
NAME = st.text(st.characters(whitelist_categories=("Ll",)), min_size=1, max_size=8)
EVENTS = st.lists(st.tuples(NAME, st.lists(LINE, min_size=1, max_size=3)), max_size=5)


def parse(data: bytes, cuts: list[int]) -> list[StreamEvent]:
    parser, found, last = EventStreamParser(), [], 0
    for cut in [*sorted({c % (len(data) + 1) for c in cuts}), len(data)]:
        found += parser.feed(data[last:cut])
        last = cut
    return found


@given(EVENTS, st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(0, 10_000), max_size=30))
def test_events_survive_any_cut_and_any_line_end(
    events: list[tuple[str, list[str]]], end: str, cuts: list[int]
) -> None:
    text = ""
    for name, lines in events:
        text += f": a comment{end}event: {name}{end}" + "".join(f"data: {line}{end}" for line in lines) + end
    expected = [StreamEvent(name, "\n".join(lines)) for name, lines in events]
    found = parse(text.encode(), cuts)
    # A lone CR at the very end may still be half of a CRLF's line; all but the last event must be there.
    assert found == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"data: a\n\n", [StreamEvent("message", "a")]),
        (b"event: x\n\n", []),
        (b"data\n\n", [StreamEvent("message", "")]),
        (b"data:no space\n\n", [StreamEvent("message", "no space")]),
        (b": quiet\n\n", []),
        (b"\xef\xbb\xbfdata: bom\n\n", [StreamEvent("message", "bom")]),
        (b"data: unfinished\n", []),
        (b"id: 1\nretry: 2\nfoo: 3\ndata: x\n\n", [StreamEvent("message", "x")]),
    ],
)
def test_the_standards_corners(data: bytes, expected: list[StreamEvent]) -> None:
    assert list(EventStreamParser().feed(data)) == expected


def test_an_endless_event_is_dropped_and_the_next_one_read() -> None:
    parser = EventStreamParser()
    piece = b"data: " + b"x" * 1_000_000 + b"\n"
    for _ in range(MAX_EVENT_CHARS // 1_000_000 + 2):
        assert list(parser.feed(piece)) == []
    assert list(parser.feed(b"\ndata: next\n\n")) == [StreamEvent("message", "next")]
