"""Is this home fit? Its file, its secrets, its charger's interface, and whether its devices answer."""

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from app.commands.doctor_findings import Finding, fail, ok, port_finding, warn
from app.commands.doctor_machine import addresses, has_raw_sockets
from app.config.assets import SwitchSection, switched
from app.config.home import ChargerSection, HomeConfig, PowerStageSection
from app.config.load import load_home
from app.config.parts import ModbusPlace
from app.config.paths import secrets_file
from app.config.problems import HomeFileError
from app.config.secrets import SecretsError, read_secrets
from app.engine.tariff import providers
from protocols.modbus.checks import Fault
from protocols.modbus.device import ModbusDevice
from protocols.modbus.link import LinkError, ModbusLink, RefusedError
from protocols.modbus.profile import SIMULATED, load_profile
from protocols.modbus.quantities import Role
from protocols.modbus.sunspec import SunSpecError

ANSWER_S = 5.0


def home_file(path: Path) -> tuple[HomeConfig | None, list[Finding]]:
    """The home, where its file can be used, and what is to be said of it."""
    try:
        home = load_home(path)
    except HomeFileError as error:
        rows = [
            fail("home file", f"{path}:{problem.line}: {problem.what}", problem.remedy) for problem in error.problems
        ]
        return None, rows
    return home, [ok("home file", f"{path} is well")]


def secrets(home: HomeConfig, home_path: Path) -> Iterator[Finding]:
    """The secrets that the home names are there, and nobody else reads them."""
    path = secrets_file(home_path)
    sections = (home.utility, home.backend, *providers(home).values())
    named = [section.secret for section in sections if section is not None and section.secret]
    try:
        known = read_secrets(path)
    except SecretsError as error:
        what, _, remedy = str(error).rpartition(": ")
        yield fail("secrets", what, remedy)
        return
    missing = [name for name in named if name not in known]
    for name in missing:
        yield fail("secrets", f'"{name}" is not in {path}', f'add {name} = "…" to it')
    if not missing:
        yield ok("secrets", f"{path}: owner only" if path.exists() else "none needed")


def charger(section: ChargerSection) -> Iterator[Finding]:
    """The interface to the car, and what SLAC asks of the system."""
    name = section.interface
    if name not in {interface for _, interface in socket.if_nameindex()}:
        yield fail(
            "charger", f"there is no interface {name}", "set charger.interface to the power-line modem's (ip link)"
        )
        return
    if name == "lo":
        yield ok("charger", "on loopback: for the demo home's car")
    else:
        if addresses().get(name):
            yield ok("charger", f"{name} is link-local")
        else:
            yield fail(
                "charger", f"{name} has no IPv6 link-local address", f"ip link set {name} up; check that it has IPv6"
            )
        if has_raw_sockets():
            yield ok("charger", "raw sockets for the power-line modem are allowed")
        else:
            remedy = "run the engine with CAP_NET_RAW (systemd: AmbientCapabilities=CAP_NET_RAW)"
            yield warn("charger", "raw sockets are not allowed: no SLAC", remedy)
    yield port_finding("::", section.sdp_port, socket.SOCK_DGRAM, "charger", f"SDP port {section.sdp_port} is free")


def devices(home: HomeConfig) -> Iterator[Finding]:
    """Every device of the home answers, all asked at once."""
    wanted: list[tuple[str, ModbusPlace, Role]] = [(row.name, row, Role.METER) for row in home.meter]
    wanted += [(row.name, row, Role.INVERTER) for row in home.inverter]
    wanted += [(row.name, row, Role.STORAGE) for row in home.battery]
    asked = [_instrument(*row) for row in wanted]
    asked += [_switch(*row) for row in switched(home.load, home.tank)]
    if home.charger is not None and home.charger.power_stage.profile != SIMULATED:
        asked.append(_stage(f"{home.charger.name} power stage", home.charger.power_stage))

    async def ask() -> list[Finding]:
        return list(await asyncio.gather(*asked))

    yield from asyncio.run(ask())


_TELLS = {Role.METER: "grid_w", Role.INVERTER: "solar_w", Role.STORAGE: "soc"}
"""What a device of each role must tell."""


async def _instrument(name: str, section: ModbusPlace, role: Role) -> Finding:
    link = ModbusLink(section.host, section.port)
    try:
        async with asyncio.timeout(ANSWER_S):
            device = await ModbusDevice.open(link, section.profile, section.unit, clock=time.time)
            if role not in device.roles:
                return fail(name, f"{device} is no {role}", "check unit number and profile in the home file")
            sample = await device.poll()
    except (LinkError, RefusedError, SunSpecError, TimeoutError) as error:
        return _silent(name, link, error)
    finally:
        await link.close()
    quantity = _TELLS[role]
    return _judged(name, str(device), sample.values.get(quantity), quantity, sample.faults)


async def _switch(name: str, section: SwitchSection) -> Finding:
    link = ModbusLink(section.host, section.port)
    device = ModbusDevice.from_profile(link, load_profile(section.profile), section.unit, clock=time.time)
    try:
        async with asyncio.timeout(ANSWER_S):
            sample = await device.poll()
    except (LinkError, RefusedError, TimeoutError) as error:
        return _silent(name, link, error)
    finally:
        await link.close()
    return _judged(name, str(device), sample.values.get("switch"), "switch", sample.faults)


async def _stage(name: str, section: PowerStageSection) -> Finding:
    link = ModbusLink(section.host, section.port)
    device = ModbusDevice.from_profile(link, load_profile(section.profile), section.unit, clock=time.time)
    try:
        async with asyncio.timeout(ANSWER_S):
            sample = await device.poll()
    except (LinkError, RefusedError, TimeoutError) as error:
        return _silent(name, link, error)
    finally:
        await link.close()
    if reported := sample.power_stage().fault:
        return fail(name, f"{device} reports fault {reported}", "see the maker's manual")
    return _judged(name, str(device), sample.values.get("ev_w"), "ev_w", sample.faults)


def _silent(name: str, link: ModbusLink, error: Exception) -> Finding:
    what, _, remedy = str(error).partition(": ")
    return fail(name, what or f"{link} does not answer", remedy or "check cable, address, port and unit number")


def _judged(name: str, device: str, watt: float | None, quantity: str, faults: tuple[Fault, ...]) -> Finding:
    if watt is None:
        return fail(name, f"{device} gives no {quantity}", "check its wiring and settings")
    text = f"{device} answers, {quantity} " + (f"{watt:.0f} W" if quantity.endswith("_w") else f"{watt:.2g}")
    if faults:
        return warn(name, f"{text}; {'; '.join(map(str, faults))}", "compare with the device's own display")
    return ok(name, text)
