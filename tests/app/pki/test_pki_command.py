"""``twoway pki`` as an installer meets it."""

import json
import stat
from datetime import UTC, datetime, timedelta

import pytest

from app import cli
from app.pki import home_folder
from app.pki.passphrase import SECRET
from protocols.pki import Algorithm, Role, car_set, home_set, new, new_root, public_set
from protocols.pki.bundle import key_to_pem, read_bundle, to_pem, to_pkcs12
from protocols.pki.issue import Identity

NOW = datetime.now(UTC)
PASS = "a passphrase"


@pytest.fixture
def passphrase(tmp_path):
    path = tmp_path / "passphrase"
    path.write_text(f"{PASS}\n")
    return path


def write(path, *certificates, key=None, passphrase=None):
    path.write_text(to_pem(certificates) + (key_to_pem(key, passphrase) if key else ""))
    return path


def listed(pki):
    return json.loads(pki("show", "--json").out)


# make


def test_a_home_is_made_for_both_generations(pki):
    ran = pki("make")
    assert ran.status == 0
    assert "A car must be taught the private root" in ran.out
    rows = listed(pki)
    assert sorted((row["role"], row["curve"]) for row in rows) == [
        ("private-root", "secp256r1"),
        ("private-root", "secp521r1"),
        ("secc", "secp256r1"),
        ("secc", "secp521r1"),
    ]
    assert all(row["key"] for row in rows)
    assert pki("check").status == 0


@pytest.mark.parametrize(
    ("profile", "curve"), [("v20", "secp521r1"), ("v2", "secp256r1"), ("interop", "secp256r1"), ("ed448", "Ed448")]
)
def test_one_profile(profile, curve, pki):
    assert pki("make", "--profile", profile).status == 0
    assert {row["curve"] for row in listed(pki)} == {curve}


def test_a_car_and_the_world_outside(pki):
    assert pki("make", "--profile", "v20", "--car", "--public").status == 0
    assert {row["role"] for row in listed(pki)} == set(Role) - {Role.OCSP}
    ran = pki("check", "--json")
    assert ran.status == 0
    assert {row["level"] for row in json.loads(ran.out)} == {"ok"}


def test_names_are_ones_own(pki):
    words = (
        "--secc-id",
        "DE1234",
        "--emaid",
        "de-8aa-c12345678",
        "--pcid",
        "WVW-123456789012345",
        "--name",
        "Elm Road 7",
    )
    assert pki("make", "--profile", "v20", "--car", *words).status == 0
    names = {row["role"]: row["subject"] for row in listed(pki)}
    assert names["secc"] == "DE1234"
    assert names["contract"] == "DE8AAC12345678"
    assert names["provisioning"] == "WVW123456789012345"
    assert names["private-root"] == "Elm Road 7 private root secp521r1"


@pytest.mark.parametrize(
    "words",
    [
        ("make", "--emaid", "x"),
        ("make", "--pcid", "x"),
        ("make", "--secc-id", "x" * 65),
        ("make", "--secc-id", ""),
        ("make", "--name", "x" * 60),
        ("make", "--profile", "v19"),
        ("make", "--renew", "--again"),
        ("check", "--at", "tomorrow"),
        ("shwo",),
        ("export",),
        ("import",),
        (),
    ],
)
def test_wrong_words_are_one_line_and_status_2(words, pki):
    ran = pki(*words)
    assert ran.status == 2
    assert "twoway pki" in ran.err


def test_made_twice_is_refused_with_both_ways_out(pki):
    pki("make", "--profile", "v2")
    before = listed(pki)
    ran = pki("make", "--profile", "v2", "--profile", "interop")
    assert ran.status == 1
    assert "--renew" in ran.err
    assert "--again" in ran.err
    assert listed(pki) == before


def test_a_car_may_be_added_to_a_home_that_is_there(pki):
    pki("make", "--profile", "v20")
    home = {row["id"] for row in listed(pki)}
    assert pki("make", "--car").status == 0
    rows = listed(pki)
    assert home < {row["id"] for row in rows}
    assert len([row for row in rows if row["role"] == "private-root"]) == 2
    assert len([row for row in rows if row["role"] == "contract"]) == 2
    assert pki("check").status == 0
    assert pki("make", "--car").status == 1


