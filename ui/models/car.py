"""What the Car page shows: the session's facts in plain words, and wishes as they are edited."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ui.i18n import tr
from ui.models.home import QUIET_W, format_of
from ui.models.security import authorization_words, certificate_words, encryption_words
from ui.models.units import DASH, Shown, duration

if TYPE_CHECKING:
    from app.api import schema as s

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class CarHeader:
    """The page's big number and its words."""

    soc: Shown
    words: str


def header(home: "s.HomeSnapshot") -> CarHeader:
    """The car's charge, and what it does."""
    fmt, car = format_of(home), home.car
    if not car.connected:
        return CarHeader(
            soc=Shown(DASH, tr("No car is plugged in.")),
            words=tr("No car is plugged in. Plug it in, and it is ready by the time you set here."),
        )
    power = fmt.power(car.power_w).text
    if car.power_w is None or abs(car.power_w) < QUIET_W:
        doing = tr("rests")
    elif car.power_w > 0:
        doing = tr("charges with {power}", power=power)
    else:
        doing = tr("feeds with {power}", power=power)
    return CarHeader(
        soc=fmt.percent(car.soc, car.soc_missing or tr("The car has not told its charge yet.")),
        words=f"{car.name or tr('The car')} {doing}",
    )


def facts(home: "s.HomeSnapshot") -> list[tuple[str, Shown]]:
    """The session in plain words."""
    fmt, car = format_of(home), home.car
    if not car.connected:
        return []
    stored_wh = car.capacity_wh * car.soc if car.capacity_wh is not None and car.soc is not None else None
    plugged = Shown(DASH, tr("The charger has not told when the car came."))
    if car.since is not None:
        ago = duration(home.now - car.since)
        plugged = Shown(tr("{time}, {ago} ago", time=fmt.when(car.since, home.now).text, ago=ago))
    return [
        (tr("Plugged in"), plugged),
        (tr("Charged in this session"), fmt.energy(car.charged_wh)),
        (tr("Given back in this session"), fmt.energy(car.discharged_wh)),
        (tr("In the battery"), fmt.energy(stored_wh, car.soc_missing)),
        (tr("Charges with up to"), fmt.power(car.charge_max_w, tr("The car has not told its limits yet."))),
        (
            tr("Gives back up to"),
            fmt.power(car.discharge_max_w, tr("The car has not told its limits yet."))
            if car.can_discharge
            else Shown(tr("this session only charges"), ""),
        ),
    ]


def details(home: "s.HomeSnapshot") -> list[tuple[str, Shown]]:
    """The session for who wants it."""
    car = home.car
    unknown = Shown(DASH, tr("Known while a car is plugged in."))
    return [
        (tr("Protocol"), Shown(car.protocol) if car.protocol else unknown),
        (tr("State"), Shown(car.state) if car.state else unknown),
        (tr("Session"), Shown(car.session_id) if car.session_id else unknown),
        (tr("Car's identity (EVCCID)"), Shown(car.evcc_id) if car.evcc_id else unknown),
        (tr("Encryption"), encryption_words(car) if car.connected else unknown),
        (tr("Authorisation"), authorization_words(car) if car.connected else unknown),
        (tr("The car's certificate"), certificate_words(car, format_of(home)) if car.connected else unknown),
        (tr("Messages"), Shown(format_of(home).number(car.messages)) if car.connected else unknown),
    ]


def boost_words(home: "s.HomeSnapshot") -> str:
    """How long a boost still runs; empty without one."""
    until = home.wishes.boost_until
    if until is None or until <= home.now:
        return ""
    fmt = format_of(home)
    left = duration(until - home.now)
    return tr("Charging at full power until {time}, {left} more.", time=fmt.when(until, home.now).text, left=left)


def next_full_hour(now: datetime) -> datetime:
    """A sensible first value for a single departure: tomorrow at this full hour."""
    return (now + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
