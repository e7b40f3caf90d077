"""A charging profile: read from the wire into watts, or refused with the standard's reason.

Pure. Source: OCPP 2.1 part 2, K01 (SetChargingProfile) and chapter Q 2.2 (operation modes, V2X.01 to V2X.05); the
requirement's number stands beside each rule. Ampere become watts here, so the rest of the home never sees them.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from protocols.ocpp.config import Evse
from protocols.ocpp.events import OperationMode
from protocols.ocpp.schemas import Json
from protocols.ocpp.versions import Version

MAX_STACK_LEVEL = 9
MAX_PROFILES = 50
_ABSURD = 1e10  # beyond any limit that could be meant, even "no limit" written as 2^31
_TEN_YEARS_S = 10 * 366 * 86_400
_RECURRENCE_S = {"Daily": 86_400.0, "Weekly": 7 * 86_400.0}


class Purpose(StrEnum):
    """The purposes that a CSMS may set here."""

    MAX = "ChargingStationMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


class Kind(StrEnum):
    """ChargingProfileKindEnumType."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"
    DYNAMIC = "Dynamic"


_M = OperationMode
# Table 95, as far as these modes are supported; the home's own energy management is the "external system".
MODES: dict[Purpose, frozenset[OperationMode]] = {
    Purpose.MAX: frozenset({_M.CHARGING_ONLY}),
    Purpose.TX_DEFAULT: frozenset(
        {_M.CHARGING_ONLY, _M.CENTRAL_SETPOINT, _M.CENTRAL_FREQUENCY, _M.EXTERNAL_SETPOINT, _M.IDLE}
    )
    | {_M.EXTERNAL_LIMITS},
}
MODES[Purpose.TX] = MODES[Purpose.TX_DEFAULT]
SUPPORTED_MODES = tuple(mode for mode in OperationMode if mode in MODES[Purpose.TX])
_SETPOINT_MODES = frozenset({_M.CENTRAL_SETPOINT, _M.CENTRAL_FREQUENCY})


class ProfileRefused(ValueError):
    """A profile that cannot be taken; ``reason`` is a reason code of OCPP 2.1 appendix 5."""

    def __init__(self, reason: str, text: str) -> None:
        """``text`` is one line for the CSMS's operator."""
        super().__init__(text)
        self.reason = reason
        self.text = text


@dataclass(frozen=True, slots=True)
class Period:
    """One stretch of a schedule, in W for all phases together; None: nothing asked."""

    start_s: float
    """Seconds after the schedule's own start."""
    charge_max_w: float | None
    discharge_max_w: float | None
    """W ≥ 0."""
    setpoint_w: float | None
    mode: OperationMode


@dataclass(frozen=True, slots=True)
class Profile:
    """One installed profile."""

    profile_id: int
    evse_id: int
    """0: the whole station."""
    purpose: Purpose
    kind: Kind
    stack_level: int
    start_s: float | None
    """POSIX; None for a relative profile."""
    duration_s: float | None
    recurrence_s: float | None
    valid_from_s: float
    valid_to_s: float
    transaction_id: str | None
    periods: tuple[Period, ...]
    max_offline_s: float | None
    invalid_after_offline: bool
    update_every_s: float | None
    """Dynamic: the station asks for new values this often (K28)."""
    wire: Json
    """As it came, for GetChargingProfiles."""

    def is_over(self, at_s: float) -> bool:
        """Can it never ask anything again?"""
        ends_s = math.inf
        if self.kind is Kind.ABSOLUTE and self.start_s is not None and self.duration_s is not None:
            ends_s = self.start_s + self.duration_s
        return at_s >= min(self.valid_to_s, ends_s)


