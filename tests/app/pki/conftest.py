"""A home of its own for each test, and `twoway pki` run in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app import cli
from app.config.paths import OVERRIDE


class Ran(NamedTuple):
    """What a run of the command gave."""

    status: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(OVERRIDE, str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def pki(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def run(*words: Any) -> Ran:
        capsys.readouterr()
        try:
            status = cli.main(["pki", *map(str, words)])
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        assert len(captured.err.splitlines()) <= 1, captured.err
        return Ran(status, captured.out, captured.err)

    return run