def test_again_puts_the_old_ones_aside_and_keeps_what_others_issued(pki, tmp_path):
    pki("make", "--profile", "v20")
    foreign = public_set(Algorithm.P521, NOW)
    write(tmp_path / "root.pem", foreign[Role.V2G_ROOT].certificate)
    given = write(tmp_path / "given.pem", *foreign[Role.SECC].chain, key=foreign[Role.SECC].key)
    pki("import", tmp_path / "root.pem")
    pki("import", given)
    old = {row["id"] for row in listed(pki)}
    assert pki("make", "--profile", "v20", "--again").status == 0
    fresh = {row["id"] for row in listed(pki)}
    assert len(old & fresh) == 2
    assert len(list((home_folder().path / "retired").rglob("*.key"))) == 2
    assert pki("check").status == 0


# at rest


def test_keys_are_encrypted_and_only_the_owner_gets_in(pki, own_home):
    pki("make", "--profile", "v20")
    folder = home_folder().path
    keys = list(folder.rglob("*.key"))
    assert len(keys) == 2
    assert all(b"ENCRYPTED PRIVATE KEY" in path.read_bytes() for path in keys)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert modes == {0o600, 0o700}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (own_home / "secrets.toml").read_text().startswith(SECRET)
    assert SECRET.encode() not in b"".join(path.read_bytes() for path in folder.rglob("*.*"))


def test_a_copy_of_the_folder_alone_opens_no_key(pki, own_home):
    pki("make", "--profile", "v20")
    (own_home / "secrets.toml").unlink()
    ran = pki("check")
    assert ran.status == 1
    assert 'no secret is called "pki_passphrase"' in ran.out


def test_a_wrong_passphrase_is_told(pki, own_home):
    pki("make", "--profile", "v20")
    (own_home / "secrets.toml").write_text(f'{SECRET} = "another"\n')
    ran = pki("check")
    assert ran.status == 1
    assert "the passphrase does not open it" in ran.out


def test_loose_permissions_are_told(pki):
    pki("make", "--profile", "v20")
    path = next(home_folder().path.rglob("*.key"))
    path.chmod(0o644)
    assert f"{path} can be read by others" in pki("check").out


# import


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_contract_with_its_key_and_then_its_root(algorithm, pki, tmp_path, passphrase):
    car = car_set(algorithm, NOW)
    contract = car[Role.CONTRACT]
    (tmp_path / "contract.p12").write_bytes(to_pkcs12(contract, PASS))
    ran = pki("import", tmp_path / "contract.p12", "--passphrase-file", passphrase)
    assert ran.status == 0, ran.err
    assert "contract" in ran.out
    assert "note: 'MO root" in ran.out
    assert pki("check").status == 1
    assert pki("import", write(tmp_path / "root.pem", car[Role.MO_ROOT].certificate)).status == 0
    assert pki("check").status == 0
    opened = home_folder().identities(Role.CONTRACT)[0]
    assert opened.chain == contract.chain


def test_a_root_in_a_chains_file_is_not_trusted_by_that(pki, tmp_path):
    car = car_set(Algorithm.P521, NOW)
    path = write(tmp_path / "all.pem", *car[Role.CONTRACT].chain, car[Role.MO_ROOT].certificate)
    assert "is not trusted by that" in pki("import", path).out
    assert {row["role"] for row in listed(pki)} == {"contract"}
    assert pki("import", path, "--role", "mo-root").status == 0
    assert {row["role"] for row in listed(pki)} == {"contract", "mo-root"}


def test_a_key_may_come_later(pki, tmp_path):
    contract = car_set(Algorithm.P521, NOW)[Role.CONTRACT]
    assert "private key is not here" in pki("import", write(tmp_path / "c.pem", *contract.chain)).out
    assert pki("import", write(tmp_path / "k.pem", key=contract.key)).status == 0
    assert home_folder().identities(Role.CONTRACT)[0].chain == contract.chain


def test_sub_cas_may_come_in_files_of_their_own(pki, tmp_path):
    car = car_set(Algorithm.P521, NOW)
    leaf, *subs = car[Role.CONTRACT].chain
    files = [write(tmp_path / f"{number}.pem", one) for number, one in enumerate((*subs, leaf))]
    for path in (files[2], files[1], files[0], write(tmp_path / "root.pem", car[Role.MO_ROOT].certificate)):
        assert pki("import", path).status == 0
    assert pki("check").status == 0, pki("check").out
    contract = next(entry for entry in home_folder().entries(Role.CONTRACT))
    assert contract.certificates == (leaf, *subs)


