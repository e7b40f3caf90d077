"""What dispatch does in each situation, and the reason it gives."""

from dataclasses import replace

import pytest

from energy.dispatch import DispatchConfig, DispatchState, dispatch
from energy.grid_events import GridEventKind
from energy.model import Departure, Readings, Reason, ReasonCode, Wishes
from energy.plan import Money, Plan, PlugPlan, Step

R = ReasonCode
K = GridEventKind


def plan_of(home, **changes):
    """A plan of one step of an hour."""
    fields = {
        "start_s": home.now_s - 600,
        "end_s": home.now_s + 3000,
        "ev_w": 0.0,
        "grid_w": 500.0,
        "load_w": 500.0,
        "solar_w": 0.0,
        "soc": 0.5,
        "import_eur_per_kwh": 0.3,
        "export_eur_per_kwh": 0.1,
        "reason": Reason(code=R.HOLD),
    }
    step = Step(**(fields | changes))
    money = Money(planned_eur=0.0, baseline_eur=0.0)
    return Plan(
        made_s=home.now_s, plugs=(PlugPlan(charger_id="c", steps=(step,)),), promises=(), money=money, optimal=True
    )


class Drive:
    """Calls dispatch second by second on a house with an obedient charger."""

    def __init__(self, home, plan=None, *, house_w=500.0, **fields):
        self.home, self.plan, self.house_w = home, plan, house_w
        self.ev_w = fields.pop("ev_w", 0.0)
        self.soc = fields.pop("soc", 0.5)
        self.wishes = fields.pop("wishes", Wishes())
        self.events = fields.pop("events", ())
        self.charger = fields.pop("charger", home.charger)
        self.meter_age_s = fields.pop("meter_age_s", 0.0)
        self.frequency_hz = fields.pop("frequency_hz", None)
        self.connected = fields.pop("connected", True)
        self.config = fields.pop("config", DispatchConfig())
        self.bias = fields.pop("bias", 0.0)
        assert not fields
        self.state = DispatchState()
        self.now_s = home.now_s
        self.powers = []

    def run(self, seconds=1):
        for _ in range(seconds):
            self.now_s += 1.0
            ev_state = self.home.ev_state(soc=self.soc, power_w=self.ev_w, connected=self.connected, at_s=self.now_s)
            limits = self.home.limits(ev_state, self.wishes, events=self.events, charger=self.charger, now_s=self.now_s)
            readings = Readings(
                at_s=self.now_s - self.meter_age_s,
                grid_w=self.house_w + self.ev_w,
                frequency_hz=self.frequency_hz,
            )
            point, self.state = dispatch(
                self.state,
                readings=readings,
                ev_state=ev_state,
                plan=self.plan,
                limits=limits,
                wishes=self.wishes,
                now_s=self.now_s,
                config=self.config,
            )
            self.ev_w = point.power_w * (1.0 + self.bias)
            self.powers.append(point.power_w)
        return point


def test_feeding_follows_the_real_load_to_zero_at_the_meter(home):
    plan = plan_of(home, ev_w=-500.0, grid_w=0.0, feeds_house=True, reason=Reason(code=R.FEED_HOUSE))
    drive = Drive(home, plan, house_w=500.0)
    assert drive.run(5).power_w == pytest.approx(-470.0)
    drive.house_w = 3200.0
    point = drive.run(5)
    assert drive.house_w + point.power_w == pytest.approx(30.0)
    assert point.reason.code is R.FEED_HOUSE
    drive.house_w = 200.0
    assert drive.run(1).power_w == pytest.approx(-170.0), "towards 0 nothing waits"


def test_feeding_never_exports_though_the_load_vanishes(home):
    plan = plan_of(home, ev_w=-3000.0, grid_w=0.0, feeds_house=True, reason=Reason(code=R.FEED_HOUSE))
    drive = Drive(home, plan, house_w=3000.0)
    drive.run(5)
    drive.house_w = -1500.0
    point = drive.run(1)
    assert point.power_w == 0.0


def test_a_planned_share_of_the_load_is_fed_and_no_more(home):
    plan = plan_of(home, ev_w=-200.0, grid_w=300.0, reason=Reason(code=R.FEED_HOUSE))
    assert Drive(home, plan).run(5).power_w == pytest.approx(-200.0)
    assert Drive(home, plan, house_w=100.0).run(5).power_w == pytest.approx(-70.0)


def test_cheap_charging_takes_the_planned_power(home):
    plan = plan_of(home, ev_w=7000.0, grid_w=7500.0, reason=Reason(code=R.CHARGE_CHEAP))
    point = Drive(home, plan).run(10)
    assert point.power_w == pytest.approx(7000.0)
    assert point.reason.code is R.CHARGE_CHEAP
    assert point.limited_by == ()