def read_profile(version: Version, evses: tuple[Evse, ...], evse_id: int, wire: Json, at_s: float) -> Profile:
    """Read a ChargingProfileType that its schema accepts, set for ``evse_id`` at home time ``at_s``.

    Raises ProfileRefused for what the schema cannot know to be wrong.
    """
    evse = _evse(evses, evse_id)
    purpose, kind = _purpose(wire), Kind(wire["chargingProfileKind"])
    schedule = _schedule(wire)
    start_s = _start(kind, purpose, schedule, at_s)
    duration_s = _seconds(schedule, "duration", minimum=1)
    periods = tuple(_periods(version, evse, purpose, schedule))
    if kind is Kind.DYNAMIC and len(periods) != 1:
        raise ProfileRefused("InvalidSchedule", "a dynamic schedule has exactly one period")
    if not 0 <= wire["stackLevel"] <= MAX_STACK_LEVEL:
        raise ProfileRefused("InvalidStackLevel", f"stackLevel must be 0 to {MAX_STACK_LEVEL}")
    if kind is not Kind.DYNAMIC and wire.keys() & {"dynUpdateInterval", "dynUpdateTime"}:  # K01.FR.122
        raise ProfileRefused("InvalidProfile", "dynUpdate… is for dynamic profiles")
    valid_from_s = _time(wire, "validFrom", -math.inf)
    valid_to_s = _time(wire, "validTo", math.inf)
    if valid_to_s <= valid_from_s:
        raise ProfileRefused("InvalidProfile", "validTo is not after validFrom")
    return Profile(
        profile_id=int(wire["id"]),
        evse_id=evse_id,
        purpose=purpose,
        kind=kind,
        stack_level=int(wire["stackLevel"]),
        start_s=start_s,
        duration_s=duration_s,
        recurrence_s=_recurrence(kind, wire),
        valid_from_s=valid_from_s,
        valid_to_s=valid_to_s,
        transaction_id=_transaction(purpose, evse_id, wire),
        periods=periods,
        max_offline_s=_seconds(wire, "maxOfflineDuration", minimum=0),
        invalid_after_offline=wire.get("invalidAfterOfflineDuration", False),
        update_every_s=_seconds(wire, "dynUpdateInterval", minimum=1),
        wire=wire,
    )


def admit(profile: Profile, installed: Iterable[Profile], transaction_on_evse: str | None) -> None:
    """May it stand beside those that are installed? Raises ProfileRefused if not (K01.FR.06, .09, .33, .39, .52)."""
    if profile.purpose is Purpose.TX and (transaction_on_evse is None or profile.transaction_id != transaction_on_evse):
        raise ProfileRefused("TxNotFound", f"no transaction {profile.transaction_id} on this EVSE")
    others = [other for other in installed if other.profile_id != profile.profile_id]
    if len(others) >= MAX_PROFILES:
        raise ProfileRefused("TooManyElements", f"{MAX_PROFILES} profiles are installed; clear some")
    for other in others:
        if _clash(profile, other):
            raise ProfileRefused("DuplicateProfile", f"profile {other.profile_id} has that place and validity")


def with_update(profile: Profile, update: Json, version: Version, evses: tuple[Evse, ...], at_s: float) -> Profile:
    """A dynamic profile with new values (UpdateDynamicSchedule, K28): fields that are absent stay."""
    if profile.kind is not Kind.DYNAMIC:
        raise ProfileRefused("InvalidProfile", f"profile {profile.profile_id} is not dynamic")
    wire = dict(profile.wire)
    schedule = dict(wire["chargingSchedule"][0])
    schedule["chargingSchedulePeriod"] = [schedule["chargingSchedulePeriod"][0] | update]
    wire["chargingSchedule"] = [schedule]
    return read_profile(version, evses, profile.evse_id, wire, at_s)


