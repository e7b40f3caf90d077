"""Why the backend is away, in words that tell what to look at. They go after "the backend is away: "."""

import errno
import re
import socket
import ssl

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, ProxyError

_STATUS = {401: "the password is wrong", 403: "it is not allowed", 404: "the backend does not know this station"}

_REFUSED = "it refuses the connection: check [backend] url, and whether the backend runs"
_SILENT = "it does not answer: check [backend] url, and whether a firewall is between"
_NO_ROAD = "no network leads there: check this home's internet connection, and [backend] url"
_BROKE_OFF = "the connection broke off"
_NO_WEBSOCKET = "no WebSocket answers there: check [backend] url (ws:// or wss://, port and path)"

_NUMBERS = {
    errno.ECONNREFUSED: _REFUSED,
    errno.ETIMEDOUT: _SILENT,
    errno.ENETUNREACH: _NO_ROAD,
    errno.EHOSTUNREACH: _NO_ROAD,
    errno.ECONNRESET: _BROKE_OFF,
    errno.EPIPE: _BROKE_OFF,
}


def why_away(problem: BaseException) -> str:
    """One line without a full stop for what ``websockets`` or the system raised."""
    match problem:
        case InvalidStatus():
            status = problem.response.status_code
            return f"the backend answered HTTP {status}" + (f": {_STATUS[status]}" if status in _STATUS else "")
        case ConnectionClosed():
            return _closed(problem)
        case ssl.SSLCertVerificationError():
            cause = problem.verify_message or "it is not valid"
            return f"its TLS certificate is refused ({cause}): check [backend] url, and this machine's date"
        case ssl.SSLError():
            return "TLS does not come about: check whether [backend] url needs ws:// instead of wss://"
        case socket.gaierror() | UnicodeError():
            return "its name is not found: check [backend] url, and this home's internet connection"
        case TimeoutError():
            return _SILENT
        case OSError():
            return _system(problem)
        case EOFError():
            return _NO_WEBSOCKET
        case InvalidHandshake() if not isinstance(problem, ProxyError):
            return _NO_WEBSOCKET
        case _:
            return str(problem) or type(problem).__name__


def _system(problem: OSError) -> str:
    """By number; where several addresses were tried in vain, asyncio tells their numbers in the text alone."""
    numbers = [problem.errno] if problem.errno else map(int, re.findall(r"\[Errno (\d+)\]", str(problem)))
    known = [_NUMBERS[number] for number in numbers if number in _NUMBERS]
    return known[-1] if known else f"it cannot be reached: check [backend] url ({problem.strerror or problem})"


def _closed(closed: ConnectionClosed) -> str:
    if closed.rcvd is not None and closed.rcvd_then_sent is not False:
        return f"it closed the connection (code {closed.rcvd.code}{_said(closed.rcvd.reason)})"
    if closed.sent is None:
        return _BROKE_OFF
    if "ping timeout" in closed.sent.reason:
        return "it no longer answers pings"
    return f"the connection was closed from here (code {closed.sent.code}{_said(closed.sent.reason)})"


def _said(reason: str) -> str:
    return f", {reason}" if reason else ""
