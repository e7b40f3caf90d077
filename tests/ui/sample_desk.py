"""A small desk with a plausible home behind the real API server: what the window's tests and pictures talk to."""

import asyncio
import contextlib
import json
import math
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from app.api import schema as s
from app.api.desk import Refused
from app.api.server import ApiServer
from app.api.tokens import Tokens

NOW = datetime(2026, 11, 24, 17, 42, tzinfo=UTC)
STEP = timedelta(minutes=15)


def wishes() -> s.WishesOut:
    return s.WishesOut(
        weekly=[s.WeeklyDeparture(days=["mon", "tue", "wed", "thu", "fri"], time=time(7, 0), target_soc=0.8)],
        reserve_soc=0.3,
    )


def facts(
    binds: str, worth: float, later: datetime, choice: str, cost: float, until: datetime, worth_later: float = 0.118
) -> dict[str, float | str]:
    """What every reason of a plan tells beside its own figures."""
    return {
        "binds": binds,
        "worth_eur_per_kwh": worth,
        "worth_later_eur_per_kwh": worth_later,
        "later_s": later.timestamp(),
        "next_choice": choice,
        "next_cost_eur": cost,
        "block_until_s": until.timestamp(),
    }


def with_assets() -> dict[str, Any]:
    """What a home has that owns more than a car: a battery, machines, a tank."""
    return {
        "flow": s.Flow(at=NOW, grid_w=-240, solar_w=410, load_w=2170, ev_w=-1000, battery_w=-1000, frequency_hz=49.98),
        "batteries": [
            s.BatteryNow(
                name="Cellar battery",
                soc=0.57,
                power_w=-1000,
                capacity_wh=10_000,
                reserve_soc=0.1,
                commanded=True,
                target_w=-1000,
            )
        ],
        "loads": [
            s.LoadNow(
                name="Dishwasher",
                state="advised",
                start=NOW + timedelta(hours=5, minutes=18),
                end=NOW + timedelta(hours=6, minutes=18),
            ),
            s.LoadNow(name="Pool pump", state="running", start=NOW, switched=True),
        ],
        "tanks": [s.TankNow(name="Hot water", temperature_c=48.5, stored_share=0.4, heating=False)],
        "planning": [
            s.FallbackOut(kind="prices_expected", since=NOW + timedelta(hours=5, minutes=18), text="…", quiet=True),
            s.FallbackOut(kind="battery_silent", name="Garage battery", text="…"),
        ],
    }


def snapshot(**changes: Any) -> s.HomeSnapshot:
    home = s.HomeSnapshot(
        now=NOW,
        facts=s.HomeFacts(
            name="Lindenweg 12",
            timezone="Europe/Berlin",
            currency="EUR",
            fuse_a=35,
            phases=3,
            import_max_w=24150,
            export_max_w=10000,
            engine_version="0.1.0",
        ),
        flow=s.Flow(at=NOW, grid_w=-1240, solar_w=410, load_w=2170, ev_w=-3000, frequency_hz=49.98),
        car=s.CarNow(
            connected=True,
            name="Family car",
            soc=0.64,
            capacity_wh=60000,
            power_w=-3000,
            can_discharge=True,
            protocol="ISO 15118-20 DC_BPT",
            state="power loop",
            session_id="5A1C00F2B7E94D10",
            evcc_id="WMIV1234567890ABCDEX",
            since=NOW - timedelta(hours=1, minutes=12),
            charged_wh=0,
            discharged_wh=3420,
            messages=18412,
            charge_max_w=11000,
            discharge_max_w=10000,
            encryption="tls13",
            cipher="TLS_AES_256_GCM_SHA384",
            authorization="eim",
            certificate=s.CertificateOut(
                role="vehicle",
                subject="WMIV1234567890ABCDEX",
                issuer="OEM Sub-CA 2",
                valid_from=NOW - timedelta(days=400),
                valid_to=NOW + timedelta(days=2100),
            ),
        ),
        set_point=s.SetPointOut(
            power_w=-3000,
            at=NOW,
            expires=NOW + timedelta(seconds=30),
            reason=s.ReasonOut(
                code="feed_house",
                params={
                    "until_s": (NOW + timedelta(hours=2, minutes=18)).timestamp(),
                    "price_eur_per_kwh": 0.38,
                    "refill_price_eur_per_kwh": 0.11,
                    "refill_s": (NOW + timedelta(hours=9)).timestamp(),
                    **facts(
                        "load", 0.118, NOW + timedelta(hours=9), "hold", 0.42, NOW + timedelta(hours=2, minutes=18)
                    ),
                },
            ),
        ),
        next_step=s.NextStep(
            at=NOW + timedelta(hours=2, minutes=18), reason=s.ReasonOut(code="wait_for_cheaper"), power_w=0
        ),
        ready_by=s.ReadyBy(
            at=datetime(2026, 11, 25, 6, 0, tzinfo=UTC),
            target_soc=0.8,
            planned_soc=0.82,
            on_track=True,
            ready_at=datetime(2026, 11, 25, 4, 15, tzinfo=UTC),
        ),
        today=s.Today(
            saved=1.84,
            cost=2.31,
            paths_wh={
                "solar_house": 5200,
                "solar_car": 3100,
                "grid_house": 2900,
                "car_house": 3420,
                "car_grid": 700,
            },
        ),
        event=events()[0],
        wishes=wishes(),
        health=health(),
        sequence=1,
    )
    return home.model_copy(update=changes)