def test_the_fuse_cuts_charging_at_once_and_says_so(home):
    plan = plan_of(home, ev_w=11_000.0, grid_w=11_500.0, reason=Reason(code=R.CHARGE_CHEAP))
    drive = Drive(home, plan)
    drive.run(10)
    drive.house_w = 12_000.0
    point = drive.run(1)
    assert point.power_w == pytest.approx(17_250 - 50 - 12_000)
    assert [reason.code for reason in point.limited_by] == [R.LIMIT_FUSE]
    assert point.reason.code is R.CHARGE_CHEAP


def test_one_full_phase_holds_a_single_phase_charger_back(home):
    charger = replace(home.charger, phases=1)
    ev_state = home.ev_state()
    limits = home.limits(ev_state, charger=charger)
    readings = Readings(at_s=home.now_s, grid_w=6000.0, phase_w=(5000.0, 500.0, 500.0))
    plan = plan_of(home, ev_w=7000.0, grid_w=7500.0, reason=Reason(code=R.CHARGE_CHEAP))
    state = DispatchState(power_w=7000.0, at_s=home.now_s - 1)
    point, _ = dispatch(
        state, readings=readings, ev_state=ev_state, plan=plan, limits=limits, wishes=Wishes(), now_s=home.now_s
    )
    assert point.power_w == pytest.approx(5750 - 5000 - 50)


def test_surplus_waits_for_the_least_power_and_rides_out_a_cloud(home):
    charger = replace(home.charger, charge_min_w=1380.0)
    plan = plan_of(home, takes_surplus=True, reason=Reason(code=R.WAIT_FOR_CHEAPER))
    drive = Drive(home, plan, house_w=-1000.0, charger=charger)
    assert drive.run(120).power_w == 0.0
    drive.house_w = -2500.0
    assert drive.run(30).power_w == 0.0
    assert drive.run(40).power_w == pytest.approx(2470.0)
    assert drive.run(1).reason.code is R.CHARGE_SOLAR
    drive.house_w = -200.0
    assert drive.run(60).power_w == pytest.approx(1380.0), "a passing cloud"
    assert drive.run(180).power_w == 0.0, "a lasting one"


def test_surplus_does_not_flap_with_the_clouds(home):
    charger = replace(home.charger, charge_min_w=1380.0)
    plan = plan_of(home, takes_surplus=True)
    drive = Drive(home, plan, charger=charger)
    for k in range(60):
        drive.house_w = -2500.0 if k % 2 else -900.0
        drive.run(20)
    starts = sum(before == 0 and after > 0 for before, after in zip(drive.powers, drive.powers[1:], strict=False))
    assert starts <= 1


def test_between_charging_and_discharging_it_rests(home):
    plan = plan_of(home, feeds_house=True, takes_surplus=True)
    drive = Drive(home, plan, house_w=1000.0)
    drive.run(5)
    drive.house_w = -1000.0
    assert drive.run(5).power_w == 0.0
    assert drive.run(15).power_w == pytest.approx(970.0)


def test_power_ramps_up_and_drops_at_once(home):
    plan = plan_of(home, ev_w=11_000.0, grid_w=11_500.0, reason=Reason(code=R.CHARGE_CHEAP))
    drive = Drive(home, plan)
    drive.run(3)
    assert drive.powers == [2000.0, 4000.0, 6000.0]
    drive.wishes = Wishes(paused=True)
    point = drive.run(1)
    assert point.power_w == 0.0
    assert point.reason.code is R.PAUSED


def test_exports_only_where_plan_and_wishes_allow(home):
    plan = plan_of(home, ev_w=-6000.0, grid_w=-5500.0, exports=True, reason=Reason(code=R.EXPORT_DEAR))
    assert Drive(home, plan).run(10).power_w == pytest.approx(-6000.0)
    kept = Drive(home, plan, wishes=Wishes(export_allowed=False)).run(10)
    assert kept.power_w == pytest.approx(-500.0)
    assert R.LIMIT_EXPORT not in [reason.code for reason in kept.limited_by]


def test_the_export_limit_counts_the_roof(home):
    plan = plan_of(home, ev_w=-9000.0, grid_w=-9000.0, exports=True, reason=Reason(code=R.EXPORT_DEAR))
    point = Drive(home, plan, house_w=-4000.0).run(10)
    assert point.power_w == pytest.approx(-(10_000 - 50 - 4000))
    assert [reason.code for reason in point.limited_by] == [R.LIMIT_EXPORT]


