"""From the house's words to the wire's: samples, transaction events, charging needs, in 2.1 and in 2.0.1.

What 2.0.1 cannot say is left out (operation mode, set-point, V2X parameters) or said by its nearest word.
"""

from datetime import UTC, datetime
from typing import Any

from protocols.ocpp.events import ChargingNeeds, IdToken, MeterSample
from protocols.ocpp.queue import TransactionRecord
from protocols.ocpp.schemas import Json
from protocols.ocpp.versions import Version

DEFAULT_MEASURANDS = (
    "Energy.Active.Import.Register",
    "Energy.Active.Export.Register",
    "Power.Active.Import",
    "Power.Active.Export",
    "SoC",
)
MEASURANDS_21 = (*DEFAULT_MEASURANDS, "Power.Active.Setpoint", "Frequency", "Voltage")

_TRIGGERS_201 = {
    "OperationModeChanged": "ChargingRateChanged",
    "LimitSet": "ChargingRateChanged",
    "TxResumed": "Trigger",
    "SoCLimitReached": "EnergyLimitReached",
}
_REASONS_201 = {"ReqEnergyTransferRejected": "Other"}
_MODES_201 = {
    "AC_BPT": "AC_three_phase",
    "AC_BPT_DER": "AC_three_phase",
    "AC_DER": "AC_three_phase",
    "DC_BPT": "DC",
    "DC_ACDP": "DC",
    "DC_ACDP_BPT": "DC",
    "WPT": "AC_single_phase",
}


def time_text(at_s: float) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def id_token(token: IdToken | None) -> Json:
    """An IdTokenType; no token: NoAuthorization."""
    if token is None:
        return {"idToken": "", "type": "NoAuthorization"}
    wire: Json = {"idToken": token.value, "type": token.type}
    if token.evcc_id is not None:  # Q01.FR.02
        wire["additionalInfo"] = [{"additionalIdToken": token.evcc_id, "type": "EVCCID"}]
    return wire


def meter_value(sample: MeterSample, context: str, version: Version, measurands: frozenset[str]) -> Json | None:
    """A MeterValueType with those measurands; None when there is nothing to tell."""
    power_w = sample.power_w
    readings: list[tuple[str, float | None, str]] = [
        ("Energy.Active.Import.Register", sample.import_wh, "Wh"),
        ("Energy.Active.Export.Register", sample.export_wh, "Wh"),
        ("Power.Active.Import", None if power_w is None else max(power_w, 0.0), "W"),
        ("Power.Active.Export", None if power_w is None else max(-power_w, 0.0), "W"),
        ("SoC", None if sample.soc is None else sample.soc * 100.0, "Percent"),
        ("Frequency", sample.frequency_hz, "Hz"),
        ("Voltage", sample.voltage_v, "V"),
    ]
    if version is not Version.V201:
        readings.append(("Power.Active.Setpoint", sample.setpoint_w, "W"))
    values: list[Json] = [
        {
            "measurand": measurand,
            "value": round(value, 3),
            "context": context,
            "unitOfMeasure": {"unit": unit},
            # The car's own word against what is measured at the plug.
            "location": "EV" if measurand == "SoC" else "Outlet",
        }
        for measurand, value, unit in readings
        if value is not None and measurand in measurands
    ]
    return {"timestamp": time_text(sample.at_s), "sampledValue": values} if values else None


def transaction_event(
    record: TransactionRecord, *, offline: bool, version: Version, measurands: frozenset[str]
) -> Json:
    """A TransactionEventRequest."""
    new = version is not Version.V201
    info: Json = {"transactionId": record.transaction_id}
    if record.charging_state is not None:
        info["chargingState"] = record.charging_state
    if record.stopped_reason is not None:
        info["stoppedReason"] = (
            record.stopped_reason if new else _REASONS_201.get(record.stopped_reason, record.stopped_reason)
        )
    if record.remote_start_id is not None:
        info["remoteStartId"] = record.remote_start_id
    if new and record.operation_mode is not None:
        info["operationMode"] = record.operation_mode
    wire: Json = {
        "eventType": record.event,
        "timestamp": time_text(record.at_s),
        "triggerReason": record.trigger if new else _TRIGGERS_201.get(record.trigger, record.trigger),
        "seqNo": record.seq_no,
        "transactionInfo": info,
        "evse": {"id": record.evse_id, "connectorId": 1},
    }
    if offline:
        wire["offline"] = True
    if record.id_token is not None:
        wire["idToken"] = id_token(record.id_token)
    if record.sample is not None:
        value = meter_value(record.sample, record.context, version, measurands)
        if value is not None:
            wire["meterValue"] = [value]
    return wire