def health() -> list[s.HealthOut]:
    since = NOW - timedelta(hours=9)
    return [
        s.HealthOut(name="meter", level="ok", text="reads every second", since=since, details={"profile": "sunspec"}),
        s.HealthOut(name="roof", level="ok", text="reads every second", since=since),
        s.HealthOut(name="charger", level="ok", text="session runs", since=since, restarts=1),
        s.HealthOut(name="utility", level="ok", text="polled 2 min ago", since=since),
        s.HealthOut(name="backend", level="warning", text="reconnecting, last heard 17:38", since=since, restarts=3),
    ]


def events() -> list[s.EventOut]:
    active = s.EventOut(
        source="utility",
        event_id="ev-1",
        kind="site_setpoint",
        title="Evening peak: help the grid with 3 kW",
        unit="W",
        start=NOW - timedelta(minutes=42),
        end=NOW + timedelta(minutes=78),
        values=[(NOW - timedelta(minutes=42), 3000), (NOW + timedelta(minutes=18), 2000)],
        status="active",
        may_opt_out=True,
        opt_out_consequence="You give up about 0.90 € for the rest of this event; the car keeps 4.1 kWh more.",
        delivered_w=[
            (NOW - timedelta(minutes=42 - i), 3000 * (1 - math.exp(-i / 2)) + 90 * math.sin(i)) for i in range(42)
        ],
        delivered_wh=2030,
        money=0.61,
    )
    coming = s.EventOut(
        source="utility",
        event_id="ev-2",
        kind="import_limit",
        title="Import limit of 4.2 kW",
        unit="W",
        start=NOW + timedelta(hours=13),
        end=NOW + timedelta(hours=14),
        values=[(NOW + timedelta(hours=13), 4200)],
        status="coming",
        may_opt_out=False,
    )
    done = s.EventOut(
        source="utility",
        event_id="ev-0",
        kind="import_price",
        title="Price of 0.46 €/kWh",
        unit="currency/kWh",
        start=NOW - timedelta(hours=25),
        end=NOW - timedelta(hours=23),
        values=[(NOW - timedelta(hours=25), 0.46), (NOW - timedelta(hours=24), 0.41)],
        status="done",
        delivered_w=[
            (NOW - timedelta(hours=25) + timedelta(minutes=i), 2400 + 300 * math.sin(i / 9)) for i in range(120)
        ],
        delivered_wh=4700,
        money=1.92,
    )
    return [active, coming, done]


