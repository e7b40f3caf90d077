"""What protects one connection: a fact for the handshake's policy, for logs and for screens."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """Who the peer is by its certificate, in RFC 4514's words."""

    subject: str
    issuer: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class ConnectionSecurity:
    """What protects one connection. `version` is "" without TLS, else "TLSv1.2" or "TLSv1.3"."""

    version: str = ""
    cipher: str = ""
    group: str = ""
    peer: PeerCertificate | None = None
    ocsp_stapled: bool = False
    """Car's side: whether the charger's OCSP response came with the handshake, and was accepted."""
    resumed: bool = False

    @property
    def secured(self) -> bool:
        """Whether there is TLS at all."""
        return bool(self.version)


PLAIN = ConnectionSecurity()
