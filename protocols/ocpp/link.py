"""One station's link to its CSMS, sans I/O: whose turn it is to be sent, and what becomes of it.

BootNotification until it is accepted; then requests that somebody waits for; then the queue of bookings; then a
heartbeat. One request is outstanding at a time (``rpc``). A request may be told to wait for the bookings before it:
NotifyEVChargingNeeds makes no sense to a CSMS that has not seen the transaction start.

Nothing that arrives raises, and a defect in answering one request costs that request an InternalError, not the link.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from protocols.ocpp import events, wire
from protocols.ocpp.config import StationConfig
from protocols.ocpp.device_model import DeviceModel
from protocols.ocpp.moment import Moment
from protocols.ocpp.profiles import parse_time
from protocols.ocpp.queue import Outbox, Waiting
from protocols.ocpp.rpc import TIMEOUT, Answered, CallFailed, CallReceived, FrameRefused, Refused, Rpc
from protocols.ocpp.schemas import Json
from protocols.ocpp.versions import Version

_log = logging.getLogger(__name__)

OFFLINE = "Offline"
"""The failure code of a request that the link took with it."""

_COMM = "OCPPCommCtrlr"
_LONGEST_WAIT_S = 86_400.0
_BOOT_RETRY_S = 10.0
_SILENCES_TO_HANG_UP = 3
"""Unanswered requests in a row after which the link counts as dead."""

_MOST_REQUESTS = 1_000
"""A backend that asks for reports faster than it takes them gets no more."""

OnAnswer = Callable[[Json, Moment], None]
OnFailure = Callable[[str, Moment], None]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is not a booking: lost with the link."""

    action: str
    payload: Json
    after_row: int = 0
    """Bookings up to this row go first."""
    on_answer: OnAnswer | None = None
    on_failure: OnFailure | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """What the link asks of the station that it belongs to."""

    tell: Callable[[events.Event], None]
    """An event for the app."""
    answer: Callable[[str, Json, Moment], Json | None]
    """The answer to a request of the CSMS; None: not supported."""
    accepted: Callable[[Moment], None]
    """The CSMS hears us (again): report everything."""


