"""The home file's ``[co2]``: what the grid's electricity emits."""

import csv
import io
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from app.config.home import HomeConfig
from app.csv_text import read_csv_text
from app.engine.plan_types import Co2
from app.errors import UserError

_TIME, _FIGURE = "time_utc", "g_per_kwh"


def co2(config: HomeConfig, folder: Path) -> Co2 | None:
    """Emissions by time, or always the same; None where the home file tells nothing.

    ``folder`` is where its file is looked for. Raises ``UserError`` with one sentence.
    """
    section = config.co2
    if section.g_per_kwh is not None:
        return Co2(g_per_kwh=section.g_per_kwh)
    if section.file is None:
        return None
    path = folder / section.file
    return _parsed(read_csv_text(path), path)


def co2_at(found: Co2 | None, at_s: float) -> float | None:
    """g a kWh imported at ``at_s``; None where it is not known."""
    if found is None:
        return None
    if found.at_s is None:
        return float(found.g_per_kwh)
    known_s, known_g = found.at_s, np.asarray(found.g_per_kwh)
    k = int(np.searchsorted(known_s, at_s, side="right")) - 1
    lasts_s = float(known_s[-1] - known_s[-2]) if len(known_s) > 1 else 3600.0
    return float(known_g[k]) if k >= 0 and at_s < float(known_s[-1]) + lasts_s else None


def _parsed(text: str, path: Path) -> Co2:
    rows = csv.DictReader(io.StringIO(text))
    if not {_TIME, _FIGURE} <= set(rows.fieldnames or ()):
        raise UserError(f"{path}: the first line must name {_TIME} and {_FIGURE}.")
    found: dict[float, float] = {}
    for row in rows:
        try:
            moment, grams = datetime.fromisoformat((row[_TIME] or "").strip()), float(row[_FIGURE] or "nan")
        except ValueError as error:
            raise UserError(f"{path}, line {rows.line_num}: {error}; write 2024-01-31T13:00:00Z,310.") from error
        if math.isfinite(grams) and 0.0 <= grams <= 5_000.0:
            found[(moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()] = grams
    if not found:
        raise UserError(f"{path}: there is no figure in it.")
    times = sorted(found)
    return Co2(at_s=np.array(times), g_per_kwh=np.array([found[at_s] for at_s in times]))
