"""The engine's watch over certificates: renews its own, warns of the others, never ends the engine."""

import asyncio
import stat
from datetime import UTC, datetime, timedelta

import pytest

from app.drivers.certificates import CertificateWatch
from app.pki import CertificateFolder
from app.ports import HealthLevel
from protocols.pki import Algorithm, Role, car_set, home_set, public_set

NOW = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path):
    return CertificateFolder(tmp_path / "pki", tmp_path / "secrets.toml")


def put(folder, family, *, keys=True):
    for role, one in family.members.items():
        folder.add(role, one.chain, one.key if keys else None)


class Listener:
    """A board that only hears of health."""

    def __init__(self):
        self.said = asyncio.Queue()

    def publish_health(self, source, health):
        self.said.put_nowait((source, health))


async def first_health(folder, first_s=0.0):
    listener = Listener()
    task = asyncio.create_task(CertificateWatch(folder, first_s=first_s).run(listener))
    try:
        async with asyncio.timeout(30):
            source, health = await listener.said.get()
    finally:
        task.cancel()
    assert source == "certificates"
    return health


async def test_all_is_well(folder):
    put(folder, home_set(Algorithm.P521, NOW))
    health = await first_health(folder)
    assert (health.level, health.text) == (HealthLevel.OK, "all 2 hold")


async def test_no_certificates(folder):
    health = await first_health(folder)
    assert health.level is HealthLevel.FAILED
    assert "'twoway pki make'" in health.text


async def test_a_new_home_is_given_time_for_its_first_ones(folder):
    looking = asyncio.create_task(first_health(folder, first_s=20.0))
    await asyncio.sleep(0.1)
    put(folder, home_set(Algorithm.P521, NOW))
    assert (await looking).level is HealthLevel.OK


async def test_the_homes_own_charger_is_renewed_in_time(folder):
    put(folder, home_set(Algorithm.P521, NOW - timedelta(days=720)))
    old = folder.entries(Role.SECC)[0].certificate
    assert (await first_health(folder)).level is HealthLevel.OK
    assert folder.entries(Role.SECC)[0].certificate != old


async def test_what_somebody_else_issued_is_a_warning_in_time(folder):
    public = public_set(Algorithm.P521, NOW - timedelta(days=80))
    folder.add(Role.SECC, public[Role.SECC].chain, public[Role.SECC].key)
    folder.add(Role.V2G_ROOT, public[Role.V2G_ROOT].chain)
    health = await first_health(folder)
    assert health.level is HealthLevel.WARNING
    assert "ends in 8 days" in health.text
    assert "ask its issuer for a new one" in health.text


async def test_the_worst_is_said_first_and_the_others_counted(folder):
    put(folder, car_set(Algorithm.P521, NOW))
    put(folder, public_set(Algorithm.P521, NOW - timedelta(days=80)), keys=False)
    for entry in folder.entries(Role.CONTRACT):
        entry.path.write_text("rubbish")
    health = await first_health(folder)
    assert health.level is HealthLevel.FAILED
    assert "no certificates can be read" in health.text
    assert "more: twoway pki check)" in health.text


async def test_a_folder_that_cannot_be_written_is_no_end(folder, monkeypatch):
    put(folder, home_set(Algorithm.P521, NOW - timedelta(days=720)))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.pki.folder.write_whole", full)
    health = await first_health(folder)
    assert health.level is HealthLevel.WARNING
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
