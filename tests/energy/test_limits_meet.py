"""Events folded, and limits of every source meeting in one place."""

import numpy as np
import pytest

from energy.asks import asks_at, asks_by_step
from energy.grid_events import EventInterval, GridEvent, GridEventKind
from energy.links import LinkRule, heard, limit_written, start
from energy.model import ReasonCode, Wishes

K = GridEventKind
R = ReasonCode


def test_the_tighter_limit_holds_whoever_sent_it(event):
    held = asks_at(
        [
            event(K.IMPORT_LIMIT, 0, 100, 6000.0, event_id="a", priority=1),
            event(K.IMPORT_LIMIT, 0, 100, 4200.0, event_id="b", priority=9),
            event(K.RESERVE, 0, 100, 0.3, event_id="c"),
            event(K.RESERVE, 0, 100, 0.5, event_id="d"),
        ],
        50.0,
    )
    assert held[K.IMPORT_LIMIT].event_id == "b"
    assert held[K.RESERVE].event_id == "d"


def test_the_more_important_set_point_holds_and_among_equals_the_smaller(event):
    first = event(K.EV_SETPOINT, 0, 100, 5000.0, event_id="a", priority=5)
    second = event(K.EV_SETPOINT, 0, 100, 1000.0, event_id="b", priority=6)
    third = event(K.EV_SETPOINT, 0, 100, -2000.0, event_id="c", priority=5)
    assert asks_at([first, second], 1.0)[K.EV_SETPOINT].event_id == "a"
    assert asks_at([first, second, third], 1.0)[K.EV_SETPOINT].event_id == "c"


def test_a_limit_ends_by_itself_and_a_declined_offer_does_not_hold(event):
    asked = event(K.IMPORT_LIMIT, 0, 100, 4200.0)
    assert asks_at([asked], 99.9)
    assert not asks_at([asked], 100.0)
    assert not asks_at([event(K.EV_SETPOINT, 0, 100, 1.0, opted_out=True)], 1.0)


def test_nan_and_empty_events_ask_nothing(event):
    odd = [
        event(K.IMPORT_LIMIT, 0, 100, float("nan")),
        GridEvent(event_id="x", source="u", kind=K.EMERGENCY, intervals=()),
    ]
    assert asks_at(odd, 1.0) == {}
    assert asks_by_step(odd, np.array([0.0, 50.0, 100.0])) == {}


def test_limits_hold_in_every_step_they_touch_and_prices_where_they_cover_the_middle(event):
    edges = np.arange(0.0, 1501.0, 300.0)
    found = asks_by_step(
        [
            event(K.IMPORT_LIMIT, 290, 310, 4200.0),
            event(K.IMPORT_PRICE, 290, 610, 0.5),
            event(K.EXPORT_LIMIT, 900, 1e12, 0.0),
        ],
        edges,
    )
    assert np.isfinite(found[K.IMPORT_LIMIT].value).tolist() == [True, True, False, False, False]
    assert np.isfinite(found[K.IMPORT_PRICE].value).tolist() == [False, True, False, False, False]
    assert np.isfinite(found[K.EXPORT_LIMIT].value).tolist() == [False, False, False, True, True]
    assert found[K.IMPORT_PRICE].event_ids == ("", "e1", "", "", "")


def test_step_and_moment_agree(event):
    rng = np.random.default_rng(2)
    edges = np.arange(0.0, 7201.0, 300.0)
    kinds = [K.EXPORT_LIMIT, K.EV_SETPOINT, K.RESERVE]
    events = [
        event(
            kinds[int(rng.integers(3))],
            300.0 * int(rng.integers(0, 20)),
            300.0 * int(rng.integers(20, 25)),
            float(rng.integers(1, 9)),
            event_id=str(k),
            priority=int(rng.integers(3)),
        )
        for k in range(30)
    ]
    by_step = asks_by_step(events, edges)
    for t, middle in enumerate((edges[:-1] + edges[1:]) / 2):
        now = asks_at(events, float(middle))
        for kind, ask in by_step.items():
            value = ask.value[t]
            assert (kind in now) == bool(np.isfinite(value))
            if kind in now:
                assert now[kind].value == value


def test_each_source_can_be_the_tightest(home, event):
    own = home.limits()
    assert own.import_w.reason.code is R.LIMIT_FUSE
    assert own.import_w.value == pytest.approx(17_250)
    assert own.export_w.reason.code is R.LIMIT_EXPORT
    asked = home.limits(events=(event(K.IMPORT_LIMIT, 0, 1e12, 4200.0), event(K.CHARGE_LIMIT, 0, 1e12, 3000.0)))
    assert asked.import_w.reason.code is R.LIMIT_IMPORT
    assert asked.import_w.reason.params["event_id"] == "e1"
    assert asked.charge_w.value == 3000.0
    silent = ((LinkRule(source="utility", import_w=3500.0, charge_w=1000.0), start(home.now_s)),)
    failed = home.limits(events=(event(K.IMPORT_LIMIT, 0, 1e12, 4200.0),), links=silent)
    assert failed.import_w.value == 3500.0
    assert failed.import_w.reason.code is R.LINK_SILENT
    assert failed.charge_w.value == 1000.0
    assert failed.silent == ("utility",)


def test_a_link_that_is_heard_limits_nothing_by_itself(home):
    rule = LinkRule(source="utility", import_w=3500.0)
    state = limit_written(rule, heard(rule, start(home.now_s), home.now_s), home.now_s)
    assert home.limits(links=((rule, state),)).import_w.value == pytest.approx(17_250)


def test_what_the_car_or_homeowner_refuses_is_zero(home):
    assert home.limits(home.ev_state(can_discharge=False)).discharge_w.value == 0.0
    off = home.limits(wishes=Wishes(v2g_allowed=False)).discharge_w
    assert (off.value, off.reason.code) == (0.0, ReasonCode.V2G_OFF)
    assert home.limits(home.ev_state(can_charge=False)).charge_w.value == 0.0


def test_negative_limits_are_zero_and_reserves_stay_fractions(home, event):
    limits = home.limits(
        events=(
            event(K.IMPORT_LIMIT, 0, 1e12, -500.0),
            event(K.DISCHARGE_LIMIT, 0, 1e12, -1.0),
            event(K.RESERVE, 0, 1e12, 7.0),
        )
    )
    assert limits.import_w.value == 0.0
    assert limits.discharge_w.value == 0.0
    assert limits.reserve_soc.value == 1.0


def test_an_event_of_several_intervals_holds_the_one_of_now():
    steps = (
        EventInterval(start_s=0.0, end_s=10.0, value=1.0),
        EventInterval(start_s=10.0, end_s=20.0, value=2.0),
    )
    asked = GridEvent(event_id="e", source="u", kind=K.EMERGENCY, intervals=steps)
    assert asks_at([asked], 10.0)[K.EMERGENCY].value == 2.0
    assert asks_at([asked], 10.0)[K.EMERGENCY].until_s == 20.0
