"""Chargers, battery, roof and machines in concert: nobody takes what another was to have."""

from dataclasses import replace

import pytest

from energy.dispatch import CarNow, DispatchConfig, DispatchState, Learned, SiteState, dispatch, dispatch_site
from energy.grid_events import GridEventKind
from energy.model import BatteryState, Departure, HomeBattery, Readings, Reason, ReasonCode, ShiftableLoad, Wishes
from energy.plan.types import LoadPlan, Money, Plan, PlugPlan, Step, StorePlan

R = ReasonCode
K = GridEventKind
BATTERY = HomeBattery(battery_id="b", capacity_wh=10_000.0, charge_max_w=5000.0, discharge_max_w=5000.0)


def step(home, **changes):
    fields = {
        "start_s": home.now_s - 600,
        "end_s": home.now_s + 9000,
        "ev_w": 0.0,
        "grid_w": 0.0,
        "load_w": 500.0,
        "solar_w": 0.0,
        "soc": 0.5,
        "import_eur_per_kwh": 0.3,
        "export_eur_per_kwh": 0.1,
        "reason": Reason(code=R.HOLD),
    }
    return Step(**(fields | changes))


def plan_of(home, steps, battery_w=None, **fields):
    plugs = tuple(PlugPlan(charger_id=name, steps=(one,)) for name, one in steps.items())
    stores = () if battery_w is None else (StorePlan(store_id="b", power_w=(battery_w,), share=(0.5,)),)
    money = Money(planned_eur=0.0, baseline_eur=0.0)
    return Plan(made_s=home.now_s, plugs=plugs, promises=(), money=money, optimal=True, batteries=stores, **fields)


class Site:
    """Calls dispatch_site second by second; every device follows its command at once."""

    def __init__(self, home, names=("c1",), *, plan=None, house_w=500.0, battery=None, **fields):
        self.home, self.names, self.plan, self.house_w, self.battery = home, names, plan, house_w, battery
        self.socs = dict.fromkeys(names, 0.5) | fields.pop("socs", {})
        self.wishes = fields.pop("wishes", {})
        self.events = fields.pop("events", ())
        self.charger = fields.pop("charger", home.charger)
        self.phases = fields.pop("phases", None)
        self.connection = fields.pop("connection", home.connection)
        self.more = fields
        self.powers = dict.fromkeys([*names, "b"], 0.0)
        self.state = SiteState()
        self.now_s = home.now_s
        self.seen = []

    def run(self, seconds=1):
        for _ in range(seconds):
            self.now_s += 1.0
            cars = []
            for name in self.names:
                ev_state = self.home.ev_state(soc=self.socs[name], power_w=self.powers[name], at_s=self.now_s)
                wishes = self.wishes.get(name, Wishes())
                limits = self.home.limits(
                    ev_state,
                    wishes,
                    connection=self.connection,
                    charger=replace(self.charger, charger_id=name),
                    events=self.events,
                    now_s=self.now_s,
                )
                cars.append(CarNow(ev_state=ev_state, limits=limits, wishes=wishes))
            stores = ()
            if self.battery is not None:
                stores = (BatteryState(battery=self.battery, soc=0.5, power_w=self.powers["b"], at_s=self.now_s),)
            grid_w = self.house_w + sum(self.powers.values())
            command, self.state = dispatch_site(
                self.state,
                readings=Readings(at_s=self.now_s, grid_w=grid_w, solar_w=max(0.0, -self.house_w)),
                cars=cars,
                batteries=stores,
                plan=self.plan,
                now_s=self.now_s,
                **self.more,
            )
            self.powers |= {point.charger_id: point.power_w for point in command.set_points} | dict(command.battery_w)
            self.seen.append(dict(self.powers))
        return command

    @property
    def grid_w(self):
        return self.house_w + sum(self.powers.values())


