"""Real sockets on loopback: discovery, sessions one after the other, losses and refusals."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest

from protocols.exi import codec
from protocols.iso15118 import (
    CarPlan,
    ControlMode,
    EvccClient,
    Event,
    Evse,
    IdealStage,
    LoopAnswered,
    PowerDeliveryChanged,
    SeccServer,
    Security,
    Service,
    SessionEnded,
    SessionPaused,
    SessionStarted,
    SetPointReceived,
    SimulatedCar,
    Timings,
    TransportError,
)
from protocols.iso15118.evse import EvseOffer
from protocols.iso15118.registry import get_ready
from protocols.iso15118.services import ProtocolName
from protocols.iso15118.wire import pipe
from protocols.iso15118.wire.network import find_interface, is_loopback
from protocols.iso15118.wire.sdp import SdpRequest, read_response

LOOPBACK = next((name for _, name in socket.if_nameindex() if is_loopback(name)), "")
LAB = EvseOffer(services=tuple(Service), lab_v20_without_tls=True)
lab_plan = partial(CarPlan, lab_v20_without_tls=True)
PATIENT = Timings().scaled(20)
"""A busy machine may stall for longer than the half second of a charge loop."""


def has_ipv6_loopback() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return bool(LOOPBACK)


pytestmark = pytest.mark.skipif(not has_ipv6_loopback(), reason="this machine has no IPv6 on loopback (::1)")

Start = Callable[..., Any]


@pytest.fixture
async def start_secc() -> AsyncIterator[Start]:
    """Starts chargers that are stopped at the end; `events` of each are on the server as `seen`."""
    servers: list[SeccServer] = []

    async def start(evse: Evse | None = None, **options: Any) -> SeccServer:
        evse = evse or Evse(LAB)
        stage, seen = IdealStage(evse), []

        def on_event(event: Event) -> None:
            stage.handle(event)
            seen.append(event)

        server = SeccServer(LOOPBACK, evse, on_event, **{"timings": PATIENT, "sdp_port": 0, **options})
        await server.start()
        server.seen = seen  # type: ignore[attr-defined]
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.stop(grace_s=0.1)


def client(server: SeccServer, car: SimulatedCar, plan: CarPlan, seen: list[Event] | None = None) -> EvccClient:
    seen = [] if seen is None else seen
    return EvccClient(LOOPBACK, car, plan, seen.append, timings=PATIENT, sdp_port=server.sdp_port)


async def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not holds():
        if asyncio.get_running_loop().time() > deadline:
            pytest.fail("it did not come about in time")
        await asyncio.sleep(0.01)


def ends(server: SeccServer) -> list[SessionEnded]:
    return [event for event in server.seen if isinstance(event, SessionEnded)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", list(ControlMode))
@pytest.mark.parametrize("service", list(Service))
async def test_a_session_over_loopback(start_secc: Start, service: Service, mode: ControlMode) -> None:
    server = await start_secc()
    server.evse.set_power(-3_000 if service.bidirectional else 3_000)
    car = SimulatedCar(max_loops=3)
    seen: list[Event] = []
    end = await client(server, car, lab_plan(service, mode, loop_interval_s=0.02), seen).run()
    assert end.proper, end
    received = [event.set_point_w for event in seen if isinstance(event, SetPointReceived)]
    assert received == [-3_000 if service.bidirectional else 3_000] * 3
    await until(lambda: bool(ends(server)))
    assert ends(server)[0].proper
    assert server.session is None


@pytest.mark.parametrize("mode", list(ControlMode))
@pytest.mark.parametrize("service", list(Service))
def test_no_message_of_a_session_waits_for_the_codec(
    conversation: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, service: Service, mode: ControlMode
) -> None:
    codec.codec_of.cache_clear()
    get_ready(ProtocolName)
    compiled: list[str] = []
    compile_it = codec._run

    def noted(source: Any, origin: str) -> dict[str, Any]:
        compiled.append(origin)
        return compile_it(source, origin)

    monkeypatch.setattr(codec, "_run", noted)
    assert conversation(evse=Evse(LAB), plan=lab_plan(service, mode)).run().evcc_end.proper
    assert compiled == []


async def test_many_sessions_one_after_the_other(start_secc: Start) -> None:
    server = await start_secc()
    for _ in range(3):
        end = await client(server, SimulatedCar(max_loops=1), lab_plan(loop_interval_s=0.01)).run()
        assert end.proper
    await until(lambda: len(ends(server)) == 3)


async def test_the_newest_set_point_goes_out(start_secc: Start) -> None:
    server = await start_secc()
    seen: list[Event] = []
    car = SimulatedCar(max_loops=40)
    running = asyncio.create_task(client(server, car, lab_plan(Service.AC_BPT, loop_interval_s=0.02), seen).run())
    await until(lambda: any(isinstance(event, SetPointReceived) for event in seen))
    server.evse.set_power(-4_200)
    end = await running
    assert end.proper
    assert [event.set_point_w for event in seen if isinstance(event, SetPointReceived)][-1] == -4_200


async def test_a_second_car_is_turned_away_and_the_first_goes_on(start_secc: Start) -> None:
    server = await start_secc()
    car = SimulatedCar()
    first = client(server, car, lab_plan(loop_interval_s=0.02))
    running = asyncio.create_task(first.run())
    await until(lambda: car.loops > 2)
    reader, writer = await asyncio.open_connection("::1", server.port)
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    loops = car.loops
    await until(lambda: car.loops > loops + 2)
    first.stop("enough")
    assert (await running).proper
    await until(lambda: bool(ends(server)))
    assert len(ends(server)) == 1


async def test_a_car_renegotiates_pauses_and_comes_back(start_secc: Start) -> None:
    server = await start_secc()
    seen: list[Event] = []
    car = SimulatedCar()
    first = client(server, car, lab_plan(Service.DC_BPT, loop_interval_s=0.02), seen)
    assert first.session is None
    running = asyncio.create_task(first.run())
    await until(lambda: car.loops > 2)
    assert first.session is not None
    first.session.renegotiate_schedule()
    await until(lambda: len([e for e in server.seen if isinstance(e, PowerDeliveryChanged) and e.on]) == 2)
    first.session.pause("the night")
    assert (await running).paused
    assert first.session is None
    (kept,) = [event.paused for event in seen if isinstance(event, SessionPaused)]
    second = client(
        server, SimulatedCar(max_loops=2), lab_plan(Service.DC_BPT, loop_interval_s=0.02, resume=kept), seen
    )
    assert (await second.run()).proper
    assert [event.resumed for event in seen if isinstance(event, SessionStarted)] == [False, True]


async def test_a_car_that_vanishes_ends_its_session_at_once_and_the_next_is_served(start_secc: Start) -> None:
    server = await start_secc()
    car = SimulatedCar()
    running = asyncio.create_task(client(server, car, lab_plan(loop_interval_s=0.02)).run())
    await until(lambda: car.loops > 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await until(lambda: bool(ends(server)))
    assert not ends(server)[0].proper
    assert "connection lost" in ends(server)[0].reason
    assert server.evse.readings.power_w == 0
    assert (await client(server, SimulatedCar(max_loops=1), lab_plan()).run()).proper


async def test_garbage_on_the_wire_costs_only_that_connection(start_secc: Start) -> None:
    server = await start_secc()
    reader, writer = await asyncio.open_connection("::1", server.port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    await until(lambda: bool(ends(server)))
    assert "not V2GTP" in ends(server)[0].reason
    assert (await client(server, SimulatedCar(max_loops=1), lab_plan()).run()).proper


async def test_a_connection_that_says_nothing_gives_way_to_the_next_car(
    start_secc: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await start_secc()
    reader, writer = await asyncio.open_connection("::1", server.port)
    await until(lambda: server.session is not None)
    # At first it is a car that may still speak: another is turned away.
    early, _ = await asyncio.open_connection("::1", server.port)
    assert await asyncio.wait_for(early.read(), 10) == b""
    monkeypatch.setattr(pipe, "MUTE_S", 0.0)
    assert (await client(server, SimulatedCar(max_loops=1), lab_plan()).run()).proper
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    assert "said nothing" in ends(server)[0].reason


async def test_stopping_the_charger_ends_the_session_in_order(start_secc: Start) -> None:
    server = await start_secc()
    car = SimulatedCar()
    running = asyncio.create_task(client(server, car, lab_plan(loop_interval_s=0.02)).run())
    await until(lambda: car.loops > 2)
    await server.stop(grace_s=20)
    assert ends(server)[0].proper
    assert (await running).proper


async def test_stopping_the_charger_cuts_a_car_that_will_not_go(start_secc: Start) -> None:
    server = await start_secc()
    _, writer = await asyncio.open_connection("::1", server.port)
    await until(lambda: server.session is not None)
    await server.stop(grace_s=0.05)
    assert "did not end the session in time" in ends(server)[0].reason
    writer.close()


async def test_bad_discovery_requests_are_passed_over(start_secc: Start) -> None:
    server = await start_secc()
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(("::1", server.sdp_port))
        for datagram in (b"", b"hello", b"\x01\xfe\x90\x00\xff\xff\xff\xff", SdpRequest(Security.TLS).to_bytes()):
            await loop.sock_sendall(sock, datagram)
        answer = read_response(await asyncio.wait_for(loop.sock_recv(sock, 100), 10))
    assert (answer.address, answer.port, answer.security) == ("::1", server.port, Security.NONE)


async def test_nobody_answers_discovery() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as silent:
        silent.bind(("::1", 0))
        hurried = Timings(sdp_attempts=2, sdp_retry_s=0.02)
        car = EvccClient(
            LOOPBACK,
            SimulatedCar(),
            lab_plan(),
            lambda event: None,
            timings=hurried,
            sdp_port=silent.getsockname()[1],
        )
        with pytest.raises(TransportError, match="no charger answered"):
            await car.run()


async def test_discovery_port_in_use(start_secc: Start) -> None:
    server = await start_secc()
    second = SeccServer(LOOPBACK, Evse(), lambda event: None, sdp_port=server.sdp_port)
    with pytest.raises(TransportError, match="does another SECC run here"):
        await second.start()


def test_an_unknown_interface_names_those_there_are() -> None:
    with pytest.raises(TransportError, match=LOOPBACK):
        find_interface("nosuchif0")


async def test_loop_events_carry_the_set_point_that_was_sent(start_secc: Start) -> None:
    server = await start_secc()
    server.evse.set_power(1_234)
    await client(server, SimulatedCar(max_loops=2), lab_plan(loop_interval_s=0.01)).run()
    answered = [event for event in server.seen if isinstance(event, LoopAnswered)]
    assert {event.set_point_w for event in answered} == {1_234}


async def test_a_listener_that_fails_does_not_stop_the_session(
    start_secc: Start, caplog: pytest.LogCaptureFixture
) -> None:
    evse = Evse(LAB)
    stage = IdealStage(evse)

    def clumsy(event: Event) -> None:
        stage.handle(event)
        if isinstance(event, LoopAnswered):
            raise RuntimeError("clumsy")

    server = SeccServer(LOOPBACK, evse, clumsy, timings=PATIENT, sdp_port=0)
    await server.start()
    end = await client(server, SimulatedCar(max_loops=3), lab_plan(loop_interval_s=0.01)).run()
    await server.stop()
    assert end.proper
    assert "clumsy" in caplog.text


async def test_the_message_that_ends_a_session_is_logged_with_its_bytes(
    start_secc: Start, caplog: pytest.LogCaptureFixture
) -> None:
    server = await start_secc()
    _, writer = await asyncio.open_connection("::1", server.port)
    writer.write(bytes.fromhex("01FE800100000003") + b"\x80\xab\xcd")
    await until(lambda: bool(ends(server)))
    writer.close()
    assert ends(server)[0].evidence == "80ABCD"
    assert "the message was 80ABCD" in caplog.text
    assert (await client(server, SimulatedCar(max_loops=1), lab_plan()).run()).proper, "the next one starts clean"
