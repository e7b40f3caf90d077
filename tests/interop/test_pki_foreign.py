"""Our certificates before strangers, and theirs before us: the foreign ISO 15118 stack and the OpenSSL command."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from app import cli
from app.config.paths import OVERRIDE
from protocols.pki import (
    Algorithm,
    CertificateProblem,
    Policy,
    Responder,
    Role,
    car_set,
    check_response,
    home_set,
    make_request,
    public_set,
    verify_chain,
)
from protocols.pki.bundle import chains_of, read_bundle, to_pem
from protocols.pki.provisioning import Sealed, open_v2, seal_v2

ROOT = Path(__file__).resolve().parents[2]
FOREIGN_PYTHON = ROOT / ".interop" / "iso15118" / "bin" / "python"
FOREIGN_PKI = ROOT / ".interop" / "iso15118" / "lib" / "python3.11" / "site-packages" / "iso15118" / "shared" / "pki"
PROGRAM = Path(__file__).with_name("programs") / "foreign_certificates.py"
NOW = datetime.now(UTC)

pytestmark = pytest.mark.interop


def foreign(job, **values):
    if not FOREIGN_PYTHON.exists():
        pytest.skip("the foreign stack is not installed (tests/interop/setup_iso15118.sh)")
    done = subprocess.run(
        [str(FOREIGN_PYTHON), str(PROGRAM)],
        input=json.dumps({"job": job, **values}),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout[done.stdout.index("{") :])


def openssl(*words):
    if shutil.which("openssl") is None:
        pytest.skip("no `openssl` command")
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def der(certificate):
    return certificate.public_bytes(Encoding.DER).hex()


def number(key):
    return f"{key.private_numbers().private_value:064x}"


@pytest.fixture(scope="module")
def world(foreign_pki):
    return foreign_pki.foreign_world(NOW)


# Contract keys, ISO 15118-2


def test_their_sealed_contract_key_opens_here(world):
    contract, car = world[Role.CONTRACT], world[Role.PROVISIONING]
    answer = foreign("seal", recipient_certificate=der(car.certificate), contract_key=number(contract.key))
    sealed = Sealed(bytes.fromhex(answer["dh_public_key"]), bytes.fromhex(answer["encrypted_key"]))
    assert number(open_v2(sealed, car.key, contract.certificate)) == number(contract.key)


def test_our_sealed_contract_key_opens_there(world):
    contract, car = world[Role.CONTRACT], world[Role.PROVISIONING]
    sealed = seal_v2(contract.key, car.certificate.public_key())
    answer = foreign(
        "open",
        encrypted_key=sealed.encrypted_key.hex(),
        dh_public_key=sealed.dh_public_key.hex(),
        own_key=number(car.key),
    )
    assert answer["contract_key"] == number(contract.key)


# Chains


@pytest.mark.parametrize(
    ("leaf", "root"),
    [
        (Role.SECC, Role.V2G_ROOT),
        (Role.CPS, Role.V2G_ROOT),
        (Role.CONTRACT, Role.MO_ROOT),
        (Role.PROVISIONING, Role.OEM_ROOT),
    ],
)
def test_the_foreign_stack_verifies_our_chains(leaf, root, world):
    chain = [der(one) for one in world[leaf].chain]
    right, wrong = (
        der(world[root].certificate),
        der(world[Role.MO_ROOT if leaf != Role.CONTRACT else Role.OEM_ROOT].certificate),
    )
    asked = {"leaf": chain[0], "sub_cas": chain[1:], "private": False}
    assert foreign("verify", root=right, **asked) == {"refused": None}
    assert foreign("verify", root=wrong, **asked) == {"refused": "CertSignatureError"}


def test_the_foreign_stack_verifies_a_private_environment():
    home = home_set(Algorithm.P256, NOW)
    asked = {"leaf": der(home[Role.SECC].certificate), "sub_cas": [], "root": der(home[Role.PRIVATE_ROOT].certificate)}
    assert foreign("verify", private=True, **asked) == {"refused": None}


@pytest.mark.parametrize("tls_1_3", [False, True])
def test_the_foreign_stack_loads_our_files(tls_1_3, tmp_path, world, foreign_pki):
    path = foreign_pki.write_foreign_pki(tmp_path, world)
    assert foreign("contexts", pki_path=path, tls_1_3=tls_1_3) == {"secc": True, "evcc": True}


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """The certificates that the foreign stack's own script makes."""
    if not FOREIGN_PKI.exists() or shutil.which("openssl") is None or shutil.which("bash") is None:
        pytest.skip("the foreign stack or the `openssl` command is not installed")
    folder = tmp_path_factory.mktemp("foreign")
    shutil.copytree(FOREIGN_PKI, folder / "pki")
    subprocess.run(
        ["bash", "create_certs.sh", "-v", "iso-2"], cwd=folder / "pki", capture_output=True, timeout=110, check=True
    )
    return folder / "pki" / "iso15118_2"