class Link:
    """The link, standing or not."""

    def __init__(
        self, config: StationConfig, outbox: Outbox, model: DeviceModel, owner: Owner, new_id: Callable[[], str]
    ) -> None:
        """Not connected yet."""
        self.accepted = False
        """Has the CSMS accepted our BootNotification? Stays true over a short absence."""
        self.pending = False
        self.version = config.versions[0]
        """The version of the link, or of the last one."""
        self.unasked = 0
        """Frames that came and answered nothing of ours: requests, and what was not understood."""
        self.hang_up: str | None = None
        """Set when the link should be closed and opened anew, with the reason."""
        self._config, self._outbox, self._model, self._owner, self._new_id = config, outbox, model, owner, new_id
        self._rpc: Rpc | None = None
        self._booted_in: Version | None = None
        self._boot_due: float | None = None
        self._retry_at = 0.0
        self._heard_at = 0.0
        self._silences = 0
        self._answering = False
        self._requests: deque[Request] = deque()
        self._in_flight: Request | Waiting | None = None

    @property
    def online(self) -> bool:
        """Is the CSMS connected and has it accepted us?"""
        return self._rpc is not None and self.accepted

    def open(self, version: Version, moment: Moment) -> None:
        """A WebSocket stands, in this version."""
        self._rpc = Rpc(version, call_timeout_s=self._config.call_timeout_s, new_id=self._new_id)
        self.version = version
        self.hang_up, self.pending = None, False
        self._silences, self._heard_at, self._retry_at = 0, moment.now, 0.0
        self._owner.tell(events.LinkUp(version))
        # OCPP-J 5.4: a station that the CSMS knows does not introduce itself again.
        if self.accepted and self._booted_in is version:
            self._owner.accepted(moment)
        else:
            self.accepted, self._boot_due = False, moment.now
        self.pump(moment)

    def close(self, reason: str, moment: Moment) -> None:
        """The WebSocket is gone, or a try to open it failed."""
        if self._rpc is not None:
            self._outbox.mark_offline()
        self._rpc, self._boot_due = None, None
        lost = [*self._requests] + ([self._in_flight] if isinstance(self._in_flight, Request) else [])
        self._requests.clear()
        self._in_flight = None
        self._owner.tell(events.LinkDown(reason))
        for request in lost:
            if request.on_failure is not None:
                request.on_failure(OFFLINE, moment)

    def receive(self, data: str | bytes, moment: Moment) -> None:
        """Take one frame."""
        if self._rpc is not None:
            self._heard_at = moment.now
            self._rpc.receive(data)
            self._drain(moment)
            self.pump(moment)

    def take_output(self) -> list[str]:
        """Frames to write to the wire now, in order."""
        return self._rpc.take_output() if self._rpc is not None else []

    @property
    def backlog(self) -> int:
        """Frames that wait to be written."""
        return self._rpc.backlog if self._rpc is not None else 0

    def next_timer(self) -> float | None:
        """When ``on_timer`` is due, in wire time."""
        if self._rpc is None:
            return None
        if self._rpc.busy:
            return self._rpc.next_timer()
        times = [] if self._boot_due is None else [self._boot_due]
        if self.accepted:
            times.append(self._heartbeat_due())
            if self._retry_at > 0 and self._outbox.head() is not None:
                times.append(self._retry_at)
        return min(times, default=None)

    def on_timer(self, moment: Moment) -> None:
        """Wire time has come."""
        if self._rpc is not None:
            self._rpc.on_timer(moment.now)
            self._drain(moment)
            self.pump(moment)

    def request(self, request: Request) -> None:
        """Send it when its turn has come (``pump``); without a link, or behind too many others, it is dropped."""
        if self._rpc is not None and len(self._requests) < _MOST_REQUESTS:
            self._requests.append(request)
        else:
            _log.warning("%s is not sent: %s", request.action, "too many wait" if self._rpc else "no link")

    def boot_soon(self, moment: Moment) -> None:
        """BootNotification now."""
        self._boot_due = moment.now

    def pump(self, moment: Moment) -> None:
        """Send what is next, if its turn has come."""
        # An answer goes out before anything that it sets off.
        while self._rpc is not None and not self._answering and not self._rpc.busy:
            if not self._send_next(self._rpc, moment):
                return

    # ----- Out -----

    def _send_next(self, rpc: Rpc, moment: Moment) -> bool:
        if self._boot_due is not None and moment.now >= self._boot_due:
            self._boot_due = None
            return self._send(rpc, Request("BootNotification", self._boot_payload()), moment)
        head = self._outbox.head() if self.accepted else None
        ready = next((r for r in self._requests if head is None or head.row_id > r.after_row), None)
        if ready is not None and (self.accepted or self.pending):
            self._requests.remove(ready)
            return self._send(rpc, ready, moment)
        if head is not None and moment.now >= self._retry_at:
            return self._send_booking(rpc, head, moment)
        if self.accepted and moment.now >= self._heartbeat_due():
            return self._send(rpc, Request("Heartbeat", {}), moment)
        return False

    def _send(self, rpc: Rpc, request: Request, moment: Moment) -> bool:
        try:
            rpc.call(request.action, request.payload, moment.now)
        except ValueError as problem:
            # This version's schema cannot carry what the app gave (an id token too long for 2.0.1, say).
            _log.warning("not sent: %s", problem)
            if request.on_failure is not None:
                request.on_failure("FormatViolation", moment)
            return True
        self._in_flight = request
        self._owner.tell(events.MessageSeen("out", request.action, request.payload))
        return True

    def _send_booking(self, rpc: Rpc, head: Waiting, moment: Moment) -> bool:
        payload = wire.transaction_event(
            head.record,
            offline=head.offline,
            version=self.version,
            measurands=self.measurands(head.record.event),
        )
        try:
            rpc.call("TransactionEvent", payload, moment.now, head.message_id)
        except ValueError as problem:
            self._give_up(head, "FormatViolation", str(problem))
            return True
        self._outbox.sent(head.row_id)
        self._in_flight = head
        self._owner.tell(events.MessageSeen("out", "TransactionEvent", payload))
        return True

    def measurands(self, event: str) -> frozenset[str]:
        """What the CSMS wants measured in an event of that type (Started, Updated, Ended)."""
        return self._model.members("SampledDataCtrlr", f"Tx{event}Measurands")

    def _heartbeat_due(self) -> float:
        return self._heard_at + self._model.number(_COMM, "HeartbeatInterval")

    def _boot_payload(self) -> Json:
        station: Json = {"model": self._config.model[:20], "vendorName": self._config.vendor[:50]}
        if self._config.serial is not None:
            station["serialNumber"] = self._config.serial[:25]
        if self._config.firmware is not None:
            station["firmwareVersion"] = self._config.firmware[:50]
        return {"chargingStation": station, "reason": "PowerUp"}

    # ----- In -----

    def _drain(self, moment: Moment) -> None:
        while self._rpc is not None and (event := self._rpc.next_event()) is not None:
            if isinstance(event, CallReceived):
                self.unasked += 1
                self._answer(self._rpc, event, moment)
            elif isinstance(event, Answered):
                self._silences = 0
                self._owner.tell(events.MessageSeen("in", f"{event.action}Response", event.payload))
                self._on_answer(event, moment)
            elif isinstance(event, CallFailed):
                self._on_failure(event, moment)
            elif isinstance(event, FrameRefused):
                self.unasked += 1
                _log.warning("a frame from the backend was refused: %s, %s", event.code, event.text)

    def _answer(self, rpc: Rpc, call: CallReceived, moment: Moment) -> None:
        self._owner.tell(events.MessageSeen("in", call.action, call.payload))
        boots = call.action == "TriggerMessage" and call.payload["requestedMessage"] == "BootNotification"
        if not (self.accepted or self.pending or boots):  # B01, B03: nothing before the first yes
            rpc.refuse(call, "SecurityError", "the BootNotification is not accepted yet")
            return
        self._answering = True
        try:
            payload = self._owner.answer(call.action, call.payload, moment)
            if payload is not None:
                rpc.reply(call, payload)
        except Refused as refusal:
            rpc.refuse(call, refusal.code, str(refusal))
            return
        except Exception:
            _log.exception("answering %s failed", call.action)
            rpc.refuse(call, "InternalError", "the station could not process this")
            return
        finally:
            self._answering = False
        if payload is None:
            rpc.refuse(call, "NotSupported", f"{call.action} is not supported by this station")
        else:
            self._owner.tell(events.MessageSeen("out", f"{call.action}Response", payload))

    def _on_answer(self, answer: Answered, moment: Moment) -> None:
        in_flight, self._in_flight = self._in_flight, None
        if answer.action == "BootNotification":
            self._on_boot(answer.payload, moment)
        elif isinstance(in_flight, Waiting):
            self._outbox.delivered(in_flight.row_id)
            self._retry_at = 0.0
            status = answer.payload.get("idTokenInfo", {}).get("status", "Accepted")
            if status != "Accepted":
                self._owner.tell(events.TransactionDeauthorised(in_flight.record.transaction_id, status))
        elif in_flight is not None and in_flight.on_answer is not None:
            in_flight.on_answer(answer.payload, moment)

    def _on_failure(self, failure: CallFailed, moment: Moment) -> None:
        in_flight, self._in_flight = self._in_flight, None
        _log.warning("%s: %s %s", failure.action, failure.code, failure.text)
        self._silences = self._silences + 1 if failure.code == TIMEOUT else 0
        if self._silences >= _SILENCES_TO_HANG_UP:
            self.hang_up = f"{self._silences} requests in a row unanswered"
        if failure.action == "BootNotification":
            self._boot_due = moment.now + _BOOT_RETRY_S
        elif failure.code == "SecurityError":  # the CSMS has forgotten us: introduce ourselves again
            self.accepted, self._boot_due = False, moment.now
        elif isinstance(in_flight, Waiting):
            self._on_booking_failure(in_flight, failure, moment)
        if isinstance(in_flight, Request) and in_flight.on_failure is not None:
            in_flight.on_failure(failure.code, moment)

    def _on_booking_failure(self, head: Waiting, failure: CallFailed, moment: Moment) -> None:
        """E13: wait longer each time; only refusals count, never silence."""
        tries = head.refused + (failure.code != TIMEOUT)
        if tries >= self._model.number(_COMM, "MessageAttempts", "TransactionEvent"):
            self._give_up(head, failure.code, failure.text)
            return
        if failure.code != TIMEOUT:
            self._outbox.refused(head.row_id)
        pause_s = self._model.number(_COMM, "MessageAttemptInterval", "TransactionEvent")
        self._retry_at = moment.now + pause_s * max(tries, 1)

    def _give_up(self, head: Waiting, code: str, text: str) -> None:
        self._outbox.give_up(head, code, text)
        self._retry_at = 0.0
        self._owner.tell(events.MessageGivenUp(head.record.transaction_id, head.record.seq_no, code, text))

    def _on_boot(self, payload: Json, moment: Moment) -> None:
        status, asked_s = payload["status"], float(payload["interval"])
        self.accepted, self.pending = status == "Accepted", status == "Pending"
        default_s = self._config.heartbeat_s if self.accepted else _BOOT_RETRY_S
        interval_s = min(asked_s, _LONGEST_WAIT_S) if asked_s > 0 else default_s
        try:
            csms_time_s = parse_time(payload["currentTime"])
        except (ValueError, OverflowError):
            csms_time_s = moment.at
        self._owner.tell(events.BootAnswer(status, interval_s, csms_time_s))
        if self.accepted:
            self._booted_in = self.version
            self._model.keep_number(_COMM, "HeartbeatInterval", interval_s)
            self._owner.accepted(moment)
        else:
            self._boot_due = moment.now + interval_s
