"""A recorded session as rows: what a person wants to see of each message."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from protocols.iso15118.recording import Recorded, Session
from protocols.iso15118.v2gtp import PayloadType

TELLING = (
    *(
        "ResponseCode",
        "EVSEProcessing",
        "Processing",
        "EVProcessing",
        "SchemaID",
        "ProtocolNamespace",
        "EVCCID",
        "EVSEID",
    ),
    *("SelectedAuthorizationService", "SelectedPaymentOption", "EMAID", "eMAID", "ServiceID", "ParameterSetID"),
    *("RequestedEnergyTransferMode", "EVRequestedEnergyTransferType", "ChargeProgress", "ReadyToChargeState"),
    *("ChargingSession", "EVTerminationExplanation", "EVErrorCode", "EVSEStatusCode", "EVSENotification"),
    *("PresentSOC", "EVRESSSOC", "TargetSOC", "DepartureTime", "EVTargetEnergyRequest", "EAmount"),
    *("EVPresentActivePower", "EVTargetVoltage", "EVTargetCurrent", "EVPresentVoltage"),
    *("EVSEPresentVoltage", "EVSEPresentCurrent", "EVSEMaxCurrent", "EVMaximumChargePower", "EVSEMaximumChargePower"),
    *("EVMaximumDischargePower", "EVSEMaximumDischargePower", "EVMaxCurrent", "ChargedEnergyReadingWh", "MeterReading"),
)
"""The elements that tell most, the most telling first, of all generations."""
UNITS = (("Voltage", "V"), ("Current", "A"), ("Power", "W"), ("Energy", "Wh"), ("SOC", "%"))
"""What -20 leaves to the element's name."""
MOST_FIELDS = 3
LONGEST_VALUE = 40
GOOD = ("OK", "OK_SuccessfulNegotiation")
STREAMS = {0x8001: "-", 0x8002: "main", 0x8003: "AC", 0x8004: "DC", 0x8005: "ACDP", 0x8006: "WPT"}


@dataclass(frozen=True, slots=True)
class Row:
    """One message. `since_s`: since the one before it in the file; None where the file tells no times."""

    number: int
    time_s: float | None
    since_s: float | None
    sender: str
    stream: str
    message: str
    fields: tuple[tuple[str, str], ...]
    set_point_w: float | None
    body: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "number": self.number,
            "time": _iso(self.time_s),
            "since_s": None if self.since_s is None else round(self.since_s, 6),
            "sender": self.sender,
            "stream": self.stream,
            "message": self.message,
            "fields": dict(self.fields),
            "set_point_w": self.set_point_w,
            "json": self.body,
        }

    def as_text(self) -> str:
        """For people, one line."""
        clock = _iso(self.time_s)[11:23] if self.time_s is not None else ""
        since = f"+{self.since_s * 1000:.0f} ms" if self.since_s is not None else ""
        arrow = "car ->" if self.sender == "evcc" else "  <- charger"
        point = f"{self.set_point_w:.0f} W" if self.set_point_w is not None else ""
        fields = "  ".join(f"{name}={value}" for name, value in self.fields)
        return f"{clock:12} {since:>10} {arrow:12} {self.stream:8} {self.message:32} {point:>9}  {fields}".rstrip()


HEADING = f"{'time (UTC)':12} {'since':>10} {'direction':12} {'stream':8} {'message':32} {'set-point':>9}  fields"


def rows(session: Session) -> Iterator[Row]:
    """The rows of a session, in order."""
    last: Recorded | None = None
    for number, message in enumerate(session.messages, 1):
        since_s = None
        if message.time_s is not None and last is not None and last.time_s is not None:
            since_s = message.time_s - last.time_s
        last = message
        body = message.json
        fields = _fields(body) if message.document is not None else (("problem", message.problem),)
        stream = STREAMS.get(message.stream) or _stream_name(message.stream)
        yield Row(
            number,
            message.time_s,
            since_s,
            message.sender,
            stream,
            message.name,
            fields,
            set_point_w(message, body),
            body,
        )


def set_point_w(message: Recorded, body: dict[str, Any]) -> float | None:
    """The set-point that a charge-loop answer carries: signed W, > 0 charges the car; else None.

    In DC of -2 and DIN it is the power limit; in AC of -2 there is a current only, which stands among the fields.
    """
    if message.name == "CurrentDemandRes":
        return _number(body.get("EVSEMaximumPowerLimit"))
    mode = next((value for key, value in body.items() if key.endswith("CLResControlMode")), None)
    if not message.name.endswith("ChargeLoopRes") or not isinstance(mode, dict):
        return None
    if message.name.startswith("AC"):
        parts = [_number(mode.get(f"EVSETargetActivePower{phase}")) for phase in ("", "_L2", "_L3")]
        told = [part for part in parts if part is not None]
        return sum(told) if told else None
    charge_w = _number(mode.get("EVSEMaximumChargePower"))
    discharge_w = _number(mode.get("EVSEMaximumDischargePower"))
    if charge_w is None and discharge_w is None:
        return None
    return charge_w or (-abs(discharge_w) if discharge_w else 0.0)


def _fields(body: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found = dict(_leaves(body))
    told = [(name, found[name]) for name in TELLING if name in found]
    return tuple((name, value) for name, value in told if not (name == "ResponseCode" and value in GOOD))[:MOST_FIELDS]


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every value of a body with its element's name, from back to front: of several with one name the first wins."""
    if isinstance(value, dict):
        number = _number(value)
        if number is not None:
            yield name, _with_unit(f"{number:g}", name, value.get("Unit"))
            return
        for key, inner in reversed(value.items()):
            if key not in ("Header", "Signature"):
                yield from _leaves(inner, key)
    elif isinstance(value, list):
        for inner in reversed(value):
            yield from _leaves(inner, name)
    elif value is not None:
        text = _with_unit(str(value), name, None) if name.endswith("SOC") else str(value)
        yield name, text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _with_unit(number: str, name: str, unit: str | None) -> str:
    unit = unit or next((unit for part, unit in UNITS if part in name), None)
    return f"{number} {unit}" if unit else number


def _number(value: Any) -> float | None:
    """A number with its exponent, as -20, and -2 and DIN write it."""
    if not isinstance(value, dict) or "Value" not in value:
        return None
    exponent = value.get("Exponent", value.get("Multiplier"))
    return None if exponent is None else float(value["Value"]) * 10.0 ** int(exponent)


def _stream_name(stream: int) -> str:
    try:
        return PayloadType(stream).name.lower().split("_")[0]
    except ValueError:
        return f"0x{stream:04X}"


def _iso(time_s: float | None) -> str:
    if time_s is None:
        return ""
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
