"""What each end insists on before it speaks, and the TLS ends that follow from it."""

from dataclasses import dataclass, replace

from protocols.iso15118.connection import ConnectionSecurity, PeerCertificate
from protocols.iso15118.credentials import CarCredentials, ChargerCredentials
from protocols.iso15118.wire.sdp import Security
from protocols.iso15118.wire.tls import (
    V2,
    V20,
    CheckPeer,
    CheckStaple,
    Credential,
    KeyLog,
    TlsClient,
    TlsEnd,
    TlsFacts,
    TlsOffer,
    TlsProfile,
    TlsServer,
)
from protocols.pki.names import common_name


def described(facts: TlsFacts) -> ConnectionSecurity:
    """The facts of a handshake, without the certificates themselves."""
    peer = None
    if facts.peer_chain:
        own = facts.peer_chain[0]
        peer = PeerCertificate(
            own.subject.rfc4514_string(), own.issuer.rfc4514_string(), own.not_valid_after_utc, common_name(own.subject)
        )
    return ConnectionSecurity(facts.version, facts.cipher, facts.group, peer, bool(facts.ocsp_response), facts.resumed)


@dataclass(frozen=True, slots=True)
class SeccSecurity:
    """What the charger insists on: the TLS it offers, and whether it talks without (a lab switch for -20)."""

    offers: tuple[TlsOffer, ...] = ()
    allow_plain: bool = True
    key_log: KeyLog | None = None
    contracts: ChargerCredentials | None = None
    """Plug & Charge; None: external means only."""

    def with_contracts(self, contracts: ChargerCredentials | None) -> "SeccSecurity":
        """The same, with Plug & Charge."""
        return replace(self, contracts=contracts)

    def answer(self, asked: Security) -> Security | None:
        """What SDP answers a car that asks for this; None: no answer, as nothing here suits it."""
        if self.offers and (asked is Security.TLS or not self.allow_plain):
            return Security.TLS
        return Security.NONE if self.allow_plain else None

    def tls(self) -> TlsEnd:
        """A fresh end for one connection."""
        return TlsServer(self.offers, key_log=self.key_log)


@dataclass(frozen=True, slots=True)
class EvccSecurity:
    """What the car insists on. `check_peer` None: it asks for a session without TLS."""

    check_peer: CheckPeer | None = None
    credential: Credential | None = None
    profiles: tuple[TlsProfile, ...] = (V20, V2)
    check_staple: CheckStaple | None = None
    allow_plain: bool = False
    """Whether a car that asked for TLS goes on with a charger that has none."""
    key_log: KeyLog | None = None
    contracts: CarCredentials | None = None
    """Plug & Charge; None: external means only."""

    def with_contracts(self, contracts: CarCredentials | None) -> "EvccSecurity":
        """The same, with Plug & Charge."""
        return replace(self, contracts=contracts)

    @property
    def asks(self) -> Security:
        """What the car asks for by SDP."""
        return Security.NONE if self.check_peer is None else Security.TLS

    def tls(self) -> TlsEnd | None:
        """A fresh end for one connection; None where the car has no TLS."""
        if self.check_peer is None:
            return None
        return TlsClient(
            self.profiles,
            self.check_peer,
            self.credential,
            check_staple=self.check_staple,
            key_log=self.key_log,
        )