@pytest.mark.parametrize(
    ("emaid", "said"),
    [("DE83DUIEN83QGZX", "the check digit of its EMAID"), ("somebody", "is no EMAID"), ("DE83DUIEN83QGZD", None)],
)
def test_an_odd_emaid_is_kept_with_a_note(emaid, said, pki, tmp_path):
    sub = car_set(Algorithm.P521, NOW)[Role.MO_SUB2]
    contract = new(Role.CONTRACT, emaid, sub, NOW)
    ran = pki("import", write(tmp_path / "c.pem", *contract.chain, key=contract.key))
    assert ran.status == 0
    assert ("EMAID" in ran.out) == (said is not None)
    assert said is None or said in ran.out


def test_importing_twice_changes_nothing(pki, tmp_path):
    contract = car_set(Algorithm.P521, NOW)[Role.CONTRACT]
    pki("import", write(tmp_path / "c.pem", *contract.chain, key=contract.key))
    before = listed(pki)
    pki("import", write(tmp_path / "leaf.pem", contract.certificate))
    assert listed(pki) == before
    assert home_folder().identities(Role.CONTRACT)[0].chain == contract.chain


def test_the_role_is_asked_for_where_it_does_not_show(pki, tmp_path, forge_plain):
    path = write(tmp_path / "plain.pem", forge_plain)
    ran = pki("import", path)
    assert ran.status == 1
    assert "does not tell what it is for: name it with --role" in ran.err
    assert "v2g-root" in ran.err
    assert pki("import", path, "--role", "v2g-root").status == 0


@pytest.fixture
def forge_plain():
    """A root without a domain component."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509 import NameOID

    key = ec.generate_private_key(ec.SECP521R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Plain root")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1000))
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .sign(key, hashes.SHA512())
    )


def test_a_role_that_it_is_not(pki, tmp_path):
    car = car_set(Algorithm.P521, NOW)
    path = write(tmp_path / "c.pem", *car[Role.CONTRACT].chain)
    for role, said in (
        ("secc", "is a contract certificate, not a charger's certificate"),
        ("mo-root", "there is no root"),
    ):
        ran = pki("import", path, "--role", role)
        assert ran.status == 1
        assert said in ran.err
    assert listed(pki) == []


def expired(by, role, name):
    return new(role, name, by, NOW - timedelta(days=100), lifetime_days=90)


def test_what_cannot_be_used_is_refused_and_nothing_is_kept(pki, tmp_path):
    root = new_root(Role.PRIVATE_ROOT, "r", Algorithm.P521, NOW - timedelta(days=200))
    old = expired(root, Role.SECC, "old")
    other = new(Role.SECC, "other", root, NOW)
    impostor = new_root(Role.PRIVATE_ROOT, "r", Algorithm.P521, NOW - timedelta(days=200))
    pki("import", write(tmp_path / "root.pem", root.certificate))
    forged = new(Role.SECC, "forged", impostor, NOW)
    cases = {
        "expired on": write(tmp_path / "1.pem", old.certificate, key=old.key),
        "belongs to no certificate": write(tmp_path / "2.pem", other.certificate, key=old.key),
        "is not signed by 'r'": write(tmp_path / "3.pem", forged.certificate, key=forged.key),
    }
    for said, path in cases.items():
        ran = pki("import", path)
        assert ran.status == 1
        assert said in ran.err
    assert [row["role"] for row in listed(pki)] == ["private-root"]


def test_not_yet_valid_is_kept_with_a_note(pki, tmp_path):
    root = new_root(Role.PRIVATE_ROOT, "r", Algorithm.P521, NOW)
    soon = new(Role.SECC, "soon", root, NOW + timedelta(days=2))
    pki("import", write(tmp_path / "root.pem", root.certificate))
    assert "is the clock right?" in pki("import", write(tmp_path / "s.pem", soon.certificate, key=soon.key)).out
    assert "not yet valid" in {row["warning"] for row in listed(pki)}


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x30\x82" * 50, b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"]
)
def test_no_certificate_file(content, pki, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(content)
    ran = pki("import", path)
    assert ran.status == 1
    assert "no certificates can be read" in ran.err


def test_files_that_are_none(pki, tmp_path):
    assert "there is no" in pki("import", tmp_path / "nothing").err
    assert "is no file" in pki("import", tmp_path).err
    assert "give its passphrase" in pki("import", locked(tmp_path)).err
    assert pki("import", locked(tmp_path), "--passphrase-file", tmp_path / "nothing").status == 1


def locked(tmp_path):
    contract = car_set(Algorithm.P521, NOW)[Role.CONTRACT]
    return write(tmp_path / "locked.pem", *contract.chain, key=contract.key, passphrase=PASS)


# show and check


def test_a_folder_that_is_none(pki, tmp_path):
    (tmp_path / "file").write_text("x")
    for action in ("show", "check", "make"):
        for place, said in ((tmp_path / "file", "is no folder"), (tmp_path / ("x" * 300), "cannot be looked into")):
            ran = pki(action, "--into", place)
            assert ran.status == 1
            assert said in ran.err


def test_an_empty_folder(pki):
    assert "There are no certificates" in pki("show").out
    ran = pki("check")
    assert ran.status == 1
    assert "'twoway pki make'" in ran.out


def test_check_tells_each_problem_in_one_sentence(pki, tmp_path):
    pki("make", "--profile", "v20", "--car")
    folder = home_folder().path
    next((folder / "contract").glob("*.pem")).write_text("rubbish")
    key = next((folder / "secc").glob("*.key"))
    key.write_text(next((folder / "vehicle").glob("*.key")).read_text())
    ran = pki("check")
    failed = [line for line in ran.out.splitlines() if line.startswith("fail")]
    assert ran.status == 1
    assert len(failed) == 2
    assert "is not the key of the certificate beside it" in failed[0]
    assert "no certificates can be read" in failed[1]


def test_check_looks_ahead(pki):
    pki("make", "--profile", "v20")
    then = f"{NOW + timedelta(days=725):%Y-%m-%d}"
    ran = pki("check", "--at", then)
    assert ran.status == 0
    assert "warn  secc" in ran.out
    assert "--renew" in ran.out
    assert pki("check", "--at", f"{NOW + timedelta(days=800):%Y-%m-%d}").status == 1
    past = pki("check", "--at", "2000-01-01")
    assert past.status == 1
    assert "clock: shows 2000-01-01, before every certificate here begins" in past.out


def test_show_is_a_table(pki):
    pki("make", "--profile", "v20")
    head, *rows = pki("show").out.splitlines()
    assert head.split()[:5] == ["id", "role", "subject", "issuer", "curve"]
    assert len(rows) == 2


def test_without_a_chargers_certificate_there_is_a_warning(pki, tmp_path):
    pki("import", write(tmp_path / "r.pem", car_set(Algorithm.P521, NOW)[Role.MO_ROOT].certificate))
    ran = pki("check")
    assert ran.status == 0
    assert "no charger's certificate with a key" in ran.out


def test_the_doctor_looks_too(pki, capsys):
    pki("make", "--profile", "v20")
    cli.main(["doctor", "--json"])
    rows = [row for row in json.loads(capsys.readouterr().out) if row["check"] == "certificates"]
    assert [row["level"] for row in rows] == ["ok"]
    assert "all 2 hold" in rows[0]["text"]


# renew and revoke


def aged(folder, days):
    """The home's certificates as they will be after ``days``: made that long ago."""
    made = home_set(Algorithm.P521, NOW - timedelta(days=days))
    for role, one in made.members.items():
        folder.add(role, one.chain, one.key)
    return made


