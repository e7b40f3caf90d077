"""Charging profiles: read into watts or refused with the standard's reason, stacked, and looked ahead."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest

from protocols.ocpp.config import Evse
from protocols.ocpp.events import OperationMode
from protocols.ocpp.profiles import Profile, ProfileRefused, Purpose, admit, parse_time, read_profile, with_update
from protocols.ocpp.stacking import MAX_STEPS, Situation, guidance_ahead, guidance_at
from protocols.ocpp.versions import Version

NOON = parse_time("2026-11-22T12:00:00Z")
DC = (Evse(),)
AC = (Evse(dc=False, phases=3),)
AC1 = (Evse(dc=False, phases=1),)
HERE = Situation(1)
Make = Callable[..., dict[str, Any]]


def read(
    wire: dict[str, Any], evse_id: int = 1, evses: tuple[Evse, ...] = DC, version: Version = Version.V21
) -> Profile:
    return read_profile(version, evses, evse_id, wire, NOON)


def test_watts_and_amperes_become_watts(make_profile: Make) -> None:
    assert read(make_profile()).periods[0].charge_max_w == 5000.0
    ampere = {"chargingRateUnit": "A"}
    assert read(make_profile(schedule=ampere, period={"limit": 16}) | {}, evses=AC)  # default: three phases
    three = make_profile(period={"limit": 16})
    three["chargingSchedule"][0]["chargingRateUnit"] = "A"
    assert read(three, evses=AC).periods[0].charge_max_w == 16 * 230 * 3
    assert read(three, evses=AC1).periods[0].charge_max_w == 16 * 230
    three["chargingSchedule"][0]["chargingSchedulePeriod"][0]["numberPhases"] = 1
    assert read(three, evses=AC).periods[0].charge_max_w == 16 * 230
    three["chargingSchedule"][0]["chargingSchedulePeriod"][0] |= {"limit_L2": 10, "limit_L3": 6}
    assert read(three, evses=AC).periods[0].charge_max_w == 32 * 230


def test_dc_with_the_phases_it_has_is_no_choice_of_phases(make_profile: Make) -> None:
    assert read(make_profile(period={"numberPhases": 3})).periods[0].charge_max_w == 5000.0


def test_zero_is_a_pause_not_a_refusal(make_profile: Make) -> None:
    step = guidance_at([read(make_profile(period={"limit": 0}))], HERE, NOON)
    assert step.charge_max_w == 0.0


def central(**values: float) -> dict[str, Any]:
    return {"operationMode": "CentralSetpoint", "limit": None} | values


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ({"limit": 4000}, (4000.0, 0.0, None)),
        (central(setpoint=-3000.0), (None, None, -3000.0)),
        (central(setpoint=3000.0, limit=7000.0, dischargeLimit=-6000.0), (7000.0, 6000.0, 3000.0)),
        ({"operationMode": "Idle", "limit": None}, (0.0, 0.0, 0.0)),
        ({"operationMode": "ExternalSetpoint", "dischargeLimit": -2000.0}, (5000.0, 2000.0, None)),
        ({"operationMode": "ExternalLimits", "limit": None}, (None, None, None)),
        ({"operationMode": "CentralFrequency", "limit": None, "setpoint": 100.0}, (None, None, 100.0)),
        (central(setpoint=-1000.0, setpoint_L2=-1000.0, setpoint_L3=-500.0), (None, None, -2500.0)),
    ],
)
def test_operation_modes(make_profile: Make, period: dict[str, Any], expected: tuple[float | None, ...]) -> None:
    step = guidance_at([read(make_profile(period=period))], HERE, NOON)
    assert (step.charge_max_w, step.discharge_max_w, step.setpoint_w) == expected


def test_2_0_1_does_not_speak_of_discharging(make_profile: Make) -> None:
    assert read(make_profile(), version=Version.V201).periods[0].discharge_max_w is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"period": {"limit": -1.0}}, "InvalidSchedule"),
        ({"period": {"limit": 1e308}}, "InvalidSchedule"),
        ({"period": {"limit": math.nan}}, "InvalidSchedule"),
        ({"period": {"limit": math.inf}}, "InvalidSchedule"),
        ({"period": {"limit": None}}, "InvalidSchedule"),
        ({"period": {"startPeriod": 60}}, "InvalidSchedule"),
        ({"period": {"startPeriod": -60}}, "InvalidSchedule"),
        ({"period": {"setpoint": 100.0}}, "InvalidSchedule"),
        ({"period": {"operationMode": "Idle"}}, "InvalidSchedule"),
        ({"period": central()}, "InvalidSchedule"),
        ({"period": central(setpoint=-750.0, limit=1000.0, dischargeLimit=-500.0)}, "InvalidSchedule"),
        ({"period": central(setpoint=1100.0, limit=1000.0)}, "InvalidSchedule"),
        ({"period": {"operationMode": "LocalFrequency", "limit": None}}, "UnsupportedParam"),
        ({"period": {"operationMode": "LocalLoadBalancing", "limit": None}}, "UnsupportedParam"),
        ({"period": {"numberPhases": 1}}, "NoPhaseForDC"),
        ({"period": {"phaseToUse": 1}}, "NoPhaseForDC"),
        ({"period": {"evseSleep": True}}, "InvalidSchedule"),
        ({"schedule": {"chargingRateUnit": "A"}}, "UnsupportedRateUnit"),
        ({"schedule": {"duration": 0}}, "InvalidSchedule"),
        ({"schedule": {"duration": 1e308}}, "InvalidSchedule"),
        ({"schedule": {"startSchedule": "+222222017-01-01T00:00:00Z"}}, "InvalidSchedule"),
        ({"schedule": {"startSchedule": "2026-11-22T23:59:60Z"}}, "InvalidSchedule"),
        ({"schedule": {"useLocalTime": True}}, "InvalidSchedule"),
        ({"schedule": {"randomizedDelay": 60}}, "InvalidSchedule"),
        ({"schedule": {"limitAtSoC": {"soc": 80, "limit": 1000}}}, "InvalidSchedule"),
        (
            {"schedule": {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1}, {"startPeriod": 0, "limit": 2}]}},
            "InvalidSchedule",
        ),
        ({"chargingProfileKind": "Relative", "schedule": {"startSchedule": "2026-11-22T12:00:00Z"}}, "InvalidSchedule"),
        ({"chargingProfileKind": "Relative", "chargingProfilePurpose": "ChargingStationMaxProfile"}, "InvalidProfile"),
        ({"chargingProfileKind": "Recurring"}, "InvalidProfile"),
        ({"chargingProfilePurpose": "ChargingStationExternalConstraints"}, "UnsupportedPurpose"),
        ({"chargingProfilePurpose": "PriorityCharging"}, "UnsupportedPurpose"),
        ({"chargingProfilePurpose": "TxProfile"}, "InvalidProfile"),
        ({"stackLevel": 10}, "InvalidStackLevel"),
        ({"stackLevel": -1}, "InvalidStackLevel"),
        ({"dynUpdateInterval": 60}, "InvalidProfile"),
        ({"validFrom": "2026-12-01T00:00:00Z", "validTo": "2026-11-01T00:00:00Z"}, "InvalidProfile"),
    ],
)
def test_hostile_profiles_are_refused_with_a_reason(make_profile: Make, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ProfileRefused) as refusal:
        read(make_profile(**change))
    assert refusal.value.reason == reason


def test_unknown_evse_and_evse_0(make_profile: Make) -> None:
    with pytest.raises(ProfileRefused) as refusal:
        read(make_profile(), evse_id=7)
    assert refusal.value.reason == "UnknownEvse"
    tx = make_profile(chargingProfilePurpose="TxProfile", transactionId="t")
    with pytest.raises(ProfileRefused, match="for one EVSE"):
        read(tx, evse_id=0)


def test_absolute_schedule_has_no_start(make_profile: Make) -> None:
    wire = make_profile()
    del wire["chargingSchedule"][0]["startSchedule"]
    with pytest.raises(ProfileRefused, match="needs startSchedule"):
        read(wire)


def test_admit_finds_clashes_and_missing_transactions(make_profile: Make) -> None:
    installed = [read(make_profile(id=1, stackLevel=2), evse_id=0)]
    with pytest.raises(ProfileRefused) as refusal:
        admit(read(make_profile(id=2, stackLevel=2)), installed, None)
    assert refusal.value.reason == "DuplicateProfile"
    admit(read(make_profile(id=1, stackLevel=2)), installed, None)  # the same id replaces it
    admit(read(make_profile(id=2, stackLevel=3)), installed, None)
    later = make_profile(id=2, stackLevel=2, validFrom="2027-01-01T00:00:00Z")
    with pytest.raises(ProfileRefused):
        admit(read(later), installed, None)
    tx = read(make_profile(chargingProfilePurpose="TxProfile", transactionId="t"))
    with pytest.raises(ProfileRefused) as refusal:
        admit(tx, [], "other")
    assert refusal.value.reason == "TxNotFound"
    admit(tx, [], "t")


def test_too_many_profiles(make_profile: Make) -> None:
    day = [f"2027-01-{day:02d}T00:00:00Z" for day in range(1, 32)]
    installed = [
        read(make_profile(id=n, stackLevel=n % 10, validFrom=day[n // 10], validTo=day[n // 10 + 1])) for n in range(50)
    ]
    with pytest.raises(ProfileRefused) as refusal:
        admit(read(make_profile(id=99, validFrom=day[20])), installed, None)
    assert refusal.value.reason == "TooManyElements"


def test_stack_and_purposes(make_profile: Make) -> None:
    low = read(make_profile(id=1, stackLevel=0, period={"limit": 5000}))
    high = read(
        make_profile(id=2, stackLevel=1, period={"limit": 3000}, schedule={"duration": 3600})
        | {"validTo": "2026-11-22T12:30:00Z"}
    )
    ceiling = read(
        make_profile(id=3, chargingProfilePurpose="ChargingStationMaxProfile", period={"limit": 4000}), evse_id=0
    )
    now = guidance_at([low, high, ceiling], HERE, NOON)
    assert (now.charge_max_w, now.profile_ids, now.end_s) == (3000.0, (3, 2), NOON + 1800)
    after = guidance_at([low, high, ceiling], HERE, NOON + 1800)
    assert (after.charge_max_w, after.profile_ids) == (4000.0, (3, 1))
    ceiling_alone = guidance_at([ceiling], HERE, NOON)
    assert ceiling_alone.discharge_max_w is None, "the station's maximum limits charging only"


def test_tx_profile_overrules_the_default_for_its_transaction(make_profile: Make) -> None:
    default = read(make_profile(id=1, period={"limit": 5000}))
    own = read(
        make_profile(
            id=2,
            chargingProfilePurpose="TxProfile",
            transactionId="t",
            chargingProfileKind="Relative",
            period=central(setpoint=-9000.0),
            schedule={},
        )
    )
    assert own.purpose is Purpose.TX
    with_tx = Situation(1, "t", NOON)
    assert guidance_at([default, own], with_tx, NOON).setpoint_w == -9000.0
    assert guidance_at([default, own], with_tx, NOON).mode is OperationMode.CENTRAL_SETPOINT
    assert guidance_at([default, own], Situation(1, "other", NOON), NOON).charge_max_w == 5000.0
    not_ready = guidance_at([default, own], Situation(1, "t", None), NOON)
    assert not_ready.charge_max_w == 5000.0, "a relative profile begins when the car is ready"


def test_setpoint_is_capped_by_the_station_maximum(make_profile: Make) -> None:
    ceiling = read(
        make_profile(id=3, chargingProfilePurpose="ChargingStationMaxProfile", period={"limit": 1000}), evse_id=0
    )
    own = read(make_profile(id=2, period=central(setpoint=2000.0)))
    assert guidance_at([ceiling, own], HERE, NOON).setpoint_w == 1000.0


def test_daily_recurrence(make_profile: Make) -> None:
    """2 kW every day from 17 to 20 h, nothing said else (the standard's own example, 3.7.1)."""
    peak = read(
        make_profile(
            chargingProfileKind="Recurring",
            recurrencyKind="Daily",
            schedule={"startSchedule": "2020-01-09T17:00:00Z", "duration": 10_800},
            period={"limit": 2000},
        )
    )
    steps = guidance_ahead([peak], HERE, NOON, 86_400)
    assert [(s.start_s - NOON, s.end_s - NOON, s.charge_max_w) for s in steps] == [
        (0, 5 * 3600, None),
        (5 * 3600, 8 * 3600, 2000.0),
        (8 * 3600, 86_400, None),
    ]


def test_look_ahead_has_no_gap_and_an_end(make_profile: Make) -> None:
    wire = make_profile(chargingProfileKind="Recurring", recurrencyKind="Daily")
    wire["chargingSchedule"][0]["chargingSchedulePeriod"] = [
        {"startPeriod": n * 60, "limit": float(n % 2 * 1000)} for n in range(1024)
    ]
    steps = guidance_ahead([read(wire)], HERE, NOON, 40 * 86_400)
    assert len(steps) == MAX_STEPS
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(steps))
    assert guidance_ahead([], HERE, NOON, 3600)[0].end_s == NOON + 3600


