"""What a stopped replay keeps, in a folder beside its report: what it was made from, and each strategy's life so far.

Every file is written whole or not at all. Lives are pickled, and read back with an unpickler that knows nothing but
numbers and this project's own classes.
"""

import io
import json
import pickle
import shutil
import time
from pathlib import Path
from typing import Any

from app.config.load import write_whole
from app.errors import UserError

_INPUTS = "inputs.json"
_EVERY_S = 15.0
_PLAIN = {
    ("collections", "OrderedDict"),
    ("builtins", "complex"),
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("builtins", "getattr"),
}
_NUMPY = {"_reconstruct", "ndarray", "dtype", "scalar", "_frombuffer"}


class Kept:
    """A folder of checkpoints."""

    def __init__(self, folder: Path, every_s: float = _EVERY_S) -> None:
        self.folder, self._every_s = folder, every_s
        self._saved_s: dict[str, float] = {}

    def load(self, name: str) -> object | None:
        """What was kept under this name; None where there is nothing, or nothing that can be read."""
        try:
            raw = (self.folder / f"{name}.part").read_bytes()
        except OSError:
            return None
        try:
            found: object = _Careful(io.BytesIO(raw)).load()
        except Exception:
            # Damaged: that strategy begins anew.
            return None
        return found

    def save(self, name: str, what: object, *, now: bool = False) -> None:
        """Keep it, unless it was kept a moment ago."""
        since = time.monotonic() - self._saved_s.get(name, float("-inf"))
        if now or since >= self._every_s:
            write_whole(self.folder / f"{name}.part", pickle.dumps(what, protocol=5))
            self._saved_s[name] = time.monotonic()


def folder_of(report: Path) -> Path:
    """Where a report's unfinished run is kept."""
    return report.with_name(report.name + ".partial")


def open_folder(report: Path, inputs: dict[str, str], *, resume: bool) -> Path:
    """The folder, new or with what was kept. Raises ``UserError`` where it cannot be resumed, and says why."""
    folder = folder_of(report)
    if resume:
        try:
            known: Any = json.loads((folder / _INPUTS).read_text())
        except (OSError, ValueError):
            raise UserError(f"there is no stopped run at {folder} to resume: leave out --resume") from None
        changed = [name for name in inputs if not isinstance(known, dict) or known.get(name) != inputs[name]]
        if changed:
            raise UserError(
                f"the stopped run at {folder} was made with another {', another '.join(changed)}: give it the same "
                "again, or leave out --resume to begin anew"
            )
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / _INPUTS, json.dumps(inputs, indent=1))
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror or error}): choose another place") from None
    return folder


def close_folder(folder: Path) -> None:
    """The run is finished: nothing needs keeping."""
    shutil.rmtree(folder, ignore_errors=True)


class _Careful(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("energy.") or (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.split(".")[0] == "numpy" and name in _NUMPY:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} does not belong in a checkpoint")