@pytest.mark.parametrize(
    ("role", "leaf", "subs", "root", "root_role"),
    [
        (Role.SECC, "seccLeaf", "cpo", "v2gRoot", Role.V2G_ROOT),
        (Role.CPS, "cpsLeaf", "cps", "v2gRoot", Role.V2G_ROOT),
        (Role.CONTRACT, "contractLeaf", "mo", "moRoot", Role.MO_ROOT),
        (Role.PROVISIONING, "oemLeaf", "oem", "oemRoot", Role.OEM_ROOT),
    ],
)
def test_we_verify_and_import_theirs(role, leaf, subs, root, root_role, theirs, tmp_path, monkeypatch, capsys):
    certs = theirs / "certs"
    files = [certs / f"{leaf}Cert.pem", certs / f"{subs}SubCA1Cert.pem", certs / f"{subs}SubCA2Cert.pem"]
    text = b"".join(path.read_bytes() for path in files)
    chain = chains_of(read_bundle(text))[0].certificates
    root_file = certs / f"{root}CACert.pem"
    store_root = read_bundle(root_file.read_bytes()).certificates[0]
    from protocols.pki import TrustStore

    store = TrustStore({root_role: [store_root]})
    at = datetime.now(UTC) + timedelta(minutes=1)
    assert verify_chain(chain, role, at, store, Policy.V2).root == store_root
    with pytest.raises(CertificateProblem, match="interop profile takes it"):
        verify_chain(chain, role, at, store, Policy.V20)

    monkeypatch.setenv(OVERRIDE, str(tmp_path))
    password = tmp_path / "password"
    password.write_text("12345\n")
    assert cli.main(["pki", "import", str(root_file)]) == 0
    words = ["pki", "import", *map(str, files), str(theirs / "private_keys" / f"{leaf}.key")]
    assert cli.main([*words, "--passphrase-file", str(password)]) == 0
    assert cli.main(["pki", "check", "--json"]) == 0, capsys.readouterr().out


# OpenSSL's own opinion


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_openssl_verifies_every_chain(algorithm, tmp_path):
    families = (home_set(algorithm, NOW), car_set(algorithm, NOW), public_set(algorithm, NOW))
    purposes = {Role.SECC: "sslserver", Role.VEHICLE: "sslclient"}
    for family in families:
        roots = tmp_path / "roots.pem"
        roots.write_text(to_pem(family.roots))
        for role, one in family.members.items():
            if role.is_leaf:
                leaf, subs = tmp_path / "leaf.pem", tmp_path / "subs.pem"
                leaf.write_text(to_pem([one.certificate]))
                subs.write_text(to_pem(one.above))
                words = ["-x509_strict", "-CAfile", roots, *(("-untrusted", subs) if one.above else ())]
                words += ["-purpose", purposes[role]] if role in purposes else []
                status, said = openssl("verify", *words, leaf)
                assert status == 0, f"{role}: {said}"


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("word", ["good", "revoked", "unknown"])
def test_openssl_reads_our_ocsp_answers(algorithm, word, tmp_path):
    home = home_set(algorithm, NOW)
    root, secc = home[Role.PRIVATE_ROOT], home[Role.SECC].certificate
    known = {} if word == "unknown" else {secc.serial_number: secc}
    revoked = {secc.serial_number: NOW.replace(microsecond=0)} if word == "revoked" else {}
    answer, ca, leaf = tmp_path / "answer.der", tmp_path / "ca.pem", tmp_path / "leaf.pem"
    answer.write_bytes(Responder(root.certificate, root, known, revoked).staple(secc, NOW))
    ca.write_text(to_pem([root.certificate]))
    leaf.write_text(to_pem([secc]))
    _, said = openssl("ocsp", "-respin", answer, "-CAfile", ca, "-issuer", ca, "-cert", leaf)
    assert "Response verify OK" in said
    assert f"leaf.pem: {word}" in said


@pytest.mark.parametrize("algorithm", [Algorithm.P256, Algorithm.P521])
@pytest.mark.parametrize("word", ["good", "revoked"])
def test_we_read_openssls_ocsp_answers(algorithm, word, tmp_path):
    from protocols.pki.bundle import key_to_pem

    home = home_set(algorithm, NOW)
    root, secc = home[Role.PRIVATE_ROOT], home[Role.SECC].certificate
    ca, key, index, request, answer = (tmp_path / name for name in ("ca.pem", "ca.key", "index.txt", "q.der", "a.der"))
    ca.write_text(to_pem([root.certificate]))
    key.write_text(key_to_pem(root.key, None))
    request.write_bytes(make_request(secc, root.certificate))
    flag, since = ("V", "") if word == "good" else ("R", f"{NOW:%y%m%d%H%M%S}Z")
    index.write_text(f"{flag}\t{secc.not_valid_after_utc:%y%m%d%H%M%S}Z\t{since}\t{_hex(secc)}\tunknown\t/CN=x\n")
    status, said = openssl(
        *("ocsp", "-index", index, "-CA", ca, "-rsigner", ca, "-rkey", key, "-reqin", request, "-respout", answer),
        *("-ndays", "1"),
    )
    assert status == 0, said
    later = datetime.now(UTC)
    if word == "good":
        assert check_response(answer.read_bytes(), secc, root.certificate, later)
    else:
        with pytest.raises(CertificateProblem, match="was revoked"):
            check_response(answer.read_bytes(), secc, root.certificate, later)


def _hex(certificate):
    text = f"{certificate.serial_number:X}"
    return text if len(text) % 2 == 0 else f"0{text}"


def test_openssl_opens_our_encrypted_keys(tmp_path, foreign_pki, world):
    foreign_pki.write_foreign_pki(tmp_path, world)
    path = tmp_path / "iso15118_2" / "private_keys" / "contractLeaf.key"
    status, said = openssl("pkey", "-in", path, "-passin", "pass:12345", "-noout", "-text")
    assert status == 0, said
    assert openssl("pkey", "-in", path, "-passin", "pass:wrong", "-noout")[0] != 0
    assert isinstance(world[Role.CONTRACT].key, ec.EllipticCurvePrivateKey)
