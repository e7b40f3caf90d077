"""The installer's list of certificates: what is there, what is wrong, and that looking does not hold up the engine."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.engine.certificates import CertificateShelf, certificates
from app.pki import CertificateFolder
from app.pki.making import make_sets
from protocols.pki import Algorithm, Role, new
from protocols.pki.homes import Names

NOW = datetime.now(UTC)


def folder_in(path: Path) -> CertificateFolder:
    return CertificateFolder(path / "pki", path / "secrets.toml")


def test_a_home_without_certificates_has_none_to_show(tmp_path: Path) -> None:
    assert certificates(folder_in(tmp_path)) == []


def test_what_somebody_must_look_after_is_shown_with_what_is_wrong(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    made = make_sets(folder, [Algorithm.P521], NOW, Names(secc="DETWOS1", home="Lindenweg"), car=True)
    root = folder.identities(Role.PRIVATE_ROOT)[0]
    expired = new(Role.SECC, "DETWOS2", root, NOW - timedelta(days=30), lifetime_days=20)
    folder.add(Role.SECC, expired.chain, expired.key)
    found = {one.subject: one for one in certificates(folder)}
    assert found["DETWOS1"].role == "secc"
    assert found["DETWOS1"].usable
    assert found["DETWOS1"].problem == ""
    assert found["DETWOS1"].issuer.startswith("Lindenweg private root")
    assert not found["DETWOS2"].usable
    assert "expired" in found["DETWOS2"].problem
    assert "vehicle" in {entry.role for entry in made}
    assert not {"vehicle", "provisioning", "mo-sub1"} & {one.role for one in found.values()}


async def test_the_first_look_is_made_beside_the_loop(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    make_sets(folder, [Algorithm.P521], NOW, Names())
    shelf = CertificateShelf(folder)
    assert shelf.latest() is None
    async with asyncio.timeout(20):
        while shelf.latest() is None:
            await asyncio.sleep(0.01)
    assert {one.role for one in shelf.latest() or []} == {"private-root", "secc"}
