import json
from pathlib import Path

import pytest

from ui.client.runfile import EngineAddress, RunFileError, read_run_file


def write(folder: Path, **content: object) -> Path:
    path = folder / "run.json"
    path.write_text(json.dumps(content))
    return path


def test_reads_address_and_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n")
    path = write(tmp_path, url="http://127.0.0.1:1/", token_file=str(tmp_path / "token"), pid=1, api_version="1")
    assert read_run_file(path) == EngineAddress("http://127.0.0.1:1", "abc", "1")


def test_each_fault_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match=r"^$"):
        read_run_file(tmp_path / "none.json")
    with pytest.raises(RunFileError, match="token file"):
        read_run_file(write(tmp_path, url="http://x", token_file=str(tmp_path / "gone")))
    with pytest.raises(RunFileError, match="no web address"):
        read_run_file(write(tmp_path, url="file:///etc/passwd", token_file="t"))
    with pytest.raises(RunFileError, match="cannot be read"):
        read_run_file(write(tmp_path, token_file="t"))
    (tmp_path / "half.json").write_text('{"url": "htt')
    with pytest.raises(RunFileError, match="cannot be read"):
        read_run_file(tmp_path / "half.json")
