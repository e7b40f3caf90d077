"""Octopus Energy's rates, Agile among them: ``GET URL?period_from=…&period_to=…&page_size=…``.

``{"next": null, "results": [{"value_exc_vat": 19.1, "value_inc_vat": 20.05, "valid_from": "…Z", "valid_to": "…Z",
"payment_method": null}]}``, in pence a kWh, newest first, by pages. The URL is
.../v1/products/PRODUCT/electricity-tariffs/TARIFF/standard-unit-rates/ (an export tariff has its own).
"""

from datetime import UTC, datetime
from urllib.parse import urlsplit

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

_NAME = "Octopus"
_OPEN_S = 2 * 86400.0
"""A rate without an end is taken to hold for so long; the next answer tells it anew."""
_LONGEST_S = 60 * 86400.0
_OTHERS = "NON_DIRECT_DEBIT"


def requests(options: Options, from_s: float, to_s: float) -> tuple[Request, ...]:
    """The first page."""
    url = asked(options.url, period_from=_utc(from_s), period_to=_utc(to_s), page_size="1500")
    return (Request(url=url),)


def parse(body: bytes, options: Options) -> Answer:
    """The prices of one page, and where the next is; only of the same host."""
    document = read_json(body, _NAME)
    key = f"value_{options.price or 'inc_vat'}"
    spans: list[Span] = []
    for row in listed(document, "results", _NAME):
        if row.get("payment_method") == _OTHERS:
            continue
        start_s = instant(row.get("valid_from"), _NAME)
        end_s = start_s + _OPEN_S if row.get("valid_to") is None else instant(row["valid_to"], _NAME)
        if end_s - start_s > _LONGEST_S:
            raise ProviderError(f"{_NAME} gave one price for months: this is no tariff by the hour.")
        spans.append((start_s, end_s, number(row.get(key), _NAME) / 100.0))
    return Answer(series=series_of(spans, name=_NAME), currency="GBP", next_url=_next(document.get("next"), options))


def _next(url: object, options: Options) -> str:
    if not url:
        return ""
    asked_at, told = urlsplit(options.url), urlsplit(str(url))
    if (told.scheme, told.netloc) != (asked_at.scheme, asked_at.netloc):
        raise ProviderError(f"{_NAME} sent us to another host for the next page, {told.netloc[:60]!r}.")
    return str(url)


def _utc(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


PROVIDER = Provider(
    kind="octopus",
    title=_NAME,
    requests=requests,
    parse=parse,
    publish_local="16:00",
    prices=("inc_vat", "exc_vat"),
    with_vat=True,
)