def plan(departure: datetime | None = None) -> s.PlanOut:
    begin = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
    leave = departure or datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
    start = [begin + STEP * i for i in range(4 * 30)]
    hours = [((t.hour + t.minute / 60 + 1) % 24) for t in start]
    price = [
        0.27
        + 0.11 * math.exp(-((h - 19) ** 2) / 5)
        + 0.07 * math.exp(-((h - 8) ** 2) / 4)
        - 0.16 * math.exp(-((h - 3) ** 2) / 8)
        - 0.07 * math.exp(-((h - 13) ** 2) / 6)
        for h in hours
    ]
    solar = [max(0.0, 4200 * math.sin((h - 7.5) / 9 * math.pi)) if 7.5 < h < 16.5 else 0.0 for h in hours]
    load = [
        320
        + 1700 * math.exp(-((h - 19) ** 2) / 3)
        + 900 * math.exp(-((h - 7) ** 2) / 1.5)
        + 500 * math.exp(-((h - 12.5) ** 2) / 2)
        for h in hours
    ]
    ev, soc, away, reasons = [], [], [], []
    charge = 0.64
    for t, h, p in zip(start, hours, price, strict=True):
        gone = leave <= t < leave + timedelta(hours=9)
        away.append(gone)
        if gone:
            power, code = 0.0, "no_car"
            if t == leave:
                charge -= 0.18
        elif 17 < h < 21.2 and charge > 0.32:
            power, code = -min(3000.0, 300 + load[len(ev)]), "feed_house"
        elif p < 0.18 and t < leave and charge < 0.82:
            power, code = 6900.0, "charge_cheap"
        elif 18.7 < h < 20 and t > leave:
            power, code = -3600.0, "export_dear"
        else:
            power, code = 0.0, "wait_for_cheaper" if t < leave else "hold"
        charge = max(0.05, min(1.0, charge + power * 0.25 / 60000))
        ev.append(power)
        soc.append(None if gone else charge)
        params: dict[str, float | str] = {"price_eur_per_kwh": round(p, 3), "until_s": (t + 3 * STEP).timestamp()}
        if not gone:
            binds = "charger" if code == "charge_cheap" else "price"
            choice, worth = "hold" if power else "charge", 0.118 if t < leave else 0.224
            params |= facts(binds, worth, leave, choice, 0.04 + abs(power) / 1e5, t + 3 * STEP)
        reasons.append(s.ReasonOut(code=code, params=params))
    grid = [a + b - c for a, b, c in zip(load, ev, solar, strict=True)]
    late = leave < datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    return s.PlanOut(
        made_at=NOW - timedelta(minutes=2),
        end=start[-1] + STEP,
        start=start,
        ev_w=ev,
        soc=soc,
        load_w=load,
        load_low_w=[0.75 * x for x in load],
        load_high_w=[1.35 * x for x in load],
        solar_w=solar,
        solar_low_w=[0.7 * x for x in solar],
        solar_high_w=[1.2 * x for x in solar],
        grid_w=grid,
        import_price=price,
        export_price=[0.082 if h < 17 or h > 21 else 0.24 for h in hours],
        reserve_soc=[0.3] * len(start),
        away=away,
        reasons=reasons,
        promises=[
            s.PromiseOut(
                kind="departure",
                deadline=leave,
                wanted=0.8,
                planned=0.7 if late else 0.82,
                short_by=0.1 if late else 0,
                unit="soc",
                kept=not late,
            )
        ],
        cost=2.94 + (0.4 if late else 0),
        baseline_cost=6.12,
        solve_s=0.21,
        solver="HIGHS",
    )


def messages() -> list[s.MessageOut]:
    names = ["PowerDeliveryReq", "PowerDeliveryRes", "DC_ChargeLoopReq", "DC_ChargeLoopRes"]
    return [
        s.MessageOut(
            at=NOW - timedelta(seconds=40 - i),
            source="iso15118",
            direction="in" if i % 2 == 0 else "out",
            name=names[min(i, 2 + i % 2)],
            body={"Header": {"SessionID": "5A1C00F2B7E94D10"}, "EVPresentVoltage": 398.2, "Token": "secret-thing"},
        )
        for i in range(40)
    ]


def certificates() -> list[s.CertificateOut]:
    return [
        s.CertificateOut(
            role="private-root",
            subject="Lindenweg 12 Root CA",
            issuer="Lindenweg 12 Root CA",
            valid_from=NOW - timedelta(days=30),
            valid_to=NOW + timedelta(days=3600),
        ),
        s.CertificateOut(
            role="secc",
            subject="DE*TWO*E0001",
            issuer="Lindenweg 12 Root CA",
            valid_from=NOW - timedelta(days=30),
            valid_to=NOW + timedelta(days=12),
            problem="The charger's certificate expires in 12 days: renew it with twoway pki make --renew.",
        ),
    ]


def recordings() -> list[s.RecordingOut]:
    def one(days: float, size: int, **ending: Any) -> s.RecordingOut:
        began = NOW - timedelta(days=days)
        return s.RecordingOut(id=f"session-{began:%Y%m%dT%H%M%S}Z", began=began, bytes=size, **ending)

    return [
        one(0.05, 1_840_000),
        one(0.8, 412_000, proper=True, paused=True, reason="the car pauses"),
        one(1.1, 9_310_000, proper=True, reason="the car ended the session"),
        one(2.3, 18_200, proper=False, reason="nothing came for 2 s in state CABLE_CHECK"),
    ]


