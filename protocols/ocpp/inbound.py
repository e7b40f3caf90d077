"""What the station answers to each request of the CSMS: one small function a request, and one table.

Each returns the payload of a CALLRESULT that keeps to the schema. A request that is not in the table is answered
NotSupported by the station. Nothing here waits, so a request can neither block the link nor deadlock with the app.
"""

from collections.abc import Callable

from protocols.ocpp import wire
from protocols.ocpp.events import AllowedModes, AvailabilityAsked, IdToken, RemoteStart, RemoteStop
from protocols.ocpp.memory import Command
from protocols.ocpp.moment import Moment
from protocols.ocpp.profiles import Profile, ProfileRefused, Purpose, read_profile
from protocols.ocpp.rpc import Refused
from protocols.ocpp.schemas import Json
from protocols.ocpp.station_inside import StationInside
from protocols.ocpp.variables import ITEMS_PER_MESSAGE

Handler = Callable[[StationInside, Json, Moment], Json]


def rejected(reason: str, text: str = "") -> Json:
    """A response with status Rejected and its reason."""
    return _status("Rejected", reason, text)


def _status(status: str, reason: str, text: str = "") -> Json:
    info: Json = {"reasonCode": reason}
    if text:
        info["additionalInfo"] = text[:512]
    return {"status": status, "statusInfo": info}


_ACCEPTED: Json = {"status": "Accepted"}


# ----- Smart charging -----


def set_charging_profile(station: StationInside, payload: Json, moment: Moment) -> Json:
    """K01: becomes a limit or a set-point."""
    try:
        station.profiles.set(station.link.version, payload["evseId"], payload["chargingProfile"], moment.at)
    except ProfileRefused as refusal:
        return rejected(refusal.reason, refusal.text)
    station.evaluate(moment, changed=True)
    return _ACCEPTED


def clear_charging_profile(station: StationInside, payload: Json, moment: Moment) -> Json:
    """K10: an id overrules the other criteria."""
    if "chargingProfileId" in payload:
        criterion: Json = {"chargingProfileId": [payload["chargingProfileId"]]}
    else:
        criterion = payload.get("chargingProfileCriteria", {})
    chosen = set(map(_profile_id, station.profiles.matching(criterion.get("evseId"), criterion)))
    if not station.profiles.clear(lambda profile: profile.profile_id in chosen):
        return {"status": "Unknown"}
    station.evaluate(moment, changed=True)
    return _ACCEPTED


def _profile_id(profile: Profile) -> int:
    return profile.profile_id


def get_charging_profiles(station: StationInside, payload: Json, moment: Moment) -> Json:
    """K09: answered at once, reported after."""
    found = list(station.profiles.matching(payload.get("evseId"), payload["chargingProfile"]))
    if not found:
        return _status("NoProfiles", "NotFound")
    evses = sorted({profile.evse_id for profile in found})
    for index, evse_id in enumerate(evses):
        report: Json = {
            "requestId": payload["requestId"],
            "chargingLimitSource": "CSO",
            "evseId": evse_id,
            "chargingProfile": [profile.wire for profile in found if profile.evse_id == evse_id],
            "tbc": index < len(evses) - 1,
        }
        station.request("ReportChargingProfiles", report)
    return _ACCEPTED


def get_composite_schedule(station: StationInside, payload: Json, moment: Moment) -> Json:
    """K08."""
    evse_id = payload["evseId"]
    evse = station.config.evse(evse_id or 1)
    if evse is None:
        return rejected("UnknownEvse")
    unit = payload.get("chargingRateUnit", "W")
    if unit not in evse.rate_units:
        return rejected("UnsupportedRateUnit")
    if payload["duration"] <= 0:
        return rejected("ValuePositiveOnly", "duration")
    schedule = station.profiles.composite(
        evse, evse_id, station.link.version, unit, float(payload["duration"]), moment.at
    )
    return {"status": "Accepted", "schedule": schedule}


def update_dynamic_schedule(station: StationInside, payload: Json, moment: Moment) -> Json:
    """K28, Q04."""
    try:
        station.profiles.update(
            station.link.version, payload["chargingProfileId"], payload["scheduleUpdate"], moment.at
        )
    except ProfileRefused as refusal:
        return rejected(refusal.reason, refusal.text)
    station.evaluate(moment, changed=True)
    return _ACCEPTED


def use_priority_charging(station: StationInside, payload: Json, moment: Moment) -> Json:
    """K21: no PriorityCharging profile can be installed."""
    return {"status": "NoProfile"}


def afrr_signal(station: StationInside, payload: Json, moment: Moment) -> Json:
    """Q08.FR.11: no profile with a signal curve can be installed."""
    return rejected("NoSignalWattCurve")


