"""The VEN on the wire against the simulated VTN, in both versions; every message against the Alliance's schemas."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from protocols.openadr import (
    V3_0_1,
    V3_1_0,
    InsecureUrlError,
    LinkState,
    ReportDue,
    Ven,
    VenChange,
    VenClient,
    VenConfig,
    Version,
)
from protocols.openadr.client import check_url, read_json
from protocols.openadr.exchange import Request
from protocols.openadr.vtn import SimulatedVtn

Make = Callable[..., dict[str, Any]]
BOTH = pytest.mark.parametrize("version", [V3_0_1, V3_1_0], ids=lambda v: v.name)


class Home:
    """A running VEN client and what it told."""

    def __init__(self, url: str, version: Version, **config: Any) -> None:
        options: dict[str, Any] = {"poll_s": 0.1, "resource_names": ("car",), "backoff_min_s": 0.1} | config
        secret = options.pop("client_secret", "home-secret")
        self.ven = Ven(
            VenConfig(version=version, client_id="home", client_secret=secret, ven_name="home", **options),
            random=random.random,
        )
        self.changes: list[tuple[str, str]] = []
        self.bodies: list[tuple[str, Any]] = []
        self.client = VenClient(
            self.ven,
            url,
            on_change=self._on_change,
            on_report=self._on_report,
            on_exchange=self._on_exchange,
            clock=time.time,
        )

    async def _on_change(self, change: VenChange) -> None:
        self.changes.append((change.kind.value, change.event_id))

    async def _on_report(self, due: ReportDue) -> dict[str, list[float]]:
        return {"car": [1.5] * len(due.intervals)}

    def _on_exchange(self, request: Request, status: int | None) -> None:
        self.bodies.append((request.stage.value, dict(request.form) if request.form else request.body))

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition, with a deadline that only a fault reaches."""
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}: {self.ven.health()}"
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(url: str, version: Version, **config: Any) -> AsyncIterator[Home]:
    home = Home(url, version, **config)
    task = asyncio.create_task(home.client.run())
    try:
        yield home
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@BOTH
async def test_a_whole_life_of_events_and_reports_valid_by_the_alliances_schema(
    version: Version, event: Make, interval: Make, spec: Callable[[str], Any]
) -> None:
    async with SimulatedVtn(version, clock=time.time) as vtn:
        units = [{"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": "KWH", "currency": "EUR"}]
        program = vtn.add("programs", {"programName": "dynamic", "payloadDescriptors": units})
        soon = {"start": "0001-01-01", "duration": "PT1S"}
        members = {
            "programID": program["id"],
            "intervalPeriod": soon,
            "intervals": [interval("PRICE", 0.1, 0.2)],
            "reportDescriptors": [{"payloadType": "USAGE", "units": "KWH"}],
        }
        async with running(vtn.base_url, version) as home:
            await home.until(lambda: home.ven.health().state is LinkState.OK, "the first poll")
            priced = vtn.add("events", members)
            await home.until(lambda: vtn.reports, "the report")
            steady = vtn.add(
                "events",
                members
                | {
                    "intervalPeriod": {"start": "0001-01-01", "duration": "P9999Y"},
                    "intervals": [interval("PRICE", 0.3)],
                },
            )
            await home.until(lambda: ("new", steady["id"]) in home.changes, "the second event")
            assert home.ven.events[0].signals[0].currency == "EUR"
            vtn.change("events", steady["id"], {"priority": 1})
            await home.until(lambda: ("changed", steady["id"]) in home.changes, "its change")
            vtn.remove("events", steady["id"])
            await home.until(lambda: ("cancelled", steady["id"]) in home.changes, "its cancellation")
        assert home.changes[:2] == [("new", priced["id"]), ("completed", priced["id"])]
        [report] = vtn.reports
        assert [p["values"] for i in report["resources"][0]["intervals"] for p in i["payloads"]] == [[1.5]]
        assert [(v["venName"], v["clientID"]) for v in vtn.vens] == [("home", "home")]
        assert [r["resourceName"] for r in vtn.resources] == ["car"]
        rules = spec(version.name)
        old = version is V3_0_1
        for stage, component in {
            "token": "clientCredentialRequest",
            "create_ven": "ven" if old else "VenVenRequest",
            "create_resource": "resource" if old else "VenResourceRequest",
            "report": "report" if old else "reportRequest",
        }.items():
            sent = [body for name, body in home.bodies if name == stage]
            assert sent
            for body in sent:
                rules.check(component, body)
        rules.check("report", report)
        rules.check("program", program)
        if old:  # 3.1.0's ven and resource cannot be satisfied: two enums of objectType exclude each other
            rules.check("ven", vtn.vens[0])
            rules.check("resource", vtn.resources[0])
        known = rules.doc["paths"]
        for method, path, _ in vtn.log:
            made = path.replace(vtn.vens[0]["id"], "{venID}")
            assert method in known.get(made, []), f"{method} {path} is not in OpenADR {version.name}"


