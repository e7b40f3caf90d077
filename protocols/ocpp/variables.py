"""The device model's table: what a CSMS may read and set. Only what is true and has an effect stands in it.

Source: OCPP 2.1 part 2, appendix "dm_components_vars".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from protocols.ocpp.config import Evse, StationConfig
from protocols.ocpp.profiles import MAX_STACK_LEVEL, SUPPORTED_MODES
from protocols.ocpp.wire import DEFAULT_MEASURANDS, MEASURANDS_21

ITEMS_PER_MESSAGE = 50


@dataclass(frozen=True, slots=True)
class Variable:
    """One row: where it stands, what it is, and how far it may be set."""

    component: str
    name: str
    type: str
    """DataEnumType."""
    value: str | Callable[[], str]
    """First value, or how to find the present one."""
    instance: str | None = field(default=None, kw_only=True)
    evse_id: int | None = field(default=None, kw_only=True)
    connector_id: int | None = field(default=None, kw_only=True)
    unit: str | None = field(default=None, kw_only=True)
    writable: bool = field(default=False, kw_only=True)
    low: float | None = field(default=None, kw_only=True)
    high: float | None = field(default=None, kw_only=True)
    choices: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def key(self) -> str:
        """Unique name."""
        return key_of(self.component, self.name, self.instance, self.evse_id, self.connector_id)

    def fault(self, text: str) -> str | None:
        """The reason code against a new value, or None when it may be."""
        if not self.writable:
            return "ReadOnly"
        if self.choices:
            return None if set(members_of(text)) <= set(self.choices) else "InvalidValue"
        # Only plain digits: int() would also take underscores and other scripts' digits.
        if not (text.isascii() and text.isdecimal()) or len(text) > 12:
            return "InvalidValue"
        low, high = self.low or 0.0, float("inf") if self.high is None else self.high
        return None if low <= int(text) <= high else "ValueOutOfRange"


def key_of(
    component: str,
    name: str,
    instance: str | None = None,
    evse_id: int | None = None,
    connector_id: int | None = None,
) -> str:
    """The key of a variable; the standard compares names without case."""
    parts = (component, evse_id, connector_id, name, instance)
    return "/".join("" if part is None else str(part) for part in parts).lower()


def members_of(text: str) -> list[str]:
    """The members of a MemberList."""
    return [member.strip() for member in text.split(",") if member.strip()]


def table(config: StationConfig) -> Iterator[Variable]:
    """All rows of a station that do not change while it runs, save by the CSMS."""
    yield from _communication(config)
    yield from _sampling(config)
    yield from _smart_charging(config)
    yield from _station(config)
    for evse in config.evses:
        yield from _evse(evse)


def _number(component: str, name: str, value: float, low: float, high: float, instance: str | None = None) -> Variable:
    return Variable(component, name, "integer", f"{value:g}", instance=instance, writable=True, low=low, high=high)


def _communication(config: StationConfig) -> Iterator[Variable]:
    name = "OCPPCommCtrlr"
    yield _number(name, "HeartbeatInterval", config.heartbeat_s, 1, 86_400)
    yield _number(name, "WebSocketPingInterval", 20, 0, 3_600)
    yield _number(name, "RetryBackOffWaitMinimum", 3, 1, 3_600)
    yield _number(name, "RetryBackOffRandomRange", 5, 0, 3_600)
    yield _number(name, "RetryBackOffRepeatTimes", 6, 0, 20)
    yield _number(name, "MessageAttempts", 5, 1, 100, "TransactionEvent")
    yield _number(name, "MessageAttemptInterval", 10, 1, 3_600, "TransactionEvent")
    yield Variable(name, "MessageTimeout", "integer", f"{config.call_timeout_s:g}", instance="Default", unit="s")
    yield Variable(name, "OfflineThreshold", "integer", "0", unit="s")
    yield Variable(name, "ResetRetries", "integer", "0")
    yield Variable(name, "NetworkProfileConnectionAttempts", "integer", "1")
    yield Variable(name, "NetworkConfigurationPriority", "SequenceList", "0")
    yield Variable(name, "FileTransferProtocols", "MemberList", "")
    yield Variable(name, "UnlockOnEVSideDisconnect", "boolean", "false")


def _sampling(config: StationConfig) -> Iterator[Variable]:
    name = "SampledDataCtrlr"
    yield _number(name, "TxUpdatedInterval", config.sample_s, 1, 86_400)
    yield Variable(name, "TxEndedInterval", "integer", "0", unit="s")
    for measurands in ("TxStartedMeasurands", "TxUpdatedMeasurands", "TxEndedMeasurands"):
        first = ",".join(DEFAULT_MEASURANDS)
        yield Variable(name, measurands, "MemberList", first, writable=True, choices=MEASURANDS_21)


def _smart_charging(config: StationConfig) -> Iterator[Variable]:
    name = "SmartChargingCtrlr"
    yield Variable(name, "Available", "boolean", "true")
    yield Variable(name, "Enabled", "boolean", "true")
    yield Variable(name, "ProfileStackLevel", "integer", str(MAX_STACK_LEVEL))
    yield Variable(name, "PeriodsPerSchedule", "integer", "1024")
    yield Variable(name, "LimitChangeSignificance", "decimal", "1", unit="Percent")
    yield Variable(name, "RateUnit", "MemberList", ",".join(config.evses[0].rate_units))
    yield Variable(name, "SupportsDynamicProfiles", "boolean", "true")
    yield Variable(name, "SupportsMaxOfflineDuration", "boolean", "true")
    for absent in ("SupportsUseLocalTime", "SupportsRandomizedDelay", "SupportsLimitAtSoC", "SupportsEvseSleep"):
        yield Variable(name, absent, "boolean", "false")
    yield Variable(name, "ChargingProfilePersistence", "boolean", "true", instance="TxProfile")
    yield Variable(name, "ExternalControlSignalsEnabled", "boolean", "true")
    yield Variable(name, "ExternalConstraintsProfileDisallowed", "boolean", "true")
    modes = dict.fromkeys(mode for evse in config.evses for mode in evse.modes)
    v2x = "V2XChargingCtrlr"
    yield Variable(v2x, "Enabled", "boolean", "true")
    yield Variable(v2x, "SupportedEnergyTransferModes", "MemberList", ",".join(modes))
    yield Variable(v2x, "SupportedOperationModes", "MemberList", ",".join(SUPPORTED_MODES))


def _station(config: StationConfig) -> Iterator[Variable]:
    yield Variable("AuthCtrlr", "AuthorizeRemoteStart", "boolean", "false")
    yield Variable("AuthCtrlr", "LocalAuthorizeOffline", "boolean", "true")
    yield Variable("AuthCtrlr", "LocalPreAuthorize", "boolean", "true")
    yield Variable("TxCtrlr", "TxStartPoint", "MemberList", "EVConnected")
    yield Variable("TxCtrlr", "TxStopPoint", "MemberList", "EVConnected")
    yield Variable("TxCtrlr", "StopTxOnEVSideDisconnect", "boolean", "true")
    yield Variable("TxCtrlr", "StopTxOnInvalidId", "boolean", "true")
    yield _number("TxCtrlr", "EVConnectionTimeOut", 600, 1, 86_400)
    for request in ("GetReport", "GetVariables", "SetVariables"):
        yield Variable("DeviceDataCtrlr", "ItemsPerMessage", "integer", str(ITEMS_PER_MESSAGE), instance=request)
        yield Variable("DeviceDataCtrlr", "BytesPerMessage", "integer", "1048576", instance=request)
    yield Variable("SecurityCtrlr", "SecurityProfile", "integer", _security_profile(config))
    yield Variable("SecurityCtrlr", "CertificateEntries", "integer", "0")
    yield Variable("SecurityCtrlr", "OrganizationName", "string", config.vendor)
    yield Variable("SecurityCtrlr", "Identity", "string", config.station_id)
    yield Variable("ClockCtrlr", "TimeSource", "SequenceList", "NTP")
    yield Variable("ChargingStation", "Available", "boolean", "true")
    yield Variable("ChargingStation", "Model", "string", config.model)
    yield Variable("ChargingStation", "VendorName", "string", config.vendor)
    yield Variable("ChargingStation", "SupplyPhases", "integer", str(config.evses[0].phases))


def _evse(evse: Evse) -> Iterator[Variable]:
    evse_id, phases = evse.evse_id, str(evse.phases)
    yield Variable("EVSE", "Available", "boolean", "true", evse_id=evse_id)
    yield Variable("EVSE", "AllowReset", "boolean", "false", evse_id=evse_id)
    yield Variable("EVSE", "SupplyPhases", "integer", phases, evse_id=evse_id)
    yield Variable("Connector", "Available", "boolean", "true", evse_id=evse_id, connector_id=1)
    yield Variable("Connector", "ConnectorType", "string", evse.connector_type, evse_id=evse_id, connector_id=1)
    yield Variable("Connector", "SupplyPhases", "integer", phases, evse_id=evse_id, connector_id=1)


def _security_profile(config: StationConfig) -> str:
    if config.password is None:
        return "0"
    return "2" if config.url.startswith("wss://") else "1"