def test_one_charger_alone_is_decided_as_by_dispatch(home):
    plan = plan_of(home, {"c1": step(home, ev_w=-500.0, feeds_house=True, takes_surplus=True)})
    site, alone = Site(home, plan=plan, house_w=900.0), DispatchState()
    for k in range(60):
        site.house_w = 900.0 + 300.0 * ((k * 7) % 11) - (4000.0 if 30 < k < 50 else 0.0)
        ev_state = home.ev_state(power_w=site.powers["c1"], at_s=site.now_s + 1)
        point, alone = dispatch(
            alone,
            readings=Readings(at_s=site.now_s + 1, grid_w=site.grid_w, solar_w=max(0.0, -site.house_w)),
            ev_state=ev_state,
            plan=plan,
            limits=home.limits(ev_state, now_s=site.now_s + 1),
            wishes=Wishes(),
            now_s=site.now_s + 1,
        )
        assert site.run(1).set_points == (point,)


def test_two_cars_share_the_fuse_and_the_nearer_promise_goes_first(home):
    steps = {name: step(home, ev_w=11_000.0, grid_w=17_000.0) for name in ("c1", "c2")}
    wishes = {
        "c1": Wishes(departures=(Departure(at_s=home.now_s + 90_000, target_soc=0.9),)),
        "c2": Wishes(departures=(Departure(at_s=home.now_s + 30_000, target_soc=0.9),)),
    }
    site = Site(home, ("c1", "c2"), plan=plan_of(home, steps), wishes=wishes, house_w=1000.0)
    site.run(30)
    assert site.powers["c2"] == pytest.approx(11_000.0)
    assert site.powers["c1"] == pytest.approx(17_250 - 50 - 1000 - 11_000)
    assert all(1000 + s["c1"] + s["c2"] <= 17_250 for s in site.seen), "never over, not even on the way"
    site.house_w = 9000.0
    command = site.run(1)
    assert site.grid_w <= 17_250
    assert R.LIMIT_FUSE in {r.code for p in command.set_points for r in p.limited_by}


def test_a_limit_of_controllable_devices_holds_for_their_sum(home, event):
    steps = {name: step(home, ev_w=11_000.0, grid_w=17_000.0) for name in ("c1", "c2")}
    asked = (event(K.CHARGE_LIMIT, home.now_s - 10, home.now_s + 6000, 4200.0),)
    site = Site(home, ("c1", "c2"), plan=plan_of(home, steps, 3000.0), battery=BATTERY, events=asked)
    site.run(30)
    assert sum(site.powers.values()) == pytest.approx(4200.0)


def test_a_set_point_for_the_home_is_served_once_not_by_each(home, event):
    asked = (event(K.SITE_SETPOINT, home.now_s - 10, home.now_s + 6000, -12_000.0),)
    steps = {name: step(home) for name in ("c1", "c2")}
    site = Site(
        home,
        ("c1", "c2"),
        plan=plan_of(home, steps),
        events=asked,
        house_w=1000.0,
        connection=replace(home.connection, export_limit_w=None),
    )
    site.run(40)
    assert site.grid_w == pytest.approx(-12_000.0, abs=60.0)
    ev = (event(K.EV_SETPOINT, home.now_s - 10, home.now_s + 6000, -6000.0),)
    site = Site(home, ("c1", "c2"), plan=plan_of(home, steps), events=ev)
    site.run(40)
    assert sum(site.powers.values()) == pytest.approx(-6000.0, abs=60.0)


def test_car_and_battery_do_not_fight_for_the_same_surplus(home):
    surplus = step(home, ev_w=2000.0, takes_surplus=True, reason=Reason(code=R.CHARGE_SOLAR))
    site = Site(home, plan=plan_of(home, {"c1": surplus}, 1500.0), battery=BATTERY, house_w=-5000.0)
    site.run(60)
    assert site.powers["b"] == pytest.approx(1500.0, abs=100.0), "what the plan gives it stays the battery's"
    assert site.powers["c1"] == pytest.approx(3450.0, abs=100.0)
    assert site.grid_w <= 0.0
    late = [s["c1"] for s in site.seen[30:]]
    assert max(late) - min(late) < 60.0
    site.house_w = -1000.0
    site.run(20)
    assert site.grid_w == pytest.approx(-30.0, abs=80.0)
    assert site.powers["c1"] <= 50.0


