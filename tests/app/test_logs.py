"""Logs: structured, rotating, and without secrets whoever logs them."""

import json
import logging
from pathlib import Path

import pytest

from app.errors import UserError
from app.logs import redact, setup_logs


@pytest.fixture(autouse=True)
def own_root():
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    for handler in before:
        root.addHandler(handler)
    root.setLevel(level)


def test_a_line_is_json_and_secrets_are_struck_out(tmp_path: Path) -> None:
    path = setup_logs(tmp_path, console=False)
    assert path is not None
    logging.getLogger("app.test").warning(
        "calling %s with Bearer abcdefghijkl", "wss://home:hunter22@csms/x", extra={"token": "abc", "driver": "backend"}
    )
    line = json.loads(path.read_text().splitlines()[-1])
    assert line["level"] == "WARNING"
    assert line["driver"] == "backend"
    assert line["token"] == "***"
    assert "hunter22" not in path.read_text()
    assert "abcdefghijkl" not in path.read_text()


def test_another_librarys_basic_config_is_undone(tmp_path: Path) -> None:
    logging.getLogger().addHandler(logging.StreamHandler())
    logging.getLogger().setLevel(logging.DEBUG)
    setup_logs(tmp_path, console=False)
    root = logging.getLogger()
    assert len(root.handlers) == 1
    assert root.level == logging.INFO


@pytest.mark.parametrize(
    "secret", ["password=opensesame", '"client_secret": "opensesame"', "?token=opensesame&x=1", "Basic opensesame=="]
)
def test_redact(secret: str) -> None:
    assert "opensesame" not in redact(f"before {secret} after")


def test_a_wire_library_that_repeats_a_drivers_health_is_quiet(tmp_path: Path) -> None:
    import protocols.modbus.link  # noqa: F401 - it quiets pymodbus too, which must hold afterwards

    path = setup_logs(tmp_path, console=False)
    logging.getLogger("pymodbus.logging").error("Failed to connect")
    assert path is not None
    assert path.read_text() == ""


def test_a_folder_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(UserError, match="name another folder"):
        setup_logs(tmp_path / "state" / "logs")
