"""The station without a wire: boot, order of sending, transactions, requests of the CSMS, restarts."""

from typing import Any

import pytest

from protocols.ocpp import (
    AllowedModes,
    Authorisation,
    AvailabilityAsked,
    BootAnswer,
    ChargingNeeds,
    ChargingState,
    ConnectorStatus,
    GuidanceChanged,
    IdToken,
    LinkDown,
    MessageGivenUp,
    MeterSample,
    NeedsAnswer,
    NoTransaction,
    RemoteStart,
    RemoteStop,
    TransactionDeauthorised,
    Version,
)
from protocols.ocpp.profiles import parse_time

ME = IdToken(value="ME", evcc_id="0A1B2C")
NOW = "2026-11-22T12:00:00Z"


def sample(at_s: float, imported: float = 0.0, exported: float = 0.0, power: float | None = None) -> MeterSample:
    return MeterSample(at_s=at_s, import_wh=imported, export_wh=exported, power_w=power, soc=0.5)


def needs(**changes: Any) -> ChargingNeeds:
    values: dict[str, Any] = {
        "mode": "DC_BPT",
        "available_modes": ("DC", "DC_BPT"),
        "dynamic_control": True,
        "charge_max_w": 11_000.0,
        "discharge_max_w": 10_000.0,
        "target_energy_wh": 20_000.0,
        "soc": 0.4,
        "target_soc": 0.8,
        "departure_s": 1_795_400_000.0,
    }
    return ChargingNeeds(**(values | changes))


# ----- Boot -----


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_not_accepted_waits_the_interval_and_says_nothing(desk: Any, status: str) -> None:
    desk.boot(status=status, interval=42)
    desk.station.status_changed(desk.moment, 1, ConnectorStatus.OCCUPIED)
    desk.station.transaction_started(desk.moment, 1, id_token=ME)
    assert desk.sent() == []
    assert desk.told_of(BootAnswer)[0].interval_s == 42
    assert desk.station.link.next_timer() == desk.now + 42
    desk.now += 42
    desk.station.link.on_timer(desk.moment)
    assert desk.one()[2] == "BootNotification"


def test_pending_answers_but_starts_nothing_and_rejected_answers_nothing(desk: Any) -> None:
    get = {"getVariableData": [{"component": {"name": "V2XChargingCtrlr"}, "variable": {"name": "Enabled"}}]}
    start = {"remoteStartId": 1, "idToken": {"idToken": "ME", "type": "Central"}}
    desk.boot(status="Pending")
    assert desk.ask("GetVariables", get)["getVariableResult"][0]["attributeValue"] == "true"
    assert desk.ask("RequestStartTransaction", start)["statusInfo"]["reasonCode"] == "CSNotAccepted"
    desk.station.disconnected("gone", desk.moment)
    desk.boot(status="Rejected")
    assert desk.ask("GetVariables", get) == {"error": "SecurityError"}
    assert desk.ask("TriggerMessage", {"requestedMessage": "BootNotification"}) == {"status": "Accepted"}
    assert [frame[2] for frame in desk.rest] == ["BootNotification"]


def test_absurd_interval_is_tamed(desk: Any) -> None:
    for interval in (0, -5):
        desk.station.connected(Version.V21, desk.moment)
        desk.answer(desk.one(), {"status": "Rejected", "interval": interval, "currentTime": NOW})
        assert desk.station.link.next_timer() == desk.now + 10
        desk.station.disconnected("", desk.moment)


def test_reconnect_does_not_boot_again_but_a_new_version_does(desk: Any) -> None:
    desk.boot()
    desk.station.disconnected("gone", desk.moment)
    desk.station.connected(Version.V21, desk.moment)
    assert desk.one()[2] == "StatusNotification"
    desk.station.disconnected("gone", desk.moment)
    desk.station.connected(Version.V201, desk.moment)
    assert desk.one()[2] == "BootNotification"


def test_a_csms_that_forgot_us_is_booted_again(desk: Any) -> None:
    desk.boot()
    desk.station.status_changed(desk.moment, 1, ConnectorStatus.OCCUPIED)
    call = desk.one()
    desk.hear([4, call[1], "SecurityError", "who are you?", {}])
    assert desk.one()[2] == "BootNotification"


def test_heartbeat_only_after_silence(desk: Any) -> None:
    desk.boot(interval=60)
    desk.now += 59
    desk.station.link.on_timer(desk.moment)
    assert desk.sent() == []
    desk.now += 1
    desk.station.link.on_timer(desk.moment)
    call = desk.one()
    assert call[2:] == ["Heartbeat", {}]
    desk.answer(call, {"currentTime": NOW})
    assert desk.station.link.next_timer() == desk.now + 60


