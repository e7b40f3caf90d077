"""What one station is: identity, EVSEs and where its CSMS is. Fixed while it runs."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from protocols.ocpp.versions import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Evse:
    """One EVSE with its one connector."""

    evse_id: int = 1
    dc: bool = True
    phases: int = 3
    """AC phases at the grid side."""
    voltage_v: float = 230.0
    """Nominal phase voltage, for profiles in ampere (K01.FR.50)."""
    charge_max_w: float = 11_000.0
    discharge_max_w: float = 10_000.0
    """W ≥ 0; 0: cannot discharge."""
    modes: tuple[str, ...] = ("DC", "DC_BPT")
    """Energy transfer modes it offers."""
    connector_type: str = "cCCS2"

    @property
    def rate_units(self) -> tuple[str, ...]:
        """Units in which its profiles may be: ampere means nothing on a DC plug."""
        return ("W",) if self.dc else ("A", "W")


@dataclass(frozen=True, slots=True, kw_only=True)
class StationConfig:
    """One charging station as its CSMS sees it."""

    station_id: str
    """Identity at the CSMS: at most 48 characters, no colon; also the basic-auth user."""
    url: str
    """The CSMS's OCPP-J endpoint, ``ws://`` or ``wss://``, without the identity."""
    password: str | None = field(default=None, repr=False)
    """Basic-auth password (security profiles 1 and 2)."""
    versions: tuple[Version, ...] = (Version.V21, Version.V201)
    """Offered in this order."""
    evses: tuple[Evse, ...] = (Evse(),)
    vendor: str = "Twoway"
    model: str = "Twoway home"
    serial: str | None = None
    firmware: str | None = None
    sample_s: float = 60.0
    """First value of SampledDataCtrlr.TxUpdatedInterval: home seconds between meter values."""
    heartbeat_s: float = 300.0
    """Used where the CSMS's BootNotification answer gives no interval."""
    call_timeout_s: float = 30.0

    def __post_init__(self) -> None:
        """ValueError, in one line, for what no CSMS could take."""
        if not self.station_id or len(self.station_id) > 48 or ":" in self.station_id:
            raise ValueError(f"station id {self.station_id!r}: 1 to 48 characters, no colon")
        _check_url(self.url)
        if not self.versions:
            raise ValueError("a station needs at least one OCPP version")
        if [evse.evse_id for evse in self.evses] != list(range(1, len(self.evses) + 1)) or not self.evses:
            raise ValueError("EVSEs are numbered 1, 2, …")

    def evse(self, evse_id: int) -> Evse | None:
        """The EVSE with that number."""
        return self.evses[evse_id - 1] if 1 <= evse_id <= len(self.evses) else None


def _check_url(url: str) -> None:
    if not url.startswith(("ws://", "wss://")):
        raise ValueError(f"backend url {url!r}: must begin with ws:// or wss://")
    try:
        parts = urlsplit(url)
        good = bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"backend url {url!r}: needs a host, and a port from 1 to 65535 if any")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("backend url: no user, query or fragment in it; the password belongs into the secrets file")
