"""The home file's schema: what an installer writes once.

Each section is one table of the TOML file. Unknown keys are refused, so that a typing error is found before it
costs a night's charge.
"""

from typing import Annotated, Literal

from pydantic import Field

from app.config.assets import BatterySection, Co2Section, LoadSection, TankSection
from app.config.parts import ClockTime, Fraction, Host, ModbusPlace, Name, Port, Section, Watt
from app.config.tariff import TariffSection
from app.config.weather import WeatherSection


class HomeSection(Section):
    """``[home]``: where and in what money."""

    name: str = "My home"
    timezone: str = "Europe/Berlin"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    latitude: Annotated[float, Field(ge=-90, le=90)] = 50.0
    longitude: Annotated[float, Field(ge=-180, le=180)] = 10.0
    roof_tilt_deg: Annotated[float, Field(ge=0, le=90)] = 30.0
    """0 lies flat, 90 is a wall."""
    roof_azimuth_deg: Annotated[float, Field(ge=0, lt=360)] = 180.0
    """Where the roof looks: 90 east, 180 south, 270 west."""


class ConnectionSection(Section):
    """``[connection]``: fuse and limits at the grid connection."""

    phases: Literal[1, 3] = 3
    fuse_a: Annotated[float, Field(gt=0, le=250)]
    voltage_v: Annotated[float, Field(ge=100, le=260)] = 230.0
    export_limit_w: Watt | None = None
    failsafe_import_w: Watt = 4200.0
    """Import limit that holds when a grid link that had set limits goes silent (§14a EnWG: 4.2 kW)."""


class ModbusSection(ModbusPlace):
    """``[[meter]]`` and ``[[inverter]]``: an instrument read over Modbus TCP."""

    peak_w: Watt | None = None
    """Inverter only: nominal power of the roof, W; the first days' forecast needs it."""
    curtailable: bool = False
    """Inverter only: the plan may let it give less than it could; where its profile takes a limit, Twoway sets it."""


class PowerStageSection(Section):
    """``[charger.power_stage]``: the converter and pilot behind our own SECC, over Modbus TCP."""

    profile: str = "twoway-power-stage"
    """The name of a file in resources/profiles; "simulated": no hardware is switched, for laboratories."""
    host: Host = "127.0.0.1"
    port: Port = 502
    unit: Annotated[int, Field(ge=0, le=255)] = 1


class SlacSection(Section):
    """``[charger.slac]``: matching with the car over the power line (ISO 15118-3), before a digital session."""

    enabled: bool = False
    """Off where the charger's cable is a network cable: the demo home, a laboratory."""
    interface: Name | None = None
    """Network interface of the power-line modem; the charger's own where it is not told."""
    settle_s: Annotated[float, Field(ge=0, le=30)] = 10.0
    """How long the modem takes to work again after it was given a key."""


class ChargerSection(Section):
    """``[charger]``: the home's charger."""

    name: Name = "charger"
    kind: Literal["iso15118"] = "iso15118"
    interface: Name = "lo"
    """Network interface of the power-line modem (or "lo" for the demo home)."""
    services: list[Literal["ac", "ac_bpt", "dc", "dc_bpt", "mcs", "mcs_bpt"]] = ["dc_bpt", "dc", "ac_bpt", "ac"]
    control_mode: Literal["dynamic", "scheduled"] = "dynamic"
    protocols: Annotated[list[Literal["iso15118-20", "iso15118-2", "din70121", "basic"]], Field(min_length=1)] = [
        "iso15118-20",
        "iso15118-2",
        "din70121",
        "basic",
    ]
    """What a car may speak; "basic" is charging by the pilot's duty cycle (AC), for cars that do not speak at all."""
    tls: bool = True
    """Encrypt sessions, with the certificates of ``twoway pki``; a home that has none is given a set of its own at the
    first start. ISO 15118-20 is not offered without."""
    lab_v20_without_tls: bool = False
    """A laboratory's switch: offer ISO 15118-20 without TLS all the same. Shown wherever the session is shown."""
    authorization: Literal["eim", "pnc"] = "eim"
    """"pnc": Plug & Charge is offered too, to cars that bring a contract; the home lets its own car charge anyway."""
    pause_when_idle: bool = False
    """Let the car sleep while the plan wants no power for long; it is woken when power is wanted again."""
    ventilated: bool = False
    """The parking place is ventilated, or outdoors: cars that ask for ventilation may charge."""
    evse_id: Annotated[str, Field(min_length=7, max_length=37)] = "DE*TWY*E000001"
    phases: Literal[1, 3] = 3
    charge_max_w: Watt = 11_000.0
    discharge_max_w: Watt = 10_000.0
    charge_min_w: Watt = 0.0
    dc_max_a: Annotated[float, Field(gt=0, le=500)] | None = None
    """What a DC outlet can give and take, A; and between which voltages. Not told where nobody says."""
    dc_min_v: Annotated[float, Field(ge=0, le=1500)] | None = None
    dc_max_v: Annotated[float, Field(gt=0, le=1500)] | None = None
    charge_efficiency: Annotated[float, Field(gt=0.5, le=1)] = 0.95
    discharge_efficiency: Annotated[float, Field(gt=0.5, le=1)] = 0.95
    expiry_s: Annotated[float, Field(ge=5, le=60)] = 30.0
    """A set-point that is not renewed for this long falls to 0 W in the hardware."""
    sdp_port: Port = 15118
    power_stage: PowerStageSection = PowerStageSection()
    slac: SlacSection = SlacSection()


