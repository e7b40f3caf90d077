"""Which line of a TOML text says what: from a key's path to its line.

tomllib and pydantic say what is wrong, not where. This walks a text that tomllib has accepted (so it need not find
errors) and notes the line of every table, key and array element.
"""

import json
import re
from collections.abc import Iterator

KeyPath = tuple[str | int, ...]

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL = re.compile(r"'[^'\n]*'")
_LONG = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\')', re.DOTALL)
_SCALAR = re.compile(r"[^,\]}\n#]*")


class Lines:
    """The lines (from 1) of every key path in ``text``, which must be valid TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines: dict[KeyPath, int] = {}
        self._counts: dict[KeyPath, int] = {}
        self._read()

    @property
    def last(self) -> int:
        """The text's last line."""
        return max(1, self._text.rstrip().count("\n") + 1)

    def of(self, path: KeyPath) -> int | None:
        """The line of ``path``, or of the nearest thing around it; None where nothing of it stands in the text."""
        for length in range(len(path), 0, -1):
            line = self._lines.get(path[:length])
            if line is not None:
                return line
        return None

    def _read(self) -> None:
        table: KeyPath = ()
        while self._skip_space():
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        line = self._line()
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        keys = self._keys()
        self._at += brackets
        path = self._resolved(keys[:-1])
        whole = (*path, keys[-1])
        if brackets == 2:
            number = self._counts.get(whole, 0)
            self._counts[whole] = number + 1
            self._lines.setdefault(whole, line)
            whole = (*whole, number)
        else:
            whole = self._resolved(keys)
        self._note(whole, line)
        return whole

    def _resolved(self, keys: tuple[str, ...]) -> KeyPath:
        """A header's path: within an array of tables, its last element is meant."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = (*table, *self._keys())
        self._note(path, line)
        self._at = self._text.index("=", self._at) + 1
        self._value(path)

    def _keys(self) -> tuple[str, ...]:
        """A dotted key."""
        keys = [self._key()]
        while self._skip_space() and self._text[self._at] == ".":
            self._at += 1
            keys.append(self._key())
        return tuple(keys)

    def _key(self) -> str:
        self._skip_space()
        for pattern in (_BASIC, _LITERAL, _BARE):
            found = pattern.match(self._text, self._at)
            if found:
                self._at = found.end()
                return _unquoted(found.group())
        # Cannot be in a text that tomllib took; going on beats failing while an error is being explained.
        self._at += 1
        return ""

    def _value(self, path: KeyPath) -> None:
        self._skip_space()
        opening = self._text[self._at : self._at + 1]
        if opening == "[":
            for number in self._items("]"):
                self._note((*path, number), self._line())
                self._value((*path, number))
        elif opening == "{":
            for _ in self._items("}"):
                self._pair(path)
        else:
            for pattern in (_LONG, _BASIC, _LITERAL, _SCALAR):
                found = pattern.match(self._text, self._at)
                if found:
                    self._at = found.end()
                    return

    def _items(self, closing: str) -> Iterator[int]:
        """Stop at each item between the brackets, for the caller to read it."""
        self._at += 1
        number = 0
        while self._skip_space() and self._text[self._at] != closing:
            if self._text[self._at] == ",":
                self._at += 1
                continue
            yield number
            number += 1
        self._at += 1

    def _note(self, path: KeyPath, line: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], line)

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _skip_space(self) -> bool:
        """Go past blanks and comments; whether anything follows."""
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at < len(self._text)


def _unquoted(key: str) -> str:
    if key.startswith('"'):
        try:
            return str(json.loads(key))
        except ValueError:
            return key[1:-1]
    return key[1:-1] if key.startswith("'") else key