def notify_allowed_energy_transfer(station: StationInside, payload: Json, moment: Moment) -> Json:
    """Q02."""
    if station.transactions.find(payload["transactionId"]) is None:
        return rejected("TxNotFound")
    station.tell(AllowedModes(payload["transactionId"], tuple(payload["allowedEnergyTransfer"])))
    return _ACCEPTED


# ----- Remote control -----


def request_start(station: StationInside, payload: Json, moment: Moment) -> Json:
    """F01, F02: on disk and told to the app before it is accepted."""
    evse_id = payload.get("evseId", 1)
    remote_start_id = payload["remoteStartId"]
    if not station.link.accepted:
        return rejected("CSNotAccepted")
    if station.config.evse(evse_id) is None:
        return rejected("UnknownEvse")
    if not station.operative(evse_id):
        return rejected("NotEnabled", "the EVSE is out of use")
    if any(c.remote_start_id == remote_start_id and c.transaction_id is None for _, c in station.memory.commands()):
        return _ACCEPTED  # the CSMS asks again for what already waits
    transaction = station.transactions.on_evse(evse_id)
    if transaction is not None and transaction.id_token is not None:
        return rejected("TxInProgress")
    profile = payload.get("chargingProfile")
    if profile is not None:
        if profile["chargingProfilePurpose"] != Purpose.TX:  # F01.FR.11
            return rejected("InvalidProfile", "a start brings a TxProfile or none")
        try:
            read_profile(
                station.link.version, station.config.evses, evse_id, profile | {"transactionId": "to come"}, moment.at
            )
        except ProfileRefused as refusal:
            return rejected(refusal.reason, refusal.text)
    token = _token(payload["idToken"])
    command_id = station.memory.keep_command(
        Command(at_s=moment.at, evse_id=evse_id, remote_start_id=remote_start_id, id_token=token, profile=profile)
    )
    station.tell(RemoteStart(command_id, remote_start_id, evse_id, token))
    return _ACCEPTED if transaction is None else _ACCEPTED | {"transactionId": transaction.transaction_id}


def request_stop(station: StationInside, payload: Json, moment: Moment) -> Json:
    """F03: on disk and told to the app before it is accepted."""
    transaction = station.transactions.find(payload["transactionId"])
    if not station.link.accepted:
        return rejected("CSNotAccepted")
    if transaction is None:
        return rejected("TxNotFound")
    if any(c.transaction_id == transaction.transaction_id for _, c in station.memory.commands()):
        return _ACCEPTED
    command_id = station.memory.keep_command(
        Command(at_s=moment.at, evse_id=transaction.evse_id, transaction_id=transaction.transaction_id)
    )
    station.tell(RemoteStop(command_id, transaction.transaction_id))
    return _ACCEPTED


def _token(token: Json) -> IdToken:
    return IdToken(value=token["idToken"], type=token["type"])


def get_transaction_status(station: StationInside, payload: Json, moment: Moment) -> Json:
    """E14."""
    transaction_id = payload.get("transactionId")
    answer: Json = {"messagesInQueue": station.outbox.has(transaction_id)}
    if transaction_id is not None:
        answer["ongoingIndicator"] = station.transactions.find(transaction_id) is not None
    return answer


def change_availability(station: StationInside, payload: Json, moment: Moment) -> Json:
    """G03, G04: a running transaction is not cut off; it takes effect after."""
    evse = payload.get("evse", {"id": 0})
    evse_id, operative = evse["id"], payload["operationalStatus"] == "Operative"
    if evse_id != 0 and station.config.evse(evse_id) is None:
        return rejected("UnknownEvse")
    if evse.get("connectorId", 1) != 1:
        return rejected("UnknownConnectorId")
    station.set_operative(evse_id, operative)
    station.tell(AvailabilityAsked(evse_id, operative))
    running = [t for t in station.transactions.open if evse_id in (0, t.evse_id)]
    station.report_status(moment)
    return {"status": "Scheduled" if running and not operative else "Accepted"}


def unlock_connector(station: StationInside, payload: Json, moment: Moment) -> Json:
    """F05: a home charger's cable is its own."""
    evse_id = payload["evseId"]
    if station.config.evse(evse_id) is None or payload["connectorId"] != 1:
        return _status("UnknownConnector", "UnknownConnectorId")
    transaction = station.transactions.on_evse(evse_id)
    if transaction is not None and transaction.id_token is not None:
        return _status("OngoingAuthorizedTransaction", "TxInProgress")
    return _status("UnlockFailed", "FixedCable")