class CarSection(Section):
    """``[car]``: the home's usual car; what the cable tells replaces it."""

    name: str = "Car"
    capacity_wh: Annotated[float, Field(ge=1_000, le=300_000)] = 60_000.0
    charge_max_w: Watt = 11_000.0
    discharge_max_w: Watt = 10_000.0
    soc_min: Fraction = 0.05
    soc_max: Fraction = 1.0
    wear_per_kwh: Annotated[float, Field(ge=0, le=10)] = 0.02
    high_soc: Fraction = 0.8
    """Above this the battery ages by standing full …"""
    high_soc_per_kwh_day: Annotated[float, Field(ge=0, le=10)] = 0.0
    """… at this cost for a kWh and day."""


class DepartureSection(Section):
    """``[[departure]]``: a weekly wish the home begins with; the window changes it later."""

    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = ["mon", "tue", "wed", "thu", "fri"]
    time: ClockTime = "07:00"
    target_soc: Fraction = 0.8
    away_hours: Annotated[float, Field(ge=0, le=168)] = 0.0
    used_wh: Annotated[float, Field(ge=0, le=200_000)] = 0.0


class WishesSection(Section):
    """``[wishes]``: what the home begins with."""

    reserve_soc: Fraction = 0.2
    v2g_allowed: bool = True
    export_allowed: bool = True
    risk: Literal["careful", "balanced", "bold"] = "balanced"
    """How the plan decides where the coming days are uncertain."""
    learn_habits: bool = True
    """Expect the car to leave and return as it usually does, on days of which nothing else is said."""


class UtilitySection(Section):
    """``[utility]``: an OpenADR 3 VTN."""

    name: Name = "utility"
    url: str
    version: Literal["3.0.1", "3.1.0"] = "3.1.0"
    ven_name: Name = "twoway-home"
    client_id: str | None = None
    secret: str | None = None
    """Name of the client secret in the secrets file."""
    poll_s: Annotated[float, Field(ge=5, le=86_400)] = 300.0
    programs: list[str] = []
    """Names of the programs to follow; empty: all that the VTN shows."""


class BackendSection(Section):
    """``[backend]``: an OCPP CSMS."""

    name: Name = "backend"
    url: str
    station_id: Name = "TWOWAY-1"
    secret: str | None = None
    """Name of the basic-auth password in the secrets file."""
    versions: list[Literal["2.1", "2.0.1"]] = ["2.1", "2.0.1"]
    sample_s: Annotated[float, Field(ge=1, le=86_400)] = 60.0
    id_token: str = "TWOWAY-HOME"  # noqa: S105 - a name, no secret
    """What the home presents to be authorised for its own car."""


class FrequencySection(Section):
    """``[frequency]``: a droop curve of energy.frequency that the home serves."""

    curve: str = "none"
    power_w: Watt = 0.0


class EngineSection(Section):
    """``[engine]``: the engine itself."""

    api_host: Literal["127.0.0.1", "::1"] = "127.0.0.1"
    api_port: Annotated[int, Field(ge=0, le=65535)] = 8770
    """0: any free port; the engine writes where it listens to its run file."""
    plan_every_s: Annotated[float, Field(ge=10, le=3600)] = 300.0
    plan_horizon_h: Annotated[float, Field(ge=6, le=72)] = 48.0
    plan_step_s: Annotated[float, Field(ge=60, le=3600)] = 300.0
    raw_days: Annotated[int, Field(ge=1, le=3650)] = 14
    """Days that second-by-second readings are kept before they are rolled up."""


class HomeConfig(Section):
    """One home."""

    home: HomeSection = HomeSection()
    connection: ConnectionSection
    meter: list[ModbusSection] = []
    inverter: list[ModbusSection] = []
    battery: list[BatterySection] = []
    load: list[LoadSection] = []
    tank: list[TankSection] = []
    charger: ChargerSection | None = None
    car: CarSection = CarSection()
    departure: list[DepartureSection] = []
    wishes: WishesSection = WishesSection()
    tariff: TariffSection = TariffSection()
    co2: Co2Section = Co2Section()
    weather: WeatherSection | None = None
    utility: UtilitySection | None = None
    backend: BackendSection | None = None
    frequency: FrequencySection = FrequencySection()
    engine: EngineSection = EngineSection()
