"""The JSON lines that ``twoway secc`` and ``twoway car`` print: one a message, one a state change, one summary.

Stable keys. A message: ``time`` (ISO 8601, UTC), ``kind`` "message", ``sender`` ("evcc" or "secc"), ``namespace``,
``message``, ``state`` (of this end, when it came or went), ``json`` (the body, element names as in the standard).
The connection: ``time``, ``kind`` "connection", ``security`` (``tls`` null or the version, ``cipher``, ``peer``, ...).
A contract (Plug & Charge): ``time``, ``kind`` "contract", and ``accepted``, ``installed`` (EMAID) or ``refused`` (why).
A state change: ``time``, ``kind`` "state", ``state``, ``previous``. The last line of a session: ``summary``.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.commands.arguments import port, positive
from protocols.exi import to_json
from protocols.iso15118 import (
    ConnectionOpened,
    ConnectionSecurity,
    ContractAccepted,
    ContractInstalled,
    ContractRefused,
    ControlMode,
    Event,
    LoopAnswered,
    MessageSeen,
    ProtocolChosen,
    ProtocolName,
    Service,
    ServiceSelected,
    SessionEnded,
    SessionStarted,
    SetPointReceived,
    StateChanged,
    Timings,
)
from protocols.iso15118.wire.sdp import SDP_PORT

log = logging.getLogger(__name__)

SERVICES = {service.name.lower(): service for service in Service}
CONTROL_MODES = {mode.name.lower(): mode for mode in ControlMode}
PROTOCOLS = {protocol.value: protocol for protocol in ProtocolName}

LINES_HELP = """\
Standard output has one JSON line a message and a state change, and one at the end of a session:
  {"time", "kind": "connection", "security": {"tls": null or the version, "cipher", "group", "peer", "issuer", ...}}
  {"time", "kind": "message", "sender": "evcc" or "secc", "namespace", "message", "state", "json": the body}
  {"time", "kind": "state", "state", "previous"}
  {"summary": {"proper", "reason", "service", "control_mode", "security", "messages", "charge_loops", ...}}