def parse_time(text: str) -> float:
    """POSIX seconds of an RFC 3339 time; ValueError for one that no calendar has (a leap second, year 0)."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def _clash(a: Profile, b: Profile) -> bool:
    same_place = (a.purpose, a.stack_level) == (b.purpose, b.stack_level) and (
        a.transaction_id == b.transaction_id
        if a.purpose is Purpose.TX
        else 0 in (a.evse_id, b.evse_id) or a.evse_id == b.evse_id
    )
    return same_place and a.valid_from_s < b.valid_to_s and b.valid_from_s < a.valid_to_s


def _evse(evses: tuple[Evse, ...], evse_id: int) -> Evse:
    if evse_id == 0:
        return evses[0]
    found = next((evse for evse in evses if evse.evse_id == evse_id), None)
    if found is None:
        raise ProfileRefused("UnknownEvse", f"there is no EVSE {evse_id}")
    return found


def _purpose(wire: Json) -> Purpose:
    try:
        return Purpose(wire["chargingProfilePurpose"])
    except ValueError:  # K01.FR.22 and .120
        name = wire["chargingProfilePurpose"]
        raise ProfileRefused("UnsupportedPurpose", f"{name} is not set by a CSMS here") from None


def _schedule(wire: Json) -> Json:
    """The one schedule that is followed; with ISO 15118 a CSMS may offer up to three, the first is its choice."""
    schedule: Json = wire["chargingSchedule"][0]
    for name in ("useLocalTime", "randomizedDelay", "limitAtSoC"):  # K01.FR.123 to .125
        if schedule.get(name):
            raise ProfileRefused("InvalidSchedule", f"{name} is not supported")
    return schedule


def _start(kind: Kind, purpose: Purpose, schedule: Json, at_s: float) -> float | None:
    if kind is Kind.DYNAMIC:
        return at_s
    if kind is Kind.RELATIVE:
        if "startSchedule" in schedule:  # K01.FR.41
            raise ProfileRefused("InvalidSchedule", "a relative schedule has no startSchedule")
        if purpose is Purpose.MAX:  # K01.FR.38
            raise ProfileRefused("InvalidProfile", "ChargingStationMaxProfile cannot be relative")
        return None
    if "startSchedule" not in schedule:  # K01.FR.40
        raise ProfileRefused("InvalidSchedule", f"a schedule of kind {kind} needs startSchedule")
    return _time(schedule, "startSchedule", 0.0)


def _recurrence(kind: Kind, wire: Json) -> float | None:
    if kind is not Kind.RECURRING:
        return None
    if "recurrencyKind" not in wire:
        raise ProfileRefused("InvalidProfile", "a recurring profile needs recurrencyKind")
    return _RECURRENCE_S[wire["recurrencyKind"]]


def _transaction(purpose: Purpose, evse_id: int, wire: Json) -> str | None:
    if purpose is not Purpose.TX:
        return None
    if evse_id == 0:  # K01.FR.16
        raise ProfileRefused("InvalidProfile", "a TxProfile is for one EVSE, not for EVSE 0")
    if "transactionId" not in wire:  # K01.FR.03
        raise ProfileRefused("InvalidProfile", "a TxProfile needs transactionId")
    return str(wire["transactionId"])


def _periods(version: Version, evse: Evse, purpose: Purpose, schedule: Json) -> Iterator[Period]:
    if schedule["chargingRateUnit"] not in evse.rate_units:  # K01.FR.26
        raise ProfileRefused("UnsupportedRateUnit", f"use {' or '.join(evse.rate_units)}")
    last_s = -1.0
    for index, period in enumerate(schedule["chargingSchedulePeriod"]):
        start_s = _seconds(period, "startPeriod", minimum=0) or 0.0
        if (index == 0 and start_s != 0) or start_s <= last_s:  # K01.FR.31 and .35
            raise ProfileRefused("InvalidSchedule", "periods begin at 0 and follow each other in time")
        last_s = start_s
        yield _period(version, evse, purpose, schedule, period, start_s)


def _period(version: Version, evse: Evse, purpose: Purpose, schedule: Json, wire: Json, start_s: float) -> Period:
    where = f"schedule {schedule['id']}, period {start_s:g}"
    mode = OperationMode(wire.get("operationMode", OperationMode.CHARGING_ONLY))
    if mode not in MODES[purpose]:  # Q09.FR.01, table 95
        raise ProfileRefused("UnsupportedParam", f"{where}: operationMode {mode} is not supported here")
    if wire.get("evseSleep"):  # K01.FR.126
        raise ProfileRefused("InvalidSchedule", f"{where}: evseSleep is not supported")
    # K01.FR.44. Many backends always write numberPhases: where it asks for what is, nothing has to be chosen.
    if evse.dc and ("phaseToUse" in wire or wire.get("numberPhases", evse.phases) != evse.phases):
        raise ProfileRefused("NoPhaseForDC", f"{where}: a DC EVSE has no phases to choose")
    if wire.get("phaseToUse") is not None:  # K01.FR.48
        raise ProfileRefused("InvalidSchedule", f"{where}: phaseToUse is not supported")
    to_w = _ToWatts(evse, schedule, wire, where)
    limit_w, discharge_w, setpoint_w = to_w("limit"), to_w("dischargeLimit"), to_w("setpoint")
    _check_fields(mode, limit_w, discharge_w, setpoint_w, where)
    if mode is OperationMode.IDLE:
        return Period(start_s, 0.0, 0.0, 0.0, mode)
    if mode is OperationMode.CHARGING_ONLY and purpose is not Purpose.MAX and version is not Version.V201:
        # 2.1 says that this mode charges and nothing else; 2.0.1 cannot speak of discharging at all.
        discharge_w = 0.0
    return Period(start_s, limit_w, None if discharge_w is None else abs(discharge_w), setpoint_w, mode)


def _check_fields(
    mode: OperationMode, limit_w: float | None, discharge_w: float | None, setpoint_w: float | None, where: str
) -> None:
    """Which of the three may stand in which mode, and in which range (Q01 to Q10, V2X.05)."""
    if limit_w is not None and limit_w < 0:
        raise ProfileRefused("InvalidSchedule", f"{where}: limit is negative")
    if discharge_w is not None and discharge_w > 0:
        raise ProfileRefused("InvalidSchedule", f"{where}: dischargeLimit is positive")
    if mode is OperationMode.IDLE and (limit_w, discharge_w, setpoint_w) != (None, None, None):  # Q10.FR.02
        raise ProfileRefused("InvalidSchedule", f"{where}: Idle has no limit and no setpoint")
    if mode is OperationMode.CHARGING_ONLY:
        if limit_w is None:
            raise ProfileRefused("InvalidSchedule", f"{where}: ChargingOnly needs a limit")
        if discharge_w is not None or setpoint_w is not None:  # Q02.FR.02
            raise ProfileRefused("InvalidSchedule", f"{where}: ChargingOnly has a limit only")
    if mode in _SETPOINT_MODES and setpoint_w is None:
        raise ProfileRefused("InvalidSchedule", f"{where}: {mode} needs a setpoint")
    if setpoint_w is not None:
        over = limit_w is not None and setpoint_w > limit_w
        under = discharge_w is not None and setpoint_w < discharge_w
        if over or under:  # V2X.05
            raise ProfileRefused("InvalidSchedule", f"{where}: setpoint lies outside its limits")


class _ToWatts:
    """Reads one of a period's values, all phases together, in W."""

    def __init__(self, evse: Evse, schedule: Json, wire: Json, where: str) -> None:
        self._wire, self._where = wire, where
        self._ampere = schedule["chargingRateUnit"] == "A"
        self._voltage_v = evse.voltage_v
        self._phases = min(wire.get("numberPhases") or 3, evse.phases)  # K01.FR.45 and .49

    def __call__(self, name: str) -> float | None:
        if name not in self._wire:
            return None
        first = self._finite(self._wire[name], name)
        others = [self._finite(self._wire[key], key) for key in (f"{name}_L2", f"{name}_L3") if key in self._wire]
        if not self._ampere:
            return first + sum(others)
        amperes = first + sum(others) if others else first * self._phases  # K01.FR.51: a limit for each phase
        return amperes * self._voltage_v

    def _finite(self, value: Any, name: str) -> float:
        number = float(value)
        if not math.isfinite(number) or abs(number) > _ABSURD:
            raise ProfileRefused("InvalidSchedule", f"{self._where}: {name} of {number:g} cannot be meant")
        return number


def _seconds(wire: Json, name: str, *, minimum: float) -> float | None:
    if name not in wire:
        return None
    value = float(wire[name])
    if not minimum <= value <= _TEN_YEARS_S:
        raise ProfileRefused("InvalidSchedule", f"{name} of {value:g} s cannot be meant")
    return value


def _time(wire: Json, name: str, absent: float) -> float:
    if name not in wire:
        return absent
    try:
        return parse_time(wire[name])
    except (ValueError, OverflowError):
        raise ProfileRefused("InvalidSchedule", f"{name} {wire[name]!r} is not a time") from None
