"""The table that a run of the interop tests prints at its end: who spoke what with whom, and how it went.

A test says what it proves: `@pytest.mark.combination(ours="SECC", protocol="-20", service="{service}", ...)`; names of
its parameters are filled in. A combination that several tests prove is good only if all were.
"""

from collections.abc import Iterator
from typing import Any

import pytest

COLUMNS = {
    "protocol": "protocol",
    "service": "service",
    "mode": "mode",
    "security": "security",
    "authorization": "authorisation",
    "ours": "ours",
    "theirs": "theirs",
}
WORDS = {"any": "PnC", "pnc": "PnC", "eim": "EIM", "True": "contract installed", "False": ""}
"""Of tests' parameters; what is not here stands as it is."""
OUTCOMES = ("passed", "skipped", "failed")
"""From good to bad; the worst is shown."""

Row = tuple[str, ...]


class Combinations:
    """Collects outcomes by combination."""

    def __init__(self) -> None:
        self._found: dict[Row, str] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: "pytest.CallInfo[Any]") -> Iterator[None]:
        """Note how one test went; a skip or failure in its set-up counts."""
        outcome = yield
        marker = item.get_closest_marker("combination")
        report = outcome.get_result()  # type: ignore[attr-defined]
        if marker is None or (report.when != "call" and report.passed):
            return
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        told = {name: str(text).format(**parameters) for name, text in marker.kwargs.items()}
        row = tuple(WORDS.get(told.get(name, ""), told.get(name, "")) for name in COLUMNS)
        self._found[row] = max(self._found.get(row, OUTCOMES[0]), report.outcome, key=OUTCOMES.index)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table."""
        if not self._found:
            return
        lines: list[Row] = [(*COLUMNS.values(), "result")]
        lines += [(*row, outcome) for row, outcome in sorted(self._found.items())]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        terminalreporter.section("combinations with foreign programs")
        for line in lines:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            terminalreporter.write_line("  ".join(cells).rstrip())
        good = sum(outcome == "passed" for outcome in self._found.values())
        terminalreporter.write_line(f"{good} of {len(self._found)} combinations passed")