def test_a_car_does_not_feed_the_battery_nor_the_battery_the_car(home):
    feeding = step(home, ev_w=-800.0, feeds_house=True, reason=Reason(code=R.FEED_HOUSE))
    site = Site(home, plan=plan_of(home, {"c1": feeding}, 0.0), battery=BATTERY, house_w=1000.0)
    site.run(30)
    assert site.powers["c1"] == pytest.approx(-970.0, abs=50.0)
    assert site.powers["b"] == 0.0
    charging = step(home, ev_w=7000.0, grid_w=7000.0, reason=Reason(code=R.CHARGE_CHEAP))
    site = Site(home, battery=BATTERY, plan=plan_of(home, {"c1": charging}), house_w=1000.0)
    site.run(30)
    assert site.powers["c1"] == pytest.approx(7000.0)
    assert site.powers["b"] == pytest.approx(-970.0, abs=50.0), "without a plan it feeds the house, not the car"


def test_a_planned_battery_follows_the_real_house(home):
    plan = plan_of(home, {"c1": step(home)}, -900.0)
    site = Site(home, plan=plan, battery=BATTERY, house_w=2500.0)
    site.run(10)
    assert site.grid_w == pytest.approx(30.0, abs=50.0), "more load than planned is fed"
    site.house_w = 300.0
    site.run(2)
    assert site.grid_w >= 0.0, "less load than planned is not exported"
    exporting = plan_of(home, {"c1": step(home, grid_w=-3000.0)}, -3500.0)
    site = Site(home, plan=exporting, battery=BATTERY, house_w=500.0)
    site.run(10)
    assert site.powers["b"] == pytest.approx(-3500.0)


def test_the_battery_helps_before_a_car_must(home, event):
    asked = (event(K.IMPORT_LIMIT, home.now_s - 10, home.now_s + 6000, 2000.0),)
    site = Site(home, plan=plan_of(home, {"c1": step(home, grid_w=4500.0)}, 0.0), battery=BATTERY, house_w=4500.0)
    site.events = asked
    site.run(10)
    assert site.grid_w <= 2000.0
    assert site.powers["c1"] == 0.0
    assert site.powers["b"] == pytest.approx(-2550.0, abs=60.0)


def test_the_roof_gives_less_only_when_nothing_else_is_left(home):
    connection = replace(home.connection, export_limit_w=3000.0)
    plan = plan_of(home, {"c1": step(home, takes_surplus=True)}, 1000.0)
    site = Site(home, plan=plan, battery=BATTERY, house_w=-8000.0, connection=connection, curtailable_w=9000.0)
    command = site.run(60)
    assert command.solar_limit_w is None, "car and battery take it"
    full = Site(
        home,
        plan=plan,
        battery=replace(BATTERY, soc_max=0.5),
        socs={"c1": 1.0},
        house_w=-8000.0,
        connection=connection,
        curtailable_w=9000.0,
    )
    command = full.run(5)
    assert command.curtail_w == pytest.approx(5050.0)
    assert command.solar_limit_w == pytest.approx(2950.0)
    full.house_w = -2950.0
    full.run(20)
    assert full.state.roof.solar_limit_w == pytest.approx(2950.0), "it does not chatter at the limit"
    full.house_w = 1000.0
    command = full.run(60)
    assert command.solar_limit_w is None


