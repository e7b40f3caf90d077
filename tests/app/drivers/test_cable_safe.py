"""One cable by a clock of the test's own: pilot, contactor, isolation, pre-charge, welding, silence and dead-man."""

from collections.abc import Callable
from typing import Any

import pytest

from app.drivers.cable import SILENT_S, Cable, News, Pulled, Trouble, Verdict
from app.drivers.simulated_stage import SimulatedStage
from app.ports import LinkNews, StageAbility, StageReading
from protocols.iec61851 import (
    DIGITAL,
    STATE_F,
    X1,
    Check,
    Circuit,
    Hardware,
    Inlet,
    InletConfig,
    OutletConfig,
    OutletState,
    Pilot,
    PilotTimings,
    duty_for,
)

S = OutletState
T0 = 1_700_000_000.0


class Modem:
    """Notes what it is told."""

    name = "power line"

    def __init__(self) -> None:
        self.on_news: Callable[[LinkNews], None] | None = None
        self.told: list[str] = []

    async def run(self, board: Any) -> None:
        """Nothing to do."""

    def start(self) -> None:
        self.told.append("start")

    def stop(self) -> None:
        self.told.append("stop")

    def pause(self) -> None:
        self.told.append("pause")

    def wake(self) -> None:
        self.told.append("wake")


class Bench:
    """A simulated stage with a car on it, and a cable; ``go`` lets time pass in small steps."""

    def __init__(self, config: OutletConfig | None = None, car: InletConfig | None = None, **hardware: Any) -> None:
        self.now = T0
        self.inlet = Inlet(car)
        self.news: list[News] = []
        self.modem = Modem()
        self.stage = SimulatedStage(
            clock=lambda: self.now, hardware=Hardware(**hardware), inlet=self.inlet, on_reading=self.read
        )
        self.silent = False
        self.cable = Cable(self.stage, config or OutletConfig(), Circuit(), self.news.append, matching=self.modem)

    def read(self, reading: StageReading) -> None:
        if not self.silent:
            self.cable.read(reading, self.now)

    def go(self, seconds: float, step_s: float = 0.05) -> OutletState:
        for _ in range(round(seconds / step_s)):
            self.now += step_s
            due = self.cable.next_timer()
            if due is not None and due <= self.now:
                self.cable.on_timer(self.now)
            self.stage.step()
        return self.cable.outlet.state

    def plug(self) -> None:
        self.inlet.plug(32.0, self.now)
        self.go(0.1)

    def session(self, *, ac: bool = False) -> None:
        """A digital session that has come as far as power."""
        self.plug()
        self.cable.session_began(self.now)
        self.cable.may_take = ac
        self.inlet.wants(True, self.now)
        self.go(0.2)
        self.cable.power(True, self.now)
        self.stage.set_power(7_000.0, self.now + 30.0)
        self.go(0.3)
        assert self.closed

    @property
    def closed(self) -> bool:
        return self.stage.hardware.closed(self.now)

    def troubles(self) -> list[str]:
        return [news.text for news in self.news if isinstance(news, Trouble)]


def test_a_whole_dc_session_with_its_tests() -> None:
    bench = Bench(isolation_s=2.0, ramp_v_per_s=100.0)
    bench.plug()
    assert bench.stage.hardware.duty == DIGITAL
    bench.cable.session_began(bench.now)
    bench.inlet.wants(True, bench.now)
    bench.go(0.2)
    bench.cable.check_isolation()
    bench.go(1.9)
    assert Verdict(True) not in bench.news
    bench.go(0.3)
    assert Verdict(True) in bench.news
    bench.stage.pre_charge(400.0, 2.0)
    bench.go(2.0)
    assert bench.stage.reading is not None
    assert bench.stage.reading.dc_voltage_v == pytest.approx(200.0, abs=6.0)
    bench.go(2.5)
    assert bench.stage.reading.dc_voltage_v == 400.0
    assert not bench.closed
    bench.cable.power(True, bench.now)
    bench.go(0.2)
    assert bench.closed
    bench.stage.set_power(-3_600.0, bench.now + 60.0)
    bench.go(10.0)
    reading = bench.stage.reading
    assert (reading.ev_w, reading.dc_current_a) == (-3_600.0, -9.0)
    assert reading.export_wh == pytest.approx(10.0, abs=0.1)
    bench.cable.power(False, bench.now)
    bench.go(0.1)
    assert not bench.closed
    bench.cable.check_welding()
    bench.go(1.0)
    bench.cable.session_ended(bench.now, proper=True)
    bench.inlet.wants(False, bench.now)
    assert bench.go(1.0) is S.RESTING
    assert bench.troubles() == []
    assert bench.stage.reading.dc_voltage_v == 0.0


