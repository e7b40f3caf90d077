"""One end of TLS over bytes, sans I/O: a peek into the ClientHello, then OpenSSL between two memory buffers.

Used as a session is: `receive` bytes and get the plain ones, `send` plain ones, take `data_to_send`. `facts` is there
once the handshake is done; `failure`, one sentence, once there is nothing more to hope for.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from OpenSSL import SSL

from protocols.iso15118.wire.tls import alerts, openssl
from protocols.iso15118.wire.tls.alerts import Alert
from protocols.iso15118.wire.tls.hello import ClientHello, HelloError, read_hello
from protocols.iso15118.wire.tls.profile import (
    Chain,
    CheckPeer,
    CheckStaple,
    Credential,
    KeyLog,
    PeerRefused,
    TlsFacts,
    TlsProfile,
)

CHUNK_BYTES = 65_536
_READ_ALERT = SSL.SSL_CB_READ_ALERT
_WRITE_ALERT = SSL.SSL_CB_WRITE_ALERT


class TlsEnd(ABC):
    """What both ends share. `peer` is how sentences call the other end."""

    peer: str

    def __init__(self, key_log: KeyLog | None) -> None:
        self.facts: TlsFacts | None = None
        self.failure: str | None = None
        self.closed = False
        """Whether the peer said that it sends no more (close_notify)."""
        self._key_log = key_log
        self._connection: SSL.Connection | None = None
        self._out = bytearray()
        self._refused: PeerRefused | None = None
        self._judged = False
        self._alert_received: int | None = None
        self._alert_sent: int | None = None
        self._ocsp_response = b""
        self._peer_chain: Chain = ()

    @property
    def over(self) -> bool:
        """Whether nothing more can come from the peer."""
        return self.closed or self.failure is not None

    @property
    @abstractmethod
    def _checks_peer(self) -> bool:
        """Whether a peer without a certificate is refused."""

    @property
    @abstractmethod
    def _profile(self) -> TlsProfile | None:
        """What is spoken, as soon as that is settled."""

    def receive(self, data: bytes) -> bytes:
        """Take bytes from the peer; return what they carry for the session, once the handshake is done."""
        if not data or self.over or self._connection is None:
            return b""
        self._connection.bio_write(data)
        if self.facts is None:
            self._handshake()
        return self._read() if self.facts is not None else b""

    def send(self, plain: bytes) -> None:
        """Encrypt for the peer."""
        if plain and self._connection is not None and self.failure is None and self.facts is not None:
            try:
                self._connection.sendall(plain)
            except SSL.Error as error:
                self._fail(error)

    def data_to_send(self) -> bytes:
        """Bytes for the peer, once."""
        if self._connection is not None:
            with suppress(SSL.WantReadError):
                while True:
                    self._out += self._connection.bio_read(CHUNK_BYTES)
        data = bytes(self._out)
        self._out.clear()
        return data

    def close(self) -> None:
        """Tell the peer that no more comes (close_notify)."""
        if self._connection is not None and self.facts is not None and self.failure is None:
            with suppress(SSL.Error):
                self._connection.shutdown()

    def lost(self, reason: str) -> str:
        """What the end of the connection means here: an attacker can cut it, but cannot forge a close_notify."""
        if self.failure is not None:
            return self.failure
        if self.facts is None:
            return f"{self.peer} left during the TLS handshake: {reason}"
        return reason if self.closed else f"{reason}, without TLS's close_notify"

    def _handshake(self) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            connection.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            self._fail(error)
            return
        if self._checks_peer and not self._judged:
            # OpenSSL always asks the judge; were it ever otherwise, nobody gets in.
            self.failure = f"the certificate of {self.peer} was not checked"
            return
        cipher, group = connection.get_cipher_name() or "", connection.get_group_name() or ""
        profile = self._profile
        breach = profile.breach(cipher, group) if profile is not None else "this version of TLS"
        if breach is not None:
            self.failure = f"{self.peer} chose {breach}, which {profile.name if profile else 'nothing here'} has not"
            return
        self.facts = TlsFacts(
            version=connection.get_protocol_version_name(),
            cipher=cipher,
            group=group,
            peer_chain=self._peer_chain,
            ocsp_response=self._ocsp_response,
            resumed=openssl.resumed(connection),
        )

    def _read(self) -> bytes:
        plain = bytearray()
        if self._connection is None:
            return b""
        try:
            while True:
                plain += self._connection.recv(CHUNK_BYTES)
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.closed = True
        except SSL.Error as error:
            self._fail(error)
        return bytes(plain)

    def _open(self, context: SSL.Context) -> SSL.Connection:
        """A connection between two memory buffers, with what is common to both ends hung in."""
        if self._key_log is not None:
            log = self._key_log
            context.set_keylog_callback(lambda _, line: log(line.decode("ascii", "replace")))
        context.set_info_callback(self._note_alert)
        return SSL.Connection(context, None)

    def _note_alert(self, _: SSL.Connection, where: int, value: int) -> None:
        if where & _READ_ALERT == _READ_ALERT:
            self._alert_received = value & 0xFF
        elif where & _WRITE_ALERT == _WRITE_ALERT:
            self._alert_sent = value & 0xFF

    def _judge(self, check: CheckPeer, chain: Chain) -> Alert | None:
        self._judged = True
        try:
            profile = self._profile
            if not chain or profile is None:
                raise PeerRefused(f"{self.peer} gave no certificate that could be checked")
            check(chain, profile)
        except PeerRefused as refused:
            self._refused = refused
            return refused.alert
        except Exception as error:  # a fault of ours: nobody gets in by it, and C cannot raise it on
            self._refused = PeerRefused(f"its certificate could not be checked: {error}", Alert.INTERNAL_ERROR)
            return Alert.INTERNAL_ERROR
        self._peer_chain = chain
        return None

    def _fail(self, error: SSL.Error) -> None:
        """Turn OpenSSL's error into one sentence: what we found, what the peer said, or what OpenSSL says."""
        if self._refused is not None:
            self.failure = str(self._refused)
        elif self._alert_received is not None:
            self.failure = alerts.received_sentence(self.peer, self._alert_received)
        else:
            self.failure = _own_sentence(self.peer, error, self._alert_sent, handshake=self.facts is None)