def installer(toml: str = '[home]\nname = "Lindenweg 12"\n\n[connection]\nphases = 3\nfuse_a = 35\n') -> s.InstallerOut:
    ok = health()
    return s.InstallerOut(
        devices=[
            s.DeviceOut(
                name="meter",
                role="meter",
                address="192.168.1.20:502/1",
                profile="sunspec",
                health=ok[0],
                readings={
                    "grid_w": -1240.0,
                    "phase_1_w": -420.0,
                    "phase_2_w": -400.0,
                    "phase_3_w": -420.0,
                    "voltage_v": 231.2,
                },
            ),
            s.DeviceOut(
                name="roof",
                role="inverter",
                address="192.168.1.21:502/126",
                profile="sunspec",
                health=ok[1],
                readings={"solar_w": 410.0, "state": "MPPT"},
            ),
            s.DeviceOut(
                name="charger",
                role="charger",
                address="eth1",
                profile="iso15118",
                health=ok[2],
                readings={"ev_w": -3000.0},
            ),
        ],
        links=ok[3:],
        certificates=certificates(),
        limits={
            "fuse_a": 35,
            "import_max_w": 24150,
            "export_max_w": 10000,
            "failsafe_import_w": 4200,
            "charge_max_w": 11000,
            "discharge_max_w": 10000,
        },
        home_file="/home/linde/.config/twoway/home.toml",
        home_toml=toml,
    )


def decisions() -> list[s.DecisionOut]:
    """The day so far, newest first."""
    home = snapshot().set_point
    feeds = home.reason if home is not None else s.ReasonOut(code="feed_house")
    begins = NOW - timedelta(hours=1, minutes=12)
    fuse = s.ReasonOut(code="limit_fuse", params={"limit_w": 8050.0, "wanted_w": 11000.0, "phase": 2.0})
    night = NOW.replace(hour=2, minute=0)
    cheap = {"price_eur_per_kwh": 0.112, "mean_price_eur_per_kwh": 0.284, "until_s": NOW.replace(hour=4).timestamp()}
    waits = {"until_s": begins.timestamp(), "now_price_eur_per_kwh": 0.27, "later_price_eur_per_kwh": 0.38}

    def one(at: datetime, until: datetime | None, watts: tuple[float, float], reason: s.ReasonOut, **more: Any) -> Any:
        powers = {"power_w": watts[0], "least_w": min(watts), "most_w": max(watts)}
        return s.DecisionOut(at=at, until=until, charger_id="charger", changes=40, reason=reason, **powers, **more)

    charge = s.ReasonOut(
        code="charge_cheap",
        params=cheap | facts("charger", 0.224, NOW.replace(hour=6), "hold", 1.24, NOW.replace(hour=4)),
    )
    wait = s.ReasonOut(
        code="wait_for_cheaper", params=waits | facts("price", 0.118, begins, "charge", 1.66, begins, 0.121)
    )
    found = [
        one(begins, None, (-3000.0, -420.0), feeds),
        one(NOW.replace(hour=15, minute=5), begins, (0.0, 0.0), wait),
        one(NOW.replace(hour=6), NOW.replace(hour=15, minute=5), (0.0, 0.0), s.ReasonOut(code="no_car")),
        one(night + timedelta(minutes=50), NOW.replace(hour=4), (11000.0, 11000.0), charge),
        one(night, night + timedelta(minutes=50), (6900.0, 7400.0), charge, limited_by=[fuse]),
    ]
    quarter = timedelta(minutes=5)
    return found + [one(night - quarter * (i + 1), night - quarter * i, (0.0, 0.0), wait) for i in range(20)]


