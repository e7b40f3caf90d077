"""Read and write the home file: one TOML text, checked whole, every problem with its line and its remedy."""

import json
import os
import shutil
import stat
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError
from tomlkit.items import AoT

from app.config.home import HomeConfig
from app.config.locate import KeyPath, Lines
from app.config.problems import Flaw, HomeFileError, Problem, schema_flaws, syntax_problem
from app.config.sense import not_finite, sense_flaws

MAX_BYTES = 1_000_000


def load_home(path: Path) -> HomeConfig:
    """The home that ``path`` describes. Raises HomeFileError with every problem found."""
    return check_home(_read(path), path)


def check_home(text: str, path: Path) -> HomeConfig:
    """The home that ``text`` describes; ``path`` names it in errors, and files are looked for beside it."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise HomeFileError(path, [syntax_problem(error, text)]) from error
    except RecursionError as error:
        raise HomeFileError(path, [Problem(1, "lists within lists without end", "write them flat")]) from error
    except ValueError as error:
        # Python reads no number of more than 4300 digits, and does not say where it stood.
        raise HomeFileError(
            path, [Problem(_longest_line(text), "a number without end", "write a shorter one")]
        ) from error
    try:
        flaws = list(not_finite(data))
    except RecursionError as error:
        raise HomeFileError(path, [Problem(1, "sections within sections without end", "write them flat")]) from error
    home: HomeConfig | None = None
    data = _one_charger(data, flaws)
    if not flaws:
        try:
            # By way of JSON, so that TOML's lists may become tuples while "25" stays no number.
            home = HomeConfig.model_validate_json(json.dumps(data, default=str), strict=True)
        except ValidationError as error:
            flaws = schema_flaws(error)
        else:
            flaws = sense_flaws(home, path.parent)
    if flaws or home is None:
        raise HomeFileError(path, _located(flaws, text))
    return home


def write_home(path: Path, text: str) -> HomeConfig:
    """Check ``text`` and make it the home file, whole or not at all; what stood there is kept as ``.bak``.

    Raises HomeFileError where it cannot be used: then nothing is written.
    """
    home = check_home(text, path)
    if path.exists():
        shutil.copy2(path, path.with_name(path.name + ".bak"))
    write_whole(path, text)
    return home


def edit_home(text: str, changes: Mapping[KeyPath, Any]) -> str:
    """``text`` with ``changes``, comments and order kept. A value of None takes the key (or section) out.

    A path names an element of a ``[[list]]`` by its number from 0; the number after the last adds one. Raises
    KeyError for an element that is not there.
    """
    document = tomlkit.parse(text)
    for path, value in changes.items():
        _change(document, path, value)
    return tomlkit.dumps(document)


def write_whole(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    """Put ``content`` in ``path``: after a power cut there is the old one or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else mode)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _one_charger(data: dict[str, Any], flaws: list[Flaw]) -> dict[str, Any]:
    """``[[charger]]`` written as a list is the one that it holds; an engine drives no second one."""
    chargers = data.get("charger")
    if not isinstance(chargers, list) or not chargers:
        return data
    if len(chargers) > 1:
        what = f"{len(chargers)} chargers in one home: Twoway drives one"
        flaws.append(Flaw(("charger", 1), what, "keep one [[charger]] here"))
    return {**data, "charger": chargers[0]}


def _read(path: Path) -> str:
    try:
        status = path.stat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            # Reading a pipe or a device would wait for ever.
            raise HomeFileError(path, [Problem(1, "no plain file", "name the home file itself")])
        if status.st_size > MAX_BYTES:
            raise HomeFileError(path, [Problem(1, "far too long for a home file", "name the right file")])
        return path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise HomeFileError(
            path, [Problem(1, "there is no such file", "name another, or try 'twoway demo'")]
        ) from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise HomeFileError(path, [Problem(line, "not UTF-8 text", "save the file as UTF-8")]) from error
    except OSError as error:
        raise HomeFileError(
            path, [Problem(1, f"cannot be read: {error.strerror}", "check that it is a file that you may read")]
        ) from error


def _longest_line(text: str) -> int:
    lines = text.split("\n")
    return 1 + max(range(len(lines)), key=lambda number: len(lines[number]))


def _located(flaws: list[Flaw], text: str) -> list[Problem]:
    lines = Lines(text)
    return [Problem(lines.of(flaw.path) or lines.last, flaw.what, flaw.remedy) for flaw in flaws]


def _change(document: Any, path: KeyPath, value: Any) -> None:
    *around, key = path
    table = document
    for part, following in zip(around, path[1:], strict=True):
        if part not in table if isinstance(part, str) else part >= len(table):
            _add(table, part, tomlkit.aot() if isinstance(following, int) else tomlkit.table())
        table = table[part]
    if value is None:
        with suppress(KeyError, IndexError):
            del table[key]
    elif isinstance(key, int):
        _add(table, key, _item(value))
    else:
        table[key] = _item(value)


def _add(table: Any, key: str | int, item: Any) -> None:
    if isinstance(key, str):
        table[key] = item
    elif key == len(table):
        table.append(item)
    elif key < len(table) and isinstance(table, AoT):
        table[key] = item
    else:
        raise KeyError(key)


def _item(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    table = tomlkit.table()
    table.update(value)
    return table
