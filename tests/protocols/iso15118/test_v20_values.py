"""Numbers, schedules and fields: what is written is what is read, and never more than was meant."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.exi import decode, encode
from protocols.exi.messages.ac import AC_ChargeLoopRes
from protocols.exi.messages.common_types import MessageHeaderType, RationalNumberType, ResponseCodeType
from protocols.exi.messages.dc import DC_ChargeLoopRes
from protocols.exi.namespaces import V20_AC, V20_DC
from protocols.iso15118.evse import DEFAULT_LIMITS, EvseOffer
from protocols.iso15118.power import CarReport, EnergyNeeds, EvseReadings, Limits
from protocols.iso15118.schedule import (
    Prices,
    Schedule,
    keeps_to,
    merged,
    power_at,
    unplanned,
)
from protocols.iso15118.services import ControlMode, Energy, Service
from protocols.iso15118.simulation import DEFAULT_CAR_LIMITS
from protocols.iso15118.v20 import car_fields, evse_fields
from protocols.iso15118.v20.parameter_sets import offered_sets, parameter_set_element, read_parameter_set
from protocols.iso15118.v20.rational import number, per_phase, phase_sum, rational
from protocols.iso15118.v20.schedules import read_steps, schedule_element

BPT_MODES = [(service, mode) for service in Service for mode in ControlMode]


@given(st.floats(-32_000_000, 32_000_000))
def test_a_number_is_cut_towards_zero_by_less_than_a_step(value: float) -> None:
    element = rational(value)
    back = number(element)
    assert abs(back) <= abs(value) + 2e-6 * 10**element.Exponent
    assert abs(value - back) <= 1.01 * 10**element.Exponent
    assert -3 <= element.Exponent <= 3
    assert -32768 <= element.Value <= 32767


@pytest.mark.parametrize(
    ("value", "exponent", "mantissa"),
    [(0, 0, 0), (11_000, 0, 11_000), (230.1, -1, 2301), (-4.25, -2, -425), (32_767, 0, 32_767), (40_000, 1, 4_000)],
)
def test_common_numbers_are_plain(value: float, exponent: int, mantissa: int) -> None:
    assert rational(value) == RationalNumberType(Exponent=exponent, Value=mantissa)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e9])
def test_what_no_number_can_carry_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        rational(value)


@pytest.mark.parametrize("phases", [1, 3])
def test_phases_share_and_sum(phases: int) -> None:
    class Element:
        EVSETargetActivePower = EVSETargetActivePower_L2 = EVSETargetActivePower_L3 = None

    element = Element()
    for name, value in per_phase("EVSETargetActivePower", -10_000, phases).items():
        setattr(element, name, value)
    assert phase_sum(element, "EVSETargetActivePower") == pytest.approx(-10_000, abs=3)
    assert (element.EVSETargetActivePower_L3 is None) == (phases == 1)


@pytest.mark.parametrize("service", list(Service))
@pytest.mark.parametrize("mode", list(ControlMode))
@pytest.mark.parametrize("power_w", [7_250.0, 0.0, -4_321.0])
@pytest.mark.parametrize("negative", [False, True])
def test_a_set_point_survives_the_wire(service: Service, mode: ControlMode, power_w: float, negative: bool) -> None:
    offer = EvseOffer(negative_discharge_limits=negative)
    if not service.bidirectional:
        power_w = max(0.0, power_w)
    header = MessageHeaderType(SessionID=bytes(8), TimeStamp=1)
    readings = EvseReadings(power_w, 400, power_w / 400)
    limits = DEFAULT_LIMITS
    namespace = V20_AC if service.energy is Energy.AC else V20_DC
    if service.energy is Energy.AC:
        message: AC_ChargeLoopRes | DC_ChargeLoopRes = AC_ChargeLoopRes(
            Header=header,
            ResponseCode=ResponseCodeType.OK,
            CLResControlMode=evse_fields.ac_targets(power_w, readings, (1 / 3,) * 3, mode, service.bidirectional, None),
        )
    else:
        message = DC_ChargeLoopRes(
            Header=header,
            ResponseCode=ResponseCodeType.OK,
            EVSEPresentCurrent=rational(readings.current_a),
            EVSEPresentVoltage=rational(readings.voltage_v),
            EVSEPowerLimitAchieved=False,
            EVSECurrentLimitAchieved=False,
            EVSEVoltageLimitAchieved=False,
            CLResControlMode=evse_fields.dc_targets(power_w, limits, offer, mode, service.bidirectional, None),
        )
    received = decode(namespace, encode(namespace, message))
    assert isinstance(received, AC_ChargeLoopRes | DC_ChargeLoopRes)
    assert evse_fields.read_set_point(received, limits) == pytest.approx(power_w, abs=3)


@pytest.mark.parametrize(("service", "mode"), BPT_MODES)
def test_a_cars_report_survives(service: Service, mode: ControlMode) -> None:
    needs = EnergyNeeds(departure_in_s=7200, target_wh=12_000, max_wh=20_000, min_wh=-3_000)
    if service.bidirectional:
        needs = replace(needs, max_v2x_wh=9_000, min_v2x_wh=-8_000)
    limits = DEFAULT_CAR_LIMITS if service.bidirectional else DEFAULT_CAR_LIMITS.without_discharge()
    report = CarReport(limits, needs, ev_w=-2_000.0, target_w=-2_000.0, voltage_v=400.0)
    read = car_fields.read_limits(car_fields.loop_element(report, service, mode), limits)
    assert read.max_charge_w == limits.max_charge_w
    assert read.max_discharge_w == limits.max_discharge_w
    read_needs = car_fields.read_needs(car_fields.loop_element(report, service, mode))
    assert read_needs.target_wh == 12_000
    if mode is ControlMode.DYNAMIC:
        assert read_needs == needs


def test_discharge_limits_written_below_zero_are_understood() -> None:
    element = car_fields.limits_element(DEFAULT_CAR_LIMITS, Service.DC_BPT, None)
    element.EVMaximumDischargePower = rational(-9_000)  # type: ignore[attr-defined]
    assert car_fields.read_limits(element).max_discharge_w == 9_000


@pytest.mark.parametrize("service", list(Service))
def test_parameter_sets_are_read_back_and_stay_small(service: Service) -> None:
    sets = offered_sets((ControlMode.DYNAMIC, ControlMode.SCHEDULED))
    assert sets[0].control_mode is ControlMode.DYNAMIC
    assert len(sets) <= 4
    for one in sets:
        element = parameter_set_element(one, service, 230, 3)
        assert len(element.Parameter) <= 8
        assert read_parameter_set(element) == one


def test_a_parameter_set_without_control_mode_is_passed_over() -> None:
    element = parameter_set_element(offered_sets((ControlMode.DYNAMIC,))[0], Service.AC, 230, 3)
    element.Parameter = [one for one in element.Parameter if one.Name != "ControlMode"]
    assert read_parameter_set(element) is None


def test_schedules_are_merged_and_cut_to_what_peers_hold() -> None:
    steps = tuple((900.0, float(i // 2)) for i in range(96))
    assert sum(s for s, _ in merged(steps)) == 96 * 900
    element = schedule_element(
        Schedule(charge=steps, discharge=steps, charge_prices=Prices("EUR", steps)), 1, 0, 1, True, 1024
    )
    power = element.ChargingSchedule.PowerSchedule.PowerScheduleEntries.PowerScheduleEntry
    assert len(power) == 12
    assert power[0].Duration == 1800
    assert element.ChargingSchedule.AbsolutePriceSchedule is not None
    assert element.DischargingSchedule is not None
    assert read_steps(element.ChargingSchedule.PowerSchedule)[1] == (1800.0, 1.0)


def test_a_one_way_service_gets_no_discharging_schedule() -> None:
    assert schedule_element(unplanned(DEFAULT_LIMITS), 1, 0, 3, False, 12).DischargingSchedule is None


@pytest.mark.parametrize(
    ("profile", "fits"),
    [
        (((3600.0, 5_000.0),), True),
        (((3600.0, 5_002.0),), False),
        (((1800.0, 5_000.0), (1800.0, -2_000.0)), True),
        (((1800.0, 5_000.0), (1800.0, -2_002.0)), False),
        (((3600.0, 5_000.0), (3600.0, 5_000.0)), False),
        (((9000.0, 1_000.0),), True),
        ((), True),
    ],
)
def test_whether_a_profile_keeps_to_its_schedule(profile: tuple[tuple[float, float], ...], fits: bool) -> None:
    schedule = Schedule(charge=((3600.0, 5_000.0), (3600.0, 1_000.0)), discharge=((7200.0, 2_000.0),))
    assert keeps_to(profile, schedule) is fits


def test_power_at_a_moment() -> None:
    steps = ((10.0, 1.0), (5.0, 2.0))
    assert [power_at(steps, t) for t in (0, 9.9, 10, 15)] == [1.0, 1.0, 2.0, None]


def test_limits_clip_both_ways() -> None:
    limits = Limits(max_charge_w=7_000, max_discharge_w=3_000)
    assert [limits.clip(w) for w in (9_000, 5_000, -2_000, -9_000)] == [7_000, 5_000, -2_000, -3_000]
    assert math.copysign(1, limits.without_discharge().clip(-1)) == 1


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"min_charge_w": 12_000.0}, "least charging power"),
        ({"min_discharge_w": 12_000.0}, "least discharging power"),
        ({"max_v": 100.0}, "takes up to 100 V"),
        ({"min_v": 1_200.0}, "takes from 1200 V"),
    ],
)
def test_implausible_cars(changes: dict[str, float], match: str) -> None:
    limits = replace(DEFAULT_CAR_LIMITS, **changes)
    assert match in (car_fields.implausible(limits, DEFAULT_LIMITS, dc=True) or "")
    assert car_fields.implausible(DEFAULT_CAR_LIMITS, DEFAULT_LIMITS, dc=True) is None


def test_offer_defaults_hold_all_services_of_a_home() -> None:
    assert set(EvseOffer().services) == set(Service) - {Service.MCS, Service.MCS_BPT}


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_chargers_limits_are_read_back(negative: bool, bidirectional: bool) -> None:
    offer = EvseOffer(negative_discharge_limits=negative, phases=1)
    expected = DEFAULT_LIMITS if bidirectional else DEFAULT_LIMITS.without_discharge()
    dc = evse_fields.dc_limits_element(DEFAULT_LIMITS, offer, bidirectional)
    read = evse_fields.read_limits(dc)
    assert (read.max_charge_w, read.max_discharge_w) == (expected.max_charge_w, expected.max_discharge_w)
    assert (read.max_v, read.max_charge_a) == (expected.max_v, expected.max_charge_a)
    ac = evse_fields.read_limits(evse_fields.ac_limits_element(DEFAULT_LIMITS, offer, bidirectional))
    assert (ac.max_charge_w, ac.max_discharge_w) == (expected.max_charge_w, expected.max_discharge_w)