def reset(station: StationInside, payload: Json, moment: Moment) -> Json:
    """B11, B12: refused. This station is the home's energy manager; nobody outside restarts it."""
    return rejected("NotEnabled", "a home's energy manager is not reset from outside")


# ----- Device model and the rest -----


def get_variables(station: StationInside, payload: Json, moment: Moment) -> Json:
    """B06."""
    items = _few_enough(payload["getVariableData"])
    return {"getVariableResult": [station.model.get(item) for item in items]}


def set_variables(station: StationInside, payload: Json, moment: Moment) -> Json:
    """B05."""
    items = _few_enough(payload["setVariableData"])
    return {"setVariableResult": [station.model.set(item) for item in items]}


def _few_enough(items: list[Json]) -> list[Json]:
    """B05.FR.11, B06.FR.16."""
    if len(items) > ITEMS_PER_MESSAGE:
        raise Refused("OccurrenceConstraintViolation", f"at most {ITEMS_PER_MESSAGE} variables in a message")
    return items


def get_base_report(station: StationInside, payload: Json, moment: Moment) -> Json:
    """B07."""
    return _report(station, payload["requestId"], station.model.report(payload["reportBase"]), moment)


def get_report(station: StationInside, payload: Json, moment: Moment) -> Json:
    """B08; criteria by component state are not kept."""
    if "componentCriteria" in payload:
        return {"status": "NotSupported"}
    return _report(station, payload["requestId"], station.model.report_of(payload.get("componentVariable", [])), moment)


_ROWS_PER_REPORT = 20


def _report(station: StationInside, request_id: int, rows: list[Json], moment: Moment) -> Json:
    if not rows:
        return {"status": "EmptyResultSet"}
    chunks = [rows[i : i + _ROWS_PER_REPORT] for i in range(0, len(rows), _ROWS_PER_REPORT)]
    for index, chunk in enumerate(chunks):
        report: Json = {
            "requestId": request_id,
            "generatedAt": wire.time_text(moment.at),
            "seqNo": index,
            "tbc": index < len(chunks) - 1,
            "reportData": chunk,
        }
        station.request("NotifyReport", report)
    return {"status": "Accepted"}


def trigger_message(station: StationInside, payload: Json, moment: Moment) -> Json:
    """F06: answered first, done after."""
    wanted, evse = payload["requestedMessage"], payload.get("evse", {})
    evse_id = evse.get("id") or None
    if evse_id is not None and station.config.evse(evse_id) is None:
        return rejected("UnknownEvse")
    if wanted == "BootNotification":
        if station.link.accepted:
            return rejected("InvalidMessageSeq", "already accepted")
        station.link.boot_soon(moment)
        return _ACCEPTED
    if not station.link.accepted:
        return rejected("CSNotAccepted")
    triggers: dict[str, Callable[[], bool]] = {
        "Heartbeat": station.send_heartbeat,
        "StatusNotification": lambda: station.report_status(moment, evse_id),
        "MeterValues": lambda: station.report_meter(moment, evse_id),
        "TransactionEvent": lambda: station.report_transaction(moment, evse_id),
    }
    trigger = triggers.get(wanted)
    if trigger is None:
        return {"status": "NotImplemented"}
    return _ACCEPTED if trigger() else rejected("NotFound", "nothing to tell now")


def data_transfer(station: StationInside, payload: Json, moment: Moment) -> Json:
    """P01: no vendor's extension is known."""
    return {"status": "UnknownVendorId"}


def clear_cache(station: StationInside, payload: Json, moment: Moment) -> Json:
    """C11: there is no authorization cache."""
    return rejected("NotEnabled", "there is no authorization cache")


HANDLERS: dict[str, Handler] = {
    "AFRRSignal": afrr_signal,
    "ChangeAvailability": change_availability,
    "ClearCache": clear_cache,
    "ClearChargingProfile": clear_charging_profile,
    "DataTransfer": data_transfer,
    "GetBaseReport": get_base_report,
    "GetChargingProfiles": get_charging_profiles,
    "GetCompositeSchedule": get_composite_schedule,
    "GetReport": get_report,
    "GetTransactionStatus": get_transaction_status,
    "GetVariables": get_variables,
    "NotifyAllowedEnergyTransfer": notify_allowed_energy_transfer,
    "RequestStartTransaction": request_start,
    "RequestStopTransaction": request_stop,
    "Reset": reset,
    "SetChargingProfile": set_charging_profile,
    "SetVariables": set_variables,
    "TriggerMessage": trigger_message,
    "UnlockConnector": unlock_connector,
    "UpdateDynamicSchedule": update_dynamic_schedule,
    "UsePriorityCharging": use_priority_charging,
}