@pytest.mark.parametrize(
    ("ohm", "ok", "word"), [(1e6, True, ""), (120_000.0, True, "doubtful (120 kΩ)"), (20_000.0, False, "20 kΩ")]
)
def test_the_isolation_s_verdict(ohm: float, ok: bool, word: str) -> None:
    bench = Bench()
    bench.stage.hardware.defects.isolation_ohm = ohm
    bench.plug()
    bench.cable.session_began(bench.now)
    bench.inlet.wants(True, bench.now)
    bench.cable.check_isolation()
    bench.go(2.0)
    (verdict,) = [news for news in bench.news if isinstance(news, Verdict)]
    assert verdict.ok is ok
    assert word in verdict.text


def test_isolation_that_fails_under_power_opens_and_ends() -> None:
    bench = Bench()
    bench.plug()
    bench.cable.session_began(bench.now)
    bench.inlet.wants(True, bench.now)
    bench.cable.check_isolation()
    bench.go(2.0)
    bench.cable.power(True, bench.now)
    bench.go(0.3)
    assert bench.closed
    bench.stage.hardware.defects.isolation_ohm = 5_000.0
    bench.go(0.1, step_s=0.02)
    assert not bench.closed
    assert bench.troubles() == ["the isolation failed under power (5 kΩ): look at cable and car"]
    bench.cable.session_ended(bench.now, proper=False)
    bench.stage.hardware.defects.isolation_ohm = 5e6
    bench.inlet.unplug()
    bench.go(5.0)
    bench.session()


def test_a_new_test_does_not_take_the_last_one_s_verdict() -> None:
    bench = Bench()
    bench.plug()
    bench.inlet.wants(True, bench.now)
    bench.cable.check_isolation()
    bench.go(2.0)
    bench.stage.hardware.defects.isolation_ohm = 1.0
    bench.cable.check_isolation()
    bench.go(0.5)
    assert len([news for news in bench.news if isinstance(news, Verdict)]) == 1
    bench.go(1.0)
    assert [news.ok for news in bench.news if isinstance(news, Verdict)] == [True, False]


def test_a_stage_that_cannot_be_asked_measures_once_the_pilot_is_in_c() -> None:
    bench = Bench()
    bench.stage.abilities = frozenset({StageAbility.CONTACTOR})  # type: ignore[misc]
    bench.plug()
    bench.cable.session_began(bench.now)
    bench.cable.check_isolation()
    bench.go(0.5)
    assert Verdict(True) not in bench.news
    bench.inlet.wants(True, bench.now)
    bench.go(0.2)
    assert Verdict(True) in bench.news


@pytest.mark.parametrize(
    "deed",
    [
        lambda bench: bench.cable.session_ended(bench.now, proper=False),
        lambda bench: bench.cable.session_ended(bench.now, proper=True),
        lambda bench: bench.inlet.unplug(),
        lambda bench: setattr(bench.stage.hardware.defects, "code", 7),
        lambda bench: setattr(bench.stage.hardware.defects, "pilot", Pilot.E),
        lambda bench: bench.cable.power(False, bench.now),
    ],
    ids=["broken", "ended", "unplugged", "stage fault", "pilot shorted", "power off"],
)
def test_whatever_ends_it_the_outlet_is_dead_within_a_tenth_of_a_second(deed: Callable[[Bench], None]) -> None:
    bench = Bench()
    bench.session()
    bench.go(5.0)
    deed(bench)
    bench.go(0.1, step_s=0.02)
    assert not bench.closed
    assert bench.stage.ev_w == 0.0


def test_an_ac_session_that_breaks_gives_the_car_six_seconds_to_stop() -> None:
    bench = Bench()
    bench.session(ac=True)
    bench.inlet.config = InletConfig(basic=False, stop_s=3.0)
    bench.cable.session_ended(bench.now, proper=False)
    assert bench.stage.hardware.duty == X1
    bench.go(2.0)
    assert bench.closed
    bench.go(4.5)
    assert not bench.closed


def test_the_next_session_starts_clean_after_a_stage_fault() -> None:
    bench = Bench()
    bench.session()
    bench.stage.hardware.defects.code = 9
    bench.go(0.1)
    assert bench.cable.outlet.state is S.UNAVAILABLE
    assert bench.stage.hardware.duty == STATE_F
    assert bench.troubles() == ["the power stage reports fault 9"]
    bench.cable.session_ended(bench.now, proper=False)
    bench.inlet.unplug()
    bench.cable.reset(bench.now)
    assert bench.go(2.0) is S.VACANT
    bench.session()
    assert bench.stage.ev_w == 7_000.0