"""


@dataclass(slots=True)
class Totals:
    """What the summary tells of one session."""

    began_s: float | None = None
    peer_id: str = ""
    session_id: str = ""
    protocol: str | None = None
    service: str | None = None
    control_mode: str | None = None
    resumed: bool = False
    messages: int = 0
    charge_loops: int = 0
    security: ConnectionSecurity | None = None
    contract: str | None = None
    least_w: float | None = None
    most_w: float | None = None


class SessionLog:
    """Prints events as they come; `energy_wh` gives (charged, discharged) for the summary. `lab_switch`: -20 goes
    without TLS, which the summary then tells."""

    def __init__(self, energy_wh: Callable[[], tuple[float, float]], *, lab_switch: bool = False) -> None:
        self._energy_wh = energy_wh
        self._lab_switch = lab_switch
        self.totals = Totals()
        self.sessions = 0
        """Sessions that are over; a connection that ended without one message was none."""
        self.all_proper = True

    def handle(self, event: Event) -> None:
        """Print what there is to print of one event, and count it."""
        totals = self.totals
        if totals.began_s is None:
            totals.began_s = event.time_s
        match event:
            case MessageSeen():
                totals.messages += 1
                self._print_message(event)
            case ConnectionOpened(security=security):
                totals.security = security
                _line(event, "connection", security=_told(security, self._lab_switch))
            case ContractAccepted(emaid=emaid):
                totals.contract = emaid
                _line(event, "contract", accepted=emaid)
            case ContractInstalled(emaid=emaid):
                _line(event, "contract", installed=emaid)
            case ContractRefused(reason=reason):
                _line(event, "contract", refused=reason)
            case StateChanged():
                _line(event, "state", state=event.state, previous=event.previous)
            case SessionStarted():
                totals.peer_id, totals.session_id = event.peer_id, event.session_id
                totals.resumed = event.resumed
            case ProtocolChosen(protocol=protocol):
                totals.protocol = protocol.value
            case ServiceSelected():
                totals.service = event.service.name.lower()
                totals.control_mode = event.control_mode.name.lower()
            case LoopAnswered(set_point_w=power_w) | SetPointReceived(set_point_w=power_w):
                totals.charge_loops += 1
                totals.least_w = power_w if totals.least_w is None else min(totals.least_w, power_w)
                totals.most_w = power_w if totals.most_w is None else max(totals.most_w, power_w)
            case SessionEnded():
                self._summarise(event)
            case _:
                pass

    def _print_message(self, event: MessageSeen) -> None:
        # The document of ISO 15118-2 and DIN SPEC 70121 is a V2G_Message, whose body the message is.
        (body,) = to_json(event.message).values()
        _line(
            event,
            "message",
            sender=event.sender,
            namespace=event.namespace,
            message=event.name,
            state=event.state,
            json=body,
        )

    def _summarise(self, event: SessionEnded) -> None:
        totals, self.totals = self.totals, Totals()
        if totals.messages:
            self.sessions += 1
            self.all_proper = self.all_proper and event.proper
        charged_wh, discharged_wh = self._energy_wh()
        summary = {
            "proper": event.proper,
            "paused": event.paused,
            "resumed": totals.resumed,
            "reason": event.reason,
            "peer": totals.peer_id,
            "session": totals.session_id,
            "protocol": totals.protocol,
            "service": totals.service,
            "control_mode": totals.control_mode,
            "security": _told(totals.security, self._lab_switch) if totals.security else None,
            "contract": totals.contract,
            "messages": totals.messages,
            "charge_loops": totals.charge_loops,
            "least_set_point_w": totals.least_w,
            "most_set_point_w": totals.most_w,
            "charged_wh": round(charged_wh, 3),
            "discharged_wh": round(discharged_wh, 3),
            "duration_s": round(event.time_s - (totals.began_s or event.time_s), 3),
        }
        if event.evidence:
            summary["message"] = event.evidence
        _print({"summary": summary})


def _told(security: ConnectionSecurity, lab_switch: bool) -> dict[str, Any]:
    """What protects the connection, for a line: ``tls`` null where nothing does."""
    if not security.secured:
        return {"tls": None, "lab_switch": lab_switch}
    peer = security.peer
    return {
        "tls": security.version,
        "cipher": security.cipher,
        "group": security.group,
        "peer": peer.subject if peer else None,
        "issuer": peer.issuer if peer else None,
        "not_after": peer.not_after.isoformat().replace("+00:00", "Z") if peer else None,
        "ocsp_stapled": security.ocsp_stapled,
    }


def _line(event: Event, kind: str, **rest: Any) -> None:
    time = datetime.fromtimestamp(event.time_s, UTC).isoformat(timespec="milliseconds")
    _print({"time": time.replace("+00:00", "Z"), "kind": kind, **rest})


def _print(line: dict[str, Any]) -> None:
    try:
        print(json.dumps(line, ensure_ascii=False, separators=(",", ":")), flush=True)
    except OSError as error:
        # The reader has left (`| head`), or the disk is full; the session still has to end in order.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            log.warning("standard output ends here: %s", error.strerror)


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that both ends share."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--interface", required=True, metavar="IF", help="network interface to the other end; lo for this machine"
    )
    parser.add_argument(
        "--protocol",
        action="append",
        choices=PROTOCOLS,
        help="what may be spoken, may be repeated; a car proposes them in this order (default: a charger all of them, "
        "a car the one of ISO 15118-20 for its service)",
    )
    parser.add_argument(
        "--timeout-scale",
        type=positive,
        default=1.0,
        metavar="N",
        help="laboratory: wait N times as long as the standard says, for peers slower than it",
    )
    parser.add_argument(
        "--sdp-port",
        type=port,
        default=SDP_PORT,
        metavar="PORT",
        help="laboratory: another UDP port for discovery (default %(default)s)",
    )


def protocols_of(args: argparse.Namespace) -> tuple[ProtocolName, ...]:
    """The protocols asked for, in order; none if nothing was said."""
    return tuple(PROTOCOLS[name] for name in args.protocol or ())


def timings_of(args: argparse.Namespace) -> Timings:
    """The standard's timers, or longer ones if asked for."""
    timings = Timings()
    return timings if args.timeout_scale == 1.0 else timings.scaled(args.timeout_scale)


def tell_warnings(command: str) -> None:
    """What the protocol logs as a warning goes to standard error, one line each, with the command's name before it."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format=f"twoway {command}: %(message)s")


def on_stop_signal(callback: Callable[[], None]) -> None:
    """Call back on Ctrl-C and SIGTERM, in the running loop; where a system has none, Ctrl-C stays as it is."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, callback)
