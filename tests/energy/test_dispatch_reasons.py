"""A set-point explains itself: with the plan's facts, or the limit that cuts it and what was wanted."""

from dataclasses import replace

import pytest

from energy.dispatch import DispatchState, dispatch
from energy.model import Readings, Reason, ReasonCode, Wishes
from energy.plan.types import Money, Plan, PlugPlan, Step

FACTS = {"binds": "charger", "worth_eur_per_kwh": 0.31, "next_choice": "hold", "next_cost_eur": 0.12}


@pytest.fixture
def told(home):
    """``told(meter_w, phase_w, charge_min_w, **step)``: the set-point for a plan of one step."""

    def run(meter_w=500.0, phase_w=(), charge_min_w=0.0, **step):
        fields = {"ev_w": 11_000.0, "grid_w": 11_500.0, "code": ReasonCode.CHARGE_CHEAP} | step
        reason = Reason(code=fields.pop("code"), params=dict(FACTS))
        one = Step(
            start_s=home.now_s - 60,
            end_s=home.now_s + 3600,
            load_w=500.0,
            solar_w=0.0,
            soc=0.5,
            import_eur_per_kwh=0.12,
            export_eur_per_kwh=0.08,
            stored_eur_per_kwh=0.31,
            reason=reason,
            **fields,
        )
        plan = Plan(
            made_s=home.now_s,
            plugs=(PlugPlan(charger_id="c1", steps=(one,)),),
            promises=(),
            money=Money(planned_eur=0.0, baseline_eur=0.0),
            optimal=True,
        )
        ev_state = home.ev_state()
        point, _ = dispatch(
            DispatchState(),
            readings=Readings(at_s=home.now_s, grid_w=meter_w, phase_w=phase_w),
            ev_state=ev_state,
            plan=plan,
            limits=home.limits(ev_state=ev_state, charger=replace(home.charger, charge_min_w=charge_min_w)),
            wishes=Wishes(),
            now_s=home.now_s,
        )
        return point

    return run


def test_a_set_point_that_follows_the_plan_carries_the_steps_facts(told):
    point = told()
    assert point.reason.code is ReasonCode.CHARGE_CHEAP
    assert point.reason.params == FACTS
    assert point.limited_by == ()


def test_a_full_phase_is_named_with_what_was_wanted(told):
    # 25 A a phase are 5750 W: phase 2 leaves 3250 W less the guard of 50 W, so three phases 9600 W.
    point = told(2700.0, (100.0, 2500.0, 100.0))
    assert point.reason.code is ReasonCode.CHARGE_CHEAP
    (fuse,) = point.limited_by
    assert fuse.code is ReasonCode.LIMIT_FUSE
    assert fuse.params["phase"] == 2.0
    assert fuse.params["wanted_w"] == 11_000.0
    assert point.reason.params["binds"] == "limit_fuse"
    assert point.reason.params["next_cost_eur"] == 0.12


def test_a_limit_of_the_connection_names_no_phase(told):
    point = told(9_000.0)
    (fuse,) = point.limited_by
    assert fuse.code is ReasonCode.LIMIT_FUSE
    assert "phase" not in fuse.params
    assert fuse.params["wanted_w"] == 11_000.0


def test_waiting_for_surplus_is_not_called_charging(told):
    point = told(ev_w=2_000.0, grid_w=0.0, code=ReasonCode.CHARGE_SOLAR, takes_surplus=True)
    assert point.power_w == 0.0
    assert point.reason.code is ReasonCode.WAIT_FOR_SUN
    assert point.reason.params["worth_eur_per_kwh"] == 0.31


def test_a_house_that_needs_nothing_is_not_called_fed(told):
    point = told(-10.0, ev_w=-500.0, grid_w=0.0, code=ReasonCode.FEED_HOUSE)
    assert point.power_w == 0.0
    assert point.reason.code is ReasonCode.ROOF_FEEDS


def test_a_surplus_too_small_to_start_on_is_waited_for(told):
    step = {"ev_w": 2_000.0, "grid_w": 0.0, "code": ReasonCode.CHARGE_SOLAR, "takes_surplus": True}
    assert told(-900.0, **step).reason.code is ReasonCode.CHARGE_SOLAR
    point = told(-900.0, charge_min_w=1_400.0, **step)
    assert point.power_w == 0.0
    assert point.reason.code is ReasonCode.WAIT_FOR_SUN


def test_a_dear_event_price_does_not_feed_a_house_in_need_of_nothing(told):
    point = told(-10.0, ev_w=-500.0, grid_w=0.0, code=ReasonCode.EVENT_PRICE)
    assert point.power_w == 0.0
    assert point.reason.code is ReasonCode.ROOF_FEEDS
