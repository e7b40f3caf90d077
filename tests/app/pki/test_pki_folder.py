"""The certificate folder as the engine uses it: what to show a car, whom to trust, which OCSP answers to staple."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app.pki import PkiError, home_folder
from app.pki.status import fetch, issuer_certificate, revoke, staples
from protocols.pki import (
    Algorithm,
    CertificateProblem,
    Policy,
    Responder,
    Role,
    home_set,
    new,
    public_set,
    verify_chain,
)

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def folder():
    return home_folder()


def put(folder, family):
    for role, one in family.members.items():
        folder.add(role, one.chain, one.key)
    return family


def entry_of(folder, identity):
    return next(one for one in folder.entries() if one.certificates[:1] == (identity.certificate,))


def test_the_valid_one_that_ends_last_is_chosen(folder):
    home = put(folder, home_set(Algorithm.P521, NOW))
    root = home[Role.PRIVATE_ROOT]
    longer = new(Role.SECC, "longer", root, NOW, lifetime_days=800)
    later = new(Role.SECC, "later", root, NOW + timedelta(days=3), lifetime_days=900)
    for one in (longer, later):
        folder.add(Role.SECC, one.chain, one.key)
    assert folder.choose(Role.SECC, Policy.V20, NOW).certificate == longer.certificate
    assert folder.choose(Role.SECC, Policy.V20, NOW + timedelta(days=4)).certificate == later.certificate


def test_each_generation_gets_its_own_curve(folder):
    new_one, old_one = (put(folder, home_set(algorithm, NOW)) for algorithm in (Algorithm.P521, Algorithm.P256))
    assert folder.choose(Role.SECC, Policy.V20, NOW).chain == new_one[Role.SECC].chain
    assert folder.choose(Role.SECC, Policy.V2, NOW).chain == old_one[Role.SECC].chain
    assert len(folder.identities(Role.SECC, Policy.INTEROP)) == 2


def test_nothing_to_choose_says_what_to_do(folder):
    with pytest.raises(PkiError, match="'twoway pki make' makes a home's"):
        folder.choose(Role.SECC, Policy.V20, NOW)
    put(folder, home_set(Algorithm.P521, NOW))
    with pytest.raises(PkiError, match="for v2 in"):
        folder.choose(Role.SECC, Policy.V2, NOW)
    with pytest.raises(PkiError, match="is valid now"):
        folder.choose(Role.SECC, Policy.V20, NOW + timedelta(days=900))


def test_a_broken_file_is_told_and_the_rest_goes_on(folder):
    home = put(folder, home_set(Algorithm.P521, NOW))
    (folder.path / Role.V2G_ROOT).mkdir()
    (folder.path / Role.V2G_ROOT / "bad.pem").write_bytes(b"\x00\x01")
    (folder.path / Role.SECC / ".half-written").write_text("x")
    assert [entry.path.name for entry in folder.entries() if entry.problem] == ["bad.pem"]
    assert len(folder.trust_store()) == 1
    assert folder.choose(Role.SECC, Policy.V20, NOW).chain == home[Role.SECC].chain


def test_one_broken_key_does_not_hide_the_good_one(folder, caplog):
    home = put(folder, home_set(Algorithm.P521, NOW))
    longer = new(Role.SECC, "longer", home[Role.PRIVATE_ROOT], NOW, lifetime_days=800)
    folder.add(Role.SECC, longer.chain, longer.key)
    entry_of(folder, longer).key_path.write_text("rubbish")
    assert folder.choose(Role.SECC, Policy.V20, NOW).chain == home[Role.SECC].chain
    assert len(folder.identities(Role.SECC)) == 1
    assert "cannot be opened" in caplog.text
    entry_of(folder, home[Role.SECC]).key_path.write_text("rubbish")
    with pytest.raises(PkiError, match="cannot be opened"):
        folder.choose(Role.SECC, Policy.V20, NOW)


def test_a_folder_of_somebody_else_is_told(folder, monkeypatch, pki):
    put(folder, home_set(Algorithm.P521, NOW))
    monkeypatch.setattr("app.pki.folder.os.access", lambda *_: False)
    for words in (["show"], ["check"]):
        ran = pki(*words)
        assert ran.status == 1
        assert "chown it" in ran.err


def test_a_home_staples_for_its_own_charger(folder):
    home = put(folder, home_set(Algorithm.P521, NOW))
    answers = staples(folder, home[Role.SECC].chain, NOW)
    verified = verify_chain(
        home[Role.SECC].chain, Role.SECC, NOW, folder.trust_store(), staples=answers, require_ocsp=True
    )
    assert len(verified.statuses) == 1


def test_a_whole_chain_is_stapled_leaf_first(folder):
    public = put(folder, public_set(Algorithm.P521, NOW))
    chain = public[Role.SECC].chain
    verified = verify_chain(chain, Role.SECC, NOW, folder.trust_store(), staples=staples(folder, chain, NOW))
    assert [status.certificate for status in verified.statuses] == list(chain)


def test_what_was_revoked_is_stapled_as_such(folder):
    home = put(folder, home_set(Algorithm.P521, NOW))
    revoke(folder, entry_of(folder, home[Role.SECC]), NOW)
    answers = staples(folder, home[Role.SECC].chain, NOW)
    with pytest.raises(CertificateProblem, match="was revoked"):
        verify_chain(home[Role.SECC].chain, Role.SECC, NOW, folder.trust_store(), staples=answers)


def test_a_broken_list_of_revoked_ones_is_told(folder):
    home = put(folder, home_set(Algorithm.P521, NOW))
    (folder.path / "revoked.json").write_text("[1]")
    with pytest.raises(PkiError, match="mend or remove it"):
        staples(folder, home[Role.SECC].chain, NOW)


# A responder on the network


class Network:
    """An OCSP responder of somebody else's, over HTTP on loopback."""

    def __init__(self) -> None:
        self.responder: Responder | None = None
        self.status = 200
        network = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(network.status)
                self.end_headers()
                if network.responder is not None:
                    self.wfile.write(network.responder.answer(asked, NOW))

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def network() -> Iterator[Network]:
    network = Network()
    yield network
    network.server.shutdown()
    network.server.server_close()


