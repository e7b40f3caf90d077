"""The API over a real socket, with a desk that answers from memory."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from app.api import schema as s
from app.api.desk import Refused
from app.api.server import ApiServer
from app.api.tokens import Role, Tokens

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class MemoryDesk:
    """A desk with one home in memory; it records what it was asked."""

    def __init__(self) -> None:
        self.wishes = s.WishesOut()
        self.asked: list[tuple] = []
        self.streams_open = 0
        self.news: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    def snapshot(self) -> s.HomeSnapshot:
        facts = s.HomeFacts(
            name="Test", timezone="UTC", currency="EUR", fuse_a=35, phases=3, import_max_w=24150, export_max_w=24150
        )
        return s.HomeSnapshot(now=NOW, facts=facts, flow=s.Flow(), car=s.CarNow(), wishes=self.wishes)

    def plan(self) -> s.PlanOut | None:
        return None

    async def set_wishes(self, wishes: s.WishesOut) -> s.WishesOut:
        self.wishes = wishes
        return wishes

    async def boost(self, minutes: float) -> s.WishesOut:
        self.asked.append(("boost", minutes))
        return self.wishes

    async def opt_out(self, source: str, event_id: str, opted_out: bool) -> s.EventOut:
        raise Refused(f"The event {event_id} of {source} is a limit: it binds.")

    async def history(self, start: datetime, end: datetime, points: int) -> s.HistoryOut:
        return s.HistoryOut(start=start, end=end, bucket_s=(end - start).total_seconds() / points, points=[])

    async def summary(self, period: str, date: datetime) -> s.SummaryOut:
        raise Refused("There is nothing yet.", status=404)

    async def decisions(self, start: datetime, end: datetime, limit: int) -> s.DecisionsOut:
        self.asked.append(("decisions", start, end, limit))
        reason = s.ReasonOut(code="hold", text="Holding.")
        told = s.DecisionOut(
            at=start, charger_id="c", power_w=0, least_w=0, most_w=0, changes=1, reason=reason, limited_by=[]
        )
        return s.DecisionsOut(decisions=[told], before=start)

    async def past_plan(self, at: datetime) -> s.PastPlanOut:
        raise Refused("No plan is kept from then.", status=404)

    async def export_csv(self, start: datetime, end: datetime) -> AsyncIterator[str]:
        yield "time_utc,grid_w\n"
        yield f"{start.isoformat()},1200\n"

    async def write_home(self, toml: str, *, dry_run: bool) -> s.InstallerOut:
        raise Refused("home.toml:3: fuse_a is missing — add it under [connection].", status=422, line=3)

    async def stream(self) -> AsyncIterator[tuple[str, str]]:
        self.streams_open += 1
        try:
            yield "home", self.snapshot().model_dump_json()
            while True:
                yield await self.news.get()
        finally:
            self.streams_open -= 1


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, MemoryDesk, Path]]:
    desk = MemoryDesk()
    server = ApiServer(desk, Tokens(tmp_path), "127.0.0.1", 0)
    task = asyncio.create_task(server.run())
    token = (tmp_path / "token").read_text().strip()
    async with httpx.AsyncClient(
        base_url=server.url + "/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=20
    ) as client:
        yield client, desk, tmp_path
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_health_needs_no_token_and_everything_else_does(served):
    client, _, _ = served
    async with httpx.AsyncClient(base_url=client.base_url) as stranger:
        assert (await stranger.get("health")).json()["api_version"] == s.API_VERSION
        answer = await stranger.get("home")
        assert answer.status_code == 401
        assert "token" in answer.json()["problem"]
        wrong = await stranger.get("home", headers={"Authorization": "Bearer ünknown".encode()})
        assert wrong.status_code == 401


async def test_roles_may_do_no_more_than_they_should(served):
    client, desk, folder = served
    reader = {"Authorization": f"Bearer {(folder / 'token.reader').read_text().strip()}"}
    owner = {"Authorization": f"Bearer {(folder / 'token.homeowner').read_text().strip()}"}
    assert (await client.get("home", headers=reader)).status_code == 200
    assert (await client.post("car/boost", json={"minutes": 30}, headers=reader)).status_code == 403
    assert desk.asked == []
    assert (await client.post("car/boost", json={"minutes": 30}, headers=owner)).status_code == 200
    assert desk.asked == [("boost", 30)]
    refused = await client.put("installer/home", json={"toml": ""}, headers=owner)
    assert refused.status_code == 403
    assert "installer" in refused.json()["problem"]


async def test_tokens_are_readable_by_their_owner_only_and_stay(tmp_path):
    first = Tokens(tmp_path)
    token = first.window_file.read_text().strip()
    assert first.window_file.stat().st_mode & 0o777 == 0o600
    assert Tokens(tmp_path).role_of(token) is Role.INSTALLER
    assert first.role_of("") is None


async def test_a_web_page_elsewhere_cannot_reach_in(served):
    client, _, _ = served
    assert (await client.get("home", headers={"Origin": "https://example.org"})).status_code == 403
    assert (await client.get("home", headers={"Host": "example.org"})).status_code == 403


async def test_wishes_round_trip_and_bad_ones_are_one_sentence(served):
    client, _, _ = served
    wishes = {
        "weekly": [{"days": ["mon"], "time": "07:00:00", "target_soc": 0.8}],
        "reserve_soc": 0.3,
        "one_off": {"at": (NOW + timedelta(hours=9)).isoformat(), "target_soc": 1.0},
    }
    assert (await client.put("wishes", json=wishes)).status_code == 200
    assert (await client.get("wishes")).json()["reserve_soc"] == 0.3
    bad = await client.put("wishes", json={"reserve_soc": 30})
    assert bad.status_code == 422
    assert bad.json()["problem"].startswith("reserve_soc: ")
    misspelt = await client.put("wishes", json={"reserve": 0.3})
    assert "reserve" in misspelt.json()["problem"]


async def test_refusals_keep_their_status_line_and_sentence(served):
    client, _, _ = served
    limit = await client.post("events/utility/e1/opt-out", json={"opted_out": True})
    assert (limit.status_code, limit.json()["problem"]) == (409, "The event e1 of utility is a limit: it binds.")
    home = await client.put("installer/home", json={"toml": "x"})
    assert (home.status_code, home.json()["line"]) == (422, 3)
    assert (await client.get("plan")).status_code == 404
    nowhere = await client.get("nowhere")
    assert nowhere.status_code == 404
    assert "/docs" in nowhere.json()["problem"]


async def test_history_spans_are_checked(served):
    client, _, _ = served
    good = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z", "points": 24}
    assert (await client.get("history", params=good)).json()["bucket_s"] == 3600
    for change in ({"to": good["from"]}, {"from": "2026-11-01T00:00:00"}, {"from": "yesterday"}):
        assert (await client.get("history", params=good | change)).status_code == 422
    csv = await client.get("history.csv", params=good)
    assert csv.text.splitlines()[0] == "time_utc,grid_w"


async def test_past_decisions_and_plans_are_told_with_their_reasons(served):
    client, desk, _ = served
    span = {"from": "2026-11-21T00:00:00Z", "to": "2026-11-22T00:00:00Z"}
    found = (await client.get("history/decisions", params=span | {"limit": 7})).json()
    assert desk.asked[-1][3] == 7
    assert found["decisions"][0]["reason"]["text"] == "Holding."
    assert found["before"] == "2026-11-21T00:00:00Z"
    for bad in ({"limit": 0}, {"limit": 501}, {"to": "2020-01-01T00:00:00Z"}):
        assert (await client.get("history/decisions", params=span | bad)).status_code == 422
    assert (await client.get("history/plan", params={"at": "2026-11-21T00:00:00Z"})).status_code == 404
    assert (await client.get("history/plan", params={"at": "2026-11-21T00:00:00"})).status_code == 422
    described = (await client.get("openapi.json")).json()["paths"]
    assert {"/api/v1/history/decisions", "/api/v1/history/plan"} <= described.keys()


async def test_the_stream_begins_with_home_and_closes_with_its_client(served):
    client, desk, _ = served
    async with client.stream("GET", "stream") as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "event: home"
        body = await anext(lines)
        assert json.loads(body.removeprefix("data: "))["facts"]["name"] == "Test"
        await desk.news.put(("plan", "{}"))
        assert await anext(lines) == ""
        assert await anext(lines) == "event: plan"
        assert desk.streams_open == 1
    deadline = asyncio.get_running_loop().time() + 10
    while desk.streams_open and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
    assert desk.streams_open == 0


async def test_the_api_describes_itself_offline(served):
    client, _, _ = served
    document = (await client.get("openapi.json")).json()
    assert "/api/v1/plan/preview" in document["paths"]
    page = (await client.get(str(client.base_url).replace("/api/v1/", "/docs"))).text
    assert "HomeSnapshot" in page
    assert "http" not in page.replace("http://127", "")


async def test_a_taken_port_is_refused_before_anything_starts(served, tmp_path):
    client, desk, _ = served
    with pytest.raises(OSError, match="in use"):
        ApiServer(desk, Tokens(tmp_path), "127.0.0.1", client.base_url.port)


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_times_without_neighbours_are_refused(served, date):
    client, _, _ = served
    for path in (f"/history/summary?date={date}", f"/history?from={date}&to={date}"):
        reply = await client.get(path)
        assert reply.status_code == 422
        assert reply.json()["problem"]


async def test_whatever_goes_wrong_is_a_problem_in_the_schemas_form(served):
    client, desk, _ = served
    reply = await client.delete("/devices")
    assert (reply.status_code, "takes no DELETE" in reply.json()["problem"]) == (405, True)

    def broken() -> s.PlanOut:
        raise ZeroDivisionError

    desk.plan = broken
    reply = await client.get("/plan")
    assert reply.status_code == 500
    assert "ZeroDivisionError" in reply.json()["problem"]
    assert (await client.get("/wishes")).status_code == 200