def test_renew_gives_the_charger_a_new_certificate_below_the_same_root(pki):
    folder = home_folder()
    made = aged(folder, 720)
    assert pki("make", "--renew").status == 0
    rows = {row["role"]: row for row in listed(pki)}
    assert rows["secc"]["days_left"] > 700
    assert folder.trust_store().of(Role.PRIVATE_ROOT) == (made[Role.PRIVATE_ROOT].certificate,)
    assert pki("check").status == 0
    assert "Nothing" in pki("make", "--renew").out


def test_renew_goes_from_the_top_down_and_keeps_sub_cas_keys(pki):
    folder = home_folder()
    made = public_set(Algorithm.P521, NOW - timedelta(days=700))
    for role, one in made.members.items():
        folder.add(role, one.chain, one.key)
    assert pki("check").status == 1
    assert pki("make", "--renew").status == 0
    assert pki("check").status == 0, pki("check").out
    sub = folder.identities(Role.CPO_SUB2)[0]
    assert sub.key.public_key() == made[Role.CPO_SUB2].key.public_key()
    assert sub.certificate != made[Role.CPO_SUB2].certificate
    assert folder.identities(Role.SECC)[0].above[0] == sub.certificate
    assert folder.identities(Role.SECC)[0].key.public_key() != made[Role.SECC].key.public_key()


def test_revoked_is_said_by_check_and_in_the_staple(pki):
    pki("make", "--profile", "v20")
    secc = next(row for row in listed(pki) if row["role"] == "secc")
    assert pki("revoke", secc["id"][:8]).status == 0
    ran = pki("check")
    assert ran.status == 1
    assert "was revoked on" in ran.out
    assert pki("make", "--renew").status == 0
    assert pki("check").status == 0
    assert secc["id"] not in {row["id"] for row in listed(pki)}