def test_a_silent_meter_stops_discharging_and_charges_only_what_is_safe(home):
    feeding = plan_of(home, ev_w=-500.0, grid_w=0.0, feeds_house=True, reason=Reason(code=R.FEED_HOUSE))
    drive = Drive(home, feeding)
    drive.run(5)
    drive.meter_age_s = 20.0
    point = drive.run(1)
    assert point.power_w == 0.0
    assert point.reason.code is R.METER_STALE
    charging = plan_of(home, ev_w=11_000.0, grid_w=11_500.0, reason=Reason(code=R.CHARGE_CHEAP))
    drive = Drive(home, charging, house_w=3000.0)
    drive.run(10)
    drive.meter_age_s = 20.0
    point = drive.run(3)
    assert 0 < point.power_w <= (17_250 - 3000) / 2 + 100
    assert R.METER_STALE in [reason.code for reason in point.limited_by]
    before_w = point.power_w
    assert drive.run(600).power_w == pytest.approx(before_w), "blindness does not make it bolder"
    assert Drive(home, charging, meter_age_s=20.0).run(1).power_w == 0.0, "never seen a load: nothing is safe"


def test_a_car_whose_power_is_not_known_leaves_the_house_unknown(home):
    plan = plan_of(home, ev_w=-500.0, grid_w=0.0, feeds_house=True)
    for age_s, stands in ((5.0, False), (300.0, True)):
        ev_state = home.ev_state(at_s=home.now_s - age_s)
        point, _ = dispatch(
            DispatchState(),
            readings=Readings(at_s=home.now_s, grid_w=500.0),
            ev_state=ev_state,
            plan=plan,
            limits=home.limits(ev_state),
            wishes=Wishes(),
            now_s=home.now_s,
        )
        assert (point.power_w == 0.0) == stands


def test_a_meter_from_the_future_is_not_believed(home):
    plan = plan_of(home, ev_w=-500.0, grid_w=0.0, feeds_house=True)
    assert Drive(home, plan, meter_age_s=-3600.0).run(1).power_w == 0.0


def test_the_reserve_is_not_discharged_and_does_not_chatter(home):
    plan = plan_of(home, ev_w=-500.0, grid_w=0.0, feeds_house=True, reason=Reason(code=R.FEED_HOUSE))
    drive = Drive(home, plan, soc=0.21)
    assert drive.run(3).power_w < 0
    drive.soc = 0.2
    point = drive.run(1)
    assert point.power_w == 0.0
    assert point.reason.code is R.LIMIT_RESERVE
    drive.soc = 0.205
    assert drive.run(3).power_w == 0.0
    drive.soc = 0.211
    assert drive.run(3).power_w < 0


def test_an_unknown_charge_is_not_discharged(home):
    plan = plan_of(home, ev_w=-500.0, grid_w=0.0, feeds_house=True)
    assert Drive(home, plan, soc=None).run(3).power_w == 0.0


def test_no_car_is_no_power(home):
    point = Drive(home, plan_of(home, ev_w=5000.0), connected=False).run(1)
    assert point.power_w == 0.0
    assert point.reason.code is R.NO_CAR


def test_a_full_car_says_so(home):
    plan = plan_of(home, ev_w=5000.0, grid_w=5500.0, reason=Reason(code=R.CHARGE_CHEAP))
    point = Drive(home, plan, soc=1.0).run(3)
    assert point.power_w == 0.0
    assert point.reason.code is R.FULL


def test_boost_goes_over_the_plan_but_not_over_the_fuse(home):
    wishes = Wishes(boost_until_s=home.now_s + 600)
    point = Drive(home, plan_of(home), wishes=wishes).run(10)
    assert point.power_w == pytest.approx(11_000.0)
    assert point.reason.code is R.BOOST
    tight = Drive(home, plan_of(home), wishes=wishes, house_w=10_000.0).run(10)
    assert tight.power_w == pytest.approx(17_250 - 50 - 10_000)


def test_an_emergency_stops_charging_and_a_high_one_feeds_the_house(home, event):
    def asked(level):
        return (event(K.EMERGENCY, home.now_s - 10, home.now_s + 600, level),)

    plan = plan_of(home, ev_w=9000.0, grid_w=9500.0, reason=Reason(code=R.CHARGE_CHEAP))
    moderate = Drive(home, plan, events=asked(1.0)).run(5)
    assert moderate.power_w == 0.0
    assert moderate.reason.code is R.EVENT_EMERGENCY
    assert Drive(home, plan, events=asked(2.0)).run(5).power_w == pytest.approx(-470.0)


def test_an_import_limit_below_the_house_is_helped_by_the_car(home, event):
    asked = (event(K.IMPORT_LIMIT, home.now_s - 10, home.now_s + 600, 2000.0),)
    point = Drive(home, plan_of(home), house_w=5000.0, events=asked).run(10)
    assert 5000 + point.power_w == pytest.approx(1950.0)
    assert point.reason.code is R.LIMIT_IMPORT
    assert point.reason.params["event_id"] == "e1"