def test_a_welded_contactor_is_told_and_no_car_is_served() -> None:
    bench = Bench()
    bench.stage.hardware.defects.welded = True
    bench.session()
    bench.cable.session_ended(bench.now, proper=True)
    bench.go(3.0)
    assert "welded" in bench.troubles()[0]
    bench.inlet.unplug()
    bench.go(2.0)
    bench.plug()
    assert bench.cable.outlet.state is S.UNAVAILABLE
    assert bench.stage.hardware.duty == STATE_F


def test_a_reset_clears_what_was_mended_and_nothing_else() -> None:
    bench = Bench()
    assert not bench.cable.resettable
    bench.stage.hardware.defects.welded = True
    bench.session()
    bench.cable.session_ended(bench.now, proper=True)
    bench.go(3.0)
    bench.inlet.unplug()
    bench.go(1.0)
    assert bench.cable.resettable
    bench.cable.reset(bench.now)
    assert bench.go(3.0) is S.UNAVAILABLE, "it is still welded"
    bench.stage.hardware.defects.welded = False
    bench.cable.reset(bench.now)
    assert bench.go(3.0) is S.VACANT
    bench.silent = True
    bench.go(SILENT_S + 0.1)
    assert bench.cable.outlet.state is S.UNAVAILABLE
    assert not bench.cable.resettable, "nobody is there to take it"


def test_an_outlet_that_stays_live_is_told() -> None:
    bench = Bench()
    bench.stage.hardware.defects.live = True
    bench.session()
    bench.cable.power(False, bench.now)
    bench.cable.check_welding()
    bench.go(1.0)
    assert bench.troubles() == ["the outlet stays live after opening: a contactor is welded"]


def test_a_stage_that_falls_silent_ends_what_it_can_and_is_taken_back() -> None:
    bench = Bench()
    bench.session()
    bench.silent = True
    bench.go(SILENT_S + 0.1)
    assert bench.troubles() == ["the power stage does not answer"]
    assert not bench.cable.outlet.contactor
    bench.silent = False
    bench.cable.session_ended(bench.now, proper=False)
    assert bench.go(1.0) is S.OFFERING


def test_a_pulled_plug_ends_the_session() -> None:
    bench = Bench()
    bench.session()
    bench.inlet.unplug()
    bench.go(0.1)
    assert Pulled("the plug was pulled") in bench.news


# The modem.


def test_the_modem_matches_while_five_percent_are_offered() -> None:
    bench = Bench(OutletConfig(basic=False))
    bench.plug()
    assert bench.modem.told == ["start"]
    bench.go(41.0, step_s=0.2)
    assert bench.modem.told == ["start", "stop"]
    bench.go(5.0, step_s=0.2)
    assert bench.modem.told == ["start", "stop", "start"]
    bench.cable.link(LinkNews.MATCHED, bench.now)
    bench.cable.session_began(bench.now)
    bench.go(100.0, step_s=1.0)
    assert bench.modem.told == ["start", "stop", "start"]
    bench.cable.link(LinkNews.LOST, bench.now)
    assert Pulled("the power-line link to the car was lost") in bench.news
    bench.cable.session_ended(bench.now, proper=False)
    bench.go(5.0)
    assert bench.modem.told[-2:] == ["stop", "start"], "matched anew after a step of the pilot"
    bench.inlet.unplug()
    bench.go(0.1)
    assert bench.modem.told[-1] == "stop"


def paused(bench: Bench) -> None:
    """The session has paused, and the car sleeps."""
    bench.session()
    bench.cable.link(LinkNews.MATCHED, bench.now)
    bench.cable.power(False, bench.now)
    bench.inlet.wants(False, bench.now)
    bench.go(0.3)
    bench.cable.session_ended(bench.now, proper=True, paused=True)
    assert bench.go(30.0, step_s=1.0) is S.RESTING
    assert bench.modem.told == ["start", "pause"]


def test_a_paused_session_keeps_its_link_until_it_goes_on() -> None:
    woken = Bench(OutletConfig(basic=False))
    paused(woken)
    woken.cable.wake(woken.now)
    assert woken.cable.outlet.state is S.OFFERING
    assert woken.modem.told == ["start", "pause", "wake"]
    woken.cable.session_began(woken.now)
    woken.go(30.0, step_s=1.0)
    woken.cable.session_ended(woken.now, proper=True)
    assert woken.modem.told == ["start", "pause", "wake", "stop"]
    by_itself = Bench(OutletConfig(basic=False))
    paused(by_itself)
    by_itself.cable.session_began(by_itself.now)
    assert by_itself.modem.told == ["start", "pause", "wake"]


