"""The ledger of grid events: status, opt-out, delivery, and what is on disk."""

import pytest

from app.engine.ledger import EventLedger, Moment, seconds_csv, with_past
from app.store import DeliveryRow, EventRow, SecondsRow
from energy.grid_events import EventInterval, GridEvent, GridEventKind

T0 = 1_713_279_600.0


def event(
    kind: GridEventKind, *values: float, event_id: str = "1", start_s: float = T0, step_s: float = 600.0
) -> GridEvent:
    intervals = tuple(
        EventInterval(start_s=start_s + k * step_s, end_s=start_s + (k + 1) * step_s, value=v)
        for k, v in enumerate(values)
    )
    return GridEvent(event_id=event_id, source="utility", kind=kind, intervals=intervals, title="Asked")


def moment(
    now_s: float, grid_w: float = 0.0, ev_w: float = 0.0, baseline_ev_w: float = 0.0, answer_w: float = 0.0
) -> Moment:
    return Moment(now_s=now_s, grid_w=grid_w, ev_w=ev_w, baseline_ev_w=baseline_ev_w, answer_w=answer_w)


class Ledger(EventLedger):
    def __init__(self, **more: object) -> None:
        self.events: list[EventRow] = []
        self.deliveries: list[DeliveryRow] = []
        super().__init__(on_event=self.events.append, on_delivery=self.deliveries.append, **more)  # type: ignore[arg-type]


def test_an_event_comes_acts_and_ends_and_each_change_is_on_disk() -> None:
    ledger = Ledger()
    assert ledger.publish("utility", [event(GridEventKind.IMPORT_LIMIT, 4200.0)], T0 - 60)
    assert not ledger.publish("utility", [event(GridEventKind.IMPORT_LIMIT, 4200.0)], T0 - 30)
    assert ledger.tick(moment(T0))
    assert not ledger.tick(moment(T0 + 1))
    assert ledger.tick(moment(T0 + 600))
    assert [row.status for row in ledger.events] == ["coming", "active", "done"]
    assert ledger.in_force() == ()


def test_an_event_that_is_withdrawn_early_was_cancelled() -> None:
    ledger = Ledger()
    ledger.publish("utility", [event(GridEventKind.IMPORT_LIMIT, 4200.0)], T0)
    assert ledger.publish("utility", [], T0 + 60)
    assert [e.status for e in ledger.entries(T0)] == ["cancelled"]
    assert ledger.in_force() == ()


def test_delivery_is_measured_by_the_minute_against_charging_on_arrival() -> None:
    ledger = Ledger()
    ledger.publish("utility", [event(GridEventKind.IMPORT_LIMIT, 4200.0)], T0)
    for second in range(121):
        ledger.tick(moment(T0 + second, grid_w=500.0, ev_w=-1000.0, baseline_ev_w=11_000.0))
    # Of the 12.5 kW that charging on arrival would have taken, 8.3 kW lie above the limit.
    assert [row.delivered_w for row in ledger.deliveries] == [8_300.0, 8_300.0]
    entry = ledger.get("utility", "1")
    assert entry is not None
    assert entry.delivered_wh == pytest.approx(8_300.0 / 30.0)


@pytest.mark.parametrize(
    ("kind", "asked", "ev_w", "baseline_ev_w", "delivered_w"),
    [
        (GridEventKind.EV_SETPOINT, -4000.0, -4000.0, 0.0, 4000.0),
        (GridEventKind.EV_SETPOINT, 6000.0, 6000.0, 0.0, 6000.0),
        (GridEventKind.EV_SETPOINT, -4000.0, 0.0, 11_000.0, 11_000.0),
        (GridEventKind.EXPORT_PRICE, 0.6, -5000.0, 0.0, 5000.0),
        (GridEventKind.CHARGE_LIMIT, 6000.0, 4000.0, 11_000.0, 5000.0),
        (GridEventKind.CHARGE_LIMIT, 6000.0, 4000.0, 0.0, 0.0),
        (GridEventKind.CHARGE_LIMIT, 6000.0, 7000.0, 11_000.0, 4000.0),
    ],
)
def test_what_is_delivered_goes_the_asked_way(
    kind: GridEventKind, asked: float, ev_w: float, baseline_ev_w: float, delivered_w: float
) -> None:
    ledger = Ledger()
    ledger.publish("utility", [event(kind, asked)], T0)
    for second in (0, 60):
        ledger.tick(moment(T0 + second, grid_w=300.0 + ev_w, ev_w=ev_w, baseline_ev_w=baseline_ev_w))
    assert ledger.deliveries[0].delivered_w == delivered_w