@pytest.fixture
def given(folder, network):
    """A charger's certificate from an operator: its root is trusted here, its CA's key is elsewhere."""
    home = home_set(Algorithm.P521, NOW)
    root = home[Role.PRIVATE_ROOT]
    secc = new(Role.SECC, "given", root, NOW, ocsp_url=network.url)
    folder.add(Role.PRIVATE_ROOT, root.chain)
    folder.add(Role.SECC, secc.chain, secc.key)
    network.responder = Responder(root.certificate, root, {secc.certificate.serial_number: secc.certificate}, {})
    return secc


def ask(folder, identity):
    entry = entry_of(folder, identity)
    issuer = issuer_certificate(folder, entry.certificates)
    return fetch(entry, issuer, NOW)


def test_an_answer_is_fetched_kept_and_stapled(folder, given):
    assert staples(folder, given.chain, NOW) == ()
    answer = ask(folder, given)
    assert staples(folder, given.chain, NOW) == (answer,)
    assert entry_of(folder, given).ocsp_path.read_bytes() == answer
    assert staples(folder, given.chain, NOW + timedelta(days=8)) == ()


def test_check_online_asks(folder, given, pki, network):
    ran = pki("check", "--online")
    assert ran.status == 0, ran.out
    assert "OCSP responder says that it holds" in ran.out
    serial = given.certificate.serial_number
    network.responder = Responder(
        network.responder.ca, network.responder.signer, network.responder.known, {serial: NOW}
    )
    for words in (["check", "--online"], ["check"]):
        ran = pki(*words)
        assert ran.status == 1
        assert "was revoked" in ran.out


def test_a_responder_that_is_not_there_is_a_warning(folder, given, pki, network):
    network.status = 500
    ran = pki("check", "--online")
    assert ran.status == 0
    assert "does not answer: HTTPStatusError" in ran.out


def test_a_responder_that_talks_nonsense(folder, given, network):
    network.responder = None
    with pytest.raises(CertificateProblem, match="cannot be read"):
        ask(folder, given)
    assert not entry_of(folder, given).ocsp_path.exists()
