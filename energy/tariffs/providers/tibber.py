"""Tibber's GraphQL: today's and tomorrow's prices of a home, by the hour or the quarter hour.

``{"data": {"viewer": {"homes": [{"id": …, "currentSubscription": {"priceInfo": {"today": [{"total": 0.31, "energy":
0.22, "tax": 0.09, "startsAt": "…+01:00", "currency": "NOK"}], "tomorrow": []}}}]}}}``, a price a kWh; ``total`` has
everything on it but the grid's fees. Documented at developer.tibber.com; the URL is .../v1-beta/gql.
"""

import json
from itertools import pairwise
from typing import Any

from energy.tariffs.providers.base import (
    Answer,
    Options,
    Provider,
    ProviderError,
    Request,
    instant,
    listed,
    number,
    read_json,
)
from energy.tariffs.series import Span, series_of

_NAME = "Tibber"
_PRICE = "{ total energy tax startsAt currency }"
_QUERY = "{ viewer { homes { id currentSubscription { priceInfo(resolution: %s) { today %s tomorrow %s } } } } }"


def requests(options: Options, from_s: float, to_s: float) -> tuple[Request, ...]:
    """One; it always tells of today and tomorrow."""
    resolution = "HOURLY" if options.resolution == "hourly" else "QUARTER_HOURLY"
    body = json.dumps({"query": _QUERY % (resolution, _PRICE, _PRICE)}).encode()
    headers = {"Authorization": f"Bearer {options.token}", "Content-Type": "application/json"}
    return (Request(url=options.url, headers=headers, body=body),)


def parse(body: bytes, options: Options) -> Answer:
    """The prices of one answer."""
    document = read_json(body, _NAME)
    if isinstance(document, dict) and document.get("errors"):
        raise ProviderError(f"{_NAME} refused: {_complaint(document['errors'])}")
    info = _price_info(document, options)
    rows = [row for day in ("today", "tomorrow") for row in (listed(info, day, _NAME) if info.get(day) else [])]
    key = options.price or "total"
    found = sorted(
        {instant(row.get("startsAt"), _NAME): number(row.get(key), _NAME) for row in rows}.items(),
    )
    spans: list[Span] = [(a, min(b, a + 3600.0), price) for (a, price), (b, _) in pairwise(found)]
    if found:
        last_s, price = found[-1]
        spans.append((last_s, last_s + (spans[-1][1] - spans[-1][0] if spans else 3600.0), price))
    currency = next((str(row["currency"]) for row in rows if row.get("currency")), options.currency)
    return Answer(series=series_of(spans, name=_NAME, currency=currency), currency=currency)


def _price_info(document: Any, options: Options) -> dict[str, Any]:
    try:
        homes = listed(document["data"]["viewer"], "homes", _NAME)
    except (KeyError, TypeError) as error:
        raise ProviderError(f"{_NAME} answered without its homes.") from error
    ours = [home for home in homes if options.home in ("", home.get("id"))]
    if not ours:
        raise ProviderError(f"{_NAME} knows no home {options.home!r} in this account.")
    # The first that has a contract: an account may keep homes that somebody moved out of.
    for home in ours:
        contract = home.get("currentSubscription")
        info = contract.get("priceInfo") if isinstance(contract, dict) else None
        if isinstance(info, dict):
            return info
    raise ProviderError(f"{_NAME} has no running contract for this home.")


def _complaint(errors: Any) -> str:
    first = errors[0] if isinstance(errors, list) else errors
    return str(first.get("message", first) if isinstance(first, dict) else first)[:120]


PROVIDER = Provider(
    kind="tibber",
    title=_NAME,
    requests=requests,
    parse=parse,
    publish_local="13:00",
    needs=frozenset({"token"}),
    prices=("total", "energy"),
    with_vat=True,
)
