"""Secrets: apart, owner only, and never said aloud."""

import os
import stat

import pytest

from app.config.paths import OVERRIDE, secrets_file, standard_paths
from app.config.secrets import SecretsError, read_secrets, write_secret


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "secrets.toml"
    path.write_text('# the utility\'s\nvtn = "hunter2"\n')
    path.chmod(0o600)
    return path


def test_a_secret_is_found_by_its_name(path):
    secrets = read_secrets(path)
    assert secrets.get("vtn") == "hunter2"
    assert "vtn" in secrets
    assert "csms" not in secrets


def test_no_file_is_no_secrets(tmp_path):
    with pytest.raises(SecretsError, match=r'no secret is called "x": add x = '):
        read_secrets(tmp_path / "none.toml").get("x")


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o660, 0o666, 0o601])
def test_a_looser_mode_is_refused_with_the_remedy(path, mode):
    path.chmod(mode)
    with pytest.raises(SecretsError, match=f"chmod 600 {path}"):
        read_secrets(path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_the_owner_may_read(path, mode):
    path.chmod(mode)
    assert read_secrets(path).get("vtn") == "hunter2"


def test_links_and_folders_are_no_secrets_file(path, tmp_path):
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    with pytest.raises(SecretsError, match="plain file"):
        read_secrets(link)
    with pytest.raises(SecretsError, match="plain file"):
        read_secrets(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(path, monkeypatch):
    os.chown(path, 12_345, -1)
    with pytest.raises(SecretsError, match="belongs to somebody else"):
        read_secrets(path)


@pytest.mark.parametrize("text", ['vtn = "hunter2', "vtn = hunter2", 'vtn = 5\nx = "hunter2"', "\xff"])
def test_an_unreadable_file_is_refused_without_quoting_it(path, text):
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SecretsError) as error:
        read_secrets(path)
    assert "hunter2" not in str(error.value)


def test_printing_shows_nothing(path):
    assert "hunter2" not in repr(read_secrets(path)) + str(read_secrets(path))


def test_writing_keeps_the_rest_and_the_mode(path):
    write_secret(path, "csms", "s3cret")
    assert path.read_text().startswith("# the utility's\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (read_secrets(path).get("csms"), read_secrets(path).get("vtn")) == ("s3cret", "hunter2")
    write_secret(path, "vtn", None)
    assert "vtn" not in read_secrets(path)


def test_a_first_secret_makes_a_file_that_only_its_owner_reads(tmp_path):
    path = tmp_path / "new" / "secrets.toml"
    write_secret(path, "a", 'with "quotes" and \\')
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_secrets(path).get("a") == 'with "quotes" and \\'


def test_writing_into_a_loose_file_is_refused(path):
    path.chmod(0o644)
    with pytest.raises(SecretsError, match="chmod 600"):
        write_secret(path, "a", "b")


def test_one_folder_for_everything_where_asked(tmp_path, monkeypatch):
    monkeypatch.setenv(OVERRIDE, str(tmp_path))
    paths = standard_paths()
    assert paths.home_file == tmp_path / "home.toml"
    assert {paths.state, paths.runtime, paths.logs} == {tmp_path / "state", tmp_path / "run", tmp_path / "state/logs"}
    assert secrets_file(paths.home_file) == tmp_path / "secrets.toml"
    monkeypatch.delenv(OVERRIDE)
    assert "twoway" in str(standard_paths().config)


def test_an_editor_s_byte_order_mark_is_no_problem(path):
    path.write_bytes(b'\xef\xbb\xbfvtn = "hunter2"\r\n')
    assert read_secrets(path).get("vtn") == "hunter2"
    write_secret(path, "csms", "x")
    assert read_secrets(path).get("csms") == "x"


def test_a_pipe_is_refused_and_does_not_hang(tmp_path):
    pipe = tmp_path / "secrets.toml"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(SecretsError, match="no plain file"):
        read_secrets(pipe)


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "9" * 5000])
def test_nonsense_without_end_is_refused(path, text):
    path.write_text(text)
    with pytest.raises(SecretsError, match="not readable"):
        read_secrets(path)
