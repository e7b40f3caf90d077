"""Two ends of TLS in memory: what each profile negotiates, and how each failure reads."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.x509 import ocsp

from protocols.iso15118.wire.tls import (
    V2,
    V20,
    V20_INTEROP,
    Alert,
    Credential,
    PeerRefused,
    TlsClient,
    TlsError,
    TlsOffer,
    TlsProfile,
    TlsServer,
)

GOOD = ocsp.OCSPCertStatus.GOOD


def mutual(authority: Any, profile: TlsProfile = V20, **options: Any) -> tuple[TlsClient, TlsServer]:
    server = TlsServer([TlsOffer(profile, authority.credential("SECC"), authority.check)])
    return TlsClient([profile], authority.check, authority.credential("car"), **options), server


@pytest.mark.parametrize("chunk", [1 << 20, 7])
def test_20_is_tls_1_3_with_both_certificates(authority: Any, wire: Any, chunk: int) -> None:
    client, server = mutual(authority)
    client.begin()
    joined = wire(client, server, chunk=chunk).run()
    for end, peer in ((client, "CN=SECC"), (server, "CN=car")):
        assert end.failure is None
        assert end.facts is not None
        assert (end.facts.version, end.facts.cipher) == ("TLSv1.3", "TLS_AES_256_GCM_SHA384")
        assert end.facts.group == "secp521r1"
        assert end.facts.peer_chain[0].subject.rfc4514_string() == peer
        assert not end.facts.resumed
    client.send(b"hello")
    server.send(b"good evening" * 10_000)
    joined.run()
    assert joined.to_server == b"hello"
    assert joined.to_client == b"good evening" * 10_000


def test_20_takes_ed448_and_x448(make_authority: Callable[..., Any], wire: Any) -> None:
    authority = make_authority("Ed448")
    client, server = mutual(authority)
    client.begin()
    wire(client, server).run()
    assert client.failure is None
    assert server.facts is not None


def test_2_is_tls_1_2_with_the_chargers_certificate_only(make_authority: Callable[..., Any], wire: Any) -> None:
    authority = make_authority("P-256")
    client = TlsClient([V2], authority.check)
    server = TlsServer([TlsOffer(V2, authority.credential("SECC"))])
    client.begin()
    joined = wire(client, server).run()
    assert server.facts is not None
    assert client.facts is not None
    assert (client.facts.version, client.facts.cipher) == ("TLSv1.2", "ECDHE-ECDSA-AES128-SHA256")
    assert server.facts.peer_chain == ()
    client.send(b"one")
    assert joined.run().to_server == b"one"


def test_one_port_speaks_both(authority: Any, make_authority: Callable[..., Any], wire: Any) -> None:
    old = make_authority("P-256")
    offers = [
        TlsOffer(V20, authority.credential("SECC"), authority.check),
        TlsOffer(V2, old.credential("SECC, -2")),
    ]
    for client, version in (
        (TlsClient([V20], authority.check, authority.credential("car")), "TLSv1.3"),
        (TlsClient([V2], old.check), "TLSv1.2"),
        (TlsClient([V20, V2], authority.check, authority.credential("car of both")), "TLSv1.3"),
    ):
        server = TlsServer(offers)
        client.begin()
        wire(client, server).run()
        assert client.failure is None
        assert client.facts is not None
        assert client.facts.version == version


def test_the_interop_profile_takes_p_256(make_authority: Callable[..., Any], wire: Any) -> None:
    field = make_authority("P-256")
    client, server = mutual(field, V20_INTEROP)
    client.begin()
    wire(client, server).run()
    assert server.facts is not None
    strict = TlsServer([TlsOffer(V20, field.credential("SECC"), field.check)])
    client, _ = mutual(field, V20_INTEROP)
    client.begin()
    wire(client, strict).run()
    assert strict.failure is not None
    assert "ecdsa_secp256r1_sha256, which ISO 15118-20 does not have" in strict.failure
    assert client.failure is not None
    assert "no cipher suite, curve or signature in common" in client.failure


def test_a_stapled_ocsp_response_arrives_and_is_judged(authority: Any, wire: Any) -> None:
    credential = authority.credential("SECC", ocsp_status=GOOD)
    seen: list[bytes] = []
    client = TlsClient(
        [V20], authority.check, authority.credential("car"), check_staple=lambda response, chain: seen.append(response)
    )
    server = TlsServer([TlsOffer(V20, credential, authority.check)])
    client.begin()
    wire(client, server).run()
    assert credential.ocsp_response is not None
    assert seen == [credential.ocsp_response()]
    assert client.facts is not None
    assert client.facts.ocsp_response == seen[0]


def test_a_missing_staple_can_be_refused(authority: Any, wire: Any) -> None:
    def insist(response: bytes, _: Any) -> None:
        if not response:
            raise PeerRefused("the charger stapled no OCSP response", Alert.BAD_CERTIFICATE_STATUS_RESPONSE)

    client, server = mutual(authority, check_staple=insist)
    client.begin()
    wire(client, server).run()
    assert client.failure == "the charger stapled no OCSP response"
    assert server.failure is not None
    assert "bad_certificate_status_response" in server.failure


@pytest.mark.parametrize(
    "alert",
    [
        Alert.CERTIFICATE_EXPIRED,
        Alert.BAD_CERTIFICATE,
        Alert.UNKNOWN_CA,
        Alert.DECRYPT_ERROR,
        Alert.CERTIFICATE_REVOKED,
        Alert.UNSUPPORTED_CERTIFICATE,
        Alert.CERTIFICATE_UNKNOWN,
    ],
)
@pytest.mark.parametrize("refusing", ["car", "charger"])
def test_a_refused_certificate_reads_well_at_both_ends(authority: Any, wire: Any, alert: Alert, refusing: str) -> None:
    def refuse(*_: Any) -> None:
        raise PeerRefused("its certificate is not good", alert)

    check_server = refuse if refusing == "car" else authority.check
    check_car = refuse if refusing == "charger" else authority.check
    client = TlsClient([V20], check_server, authority.credential("car"))
    server = TlsServer([TlsOffer(V20, authority.credential("SECC"), check_car)])
    client.begin()
    wire(client, server).run()
    sender, hearer = (client, server) if refusing == "car" else (server, client)
    assert sender.failure == "its certificate is not good"
    assert hearer.failure is not None
    assert f"(TLS alert {alert.name.lower()})" in hearer.failure
    assert sender.facts is None


def test_a_judge_that_breaks_lets_nobody_in(authority: Any, wire: Any) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no such file")

    server = TlsServer([TlsOffer(V20, authority.credential("SECC"), broken)])
    client = TlsClient([V20], authority.check, authority.credential("car"))
    client.begin()
    wire(client, server).run()
    assert server.facts is None
    assert server.failure == "its certificate could not be checked: no such file"


def test_without_a_judge_nobody_gets_in(authority: Any, wire: Any) -> None:
    server = TlsServer([TlsOffer(V20, authority.credential("SECC"))])
    client = TlsClient([V20], authority.check, authority.credential("car"))
    client.begin()
    wire(client, server).run()
    assert server.facts is None
    assert server.failure is not None
    assert "no trust store" in server.failure


def test_a_car_without_a_certificate_is_told_so(authority: Any, wire: Any) -> None:
    server = TlsServer([TlsOffer(V20, authority.credential("SECC"), authority.check)])
    client = TlsClient([V20], authority.check)
    client.begin()
    wire(client, server).run()
    assert server.failure is not None
    assert "the car has no certificate for TLS" in server.failure
    assert client.failure is not None
    assert "wants a certificate from us" in client.failure


def test_tls_1_2_for_a_charger_of_1_3_is_refused_with_its_alert(make_authority: Callable[..., Any], wire: Any) -> None:
    authority = make_authority("P-256")
    server = TlsServer([TlsOffer(V20_INTEROP, authority.credential("SECC"), authority.check)])
    client = TlsClient([V2], authority.check)
    client.begin()
    wire(client, server).run()
    assert server.failure is not None
    assert "no TLSv1.3" in server.failure
    assert client.failure is not None
    assert "protocol_version" in client.failure


def test_close_notify_both_ways(authority: Any, wire: Any) -> None:
    client, server = mutual(authority)
    client.begin()
    joined = wire(client, server).run()
    client.send(b"bye")
    client.close()
    joined.run()
    assert joined.to_server == b"bye"
    assert server.closed
    assert server.failure is None
    assert server.lost("the peer closed it") == "the peer closed it"
    assert "without TLS's close_notify" in client.lost("the peer closed it")


def test_rubbish_after_the_handshake_is_one_sentence(authority: Any, wire: Any) -> None:
    client, server = mutual(authority)
    client.begin()
    joined = wire(client, server).run()
    assert server.receive(b"\x17\x03\x03\x00\x20" + bytes(32)) == b""
    assert server.failure is not None
    assert "bad_record_mac" in server.failure
    joined.run()
    assert client.failure is not None
    assert server.receive(b"more") == b""


def test_key_log_lines_are_those_of_nss(authority: Any, wire: Any) -> None:
    lines: list[str] = []
    client, server = mutual(authority, key_log=lines.append)
    client.begin()
    wire(client, server).run()
    labels = {line.split()[0] for line in lines}
    assert {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"} <= labels
    assert all(len(line.split()) == 3 for line in lines)


def test_a_key_that_is_not_the_certificates(authority: Any, wire: Any) -> None:
    good = authority.credential("SECC")
    spoiled = Credential(good.chain, authority.credential("other").key)
    with pytest.raises(TlsError, match="cannot be used for TLS"):
        TlsClient([V20], authority.check, spoiled)
    server = TlsServer([TlsOffer(V20, spoiled, authority.check)])
    client = TlsClient([V20], authority.check, authority.credential("car"))
    client.begin()
    wire(client, server).run()
    assert server.failure is not None
    assert "our own certificate and key cannot be used" in server.failure
    assert client.failure is not None
    assert "internal_error" in client.failure
