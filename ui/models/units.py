"""Figures as people read them: 3.4 kW, 12.6 kWh, the home's money, local times; the unknown as a dash with its why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from PySide6.QtCore import QDate, QLocale

from ui.i18n import tr

DASH = "—"
NBSP = "\u00a0"
MINUS = "\u2212"
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "PLN": "zł", "CZK": "Kč"}
_SYMBOL_FIRST = {"GBP", "USD", "JPY"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as it is shown, and why it is a dash where it is one."""

    text: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Format:
    """One home's way of writing figures."""

    timezone: str = "UTC"
    currency: str = "EUR"
    locale: QLocale | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The home's time zone; UTC where this machine does not know it."""
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    def number(self, value: float, decimals: int = 0) -> str:
        """A plain number; never "−0"."""
        rounded = round(value, decimals) + 0.0
        sign = MINUS if rounded < 0 else ""
        return sign + (self.locale or QLocale()).toString(abs(rounded), "f", decimals)

    def power(self, power_w: float | None, why: str = "") -> Shown:
        """A power in kW; the sign is left to the words beside it, so it is shown without."""
        if power_w is None:
            return Shown(DASH, why)
        return Shown(f"{self.number(abs(power_w) / 1000, 1)}{NBSP}kW")

    def signed_power(self, power_w: float | None, why: str = "") -> Shown:
        """A power in kW with its sign."""
        if power_w is None:
            return Shown(DASH, why)
        return Shown(f"{self.number(power_w / 1000, 1)}{NBSP}kW")

    def energy(self, energy_wh: float | None, why: str = "") -> Shown:
        """An energy in kWh."""
        if energy_wh is None:
            return Shown(DASH, why)
        kwh = energy_wh / 1000
        return Shown(f"{self.number(kwh, 1 if abs(kwh) < 1000 else 0)}{NBSP}kWh")

    def percent(self, fraction: float | None, why: str = "") -> Shown:
        """A fraction 0..1 as percent."""
        return Shown(DASH, why) if fraction is None else Shown(f"{self.number(fraction * 100)}{NBSP}%")

    def money(self, amount: float | None, why: str = "", *, decimals: int = 2, signed: bool = False) -> Shown:
        """Money in the home's currency."""
        if amount is None:
            return Shown(DASH, why)
        figure = self.number(abs(amount), decimals)
        rounded = round(amount, decimals)
        sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
        symbol = _SYMBOLS.get(self.currency, self.currency)
        return Shown(f"{sign}{symbol}{figure}" if self.currency in _SYMBOL_FIRST else f"{sign}{figure}{NBSP}{symbol}")

    def price(self, per_kwh: float | None, why: str = "") -> Shown:
        """A price of one kWh."""
        shown = self.money(per_kwh, why)
        return shown if per_kwh is None else Shown(f"{shown.text}/kWh")

    def frequency(self, hertz: float | None, why: str = "") -> Shown:
        """A grid frequency."""
        return Shown(DASH, why) if hertz is None else Shown(f"{self.number(hertz, 2)}{NBSP}Hz")

    def local(self, time: datetime) -> datetime:
        """A time on the home's clock."""
        return time.astimezone(self.zone)

    def clock(self, time: datetime | None, why: str = "") -> Shown:
        """Hour and minute on the home's clock."""
        return Shown(DASH, why) if time is None else Shown(f"{self.local(time):%H:%M}")

    def when(self, time: datetime | None, now: datetime, why: str = "") -> Shown:
        """A time as one says it: "21:00", "tomorrow 07:00", "Thu 07:00", "3 Dec 07:00"."""
        if time is None:
            return Shown(DASH, why)
        there, here = self.local(time), self.local(now)
        days = (there.date() - here.date()).days
        clock = f"{there:%H:%M}"
        if days == 0:
            return Shown(clock)
        if days == 1:
            return Shown(tr("tomorrow {time}", time=clock))
        if days == -1:
            return Shown(tr("yesterday {time}", time=clock))
        if 1 < days < 7:
            return Shown(f"{self.weekday(there)} {clock}")
        return Shown(f"{self.day(there)} {clock}")

    def weekday(self, time: datetime) -> str:
        """Short name of the local weekday."""
        return (
            (self.locale or QLocale())
            .dayName(self.local(time).isoweekday(), QLocale.FormatType.ShortFormat)
            .rstrip(".")
        )

    def day(self, time: datetime) -> str:
        """Day and short month: "3 Dec"."""
        there = self.local(time)
        pattern = "d. MMM" if (self.locale or QLocale()).language() == QLocale.Language.German else "d MMM"
        return (self.locale or QLocale()).toString(QDate(there.year, there.month, there.day), pattern)

    def short_day(self, time: datetime) -> str:
        """A day in short: "Mon, 3 Dec 2026"."""
        return f"{self.weekday(time)}, {self.day(time)} {self.local(time).year}"

    def long_day(self, time: datetime) -> str:
        """A day in full: "Monday, 3 December 2026"."""
        there = self.local(time)
        german = (self.locale or QLocale()).language() == QLocale.Language.German
        pattern = "dddd, d. MMMM yyyy" if german else "dddd, d MMMM yyyy"
        return (self.locale or QLocale()).toString(QDate(there.year, there.month, there.day), pattern)

    def month(self, time: datetime) -> str:
        """Month and year: "December 2026"."""
        there = self.local(time)
        return (self.locale or QLocale()).toString(QDate(there.year, there.month, 1), "MMMM yyyy")


def duration(span: timedelta) -> str:
    """A length of time in words: "2 h 15 min"."""
    minutes = max(0, round(span.total_seconds() / 60))
    hours, rest = divmod(minutes, 60)
    days, hours = divmod(hours, 24) if hours >= 48 else (0, hours)
    parts = [f"{days}{NBSP}d"] if days else []
    if hours:
        parts.append(f"{hours}{NBSP}h")
    if (rest and not days) or not parts:
        parts.append(f"{rest}{NBSP}min")
    return " ".join(parts)
