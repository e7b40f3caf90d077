"""The report as one page: no script, nothing fetched, readable in light, in the dark and on paper."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from html import escape
from typing import Any

from energy.backtest.charts import bars, columns, day, histogram

_KINDS = {"own": "own", "perfect": "own soft", "known": "own soft", "foresight": "best"}
_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("cost_eur", "cost", "{:.2f}"),
    ("saved_eur", "saved", "{:.2f}"),
    ("share", "captured", "{:.1%}"),
    ("imported_kwh", "import kWh", "{:.0f}"),
    ("exported_kwh", "export kWh", "{:.0f}"),
    ("co2_kg", "CO₂ kg", "{:.0f}"),
    ("cycles", "cycles", "{:.1f}"),
    ("self_sufficiency", "self-sufficient", "{:.1%}"),
    ("departures_missed", "missed", "{:d}"),
    ("corrected_kwh", "corrected kWh", "{:.0f}"),
)


def page_of(report: Mapping[str, Any]) -> str:
    """The whole page."""
    period, rows = report["period"], report["strategies"]
    first = date.fromisoformat(period["first_day"])
    title = f"{report['home']['name']}: {period['days']} days from {first:%d %B %Y}"
    return "".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>",
            f"<p class=over>The honest year</p><h1>{escape(title)}</h1>",
            f"<p class=lead>{_lead(report)}</p>",
            _cards(report),
            _section("What it cost, and what was saved", _money(report)),
            _section("Month by month", _months(rows)) if len(_months_of(rows)) > 1 else "",
            _section("Day by day", _spread(report)),
            *[_section(f"A day like many: {_long(d['date'])}", _typical(d)) for d in report["typical"]],
            _section("Every figure", _table(rows)),
            _section("Why the car did what it did", _reasons(rows)),
            _section("How it was done", _list(report["method"])),
            _section("Home and data", _data(report)),
            "</main></body></html>\n",
        ]
    )


def _lead(report: Mapping[str, Any]) -> str:
    rows = report["strategies"]
    own = rows.get("own") or rows.get("perfect")
    base, bound = report["base_eur"], report["bound_eur"]
    text = (
        f"Charging on arrival this home would have paid <b>{_money_text(base)}</b>. "
        f"Whoever had known every minute of it beforehand, <b>{_money_text(bound)}</b>, and not less."
    )
    if own is not None and own["share"] is not None:
        text += f" {escape(own['title'])} captured <b>{own['share']:.1%}</b> of that difference."
    return text


def _cards(report: Mapping[str, Any]) -> str:
    rows = report["strategies"]
    row = rows.get("own") or rows.get("perfect")
    if row is None:
        return ""
    spread = row["spread"]
    kept = row["departures_kept"] + row["departures_missed"] + row["departures_infeasible"]
    cards = [
        (_money_text(row["saved_eur"]), "saved against charging on arrival, battery wear paid"),
        (f"{row['share']:.1%}" if row["share"] is not None else "–", "of the saving that perfect foresight has"),
        (
            "–" if spread["p10"] is None else f"{spread['p10']:.0%} to {spread['p90']:.0%}",
            "on eight days of ten",
        ),
        (f"{row['departures_kept']} of {kept}", f"departures kept, {row['departures_missed']} missed"),
        (f"{row['cycles']:.0f}", "full cycles of the battery, driving included"),
    ]
    return "<div class=cards>" + "".join(f"<div><b>{v}</b><span>{escape(t)}</span></div>" for v, t in cards) + "</div>"


def _money(report: Mapping[str, Any]) -> str:
    rows = [
        (
            row["title"],
            row["saved_eur"],
            f"{row['saved_eur']:.2f}" + ("" if row["share"] is None else f"  ·  {row['share']:.0%}"),
            _KINDS.get(name, "other"),
        )
        for name, row in report["strategies"].items()
        if name != "arrival"
    ]
    words = "Saved against charging on arrival, and the share of what perfect foresight saves."
    return f"<p>{words}</p>{bars(rows)}"


def _months_of(rows: Mapping[str, Any]) -> Mapping[str, Any]:
    row = rows.get("own") or rows.get("perfect") or rows["foresight"]
    months: Mapping[str, Any] = row["months"]
    return months


def _months(rows: Mapping[str, Any]) -> str:
    months = _months_of(rows)
    names = [f"{date.fromisoformat(month + '-01'):%b}" for month in months]
    chart = columns(names, [(m["possible_eur"] or 0.0, m["saved_eur"] or 0.0, m["share"]) for m in months.values()])
    return f"<p>What could be saved in each month, what was, and the share.</p>{chart}"


def _spread(report: Mapping[str, Any]) -> str:
    rows = report["strategies"]
    name = "own" if "own" in rows else "perfect" if "perfect" in rows else "foresight"
    values = [day_row[name]["share"] for day_row in report["days"] if day_row[name]["share"] is not None]
    spread = rows[name]["spread"]
    if not values:
        return "<p>On no day was there enough to save.</p>"
    words = (
        f"On half of the {spread['days']} days on which something could be saved, "
        f"{escape(rows[name]['title'])} captured more than {spread['p50']:.0%}; on eight days of ten, "
        f"{spread['p10']:.0%} to {spread['p90']:.0%}. "
        "A day's share counts the charge that it took over and left behind at its worth to perfect foresight."
    )
    return f"<p>{words}</p>{histogram(values)}"


def _typical(typical: Mapping[str, Any]) -> str:
    parts = []
    for name, row in typical["strategies"].items():
        title = {"own": "Twoway", "perfect": "Twoway with perfect forecasts", "rule": "The best simple rule"}.get(
            name, "Perfect foresight"
        )
        chart = day(
            typical["load_w"], typical["solar_w"], row["ev_w"], row["soc"], typical["import_eur_per_kwh"], width=720
        )
        parts.append(f"<figure><figcaption>{title}</figcaption>{chart}</figure>")
    legend = (
        '<p class=legend><i class="sun"></i>sun <i class="load"></i>house <i class="charge"></i>car charges '
        '<i class="discharge"></i>car gives <i class="soc"></i>charge <i class="price"></i>price of import</p>'
    )
    return legend + "".join(parts)


def _table(rows: Mapping[str, Any]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for _, title, _ in _COLUMNS)
    lines = []
    for row in rows.values():
        cells = "".join(
            f"<td>{'–' if row[key] is None else escape(form.format(row[key]))}</td>" for key, _, form in _COLUMNS
        )
        lines.append(f"<tr><th>{escape(row['title'])}</th>{cells}</tr>")
    notes = [
        f"{row['title']}: {row['plans']['plans']:.0f} plans, of which {row['plans']['changed']:.0f} moved the next two "
        f"hours by more than half a kWh; {row['corrected_kwh']:.0f} kWh were corrected by dispatch."
        for row in rows.values()
        if row["plans"]
    ]
    return f"<div class=wide><table><tr><th></th>{head}</tr>{''.join(lines)}</table></div>{_list(notes)}"


def _reasons(rows: Mapping[str, Any]) -> str:
    row = rows.get("own") or rows.get("perfect")
    if row is None or not row["reasons"]:
        return "<p>No strategy here gives reasons.</p>"
    total = sum(row["reasons"].values())
    found = sorted(row["reasons"].items(), key=lambda item: -item[1])[:8]
    chart = bars([(code.replace("_", " "), n / total, f"{n / total:.1%}", "own") for code, n in found])
    return f"<p>Share of the minutes at home by the reason of the set-point ({escape(row['title'])}).</p>{chart}"


def _data(report: Mapping[str, Any]) -> str:
    data, home = report["data"], report["home"]
    car, charger, contract = home["car"], home["charger"], home["contract"]
    lines = [
        f"House: {data['house']['name']}, every {data['house']['step_min']:g} min. "
        f"Prices: {data['prices']['name']}, every {data['prices']['step_min']:g} min.",
        *data["notes"],
        f"Minutes: {data['minutes']} Seed {data['seed']}.",
        f"CO₂: {data['co2']}.",
        f"Car: {car['capacity_wh'] / 1e3:g} kWh, wear {car['wear_eur_per_kwh']:g} a kWh discharged; charger: "
        f"{charger['charge_max_w'] / 1e3:g} kW in, {charger['discharge_max_w'] / 1e3:g} kW out.",
        f"Contract: {contract['words']} The coming day's prices are published at {contract['published']}.",
        *report.get("credit", ()),
    ]
    return _list(lines)


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _list(lines: Iterable[str] | Sequence[str]) -> str:
    found = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{found}</ul>" if found else ""


def _long(text: str) -> str:
    return f"{date.fromisoformat(text):%A %d %B %Y}"


def _money_text(value: float) -> str:
    return f"{value:.2f} €"


STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5d6b7c;--line:#dbe1e8;--back:#fbfcfd;--card:#fff;--own:#0b7a75;
--best:#8aa0b8;--other:#c3ccd6;--ghost:#e3e9ef;--sun:#f4b942;--charge:#2a7de1;--discharge:#7b5cd6;--price:#c2573a}
@media(prefers-color-scheme:dark){:root{--ink:#e8edf2;--soft:#97a6b6;--line:#2c3743;--back:#12181f;--card:#19212a;
--own:#36b5ac;--best:#6f8398;--other:#4a5765;--ghost:#26313c;--sun:#d9a02f;--charge:#5aa2f2;--discharge:#a58cf0;
--price:#e5846a}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:800px;margin:0 auto;padding:48px 20px 80px}h1{font-size:2rem;line-height:1.2;margin:.1em 0 .4em}
h2{font-size:1.15rem;margin:0 0 .5em}.over{color:var(--own);font-weight:600;margin:0}.lead{font-size:1.15rem}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:22px 24px;margin:20px 0}
p{margin:.3em 0 .9em}ul{margin:0;padding-left:1.2em}li{margin:.3em 0}svg{width:100%;height:auto;display:block}
svg text{fill:var(--ink);font-size:13px}svg .small{font-size:11px;fill:var(--soft)}.axis{stroke:var(--soft)}
.grid{stroke:var(--line)}rect.own{fill:var(--own)}rect.soft{fill-opacity:.55}rect.best{fill:var(--best)}
rect.other{fill:var(--other)}rect.ghost{fill:var(--ghost)}.cards{display:grid;gap:12px;
grid-template-columns:repeat(auto-fit,minmax(140px,1fr));margin:24px 0}.cards div{background:var(--card);
border:1px solid var(--line);border-radius:12px;padding:14px 16px}.cards b{display:block;font-size:1.35rem;
color:var(--own)}.cards span{color:var(--soft);font-size:.85rem;line-height:1.35;display:block}
polygon.sun{fill:var(--sun);fill-opacity:.45}rect.charge{fill:var(--charge);fill-opacity:.75}
rect.discharge{fill:var(--discharge);fill-opacity:.75}polyline{fill:none;stroke-width:1.8}
polyline.load{stroke:var(--ink)}polyline.soc{stroke:var(--own);stroke-width:2.4}polyline.price{stroke:var(--price)}
figure{margin:0 0 18px}figcaption{font-weight:600;margin-bottom:4px}.legend{color:var(--soft);font-size:.85rem}
.legend i{display:inline-block;width:14px;height:10px;border-radius:2px;margin:0 4px 0 10px}i.sun{background:var(--sun)}
i.load{background:var(--ink)}i.charge{background:var(--charge)}i.discharge{background:var(--discharge)}
i.soc{background:var(--own)}i.price{background:var(--price)}.wide{overflow-x:auto;margin-bottom:12px}
table{border-collapse:collapse;font-size:.85rem;white-space:nowrap}td,th{padding:5px 9px;text-align:right;
border-bottom:1px solid var(--line)}th:first-child{text-align:left}th{font-weight:600}
@media print{body{background:#fff}section,.cards div{break-inside:avoid;border-color:#bbb}
main{padding:0;max-width:none}}
"""
