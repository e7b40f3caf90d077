"""When the car usually leaves and returns, and what its trips take: learned from the stays at its charger.

By the day: does it leave at all, and when, for how long, with how much gone. The same weekday counts most, then days
of its kind (working day, weekend), then all; recent weeks more than old ones. Few days say little, so their chance is
drawn to "perhaps". What the homeowner says always wins (``with_habits``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from energy.asks import FloatArray
from energy.model import Absence, Departure, Wishes

_DAY_BEGINS_H = 4.0
"""Who comes home at two in the morning comes home from the day before."""
_LEAST_AWAY_H = 1.0
"""A shorter absence is no trip that a plan should mind."""
_LONGEST_AWAY_H = 7 * 24.0
_FADE_DAYS = 70.0
_PRIOR_DAYS = 3.0
"""Days' worth of doubt with which a weekday leans on days of its kind, and those on all."""
_PERHAPS, _PERHAPS_DAYS = 0.4, 3.0
_SAME, _ALIKE, _OTHER = 1.0, 0.25, 0.05
"""How much the times of another day count for this one's."""
_LEAST_DAYS = 4
_LEAST_CHANCE = 0.2
_LIKELY = 0.5
_SAME_TRIP_S = 3 * 3600.0
"""A departure that is asked for within so long of the usual one is that trip."""
_TYPICAL_USED_WH = 8_000.0
"""Of a trip of which the charge is not known."""
_EARLY, _EARLIEST = 0.15, 0.02
"""A departure is promised for the time by which so many have left; before it some have."""
_USED_SHARE = 0.9
_MARGIN_SOC = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """The car at its charger, from plugging in until unplugging."""

    from_s: float
    to_s: float | None
    """None: it is still there, or nobody saw it leave."""
    soc_in: float | None = None
    soc_out: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """What is usual in the time ahead."""

    departures: tuple[Departure, ...] = ()
    absences: tuple[Absence, ...] = ()
    days: int = 0
    """Days that it was learned from."""


@dataclass(frozen=True, slots=True)
class _Day:
    """One day of the past: None: the car did not leave."""

    ordinal: int
    leave_h: float | None = None
    """Hours of local time since this day's midnight; above 24 past the next one."""
    away_h: float | None = None
    used_wh: float | None = None


@dataclass(frozen=True, slots=True)
class _Usual:
    """Past days as seen from one date."""

    chance: float
    leave_h: FloatArray
    weight: FloatArray
    away_h: float
    used_wh: float
    need_wh: float

    def given_not_before(self, hour: float) -> "_Usual | None":
        """As it stands at ``hour`` of the day, with the car still here."""
        later = self.leave_h > hour
        share = float(self.weight[later].sum() / self.weight.sum())
        left = self.chance * share
        chance = left / max(1.0 - self.chance + left, 1e-9)
        if not later.any() or chance < _LEAST_CHANCE:
            return None
        return replace(self, chance=chance, leave_h=self.leave_h[later], weight=self.weight[later])


