"""Answers of every provider's shape, good and odd, written as their documents show them."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from energy.tariffs import TariffError
from energy.tariffs.providers import PROVIDERS, Options, ProviderError
from energy.tariffs.series import series_of


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def query(request) -> dict[str, str]:
    return {key: value for key, [value] in parse_qs(urlsplit(request.url).query).items()}


# ENTSO-E.

ENTSOE = Options(url="https://api.example/api", area="10YNL----------L", token="s3cret")

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Publication_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">
<mRID>1</mRID><type>A44</type>"""


def entsoe_series(points, *, start="2025-10-01T22:00Z", end="2025-10-02T22:00Z", resolution="PT60M", **more) -> str:
    given = {"currency": "EUR", "unit": "MWH", "curve": "A03", "sequence": "1"} | more
    sequence = (
        "<classificationSequence_AttributeInstanceComponent.position>"
        f"{given['sequence']}</classificationSequence_AttributeInstanceComponent.position>"
        if given["sequence"]
        else ""
    )
    rows = "".join(f"<Point><position>{p}</position><price.amount>{v}</price.amount></Point>" for p, v in points)
    return (
        f"<TimeSeries><mRID>1</mRID><businessType>A62</businessType>{sequence}"
        f"<currency_Unit.name>{given['currency']}</currency_Unit.name>"
        f"<price_Measure_Unit.name>{given['unit']}</price_Measure_Unit.name><curveType>{given['curve']}</curveType>"
        f"<Period><timeInterval><start>{start}</start><end>{end}</end></timeInterval>"
        f"<resolution>{resolution}</resolution>{rows}</Period></TimeSeries>"
    )


def entsoe(*series: str, options: Options = ENTSOE):
    body = (HEAD + "".join(series) + "</Publication_MarketDocument>").encode()
    return PROVIDERS["entsoe"].parse(body, options)


def test_entsoe_is_asked_in_its_own_words():
    [request] = PROVIDERS["entsoe"].requests(ENTSOE, at("2025-10-01T22:00"), at("2025-10-03T22:00"))
    assert query(request) == {
        "documentType": "A44",
        "in_Domain": "10YNL----------L",
        "out_Domain": "10YNL----------L",
        "periodStart": "202510012200",
        "periodEnd": "202510032200",
        "securityToken": "s3cret",
    }
    assert request.shown == "https://api.example/api"
    assert "s3cret" not in repr(ENTSOE)


def test_entsoe_repeats_what_is_left_out_of_curve_a03():
    found = entsoe(entsoe_series([(1, 50.0), (2, -3.5), (5, 80)]))
    assert len(found.series.at_s) == 24
    assert found.series.eur_per_kwh[:6] == pytest.approx([0.05, -0.0035, -0.0035, -0.0035, 0.08, 0.08])
    assert found.series.eur_per_kwh[-1] == pytest.approx(0.08)
    assert found.series.end_s == at("2025-10-02T22:00")
    assert found.currency == "EUR"


def test_entsoe_leaves_holes_where_the_curve_does_not_repeat():
    found = entsoe(entsoe_series([(1, 50.0), (3, 60.0)], curve="A01")).series
    assert found.at_s.tolist() == [at("2025-10-01T22:00"), at("2025-10-02T00:00")]


def test_entsoe_quarters_and_halves_and_a_day_of_23_and_25_hours():
    quarters = entsoe(entsoe_series([(k, float(k)) for k in range(1, 97)], resolution="PT15M")).series
    assert len(quarters.at_s) == 96
    assert quarters.step_s == 900.0
    short = {"start": "2025-03-29T23:00Z", "end": "2025-03-30T22:00Z"}
    assert len(entsoe(entsoe_series([(1, 1.0)], **short, resolution="PT15M")).series.at_s) == 92
    long = {"start": "2025-10-25T22:00Z", "end": "2025-10-26T23:00Z"}
    assert len(entsoe(entsoe_series([(1, 1.0)], **long, resolution="PT1H")).series.at_s) == 25
    assert len(entsoe(entsoe_series([(1, 1.0)], **long, resolution="PT30M")).series.at_s) == 50


def test_entsoe_several_series():
    two_days = entsoe(
        entsoe_series([(1, 20.0)], start="2025-10-02T22:00Z", end="2025-10-03T22:00Z"), entsoe_series([(1, 10.0)])
    ).series
    assert two_days.eur_per_kwh[[0, -1]] == pytest.approx([0.01, 0.02])
    # The second auction of a zone is not what homes are billed by; the finer resolution holds where both are given.
    auctions = entsoe(entsoe_series([(1, 99.0)], sequence="2"), entsoe_series([(1, 10.0)])).series
    assert set(auctions.eur_per_kwh) == {0.01}
    both = entsoe(entsoe_series([(1, 10.0), (2, 30.0)], resolution="PT15M"), entsoe_series([(1, 20.0)])).series
    assert both.eur_per_kwh[:3] == pytest.approx([0.01, 0.03, 0.03])
    unnumbered = entsoe(entsoe_series([(1, 10.0)], sequence="")).series
    assert len(unnumbered.at_s) == 24