def summary(period: str, date: datetime) -> s.SummaryOut:
    local = date.astimezone(UTC)
    if period == "day":
        begin, count, step = local.replace(hour=0, minute=0), 24, timedelta(hours=1)
    elif period == "month":
        begin, count, step = local.replace(day=1, hour=0, minute=0), 30, timedelta(days=1)
    else:
        begin, count, step = local.replace(month=1, day=1, hour=0, minute=0), 12, timedelta(days=30.4)
    unit = {"day": 1.0, "month": 24.0, "year": 700.0}[period]
    buckets = []
    for i in range(count):
        sun = max(0.0, math.sin((i - 7) / 10 * math.pi)) if period == "day" else 0.5 + 0.3 * math.sin(i * 1.7)
        evening = math.exp(-((i - 19) ** 2) / 6) if period == "day" else 0.25 + 0.1 * math.cos(i)
        night = math.exp(-((i - 3) ** 2) / 6) if period == "day" else 0.3 + 0.1 * math.sin(i * 2.3)
        paths = {
            "solar_house": 900 * sun * unit,
            "solar_car": 700 * sun * unit,
            "grid_house": 300 * unit * (1 - evening),
            "grid_car": 2500 * night * unit,
            "car_house": 1900 * evening * unit,
            "car_grid": 500 * evening * unit,
        }
        label = f"{i:02d}" if period == "day" else str(i + 1)
        buckets.append(
            s.SummaryBucket(label=label, start=begin + step * i, paths_wh=paths, saved=0.07 * unit, cost=0.1 * unit)
        )
    total: dict[str, float] = {}
    for bucket in buckets:
        for path, wh in bucket.paths_wh.items():
            total[path] = total.get(path, 0) + wh
    return s.SummaryOut(
        period=period,  # type: ignore[arg-type]
        start=begin,
        end=begin + step * count,
        buckets=buckets,
        paths_wh=total,
        saved=0.07 * unit * count,
        cost=0.1 * unit * count,
        cycles=total["car_house"] / 60000,
    )


