"""What settles an event: energy against the baseline, time to nine tenths of a step, overshoot, availability."""

import pytest

from energy.service_account import Baseline, Moment, ServiceAccount, Shape, closed, counted

METHOD = Baseline.CHARGE_ON_ARRIVAL


def fold(shape, rows, baseline_w=0.0, **fields):
    """``rows``: (time, asked, power)."""
    account = ServiceAccount(shape=shape, baseline=METHOD)
    for at_s, asked_w, power_w in rows:
        account = counted(account, Moment(at_s=at_s, asked_w=asked_w, baseline_w=baseline_w, power_w=power_w, **fields))
    return account


def test_a_set_point_reached_after_three_seconds():
    rows = [(0, -4000, 0), (1, -4000, 0), (2, -4000, -2000), (3, -4000, -4200)]
    account = fold(Shape.SETPOINT, rows + [(t, -4000, -4000) for t in range(4, 3604)])
    assert account.response_s == 3.0
    assert account.mean_response_s == 3.0
    assert account.overshoot_w == pytest.approx(200.0)
    assert account.asked_wh == pytest.approx(4000.0, rel=0.01)
    assert account.share == pytest.approx(0.9986, abs=0.001)
    assert account.availability == 1.0
    assert account.unanswered == 0


def test_more_than_asked_is_not_delivered_more():
    account = fold(Shape.SETPOINT, [(t, -1000, -3000) for t in range(3601)])
    assert account.delivered_wh == pytest.approx(account.asked_wh) == pytest.approx(1000.0)
    assert account.worst_w == 2000.0
    assert account.over_s == 3540.0


def test_a_ceiling_is_delivered_from_what_would_have_been_above_it():
    account = fold(Shape.CEILING, [(0, 4200, 9000), (1, 4200, 9000), (2, 4200, 4100), (3, 4200, 4000)], 9000.0)
    assert account.response_s == 2.0
    assert account.over_s == 0.0, "until it is answered a step is timed, not counted as passed"
    late = counted(account, Moment(at_s=4.0, asked_w=4200.0, baseline_w=9000.0, power_w=5000.0))
    assert late.over_s == 1.0
    assert late.worst_w == 800.0
    assert fold(Shape.CEILING, [(t, 4200, 500) for t in range(10)], 500.0).share is None, "nothing was in its way"


def test_each_step_of_frequency_is_timed_and_one_that_is_overtaken_was_not_answered():
    rows = [(0, 0, 0), (1, 1000, 0), (2, 1000, 950), (3, -1000, 950), (4, 2000, 0), (9, 2000, 1990)]
    account = fold(Shape.SETPOINT, rows)
    assert account.answered == 2
    assert account.response_s == 5.0
    assert account.unanswered == 1
    open_ = fold(Shape.SETPOINT, [(0, 0, 0), (1, 5000, 0)])
    assert closed(open_).unanswered == 1


def test_what_is_not_measured_or_refused_is_not_available():
    account = fold(Shape.SETPOINT, [(0, 0, 0), (10, 0, 0)])
    assert account.availability == 0.5, "five seconds of a gap of ten are taken for known"
    assert fold(Shape.SETPOINT, [(0, 0, 0), (1, 0, 0)], able=False).availability == 0.0
    assert counted(account, Moment(at_s=3.0, asked_w=0, baseline_w=0, power_w=0)) is account, "a clock set back"
