"""ENTSO-E's Transparency Platform: day-ahead prices (document A44) as XML.

``GET URL?documentType=A44&in_Domain=EIC&out_Domain=EIC&periodStart=yyyyMMddHHmm&periodEnd=…&securityToken=…``. An
answer is a Publication_MarketDocument: TimeSeries with a currency, a Period with a resolution, and Points by position.
In curve type A03 a point that is left out repeats the one before it. No data comes as an Acknowledgement_MarketDocument
with reason 999. Documented in the platform's RESTful API guide; the URL is .../api.
"""

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.parsers import expat

from energy.tariffs.providers.base import Answer, Options, Provider, ProviderError, Request, asked, instant
from energy.tariffs.series import Span, series_of

_NAME = "ENTSO-E"
_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?)?")
_UNITS = {"MWH": 1e-3, "KWH": 1.0}
_MOST_POINTS = 40_000
_DEEPEST = 30
_NO_DATA = "999"
_REPEATS = "A03"


def requests(options: Options, from_s: float, to_s: float) -> tuple[Request, ...]:
    """One, of up to a year."""
    url = asked(
        options.url,
        documentType="A44",
        in_Domain=options.area,
        out_Domain=options.area,
        periodStart=_minute(from_s),
        periodEnd=_minute(to_s),
        securityToken=options.token,
    )
    return (Request(url=url),)


def parse(body: bytes, options: Options) -> Answer:
    """The prices of one answer."""
    root = _read(body)
    if root.tag == "Acknowledgement_MarketDocument":
        return _nothing(root, options)
    if root.tag != "Publication_MarketDocument":
        raise ProviderError(f"{_NAME} answered a {root.tag[:60]!r} and no prices.")
    spans: dict[str, list[Span]] = {}
    for series in root.all("TimeSeries"):
        # A zone with two auctions numbers them; the first is the coupled market's, which homes are billed by.
        if series.text_of("classificationSequence_AttributeInstanceComponent.position", "1") != "1":
            continue
        spans.setdefault(series.text_of("currency_Unit.name", ""), []).extend(_spans(series))
    currency = options.currency if options.currency in spans else next(iter(spans), options.currency)
    return Answer(series=series_of(spans.get(currency, ()), name=_NAME, currency=currency), currency=currency)


def _nothing(root: "_Node", options: Options) -> Answer:
    reason = next(iter(root.all("Reason")), root)
    text = reason.text_of("text", "")
    if reason.text_of("code", "") == _NO_DATA and "no matching data" in text.lower():
        return Answer(series=series_of(()), currency=options.currency)
    raise ProviderError(f"{_NAME} refused: {text[:120] or 'no reason given'}")


def _spans(series: "_Node") -> list[Span]:
    unit = series.text_of("price_Measure_Unit.name", "MWH").upper()
    if unit not in _UNITS:
        raise ProviderError(f"{_NAME} gave a price a {unit[:20]!r}, which is not known here.")
    repeats = series.text_of("curveType", "A01") == _REPEATS
    spans: list[Span] = []
    for period in series.all("Period"):
        interval = next(iter(period.all("timeInterval")), period)
        start_s, end_s = (instant(interval.text_of(key, ""), _NAME) for key in ("start", "end"))
        step_s = _seconds(period.text_of("resolution", ""))
        count = round((end_s - start_s) / step_s)
        if not 0 < count <= _MOST_POINTS:
            raise ProviderError(f"{_NAME} gave a period of {count} prices.")
        points = {_position(p, count): _price(p) * _UNITS[unit] for p in period.all("Point")}
        price: float | None = None
        for k in range(1, count + 1):
            price = points.get(k, price if repeats else None)
            if price is not None:
                spans.append((start_s + (k - 1) * step_s, start_s + k * step_s, price))
    return spans


def _position(point: "_Node", count: int) -> int:
    text = point.text_of("position", "")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= count:
        raise ProviderError(f"{_NAME} gave a price for position {text[:20]!r} of {count}.")
    return int(text[:9])


def _price(point: "_Node") -> float:
    text = point.text_of("price.amount", "")
    try:
        price = float(text)
    except ValueError:
        price = math.nan
    if not math.isfinite(price):
        raise ProviderError(f"{_NAME} gave {text[:20]!r} for a price, which is no number.")
    return price


def _seconds(duration: str) -> float:
    found = _DURATION.fullmatch(duration)
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    seconds = days * 86400.0 + hours * 3600.0 + minutes * 60.0
    if seconds < 300.0:
        raise ProviderError(f"{_NAME} gave prices of a resolution {duration[:20]!r}.")
    return seconds


def _minute(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y%m%d%H%M")


@dataclass(slots=True)
class _Node:
    """An element by its local name; namespaces differ from version to version and tell nothing more."""

    tag: str
    children: list["_Node"] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> list["_Node"]:
        """The children of this name."""
        return [child for child in self.children if child.tag == tag]

    def text_of(self, tag: str, default: str) -> str:
        """The first such child's text."""
        return next((child.text.strip() for child in self.children if child.tag == tag), default)


def _read(body: bytes) -> _Node:
    """The document's tree. A document type, and with it every entity bomb, is refused."""
    top = _Node("")
    stack = [top]

    def start(tag: str, _attributes: dict[str, str]) -> None:
        if len(stack) > _DEEPEST:
            raise ProviderError(f"{_NAME} answered elements within elements without end.")
        node = _Node(tag.rpartition(" ")[2])
        stack[-1].children.append(node)
        stack.append(node)

    def text(data: str) -> None:
        stack[-1].text += data

    def refuse(*_: object) -> None:
        raise ProviderError(f"{_NAME} answered XML with a document type, which no price needs.")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _tag: stack.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except ProviderError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter for encodings that are none
        raise ProviderError(f"{_NAME} answered something that is no XML ({error}).") from error
    return top.children[0]


PROVIDER = Provider(
    kind="entsoe",
    title=_NAME,
    requests=requests,
    parse=parse,
    publish_local="13:00",
    needs=frozenset({"area", "token"}),
)