def test_three_silences_hang_up(desk: Any) -> None:
    desk.boot(interval=10)
    for _ in range(3):
        desk.now += 60
        desk.station.link.on_timer(desk.moment)
        desk.now += 60
        desk.station.link.on_timer(desk.moment)
    assert "unanswered" in (desk.station.link.hang_up or "")


# ----- Transactions -----


def test_a_whole_session_in_both_versions(desk: Any) -> None:
    for version in (Version.V21, Version.V201):
        desk.boot(version)
        start = desk.at
        desk.station.transaction_started(desk.moment, 1, id_token=ME, sample=sample(start))
        calls = [desk.one()]
        desk.answer(calls[-1], {"idTokenInfo": {"status": "Accepted"}})
        desk.station.transaction_updated(desk.moment, 1, state=ChargingState.CHARGING)
        calls.append(desk.one())
        desk.answer(calls[-1])
        desk.at += 59
        desk.station.meter_sample(desk.moment, 1, sample(desk.at, power=-3000.0))
        assert desk.sent() == [], "the CSMS wants one a minute"
        desk.at += 1
        desk.station.meter_sample(desk.moment, 1, sample(desk.at, 10.0, 50.0, -3000.0))
        calls.append(desk.one())
        desk.answer(calls[-1])
        desk.station.transaction_ended(desk.moment, 1, sample=sample(desk.at, 10.0, 55.0))
        calls.append(desk.one())
        desk.answer(calls[-1])
        events = [call[3] for call in calls]
        assert [(e["eventType"], e["seqNo"]) for e in events] == [
            ("Started", 0),
            ("Updated", 1),
            ("Updated", 2),
            ("Ended", 3),
        ]
        assert len({e["transactionInfo"]["transactionId"] for e in events}) == 1
        assert "offline" not in events[0]
        assert events[0]["idToken"]["additionalInfo"] == [{"additionalIdToken": "0A1B2C", "type": "EVCCID"}]
        readings = {s["measurand"]: s["value"] for s in events[2]["meterValue"][0]["sampledValue"]}
        assert readings == {
            "Energy.Active.Import.Register": 10.0,
            "Energy.Active.Export.Register": 50.0,
            "Power.Active.Import": 0.0,
            "Power.Active.Export": 3000.0,
            "SoC": 50.0,
        }
        assert events[2]["timestamp"].startswith("2026-11-22T12:")
        assert events[3]["meterValue"][0]["sampledValue"][0]["context"] == "Transaction.End"
        desk.station.disconnected("next", desk.moment)


def test_facts_about_no_transaction_or_two_are_refused(desk: Any) -> None:
    with pytest.raises(NoTransaction, match="EVSE 1 has no open transaction"):
        desk.station.transaction_ended(desk.moment, 1)
    desk.station.transaction_started(desk.moment, 1)
    with pytest.raises(ValueError, match="still open"):
        desk.station.transaction_started(desk.moment, 1)


def test_offline_bookings_go_out_in_order_with_their_own_times(desk: Any) -> None:
    desk.boot()
    desk.station.disconnected("gone", desk.moment)
    start = desk.at
    desk.station.transaction_started(desk.moment, 1, id_token=ME, sample=sample(desk.at))
    for _ in range(60):
        desk.at += 60
        desk.station.meter_sample(desk.moment, 1, sample(desk.at, power=1000.0))
    desk.station.transaction_ended(desk.moment, 1)
    desk.at += 1
    desk.station.connected(Version.V21, desk.moment)
    calls: list[list[Any]] = []
    while frames := desk.sent():
        calls += frames
        desk.answer(frames[0])
    assert calls[0][2] == "StatusNotification"
    events = [call[3] for call in calls if call[2] == "TransactionEvent"]
    assert [e["seqNo"] for e in events] == list(range(62))
    assert all(e["offline"] is True for e in events)
    assert events[1]["timestamp"] == "2026-11-22T12:01:00.000Z"
    assert len(desk.station.outbox) == 0
    assert start < desk.at


def test_what_was_sent_unheard_keeps_its_id_and_what_was_not_sent_is_marked_offline(desk: Any) -> None:
    desk.boot()
    desk.station.transaction_started(desk.moment, 1)
    first = desk.one()
    desk.station.transaction_updated(desk.moment, 1, state=ChargingState.CHARGING)
    desk.station.disconnected("gone", desk.moment)
    desk.station.connected(Version.V21, desk.moment)
    desk.answer(desk.one())
    again = desk.one()
    assert again == first, "the same message, so that the CSMS can see that it is the same"
    desk.answer(again)
    assert desk.one()[3]["offline"] is True