def test_a_car_that_does_not_wake_on_its_old_link_is_matched_anew() -> None:
    bench = Bench(OutletConfig(basic=False))
    paused(bench)
    bench.cable.wake(bench.now)
    bench.go(46.0, step_s=0.5)
    assert bench.modem.told == ["start", "pause", "wake", "stop", "start"]


def test_a_sleeping_car_that_leaves_or_loses_its_link_is_let_go() -> None:
    gone = Bench(OutletConfig(basic=False))
    paused(gone)
    gone.inlet.unplug()
    gone.go(0.2)
    assert gone.modem.told[-1] == "stop"
    lost = Bench(OutletConfig(basic=False))
    paused(lost)
    lost.cable.link(LinkNews.LOST, lost.now)
    lost.cable.wake(lost.now)
    assert lost.modem.told[-1] == "start"


def test_a_car_that_is_not_matched_charges_basically_at_once_or_is_tried_for_ever() -> None:
    basic = Bench(OutletConfig(timings=PilotTimings(digital_tries=0)))
    basic.plug()
    basic.cable.link(LinkNews.FAILED, basic.now)
    basic.go(0.1)
    assert basic.cable.outlet.state is S.STEPPING
    digital = Bench(OutletConfig(basic=False, timings=PilotTimings(digital_tries=0)))
    digital.plug()
    for tries in range(1, 4):
        assert digital.modem.told == ["start"] * tries
        digital.cable.link(LinkNews.FAILED, digital.now)
        digital.go(31.0, step_s=0.5)
    assert digital.cable.outlet.state is S.OFFERING


# Basic charging.

QUICK = OutletConfig(timings=PilotTimings(digital_s=1.0, digital_tries=1))


def test_without_a_session_the_car_charges_by_duty_cycle() -> None:
    bench = Bench(QUICK)
    bench.plug()
    bench.inlet.wants(True, bench.now)
    for _ in range(20):
        bench.cable.offer(11_040.0, bench.now + 30.0, bench.now)
        bench.stage.set_power(11_040.0, bench.now + 30.0)
        bench.go(1.0)
    assert bench.cable.outlet.state is S.CHARGING
    assert bench.closed
    assert bench.stage.hardware.duty == duty_for(16.0)
    bench.cable.offer(-5_000.0, bench.now + 30.0, bench.now)
    bench.go(4.0)
    assert bench.cable.outlet.state is S.PAUSED
    assert not bench.closed


def test_a_set_point_that_nobody_renews_is_offered_no_longer() -> None:
    bench = Bench(OutletConfig(digital=False))
    bench.plug()
    bench.inlet.wants(True, bench.now)
    bench.cable.offer(11_040.0, bench.now + 30.0, bench.now)
    bench.stage.set_power(11_040.0, bench.now + 30.0)
    assert bench.go(4.0) is S.CHARGING
    bench.go(25.0)
    assert bench.cable.outlet.state is S.CHARGING
    bench.go(2.0)
    assert bench.stage.hardware.duty == X1
    assert bench.go(5.0) is S.PAUSED


def test_the_stage_s_own_dead_man_acts_though_nobody_is_left_to_tell_it() -> None:
    bench = Bench(OutletConfig(digital=False))
    bench.plug()
    bench.inlet.wants(True, bench.now)
    bench.cable.offer(11_040.0, bench.now + 30.0, bench.now)
    bench.stage.set_power(11_040.0, bench.now + 30.0)
    assert bench.go(4.0) is S.CHARGING
    bench.stage.on_reading = None
    for _ in range(70):
        bench.now += 0.5
        bench.stage.step()
    assert bench.stage.hardware.duty == X1
    assert bench.inlet.pilot is Pilot.B
    assert not bench.closed


def test_the_cable_s_rating_bounds_the_offer() -> None:
    bench = Bench(OutletConfig(digital=False))
    bench.plug()
    bench.cable.offer(11_040.0, bench.now + 30.0, bench.now, cable_a=13.0)
    bench.stage.set_power(11_040.0, bench.now + 30.0)
    bench.go(4.0)
    assert bench.stage.hardware.duty == duty_for(13.0)


def test_a_dead_meter_tells_nothing_and_stops_nothing() -> None:
    bench = Bench()
    bench.session()
    bench.stage.hardware.defects.meter_dead = True
    bench.go(1.0)
    assert bench.stage.reading is not None
    assert bench.stage.reading.ev_w is None
    assert bench.closed
    assert bench.stage.reading.isolation is Check.IDLE
