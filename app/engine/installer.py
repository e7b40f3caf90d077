"""The installer's page: each device of the home file with what it answers now, the links, and the limits."""

from typing import TypeGuard

from app.api import schema as s
from app.config.assets import BatterySection, SwitchSection, switched
from app.config.home import ChargerSection, ModbusSection
from app.config.weather import NAME as WEATHER_NAME
from app.engine import views
from app.engine.engine import Engine
from app.ports import CarSession, FaultReset
from energy.model import Readings


def installer_page(engine: Engine, toml: str, certificates: list[s.CertificateOut] | None) -> s.InstallerOut:
    """The home as a checklist; ``toml`` is the home file's text."""
    config = engine.config
    devices = [_instrument(engine, section, "meter") for section in config.meter]
    devices += [_instrument(engine, section, "inverter") for section in config.inverter]
    devices += [_battery(engine, battery) for battery in config.battery]
    devices += [_switch(engine, *row) for row in switched(config.load, config.tank)]
    if config.charger is not None:
        devices += [_charger(engine, config.charger), _stage(engine, config.charger)]
    links = [link.name for link in (config.utility, config.backend) if link is not None]
    links += [WEATHER_NAME] if config.weather is not None else []
    fixed, latest = engine.fixed, engine.dispatcher.latest
    return s.InstallerOut(
        devices=devices,
        links=[_health(engine, name) for name in links],
        certificates=certificates,
        unprotected_by_switch=config.charger is not None and config.charger.lab_v20_without_tls,
        limits={
            "fuse_a": fixed.connection.fuse_a,
            "import_max_w": fixed.connection.import_max_w,
            "export_max_w": fixed.connection.export_max_w,
            "failsafe_import_w": config.connection.failsafe_import_w,
            "charge_max_w": fixed.charger.charge_max_w,
            "discharge_max_w": fixed.charger.discharge_max_w,
            "import_limit_now_w": latest.limits.import_w.value if latest is not None else None,
            "export_limit_now_w": latest.limits.export_w.value if latest is not None else None,
        },
        home_file=str(engine.home_file),
        home_toml=toml,
    )


def _health(engine: Engine, name: str) -> s.HealthOut:
    line = engine.book.get(name)
    return views.health(line) if line is not None else s.HealthOut(name=name, level="starting")


def _instrument(engine: Engine, section: ModbusSection, role: str) -> s.DeviceOut:
    return s.DeviceOut(
        name=section.name,
        role="meter" if role == "meter" else "inverter",
        address=f"{section.host}:{section.port} unit {section.unit}",
        profile=section.profile,
        health=_health(engine, section.name),
        readings=_readings(engine.board.readings_of(section.name)),
    )


def _battery(engine: Engine, section: BatterySection) -> s.DeviceOut:
    state = engine.board.battery(section.name)
    readings: dict[str, float | str | None] = {}
    if state is not None:
        readings = {"soc": state.soc, "battery_w": state.power_w, "at": views.when(state.at_s).isoformat()}
    command = engine.dispatcher.latest.command.battery_w if engine.dispatcher.latest is not None else {}
    if section.name in command:
        readings["set_point_w"] = command[section.name]
    return s.DeviceOut(
        name=section.name,
        role="battery",
        address=f"{section.host}:{section.port} unit {section.unit}",
        profile=section.profile,
        health=_health(engine, section.name),
        readings=readings,
    )


def _switch(engine: Engine, name: str, section: SwitchSection) -> s.DeviceOut:
    state = engine.board.switches.get(name)
    readings: dict[str, float | str | None] = {}
    if state is not None:
        readings = {"switch": float(state.closed), "switch_w": state.power_w, "tank_c": state.tank_c}
    return s.DeviceOut(
        name=name,
        role="switch",
        address=f"{section.host}:{section.port} unit {section.unit}",
        profile=section.profile,
        health=_health(engine, name),
        readings={key: value for key, value in readings.items() if value is not None},
    )


def _readings(found: Readings | None) -> dict[str, float | str | None]:
    if found is None:
        return {}
    figures: dict[str, float | str | None] = {
        "grid_w": found.grid_w,
        "solar_w": found.solar_w,
        "frequency_hz": found.frequency_hz,
        "at": views.when(found.at_s).isoformat(),
    }
    figures |= {f"phase_{number}_w": watt for number, watt in enumerate(found.phase_w, start=1)}
    return {name: value for name, value in figures.items() if value is not None}


def _charger(engine: Engine, section: ChargerSection) -> s.DeviceOut:
    session = engine.dispatcher.session()
    return s.DeviceOut(
        name=section.name,
        role="charger",
        address=f"{section.interface}, SDP port {section.sdp_port}",
        profile=", ".join(section.protocols),
        health=_health(engine, section.name),
        readings=_car(session),
        resettable=resettable(engine) is not None,
    )


def resettable(engine: Engine) -> FaultReset | None:
    """The charger, if a fault stands in it that can be reset."""
    charger = engine.charger
    return charger if _resets(charger) and charger.resettable else None


def _resets(charger: object) -> TypeGuard[FaultReset]:
    return hasattr(charger, "reset_fault")


def _car(session: CarSession | None) -> dict[str, float | str | None]:
    if session is None:
        return {}
    return {
        "state": session.state,
        "protocol": session.protocol,
        "evcc_id": session.evcc_id,
        "soc": session.ev.soc,
        "ev_w": session.ev.power_w,
    }


def _stage(engine: Engine, section: ChargerSection) -> s.DeviceOut:
    stage, session = section.power_stage, engine.dispatcher.session()
    name = f"{section.name} power stage"
    latest = engine.dispatcher.latest
    return s.DeviceOut(
        name=name,
        role="power_stage",
        address=f"{stage.host}:{stage.port} unit {stage.unit}",
        profile=stage.profile,
        health=_health(engine, name),
        readings={
            "ev_w": session.ev.power_w if session is not None else None,
            "set_point_w": latest.set_point.power_w if latest is not None else None,
        },
    )