def test_what_was_booked_in_2_1_is_delivered_in_2_0_1(desk: Any, make_profile: Any) -> None:
    desk.boot(Version.V21)
    transaction_id = desk.station.transaction_started(desk.moment, 1, id_token=ME)
    desk.answer(desk.one())
    own = make_profile(chargingProfilePurpose="TxProfile", chargingProfileKind="Relative", transactionId=transaction_id)
    desk.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": own})
    desk.station.disconnected("gone", desk.moment)
    desk.station.transaction_ended(
        desk.moment, 1, reason="ReqEnergyTransferRejected", sample=MeterSample(at_s=desk.at, setpoint_w=5.0, soc=0.5)
    )
    desk.boot(Version.V201)
    calls = []
    while frames := desk.sent():
        calls += frames
        desk.answer(frames[0])
    events = [call[3] for call in calls if call[2] == "TransactionEvent"]
    assert [event["seqNo"] for event in events] == [1, 2]
    assert [event["triggerReason"] for event in events] == ["ChargingRateChanged", "EVCommunicationLost"]
    assert events[1]["transactionInfo"]["stoppedReason"] == "Other"


def test_refused_booking_is_tried_again_then_kept_aside(desk: Any) -> None:
    desk.boot()
    desk.station.transaction_started(desk.moment, 1)
    desk.station.transaction_updated(desk.moment, 1, state=ChargingState.CHARGING)
    for attempt in range(5):
        call = desk.one()
        assert call[3]["seqNo"] == 0
        desk.hear([4, call[1], "InternalError", "no", {}])
        if attempt < 4:
            due = desk.station.link.next_timer()
            assert due == desk.now + 10 * (attempt + 1)
            desk.now = due
            desk.station.link.on_timer(desk.moment)
    assert desk.one()[3]["seqNo"] == 1
    (given_up,) = desk.told_of(MessageGivenUp)
    assert (given_up.seq_no, given_up.code) == (0, "InternalError")
    assert desk.disk.db.execute("SELECT COUNT(*) FROM given_up").fetchone() == (1,)


def test_silence_never_loses_a_booking(desk: Any) -> None:
    desk.boot(interval=86_400)
    desk.station.transaction_started(desk.moment, 1)
    for _ in range(20):
        call = desk.one()
        assert call[3]["seqNo"] == 0
        for _ in range(2):
            desk.now = desk.station.link.next_timer()
            desk.station.link.on_timer(desk.moment)
    assert len(desk.station.outbox) == 1


def test_a_deauthorised_token_is_told(desk: Any) -> None:
    desk.boot()
    transaction_id = desk.station.transaction_started(desk.moment, 1, id_token=ME)
    desk.answer(desk.one(), {"idTokenInfo": {"status": "Blocked"}})
    assert desk.told_of(TransactionDeauthorised) == [TransactionDeauthorised(transaction_id, "Blocked")]


def test_restart_goes_on_with_the_open_transaction(desk: Any) -> None:
    desk.boot()
    transaction_id = desk.station.transaction_started(desk.moment, 1, id_token=ME)
    desk.restart()
    (left,) = desk.station.transactions.open
    assert (left.transaction_id, left.next_seq) == (transaction_id, 1)
    desk.station.transaction_ended(desk.moment, 1, reason="PowerLoss", trigger="AbnormalCondition")
    assert len(desk.station.outbox) == 2
    desk.restart()
    assert desk.station.transactions.open == []


# ----- Requests with an answer for the app -----


def test_authorise(desk: Any) -> None:
    desk.station.authorise(desk.moment, ME)
    assert desk.told_of(Authorisation) == [Authorisation("ME", "Offline")]
    desk.boot()
    desk.station.authorise(desk.moment, ME)
    call = desk.one()
    desk.answer(call, {"idTokenInfo": {"status": "Accepted"}, "allowedEnergyTransfer": ["DC_BPT"]})
    assert desk.told_of(Authorisation) == [Authorisation("ME", "Accepted", ("DC_BPT",))]
    desk.station.authorise(desk.moment, ME)
    desk.station.disconnected("gone", desk.moment)
    assert desk.told_of(Authorisation) == [Authorisation("ME", "Offline")]


