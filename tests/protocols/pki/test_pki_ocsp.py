"""OCSP: what a responder answers, and what of an answer is believed."""

from datetime import timedelta

import pytest
from cryptography.x509 import ocsp

from protocols.pki import Algorithm, CertificateProblem, Responder, Role, Trouble, new, new_root, verify_chain
from protocols.pki.ocsp import check_response, make_request, responder_url

HOUR = timedelta(hours=1)


@pytest.fixture(params=list(Algorithm), ids=lambda one: one.name)
def home(request, homes):
    return homes(request.param)


@pytest.fixture
def root(home):
    return home[Role.PRIVATE_ROOT]


@pytest.fixture
def secc(home):
    return home[Role.SECC].certificate


def answering(signer, ca, *certificates, revoked=None):
    return Responder(ca.certificate, signer, {one.serial_number: one for one in certificates}, revoked or {})


def refused(trouble, response, certificate, issuer, at):
    with pytest.raises(CertificateProblem) as caught:
        check_response(response, certificate, issuer, at)
    assert caught.value.trouble is trouble, str(caught.value)
    return str(caught.value)


def test_good_and_stapled_to_the_chain(home, root, secc, at, policies):
    staple = answering(root, root, secc).staple(secc, at)
    algorithm = next(one for one in Algorithm if one.curve in root.certificate.subject.rfc4514_string())
    verified = verify_chain(
        home[Role.SECC].chain,
        Role.SECC,
        at + HOUR,
        home.store,
        policies[algorithm],
        staples=[staple],
        require_ocsp=True,
    )
    assert verified.statuses[0].certificate == secc
    assert verified.statuses[0].this_update == at


def test_required_and_missing(homes, at):
    home = homes(Algorithm.P521)
    with pytest.raises(CertificateProblem, match="no OCSP response came") as caught:
        verify_chain(home[Role.SECC].chain, Role.SECC, at, home.store, require_ocsp=True)
    assert caught.value.trouble is Trouble.NO_STATUS


def test_revoked_says_since_when(root, secc, at):
    since = at - timedelta(days=3)
    staple = answering(root, root, secc, revoked={secc.serial_number: since}).staple(secc, at)
    assert "was revoked on 2027-02-26 12:00 UTC" in refused(Trouble.REVOKED, staple, secc, root.certificate, at)


def test_a_revoked_sub_ca_ends_the_chain(worlds, at):
    world = worlds(Algorithm.P521)
    sub, ca = world[Role.CPO_SUB1].certificate, world[Role.V2G_ROOT]
    staple = answering(ca, ca, sub, revoked={sub.serial_number: at}).staple(sub, at)
    with pytest.raises(CertificateProblem, match="'CPO sub1 secp521r1' was revoked"):
        verify_chain(world[Role.SECC].chain, Role.SECC, at, world.store, staples=[staple])


def test_unknown_to_its_issuer(root, secc, at):
    staple = answering(root, root).staple(secc, at)
    assert "does not know" in refused(Trouble.REVOKED, staple, secc, root.certificate, at)


def test_an_answer_about_another_certificate_says_nothing(root, secc, at):
    other = new(Role.SECC, "other", root, at).certificate
    assert check_response(answering(root, root, other).staple(other, at), secc, root.certificate, at) is None


@pytest.mark.parametrize(
    ("late", "word"), [(timedelta(days=8), "held only until"), (-timedelta(days=1), "is it right")]
)
def test_too_old_or_of_tomorrow(late, word, root, secc, at):
    staple = answering(root, root, secc).staple(secc, at)
    assert word in refused(Trouble.BAD_STATUS, staple, secc, root.certificate, at + late)


def test_clocks_may_differ_by_minutes(root, secc, at):
    staple = answering(root, root, secc).staple(secc, at)
    assert check_response(staple, secc, root.certificate, at - timedelta(minutes=4))


def test_a_responder_that_the_ca_authorised(root, secc, at):
    delegate = new(Role.OCSP, "responder", root, at - HOUR)
    staple = answering(delegate, root, secc).staple(secc, at)
    assert check_response(staple, secc, root.certificate, at)


def test_a_responder_without_authority(root, secc, at):
    leaf = new(Role.SECC, "a charger", root, at - HOUR)
    staple = answering(leaf, root, secc).staple(secc, at)
    assert "may not sign such" in refused(Trouble.BAD_STATUS, staple, secc, root.certificate, at)


def test_a_responder_whose_time_is_over(root, secc, at):
    delegate = new(Role.OCSP, "responder", root, at - timedelta(days=3), lifetime_days=1)
    staple = answering(delegate, root, secc).staple(secc, at)
    assert "expired" in refused(Trouble.BAD_STATUS, staple, secc, root.certificate, at)


def test_a_stranger_who_signs(root, secc, at):
    stranger = new_root(Role.PRIVATE_ROOT, "stranger", Algorithm.P521, at)
    staple = answering(stranger, root, secc).staple(secc, at)
    assert "is not signed by" in refused(Trouble.BAD_STATUS, staple, secc, root.certificate, at)


@pytest.mark.parametrize("data", [b"", b"\x30\x03\x0a\x01\x00", b"nonsense", b"\x30" * 30_000])
def test_what_is_no_response(data, root, secc, at):
    refused(Trouble.BAD_STATUS, data, secc, root.certificate, at)


def test_a_tampered_response(root, secc, at):
    staple = bytearray(answering(root, root, secc).staple(secc, at))
    staple[-3] ^= 1
    refused(Trouble.BAD_STATUS, bytes(staple), secc, root.certificate, at)


def test_asked_over_the_wire(root, secc, at):
    responder = answering(root, root, secc)
    answer = responder.answer(make_request(secc, root.certificate), at)
    assert check_response(answer, secc, root.certificate, at)


@pytest.mark.parametrize(
    ("request_of", "status"),
    [
        (lambda root, stranger: b"nonsense", ocsp.OCSPResponseStatus.MALFORMED_REQUEST),
        (
            lambda root, stranger: make_request(stranger, root),
            ocsp.OCSPResponseStatus.UNAUTHORIZED,
        ),
    ],
)
def test_what_a_responder_refuses(request_of, status, root, secc, at):
    stranger = new(Role.SECC, "not issued here", root, at).certificate
    answer = answering(root, root, secc).answer(request_of(root.certificate, stranger), at)
    assert ocsp.load_der_ocsp_response(answer).response_status is status
    assert "refusal" in refused(Trouble.BAD_STATUS, answer, secc, root.certificate, at)


def test_where_a_certificate_says_that_it_is_asked(root, secc, at):
    named = new(Role.SECC, "x", root, at, ocsp_url="http://ocsp.example/").certificate
    assert responder_url(named) == "http://ocsp.example/"
    assert responder_url(secc) is None
