"""aWATTar, which shows the EPEX day-ahead price: ``GET URL?start=MS&end=MS``.

``{"data": [{"start_timestamp": ms, "end_timestamp": ms, "marketprice": 42.1, "unit": "Eur/MWh"}]}``, hours or quarters.
Documented at awattar.de/services/api; the URL is .../v1/marketdata.
"""

from energy.tariffs.providers.base import (
    Answer,
    Options,
    Provider,
    ProviderError,
    Request,
    asked,
    listed,
    number,
    plausible,
    read_json,
)
from energy.tariffs.series import Span, series_of

_NAME = "aWATTar"
_UNITS = {"eur/mwh": ("EUR", 1e-3), "eur/kwh": ("EUR", 1.0), "ct/kwh": ("EUR", 1e-2)}


def requests(options: Options, from_s: float, to_s: float) -> tuple[Request, ...]:
    """One, whatever the span."""
    headers = {"Authorization": f"Bearer {options.token}"} if options.token else {}
    url = asked(options.url, start=str(int(from_s * 1000)), end=str(int(to_s * 1000)))
    return (Request(url=url, headers=headers),)


def parse(body: bytes, options: Options) -> Answer:
    """The prices of one answer."""
    spans: list[Span] = []
    for row in listed(read_json(body, _NAME), "data", _NAME):
        unit = str(row.get("unit", "Eur/MWh")).replace(" ", "").lower()
        if unit not in _UNITS:
            raise ProviderError(f"{_NAME} gave a price in {unit[:20]!r}, which is not known here.")
        start_s, end_s = (
            plausible(number(row.get(key), _NAME) / 1e3, _NAME) for key in ("start_timestamp", "end_timestamp")
        )
        spans.append((start_s, end_s, number(row.get("marketprice"), _NAME) * _UNITS[unit][1]))
    return Answer(series=series_of(spans, name=_NAME), currency="EUR")


PROVIDER = Provider(kind="awattar", title=_NAME, requests=requests, parse=parse, publish_local="13:00")