def test_entsoe_currencies_and_units():
    both = entsoe(entsoe_series([(1, 400.0)], currency="NOK"), entsoe_series([(1, 40.0)]))
    assert (both.currency, both.series.eur_per_kwh[0]) == ("EUR", pytest.approx(0.04))
    other = entsoe(entsoe_series([(1, 400.0)], currency="PLN"))
    assert other.currency == "PLN"
    assert entsoe(entsoe_series([(1, 0.04)], unit="KWH")).series.eur_per_kwh[0] == 0.04


ACKNOWLEDGED = """<?xml version="1.0"?><Acknowledgement_MarketDocument
 xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0"><mRID>x</mRID>
 <Reason><code>999</code><text>{}</text></Reason></Acknowledgement_MarketDocument>"""


def test_entsoe_has_nothing_yet_or_refuses():
    parse = PROVIDERS["entsoe"].parse
    nothing = parse(ACKNOWLEDGED.format("No matching data found for Data item Energy Prices [12.1.D]").encode(), ENTSOE)
    assert len(nothing.series.at_s) == 0
    with pytest.raises(ProviderError, match="Input parameter is not valid"):
        parse(ACKNOWLEDGED.format("Input parameter is not valid").encode(), ENTSOE)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<Publication_MarketDocument>&c;</Publication_MarketDocument>"""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no XML"),
        (b"{}", "no XML"),
        (b"<Publication_MarketDocument>", "no XML"),
        (b'<?xml version="1.0" encoding="UTF--18"?><x/>', "no XML"),
        (b'<?xml version="1.0" encoding="big5"?><x/>', "no XML"),
        (BOMB, "document type"),
        (
            BOMB.decode().replace('<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16"),
            "type",
        ),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "document type"),
        (b"<a>" * 5000, "without end"),
        (b"<html><body>busy</body></html>", "no prices"),
    ],
)
def test_entsoe_what_is_no_document(body, words):
    with pytest.raises(ProviderError, match=words):
        PROVIDERS["entsoe"].parse(body, ENTSOE)


@pytest.mark.parametrize(
    ("series", "words"),
    [
        (entsoe_series([(0, 1.0)]), "position"),
        (entsoe_series([(25, 1.0)]), "position"),
        (entsoe_series([("x", 1.0)]), "position"),
        (entsoe_series([(1, "dear")]), "no number"),
        (entsoe_series([(1, "NaN")]), "no number"),
        (entsoe_series([(1, 99_999.0)]), "cannot be true"),
        (entsoe_series([(1, 1.0)], resolution="PT1S"), "resolution"),
        (entsoe_series([(1, 1.0)], resolution="soon"), "resolution"),
        (entsoe_series([(1, 1.0)], end="2025-10-01T22:00Z"), "0 prices"),
        (entsoe_series([(1, 1.0)], end="2095-10-01T22:00Z", resolution="PT15M"), "prices"),
        (entsoe_series([(1, 1.0)], start="yesterday"), "time"),
        (entsoe_series([(1, 1.0)], unit="GWH"), "GWH"),
    ],
)
def test_entsoe_what_cannot_be_read(series, words):
    with pytest.raises(TariffError, match=words):
        entsoe(series)


# Nord Pool.

NORD_POOL = Options(url="https://api.example/DayAheadPrices", area="SE3", currency="SEK")


def nord_pool(rows, **more):
    body = {"deliveryDateCET": "2025-10-02", "version": 3, "market": "DayAhead", "multiAreaEntries": rows, **more}
    return PROVIDERS["nord_pool"].parse(json.dumps({"currency": "SEK"} | body).encode(), NORD_POOL)


def entry(start, end, **areas):
    return {"deliveryStart": start, "deliveryEnd": end, "entryPerArea": areas}


def test_nord_pool_is_asked_day_by_day_of_its_own_time():
    requests = PROVIDERS["nord_pool"].requests(NORD_POOL, at("2025-10-01T21:30"), at("2025-10-03T22:00"))
    assert [query(r)["date"] for r in requests] == ["2025-10-01", "2025-10-02", "2025-10-03"]
    assert query(requests[0]) == {"date": "2025-10-01", "market": "DayAhead", "deliveryArea": "SE3", "currency": "SEK"}
    assert len(PROVIDERS["nord_pool"].requests(NORD_POOL, at("2025-01-01T00:00"), at("2025-10-03T22:00"))) == 32


def test_nord_pool_prices():
    rows = [
        entry("2025-10-01T22:15:00Z", "2025-10-01T22:30:00Z", SE3=-8.0, SE4=99.0),
        entry("2025-10-01T22:00:00Z", "2025-10-01T22:15:00Z", SE3=412.5, SE4=99.0),
        entry("2025-10-01T22:30:00Z", "2025-10-01T22:45:00Z", SE3=None),
    ]
    found = nord_pool(rows)
    assert found.series.eur_per_kwh == pytest.approx([0.4125, -0.008])
    assert found.series.end_s == at("2025-10-01T22:30")
    assert found.currency == "SEK"
    assert len(PROVIDERS["nord_pool"].parse(b"", NORD_POOL).series.at_s) == 0
    assert len(nord_pool([]).series.at_s) == 0


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([entry("2025-10-01T22:00:00Z", "2025-10-01T22:15:00Z", NO1=1.0)], "SE3"),
        ([entry("2025-10-01T22:00:00", "2025-10-01T22:15:00", SE3=1.0)], "time"),
        ([entry("2025-10-01T22:15:00Z", "2025-10-01T22:00:00Z", SE3=1.0)], "before it begins"),
        ([entry("2025-10-01T22:00:00Z", "2025-10-01T22:15:00Z", SE3="1")], "no number"),
        ([{"deliveryStart": "2025-10-01T22:00:00Z"}], "by area"),
        ([1], "list"),
        ({"a": 1}, "list"),
    ],
)
def test_nord_pool_what_cannot_be_read(rows, words):
    with pytest.raises(TariffError, match=words):
        nord_pool(rows)


# Octopus.

OCTOPUS = Options(url="https://api.example/v1/products/AGILE/standard-unit-rates/", currency="GBP")


def rate(start, end, value, **more):
    return {"value_exc_vat": value / 1.05, "value_inc_vat": value, "valid_from": start, "valid_to": end} | more


def octopus(rows, options=OCTOPUS, **more):
    return PROVIDERS["octopus"].parse(json.dumps({"count": len(rows), "results": rows, **more}).encode(), options)


def test_octopus_rates():
    rows = [
        rate("2025-10-02T00:00:00Z", "2025-10-02T00:30:00Z", -2.1, payment_method=None),
        rate("2025-10-01T23:30:00Z", "2025-10-02T00:00:00Z", 21.0, payment_method=None),
    ]
    found = octopus(rows, next=None)
    assert found.series.eur_per_kwh == pytest.approx([0.21, -0.021])
    assert found.series.step_s == 1800.0
    assert (found.currency, found.next_url) == ("GBP", "")
    bare = Options(url=OCTOPUS.url, currency="GBP", price="exc_vat")
    assert octopus(rows, bare).series.eur_per_kwh == pytest.approx([0.2, -0.02])


def test_octopus_long_rates_open_ends_and_payment_methods():
    rows = [
        rate("2025-10-02T04:30:00Z", None, 30.0),
        rate("2025-10-02T00:30:00Z", "2025-10-02T04:30:00Z", 8.5, payment_method="DIRECT_DEBIT"),
        rate("2025-10-02T00:30:00Z", "2025-10-02T04:30:00Z", 9.5, payment_method="NON_DIRECT_DEBIT"),
    ]
    found = octopus(rows).series
    assert found.mean_by_step(at("2025-10-02T00:30") + 3600.0 * np.arange(6)) == pytest.approx([0.085] * 4 + [0.3])


def test_octopus_pages_stay_at_its_own_host():
    page = "https://api.example/v1/products/AGILE/standard-unit-rates/?page=2"
    assert octopus([], next=page).next_url == page
    for elsewhere in ("https://evil.example/x", "http://api.example/x", "//evil.example/x", "file:///etc/passwd"):
        with pytest.raises(ProviderError, match="another host"):
            octopus([], next=elsewhere)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (rate("2025-10-02T00:00:00Z", "2026-10-02T00:30:00Z", 1.0), "months"),
        (rate("2025-10-02T00:00:00Z", "2025-10-01T00:30:00Z", 1.0), "before it begins"),
        (rate(None, None, 1.0), "time"),
        (rate("2025-10-02T00:00:00Z", None, 900.0), "cannot be true"),
        ({"valid_from": "2025-10-02T00:00:00Z", "valid_to": None}, "no number"),
    ],
)
def test_octopus_what_cannot_be_read(row, words):
    with pytest.raises(TariffError, match=words):
        octopus([row])


# Tibber.

TIBBER = Options(url="https://api.example/gql", token="t0ken", currency="NOK")


def price(start, total, **more):
    return {"total": total, "energy": total / 2, "tax": total / 2, "startsAt": start, "currency": "NOK"} | more


def home(today, tomorrow=(), number="a"):
    return {"id": number, "currentSubscription": {"priceInfo": {"today": list(today), "tomorrow": list(tomorrow)}}}


def tibber(*homes, options=TIBBER, **more):
    return PROVIDERS["tibber"].parse(json.dumps({"data": {"viewer": {"homes": list(homes)}}, **more}).encode(), options)


def test_tibber_is_asked_by_graphql_with_its_token():
    [request] = PROVIDERS["tibber"].requests(TIBBER, 0.0, 1.0)
    assert request.headers["Authorization"] == "Bearer t0ken"
    assert "QUARTER_HOURLY" in json.loads(request.body)["query"]
    assert "t0ken" not in repr(request)
    hourly = Options(url=TIBBER.url, token="x", resolution="hourly")
    assert "resolution: HOURLY" in json.loads(PROVIDERS["tibber"].requests(hourly, 0.0, 1.0)[0].body)["query"]


def test_tibber_prices_over_the_change_of_clocks():
    today = [
        price("2025-10-26T02:00:00.000+02:00", 0.5),
        price("2025-10-26T02:00:00.000+01:00", 0.6),
        price("2025-10-26T03:00:00.000+01:00", 0.7),
    ]
    found = tibber(home(today))
    assert found.series.at_s.tolist() == [at("2025-10-26T00:00"), at("2025-10-26T01:00"), at("2025-10-26T02:00")]
    assert found.series.end_s == at("2025-10-26T03:00")
    assert found.currency == "NOK"
    energy = Options(url=TIBBER.url, token="x", price="energy")
    assert tibber(home(today), options=energy).series.eur_per_kwh == pytest.approx([0.25, 0.3, 0.35])
    quarters = [price(f"2025-10-02T00:{m:02d}:00+00:00", 0.1) for m in (0, 15, 30)]
    assert tibber(home(quarters)).series.end_s == at("2025-10-02T00:45")


def test_tibber_homes_without_contract_and_by_id():
    moved_out = {"id": "old", "currentSubscription": None}
    today = [price("2025-10-02T00:00:00+00:00", 0.4)]
    assert len(tibber(moved_out, home(today)).series.at_s) == 1
    assert len(tibber(home([])).series.at_s) == 0
    nulls = {"id": "a", "currentSubscription": {"priceInfo": {"today": today, "tomorrow": None}}}
    assert len(tibber(nulls).series.at_s) == 1
    with pytest.raises(ProviderError, match="no running contract"):
        tibber(moved_out)
    with pytest.raises(ProviderError, match="no home 'z'"):
        tibber(home(today), options=Options(url="u", home="z"))
    with pytest.raises(ProviderError, match="Context creation failed"):
        tibber(errors=[{"message": "Context creation failed: invalid token"}])
    with pytest.raises(ProviderError, match="homes"):
        PROVIDERS["tibber"].parse(b'{"data": null}', TIBBER)


# aWATTar.

AWATTAR = Options(url="https://api.example/v1/marketdata")


def awattar(*rows):
    return PROVIDERS["awattar"].parse(json.dumps({"object": "list", "data": list(rows)}).encode(), AWATTAR)


def test_awattar_prices():
    [request] = PROVIDERS["awattar"].requests(AWATTAR, 1_759_356_000.0, 1_759_442_400.0)
    assert query(request) == {"start": "1759356000000", "end": "1759442400000"}
    row = {"start_timestamp": 1759356000000, "end_timestamp": 1759359600000, "marketprice": -5.12, "unit": "Eur/MWh"}
    found = awattar(row)
    assert found.series.at_s.tolist() == [1_759_356_000.0]
    assert found.series.eur_per_kwh.tolist() == pytest.approx([-0.00512])
    assert len(awattar().series.at_s) == 0
    for strange, words in (
        ({"unit": "Dollar"}, "dollar"),
        ({"start_timestamp": 5}, "far from now"),
        ({"start_timestamp": None}, "no number"),
        ({"marketprice": True}, "no number"),
        ({"end_timestamp": 1759356000000}, "before it begins"),
    ):
        with pytest.raises(TariffError, match=words):
            awattar(row | strange)


@pytest.mark.parametrize("kind", ["nord_pool", "octopus", "tibber", "awattar"])
@pytest.mark.parametrize(
    "body", [b"<html>", b"[" * 100_000, b'{"data": NaN}', b"\xff\xfe", b"null", b"[]", b'{"results": 1}', b"1" * 5000]
)
def test_what_is_no_answer_is_one_sentence(kind, body):
    options = {"nord_pool": NORD_POOL, "octopus": OCTOPUS, "tibber": TIBBER, "awattar": AWATTAR}[kind]
    with pytest.raises(ProviderError) as caught:
        PROVIDERS[kind].parse(body, options)
    assert str(caught.value).endswith(".")
    assert len(str(caught.value)) < 200


# What all share.


def test_duplicates_and_overlaps():
    twice = series_of([(0.0, 3600.0, 0.1), (0.0, 3600.0, 0.2)])
    assert twice.eur_per_kwh.tolist() == [0.2]
    shorter_holds = series_of([(0.0, 1800.0, 0.3), (0.0, 3600.0, 0.1)])
    assert shorter_holds.eur_per_kwh.tolist() == [0.3, 0.1]
    with pytest.raises(TariffError, match="too many"):
        series_of([(0.0, 4e9, 0.1), (0.0, 300.0, 0.2)])
    with pytest.raises(TariffError, match="cannot be true"):
        series_of([(0.0, 3600.0, float("nan"))])
    # What is absurd in one currency is a cold morning in another.
    assert series_of([(0.0, 3600.0, 8.0)], currency="NOK").eur_per_kwh.tolist() == [8.0]
    with pytest.raises(TariffError, match="8 EUR a kWh"):
        series_of([(0.0, 3600.0, 8.0)])


BODIES = {
    "entsoe": (HEAD + entsoe_series([(1, 50.0), (5, -80)]) + "</Publication_MarketDocument>").encode(),
    "nord_pool": json.dumps(
        {"currency": "SEK", "multiAreaEntries": [entry("2025-10-01T22:00:00Z", "2025-10-01T22:15:00Z", SE3=41.0)]}
    ).encode(),
    "octopus": json.dumps({"next": None, "results": [rate("2025-10-02T00:00:00Z", None, 20.0)]}).encode(),
    "tibber": json.dumps(
        {"data": {"viewer": {"homes": [home([price("2025-10-02T00:00:00+02:00", 0.4)])]}}, "errors": None}
    ).encode(),
    "awattar": b'{"data": [{"start_timestamp": 1759356000000, "end_timestamp": 1759359600000, "marketprice": 5}]}',
}


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_a_damaged_answer_is_read_or_refused_and_never_breaks(kind):
    options = {"entsoe": ENTSOE, "nord_pool": NORD_POOL, "octopus": OCTOPUS, "tibber": TIBBER, "awattar": AWATTAR}[kind]
    body, chance = BODIES[kind], np.random.default_rng(7)
    assert len(PROVIDERS[kind].parse(body, options).series.at_s) > 0
    bits = [b"null", b"[]", b"{}", b'"x"', b"1e999", b"-1", b"", b"<a>", b"&lt;", b"9" * 40, b"\x00", b'"2025-10-02"']
    for _ in range(1500):
        spoilt = bytearray(body)
        for _ in range(int(chance.integers(1, 4))):
            start = int(chance.integers(len(spoilt) + 1))
            spoilt[start : start + int(chance.integers(0, 24))] = bits[int(chance.integers(len(bits)))]
        try:
            found = PROVIDERS[kind].parse(bytes(spoilt), options).series
        except TariffError:
            continue
        assert np.isfinite(found.eur_per_kwh).all()
        assert (np.diff(found.at_s) > 0).all()


@pytest.mark.parametrize("kind", ["nord_pool", "octopus", "tibber", "awattar"])
def test_an_answer_with_any_value_for_any_key_is_read_or_refused(kind):
    options = {"nord_pool": NORD_POOL, "octopus": OCTOPUS, "tibber": TIBBER, "awattar": AWATTAR}[kind]
    values = (None, [], {}, "x", 1e308, -1, 0, True, [[]], [{}], {"a": 1}, "2025-13-01T00:00:00Z", 10**30)

    def spoilt(node):
        """The document with each of its values replaced by each of the others, one at a time."""
        yield from values
        if isinstance(node, dict):
            for key in node:
                yield from (node | {key: other} for other in spoilt(node[key]))
        elif isinstance(node, list):
            for n in range(len(node)):
                yield from ([*node[:n], other, *node[n + 1 :]] for other in spoilt(node[n]))

    for document in spoilt(json.loads(BODIES[kind])):
        with suppress(TariffError):
            PROVIDERS[kind].parse(json.dumps(document).encode(), options)
