"""From a home file to a charger: which stage, which modem, what security, and what it remembers."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.clock import WallClock
from app.config.home import HomeConfig
from app.config.secrets import Secrets
from app.demo.actors import free_udp_port
from app.drivers.charger import Iso15118Charger
from app.drivers.charger_sleep import Sleep
from app.drivers.power_stage import ModbusStage
from app.drivers.simulated_stage import SimulatedStage
from app.drivers.slac import SlacMatching
from app.engine.board import HouseBoard
from app.engine.drivers import PAUSED_SETTING, Workshop, make_drivers
from app.engine.fixed import fixed
from app.engine.health import HealthBook
from app.pki import CertificateFolder, PkiError
from energy.model import Connection
from protocols import iso15118 as iso
from protocols.iso15118.paused import PausedSession
from protocols.pki import Algorithm, Role, new_root


def charger(folder: Path, settings: dict[str, Any] | None = None, **section: Any) -> Iso15118Charger:
    config = HomeConfig.model_validate({"connection": {"fuse_a": 25.0, "voltage_v": 240.0}, "charger": section})
    shop = Workshop(
        config=config,
        fixed=fixed(config),
        clock=WallClock(),
        secrets=Secrets({}, folder / "secrets.toml"),
        state_dir=folder,
        home_file=folder / "home.toml",
        settings=settings or {},
    )
    driver, *others = make_drivers(shop)
    assert isinstance(driver, Iso15118Charger)
    assert [other.name for other in others] == (["certificates"] if section.get("tls", True) else [])
    return driver


def test_a_plain_home(tmp_path: Path) -> None:
    driver = charger(tmp_path)
    assert isinstance(driver.stage, ModbusStage)
    assert driver.matching is None
    assert not driver.evse.offer.lab_v20_without_tls
    assert set(driver.evse.offer.protocols) == set(iso.ProtocolName)
    assert driver.cable.outlet.config.basic
    assert driver.cable.circuit.voltage_v == 240.0


def test_only_what_the_home_says(tmp_path: Path) -> None:
    driver = charger(tmp_path, protocols=["iso15118-2", "din70121"], services=["dc"], ventilated=True)
    assert driver.evse.offer.protocols == (iso.ProtocolName.V2, iso.ProtocolName.DIN)
    assert driver.evse.offer.services == (iso.Service.DC,)
    config = driver.cable.outlet.config
    assert (config.digital, config.basic, config.ventilation) == (True, False, True)
    basic = charger(tmp_path, protocols=["basic"], services=["ac"]).cable.outlet.config
    assert (basic.digital, basic.basic) == (False, True)


def test_a_dc_outlet_tells_what_it_can(tmp_path: Path) -> None:
    limits = charger(tmp_path, dc_max_a=32, dc_min_v=150, dc_max_v=500, charge_max_w=9_000).evse.limits
    assert (limits.max_charge_w, limits.max_charge_a, limits.max_discharge_a) == (9_000, 32, 32)
    assert (limits.min_v, limits.max_v) == (150, 500)
    assert charger(tmp_path).evse.limits.max_v is None


def test_a_simulated_stage_and_a_modem(tmp_path: Path) -> None:
    driver = charger(tmp_path, power_stage={"profile": "simulated"}, slac={"enabled": True}, interface="eth7")
    assert isinstance(driver.stage, SimulatedStage)
    assert isinstance(driver.matching, SlacMatching)
    assert driver.matching.on_news is not None


def test_a_home_without_certificates_is_given_its_own_and_keeps_them(tmp_path: Path) -> None:
    first = charger(tmp_path)._make_security()
    assert [offer.profile.name for offer in first.offers] == ["ISO 15118-20", "ISO 15118-2"]
    shown = [offer.credential.chain[0] for offer in first.offers]
    again = charger(tmp_path)._make_security()
    assert [offer.credential.chain[0] for offer in again.offers] == shown


def test_somebody_elses_certificates_without_a_chargers_are_one_sentence_when_it_starts(tmp_path: Path) -> None:
    folder = CertificateFolder(tmp_path / "pki", tmp_path / "secrets.toml")
    root = new_root(Role.V2G_ROOT, "Their root", Algorithm.P521, datetime.now(UTC))
    folder.add(Role.V2G_ROOT, [root.certificate])
    with pytest.raises(PkiError) as raised:
        charger(tmp_path)._make_security()
    assert "\n" not in str(raised.value)
    assert "twoway pki" in str(raised.value)


def asleep() -> dict[str, Any]:
    session = PausedSession(bytes(range(8)), "EVCC1", protocol=iso.ProtocolName.V20_DC, service=iso.Service.DC_BPT)
    return Sleep(
        session=session,
        protocol="ISO 15118-20 DC_BPT, dynamic",
        since_s=1_700_000_000.0,
        charged_wh=4_000.0,
        discharged_wh=100.0,
        soc=0.7,
        capacity_wh=52_000.0,
        can_discharge=True,
    ).to_plain()


def test_a_car_that_slept_when_the_engine_stopped_is_known_again(tmp_path: Path) -> None:
    driver = charger(tmp_path, {PAUSED_SETTING: asleep()})
    assert driver.evse.paused is not None
    assert driver.evse.paused.session_id == bytes(range(8))


@pytest.mark.parametrize("spoilt", [{}, [], "x", 7, {"session": {"session_id": 3}}])
def test_what_was_not_remembered_well_is_forgotten(tmp_path: Path, spoilt: Any) -> None:
    assert charger(tmp_path, {PAUSED_SETTING: spoilt}).evse.paused is None


async def test_a_laboratory_without_hardware_serves_a_car(tmp_path: Path) -> None:
    port = free_udp_port()
    driver = charger(tmp_path, power_stage={"profile": "simulated"}, sdp_port=port, lab_v20_without_tls=True)
    clock = WallClock()
    book = HealthBook(clock)
    board = HouseBoard(clock, Connection(phases=3, fuse_a=25.0), book)
    running = asyncio.create_task(driver.run(board))
    timings = iso.Timings().scaled(10)
    plan = iso.CarPlan(iso.Service.DC_BPT, loop_interval_s=0.05, lab_v20_without_tls=True)
    car = iso.SimulatedCar(soc=0.6, max_loops=20)
    client = iso.EvccClient("lo", car, plan, lambda _event: None, timings=timings, sdp_port=port)
    try:
        ended = await asyncio.wait_for(client.run(), 40)
        assert ended.proper, ended.reason
        assert driver.loops >= 20
        line = book.get("charger power stage")
        assert line is not None
        assert "no hardware" in line.shown.text
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