def test_a_run_that_has_begun_goes_on_to_its_end_and_is_not_begun_again(home):
    load = ShiftableLoad(
        load_id="w", power_w=(2000.0, 500.0), slot_s=60.0, earliest_s=home.now_s, latest_s=home.now_s + 7200
    )

    def planned(on):
        loads = (LoadPlan(load_id="w", power_w=(2000.0 if on else 0.0,), start_s=home.now_s),)
        return plan_of(home, {"c1": step(home)}, loads=loads)

    site = Site(home, plan=planned(True), loads=(load,))
    assert site.run(2).switches == {"w": True}
    site.plan = planned(False)
    assert site.run(60).switches == {"w": True}, "a plan that thinks again does not stop the washing"
    site.plan = planned(True)
    assert site.run(80).switches == {"w": False}, "done is done"
    tight = Site(home, plan=planned(True), loads=(load,), house_w=16_000.0)
    assert tight.run(2).switches == {"w": False}, "it waits for room under the fuse"


def test_a_promise_that_the_plan_would_now_miss_is_kept_and_counted(home):
    waiting = step(home, grid_w=500.0, reason=Reason(code=R.WAIT_FOR_CHEAPER))
    wishes = {"c1": Wishes(departures=(Departure(at_s=home.now_s + 3600, target_soc=0.7),))}
    site = Site(home, plan=plan_of(home, {"c1": waiting}), wishes=wishes)
    command = site.run(10)
    [point] = command.set_points
    assert point.power_w == pytest.approx(11_000.0)
    assert point.reason.code is R.CHARGE_FOR_DEPARTURE
    assert point.reason.params["plan"] == "behind"
    assert site.state.corrected_wh == pytest.approx(11_000 * 9 / 3600, rel=0.4)
    early = {"c1": Wishes(departures=(Departure(at_s=home.now_s + 7200, target_soc=0.7),))}
    assert Site(home, plan=plan_of(home, {"c1": waiting}), wishes=early).run(10).set_points[0].power_w == 0.0
    unsure = {"c1": Wishes(departures=(Departure(at_s=home.now_s + 3600, target_soc=0.7, chance=0.3),))}
    assert Site(home, plan=plan_of(home, {"c1": waiting}), wishes=unsure).run(10).set_points[0].power_w == 0.0


def test_a_service_that_the_measured_charger_cannot_keep_is_not_given_and_said(home, event):
    asked = (event(K.FREQUENCY, home.now_s - 10, home.now_s + 6000, 5000.0),)
    ev_state = home.ev_state()
    fields = {
        "ev_state": ev_state,
        "plan": plan_of(home, {"c1": step(home, grid_w=500.0)}),
        "limits": home.limits(ev_state, events=asked),
        "wishes": Wishes(),
        "now_s": home.now_s,
    }
    low = Readings(at_s=home.now_s, grid_w=500.0, frequency_hz=49.8, frequency_at_s=home.now_s)
    slow = DispatchState(learned=Learned(reaction_s=40.0, ramp_w_per_s=3350.0, steps=3))
    point, state = dispatch(slow, readings=low, **fields)
    assert point.power_w == 0.0
    assert "30 s" in state.service.refused
    quick = DispatchState(learned=Learned(reaction_s=4.0, ramp_w_per_s=3350.0, steps=3))
    point, _ = dispatch(quick, readings=low, **fields)
    assert point.power_w == pytest.approx(-5000.0)
    for odd in (replace(low, frequency_at_s=home.now_s - 60), replace(low, frequency_hz=12.0)):
        point, state = dispatch(quick, readings=odd, **fields)
        assert point.power_w == 0.0
        assert state.service.refused


def test_a_set_point_does_not_outlive_who_asked_for_it(home, event):
    asked = (event(K.EV_SETPOINT, home.now_s - 10, home.now_s + 12, -3000.0),)
    site = Site(home, plan=plan_of(home, {"c1": step(home)}), events=asked, config=DispatchConfig(expires_s=30.0))
    [point] = site.run(5).set_points
    assert point.power_w == pytest.approx(-3000.0)
    assert point.expires_s == pytest.approx(home.now_s + 12)
    [point] = site.run(8).set_points
    assert point.power_w == 0.0
    assert point.expires_s - point.at_s == 30.0