@BOTH
async def test_a_hostile_list_costs_only_its_bad_events(version: Version, event: Make, interval: Make) -> None:
    async with SimulatedVtn(version, clock=time.time) as vtn:
        forever = {"start": "0000-01-01", "duration": "P9999Y"}
        good = {"programID": "p", "intervalPeriod": forever, "intervals": [interval("PRICE", 0.1)]}
        bad: list[dict[str, Any]] = [
            {"intervals": [interval("PRICE", float("nan"))]},
            {"intervals": [interval("PRICE", "0.10")]},
            {"intervals": [interval("SIMPLE", 7)]},
            {"intervals": [interval("PRICE", 10**4000)]},
            {"intervals": [interval("PRICE", 0.1, interval_id=n) for n in range(100_000)]},
            {"intervals": 5},
            {"programID": None},
        ]
        for members in bad[:3]:
            vtn.add("events", good | members)
        first = vtn.add("events", good)
        for members in bad[3:]:
            vtn.add("events", good | members)
        last = vtn.add("events", good)
        async with running(vtn.base_url, version) as home:
            await home.until(lambda: home.ven.events, "the good events")
            assert {e.event_id for e in home.ven.events} == {first["id"], last["id"]}
            assert len(home.ven.quarantined) == len(bad)
            assert "7 not understood" in home.ven.health().sentence


@BOTH
async def test_revoked_tokens_and_passing_faults_heal(version: Version, interval: Make) -> None:
    async with SimulatedVtn(version, clock=time.time) as vtn:
        vtn.fail("/auth/token", 503, times=2)
        vtn.fail("/events", 429, times=1)
        vtn.fail("/programs", 500, times=1)
        async with running(vtn.base_url, version) as home:
            await home.until(lambda: home.ven.health().state is LinkState.OK, "recovery from faults")
            vtn.revoke_tokens()
            before = len([1 for m, p, s in vtn.log if p == "/auth/token" and s == 200])
            await home.until(lambda: ("GET", "/events", 401) in vtn.log, "a rejected token")
            await home.until(
                lambda: len([1 for m, p, s in vtn.log if p == "/auth/token" and s == 200]) > before, "a new token"
            )
            await home.until(lambda: vtn.log[-1] == ("GET", "/events", 200), "polling as before")


async def test_events_stay_in_force_while_the_utility_is_away(interval: Make) -> None:
    vtn = SimulatedVtn(V3_1_0, clock=time.time)
    url = await vtn.start()
    vtn.add(
        "events",
        {
            "programID": "p",
            "intervalPeriod": {"start": "0000-01-01", "duration": "P9999Y"},
            "intervals": [interval("IMPORT_CAPACITY_LIMIT", 4.2)],
        },
    )
    async with running(url, V3_1_0, backoff_max_s=0.3) as home:
        await home.until(lambda: home.ven.events, "the limit")
        await vtn.stop()
        await home.until(lambda: home.ven.health().state is LinkState.WAITING, "the loss to be noticed")
        assert len(home.ven.events) == 1
        assert "cannot be reached" in home.ven.health().sentence
        await vtn.start(port=int(url.rsplit(":", 1)[1]))
        await home.until(lambda: home.ven.health().state is LinkState.OK, "the link to return")
    await vtn.stop()
    assert home.changes == [("new", "event-1")]


async def test_wrong_credentials_are_told_plainly() -> None:
    async with (
        SimulatedVtn(V3_0_1, clock=time.time) as vtn,
        running(vtn.base_url, V3_0_1, client_secret="wrong") as home,
    ):
        await home.until(lambda: home.ven.health().state is LinkState.REFUSED, "the refusal")
        assert "check the client id and the secret" in home.ven.health().sentence
        assert "wrong" not in repr(home.ven.config)


async def _serve_raw(answer: bytes, hold: bool = False) -> asyncio.Server:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    return await asyncio.start_server(handle, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnot json!", "no JSON"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"[" * 100_000, "nested too deep"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}", "cannot be reached"),
        (b"garbage\r\n\r\n", "cannot be reached"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n", "302"),
        (b"", "cannot be reached"),
    ],
    ids=["not json", "deep", "cut off", "garbage", "redirect", "nothing"],
)
async def test_nonsense_on_the_wire_is_one_sentence_and_a_later_try(answer: bytes, why: str) -> None:
    server = await _serve_raw(answer)
    port = server.sockets[0].getsockname()[1]
    async with server, running(f"http://127.0.0.1:{port}", V3_0_1) as home:
        seen = home.ven.health
        await home.until(lambda: seen().state in (LinkState.WAITING, LinkState.REFUSED), "the trouble")
        assert why in seen().sentence


@pytest.mark.parametrize("url", ["http://vtn.example/api", "ftp://vtn.example", "vtn.example", "https://", ""])
def test_an_address_that_would_tell_the_secret_is_refused(url: str) -> None:
    with pytest.raises(InsecureUrlError):
        check_url(url)
    assert check_url("https://vtn.example/api/") == "https://vtn.example/api"
    assert check_url("http://localhost:8080") == "http://localhost:8080"


def test_json_that_others_choke_on_is_read() -> None:
    assert read_json(b"") is None
    found = read_json(b"[NaN, 1e999, " + b"9" * 5000 + b"]")
    assert len(found) == 3
    assert read_json(b"oops", must_be_json=False) is None