def _own_sentence(peer: str, error: SSL.Error, alert: int | None, *, handshake: bool) -> str:
    reasons = error.args[0] if error.args and isinstance(error.args[0], list) else []
    reason = ", ".join(dict.fromkeys(str(entry[2]) for entry in reasons if entry[2])) or str(error) or "no reason"
    if "peer did not return a certificate" in reason:
        return f"{peer} has no certificate for TLS, and one is asked for; give it one, or use the mode without TLS"
    where = "the TLS handshake with" if handshake else "TLS with"
    told = f" (TLS alert {alerts.alert_name(alert)} sent)" if alert is not None else ""
    return f"{where} {peer} failed: {reason}{told}"


@dataclass(frozen=True, slots=True)
class TlsOffer:
    """One profile that the charger speaks, with the credential for it. `check_peer` is for a mutual profile."""

    profile: TlsProfile
    credential: Credential
    check_peer: CheckPeer | None = None


class TlsServer(TlsEnd):
    """The charger's end: the first of its offers that suits the car's ClientHello is used."""

    peer = "the car"

    def __init__(self, offers: Sequence[TlsOffer], *, key_log: KeyLog | None = None) -> None:
        super().__init__(key_log)
        self.offer: TlsOffer | None = None
        self._offers = tuple(offers)
        self._hello = bytearray()

    @property
    def _checks_peer(self) -> bool:
        return self.offer is not None and self.offer.profile.mutual

    @property
    def _profile(self) -> TlsProfile | None:
        return self.offer.profile if self.offer is not None else None

    def receive(self, data: bytes) -> bytes:
        """Take bytes from the car; the first are looked at before OpenSSL sees them."""
        if self._connection is not None or self.over:
            return super().receive(data)
        self._hello += data
        try:
            hello = read_hello(self._hello)
        except HelloError as error:
            self._refuse(f"the car does not begin TLS: {error}", Alert.DECODE_ERROR)
            return b""
        if hello is None:
            return b""
        self._choose(hello)
        first, self._hello = bytes(self._hello), bytearray()
        return super().receive(first)

    def _choose(self, hello: ClientHello) -> None:
        misfits = []
        for offer in self._offers:
            misfit = offer.profile.misfit(hello) or offer.credential.misfit(offer.profile, hello)
            if misfit is None:
                self._begin(offer)
                return
            misfits.append(f"{offer.profile.name} wants other than the car has: {misfit}")
        versions = {offer.profile.version for offer in self._offers}
        no_version = all(f"no {version}" in " ".join(misfits) for version in versions)
        alert = Alert.PROTOCOL_VERSION if no_version else Alert.HANDSHAKE_FAILURE
        self._refuse(f"no TLS in common with the car; {'; '.join(misfits) or 'nothing is offered'}", alert)

    def _refuse(self, sentence: str, alert: Alert) -> None:
        self.failure = sentence
        self._hello.clear()
        self._out += alerts.record(alert)

    def _begin(self, offer: TlsOffer) -> None:
        self.offer = offer
        try:
            context = openssl.make_context(SSL.TLS_SERVER_METHOD, (offer.profile,), offer.credential)
        except openssl.TlsError as error:
            self._refuse(str(error), Alert.INTERNAL_ERROR)
            return
        check = offer.check_peer
        if offer.profile.mutual:
            openssl.demand_certificate(
                context, lambda chain: self._judge(check if check is not None else _nobody, chain)
            )
        source = offer.credential.ocsp_response
        if source is not None:
            context.set_ocsp_server_callback(lambda *_: source())
        self._connection = self._open(context)
        self._connection.set_accept_state()