def test_a_token_that_2_0_1_cannot_write_is_invalid_and_costs_nothing_else(desk: Any) -> None:
    desk.boot(Version.V201)
    desk.station.authorise(desk.moment, IdToken(value="x" * 100))
    assert desk.told_of(Authorisation)[0].status == "Invalid"
    desk.station.authorise(desk.moment, ME)
    assert desk.one()[2] == "Authorize"


def test_needs_wait_for_the_transaction_and_survive_a_reconnect(desk: Any) -> None:
    desk.boot()
    desk.station.transaction_started(desk.moment, 1, id_token=ME)
    desk.station.charging_needs(desk.moment, 1, needs())
    desk.answer(desk.one())
    call = desk.one()
    assert call[2] == "NotifyEVChargingNeeds"
    wire = call[3]["chargingNeeds"]
    assert wire["requestedEnergyTransfer"] == "DC_BPT"
    assert wire["controlMode"] == "DynamicControl"
    assert wire["v2xChargingParameters"]["maxDischargePower"] == 10_000.0
    assert wire["v2xChargingParameters"]["targetSoC"] == 80
    desk.station.disconnected("gone", desk.moment)
    desk.station.connected(Version.V21, desk.moment)
    desk.answer(desk.one())
    call = desk.one()
    assert call[2] == "NotifyEVChargingNeeds"
    desk.answer(call, {"status": "NoChargingProfile"})
    assert desk.told_of(NeedsAnswer) == [NeedsAnswer(1, "NoChargingProfile")]


def test_needs_unanswered_when_the_car_leaves_are_forgotten(desk: Any) -> None:
    desk.boot()
    desk.station.charging_needs(desk.moment, 1, needs())
    assert desk.one()[2] == "NotifyEVChargingNeeds"
    desk.station.transaction_started(desk.moment, 1)
    desk.station.transaction_ended(desk.moment, 1)
    desk.now += 30
    desk.station.link.on_timer(desk.moment)
    assert [call[2] for call in desk.sent()] == ["TransactionEvent"]


@pytest.mark.parametrize("mode", ["DC_BPT", "AC_BPT", "DC", "AC_single_phase", "AC_three_phase", "WPT"])
@pytest.mark.parametrize("version", list(Version))
def test_needs_keep_to_the_schema_in_every_mode(desk: Any, mode: str, version: Version) -> None:
    desk.boot(version)
    desk.station.charging_needs(desk.moment, 1, needs(mode=mode, soc=None, capacity_wh=60_000.5))
    assert desk.one()[2] == "NotifyEVChargingNeeds"


# ----- What the CSMS asks -----


def test_profile_becomes_guidance_and_is_told_once(desk: Any, make_profile: Any) -> None:
    desk.boot()
    desk.told()
    payload = {"evseId": 1, "chargingProfile": make_profile(schedule={"duration": 600})}
    assert desk.ask("SetChargingProfile", payload) == {"status": "Accepted"}
    (change,) = desk.told_of(GuidanceChanged)
    assert (change.guidance.charge_max_w, change.guidance.end_s) == (5000.0, desk.at + 600)
    desk.at += 599
    desk.station.home_time(desk.moment)
    assert desk.told_of(GuidanceChanged) == []
    desk.at += 1
    desk.station.home_time(desk.moment)
    (change,) = desk.told_of(GuidanceChanged)
    assert change.guidance.charge_max_w is None


def test_profiles_survive_a_restart(desk: Any, make_profile: Any) -> None:
    desk.boot()
    desk.ask("SetChargingProfile", {"evseId": 0, "chargingProfile": make_profile(period={"limit": 1234})})
    desk.restart()
    desk.station.resume(desk.moment)
    assert desk.station.guidance(1, desk.at).charge_max_w == 1234.0
    assert desk.told_of(GuidanceChanged)[0].guidance.charge_max_w == 1234.0


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"evseId": 9}, "UnknownEvse"),
        ({"evseId": 1, "limit": 1e308}, "InvalidSchedule"),
        ({"evseId": 1, "limit": -1}, "InvalidSchedule"),
        ({"evseId": 1, "chargingProfilePurpose": "TxProfile", "transactionId": "none"}, "TxNotFound"),
    ],
)
def test_bad_profile_is_rejected_and_changes_nothing(
    desk: Any, make_profile: Any, payload: dict[str, Any], reason: str
) -> None:
    desk.boot()
    desk.told()
    evse_id, limit = payload.pop("evseId"), payload.pop("limit", 5000.0)
    request = {"evseId": evse_id, "chargingProfile": make_profile(period={"limit": limit}, **payload)}
    answer = desk.ask("SetChargingProfile", request)
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", reason)
    assert desk.told_of(GuidanceChanged) == []
    assert len(desk.station.profiles) == 0


