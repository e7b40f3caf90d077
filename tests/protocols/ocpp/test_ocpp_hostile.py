"""Requests that keep to the schema and mean harm: each gets a proper answer, none an InternalError, none breaks in."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from protocols.ocpp import Version
from protocols.ocpp.link import _log as link_log

NASTY: list[Any] = [
    0,
    -1,
    1,
    1e308,
    -1e308,
    1e-308,
    2**53,
    2**63,
    -(2**63),
    10**18,
    0.5,
    3.0,
    True,
    "",
    "x" * 40,
    "\0",
    "é",
]
NASTY += ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-11-22T23:59:60Z", "2026-11-22T12:00:00+14:00"]
TOKEN = {"idToken": "ME", "type": "Central"}
PROFILE = {
    "id": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Daily",
    "validFrom": "2026-11-22T00:00:00Z",
    "validTo": "2027-11-22T00:00:00Z",
    "chargingSchedule": [
        {
            "id": 1,
            "startSchedule": "2026-11-22T00:00:00Z",
            "duration": 3600,
            "chargingRateUnit": "W",
            "minChargingRate": 100.0,
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5000.0}, {"startPeriod": 60, "limit": 1000.0}],
        }
    ],
}
V2X = copy.deepcopy(PROFILE)
V2X["maxOfflineDuration"] = 600
V2X["chargingSchedule"][0]["chargingSchedulePeriod"] = [  # type: ignore[index]
    {
        "startPeriod": 0,
        "operationMode": "CentralSetpoint",
        "limit": 5000.0,
        "limit_L2": 5000.0,
        "dischargeLimit": -4000.0,
        "setpoint": -3000.0,
        "setpoint_L3": 1.0,
    }
]
DYNAMIC = {key: value for key, value in V2X.items() if key not in ("recurrencyKind", "validTo")}
DYNAMIC = copy.deepcopy(DYNAMIC) | {"chargingProfileKind": "Dynamic", "dynUpdateInterval": 60}
OWN = {key: value for key, value in PROFILE.items() if key != "recurrencyKind"}
OWN |= {"chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Absolute"}
VARIABLE = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("SetChargingProfile", {"evseId": 1, "chargingProfile": PROFILE}),
    ("SetChargingProfile", {"evseId": 1, "chargingProfile": V2X}),
    ("SetChargingProfile", {"evseId": 1, "chargingProfile": DYNAMIC}),
    ("UpdateDynamicSchedule", {"chargingProfileId": 1, "scheduleUpdate": {"setpoint": 1.0, "limit_L2": 4.0}}),
    ("ClearChargingProfile", {"chargingProfileId": 1}),
    ("ClearChargingProfile", {"chargingProfileCriteria": {"evseId": 1, "stackLevel": 0}}),
    ("GetChargingProfiles", {"requestId": 1, "evseId": 1, "chargingProfile": {"chargingProfileId": [1]}}),
    ("GetCompositeSchedule", {"evseId": 1, "duration": 86_400}),
    ("RequestStartTransaction", {"remoteStartId": 1, "evseId": 1, "idToken": TOKEN, "chargingProfile": OWN}),
    ("RequestStopTransaction", {"transactionId": "x"}),
    ("GetTransactionStatus", {"transactionId": "x"}),
    ("ChangeAvailability", {"operationalStatus": "Operative", "evse": {"id": 1, "connectorId": 1}}),
    ("UnlockConnector", {"evseId": 1, "connectorId": 1}),
    ("Reset", {"type": "OnIdle", "evseId": 1}),
    ("GetVariables", {"getVariableData": [VARIABLE]}),
    ("SetVariables", {"setVariableData": [VARIABLE | {"attributeValue": "300"}]}),
    ("GetBaseReport", {"requestId": 1, "reportBase": "SummaryInventory"}),
    ("GetReport", {"requestId": 1, "componentVariable": [{"component": {"name": "EVSE", "evse": {"id": 1}}}]}),
    ("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}),
    ("DataTransfer", {"vendorId": "x", "data": {"a": [1]}}),
    ("AFRRSignal", {"timestamp": "2026-11-22T12:00:00Z", "signal": 1}),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all leaves."""
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(child, (*path, key))
    else:
        yield path


def mutated(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every leaf with every nasty value, and without it."""
    for path in places(payload):
        for nasty in [*NASTY, None]:
            changed = copy.deepcopy(payload)
            parent: Any = changed
            for step in path[:-1]:
                parent = parent[step]
            if nasty is not None:
                parent[path[-1]] = nasty
            else:
                del parent[path[-1]]
            yield changed


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize(("action", "payload"), REQUESTS, ids=lambda value: value if isinstance(value, str) else "")
def test_each_gets_a_proper_answer(
    desk: Any, action: str, payload: dict[str, Any], version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_log, "disabled", True)
    desk.boot(version)
    if action == "UpdateDynamicSchedule":
        desk.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": DYNAMIC})
    for changed in mutated(payload):
        answer = desk.ask(action, changed)
        assert answer.get("error") != "InternalError", changed
        for at_s in (desk.at, desk.at + 3e7):
            step = desk.station.guidance(1, at_s)
            assert step.charge_max_w is None or 0 <= step.charge_max_w < 1e12
        ahead = desk.station.guidance_ahead(1, desk.at, 86_400.0)
        assert ahead[0].start_s == desk.at
        desk.told()
    assert desk.ask("ClearCache", {})["status"] == "Rejected"