def test_a_set_point_of_the_site_counts_the_house(home, event):
    asked = (event(K.SITE_SETPOINT, home.now_s - 10, home.now_s + 600, -2000.0),)
    point = Drive(home, plan_of(home), house_w=1000.0, events=asked).run(10)
    assert 1000 + point.power_w == pytest.approx(-2000.0)
    assert point.reason.code is R.EVENT_SETPOINT


def test_a_set_point_leaves_what_the_plan_needs_for_a_promise(home, event):
    asked = (event(K.EV_SETPOINT, home.now_s - 10, home.now_s + 600, -6000.0),)
    reason = Reason(code=R.EVENT_SETPOINT, params={"event_id": "e1", "asked_ev_w": -6000.0})
    torn = plan_of(home, ev_w=11_000.0, grid_w=11_500.0, reason=reason)
    assert Drive(home, torn, events=asked).run(10).power_w == pytest.approx(11_000.0)
    kept = plan_of(home, ev_w=-6000.0, grid_w=-5500.0, exports=True, reason=reason)
    assert Drive(home, kept, events=asked).run(10).power_w == pytest.approx(-6000.0)


def test_frequency_is_answered_both_ways(home, event):
    asked = (event(K.FREQUENCY, home.now_s - 10, home.now_s + 600, 5000.0),)
    low = Drive(home, plan_of(home), events=asked, frequency_hz=49.895).run(1)
    # Half-way between 10 and 200 mHz of FCR: half the power, at once.
    assert low.power_w == pytest.approx(-2500.0)
    assert low.reason.code is R.FREQUENCY
    high = Drive(home, plan_of(home), events=asked, frequency_hz=50.2).run(1)
    assert high.power_w == pytest.approx(5000.0)
    calm = Drive(home, plan_of(home), events=asked, frequency_hz=50.005).run(1)
    assert calm.power_w == 0.0
    absurd = Drive(home, plan_of(home), events=asked, frequency_hz=0.0).run(1)
    assert absurd.power_w == 0.0


def test_without_a_plan_it_keeps_reserve_and_departure_and_takes_surplus(home):
    assert Drive(home).run(3).reason.code is R.NO_PLAN
    low = Drive(home, soc=0.1).run(10)
    assert low.power_w == pytest.approx(11_000.0)
    assert low.reason.code is R.CHARGE_TO_RESERVE
    soon = Wishes(departures=(Departure(at_s=home.now_s + 2 * 3600, target_soc=0.8),))
    assert Drive(home, wishes=soon).run(10).reason.code is R.CHARGE_FOR_DEPARTURE
    late = Wishes(departures=(Departure(at_s=home.now_s + 20 * 3600, target_soc=0.8),))
    assert Drive(home, wishes=late).run(10).power_w == 0.0
    assert Drive(home, house_w=-3000.0).run(10).power_w == pytest.approx(2970.0)


def test_an_expired_plan_is_no_plan(home):
    plan = plan_of(home, start_s=home.now_s - 7200, end_s=home.now_s - 3600, ev_w=9000.0, grid_w=9500.0)
    assert Drive(home, plan).run(3).reason.code is R.NO_PLAN


def test_every_set_point_expires_within_a_minute(home):
    config = DispatchConfig(expires_s=1e9)
    point = Drive(home, plan_of(home), config=config).run(1)
    assert point.expires_s - point.at_s <= 60.0


def test_a_charger_that_gives_too_much_is_asked_for_less(home):
    plan = plan_of(home, ev_w=-500.0, grid_w=0.0, feeds_house=True, reason=Reason(code=R.FEED_HOUSE))
    drive = Drive(home, plan, house_w=6000.0, bias=0.07)
    drive.run(60)
    assert drive.house_w + drive.ev_w == pytest.approx(30.0, abs=15.0)
    weak = Drive(home, plan, house_w=6000.0, bias=-0.07)
    weak.run(60)
    assert weak.house_w + weak.ev_w == pytest.approx(30.0, abs=15.0)


def test_a_charger_that_takes_too_much_does_not_pass_the_fuse_for_long(home):
    plan = plan_of(home, ev_w=11_000.0, grid_w=11_500.0, reason=Reason(code=R.CHARGE_CHEAP))
    drive = Drive(home, plan, house_w=10_000.0, bias=0.04)
    drive.run(60)
    assert drive.house_w + drive.ev_w <= 17_250.0


def test_a_car_that_tapers_is_no_bias(home):
    plan = plan_of(home, ev_w=11_000.0, grid_w=11_500.0, reason=Reason(code=R.CHARGE_CHEAP))
    drive = Drive(home, plan, bias=-0.6)
    assert drive.run(60).power_w == pytest.approx(11_000.0)
    assert drive.state.trim_w == 0.0
