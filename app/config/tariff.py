"""The home file's ``[tariff]``: the contract for energy, put together from small sections."""

from typing import Annotated, Any, Literal

from pydantic import Field

from app.config.parts import ClockTime, Name, Section, Watt

PerKwh = Annotated[float, Field(ge=-100, le=100)]
Until = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
DayWord = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "weekday", "weekend", "holiday"]
Fee = Annotated[float, Field(ge=0, le=1)]


class HoursSection(Section):
    """When something holds: hours of the local day, days, a season."""

    start: ClockTime = Field(default="00:00", alias="from")
    end: Until = Field(default="24:00", alias="to")
    """Below ``from``: over midnight; then each side belongs to its own day."""
    days: list[DayWord] | None = None
    """None: every day."""
    season: tuple[MonthDay, MonthDay] | None = None
    """First and last day of each year, both included; may go over New Year."""


class BandSection(HoursSection):
    """A price with its hours. Of several the first that fits holds."""

    price: PerKwh


class ProviderSection(Section):
    """``[tariff.provider]``: who publishes the prices."""

    kind: Literal["entsoe", "nord_pool", "octopus", "tibber", "awattar", "file"]
    url: str = ""
    """As the provider documents it."""
    area: str = ""
    """ENTSO-E: the zone's EIC code, "10YNL----------L"; Nord Pool: "SE3"."""
    secret: str | None = None
    """Name of the token in the secrets file."""
    price: str = ""
    """Octopus: "inc_vat", "exc_vat"; Tibber: "total", "energy"."""
    resolution: Literal["", "hourly", "quarter_hourly"] = ""
    home: str = ""
    """Tibber: the home's id, where an account has several."""
    publish: ClockTime | None = None
    """When tomorrow's prices usually appear, local time; None: the provider's own hour."""
    file: str | None = None
    """Of kind "file": the CSV, relative to the home file. It is read again when it changes."""


class ExportSection(Section):
    """``[tariff.export]``: what exported energy is paid, where that is not the tariff's own."""

    kind: Literal["fixed", "time_of_use", "spot", "none"] = "fixed"
    per_kwh: PerKwh = 0.08
    bands: list[BandSection] = []
    share: Annotated[float, Field(ge=0, le=2)] = 1.0
    """Of the market's price."""
    fee_per_kwh: PerKwh = 0.0
    """Taken off."""
    vat: Fee = 0.0
    floor_per_kwh: PerKwh | None = None
    cap_per_kwh: PerKwh | None = None
    unpaid_when_negative: bool = False
    """Nothing is paid while the market's price is below 0."""
    provider: ProviderSection | None = None
    """Prices of its own; without one a spot tariff follows the import's market."""


class FeeSection(Section):
    """``[[tariff.fees]]``: something on top of the energy's price."""

    name: str = ""
    per_kwh: PerKwh = 0.0
    bands: list[BandSection] = []
    """Other prices at some hours: §14a EnWG module 3, for one."""
    percent: Annotated[float, Field(ge=0, le=500)] = 0.0
    """Of the energy's price."""
    taxed: bool = True


class PeakSection(Section):
    """``[[tariff.peak]]``: money for the highest mean import of a month."""

    per_kw: Annotated[float, Field(ge=0, le=10_000)] = 0.0
    """For each whole period; where a year's price is billed by the mean of twelve months, a twelfth."""
    period: Literal["day", "month", "year"] = "month"
    average_min: Literal[15, 30, 60] = 15
    days: Annotated[int, Field(ge=1, le=31)] = 1
    """The mean of this many highest days counts."""
    least_w: Watt = 0.0
    """At least so much is billed."""
    steps: list[tuple[float, float]] = []
    """A ladder instead of a price: up to W, money of the period."""
    hours: list[HoursSection] = []
    """When it counts; empty: always."""


class CapacitySection(Section):
    """``[[tariff.capacity]]``: a contracted power, above which energy costs more."""

    above_w: Watt
    per_kwh: Annotated[float, Field(ge=0, le=1_000)]
    """Beside the energy's own price."""
    hours: list[HoursSection] = []


class TariffSection(Section):
    """``[tariff]``: one of energy.tariffs, with its own parameters, and what a contract puts on top."""

    kind: str = "fixed"
    import_per_kwh: PerKwh = 0.32
    """With a market tariff: what holds, as paid, while no price is known at all."""
    export_per_kwh: PerKwh = 0.08
    markup_per_kwh: PerKwh = 0.0
    """Fees and taxes on top of a market price, currency/kWh."""
    vat: Fee = 0.0
    vat_included: bool | None = None
    """The energy's price holds the VAT already; None: as usual, a market's does not, a supplier's does."""
    file: str | None = None
    """Day-ahead: CSV of ``time_utc,price_eur_per_mwh``; relative to the home file. Read again when it changes."""
    windows: list[tuple[ClockTime, ClockTime, float]] = []
    """Time of use: from, to (local), import price."""
    bands: list[BandSection] = []
    """Time of use with days and seasons; looked at before ``windows``."""
    holidays: list[Name] = []
    """"12-25", "2026-05-14", "easter+1". One counts as a Sunday where no band names holidays."""
    cap_per_kwh: PerKwh | None = None
    """The home never pays more for a kWh, all included; ``floor_per_kwh``: never less."""
    floor_per_kwh: PerKwh | None = None
    monthly: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    """A standing charge: billed, not planned with."""
    provider: ProviderSection | None = None
    export: ExportSection | None = None
    fees: list[FeeSection] = []
    peak: list[PeakSection] = []
    capacity: list[CapacitySection] = []
    options: dict[str, Any] = {}
    """What only this kind of tariff takes, by its own names."""
