"""Does a home file make sense, beyond its schema? Each check is one small function; all run, none stops another."""

import math
import zoneinfo
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app.config.home import HomeConfig
from app.config.locate import KeyPath
from app.config.problems import Flaw, did_you_mean
from app.config.sense_assets import ASSET_CHECKS
from app.config.sense_tariff import TARIFF_CHECKS, names_a_host
from app.config.sense_weather import WEATHER_CHECKS
from energy.frequency import CURVES
from protocols.modbus.profile import SIMULATED, SUNSPEC, ProfileError, load_profile
from protocols.modbus.quantities import Role


def not_finite(data: Any, path: KeyPath = ()) -> Iterator[Flaw]:
    """TOML knows nan and inf; a home does not."""
    if isinstance(data, float) and not math.isfinite(data):
        yield Flaw(path, f"{path[-1]} is {data}", "write a number")
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from not_finite(value, (*path, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from not_finite(value, (*path, number))


def _timezone(home: HomeConfig, _folder: Path) -> Iterator[Flaw]:
    zone = home.home.timezone
    if zone not in zoneinfo.available_timezones():
        near = did_you_mean(zone, sorted(zoneinfo.available_timezones()))
        remedy = near if near.startswith("did") else 'write it like "Europe/Berlin"'
        yield Flaw(("home", "timezone"), f'no time zone is called "{zone}"', remedy)


def _names(home: HomeConfig, _folder: Path) -> Iterator[Flaw]:
    taken: dict[str, str] = {}
    rows: list[tuple[KeyPath, str]] = [(("meter", n), row.name) for n, row in enumerate(home.meter)]
    rows += [(("inverter", n), row.name) for n, row in enumerate(home.inverter)]
    rows += [(("battery", n), row.name) for n, row in enumerate(home.battery)]
    rows += [(("load", n), row.name) for n, row in enumerate(home.load)]
    rows += [(("tank", n), row.name) for n, row in enumerate(home.tank)]
    singles = (("charger", home.charger), ("utility", home.utility), ("backend", home.backend))
    rows += [((key,), row.name) for key, row in singles if row is not None]
    for path, name in rows:
        if name in taken:
            yield Flaw((*path, "name"), f'"{name}" is already the name of the {taken[name]}', "give each its own name")
        taken.setdefault(name, str(path[0]))


def _profiles(home: HomeConfig, _folder: Path) -> Iterator[Flaw]:
    wanted: list[tuple[KeyPath, str, Role]] = [
        (("meter", n, "profile"), row.profile, Role.METER) for n, row in enumerate(home.meter)
    ]
    wanted += [(("inverter", n, "profile"), row.profile, Role.INVERTER) for n, row in enumerate(home.inverter)]
    if home.charger is not None:
        profile = home.charger.power_stage.profile
        wanted.append((("charger", "power_stage", "profile"), profile, Role.POWER_STAGE))
    wanted += [(("battery", n, "profile"), row.profile, Role.STORAGE) for n, row in enumerate(home.battery)]
    wanted += [
        (("load", n, "switch", "profile"), row.switch.profile, Role.SWITCH)
        for n, row in enumerate(home.load)
        if row.switch is not None
    ]
    wanted += [(("tank", n, "switch", "profile"), row.switch.profile, Role.SWITCH) for n, row in enumerate(home.tank)]
    for path, name, role in wanted:
        if name == (SIMULATED if role is Role.POWER_STAGE else SUNSPEC):
            continue
        try:
            roles = load_profile(name).roles
        except ProfileError as error:
            yield Flaw(path, f'the profile "{name}" cannot be used', str(error))
            continue
        if role not in roles:
            yield Flaw(path, f'"{name}" is no {role}', f"it is: {', '.join(sorted(roles))}; choose another profile")


def _addresses(home: HomeConfig, _folder: Path) -> Iterator[Flaw]:
    taken: dict[tuple[str, int, int], str] = {}
    for number, row in enumerate(home.meter):
        address = (row.host, row.port, row.unit)
        if address in taken:
            yield Flaw(
                ("meter", number), f'"{row.name}" has the address of "{taken[address]}"', "give it its own host or unit"
            )
        taken[address] = row.name


def _frequency(home: HomeConfig, _folder: Path) -> Iterator[Flaw]:
    curve = home.frequency.curve
    known = ("none", *CURVES)
    if curve not in known:
        yield Flaw(("frequency", "curve"), f'no curve is called "{curve}"', did_you_mean(curve, known))


def _charges(home: HomeConfig, _folder: Path) -> Iterator[Flaw]:
    car, reserve = home.car, home.wishes.reserve_soc
    if car.soc_min >= car.soc_max:
        yield Flaw(("car", "soc_min"), f"soc_min {car.soc_min:g} is not below soc_max {car.soc_max:g}", "lower soc_min")
    if reserve > car.soc_max:
        yield Flaw(("wishes", "reserve_soc"), f"the reserve {reserve:g} is above the car's {car.soc_max:g}", "lower it")
    for number, row in enumerate(home.departure):
        if row.target_soc > car.soc_max:
            what = f"the target {row.target_soc:g} is above the car's soc_max {car.soc_max:g}"
            yield Flaw(("departure", number, "target_soc"), what, "lower it, or raise soc_max")
        if not row.days:
            yield Flaw(("departure", number, "days"), "a departure on no day", 'name its days, as in ["mon", "tue"]')


def _phases(home: HomeConfig, _folder: Path) -> Iterator[Flaw]:
    if home.charger is not None and home.charger.phases > home.connection.phases:
        what = f"a charger on {home.charger.phases} phases behind a connection with {home.connection.phases}"
        yield Flaw(("charger", "phases"), what, "set both to what the electrician wired")


_SCHEMES = {"utility": ("http://", "https://"), "backend": ("ws://", "wss://")}


def _urls(home: HomeConfig, _folder: Path) -> Iterator[Flaw]:
    for key, section in (("utility", home.utility), ("backend", home.backend)):
        if section is None:
            continue
        if not section.url.startswith(_SCHEMES[key]):
            yield Flaw((key, "url"), f'"{section.url}" is no address of this kind', f"begin it with {_SCHEMES[key][1]}")
        elif not names_a_host(section.url):
            yield Flaw((key, "url"), f'"{section.url}" names no host', f'write it like "{_SCHEMES[key][1]}example.org"')


_ENERGY = {"iso15118-20": ("ac", "dc"), "iso15118-2": ("ac", "dc"), "din70121": ("dc",), "basic": ("ac",)}
"""Which kinds of outlet each of the charger's protocols knows."""


def _protocols(home: HomeConfig, _folder: Path) -> Iterator[Flaw]:
    charger = home.charger
    if charger is None:
        return
    kinds = {"ac" if service.startswith("ac") else "dc" for service in charger.services}
    useful = [name for name in charger.protocols if kinds.intersection(_ENERGY[name])]
    if not useful:
        what = f"no car can charge by {', '.join(charger.protocols)} at an outlet with {', '.join(charger.services)}"
        yield Flaw(("charger", "protocols"), what, 'DIN 70121 is for "dc", basic charging for "ac": add a protocol')
    elif useful == ["iso15118-20"] and not charger.tls and not charger.lab_v20_without_tls:
        yield Flaw(
            ("charger", "protocols"),
            "ISO 15118-20 is not offered without TLS, and nothing else is allowed here",
            "write tls = true; in a laboratory lab_v20_without_tls = true",
        )
    if charger.dc_min_v is not None and charger.dc_max_v is not None and charger.dc_min_v >= charger.dc_max_v:
        what = f"dc_min_v {charger.dc_min_v:g} is not below dc_max_v {charger.dc_max_v:g}"
        yield Flaw(("charger", "dc_min_v"), what, "lower it")
    if charger.authorization == "pnc" and not charger.tls:
        yield Flaw(
            ("charger", "authorization"),
            "Plug & Charge needs TLS",
            'write tls = true, or authorization = "eim"',
        )


CHECKS: tuple[Callable[[HomeConfig, Path], Iterator[Flaw]], ...] = (
    _timezone,
    _names,
    _profiles,
    _addresses,
    *TARIFF_CHECKS,
    *WEATHER_CHECKS,
    _frequency,
    _charges,
    _phases,
    _urls,
    _protocols,
    *ASSET_CHECKS,
)


def sense_flaws(home: HomeConfig, folder: Path) -> list[Flaw]:
    """All that does not fit together in ``home``, whose file lies in ``folder``."""
    return [flaw for check in CHECKS for flaw in check(home, folder)]
