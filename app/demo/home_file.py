"""The demo home's file: an ordinary home file, with the simulated things' addresses in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from app.demo.actors import INVERTER_UNIT, METER_UNIT, RELAY_UNIT, STAGE_UNIT, VEN_ID, Addresses
from app.demo.script import LEAVES, TRIP_WH
from app.demo.world import COURSE_W

SECRET_NAME = "utility"  # noqa: S105 - the name of a secret
TIMEZONE = "Europe/Amsterdam"
TARGET_SOC = 0.8
CAPACITY_WH, CHARGE_W, DISCHARGE_W = 60_000.0, 11_000.0, 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How the wires are read at the speed at which home time runs. Home seconds, real ones where it says so."""

    read_every_s: float
    stale_s: float
    poll_s: float
    plan_every_s: float
    sample_s: float
    expiry_real_s: float

    @classmethod
    def at(cls, speed: float, step_s: float | None = None) -> "Pace":
        """For a constant speed, or (``step_s``) for lockstep."""
        if step_s is not None:
            # Of a step's length a reading is new; two steps later it is stale.
            every_s, stale_s = min(1.0, step_s), min(300.0, max(10.0, 2.5 * step_s))
        else:
            # Once a real second, as in a real home: the car's power, read over wires of real speed, must have settled
            # before the meter is read again, or the engine answers its own answer.
            every_s = min(60.0, max(1.0, speed))
            stale_s = min(300.0, max(10.0, 5.0 * every_s))
        return cls(
            read_every_s=every_s,
            stale_s=stale_s,
            poll_s=min(86_400.0, max(60.0, 2.0 * speed)),
            plan_every_s=300.0,
            sample_s=300.0,
            # The stage's clock is real: a short life keeps a fast home honest.
            expiry_real_s=30.0 if speed <= 1.0 else 10.0,
        )


def home_toml(
    name: str,
    addresses: Addresses,
    prices_file: Path,
    pace: Pace,
    *,
    solar_peak_w: float,
    frequency_w: float,
    away_h: float,
) -> str:
    """The text of the home file."""
    sections: dict[str, Any] = {
        "home": {"name": name, "timezone": TIMEZONE, "currency": "EUR", "latitude": 48.9, "longitude": 2.3},
        "connection": {"phases": 3, "fuse_a": 25.0, "failsafe_import_w": 4200.0},
        "charger": {
            "name": "charger",
            "interface": "lo",
            "sdp_port": addresses.sdp_port,
            "services": ["dc_bpt", "dc"],
            "tls": True,
            "authorization": "pnc",
            "charge_max_w": CHARGE_W,
            "discharge_max_w": DISCHARGE_W,
            "expiry_s": pace.expiry_real_s,
            "power_stage": {"port": addresses.stage_port, "unit": STAGE_UNIT},
        },
        "car": {
            "name": "Demo car",
            "capacity_wh": CAPACITY_WH,
            "charge_max_w": CHARGE_W,
            "discharge_max_w": DISCHARGE_W,
        },
        "wishes": {"reserve_soc": 0.3},
        "tariff": {
            "kind": "day_ahead",
            "file": str(prices_file),
            # Dutch energy tax, supplier's margin and VAT of that year, rounded.
            "markup_per_kwh": 0.13,
            "vat": 0.21,
        },
        "utility": {
            "name": "utility",
            "url": addresses.vtn_url,
            "version": "3.1.0",
            "ven_name": "twoway-demo-home",
            "client_id": VEN_ID,
            "secret": SECRET_NAME,
            "poll_s": pace.poll_s,
        },
        "backend": {
            "name": "backend",
            "url": addresses.csms_url,
            "station_id": "TWOWAY-DEMO",
            "sample_s": pace.sample_s,
        },
        "engine": {"api_port": 0, "plan_every_s": pace.plan_every_s},
    }
    if frequency_w > 0:
        sections["frequency"] = {"curve": "fcr_d_up", "power_w": frequency_w}
    document = tomlkit.document()
    document.add(tomlkit.comment("The demo home: written by 'twoway demo', with the simulated things' addresses."))
    for key, table in sections.items():
        document[key] = table
    reading = {"host": "127.0.0.1", "interval_s": pace.read_every_s, "stale_s": pace.stale_s}
    document["meter"] = [{"name": "meter", "port": addresses.meter_port, "unit": METER_UNIT, **reading}]
    document["inverter"] = [
        {
            "name": "inverter",
            "port": addresses.inverter_port,
            "unit": INVERTER_UNIT,
            "peak_w": round(solar_peak_w, 1),
            **reading,
        }
    ]
    document["load"] = [
        {
            "name": "Dishwasher",
            "course_w": list(COURSE_W),
            "earliest": "09:00",
            "latest": "22:00",
            "switch": {"host": "127.0.0.1", "port": addresses.relay_port, "unit": RELAY_UNIT, "expiry_s": 30.0},
        }
    ]
    document["departure"] = [
        {
            "days": ["mon", "tue", "wed", "thu", "fri"],
            "time": f"{LEAVES:%H:%M}",
            "target_soc": TARGET_SOC,
            "away_hours": round(away_h, 3),
            "used_wh": TRIP_WH,
        }
    ]
    return tomlkit.dumps(document)
