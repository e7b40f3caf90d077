"""The client on a real wire against the simulated CSMS, and against servers that misbehave."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from protocols.ocpp import (
    Authorisation,
    BootAnswer,
    CallRefused,
    ChargingNeeds,
    ChargingState,
    ConnectorStatus,
    Event,
    GuidanceChanged,
    IdToken,
    LinkDown,
    LinkUp,
    MeterSample,
    RemoteStart,
    RemoteStop,
    ScriptedCall,
    SimulatedCsms,
    StationConfig,
    Version,
)
from protocols.ocpp.backoff import BackOff
from protocols.ocpp.csms import TRANSACTION
from protocols.ocpp.pace import Pace

ME = IdToken(value="ME", evcc_id="0A1B2C")
Until = Callable[..., Any]


def station(csms: SimulatedCsms, **more: Any) -> StationConfig:
    return StationConfig(station_id="HOME 1", url=csms.url + "/ocpp", **more)


@pytest.mark.parametrize("versions", [(Version.V21, Version.V201), (Version.V201,)])
async def test_a_whole_session(
    csms: SimulatedCsms,
    run_client: Any,
    home: Any,
    until: Until,
    tmp_path: Path,
    make_profile: Any,
    versions: tuple[Version, ...],
) -> None:
    async with run_client(station(csms, versions=versions), tmp_path / "q.db", home) as online:
        client = online.client
        await until(lambda: client.online, "the boot")
        assert csms.stations == {"HOME 1": versions[0]}
        client.status_changed(1, ConnectorStatus.OCCUPIED)
        client.authorise(ME)
        await until(lambda: online.of(Authorisation), "the authorisation")
        client.transaction_started(1, id_token=ME, sample=MeterSample(at_s=home.at, import_wh=1000, export_wh=50))
        client.charging_needs(1, ChargingNeeds(mode="DC_BPT", charge_max_w=11_000, discharge_max_w=10_000))
        await until(lambda: csms.said("NotifyEVChargingNeeds"), "the needs")
        (transaction_id,) = csms.bookings
        own = make_profile(
            chargingProfilePurpose="TxProfile", chargingProfileKind="Relative", transactionId=transaction_id
        )
        answer = await csms.call("HOME 1", "SetChargingProfile", {"evseId": 1, "chargingProfile": own})
        assert answer == {"status": "Accepted"}
        await until(lambda: online.of(GuidanceChanged), "the guidance")
        assert client.guidance(1).charge_max_w == 5000.0
        client.transaction_updated(1, state=ChargingState.CHARGING)
        home.at += 60
        client.meter_sample(1, MeterSample(at_s=home.at, import_wh=1080, export_wh=50, power_w=4800, soc=0.5))
        assert await csms.call("HOME 1", "RequestStopTransaction", {"transactionId": transaction_id}) == {
            "status": "Accepted"
        }
        await until(lambda: online.of(RemoteStop), "the remote stop")
        home.at += 60
        end = MeterSample(at_s=home.at, import_wh=1160, export_wh=75)
        client.transaction_ended(1, reason="Remote", trigger="RemoteStop", sample=end)
        await until(lambda: csms.bookings[transaction_id].ended and client.waiting == 0, "the end")
        booking = csms.bookings[transaction_id]
        assert booking.whole
        assert (booking.imported_wh, booking.exported_wh, booking.duplicates) == (160.0, 25.0, 0)
        assert client.guidance(1).charge_max_w is None, "the profile went with its transaction"
    assert csms.problems == []


async def test_an_hour_offline_arrives_once_in_order_with_its_own_times(
    run_client: Any, home: Any, until: Until, tmp_path: Path
) -> None:
    csms = SimulatedCsms(home)
    await csms.start()
    port = int(csms.url.rsplit(":", 1)[1])
    async with run_client(station(csms), tmp_path / "q.db", home) as online:
        client = online.client
        await until(lambda: client.online, "the boot")
        began = home.at
        transaction_id = client.transaction_started(1, id_token=ME, sample=MeterSample(at_s=home.at, import_wh=0))
        await until(lambda: client.waiting == 0, "the start to arrive")
        await csms.stop()
        await until(lambda: not client.online, "the link to fall")
        for minute in range(1, 61):
            home.at += 60
            client.meter_sample(1, MeterSample(at_s=home.at, import_wh=minute * 100.0, power_w=6000))
        client.transaction_ended(1, sample=MeterSample(at_s=home.at, import_wh=6000.0))
        assert client.waiting == 61
        csms.misbehaviour.forget_answers = 1  # an answer is lost too: the same event comes twice
        await csms.start(port=port)
        await until(lambda: len(csms.bookings[transaction_id].order) >= 2, "the first flushed event")
        await csms.hang_up("HOME 1")
        await until(lambda: client.waiting == 0, "the queue to empty", 30)
    booking = csms.bookings[transaction_id]
    assert booking.whole
    assert booking.duplicates >= 1
    assert booking.imported_wh == 6000.0
    late = [booking.events[number] for number in range(1, 62)]
    assert all(event["offline"] for event in late)
    assert [event["timestamp"] for event in late[:2]] == ["2026-11-22T12:01:00.000Z", "2026-11-22T12:02:00.000Z"]
    assert home.at == began + 3600
    assert len(csms.said("BootNotification")) == 1, "a reconnect is no boot"
    await csms.stop()


async def test_password_and_its_absence(run_client: Any, home: Any, until: Until, tmp_path: Path) -> None:
    async with SimulatedCsms(home, password="s3cret:x") as csms:
        async with run_client(station(csms, password="wrong"), tmp_path / "a.db", home) as online:
            await until(lambda: online.of(LinkDown), "the refusal")
            assert "password is wrong" in online.of(LinkDown)[0].reason
        async with run_client(station(csms, password="s3cret:x"), tmp_path / "b.db", home) as online:
            await until(lambda: online.client.online, "the boot")
    assert "s3cret" not in repr(station(csms, password="s3cret:x"))


async def test_backend_that_agrees_to_no_version_is_offered_the_next(
    csms: SimulatedCsms, run_client: Any, home: Any, until: Until, tmp_path: Path
) -> None:
    csms.misbehaviour.no_subprotocol_for = frozenset({"ocpp2.1"})
    async with run_client(station(csms), tmp_path / "q.db", home) as online:
        await until(lambda: online.client.online, "the boot")
        assert online.of(LinkUp) == [LinkUp(Version.V201)]


async def test_backend_without_any_version_is_told(
    csms: SimulatedCsms, run_client: Any, home: Any, until: Until, tmp_path: Path
) -> None:
    csms.misbehaviour.no_subprotocol_for = frozenset({"ocpp2.1", "ocpp2.0.1"})
    async with run_client(station(csms), tmp_path / "q.db", home) as online:
        await until(lambda: len(online.of(LinkDown)) > 1, "two tries")
        assert "agreed to none" in online.of(LinkDown)[0].reason


async def test_nobody_listens(run_client: Any, home: Any, until: Until, tmp_path: Path) -> None:
    config = StationConfig(station_id="S", url="ws://127.0.0.1:9")
    async with run_client(config, tmp_path / "q.db", home) as online:
        await until(lambda: len(online.of(LinkDown)) > 1, "two tries")
        assert "refuses the connection: check [backend] url" in online.of(LinkDown)[0].reason
        assert online.client.transaction_started(1)
        assert online.client.waiting == 1


async def test_pending_then_accepted(
    csms: SimulatedCsms, run_client: Any, home: Any, until: Until, tmp_path: Path
) -> None:
    csms.misbehaviour.boot_statuses = ["Pending"]
    csms.misbehaviour.boot_interval_s = 1
    async with run_client(station(csms), tmp_path / "q.db", home) as online:
        await until(lambda: online.client.online, "the second boot")
        await until(lambda: len(online.of(BootAnswer)) == 2, "both answers")
        assert [answer.status for answer in online.of(BootAnswer)] == ["Pending", "Accepted"]
    assert csms.problems == []


async def test_acting_inside_an_event_cannot_deadlock(
    csms: SimulatedCsms, run_client: Any, home: Any, until: Until, tmp_path: Path
) -> None:
    """A remote start is handled by starting at once, while the CSMS still asks the next thing."""
    async with run_client(station(csms), tmp_path / "q.db", home) as online:
        client = online.client
        await until(lambda: client.online, "the boot")

        def obey(event: Event) -> None:
            if isinstance(event, RemoteStart):
                client.authorise(event.id_token)
                client.transaction_started(
                    1, id_token=event.id_token, remote_start_id=event.remote_start_id, trigger="RemoteStart"
                )
            if isinstance(event, RemoteStop):
                client.transaction_ended(1, reason="Remote", trigger="RemoteStop")

        online.obey = obey
        request = {"remoteStartId": 1, "evseId": 1, "idToken": {"idToken": "X", "type": "Central"}}
        for number in range(3):
            before = len(csms.bookings)
            await csms.call("HOME 1", "RequestStartTransaction", request | {"remoteStartId": number})
            await until(lambda before=before: len(csms.bookings) > before, "the start")
            booking = list(csms.bookings.values())[-1]
            await csms.call("HOME 1", "RequestStopTransaction", {"transactionId": booking.transaction_id})
            await until(lambda booking=booking: booking.ended, "the stop")
    assert all(booking.whole for booking in csms.bookings.values())
    assert csms.problems == []


async def test_script_asks_when_its_time_has_come(run_client: Any, home: Any, until: Until, tmp_path: Path) -> None:
    wire = {
        "id": 4,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "transactionId": TRANSACTION,
        "chargingSchedule": [
            {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 2000}]}
        ],
    }
    script = [ScriptedCall(home.at + 100, "SetChargingProfile", {"evseId": 1, "chargingProfile": wire})]
    async with (
        SimulatedCsms(home, script=script) as csms,
        run_client(station(csms), tmp_path / "q.db", home) as online,
    ):
        await until(lambda: online.client.online, "the boot")
        online.client.transaction_started(1, id_token=ME)
        await until(lambda: csms.bookings, "the start")
        assert csms.said("SetChargingProfile", "out") == []
        home.at += 100
        await until(lambda: online.client.guidance(1).charge_max_w == 2000.0, "the scripted profile")


async def test_calling_a_station_that_is_away(csms: SimulatedCsms) -> None:
    with pytest.raises(CallRefused, match="not connected"):
        await csms.call("NOBODY", "ClearCache", {})


# ----- Servers that misbehave -----


@asynccontextmanager
async def rude_server(talk: Callable[[ServerConnection], Any], **more: Any) -> AsyncIterator[str]:
    async def handle(socket: ServerConnection) -> None:
        boot = json.loads(await socket.recv())
        accept = {"status": "Accepted", "interval": 300, "currentTime": "2026-11-22T12:00:00Z"}
        await socket.send(json.dumps([3, boot[1], accept]))
        status = json.loads(await socket.recv())
        await socket.send(json.dumps([3, status[1], {}]))
        await talk(socket)

    async with serve(handle, "127.0.0.1", 0, subprotocols=["ocpp2.1"], **more) as server:  # type: ignore[list-item]
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def test_odd_frames_do_not_end_the_link(run_client: Any, home: Any, tmp_path: Path) -> None:
    heard: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()

    async def talk(socket: ServerConnection) -> None:
        odd = ["", "[", '[2,"a",7,{}]', b"\x00\x01", "[" * 5000, '[3,"nobody",{}]', '[4,"nobody"]', "[6]", '[5,"a"]']
        for frame in odd:
            await socket.send(frame)
        await socket.send('[2,"end","ClearCache",{}]')
        answers = []
        async for frame in socket:
            answers.append(json.loads(frame))
            if answers[-1][1] == "end":
                heard.set_result(answers)

    async with rude_server(talk) as url, run_client(StationConfig(station_id="S", url=url), tmp_path / "q.db", home):
        answers = await asyncio.wait_for(heard, 15)
    assert [answer[0] for answer in answers] == [4, 4, 4, 4, 4, 3]


async def test_a_backend_that_asks_and_never_reads_fills_no_memory(
    run_client: Any, home: Any, until: Until, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocols.ocpp.client.Pace", lambda: Pace(burst=10**9))
    sockets = []

    async def talk(socket: ServerConnection) -> None:
        sockets.append(socket)
        socket.transport.pause_reading()
        item = {"component": {"name": "EVSE", "instance": "x" * 50}, "variable": {"name": "Power"}}
        question = json.dumps({"getVariableData": [item] * 50})
        for number in range(100_000):
            await socket.send(f'[2,"{number}","GetVariables",{question}]')
            await socket.send(f'[2,"r{number}","GetBaseReport",{{"requestId":1,"reportBase":"FullInventory"}}]')

    async with (
        rude_server(talk, compression=None) as url,
        run_client(StationConfig(station_id="S", url=url), tmp_path / "q.db", home) as online,
    ):
        await until(lambda: online.client._station.link.backlog > 100, "the flood")
        await asyncio.sleep(0.2)
        assert online.client._station.link.backlog < 200
        assert len(online.client._station.link._requests) <= 1_000
        assert online.client.transaction_started(1)
        for socket in sockets:
            socket.transport.abort()


async def test_frame_beyond_16_mib_costs_the_link_only_once(
    run_client: Any, home: Any, until: Until, tmp_path: Path
) -> None:
    async def talk(socket: ServerConnection) -> None:
        await socket.send("[" + " " * (17 * 1024 * 1024) + "]")
        await socket.wait_closed()

    async with rude_server(talk) as url:
        config = StationConfig(station_id="S", url=url)
        async with run_client(config, tmp_path / "q.db", home) as online:
            await until(lambda: len(online.of(LinkUp)) > 1, "a reconnect")
            assert online.client.transaction_started(1)


def test_pace_lets_a_burst_through_and_then_so_many_a_second() -> None:
    pace = Pace(burst=3, per_second=10.0)
    assert [pace.wait_s(1, 100.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert pace.wait_s(1, 100.0) == pytest.approx(0.1)
    assert pace.wait_s(1, 100.1) == pytest.approx(0.1)
    assert pace.wait_s(1, 200.0) == 0.0


def test_back_off_doubles_to_its_end_with_jitter() -> None:
    back_off = BackOff(lambda: 0.5)
    waits = [back_off.next_wait_s(3, 10, 2) for _ in range(5)]
    assert waits == [8.0, 11.0, 17.0, 17.0, 17.0]
    back_off.reset()
    assert back_off.next_wait_s(3, 10, 2) == 8.0


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"station_id": "a:b"}, "no colon"),
        ({"station_id": "x" * 49}, "48 characters"),
        ({"url": "http://x"}, "ws://"),
        ({"url": "ws://"}, "needs a host"),
        ({"url": "ws://x:99999"}, "needs a host"),
        ({"url": "ws://u:p@x"}, "secrets file"),
        ({"versions": ()}, "version"),
        ({"evses": ()}, "EVSEs are numbered"),
    ],
)
def test_bad_configuration_is_refused_in_one_line(change: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        StationConfig(**({"station_id": "S", "url": "ws://x"} | change))
