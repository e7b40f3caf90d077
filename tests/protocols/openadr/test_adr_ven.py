"""The VEN without sockets: what it asks, in which order, and how it takes every kind of answer."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.openadr.changes import VenChange
from protocols.openadr.config import LinkState, VenConfig, steady_shift
from protocols.openadr.exchange import Request, Stage
from protocols.openadr.reports import ReportDue
from protocols.openadr.ven import Ven
from protocols.openadr.versions import V3_0_1, V3_1_0, Version

Make = Callable[..., dict[str, Any]]
Answer = tuple[int, object]
TOKEN: Answer = (200, {"access_token": "t", "token_type": "Bearer", "expires_in": 3600})


def make_ven(version: Version = V3_1_0, **more: Any) -> Ven:
    config = VenConfig(version=version, client_id="c", client_secret="s", ven_name="home", **more)
    return Ven(config, random=lambda: 1.0)


class Utility:
    """Answers by stage; a list of answers is used up, its last one stays."""

    def __init__(self, **answers: Answer | list[Answer]) -> None:
        self.answers: dict[str, Answer | list[Answer]] = {
            "discover": (200, {"tokenURL": "https://login.example/token"}),
            "token": TOKEN,
            "programs": (200, []),
            "find_ven": (200, [{"id": "v1", "venName": "home"}]),
            "create_ven": (201, {"id": "v2", "venName": "home"}),
            "find_resources": (200, []),
            "create_resource": (201, {"id": "r1"}),
            "report": (201, {}),
            "events": (200, []),
        } | answers
        self.asked: list[Request] = []

    def serve(self, ven: Ven, now_s: float, most: int = 50) -> list[str]:
        """Answer until nothing more is asked; returns the stages."""
        stages: list[str] = []
        while (request := ven.next_request(now_s)) is not None:
            self.asked.append(request)
            stages.append(request.stage.value)
            answer = self.answers[request.stage]
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            ven.receive(request, answer[0], answer[1], now_s)
            assert len(stages) < most, f"the VEN does not come to rest: {stages[-5:]}"
        return stages


def test_from_nothing_to_polling_in_both_versions(now_s: float) -> None:
    new = make_ven(V3_1_0, resource_names=("car",))
    assert Utility().serve(new, now_s) == [
        "discover", "token", "programs", "find_ven", "find_resources", "create_resource", "events",
    ]  # fmt: skip
    old = make_ven(V3_0_1, resource_names=("car",))
    utility = Utility(find_ven=(200, []))
    assert utility.serve(old, now_s) == [
        "token", "programs", "find_ven", "create_ven", "find_resources", "create_resource", "events",
    ]  # fmt: skip
    assert utility.asked[-2].url == "/vens/v2/resources"
    assert old.health().state is LinkState.OK


def test_it_rests_until_the_next_poll(now_s: float) -> None:
    ven = make_ven(poll_s=30)
    Utility().serve(ven, now_s)
    assert ven.next_timer() == now_s + 30
    assert Utility().serve(ven, now_s + 29) == []
    assert Utility().serve(ven, now_s + 30) == ["events"]


def test_one_request_is_under_way_at_a_time(now_s: float) -> None:
    ven = make_ven()
    assert ven.next_request(now_s) is not None
    assert ven.next_request(now_s) is None


def test_the_token_is_renewed_before_it_runs_out(now_s: float) -> None:
    ven = make_ven(programs_poll_s=1e9)
    Utility().serve(ven, now_s)
    assert Utility().serve(ven, now_s + 3560) == ["events"]
    assert Utility().serve(ven, now_s + 3595) == ["token", "events"]


def test_a_token_shorter_than_the_margin_is_still_used(now_s: float) -> None:
    utility = Utility(token=(200, {"access_token": "t", "token_type": "Bearer", "expires_in": 5}))
    assert utility.serve(make_ven(), now_s)[-1] == "events"


def test_401_means_a_new_token_and_the_same_question_again(now_s: float) -> None:
    ven = make_ven()
    utility = Utility()
    utility.serve(ven, now_s)
    utility.answers["events"] = [(401, None), (200, [])]
    assert utility.serve(ven, now_s + 30) == ["events", "token", "events"]


def test_a_token_rejected_at_once_does_not_make_a_storm(now_s: float) -> None:
    ven = make_ven()
    utility = Utility(programs=(401, None))
    assert utility.serve(ven, now_s).count("token") == 1
    assert ven.next_timer() > now_s
    assert "rejects the token" in ven.health().sentence


def test_refused_credentials_ask_for_a_person(now_s: float) -> None:
    ven = make_ven()
    Utility(token=(401, {"error": "invalid_client"})).serve(ven, now_s)
    health = ven.health()
    assert health.state is LinkState.REFUSED
    assert "check the client id" in health.sentence
    assert ven.next_timer() == now_s + ven.config.backoff_max_s
    Utility().serve(ven, now_s + ven.config.backoff_max_s)
    assert ven.health().state is LinkState.OK


def test_a_failing_utility_is_asked_ever_more_seldom_with_jitter(now_s: float) -> None:
    waits: list[float] = []
    config = VenConfig(version=V3_0_1, client_id="c", client_secret="s", ven_name="home")
    for draw in (0.0, 1.0):
        ven = Ven(config, random=lambda draw=draw: draw)  # type: ignore[misc]
        moment_s = now_s
        for _ in range(12):
            Utility(token=(503, None)).serve(ven, moment_s)
            waits.append(ven.next_timer() - moment_s)
            moment_s = ven.next_timer()
    assert waits[:3] == [1, 2, 4]
    assert waits[12:15] == [2, 4, 8]
    assert max(waits) == config.backoff_max_s


def test_retry_after_is_kept_within_reason(now_s: float) -> None:
    ven = make_ven()
    request = ven.next_request(now_s)
    assert request is not None
    ven.receive(request, 429, None, now_s, retry_after_s=60.0)
    assert ven.next_timer() == now_s + 60
    request = ven.next_request(now_s + 60)
    assert request is not None
    ven.receive(request, 429, None, now_s + 60, retry_after_s=1e9)
    assert ven.next_timer() == now_s + 60 + ven.config.backoff_max_s


def test_known_events_stay_in_force_while_the_link_is_down(event: Make, now_s: float) -> None:
    ven = make_ven()
    Utility(events=(200, [event()])).serve(ven, now_s)
    for body in ({"events": []}, None, "[]"):
        Utility(events=(200, body)).serve(ven, ven.next_timer())
        assert len(ven.events) == 1
    request = ven.next_request(ven.next_timer())
    assert request is not None
    ven.failed(request, "no answer", now_s + 900)
    assert "1 known events stay in force" in ven.health().sentence


def test_pages_are_put_together(event: Make, now_s: float) -> None:
    ven = make_ven(page_size=2)
    pages = [[event(id="a"), event(id="b")], [event(id="c"), event(id="d")], [event(id="e")]]
    utility = Utility(events=[(200, page) for page in pages])
    utility.serve(ven, now_s)
    assert {e.event_id for e in ven.events} == set("abcde")
    assert [r.params for r in utility.asked if r.stage is Stage.EVENTS] == [
        (("skip", str(skip)), ("limit", "2")) for skip in (0, 2, 4)
    ]


def test_a_server_that_ignores_paging_does_not_hold_us_for_ever(event: Make, now_s: float) -> None:
    ven = make_ven(page_size=2)
    assert Utility(events=(200, [event(id="a"), event(id="b")])).serve(ven, now_s).count("events") == 2
    assert {e.event_id for e in ven.events} == {"a", "b"}


def test_registration_that_is_not_allowed_stops_nothing(now_s: float) -> None:
    for status in (403, 404, 405, 409):
        ven = make_ven(resource_names=("car",))
        refused: Answer = (status, {"detail": "not here"})
        stages = Utility(find_ven=(200, []), create_ven=refused).serve(ven, now_s)
        assert stages[-1] == "events"
        assert "not here" in ven.remarks["create_ven"]
        assert ven.health().state is LinkState.OK


def test_groups_given_by_the_utility_address_us(event: Make, now_s: float) -> None:
    ven = make_ven()
    mine = (200, [{"id": "v1", "venName": "home", "targets": ["feeder-7"]}])
    Utility(find_ven=mine, events=(200, [event(targets=["feeder-7"]), event(id="x", targets=["feeder-8"])])).serve(
        ven, now_s
    )
    assert [e.event_id for e in ven.events] == ["event-1"]


def test_own_targets_are_named_in_3_1(now_s: float) -> None:
    utility = Utility()
    utility.serve(make_ven(targets=("feeder-7",)), now_s)
    queries = [dict(r.params).get("targets") for r in utility.asked if r.stage is Stage.EVENTS]
    assert queries == [None, "feeder-7"]


def test_an_open_utility_needs_no_token(now_s: float) -> None:
    config = VenConfig(version=V3_1_0, client_id="", client_secret="", ven_name="home")
    ven = Ven(config, random=lambda: 1.0)
    utility = Utility()
    assert utility.serve(ven, now_s)[0] == "programs"
    assert all(request.token is None for request in utility.asked)


def items_of(ven: Ven) -> list[VenChange | ReportDue]:
    found = []
    while (item := ven.next_event()) is not None:
        found.append(item)
    return found


def test_a_report_is_asked_of_the_home_and_sent_until_it_is_taken(event: Make, now_s: float) -> None:
    ven = make_ven(programs_poll_s=1e9, poll_s=1e9)
    Utility(events=(200, [event(reportDescriptors=[{"payloadType": "USAGE"}])])).serve(ven, now_s)
    items_of(ven)
    assert ven.next_timer() == now_s + 3600
    ven.on_timer(now_s + 3600)
    due = [item for item in items_of(ven) if isinstance(item, ReportDue)]
    assert len(due) == 1
    ven.report(due[0], {"car": [1.0]})
    utility = Utility(report=[(503, None), (201, {})])
    assert "report" in utility.serve(ven, now_s + 3601)
    assert utility.serve(ven, ven.next_timer())[-1] == "report"
    assert utility.asked[-1].body == utility.asked[0].body or utility.asked[0].stage is Stage.TOKEN
    assert utility.serve(ven, now_s + 4000) == []


def test_a_report_that_is_refused_is_dropped_and_remarked(event: Make, now_s: float) -> None:
    ven = make_ven()
    Utility(events=(200, [event(reportDescriptors=[{"payloadType": "USAGE"}])])).serve(ven, now_s)
    ven.on_timer(now_s + 3600)
    [due] = [item for item in items_of(ven) if isinstance(item, ReportDue)]
    ven.report(due, {"car": [1.0]})
    stages = Utility(report=(400, {"title": "no such event"})).serve(ven, now_s + 3601)
    assert stages.count("report") == 1
    assert "no such event" in ven.remarks["report"]


@pytest.mark.parametrize("body", [None, {}, {"access_token": ""}, {"access_token": 5}, {"access_token": "a\nb"}, []])
def test_a_token_answer_without_a_token_is_tried_again_later(now_s: float, body: object) -> None:
    ven = make_ven()
    assert Utility(token=(200, body)).serve(ven, now_s) == ["discover", "token"]
    assert ven.health().state is LinkState.WAITING


def test_after_an_outage_limits_are_forgotten_and_asked_at_once(event: Make, interval: Make, now_s: float) -> None:
    ven = make_ven(poll_s=300)
    limit = event(intervals=[interval("IMPORT_CAPACITY_LIMIT", 4)])
    Utility(events=(200, [limit])).serve(ven, now_s)
    ven.discard_limits()
    assert ven.events == ()
    assert Utility(events=(200, [limit])).serve(ven, now_s + 1) == ["events"]
    assert len(ven.events) == 1


def test_the_draw_for_a_random_start_is_steady_and_uniform() -> None:
    shift = steady_shift("secret")
    draws = [shift(f"event-{n}") for n in range(2_000)]
    assert draws == [steady_shift("secret")(f"event-{n}") for n in range(2_000)]
    assert -1 <= min(draws) < -0.98
    assert 0.98 < max(draws) < 1
    assert abs(sum(draws) / len(draws)) < 0.05
    assert shift("event-1") != steady_shift("other")("event-1")


def test_a_discovery_that_wants_a_token_does_not_make_a_storm(now_s: float) -> None:
    ven = make_ven()
    assert Utility(discover=(401, None)).serve(ven, now_s)[:3] == ["discover", "token", "programs"]


def test_an_open_utility_that_is_none_backs_off(now_s: float) -> None:
    config = VenConfig(version=V3_1_0, client_id="", client_secret="", ven_name="home")
    ven = Ven(config, random=lambda: 1.0)
    Utility(programs=(401, None), find_ven=(401, None), events=(401, None)).serve(ven, now_s)
    assert ven.health().state is LinkState.WAITING
    assert ven.next_timer() > now_s


def test_a_token_endpoint_that_is_not_there_is_no_matter_of_credentials(now_s: float) -> None:
    ven = make_ven()
    Utility(token=(404, None)).serve(ven, now_s)
    assert ven.health().state is LinkState.WAITING
    assert "404" in ven.health().sentence


def test_a_list_broken_off_does_not_leak_into_another(event: Make, now_s: float) -> None:
    ven = make_ven(page_size=1, programs_poll_s=100)
    Utility().serve(ven, now_s)
    first = ven.next_request(now_s + 99)
    assert first is not None
    assert first.stage is Stage.EVENTS
    ven.receive(first, 200, [event()], now_s + 99)
    utility = Utility(events=[(200, [event()]), (200, [])])
    assert utility.serve(ven, now_s + 101)[0] == "programs"
    assert dict(utility.asked[0].params)["skip"] == "0"
    assert [e.event_id for e in ven.events] == ["event-1"]


def test_a_clock_that_jumps_ten_years_and_back_loses_no_limit(event: Make, interval: Make, now_s: float) -> None:
    ven = make_ven()
    answers: Answer = (200, [event(intervals=[interval("IMPORT_CAPACITY_LIMIT", 4)])])
    Utility(events=answers).serve(ven, now_s)
    future_s = now_s + 3.2e8
    ven.on_timer(future_s)
    Utility(events=answers).serve(ven, future_s)
    assert ven.events == ()
    ven.on_timer(now_s + 10)
    assert len(ven.events) == 1
    assert Utility(events=answers).serve(ven, now_s + 10)[-1] == "events"
    assert ven.next_timer() <= now_s + 10 + ven.config.poll_s
