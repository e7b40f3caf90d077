"""Many homes' reports added up: one row a home, and how the homes are spread."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from energy.backtest.charts import histogram
from energy.backtest.page import STYLE
from energy.backtest.report import NAMES

SCHEMA = "twoway.backtest.homes/1"
_FIGURES = ("share", "saved_eur", "cycles", "co2_kg", "departures_missed")


def add_up(homes: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """The street's report from each home's name and report, or ``{"failed": why}``."""
    rows = [_row(name, report) for name, report in homes]
    lived = [report for _, report in homes if "failed" not in report]
    names = [name for name in NAMES if any(name in report["strategies"] for report in lived)]
    return {
        "schema": SCHEMA,
        "homes_lived": len(lived),
        "homes_failed": len(homes) - len(lived),
        "strategies": {name: _strategy(name, lived) for name in names},
        "homes": rows,
        "method": lived[0]["method"] if lived else [],
    }


def _row(name: str, report: Mapping[str, Any]) -> dict[str, Any]:
    if "failed" in report:
        return {"name": name, "failed": report["failed"]}
    row: dict[str, Any] = {
        "name": name,
        "failed": "",
        "first_day": report["period"]["first_day"],
        "days": report["period"]["days"],
        "base_eur": report["base_eur"],
        "bound_eur": report["bound_eur"],
    }
    for strategy, found in report["strategies"].items():
        row |= {f"{strategy}_{figure}": found[figure] for figure in _FIGURES}
    return row


def _strategy(name: str, reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    rows = [report["strategies"][name] for report in reports if name in report["strategies"]]
    return {
        "title": NAMES[name],
        "homes": len(rows),
        "share": _spread([row["share"] for row in rows if row["share"] is not None]),
        "saved_eur": _spread([row["saved_eur"] for row in rows]),
        "cycles": _spread([row["cycles"] for row in rows]),
        "departures_missed": sum(row["departures_missed"] for row in rows),
        "co2_kg": round(sum(row["co2_kg"] for row in rows), 2),
    }


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    low, mid, high = np.quantile(np.array(values), (0.1, 0.5, 0.9))
    return {
        "p10": round(float(low), 4),
        "p50": round(float(mid), 4),
        "p90": round(float(high), 4),
        "mean": round(float(np.mean(values)), 4),
    }


def page_of_street(street: Mapping[str, Any]) -> str:
    """A whole page: the spread over homes, and a row for each."""
    shown = next((name for name in ("own", "perfect", "foresight") if name in street["strategies"]), None)
    shares = [] if shown is None else [row.get(f"{shown}_share") for row in street["homes"]]
    known = [share for share in shares if share is not None]
    chart = f"<p>Homes by their share of the saving that perfect foresight has.</p>{histogram(known)}" if known else ""
    heads = [
        ("name", "home"),
        ("days", "days"),
        ("base_eur", "on arrival"),
        ("bound_eur", "foresight"),
        (f"{shown}_saved_eur", "saved"),
        (f"{shown}_share", "captured"),
        (f"{shown}_departures_missed", "missed"),
    ]
    lines = []
    for row in street["homes"]:
        if row.get("failed"):
            lines.append(f"<tr><th>{escape(row['name'])}</th><td colspan=6>{escape(row['failed'])}</td></tr>")
            continue
        cells = "".join(f"<td>{_cell(key, row.get(key))}</td>" for key, _ in heads[1:])
        lines.append(f"<tr><th>{escape(row['name'])}</th>{cells}</tr>")
    head = "".join(f"<th>{escape(title)}</th>" for _, title in heads)
    title = f"{street['homes_lived']} homes"
    own = street["strategies"].get(shown) if shown else None
    lead = ""
    if own is not None and own["share"] is not None:
        lead = (
            f"<p class=lead>{escape(own['title'])} saved <b>{own['saved_eur']['p50']:.2f} €</b> in the middle home and "
            f"captured <b>{own['share']['p50']:.1%}</b> of what perfect foresight saves "
            f"({own['share']['p10']:.1%} to {own['share']['p90']:.1%} in eight homes of ten).</p>"
        )
    method = "".join(f"<li>{escape(line)}</li>" for line in street["method"])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main><p class=over>The honest year</p>"
        f"<h1>{title}</h1>{lead}<section><h2>Spread</h2>{chart}</section>"
        f"<section><h2>Every home</h2><div class=wide><table><tr>{head}</tr>{''.join(lines)}</table></div></section>"
        f"<section><h2>How it was done</h2><ul>{method}</ul></section></main></body></html>\n"
    )


def _cell(key: str, value: Any) -> str:
    if value is None:
        return "–"
    if key.endswith("_share"):
        return f"{value:.1%}"
    return f"{value:.2f}" if isinstance(value, float) else escape(str(value))
