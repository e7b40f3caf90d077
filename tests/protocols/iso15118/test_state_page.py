"""The page of state diagrams is what the tables say."""

from pathlib import Path

from protocols.iso15118 import diagram_page
from protocols.iso15118.registry import GENERATIONS, dialects

PAGE = Path(diagram_page.__file__).with_name("STATES.md")


def test_the_page_equals_the_tables() -> None:
    assert PAGE.read_text() == diagram_page.page(), (
        "draw it anew: python -m protocols.iso15118.diagram_page > protocols/iso15118/STATES.md"
    )


def test_every_generation_and_every_row_is_on_the_page() -> None:
    page = PAGE.read_text()
    for dialect in dialects(GENERATIONS):
        assert f"## {dialect.title}" in page
        for row in dialect.table.transitions:
            if row.request != "SessionStopReq":
                assert f"    {row.state} --> " in page
                assert row.request in page
