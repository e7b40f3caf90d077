"""What protects one connection: a fact for the handshake's policy, for logs and for screens."""

from dataclasses import dataclass
from datetime import datetime

from protocols.iso15118.secured import Secured


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """Who the peer is by its certificate, in RFC 4514's words; `common_name` is its ID alone."""

    subject: str
    issuer: str
    not_after: datetime
    common_name: str = ""


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

    @property
    def level(self) -> Secured:
        """The same in steps that a protocol can ask for."""
        return {"TLSv1.3": Secured.TLS_1_3, "TLSv1.2": Secured.TLS_1_2}.get(self.version, Secured.NONE)


PLAIN = ConnectionSecurity()