def _nobody(_: Chain, __: TlsProfile) -> None:
    raise PeerRefused("there is no trust store to check the car's certificate with", Alert.UNKNOWN_CA)


class TlsClient(TlsEnd):
    """The car's end. `credential` is what it shows when asked; `check_staple` None: no OCSP response is asked for.

    Raises `TlsError` for a credential that cannot be used.
    """

    peer = "the charger"
    _checks_peer = True

    def __init__(
        self,
        profiles: Sequence[TlsProfile],
        check_peer: CheckPeer,
        credential: Credential | None = None,
        *,
        check_staple: CheckStaple | None = None,
        key_log: KeyLog | None = None,
    ) -> None:
        super().__init__(key_log)
        self._profiles = tuple(profiles)
        self._check_staple = check_staple
        context = openssl.make_context(SSL.TLS_CLIENT_METHOD, profiles, credential)
        openssl.demand_certificate(context, lambda chain: self._judge(check_peer, chain))
        if check_staple is not None:
            context.set_ocsp_client_callback(lambda _, response, __: self._take_staple(response))
        self._connection = self._open(context)
        self._connection.set_connect_state()
        if check_staple is not None:
            self._connection.request_ocsp()

    @property
    def _profile(self) -> TlsProfile | None:
        spoken = self._connection.get_protocol_version_name() if self._connection is not None else ""
        return next((profile for profile in self._profiles if profile.version.value == spoken), None)

    def begin(self) -> None:
        """Send the ClientHello."""
        self._handshake()

    def _take_staple(self, response: bytes) -> bool:
        self._ocsp_response = response
        check = self._check_staple
        try:
            if check is not None:
                check(response, self._peer_chain)
        except PeerRefused as refused:
            self._refused = refused
            return False
        except Exception as error:
            self._refused = PeerRefused(f"the OCSP response could not be checked: {error}")
            return False
        return True