def test_a_price_s_delivery_is_worth_its_price() -> None:
    ledger = Ledger()
    ledger.publish("utility", [event(GridEventKind.EXPORT_PRICE, 0.6)], T0)
    for second in range(601):
        ledger.tick(moment(T0 + second, grid_w=-6000.0, ev_w=-6000.0))
    entry = ledger.get("utility", "1")
    assert entry is not None
    assert entry.delivered_wh == pytest.approx(1000.0)
    assert entry.money == pytest.approx(0.6)


def test_an_id_that_is_used_again_keeps_both_events_apart() -> None:
    ledger = Ledger()
    ledger.publish("utility", [event(GridEventKind.CHARGE_LIMIT, 6000.0)], T0)
    for second in range(601):
        ledger.tick(moment(T0 + second, baseline_ev_w=11_000.0))
    tomorrow = event(GridEventKind.CHARGE_LIMIT, 5000.0, start_s=T0 + 86_400)
    assert ledger.publish("utility", [tomorrow], T0 + 3600)
    assert [(e.event.event_id, e.status, len(e.delivered)) for e in ledger.entries(T0 + 3600)] == [
        (f"1@{T0:.0f}", "done", 10),
        ("1", "coming", 0),
    ]
    assert not ledger.publish("utility", [tomorrow], T0 + 3601)
    assert {row.event_id for row in ledger.deliveries} == {"1", f"1@{T0:.0f}"}


def test_offers_may_be_declined_limits_may_not() -> None:
    ledger = Ledger()
    offer = event(GridEventKind.EV_SETPOINT, -4000.0, event_id="offer")
    ledger.publish("utility", [event(GridEventKind.IMPORT_LIMIT, 4200.0), offer], T0)
    with pytest.raises(ValueError, match="bind"):
        ledger.opt_out("utility", "1", True)
    with pytest.raises(KeyError):
        ledger.opt_out("utility", "none", True)
    declined = ledger.opt_out("utility", "offer", True)
    assert {e.event_id: e.opted_out for e in ledger.in_force()} == {"1": False, "offer": True}
    assert ledger.row(declined).opted_out
    ledger.publish("utility", [offer], T0 + 1)  # the link does not know of it
    assert {e.event_id: e.opted_out for e in ledger.in_force()} == {"offer": True}


def test_a_restart_remembers_events_deliveries_and_what_was_declined() -> None:
    first = Ledger()
    first.publish("utility", [event(GridEventKind.EV_SETPOINT, -4000.0)], T0)
    row = first.row(first.opt_out("utility", "1", True))
    again = Ledger()
    delivered = DeliveryRow(source="utility", event_id="1", at_s=T0, delivered_w=600.0)
    again.restore([row], lambda _source, _event_id: [delivered])
    [entry] = again.entries(T0)
    assert entry.event == first.entries(T0)[0].event
    assert entry.event.opted_out
    assert entry.delivered_wh == 10.0
    again.publish("utility", [event(GridEventKind.EV_SETPOINT, -4000.0)], T0 + 1)
    assert again.in_force()[0].opted_out