def test_profile_dates_beyond_any_calendar_are_a_format_violation(desk: Any, make_profile: Any) -> None:
    desk.boot()
    wire = make_profile(validTo="+222222017-01-01T00:00:00Z")
    assert desk.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": wire}) == {"error": "FormatViolation"}


def test_clear_get_and_composite(desk: Any, make_profile: Any) -> None:
    desk.boot()
    everything = {"requestId": 5, "chargingProfile": {}}
    assert desk.ask("GetChargingProfiles", everything)["status"] == "NoProfiles"
    assert desk.ask("ClearChargingProfile", {"chargingProfileId": 1}) == {"status": "Unknown"}
    for number, limit in ((1, 4000.0), (2, 3000.0)):
        wire = make_profile(id=number, stackLevel=number, period={"limit": limit})
        desk.ask("SetChargingProfile", {"evseId": number - 1, "chargingProfile": wire})
    assert desk.ask("GetChargingProfiles", everything)["status"] == "Accepted"
    reports = []
    while desk.rest:
        (report,) = desk.rest
        reports.append(report[3])
        desk.answer(report)
        desk.rest = desk.sent()
    assert [(r["evseId"], r["chargingProfile"][0]["id"], r["tbc"]) for r in reports] == [(0, 1, True), (1, 2, False)]
    schedule = desk.ask("GetCompositeSchedule", {"evseId": 1, "duration": 3600})["schedule"]
    assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 3000.0}]
    criteria = {"chargingProfileCriteria": {"stackLevel": 2}}
    assert desk.ask("ClearChargingProfile", criteria) == {"status": "Accepted"}
    assert desk.station.guidance(1, desk.at).charge_max_w == 4000.0
    assert desk.ask("GetCompositeSchedule", {"evseId": 4, "duration": 60})["status"] == "Rejected"
    assert desk.ask("GetCompositeSchedule", {"evseId": 1, "duration": -1})["status"] == "Rejected"
    answer = desk.ask("GetCompositeSchedule", {"evseId": 1, "duration": 60, "chargingRateUnit": "A"})
    assert answer["statusInfo"]["reasonCode"] == "UnsupportedRateUnit"


def test_composite_in_amperes_and_beyond_the_station(ac_desk: Any, make_profile: Any) -> None:
    ac_desk.boot(Version.V201)
    wire = make_profile(schedule={"chargingRateUnit": "A"}, period={"limit": 10})
    wire["chargingSchedule"][0]["chargingSchedulePeriod"].append({"startPeriod": 600, "limit": 999_999})
    assert ac_desk.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": wire}) == {"status": "Accepted"}
    request = {"evseId": 1, "duration": 1200, "chargingRateUnit": "A"}
    periods = ac_desk.ask("GetCompositeSchedule", request)["schedule"]["chargingSchedulePeriod"]
    assert periods == [{"startPeriod": 0, "limit": 10.0}, {"startPeriod": 600, "limit": 15.9}]


def test_dynamic_update_and_pull(desk: Any, make_profile: Any) -> None:
    desk.boot()
    period = {"limit": None, "operationMode": "CentralSetpoint", "setpoint": 100.0}
    wire = make_profile(chargingProfileKind="Dynamic", dynUpdateInterval=60, period=period)
    assert desk.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": wire}) == {"status": "Accepted"}
    update = {"chargingProfileId": 1, "scheduleUpdate": {"setpoint": -2000.0}}
    assert desk.ask("UpdateDynamicSchedule", update) == {"status": "Accepted"}
    assert desk.told_of(GuidanceChanged)[-1].guidance.setpoint_w == -2000.0
    desk.at += 60
    desk.station.home_time(desk.moment)
    call = desk.one()
    assert call[2:] == ["PullDynamicScheduleUpdate", {"chargingProfileId": 1}]
    desk.answer(call, {"status": "Accepted", "scheduleUpdate": {"setpoint": -3000.0}})
    assert desk.told_of(GuidanceChanged)[-1].guidance.setpoint_w == -3000.0
    assert desk.ask("UpdateDynamicSchedule", update | {"chargingProfileId": 9})["status"] == "Rejected"


def test_a_profile_a_day_never_fills_the_book(desk: Any, make_profile: Any) -> None:
    desk.boot()
    for day in range(200):
        start = f"20{27 + day // 28}-01-{1 + day % 28:02d}T00:00:00Z"
        wire = make_profile(id=day, schedule={"startSchedule": start, "duration": 3600})
        desk.at = parse_time(start) - 60
        assert desk.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": wire}) == {"status": "Accepted"}
    assert len(desk.station.profiles) == 1


