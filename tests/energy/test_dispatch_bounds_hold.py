"""Whatever is read, planned and wished: no set-point breaks a limit."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy.dispatch import DispatchConfig, DispatchState, dispatch
from energy.grid_events import EventInterval, GridEvent, GridEventKind
from energy.limits import gather
from energy.model import Departure, Readings, Reason, ReasonCode, Wishes
from energy.plan import Money, Plan, PlugPlan, Step

CONFIG = DispatchConfig()
share = st.floats(0.0, 1.0)
watts = st.floats(-30_000.0, 30_000.0)


@st.composite
def a_plan(draw, now_s):
    if draw(st.booleans()):
        return None
    step = Step(
        start_s=now_s + draw(st.sampled_from([-600.0, -10.0, 100.0])),
        end_s=now_s + draw(st.sampled_from([-1.0, 300.0, 900.0])),
        ev_w=draw(watts),
        grid_w=draw(watts),
        load_w=500.0,
        solar_w=0.0,
        soc=0.5,
        import_eur_per_kwh=0.3,
        export_eur_per_kwh=0.1,
        reason=Reason(code=draw(st.sampled_from(list(ReasonCode)))),
        feeds_house=draw(st.booleans()),
        takes_surplus=draw(st.booleans()),
        exports=draw(st.booleans()),
        present=draw(st.integers(0, 5)) > 0,
    )
    return Plan(
        made_s=now_s,
        plugs=(PlugPlan(charger_id="c", steps=(step,)),),
        promises=(),
        money=Money(planned_eur=0.0, baseline_eur=0.0),
        optimal=True,
    )


@st.composite
def some_events(draw, now_s):
    found = []
    for k, kind in enumerate(draw(st.lists(st.sampled_from(list(GridEventKind)), max_size=4))):
        value = draw(st.sampled_from([-8000.0, -1.0, 0.0, 0.4, 1.0, 2.0, 3000.0, 1e9, float("nan")]))
        interval = EventInterval(start_s=now_s - 10, end_s=now_s + 600, value=value)
        found.append(GridEvent(event_id=f"e{k}", source="u", kind=kind, intervals=(interval,)))
    return tuple(found)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_set_point_breaks_a_limit(home, data):
    draw = data.draw
    now_s = home.now_s
    charger = replace(
        home.charger,
        phases=draw(st.sampled_from([1, 3])),
        charge_min_w=draw(st.sampled_from([0.0, 1380.0, 4140.0])),
        discharge_max_w=draw(st.sampled_from([0.0, 10_000.0])),
    )
    connection = replace(
        home.connection,
        fuse_a=draw(st.sampled_from([6.0, 25.0])),
        export_limit_w=draw(st.sampled_from([None, 0.0, 3000.0])),
    )
    ev_w = draw(st.floats(-10_000.0, 11_000.0))
    ev_state = home.ev_state(
        soc=draw(st.none() | share | st.just(float("nan"))),
        power_w=ev_w,
        connected=draw(st.integers(0, 5)) > 0,
        can_charge=draw(st.integers(0, 5)) > 0,
        can_discharge=draw(st.booleans()),
    )
    phases = draw(st.none() | st.tuples(watts, watts, watts))
    grid_w = draw(st.none() | st.just(float("nan")) | watts)
    if phases is not None and grid_w is not None:
        grid_w = sum(phases)
    age_s = draw(st.sampled_from([0.0, 1.0, 9.0, 11.0, 1e6, -100.0]))
    readings = Readings(
        at_s=now_s - age_s,
        grid_w=grid_w,
        solar_w=draw(st.none() | st.floats(0, 9000.0)),
        phase_w=() if phases is None else phases,
        frequency_hz=draw(st.sampled_from([None, 0.0, 49.7, 50.0, 50.3, float("nan")])),
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
        connection=connection,
        charger=charger,
        ev_state=ev_state,
        wishes=wishes,
        events=draw(some_events(now_s)),
        now_s=now_s,
    )
    state = DispatchState(
        power_w=draw(watts),
        at_s=draw(st.sampled_from([None, now_s - 1, now_s + 50, now_s - 1e7])),
        turned_sign=draw(st.sampled_from([-1, 0, 1])),
        turned_s=now_s - draw(st.floats(0, 100)),
        house_peak_w=draw(st.none() | st.floats(0, 20_000)),
        command_w=draw(watts),
        trim_w=draw(st.floats(-800.0, 800.0)),
        steady_since_s=now_s - draw(st.floats(0, 20)),
        on_surplus=draw(st.booleans()),
    )
    point, after = dispatch(
        state,
        readings=readings,
        ev_state=ev_state,
        plan=draw(a_plan(now_s)),
        limits=limits,
        wishes=wishes,
        now_s=now_s,
        config=CONFIG,
    )
    # What the charger is asked for differs from what it will deliver by its bias only.
    assert point.power_w == pytest.approx(after.command_w, abs=0.1)
    assert -limits.discharge_w.value - 0.1 <= point.power_w <= limits.charge_w.value + 0.1
    assert abs(point.power_w - after.power_w) <= 800.0 + 0.1
    assert point.power_w * after.power_w >= 0
    power = after.power_w
    assert -limits.discharge_w.value - 0.1 <= power <= limits.charge_w.value + 0.1
    assert 0 < point.expires_s - now_s <= 60
    assert power <= 0 or power >= limits.charge_min_w - 0.1
    soc = ev_state.soc
    if not ev_state.connected or wishes.paused:
        assert power == 0
    if power < 0:
        assert ev_state.can_discharge
        assert wishes.v2g_allowed
        assert soc is not None
        assert soc > limits.reserve_soc.value
    if power > 0 and soc is not None:
        assert not soc >= limits.soc_max
    fresh = grid_w is not None and grid_w == grid_w and abs(age_s) <= CONFIG.stale_s
    if not fresh:
        assert power >= 0
        assert power <= limits.import_w.value
        if state.house_peak_w is None:
            assert power == 0
        return
    house_w = grid_w - ev_w
    if power > 0.05:
        # A roof far above its own phases' fuses may be helped by charging; imports never pass the limit.
        assert house_w + power <= limits.import_w.value + 0.1
    if power < -0.05:
        assert house_w + power >= -limits.export_w.value - 0.1 or limits.import_w.value < house_w
        if not wishes.export_allowed:
            assert house_w + power >= -0.1 or house_w > limits.import_w.value
    if power > 0.05 and phases is not None and charger.phases == 3:
        fuse_w = limits.phase_w.value
        assert max(w + (power - ev_w) / 3 for w in phases) <= fuse_w + 0.1