def test_a_link_that_tells_only_the_future_loses_no_past() -> None:
    whole = event(GridEventKind.CHARGE_LIMIT, 6000.0, 6000.0, 3000.0)
    rest = event(GridEventKind.CHARGE_LIMIT, 6000.0, 3000.0, start_s=T0 + 600)
    merged = with_past(rest, whole, T0 + 700)
    assert [(i.start_s - T0, i.end_s - T0, i.value) for i in merged.intervals] == [
        (0, 1200, 6000.0),
        (1200, 1800, 3000.0),
    ]
    tomorrow = event(GridEventKind.CHARGE_LIMIT, 6000.0, start_s=T0 + 86_400)
    assert with_past(tomorrow, whole, T0 + 700) is tomorrow


def test_of_frequency_only_the_answer_is_delivered_and_a_reserve_is_no_power() -> None:
    ledger = Ledger()
    ledger.publish(
        "home", [event(GridEventKind.FREQUENCY, 3000.0), event(GridEventKind.RESERVE, 0.4, event_id="2")], T0
    )
    for second in range(61):
        ledger.tick(moment(T0 + second, ev_w=-7000.0, answer_w=-1200.0))
    assert [(row.event_id, row.delivered_w, row.baseline_w) for row in ledger.deliveries] == [("1", 1200.0, -5800.0)]


def test_a_service_is_kept_second_by_second_and_settles_after_a_restart() -> None:
    rows: list[SecondsRow] = []
    events: list[EventRow] = []
    ledger = EventLedger(on_event=events.append, on_delivery=lambda _row: None, on_seconds=rows.append)
    start_s = 1_800_000_000.0
    interval = EventInterval(start_s=start_s, end_s=start_s + 130.0, value=-3000.0)
    asked = GridEvent(event_id="1", source="utility", kind=GridEventKind.EV_SETPOINT, intervals=(interval,))
    ledger.publish("utility", [asked], start_s - 1)
    for second in range(132):
        ev_w = 0.0 if second < 4 else -3000.0
        ledger.tick(Moment(now_s=start_s + second, grid_w=500.0 + ev_w, ev_w=ev_w, baseline_ev_w=0.0))
    entry = ledger.get("utility", "1")
    account = entry.account
    assert entry.status == "done"
    assert account.response_s == 4.0
    assert account.share == pytest.approx(126 / 129, abs=0.01)
    assert account.availability == 1.0
    assert sum(len(row.body) for row in rows) >= 130
    text = seconds_csv(rows)
    assert text.splitlines()[0] == "time_utc,asked_w,baseline_w,delivered_power_w,able"
    assert text.splitlines()[1] == "2027-01-15T08:00:00.000Z,-3000.0,0.0,0.0,1"
    again = EventLedger(on_event=events.append, on_delivery=lambda _row: None)
    again.restore(events[-1:], lambda *_key: [], lambda *_key: rows)
    restored = again.get("utility", "1").account
    assert restored.response_s == account.response_s
    assert restored.delivered_wh == pytest.approx(account.delivered_wh)


def test_an_answer_to_frequency_is_held_against_what_was_asked_not_against_itself() -> None:
    ledger = EventLedger(on_event=lambda _row: None, on_delivery=lambda _row: None)
    interval = EventInterval(start_s=0.0, end_s=float("inf"), value=5000.0)
    asked = GridEvent(event_id="f", source="home", kind=GridEventKind.FREQUENCY, intervals=(interval,))
    ledger.publish("home", [asked], 1.0)
    for second in range(60):
        answer_w = -2500.0 if second >= 10 else 0.0
        ev_now_w = 1000.0 if second < 12 else -1500.0
        ledger.tick(
            Moment(
                now_s=100.0 + second,
                grid_w=0.0,
                ev_w=ev_now_w,
                baseline_ev_w=0.0,
                answer_w=answer_w,
                base_w=1000.0,
                ev_now_w=ev_now_w,
            )
        )
    account = ledger.get("home", "f").account
    assert account.response_s == 2.0
    assert account.baseline == "base_point"
    assert account.asked_wh > account.delivered_wh > 0.9 * account.asked_wh
