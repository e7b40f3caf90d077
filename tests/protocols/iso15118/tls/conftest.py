"""A small certificate factory, and a wire in memory between two ends of TLS."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from protocols.iso15118.wire.tls import Alert, Credential, PeerRefused, TlsEnd

NOW = dt.datetime.now(dt.UTC)
CURVES = {"P-256": ec.SECP256R1, "P-521": ec.SECP521R1}


def make_key(kind: str) -> Any:
    return ed448.Ed448PrivateKey.generate() if kind == "Ed448" else ec.generate_private_key(CURVES[kind]())


def digest(key: Any) -> Any:
    if isinstance(key, ed448.Ed448PrivateKey):
        return None
    return hashes.SHA512() if key.curve.key_size > 256 else hashes.SHA256()


@dataclass
class Authority:
    """A root with one CA below it."""

    kind: str = "P-521"
    name: str = "V2G root"
    root_key: Any = None
    root: Any = None
    sub_key: Any = None
    sub: Any = None

    def __post_init__(self) -> None:
        self.root_key, self.sub_key = make_key(self.kind), make_key(self.kind)
        self.root = self._issue(self.name, self.root_key.public_key(), self.name, self.root_key, ca=True)
        self.sub = self._issue(f"{self.name} sub", self.sub_key.public_key(), self.name, self.root_key, ca=True)

    def credential(self, name: str, *, ocsp_status: ocsp.OCSPCertStatus | None = None, key: Any = None) -> Credential:
        key = key or make_key(self.kind)
        leaf = self._issue(name, key.public_key(), f"{self.name} sub", self.sub_key, ca=False)
        response = self.ocsp(leaf, ocsp_status) if ocsp_status is not None else None
        return Credential((leaf, self.sub), key, (lambda: response) if response is not None else None)

    def ocsp(self, leaf: x509.Certificate, status: ocsp.OCSPCertStatus) -> bytes:
        revoked = status is ocsp.OCSPCertStatus.REVOKED
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=leaf,
            issuer=self.sub,
            algorithm=hashes.SHA256(),
            cert_status=status,
            this_update=NOW,
            next_update=NOW + dt.timedelta(days=1),
            revocation_time=NOW if revoked else None,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, self.sub)
        return builder.sign(self.sub_key, digest(self.sub_key)).public_bytes(serialization.Encoding.DER)

    def _issue(self, name: str, public: Any, issuer: str, key: Any, *, ca: bool) -> x509.Certificate:
        def named(text: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        return (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named(issuer))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - dt.timedelta(days=1))
            .not_valid_after(NOW + dt.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .sign(key, digest(key))
        )

    def check(self, chain: tuple[x509.Certificate, ...], _: Any) -> None:
        """A judge that knows this root only."""
        if chain[1].issuer != self.root.subject:
            raise PeerRefused(f"{chain[0].subject.rfc4514_string()} is from a root that is not known", Alert.UNKNOWN_CA)
        chain[1].verify_directly_issued_by(self.root)


@dataclass
class Wire:
    """Carries bytes between the two ends until neither moves."""

    client: TlsEnd
    server: TlsEnd
    to_client: bytearray = field(default_factory=bytearray)
    """What the client's session has received."""
    to_server: bytearray = field(default_factory=bytearray)
    chunk: int = 1 << 20

    def run(self) -> "Wire":
        for _ in range(1000):
            up, down = self.client.data_to_send(), self.server.data_to_send()
            for start in range(0, len(up), self.chunk):
                self.to_server += self.server.receive(up[start : start + self.chunk])
            for start in range(0, len(down), self.chunk):
                self.to_client += self.client.receive(down[start : start + self.chunk])
            if not up and not down:
                return self
        raise AssertionError("the two ends never come to rest")


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def make_authority() -> Callable[..., Authority]:
    return Authority


@pytest.fixture
def wire() -> type[Wire]:
    return Wire
