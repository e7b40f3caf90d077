"""Nord Pool's data portal: ``GET URL?date=…&market=DayAhead&deliveryArea=…&currency=…``, one local day an answer.

``{"multiAreaEntries": [{"deliveryStart": "…Z", "deliveryEnd": "…Z", "entryPerArea": {"SE3": 41.2}}], "currency":
"EUR"}``, a price a MWh. Before publication the answer is empty (204). The URL is .../api/DayAheadPrices.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from energy.tariffs.providers.base import (
    Answer,
    Options,
    Provider,
    ProviderError,
    Request,
    asked,
    instant,
    listed,
    number,
    read_json,
)
from energy.tariffs.series import Span, series_of

_NAME = "Nord Pool"
_MARKET_TIME = ZoneInfo("Europe/Oslo")
_MOST_DAYS = 32


def requests(options: Options, from_s: float, to_s: float) -> tuple[Request, ...]:
    """One for each day of the market's own time."""
    first, last = (datetime.fromtimestamp(at_s, _MARKET_TIME).date() for at_s in (from_s, to_s - 1.0))
    first = max(first, last - timedelta(days=_MOST_DAYS - 1))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    area, currency = options.area, options.currency
    headers = {"Authorization": f"Bearer {options.token}"} if options.token else {}
    return tuple(
        Request(
            url=asked(options.url, date=str(day), market="DayAhead", deliveryArea=area, currency=currency),
            headers=headers,
        )
        for day in days
    )


def parse(body: bytes, options: Options) -> Answer:
    """The prices of one answer."""
    if not body.strip():
        return Answer(series=series_of(()), currency=options.currency)
    document = read_json(body, _NAME)
    spans: list[Span] = []
    areas: set[str] = set()
    for row in listed(document, "multiAreaEntries", _NAME):
        entry = row.get("entryPerArea")
        if not isinstance(entry, dict):
            raise ProviderError(f"{_NAME} answered without the prices by area.")
        areas.update(map(str, entry))
        if entry.get(options.area) is None:
            continue
        start_s, end_s = (instant(row.get(key), _NAME) for key in ("deliveryStart", "deliveryEnd"))
        spans.append((start_s, end_s, number(entry[options.area], _NAME) / 1e3))
    if areas and options.area not in areas:
        raise ProviderError(f"{_NAME} has no area {options.area!r} in its answer, but {', '.join(sorted(areas))[:60]}.")
    currency = str(document.get("currency", ""))
    return Answer(series=series_of(spans, name=_NAME, currency=currency), currency=currency)


PROVIDER = Provider(
    kind="nord_pool", title=_NAME, requests=requests, parse=parse, publish_local="13:00", needs=frozenset({"area"})
)