def test_dynamic_profile_lapses_unless_updated(make_profile: Make) -> None:
    wire = make_profile(chargingProfileKind="Dynamic", period=central(setpoint=-1000.0), schedule={"duration": 60})
    wire["chargingSchedule"][0]["chargingSchedulePeriod"] = [
        {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": -1000.0}
    ]
    dynamic = read(wire)
    assert guidance_at([dynamic], HERE, NOON + 59).setpoint_w == -1000.0
    assert guidance_at([dynamic], HERE, NOON + 60).setpoint_w is None
    updated = with_update(dynamic, {"setpoint": 2000.0}, Version.V21, DC, NOON + 50)
    assert guidance_at([updated], HERE, NOON + 100).setpoint_w == 2000.0
    with pytest.raises(ProfileRefused):
        with_update(dynamic, {"setpoint": 1e300}, Version.V21, DC, NOON)
    with pytest.raises(ProfileRefused):
        with_update(read(make_profile()), {"limit": 1.0}, Version.V21, DC, NOON)


def test_profile_pauses_when_offline_too_long(make_profile: Make) -> None:
    short = read(make_profile(id=1, stackLevel=1, period={"limit": 9000}, maxOfflineDuration=300))
    floor = read(make_profile(id=2, stackLevel=0, period={"limit": 3000}))
    away = Situation(1, offline_since_s=NOON)
    now = guidance_at([short, floor], away, NOON + 299)
    assert (now.charge_max_w, now.end_s) == (9000.0, NOON + 300)
    assert guidance_at([short, floor], away, NOON + 300).charge_max_w == 3000.0
    assert guidance_at([short, floor], HERE, NOON + 300).charge_max_w == 9000.0