def test_operation_mode_change_is_booked(desk: Any, make_profile: Any) -> None:
    desk.boot()
    desk.station.transaction_started(desk.moment, 1, id_token=ME)
    desk.answer(desk.one())
    own = {"chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative"}
    transaction_id = desk.station.transactions.open[0].transaction_id
    wire = make_profile(**own, transactionId=transaction_id)
    desk.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": wire})
    (event,) = desk.rest
    assert event[3]["triggerReason"] == "OperationModeChanged"
    assert event[3]["transactionInfo"]["operationMode"] == "ChargingOnly"


def test_answer_goes_out_before_what_it_sets_off(desk: Any) -> None:
    desk.boot()
    desk.hear([2, "q", "ChangeAvailability", {"operationalStatus": "Inoperative"}])
    frames = desk.sent()
    assert [frame[0] for frame in frames] == [3, 2]
    assert frames[1][3]["connectorStatus"] == "Unavailable"


def remote_start(number: int = 7, **more: Any) -> dict[str, Any]:
    return {"remoteStartId": number, "evseId": 1, "idToken": {"idToken": "YOU", "type": "Central"}} | more


def test_remote_start_is_on_disk_before_it_is_accepted(desk: Any, make_profile: Any) -> None:
    desk.boot()
    own = make_profile(chargingProfilePurpose="TxProfile", chargingProfileKind="Relative", period={"limit": 777})
    assert desk.ask("RequestStartTransaction", remote_start(chargingProfile=own)) == {"status": "Accepted"}
    assert desk.ask("RequestStartTransaction", remote_start()) == {"status": "Accepted"}
    (command,) = desk.told_of(RemoteStart)
    desk.restart()
    desk.station.resume(desk.moment)
    assert desk.told_of(RemoteStart) == [command], "told again after a restart"
    desk.boot()
    desk.station.transaction_started(
        desk.moment, 1, id_token=command.id_token, remote_start_id=7, trigger="RemoteStart"
    )
    assert desk.station.guidance(1, desk.at).charge_max_w == 777.0
    desk.restart()
    desk.station.resume(desk.moment)
    assert desk.told_of(RemoteStart) == []


def test_stale_remote_start_is_not_told_again(desk: Any) -> None:
    desk.boot()
    desk.ask("RequestStartTransaction", remote_start())
    desk.restart()
    desk.at += 601
    desk.station.resume(desk.moment)
    assert desk.told_of(RemoteStart) == []


def test_remote_start_refusals(desk: Any, make_profile: Any) -> None:
    desk.boot()
    assert desk.ask("RequestStartTransaction", remote_start(evseId=3))["statusInfo"]["reasonCode"] == "UnknownEvse"
    bad = make_profile(chargingProfilePurpose="TxProfile", period={"limit": -1})
    answer = desk.ask("RequestStartTransaction", remote_start(chargingProfile=bad))
    assert answer["statusInfo"]["reasonCode"] == "InvalidSchedule"
    desk.station.transaction_started(desk.moment, 1)
    transaction_id = desk.station.transactions.open[0].transaction_id
    answer = desk.ask("RequestStartTransaction", remote_start())
    assert answer == {"status": "Accepted", "transactionId": transaction_id}
    desk.station.transaction_updated(desk.moment, 1, trigger="RemoteStart", id_token=ME, remote_start_id=7)
    answer = desk.ask("RequestStartTransaction", remote_start(8))
    assert answer["statusInfo"]["reasonCode"] == "TxInProgress"


def test_remote_stop(desk: Any) -> None:
    desk.boot()
    assert desk.ask("RequestStopTransaction", {"transactionId": "x"})["statusInfo"]["reasonCode"] == "TxNotFound"
    transaction_id = desk.station.transaction_started(desk.moment, 1, id_token=ME)
    for _ in range(2):
        assert desk.ask("RequestStopTransaction", {"transactionId": transaction_id}) == {"status": "Accepted"}
    (stop,) = desk.told_of(RemoteStop)
    assert stop.transaction_id == transaction_id
    desk.station.transaction_ended(desk.moment, 1, reason="Remote", trigger="RemoteStop")
    assert desk.station.memory.commands() == []


def test_transaction_status(desk: Any) -> None:
    desk.boot()
    assert desk.ask("GetTransactionStatus", {}) == {"messagesInQueue": False}
    transaction_id = desk.station.transaction_started(desk.moment, 1)
    status = desk.ask("GetTransactionStatus", {"transactionId": transaction_id})
    assert status == {"messagesInQueue": True, "ongoingIndicator": True}
    status = desk.ask("GetTransactionStatus", {"transactionId": "x"})
    assert status == {"messagesInQueue": False, "ongoingIndicator": False}