def charging_needs(evse_id: int, needs: ChargingNeeds, at_s: float, version: Version) -> Json:
    """A NotifyEVChargingNeedsRequest; V2X parameters in 2.1 only."""
    if version is Version.V201:
        mode = _MODES_201.get(needs.mode, needs.mode)
        parameters = _dc(needs, whole=True) if mode == "DC" else _ac(needs, whole=True)
        wire: Json = {"requestedEnergyTransfer": mode, **parameters}
        if needs.departure_s is not None:
            wire["departureTime"] = time_text(needs.departure_s)
        return {"evseId": evse_id, "chargingNeeds": wire}
    parameters = _dc(needs, whole=False) if needs.mode.startswith("DC") else _ac(needs, whole=False)
    wire = {"requestedEnergyTransfer": needs.mode, **parameters}
    if needs.available_modes:
        wire["availableEnergyTransfer"] = list(needs.available_modes)
    if needs.dynamic_control is not None:
        wire["controlMode"] = "DynamicControl" if needs.dynamic_control else "ScheduledControl"
    if needs.departure_s is not None:
        wire["departureTime"] = time_text(needs.departure_s)
    wire["v2xChargingParameters"] = _v2x(needs)
    return {"evseId": evse_id, "chargingNeeds": wire, "timestamp": time_text(at_s)}


def _v2x(needs: ChargingNeeds) -> Json:
    """V2XChargingParametersType; powers of both directions are positive there."""
    return _present(
        minChargePower=needs.charge_min_w,
        maxChargePower=needs.charge_max_w,
        minDischargePower=needs.discharge_min_w,
        maxDischargePower=needs.discharge_max_w,
        minChargeCurrent=needs.charge_min_a,
        maxChargeCurrent=needs.charge_max_a,
        maxDischargeCurrent=needs.discharge_max_a,
        minVoltage=needs.voltage_min_v,
        maxVoltage=needs.voltage_max_v,
        evTargetEnergyRequest=needs.target_energy_wh,
        evMinEnergyRequest=needs.min_energy_wh,
        evMaxEnergyRequest=needs.max_energy_wh,
        evMinV2XEnergyRequest=needs.min_v2x_energy_wh,
        evMaxV2XEnergyRequest=needs.max_v2x_energy_wh,
        targetSoC=_percent(needs.target_soc),
    )


def _dc(needs: ChargingNeeds, *, whole: bool) -> Json:
    # Current and voltage are required there; without the car's word, what its power gives at 400 V.
    voltage_v = needs.voltage_max_v or 400.0
    values = _present(
        evMaxCurrent=needs.charge_max_a or needs.charge_max_w / voltage_v,
        evMaxVoltage=voltage_v,
        evMaxPower=needs.charge_max_w,
        evEnergyCapacity=needs.capacity_wh,
        energyAmount=needs.target_energy_wh,
    )
    # 2.0.1 counts in whole units.
    values = {name: round(value) for name, value in values.items()} if whole else values
    soc = _percent(needs.soc)
    return {"dcChargingParameters": values | ({} if soc is None else {"stateOfCharge": soc})}


def _ac(needs: ChargingNeeds, *, whole: bool) -> Json:
    voltage_v = needs.voltage_max_v or 230.0
    values = {
        "energyAmount": needs.target_energy_wh or 0.0,
        "evMinCurrent": needs.charge_min_a or needs.charge_min_w / voltage_v,
        "evMaxCurrent": needs.charge_max_a or needs.charge_max_w / voltage_v,
        "evMaxVoltage": voltage_v,
    }
    return {"acChargingParameters": {k: round(v) for k, v in values.items()} if whole else _present(**values)}


def _percent(fraction: float | None) -> int | None:
    return None if fraction is None else max(0, min(100, round(fraction * 100)))


def _present(**values: Any) -> Json:
    return {k: round(v, 3) if isinstance(v, float) else v for k, v in values.items() if v is not None}