def test_a_root_is_not_revoked_but_replaced(pki):
    pki("make", "--profile", "v2")
    root = next(row for row in listed(pki) if row["role"] == "private-root")
    ran = pki("revoke", root["id"])
    assert ran.status == 1
    assert "is a root, which no answer can revoke" in ran.err
    assert "--again" in ran.err


def test_too_little_of_an_id_revokes_nothing(pki):
    pki("make", "--profile", "v2")
    secc = next(row for row in listed(pki) if row["role"] == "secc")
    other = next(row for row in listed(pki) if row["role"] != "secc")
    short = next(secc["id"][:length] for length in range(1, 17) if not other["id"].startswith(secc["id"][:length]))
    if len(short) < 4:
        ran = pki("revoke", short)
        assert ran.status == 2
        assert "too short for an id" in ran.err
    assert "2 certificates have ids that begin" in pki("revoke", "").err
    assert pki("check").status == 0


def test_a_passphrase_file_that_is_none_is_one_sentence(pki, tmp_path):
    pki("make", "--profile", "v2")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for path, sentence in ((tmp_path / "bytes", "holds no text"), (tmp_path, "cannot be read: Is a directory")):
        ran = pki("export", "--role", "private-root", "--with-keys", "--passphrase-file", path)
        assert ran.status == 1
        assert f"{path} {sentence}" in ran.err


def test_only_ones_own_can_be_revoked(pki, tmp_path):
    contract = car_set(Algorithm.P521, NOW)[Role.CONTRACT]
    pki("import", write(tmp_path / "c.pem", *contract.chain, key=contract.key))
    ran = pki("revoke", listed(pki)[0]["id"])
    assert ran.status == 1
    assert "can revoke it" in ran.err
    assert "there is no certificate with the id 'zz'" in pki("revoke", "zz").err


# export


def test_export_gives_no_keys_unless_asked(pki, passphrase, tmp_path):
    pki("make", "--profile", "v20")
    ran = pki("export", "--role", "secc", "--output", tmp_path / "out.pem")
    assert ran.status == 0
    assert read_bundle((tmp_path / "out.pem").read_bytes()).keys == ()
    assert "only encrypted" in pki("export", "--role", "secc", "--with-keys").err
    words = ("export", "--role", "secc", "--with-keys", "--passphrase-file", passphrase)
    assert pki(*words, "--output", tmp_path / "keys.pem").status == 0
    assert stat.S_IMODE((tmp_path / "keys.pem").stat().st_mode) == 0o600
    assert len(read_bundle((tmp_path / "keys.pem").read_bytes(), PASS).keys) == 1


def test_export_never_overwrites(pki, tmp_path):
    pki("make", "--profile", "v20")
    (tmp_path / "there").write_text("precious")
    ran = pki("export", "--role", "private-root", "--output", tmp_path / "there")
    assert ran.status == 1
    assert (tmp_path / "there").read_text() == "precious"


def test_a_home_moves_by_pkcs12(pki, passphrase, tmp_path, monkeypatch):
    pki("make", "--profile", "v20")
    secc = next(row for row in listed(pki) if row["role"] == "secc")
    words = ("export", "--id", secc["id"], "--p12", "--passphrase-file", passphrase, "--output", tmp_path / "secc.p12")
    assert pki(*words).status == 0
    assert (
        pki("import", tmp_path / "secc.p12", "--passphrase-file", passphrase, "--into", tmp_path / "other").status == 0
    )
    assert home_folder(tmp_path / "other").identities(Role.SECC)[0].certificate == _known(secc["id"])


def _known(name) -> Identity:
    entry = next(entry for entry in home_folder().entries() if entry.path.stem == name)
    return entry.certificate


def test_nothing_to_export(pki):
    assert "there is no cps certificate" in pki("export", "--role", "cps").err


def test_a_clock_that_lost_its_time_makes_nothing(pki, monkeypatch):
    import app.commands.pki as command

    class Lost(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(1970, 1, 2, tzinfo=tz)

    monkeypatch.setattr(command, "datetime", Lost)
    ran = pki("make")
    assert ran.status == 1
    assert "the clock shows 1970-01-02 00:00" in ran.err
    assert listed(pki) == []


def test_a_request_is_told_from_a_certificate(pki, tmp_path):
    path = tmp_path / "x.csr"
    path.write_text("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n")
    assert "it is a request" in pki("import", path).err
