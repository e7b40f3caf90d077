"""A home with several chargers and a battery: whatever is read, planned, asked and broken, the sum keeps the limits."""

import math
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy.dispatch import CarNow, DispatchConfig, DispatchState, SiteState, dispatch_site
from energy.dispatch.batteries import BatteryMemory
from energy.grid_events import EventInterval, GridEvent, GridEventKind
from energy.limits import gather
from energy.model import (
    BatteryState,
    Departure,
    HomeBattery,
    Readings,
    Reason,
    ReasonCode,
    ShiftableLoad,
    Wishes,
)
from energy.plan.types import LoadPlan, Money, Plan, PlugPlan, Step, StorePlan

CONFIG = DispatchConfig()
share = st.floats(0.0, 1.0)
watts = st.floats(-12_000.0, 12_000.0)
odd = st.sampled_from([float("nan"), float("inf"), -float("inf")])


@st.composite
def plans(draw, now_s, names):
    if draw(st.integers(0, 3)) == 0:
        return None
    start_s, end_s = now_s + draw(st.sampled_from([-600.0, -10.0, 100.0])), now_s + draw(st.sampled_from([-1.0, 300.0]))
    grid_w = draw(watts)
    plugs = []
    for name in names:
        step = Step(
            start_s=start_s,
            end_s=end_s,
            ev_w=draw(watts),
            grid_w=grid_w,
            load_w=500.0,
            solar_w=0.0,
            soc=0.5,
            import_eur_per_kwh=draw(st.floats(-1.0, 1.0)),
            export_eur_per_kwh=draw(st.floats(-1.0, 1.0)),
            reason=Reason(code=draw(st.sampled_from(list(ReasonCode)))),
            feeds_house=draw(st.booleans()),
            takes_surplus=draw(st.booleans()),
            exports=draw(st.booleans()),
            present=draw(st.integers(0, 5)) > 0,
            stored_eur_per_kwh=draw(st.floats(-1.0, 1.0)),
        )
        plugs.append(PlugPlan(charger_id=name, steps=(step,)))
    return Plan(
        made_s=now_s,
        plugs=tuple(plugs),
        promises=(),
        money=Money(planned_eur=0.0, baseline_eur=0.0),
        optimal=True,
        batteries=(StorePlan(store_id="b", power_w=(draw(watts),), share=(0.5,)),) if draw(st.booleans()) else (),
        loads=(LoadPlan(load_id="w", power_w=(draw(st.sampled_from([0.0, 2000.0])),), start_s=now_s),),
        curtailed_w=(draw(st.sampled_from([0.0, 900.0])),) if draw(st.booleans()) else (),
    )


@st.composite
def asks(draw, now_s):
    found = []
    for k, kind in enumerate(draw(st.lists(st.sampled_from(list(GridEventKind)), max_size=4))):
        value = draw(st.sampled_from([-8000.0, -1.0, 0.0, 0.4, 1.0, 2.0, 3000.0, 4200.0, 1e9, float("nan")]))
        interval = EventInterval(start_s=now_s - 10, end_s=now_s + 600, value=value)
        found.append(GridEvent(event_id=f"e{k}", source="u", kind=kind, intervals=(interval,)))
    return tuple(found)


