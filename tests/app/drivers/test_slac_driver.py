"""The driver behind the port ``Matching``: what it tells the charger, what it says to people, how it comes back."""

import asyncio

import pytest

from app.clock import WallClock
from app.config.home import SlacSection
from app.drivers import slac
from app.drivers.slac import SlacMatching
from app.ports import HealthLevel, LinkNews
from protocols.slac.helper import HelperError
from protocols.slac.link import Action, LinkState
from protocols.slac.timings import Timings

CAR = "02:00:00:00:00:01"


class FakeHelper:
    """A process that does what the test says."""

    def __init__(self, interface, on_news, **rest):
        self.interface, self.on_news, self.rest = interface, on_news, rest
        self.said: list[str] = []
        self.runs = 0
        self.break_with = asyncio.Event()
        self.reason = ""

    async def run(self):
        self.runs += 1
        await self.break_with.wait()
        self.break_with.clear()
        raise HelperError(self.reason)

    def match(self):
        self.said.append("match")

    def leave(self):
        self.said.append("leave")

    def pause(self, on):
        self.said.append(f"pause {on}")

    def tell(self, event, **facts):
        self.on_news({"event": event, **facts})

    def fail(self, reason):
        self.reason = reason
        self.break_with.set()


class Board:
    def __init__(self):
        self.healths = []

    def publish_health(self, source, health):
        self.healths.append((source, health))

    @property
    def last(self):
        return self.healths[-1][1]


class Bench:
    def __init__(self, **rest):
        self.matching = SlacMatching(
            SlacSection(enabled=True, settle_s=1), "eth1", WallClock(), helper=FakeHelper, **rest
        )
        self.helper = self.matching._helper
        self.board = Board()
        self.news = []
        self.matching.on_news = self.news.append
        self.task = asyncio.create_task(self.matching.run(self.board))

    async def settle(self):
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def bench():
    made = Bench()
    await made.settle()
    yield made
    made.task.cancel()
    await asyncio.gather(made.task, return_exceptions=True)


async def test_start_matches_and_stop_leaves(bench):
    assert bench.board.last.level is HealthLevel.STARTING
    bench.helper.tell("ready", mac="02:00:00:00:00:02", uid=65534)
    bench.helper.tell("network", nid="00")
    assert bench.board.last.level is HealthLevel.OK
    bench.matching.start()
    bench.matching.start()
    assert bench.helper.said == ["match"]
    bench.helper.tell("matched", ev_mac=CAR, attenuation_db=5.0)
    assert bench.news == [LinkNews.MATCHED]
    assert bench.matching.linked
    assert bench.matching.ev_mac == CAR
    assert CAR in bench.board.last.text
    assert bench.board.last.details["attenuation_db"] == 5.0
    bench.matching.stop()
    assert bench.helper.said == ["match", "leave"]
    assert bench.news == [LinkNews.MATCHED], "who says stop need not be told"
    assert bench.matching.ev_mac is None


async def test_a_lost_link_is_told_and_start_begins_anew(bench):
    bench.helper.tell("network", nid="00")
    bench.matching.start()
    bench.helper.tell("matched", ev_mac=CAR)
    bench.helper.tell("lost", reason="the modem has no link")
    assert bench.news == [LinkNews.MATCHED, LinkNews.LOST]
    assert bench.helper.said == ["match", "leave"]
    bench.matching.start()
    bench.helper.tell("matched", ev_mac=CAR)
    assert bench.news[-1] is LinkNews.MATCHED


@pytest.mark.parametrize(("event", "words"), [("no_slac", "no SLAC request"), ("failed", "the car stopped")])
async def test_no_match_is_told_with_the_reason(bench, event, words):
    bench.helper.tell("network", nid="00")
    bench.matching.start()
    bench.helper.tell(event, **({"reason": "the car stopped"} if event == "failed" else {}))
    assert bench.news == [LinkNews.FAILED]
    assert bench.board.last.level is HealthLevel.WARNING
    assert words in bench.board.last.text
    bench.matching.start()
    assert bench.matching.state is LinkState.MATCHING


async def test_a_process_that_ends_is_started_again_and_the_waiting_car_is_matched(bench, monkeypatch):
    monkeypatch.setattr(slac, "RESTART_S", 0.01)
    bench.helper.tell("network", nid="00")
    bench.matching.start()
    bench.helper.fail("interface 'eth1' is gone or down (Network is down)")
    await bench.settle()
    assert bench.board.last.level is HealthLevel.FAILED
    assert "gone or down" in bench.board.last.text
    async with asyncio.timeout(5):
        while bench.helper.runs < 2:
            await asyncio.sleep(0.01)
    bench.helper.tell("network", nid="00")
    assert bench.helper.said == ["match", "match"]
    bench.helper.tell("matched", ev_mac=CAR)
    assert bench.news == [LinkNews.MATCHED]
    bench.helper.fail("it ended")
    await bench.settle()
    assert bench.news[-1] is LinkNews.LOST


async def test_a_modem_that_does_not_answer_is_shown_until_it_does(bench):
    bench.helper.tell("error", reason="no modem answers CM_SET_KEY.REQ")
    assert bench.board.last.level is HealthLevel.FAILED
    bench.helper.tell("network", nid="00")
    assert bench.board.last.level is HealthLevel.OK


async def test_a_pause_keeps_the_match(bench):
    bench.helper.tell("network", nid="00")
    bench.matching.start()
    bench.helper.tell("matched", ev_mac=CAR)
    bench.matching.pause()
    assert bench.matching.linked
    bench.matching.wake()
    assert bench.helper.said[-2:] == ["pause True", "pause False"]
    bench.matching.terminate()
    assert bench.news == [LinkNews.MATCHED]
    assert not bench.matching.linked


async def test_with_a_pilot_of_its_own_it_steps_through_e_or_f_and_matches_again():
    shown = []
    bench = Bench(on_pilot=shown.append, timings=Timings(step_ef_s=0.02, step_x1_s=0.01))
    try:
        await bench.settle()
        bench.helper.tell("network", nid="00")
        bench.matching.start()
        bench.helper.tell("matched", ev_mac=CAR)
        bench.matching.fail("the session broke")
        async with asyncio.timeout(5):
            while bench.helper.said.count("match") < 2:
                await asyncio.sleep(0.01)
        assert shown == [
            *(Action.PILOT_5_PERCENT, Action.PILOT_5_PERCENT, Action.PILOT_X1, Action.PILOT_EF),
            Action.PILOT_5_PERCENT,
        ]
        assert bench.news == [LinkNews.MATCHED, LinkNews.LOST]
    finally:
        bench.task.cancel()
        await asyncio.gather(bench.task, return_exceptions=True)


async def test_the_sections_interface_comes_before_the_chargers():
    matching = SlacMatching(SlacSection(interface="plc0"), "eth1", WallClock(), helper=FakeHelper)
    assert matching._helper.interface == "plc0"
