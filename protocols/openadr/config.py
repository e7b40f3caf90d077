"""What a VEN must be told, and how it tells of its link."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from protocols.openadr.events import Shift
from protocols.openadr.versions import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class VenConfig:
    """Everything a VEN must be told."""

    version: Version
    client_id: str
    """Empty: the VTN is open to all, no token is asked for."""
    client_secret: str = field(repr=False)
    ven_name: str
    resource_names: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    """Groups that this home belongs to, besides its names."""
    programs: tuple[str, ...] = ()
    """Names or ids of the programmes to take part in; empty: all that the VTN shows."""
    token_url: str | None = None
    """None: ``/auth/token``, or what the VTN tells (3.1)."""
    poll_s: float = 30.0
    programs_poll_s: float = 3_600.0
    backoff_min_s: float = 2.0
    backoff_max_s: float = 300.0
    page_size: int = 50
    ad_hoc_report_s: float = 900.0


class LinkState(StrEnum):
    """How the link to the utility is."""

    STARTING = "starting"
    OK = "ok"
    WAITING = "waiting"
    """It failed and is tried again."""
    REFUSED = "refused"
    """Somebody has to act: the credentials are not accepted."""


@dataclass(frozen=True, slots=True)
class VenHealth:
    """How the link is, in a word and in a sentence for a person."""

    state: LinkState
    sentence: str
    last_contact_s: float | None
    """When the events were last read completely."""


def steady_shift(secret: str) -> Shift:
    """Draws for ``randomizeStart``: uniform in -1..1, the same for a key after a restart, other in each home."""

    def shift(key: str) -> float:
        digest = hashlib.blake2b(f"{secret}\n{key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) / 2**63 - 1.0

    return shift