@st.composite
def homes(draw, home):
    """Everything that ``dispatch_site`` takes, one moment of it."""
    now_s = home.now_s
    connection = replace(
        home.connection,
        fuse_a=draw(st.sampled_from([10.0, 25.0, 35.0])),
        export_limit_w=draw(st.sampled_from([None, 0.0, 3000.0])),
    )
    events = draw(asks(now_s))
    cars, states = [], {}
    names = ["c1", "c2", "c3"][: draw(st.integers(1, 3))]
    for name in names:
        charger = replace(
            home.charger,
            charger_id=name,
            phases=draw(st.sampled_from([1, 3])),
            charge_min_w=draw(st.sampled_from([0.0, 1380.0, 4140.0])),
        )
        ev_state = home.ev_state(
            soc=draw(st.none() | share | odd),
            power_w=draw(st.one_of(st.floats(-10_000.0, 11_000.0), st.just(0.0))),
            connected=draw(st.integers(0, 5)) > 0,
            can_charge=draw(st.integers(0, 5)) > 0,
            can_discharge=draw(st.booleans()),
            at_s=now_s - draw(st.sampled_from([0.0, 2.0])),
        )
        wishes = Wishes(
            departures=(Departure(at_s=now_s + draw(st.floats(-100, 30_000)), target_soc=draw(share)),),
            reserve_soc=draw(share),
            boost_until_s=draw(st.none() | st.just(now_s + 100)),
            paused=draw(st.integers(0, 5)) == 0,
            v2g_allowed=draw(st.booleans()),
            export_allowed=draw(st.booleans()),
        )
        limits = gather(
            connection=connection, charger=charger, ev_state=ev_state, wishes=wishes, events=events, now_s=now_s
        )
        cars.append(CarNow(ev_state=ev_state, limits=limits, wishes=wishes))
        states[name] = DispatchState(
            power_w=draw(watts),
            command_w=draw(watts),
            at_s=draw(st.sampled_from([None, now_s - 1, now_s + 50, now_s - 1e7])),
            turned_sign=draw(st.sampled_from([-1, 0, 1])),
            turned_s=now_s - draw(st.floats(0, 100)),
            house_peak_w=draw(st.none() | st.floats(0, 20_000)),
        )
    battery = HomeBattery(
        battery_id="b",
        capacity_wh=10_000.0,
        charge_max_w=5000.0,
        discharge_max_w=5000.0,
        reserve_soc=draw(share),
        may_charge_from_grid=draw(st.booleans()),
        may_export=draw(st.booleans()),
    )
    store = BatteryState(
        battery=battery,
        soc=draw(st.none() | share | odd),
        power_w=draw(st.one_of(st.floats(-5000.0, 5000.0), odd)),
        at_s=now_s - draw(st.sampled_from([0.0, 3600.0])),
    )
    memory = BatteryMemory(power_w=draw(st.floats(-5000.0, 5000.0)), at_s=now_s - 1)
    phases = draw(st.none() | st.tuples(watts, watts, watts))
    grid_w = draw(st.none() | odd | st.floats(-30_000.0, 30_000.0))
    readings = Readings(
        at_s=now_s - draw(st.sampled_from([0.0, 1.0, 9.0, 11.0, 1e6, -100.0])),
        grid_w=grid_w if phases is None or grid_w is None else sum(phases),
        solar_w=draw(st.none() | st.floats(0, 9000.0)),
        phase_w=() if phases is None else phases,
        frequency_hz=draw(st.sampled_from([None, 0.0, 49.7, 50.0, 50.3, 1e9, float("nan")])),
        frequency_at_s=draw(st.sampled_from([None, now_s, now_s - 100])),
    )
    return {
        "state": SiteState(cars=states, batteries={"b": memory}),
        "readings": readings,
        "cars": cars,
        "batteries": [store] if draw(st.booleans()) else [],
        "plan": draw(plans(now_s, names)),
        "curtailable_w": draw(st.sampled_from([0.0, 9000.0])),
        "loads": [
            ShiftableLoad(load_id="w", power_w=(2000.0,), earliest_s=now_s - 100, latest_s=now_s + 7200),
        ],
    }


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_sum_of_all_devices_keeps_every_limit(home, data):
    given_ = data.draw(homes(home))
    now_s, readings, cars = home.now_s, given_["readings"], given_["cars"]
    before = given_.pop("state")
    command, after = dispatch_site(before, **given_, now_s=now_s, config=CONFIG)
    powers = {}
    assert [p.charger_id for p in command.set_points] == [car.charger_id for car in cars]
    for car, point in zip(cars, command.set_points, strict=True):
        limits, ev_state, power_w = car.limits, car.ev_state, point.power_w
        powers[car.charger_id] = power_w
        assert 0 < point.expires_s - now_s <= 60
        assert -limits.discharge_w.value - 0.1 <= power_w <= limits.charge_w.value + 0.1
        assert power_w <= 0 or power_w >= limits.charge_min_w - 0.1
        if not ev_state.connected or car.wishes.paused:
            assert power_w == 0
        if power_w < 0:
            assert ev_state.can_discharge
            assert car.wishes.v2g_allowed
            assert ev_state.soc > limits.reserve_soc.value
        if power_w > 0 and ev_state.soc is not None and math.isfinite(ev_state.soc):
            assert not ev_state.soc >= limits.soc_max
    limit = cars[0].limits
    for store in given_["batteries"]:
        battery, power_w = store.battery, command.battery_w["b"]
        assert -battery.discharge_max_w - 0.1 <= power_w <= battery.charge_max_w + 0.1
        if power_w < 0:
            assert store.soc > max(battery.reserve_soc, battery.soc_min)
        if power_w > 0:
            assert store.soc < battery.soc_max
    charging = sum(max(0.0, w) for w in powers.values())
    if limit.asks.get(GridEventKind.CHARGE_LIMIT) is not None and len(cars) > 1:
        assert charging <= max(0.0, limit.asks[GridEventKind.CHARGE_LIMIT].value) + 0.5
    grid_w = readings.grid_w
    fresh = grid_w is not None and abs(grid_w) < 1e6 and abs(now_s - readings.at_s) <= CONFIG.stale_s
    if not fresh:
        assert all(w >= 0 for w in powers.values())
        assert all(w == 0 for w in command.battery_w.values())
        assert charging <= limit.import_w.value + 0.5
        return
    trusted = [s for s in given_["batteries"] if abs(s.power_w) < 1e6 and now_s - s.at_s < 60]
    own = {car.charger_id: car.ev_state.power_w for car in cars}
    own |= {store.battery.battery_id: store.power_w for store in trusted}
    house_w = grid_w - sum(own.values())
    told = powers | command.battery_w
    # A command takes time: until then the device does what it did, or anything between.
    for name, power_w in told.items():
        others = sum(max(w, own.get(n, 0.0)) for n, w in told.items() if n != name)
        if power_w > max(own.get(name, 0.0), 0.05):
            assert house_w + others + power_w <= limit.import_w.value + 0.5, "nothing rises beyond what others leave"
        others = sum(min(w, own.get(n, 0.0)) for n, w in told.items() if n != name)
        helps = house_w > limit.import_w.value - CONFIG.guard_w or readings.phase_w != ()
        if power_w < min(own.get(name, 0.0), -0.05) and not helps:
            assert house_w + others + power_w >= -limit.export_w.value - 0.5
    if charging > 0.5:
        assert house_w + sum(told.values()) <= limit.import_w.value + 0.5 * len(told)
    if command.solar_limit_w is not None:
        assert 0 <= command.solar_limit_w <= given_["curtailable_w"]
    again, _ = dispatch_site(after, **given_, now_s=now_s - 500.0, config=CONFIG)
    assert all(0 < p.expires_s - p.at_s <= 60 for p in again.set_points), "a clock that was set back is survived"