class SampleDesk:
    """The ``Desk`` of app.api.desk over the data above; tests change its fields."""

    def __init__(self) -> None:
        self.home = snapshot()
        self.current_plan: s.PlanOut | None = plan()
        self.current_events = events()
        self.asked: list[tuple[str, Any]] = []
        self.refuse: Refused | None = None
        self.streams: set[asyncio.Queue[tuple[Any, str]]] = set()
        self.empty_history = False
        self.fault = ""
        self.captures = s.CaptureOut(running=False)

    def _ask(self, what: str, body: Any = None) -> None:
        self.asked.append((what, body))
        if self.refuse is not None:
            raise self.refuse

    def snapshot(self) -> s.HomeSnapshot:
        return self.home

    def plan(self) -> s.PlanOut | None:
        return self.current_plan

    async def preview(self, wishes: s.WishesOut) -> s.PlanOut:
        self._ask("preview", wishes)
        return plan(wishes.one_off.at if wishes.one_off else None)

    async def set_wishes(self, wishes: s.WishesOut) -> s.WishesOut:
        self._ask("set_wishes", wishes)
        self.change(wishes=wishes)
        return wishes

    async def boost(self, minutes: float) -> s.WishesOut:
        self._ask("boost", minutes)
        until = self.home.now + timedelta(minutes=minutes) if minutes else None
        self.change(wishes=self.home.wishes.model_copy(update={"boost_until": until}))
        return self.home.wishes

    async def put_off(self, name: str) -> s.LoadNow:
        self._ask("put off", name)
        changed = [load.model_copy(update={"state": "done", "start": None}) for load in self.home.loads]
        self.change(loads=changed)
        return next(load for load in changed if load.name == name)

    async def pause(self, paused: bool) -> s.WishesOut:
        self._ask("pause", paused)
        self.change(wishes=self.home.wishes.model_copy(update={"paused": paused}))
        return self.home.wishes

    async def stop_session(self) -> None:
        self._ask("stop")

    def events(self) -> list[s.EventOut]:
        return self.current_events

    async def opt_out(self, source: str, event_id: str, opted_out: bool) -> s.EventOut:
        self._ask("opt_out", (source, event_id, opted_out))
        for i, event in enumerate(self.current_events):
            if (event.source, event.event_id) == (source, event_id):
                self.current_events[i] = event.model_copy(update={"opted_out": opted_out})
                self.push("events", json.dumps([e.model_dump(mode="json") for e in self.current_events]))
                return self.current_events[i]
        raise Refused(f"There is no event {event_id} from {source}.", status=404)

    def messages(self, limit: int) -> list[s.MessageOut]:
        return messages()[-limit:]

    async def sessions(self, limit: int) -> list[s.SessionOut]:
        return [
            s.SessionOut(
                session_id=f"5A1C00F2B7E94D1{i}",
                start=NOW - timedelta(days=i, hours=8),
                end=NOW - timedelta(days=i, hours=1) if i else None,
                protocol="ISO 15118-20",
                charged_wh=14200,
                discharged_wh=5100,
                soc_start=0.41,
                soc_end=0.8 if i else None,
                ended="car left" if i else "",
            )
            for i in range(3)
        ]

    async def history(self, start: datetime, end: datetime, points: int) -> s.HistoryOut:
        return s.HistoryOut(start=start, end=end, bucket_s=(end - start).total_seconds() / points, points=[])

    async def summary(self, period: str, date: datetime) -> s.SummaryOut:
        self._ask("summary", (period, date))
        if self.empty_history:
            return s.SummaryOut(period=period, start=date, end=date, buckets=[], paths_wh={})  # type: ignore[arg-type]
        return summary(period, date)

    async def decisions(self, start: datetime, end: datetime, limit: int) -> s.DecisionsOut:
        self._ask("decisions", (start, end, limit))
        found = [] if self.empty_history else [d for d in decisions() if start <= d.at < end]
        return s.DecisionsOut(decisions=found[:limit], before=found[limit - 1].at if len(found) > limit else None)

    async def export_csv(self, start: datetime, end: datetime) -> AsyncIterator[str]:
        yield "time_utc,grid_w,solar_w,load_w,ev_w,soc\n"
        yield f"{start.isoformat()},-1240,410,2170,-3000,0.64\n"

    def installer(self) -> s.InstallerOut:
        page = installer()
        if self.fault:
            charger = next(device for device in page.devices if device.role == "charger")
            charger.resettable = True
            charger.health = s.HealthOut(name="charger", level="failed", text=self.fault)
        return page

    async def reset_charger(self) -> s.InstallerOut:
        self._ask("reset_charger")
        self.fault = ""
        return self.installer()

    async def recordings(self) -> list[s.RecordingOut]:
        return [] if self.empty_history else recordings()

    async def recording(self, recording_id: str) -> bytes:
        self._ask("recording", recording_id)
        return b'{"kind":"header"}\n'

    def capture(self) -> s.CaptureOut:
        return self.captures

    async def begin_capture(self, minutes: float) -> s.CaptureOut:
        self._ask("capture", minutes)
        self.captures = s.CaptureOut(running=minutes > 0, left_s=minutes * 60, bytes=24_680)
        return self.captures

    async def captured(self) -> tuple[str, bytes]:
        return "capture.pcapng", b"packets"

    async def delete_capture(self) -> None:
        self._ask("delete_capture")
        self.captures = s.CaptureOut(running=False)

    async def write_home(self, toml: str, *, dry_run: bool) -> s.InstallerOut:
        self._ask("write_home", (toml, dry_run))
        if "fuse_amps" in toml:
            line = next(i for i, text in enumerate(toml.splitlines(), 1) if "fuse_amps" in text)
            raise Refused("[connection] has no 'fuse_amps': did you mean 'fuse_a'?", status=422, line=line)
        return installer(toml)

    def health(self) -> list[s.HealthOut]:
        return self.home.health

    def change(self, **changes: Any) -> None:
        self.home = self.home.model_copy(update={**changes, "sequence": self.home.sequence + 1})
        self.push("home", self.home.model_dump_json())

    def push(self, name: Any, body: str) -> None:
        for queue in self.streams:
            queue.put_nowait((name, body))

    async def stream(self) -> AsyncIterator[tuple[Any, str]]:
        queue: asyncio.Queue[tuple[Any, str]] = asyncio.Queue()
        self.streams.add(queue)
        try:
            yield ("home", self.home.model_dump_json())
            while True:
                yield await queue.get()
        finally:
            self.streams.discard(queue)


class SampleEngine:
    """The real API server over a sample desk, in a thread of its own; may be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.desk = SampleDesk()
        self.run_file = folder / "run.json"
        self._folder = folder
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        ready = threading.Event()

        async def serve() -> None:
            tokens = Tokens(self._folder / "tokens")
            server = ApiServer(self.desk, tokens, "127.0.0.1", 0)  # type: ignore[arg-type]
            self.run_file.write_text(
                json.dumps({"url": server.url, "token_file": str(tokens.window_file), "pid": 1, "api_version": "1"})
            )
            self._loop, self._task = asyncio.get_running_loop(), asyncio.ensure_future(server.run())
            ready.set()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise TimeoutError("the sample engine did not start")

    def call(self, action: Any) -> None:
        """Run something in the engine's thread."""
        if self._loop is None:
            raise RuntimeError("the sample engine does not run")
        self._loop.call_soon_threadsafe(action)

    def stop(self) -> None:
        if self._loop is not None and self._task is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(10)
        self.run_file.unlink(missing_ok=True)
        self._loop = None