def test_variables_are_set_kept_and_have_effect(desk: Any) -> None:
    desk.boot()

    def put(component: str, name: str, value: str, **more: Any) -> str:
        data = {"component": {"name": component}, "variable": {"name": name}, "attributeValue": value} | more
        return str(desk.ask("SetVariables", {"setVariableData": [data]})["setVariableResult"][0]["attributeStatus"])

    assert put("sampleddatactrlr", "txupdatedinterval", "10") == "Accepted"
    assert put("SampledDataCtrlr", "TxUpdatedMeasurands", "SoC, Power.Active.Import") == "Accepted"
    assert put("SampledDataCtrlr", "TxUpdatedMeasurands", "Temperature") == "Rejected"
    assert put("OCPPCommCtrlr", "HeartbeatInterval", "-3") == "Rejected"
    assert put("OCPPCommCtrlr", "HeartbeatInterval", "99999999") == "Rejected"
    assert put("OCPPCommCtrlr", "HeartbeatInterval", "1e3") == "Rejected"
    assert put("V2XChargingCtrlr", "SupportedOperationModes", "Idle") == "Rejected"
    assert put("Nothing", "X", "1") == "UnknownComponent"
    assert put("OCPPCommCtrlr", "X", "1") == "UnknownVariable"
    assert put("OCPPCommCtrlr", "HeartbeatInterval", "9", attributeType="Target") == "NotSupportedAttributeType"
    desk.restart()
    desk.boot()
    desk.station.transaction_started(desk.moment, 1)
    desk.answer(desk.one())
    desk.at += 10
    desk.station.meter_sample(desk.moment, 1, sample(desk.at, power=500.0))
    values = desk.one()[3]["meterValue"][0]["sampledValue"]
    assert [value["measurand"] for value in values] == ["Power.Active.Import", "SoC"]


def test_more_variables_than_told_are_refused(desk: Any) -> None:
    desk.boot()
    item = {"component": {"name": "EVSE"}, "variable": {"name": "Power"}}
    assert len(desk.ask("GetVariables", {"getVariableData": [item] * 50})["getVariableResult"]) == 50
    for action, field in (("GetVariables", "getVariableData"), ("SetVariables", "setVariableData")):
        items = [item | ({"attributeValue": "1"} if action == "SetVariables" else {})] * 51
        assert desk.ask(action, {field: items}) == {"error": "OccurrenceConstraintViolation"}


def test_reports_come_in_order_and_whole(desk: Any) -> None:
    desk.boot()
    assert desk.ask("GetBaseReport", {"requestId": 3, "reportBase": "FullInventory"}) == {"status": "Accepted"}
    reports = []
    while desk.rest:
        (report,) = desk.rest
        reports.append(report[3])
        desk.answer(report)
        desk.rest = desk.sent()
    assert [r["seqNo"] for r in reports] == list(range(len(reports)))
    assert [r["tbc"] for r in reports] == [True] * (len(reports) - 1) + [False]
    rows = {(d["component"]["name"], d["variable"]["name"]): d for r in reports for d in r["reportData"]}
    modes = rows["V2XChargingCtrlr", "SupportedOperationModes"]["variableAttribute"][0]["value"]
    assert {"ChargingOnly", "CentralSetpoint", "CentralFrequency"} <= set(modes.split(","))
    assert rows["EVSE", "DischargePower"]["variableCharacteristics"]["maxLimit"] == 10_000.0
    wanted = [{"component": {"name": "EVSE"}, "variable": {"name": "Power"}}]
    assert desk.ask("GetReport", {"requestId": 4, "componentVariable": wanted}) == {"status": "Accepted"}
    assert len(desk.rest[0][3]["reportData"]) == 1
    nothing = [{"component": {"name": "Nothing"}}]
    assert desk.ask("GetReport", {"requestId": 4, "componentVariable": nothing}) == {"status": "EmptyResultSet"}


