"""What is fixed while the engine runs: the home file in the energy floor's types."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.config.assets import BatterySection, TankSection
from app.config.home import HomeConfig
from energy.dispatch import DispatchConfig
from energy.forecast import SolarSite
from energy.frequency import CURVES, DroopCurve
from energy.grid_events import EventInterval, GridEvent, GridEventKind
from energy.links import LinkRule
from energy.model import Charger, Connection, Ev, HeatTank, HomeBattery, SolarArray

HOME = "home"
"""Source of what the home file itself asks."""


CAR_STALE_REAL_S = 5.0
"""The power stage is asked in real time, however fast home time runs."""


class UnknownCurve(ValueError):
    """The home file names a frequency curve that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """One home's fixed facts."""

    config: HomeConfig
    tz: ZoneInfo
    connection: Connection
    charger: Charger
    car: Ev
    """The usual car."""
    site: SolarSite
    batteries: tuple[HomeBattery, ...]
    """Those that Twoway commands; the others live by their own rule, inside the house's load."""
    arrays: tuple[SolarArray, ...]
    """The parts of the roof, where one of them may be told to give less."""
    tanks: tuple[HeatTank, ...]
    dispatch: DispatchConfig
    standing_events: tuple[GridEvent, ...]
    """What the home file asks for good: the frequency service it offers."""
    link_rules: tuple[LinkRule, ...]
    """Fail-safe limits of the grid links, for those that have ever set limits."""
    stale_s: float


def fixed(config: HomeConfig, *, speed: float = 1.0) -> Fixed:
    """The facts of this home file. ``speed``: home seconds in a real second; links live in real time.

    Raises ``UnknownCurve``.
    """
    connection = Connection(
        phases=config.connection.phases,
        fuse_a=config.connection.fuse_a,
        voltage_v=config.connection.voltage_v,
        export_limit_w=config.connection.export_limit_w,
    )
    stale_s = min((m.stale_s for m in config.meter), default=10.0)
    curve, served = _frequency(config)
    return Fixed(
        config=config,
        tz=ZoneInfo(config.home.timezone),
        connection=connection,
        charger=_charger(config),
        car=_car(config),
        site=SolarSite(
            peak_w=sum(i.peak_w or 0.0 for i in config.inverter),
            latitude_deg=config.home.latitude,
            longitude_deg=config.home.longitude,
            tilt_deg=config.home.roof_tilt_deg,
            azimuth_deg=config.home.roof_azimuth_deg,
        ),
        batteries=tuple(battery_of(row) for row in config.battery if row.controllable),
        arrays=_arrays(config),
        tanks=tuple(_tank(row) for row in config.tank),
        dispatch=DispatchConfig(
            expires_s=config.charger.expiry_s if config.charger else 30.0,
            stale_s=stale_s,
            frequency_stale_s=stale_s,
            car_stale_s=max(120.0, CAR_STALE_REAL_S * speed),
            curve=curve,
        ),
        standing_events=served,
        link_rules=tuple(_link_rules(config, speed)),
        stale_s=stale_s,
    )


def _charger(config: HomeConfig) -> Charger:
    section = config.charger
    if section is None:
        return Charger(charger_id="none", phases=config.connection.phases, charge_max_w=0.0)
    return Charger(
        charger_id=section.name,
        phases=section.phases,
        charge_max_w=section.charge_max_w,
        discharge_max_w=section.discharge_max_w,
        charge_min_w=section.charge_min_w,
        charge_efficiency=section.charge_efficiency,
        discharge_efficiency=section.discharge_efficiency,
    )


def _car(config: HomeConfig) -> Ev:
    section = config.car
    return Ev(
        ev_id=section.name,
        capacity_wh=section.capacity_wh,
        charge_max_w=section.charge_max_w,
        discharge_max_w=section.discharge_max_w,
        soc_min=section.soc_min,
        soc_max=section.soc_max,
        wear_eur_per_kwh=section.wear_per_kwh,
        high_soc=section.high_soc,
        high_soc_eur_per_kwh_day=section.high_soc_per_kwh_day,
    )


def battery_of(section: BatterySection) -> HomeBattery:
    """A battery of the home file in the energy floor's words."""
    return HomeBattery(
        battery_id=section.name,
        capacity_wh=section.capacity_wh,
        charge_max_w=section.charge_max_w,
        discharge_max_w=section.discharge_max_w,
        soc_min=section.soc_min,
        soc_max=section.soc_max,
        reserve_soc=section.reserve_soc,
        charge_efficiency=section.charge_efficiency,
        discharge_efficiency=section.discharge_efficiency,
        standby_w=section.standby_w,
        wear_eur_per_kwh=section.wear_per_kwh,
        may_charge_from_grid=section.may_charge_from_grid,
        may_export=section.may_export,
    )


def _arrays(config: HomeConfig) -> tuple[SolarArray, ...]:
    """The roof's parts; none where nothing of it can be curtailed or its parts' sizes are not known."""
    rows = config.inverter
    if not any(row.curtailable for row in rows) or not all(row.peak_w for row in rows):
        return ()
    return tuple(SolarArray(array_id=r.name, peak_w=r.peak_w or 0.0, curtailable=r.curtailable) for r in rows)


def _tank(section: TankSection) -> HeatTank:
    return HeatTank(
        tank_id=section.name,
        power_max_w=section.power_max_w,
        capacity_wh=section.capacity_wh,
        heat_per_electric=section.heat_per_electric,
        loss_share_per_h=section.loss_share_per_h,
        comfort_share=section.comfort_share,
        # A relay is open or closed: half a closed quarter of an hour is half the power's mean.
        power_min_w=0.0,
    )


def _frequency(config: HomeConfig) -> tuple[DroopCurve | None, tuple[GridEvent, ...]]:
    section = config.frequency
    if section.curve == "none" or section.power_w <= 0:
        return None, ()
    curve = CURVES.get(section.curve)
    if curve is None:
        raise UnknownCurve(
            f"[frequency] curve = {section.curve!r} is not known: choose one of none, {', '.join(CURVES)}"
        )
    event = GridEvent(
        event_id="frequency",
        source=HOME,
        kind=GridEventKind.FREQUENCY,
        intervals=(EventInterval(start_s=0.0, end_s=float("inf"), value=section.power_w),),
        title=f"Frequency reserve: {curve.title}",
    )
    return curve, (event,)


def _link_rules(config: HomeConfig, speed: float) -> list[LinkRule]:
    names = [link.name for link in (config.utility, config.backend) if link is not None]
    return [
        LinkRule(
            source=name,
            import_w=config.connection.failsafe_import_w,
            # A heartbeat crosses a real wire: it is waited for in real time.
            heartbeat_timeout_s=120.0 * speed,
            settle_s=120.0,
        )
        for name in names
    ]
