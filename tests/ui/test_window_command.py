import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest
from sample_desk import SampleEngine

from app.commands import window
from app.config.load import load_home
from app.errors import UserError


def arguments(*words: str) -> Namespace:
    parser = ArgumentParser()
    window.add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TWOWAY_HOME_DIR", str(tmp_path))
    return tmp_path


def test_an_engine_is_known_by_its_answer_not_by_its_file(sample: SampleEngine, tmp_path: Path) -> None:
    assert window.engine_answers(sample.run_file)
    text = sample.run_file.read_text()
    sample.stop()
    left = tmp_path / "left.json"
    left.write_text(text)
    assert not window.engine_answers(left)
    left.write_text(json.dumps({"url": 7}))
    assert not window.engine_answers(left)
    assert not window.engine_answers(tmp_path / "none.json")


def test_the_first_home_file_is_one_that_the_engine_takes_and_is_never_overwritten(tmp_path: Path) -> None:
    home = tmp_path / "config" / "home.toml"
    window.write_first_home(home, fuse_a=25, phases=1)
    config = load_home(home)
    assert (config.connection.fuse_a, config.connection.phases) == (25, 1)
    with pytest.raises(UserError, match="already"):
        window.write_first_home(home, fuse_a=63, phases=3)


def test_without_a_display_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(UserError, match="twoway engine"):
        window.run(arguments())


def test_a_home_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.toml"):
        window.run(arguments("--home", str(tmp_path / "none.toml"), "--start-only"))
    with pytest.raises(UserError, match="--new-home"):
        window.run(arguments("--start-only"))


@pytest.mark.parametrize("inside", [".", "deeper"])
def test_a_file_in_place_of_the_folder_is_named_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("mine")
    monkeypatch.setenv("TWOWAY_HOME_DIR", str(file / inside))
    with pytest.raises(UserError, match=r"mine\.toml is a file, not a folder.*TWOWAY_HOME_DIR"):
        window.run(arguments("--new-home", "--start-only"))
    assert file.read_text() == "mine"