def test_triggers(desk: Any) -> None:
    desk.boot()

    def trigger(message: str, **more: Any) -> str:
        return str(desk.ask("TriggerMessage", {"requestedMessage": message} | more)["status"])

    assert trigger("Heartbeat") == "Accepted"
    assert desk.rest[0][2] == "Heartbeat"
    desk.answer(desk.rest[0], {"currentTime": NOW})
    assert trigger("StatusNotification", evse={"id": 1, "connectorId": 1}) == "Accepted"
    desk.answer(desk.rest[0])
    assert trigger("MeterValues") == "Rejected"
    desk.station.meter_sample(desk.moment, 1, sample(desk.at, 5.0))
    assert trigger("MeterValues") == "Accepted"
    assert desk.rest[0][3]["meterValue"][0]["sampledValue"][0]["context"] == "Trigger"
    desk.answer(desk.rest[0])
    assert trigger("TransactionEvent") == "Rejected"
    desk.station.transaction_started(desk.moment, 1)
    desk.answer(desk.one())
    assert trigger("TransactionEvent") == "Accepted"
    assert desk.rest[0][3]["triggerReason"] == "Trigger"
    assert trigger("BootNotification") == "Rejected"
    assert trigger("SignV2GCertificate") == "NotImplemented"
    assert trigger("Heartbeat", evse={"id": 8}) == "Rejected"


def test_availability(desk: Any) -> None:
    desk.boot()
    desk.station.transaction_started(desk.moment, 1)
    desk.answer(desk.one())
    answer = desk.ask("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 1}})
    assert answer == {"status": "Scheduled"}
    assert desk.told_of(AvailabilityAsked) == [AvailabilityAsked(1, False)]
    for frame in desk.rest:
        desk.answer(frame)
    desk.station.transaction_ended(desk.moment, 1)
    frames = []
    while more := desk.sent():
        frames += more
        desk.answer(more[0])
    assert any(f[2] == "StatusNotification" and f[3]["connectorStatus"] == "Unavailable" for f in frames)
    assert desk.ask("RequestStartTransaction", remote_start())["status"] == "Rejected"
    desk.restart()
    assert not desk.station.operative(1)
    desk.boot()
    assert desk.ask("ChangeAvailability", {"operationalStatus": "Operative", "evse": {"id": 1}}) == {
        "status": "Accepted"
    }
    unknown = {"operationalStatus": "Operative", "evse": {"id": 5}}
    assert desk.ask("ChangeAvailability", unknown)["status"] == "Rejected"


@pytest.mark.parametrize(
    ("action", "payload", "status"),
    [
        ("Reset", {"type": "Immediate"}, "Rejected"),
        ("UnlockConnector", {"evseId": 1, "connectorId": 1}, "UnlockFailed"),
        ("UnlockConnector", {"evseId": 1, "connectorId": 2}, "UnknownConnector"),
        ("DataTransfer", {"vendorId": "x"}, "UnknownVendorId"),
        ("ClearCache", {}, "Rejected"),
        ("UsePriorityCharging", {"transactionId": "x", "activate": True}, "NoProfile"),
        ("AFRRSignal", {"timestamp": NOW, "signal": 1}, "Rejected"),
        ("NotifyAllowedEnergyTransfer", {"transactionId": "x", "allowedEnergyTransfer": ["DC"]}, "Rejected"),
    ],
)
def test_honest_refusals(desk: Any, action: str, payload: dict[str, Any], status: str) -> None:
    desk.boot()
    assert desk.ask(action, payload)["status"] == status


def test_unsupported_request_gets_an_error_at_once(desk: Any) -> None:
    desk.boot()
    assert desk.ask("GetLocalListVersion", {}) == {"error": "NotSupported"}
    assert desk.ask("Heartbeat", {}) == {"error": "NotSupported"}
    assert desk.ask("Dance", {}) == {"error": "NotImplemented"}


def test_allowed_modes_are_told(desk: Any) -> None:
    desk.boot()
    transaction_id = desk.station.transaction_started(desk.moment, 1)
    payload = {"transactionId": transaction_id, "allowedEnergyTransfer": ["DC", "DC_BPT"]}
    assert desk.ask("NotifyAllowedEnergyTransfer", payload) == {"status": "Accepted"}
    assert desk.told_of(AllowedModes) == [AllowedModes(transaction_id, ("DC", "DC_BPT"))]


def test_a_defect_costs_one_request_not_the_link(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.boot()
    monkeypatch.setattr(desk.station.model, "get", lambda item: 1 / 0)
    get = {"getVariableData": [{"component": {"name": "EVSE"}, "variable": {"name": "Power"}}]}
    assert desk.ask("GetVariables", get) == {"error": "InternalError"}
    assert desk.ask("ClearCache", {})["status"] == "Rejected"


def test_link_down_is_told_with_its_reason(desk: Any) -> None:
    desk.station.disconnected("the cable is cut", desk.moment)
    assert desk.told_of(LinkDown) == [LinkDown("the cable is cut")]
