"""What a CSMS books of transaction events: each once, whatever is sent twice."""

from dataclasses import dataclass, field

from protocols.ocpp.profiles import parse_time
from protocols.ocpp.schemas import Json

_IMPORT, _EXPORT = "Energy.Active.Import.Register", "Energy.Active.Export.Register"


@dataclass(slots=True)
class Booking:
    """One transaction as the CSMS knows it."""

    transaction_id: str
    station_id: str
    events: dict[int, Json] = field(default_factory=dict)
    """The first TransactionEventRequest of each sequence number."""
    order: list[int] = field(default_factory=list)
    """Sequence numbers in the order in which they were booked."""
    duplicates: int = 0
    """Events that came again and were not booked again."""

    def book(self, event: Json) -> None:
        """Book it, unless its number is known."""
        seq_no = event["seqNo"]
        if seq_no in self.events:
            self.duplicates += 1
            return
        self.events[seq_no] = event
        self.order.append(seq_no)

    @property
    def ended(self) -> bool:
        """Has its end been told?"""
        return any(event["eventType"] == "Ended" for event in self.events.values())

    @property
    def whole(self) -> bool:
        """Everything once, in order, from start to end."""
        last = self.events[self.order[-1]]["eventType"] if self.order else None
        return self.order == list(range(len(self.order))) and last == "Ended"

    @property
    def imported_wh(self) -> float:
        """Energy into the car, Wh, from first to last register."""
        return self._moved(_IMPORT)

    @property
    def exported_wh(self) -> float:
        """Energy out of the car, Wh."""
        return self._moved(_EXPORT)

    def _moved(self, measurand: str) -> float:
        readings: list[tuple[float, float]] = []
        for event in self.events.values():
            for value in event.get("meterValue", ()):
                at_s = parse_time(value["timestamp"])
                readings += [(at_s, s["value"]) for s in value["sampledValue"] if s.get("measurand") == measurand]
        readings.sort()
        return readings[-1][1] - readings[0][1] if readings else 0.0
