"""Whole sessions over TLS on the loopback interface, and what a hostile or broken peer gets."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from protocols.iso15118 import (
    CarPlan,
    ConnectionOpened,
    EvccClient,
    EvccSecurity,
    Event,
    Evse,
    EvseOffer,
    IdealStage,
    SeccSecurity,
    SeccServer,
    SessionEnded,
    SimulatedCar,
    Timings,
    TransportError,
)
from protocols.iso15118.wire import pipe
from protocols.iso15118.wire.network import is_loopback
from protocols.iso15118.wire.sdp import Security
from protocols.iso15118.wire.tls import V2, V20, Alert, PeerRefused, TlsClient, TlsOffer

LOOPBACK = "lo"
PATIENT = Timings().scaled(20)

Start = Callable[..., Awaitable["Listening"]]


class Listening(SeccServer):
    """With a list of what it told."""

    seen: list[Event]

    def ends(self) -> list[SessionEnded]:
        return [event for event in self.seen if isinstance(event, SessionEnded)]


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
async def start_secc() -> AsyncIterator[Start]:
    started: list[Listening] = []

    async def start(security: SeccSecurity) -> Listening:
        evse = Evse(EvseOffer(lab_v20_without_tls=True))
        stage = IdealStage(evse)
        seen: list[Event] = []

        def on_event(event: Event) -> None:
            stage.handle(event)
            seen.append(event)

        server = Listening(LOOPBACK, evse, on_event, timings=PATIENT, sdp_port=0, security=security)
        server.seen = seen
        await server.start()
        started.append(server)
        return server

    assert is_loopback(LOOPBACK)
    yield start
    for server in started:
        await server.stop(grace_s=0.1)


def secured(authority: Any, *, allow_plain: bool = False) -> SeccSecurity:
    offer = TlsOffer(V20, authority.credential("SECC"), authority.check)
    return SeccSecurity((offer,), allow_plain=allow_plain)


def car_security(authority: Any, **options: Any) -> EvccSecurity:
    return EvccSecurity(authority.check, authority.credential("car"), profiles=(V20,), **options)


async def drive(server: SeccServer, security: EvccSecurity, seen: list[Event] | None = None) -> SessionEnded:
    events: list[Event] = seen if seen is not None else []
    plan = CarPlan(loop_interval_s=0.01, lab_v20_without_tls=True)
    client = EvccClient(
        LOOPBACK,
        SimulatedCar(max_loops=2),
        plan,
        events.append,
        timings=PATIENT,
        sdp_port=server.sdp_port,
        security=security,
    )
    async with asyncio.timeout(30):
        return await client.run()


async def test_a_whole_session_over_tls_1_3(start_secc: Start, authority: Any) -> None:
    server = await start_secc(secured(authority))
    seen: list[Event] = []
    end = await drive(server, car_security(authority), seen)
    assert end.proper
    await until(lambda: bool(server.ends()))
    assert server.ends()[0].proper
    for events, peer in ((server.seen, "CN=car"), (seen, "CN=SECC")):
        opened = next(event for event in events if isinstance(event, ConnectionOpened))
        assert opened.security.secured
        assert opened.security.version == "TLSv1.3"
        assert opened.security.group == "secp521r1"
        assert opened.security.peer is not None
        assert opened.security.peer.subject == peer
        assert opened.security.peer.issuer == "CN=V2G root sub"


async def test_a_whole_session_over_tls_1_2(start_secc: Start, make_authority: Any) -> None:
    old = make_authority("P-256")
    server = await start_secc(SeccSecurity((TlsOffer(V2, old.credential("SECC")),), allow_plain=False))
    seen: list[Event] = []
    assert (await drive(server, EvccSecurity(old.check, profiles=(V2,)), seen)).proper
    opened = next(event for event in seen if isinstance(event, ConnectionOpened))
    assert (opened.security.version, opened.security.cipher) == ("TLSv1.2", "ECDHE-ECDSA-AES128-SHA256")


@pytest.mark.parametrize(
    ("certificates", "allow_plain", "asked", "given"),
    [
        (True, True, Security.TLS, Security.TLS),
        (True, True, Security.NONE, Security.NONE),
        (True, False, Security.TLS, Security.TLS),
        (True, False, Security.NONE, Security.TLS),
        (False, True, Security.TLS, Security.NONE),
        (False, True, Security.NONE, Security.NONE),
        (False, False, Security.TLS, None),
    ],
)
def test_sdp_answers_by_wish_and_policy(
    authority: Any, certificates: bool, allow_plain: bool, asked: Security, given: Security | None
) -> None:
    offers = (TlsOffer(V20, authority.credential("SECC"), authority.check),) if certificates else ()
    assert SeccSecurity(offers, allow_plain).answer(asked) is given


async def test_one_charger_takes_cars_with_and_without_tls(start_secc: Start, authority: Any) -> None:
    server = await start_secc(secured(authority, allow_plain=True))
    assert len(set(server.ports.values())) == 2
    assert (await drive(server, car_security(authority))).proper
    assert (await drive(server, EvccSecurity())).proper
    versions = [event.security.version for event in server.seen if isinstance(event, ConnectionOpened)]
    assert versions == ["TLSv1.3", ""]


async def test_a_car_without_tls_is_told_what_it_needs(start_secc: Start, authority: Any) -> None:
    server = await start_secc(secured(authority))
    with pytest.raises(TransportError, match="insists on TLS: give this car certificates"):
        await drive(server, EvccSecurity())


async def test_a_car_goes_without_tls_only_if_it_may(start_secc: Start, authority: Any) -> None:
    server = await start_secc(SeccSecurity())
    with pytest.raises(TransportError, match="the charger has no TLS"):
        await drive(server, car_security(authority))
    assert (await drive(server, car_security(authority, allow_plain=True))).proper


async def test_tls_required_without_a_certificate_does_not_start() -> None:
    server = SeccServer(LOOPBACK, Evse(), lambda event: None, security=SeccSecurity(allow_plain=False), sdp_port=0)
    with pytest.raises(TransportError, match="no certificate for it"):
        await server.start()


async def test_a_refused_certificate_ends_both_with_a_sentence(start_secc: Start, authority: Any) -> None:
    def refuse(*_: Any) -> None:
        raise PeerRefused("the certificate of 'car' expired yesterday", Alert.CERTIFICATE_EXPIRED)

    server = await start_secc(SeccSecurity((TlsOffer(V20, authority.credential("SECC"), refuse),), allow_plain=False))
    end = await drive(server, car_security(authority))
    assert not end.proper
    assert "our certificate has expired" in end.reason
    await until(lambda: bool(server.ends()))
    assert server.ends()[0].reason == "the certificate of 'car' expired yesterday"
    assert server.session is None


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "which is not TLS"),
        (bytes.fromhex("01FE800100000000"), "which is not TLS"),
        (b"\x16\x03\x01\x00\x04\x02\x00\x00\x00", "not a ClientHello"),
        (b"\x16" * 100_000, "which is not TLS"),
    ],
)
async def test_rubbish_is_closed_and_the_next_car_is_served(
    start_secc: Start, authority: Any, data: bytes, told: str
) -> None:
    server = await start_secc(secured(authority))
    reader, writer = await asyncio.open_connection("::1", server.port)
    writer.write(data)
    with contextlib.suppress(ConnectionError):
        assert (await asyncio.wait_for(reader.read(), 10))[:1] in (b"\x15", b"")
    writer.close()
    await until(lambda: bool(server.ends()))
    assert told in server.ends()[0].reason
    assert (await drive(server, car_security(authority))).proper


async def test_a_handshake_that_stops_is_cut(
    start_secc: Start, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipe, "HANDSHAKE_S", 0.1)
    server = await start_secc(secured(authority))
    client = TlsClient([V20], authority.check, authority.credential("car"))
    client.begin()
    reader, writer = await asyncio.open_connection("::1", server.port)
    writer.write(client.data_to_send())
    await asyncio.wait_for(reader.read(), 20)
    writer.close()
    await until(lambda: bool(server.ends()))
    assert "did not finish the TLS handshake within 0.1 s" in server.ends()[0].reason


async def test_a_car_that_vanishes_in_mid_session(start_secc: Start, authority: Any) -> None:
    server = await start_secc(secured(authority))
    client = TlsClient([V20], authority.check, authority.credential("car"))
    client.begin()
    reader, writer = await asyncio.open_connection("::1", server.port)
    writer.write(client.data_to_send())
    while client.facts is None:
        client.receive(await asyncio.wait_for(reader.read(65536), 10))
        writer.write(client.data_to_send())
    await until(lambda: any(isinstance(event, ConnectionOpened) for event in server.seen))
    writer.close()
    await until(lambda: bool(server.ends()))
    assert "without TLS's close_notify" in server.ends()[0].reason
    assert (await drive(server, car_security(authority))).proper


async def test_many_sessions_leave_nothing(start_secc: Start, authority: Any) -> None:
    server = await start_secc(secured(authority))
    security = car_security(authority)

    def living() -> int:
        gc.collect()
        return sum(type(one).__module__ == "OpenSSL.SSL" for one in gc.get_objects())

    await drive(server, security)
    await until(lambda: server.session is None)
    before, tasks = living(), len(asyncio.all_tasks())
    for _ in range(5):
        assert (await drive(server, security)).proper
        await until(lambda: server.session is None)
    assert living() <= before
    assert len(asyncio.all_tasks()) == tasks