def learn_presence(
    stays: Sequence[Stay],
    *,
    now_s: float,
    tz: str,
    capacity_wh: float,
    horizon_h: float = 48.0,
    reserve_soc: float = 0.2,
    most_soc: float = 0.8,
) -> Presence:
    """Departures and absences to be expected from ``now_s`` until ``horizon_h`` later.

    A departure's ``chance`` is that of the car leaving on that day (from four in the morning to four in the next). One
    in seven that do leave, leave before its ``at_s`` (``early_chance``, over ``early_h``). The target is what all but a
    tenth of the trips took, the reserve and a margin on top, at most ``most_soc``. An absence is given where leaving is
    likelier than not. Times that go backwards, stays of the future and absurd charges are left out. Raises
    ``ZoneInfoNotFoundError`` for an unknown ``tz``.
    """
    zone = ZoneInfo(tz)
    known = _in_order(stays, now_s)
    here = bool(known) and known[-1].to_s is None
    past = list(_days(known, now_s, zone, capacity_wh))
    if len(past) < _LEAST_DAYS:
        return Presence(days=len(past))
    today, hour = _day_and_hour(now_s, zone)
    departures: list[Departure] = []
    absences: list[Absence] = []
    for ahead in range(-1, int(horizon_h // 24) + 2):
        ordinal = today + ahead
        usual = _usual(past, ordinal)
        if usual is None:
            continue
        if ahead <= 0:
            if not here:
                continue
            usual = usual.given_not_before(hour - 24.0 * ahead)
            if usual is None:
                continue
        departure, absence = _expected(usual, ordinal, zone, now_s, capacity_wh, reserve_soc, most_soc)
        if departure.at_s > now_s + horizon_h * 3600.0:
            continue
        departures.append(departure)
        if departure.chance >= _LIKELY:
            absences.append(absence)
    if not here and (trip := _going_on(known, past, now_s, zone)) is not None:
        absences = [trip, *absences]
        departures = [departure for departure in departures if departure.at_s > trip.to_s]
    return Presence(departures=tuple(departures), absences=tuple(_apart(absences)), days=len(past))


def with_habits(wishes: Wishes, habits: Presence, tz: str) -> Wishes:
    """The wishes, and what is usual on days of which the homeowner has said nothing.

    Who says when the car leaves, and not for how long, is taken to be away as long as is usual for such a departure.
    """
    zone = ZoneInfo(tz)
    own = {_day_and_hour(d.at_s, zone)[0]: d for d in reversed(wishes.departures)}
    away = {_day_and_hour(a.from_s, zone)[0] for a in wishes.absences}
    departures = [d for d in habits.departures if _day_and_hour(d.at_s, zone)[0] not in own.keys() | away]
    absences: list[Absence] = []
    for absence in habits.absences:
        day = _day_and_hour(absence.from_s, zone)[0]
        said = own.get(day)
        if said is not None:
            if abs(said.at_s - absence.from_s) > _SAME_TRIP_S or said.at_s >= absence.to_s:
                continue
            absence = replace(absence, from_s=said.at_s)
        clash = any(known.from_s < absence.to_s and absence.from_s < known.to_s for known in wishes.absences)
        if day not in away and not clash:
            absences.append(absence)
    return replace(
        wishes,
        departures=tuple(sorted((*wishes.departures, *departures), key=lambda d: d.at_s)),
        absences=tuple(sorted((*wishes.absences, *absences), key=lambda a: a.from_s)),
    )


def _in_order(stays: Sequence[Stay], now_s: float) -> list[Stay]:
    """Stays that can have been, each ending before the next begins; one that nobody saw end has an end of None."""
    found: list[Stay] = []
    for stay in sorted(stays, key=lambda s: s.from_s):
        if not np.isfinite(stay.from_s) or stay.from_s > now_s:
            continue
        end_s = stay.to_s
        if end_s is not None and not stay.from_s <= end_s <= now_s:
            continue
        if found:
            before_s = found[-1].to_s
            if before_s is not None and before_s > stay.from_s:
                continue
        found.append(stay)
    return found


def _day_and_hour(at_s: float, zone: ZoneInfo) -> tuple[int, float]:
    """The day (an ordinal; it begins at four) and the hours since its midnight."""
    local = datetime.fromtimestamp(at_s, zone)
    hour = local.hour + local.minute / 60.0 + local.second / 3600.0
    ordinal = local.toordinal()
    return (ordinal, hour) if hour >= _DAY_BEGINS_H else (ordinal - 1, hour + 24.0)


def _days(stays: list[Stay], now_s: float, zone: ZoneInfo, capacity_wh: float) -> Iterator[_Day]:
    """The past days of which it is known whether the car left."""
    if not stays:
        return
    trips: dict[int, _Day] = {}
    unknown: set[int] = set()
    for stay, following in zip(stays, [*stays[1:], None], strict=True):
        until_s = now_s if following is None else following.from_s
        if stay.to_s is None:
            if following is not None:
                # Nobody saw it leave, yet it came again: what happened between is not known.
                unknown |= set(range(_day_and_hour(stay.from_s, zone)[0], _day_and_hour(until_s, zone)[0] + 1))
            continue
        away_h = (until_s - stay.to_s) / 3600.0
        ordinal, leave_h = _day_and_hour(stay.to_s, zone)
        if away_h > _LONGEST_AWAY_H:
            unknown |= set(range(ordinal, _day_and_hour(until_s, zone)[0] + 1))
        if away_h < _LEAST_AWAY_H or away_h > _LONGEST_AWAY_H:
            continue
        day = _Day(ordinal, leave_h)
        if following is not None:
            day = _Day(ordinal, leave_h, away_h, _used_wh(stay.soc_out, following.soc_in, capacity_wh))
        # The day's longest trip is what a plan must mind; shorter ones happen around it.
        before = trips.get(ordinal)
        if before is None or (before.away_h or 0.0) < away_h:
            trips[ordinal] = day
        # Days that it was away from morning to evening say nothing of leaving.
        unknown |= set(range(ordinal + 1, _day_and_hour(until_s, zone)[0]))
    first, last = _day_and_hour(stays[0].from_s, zone)[0] + 1, _day_and_hour(now_s, zone)[0]
    for ordinal in range(first, last):
        if ordinal in trips:
            yield trips[ordinal]
        elif ordinal not in unknown:
            yield _Day(ordinal)


def _used_wh(before: float | None, after: float | None, capacity_wh: float) -> float | None:
    """Charge that a trip took; None where it is not known, or cannot be (it came back fuller: charged elsewhere)."""
    if before is None or after is None or not (0.0 <= after <= before <= 1.0):
        return None
    return (before - after) * capacity_wh


def _usual(past: list[_Day], ordinal: int) -> _Usual | None:
    """The past as seen from a date; None: it hardly ever leaves, or nobody knows when."""
    weekday, weekend = (ordinal + 6) % 7, (ordinal + 6) % 7 >= 5
    days = np.array([day.ordinal for day in past])
    left = np.array([day.leave_h is not None for day in past])
    fade = np.exp(-(ordinal - days) / _FADE_DAYS)
    same, alike = (days + 6) % 7 == weekday, ((days + 6) % 7 >= 5) == weekend
    chance, doubt = _PERHAPS, _PERHAPS_DAYS
    for group in (np.ones(len(past), dtype=np.bool_), alike, same):
        count, gone = float(fade[group].sum()), float(fade[group & left].sum())
        chance, doubt = (gone + doubt * chance) / (count + doubt), _PRIOR_DAYS
    if chance < _LEAST_CHANCE or not left.any():
        return None
    trips = [day for day in past if day.leave_h is not None]
    weight = (fade * np.where(same, _SAME, np.where(alike, _ALIKE, _OTHER)))[left]
    return _Usual(
        chance,
        np.array([day.leave_h for day in trips]),
        weight,
        _of_known([day.away_h for day in trips], weight, 0.5, 9.0),
        _of_known([day.used_wh for day in trips], weight, 0.6, _TYPICAL_USED_WH),
        _of_known([day.used_wh for day in trips], weight, _USED_SHARE, 20_000.0),
    )


def _of_known(values: list[float | None], weight: FloatArray, share: float, otherwise: float) -> float:
    known = np.array([value is not None for value in values])
    if not known.any():
        return otherwise
    return _quantile(np.array([value for value in values if value is not None]), weight[known], share)


def _quantile(values: FloatArray, weight: FloatArray, share: float) -> float:
    """Weighted; between neighbouring values linear."""
    order = np.argsort(values)
    place = np.cumsum(weight[order]) - weight[order] / 2
    return float(np.interp(share * weight.sum(), place, values[order]))


def _expected(
    usual: _Usual, ordinal: int, zone: ZoneInfo, now_s: float, capacity_wh: float, reserve_soc: float, most_soc: float
) -> tuple[Departure, Absence]:
    early_h, earliest_h = (_quantile(usual.leave_h, usual.weight, share) for share in (_EARLY, _EARLIEST))
    middle_h = _quantile(usual.leave_h, usual.weight, 0.5)
    at_s = max(_at_s(ordinal, early_h, zone), now_s + 60.0)
    leave_s = max(_at_s(ordinal, middle_h, zone), at_s)
    target = min(max(usual.need_wh / capacity_wh + reserve_soc + _MARGIN_SOC, reserve_soc), most_soc)
    departure = Departure(
        at_s=at_s,
        target_soc=target,
        chance=usual.chance,
        early_chance=_EARLY,
        early_h=max(early_h - earliest_h, 0.25),
        learned=True,
    )
    return departure, Absence(from_s=leave_s, to_s=leave_s + usual.away_h * 3600.0, used_wh=usual.used_wh, learned=True)


def _at_s(ordinal: int, hour: float, zone: ZoneInfo) -> float:
    """An hour of local time, counted on past midnight; where the clocks change, as the clock on the wall shows it."""
    days, rest = divmod(hour, 24.0)
    moment = datetime.combine(date.fromordinal(ordinal) + timedelta(days=days), time(), zone)
    shown = moment.replace(hour=int(rest), minute=int(rest % 1 * 60), second=int(rest * 60 % 1 * 60))
    return shown.timestamp()


def _going_on(stays: list[Stay], past: list[_Day], now_s: float, zone: ZoneInfo) -> Absence | None:
    """The trip that the car is on now: until it usually returns from such, or soon where that is past."""
    left_s = stays[-1].to_s if stays else None
    trips = [day for day in past if day.away_h is not None]
    if left_s is None or not trips:
        return None
    usual = _usual(past, _day_and_hour(left_s, zone)[0])
    away_h = usual.away_h if usual is not None else float(np.median([day.away_h or 0.0 for day in trips]))
    used = [day.used_wh for day in trips if day.used_wh is not None]
    used_wh = usual.used_wh if usual is not None else float(np.median(used)) if used else _TYPICAL_USED_WH
    back_s = max(left_s + away_h * 3600.0, now_s + 1800.0)
    if back_s - left_s >= _LONGEST_AWAY_H * 3600.0:
        return None
    return Absence(from_s=left_s, to_s=back_s, used_wh=used_wh, learned=True)


def _apart(absences: list[Absence]) -> Iterator[Absence]:
    """Those that do not reach into an earlier one."""
    end_s = -np.inf
    for absence in sorted(absences, key=lambda a: a.from_s):
        if absence.from_s >= end_s:
            yield absence
            end_s = absence.to_s
