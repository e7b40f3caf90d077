"""What each generation's TLS consists of, as data; a side's credential; what a handshake came to.

- ISO 15118-20: TLS 1.3, certificates on both sides, secp521r1 or x448 for the key exchange, ECDSA on P-521 or Ed448.
- ISO 15118-2: TLS 1.2, the charger's certificate only, P-256. The standard's other suite there, static ECDH, has gone
  from OpenSSL and is not offered.
- The interop profile adds P-256 and AES-128 to the first: most programs in the field have no P-521 certificates.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed448

from protocols.iso15118.wire.tls.alerts import Alert
from protocols.iso15118.wire.tls.hello import ClientHello
from protocols.pki.algorithms import PrivateKey


class TlsVersion(StrEnum):
    """By OpenSSL's name."""

    V1_2 = "TLSv1.2"
    V1_3 = "TLSv1.3"


VERSION_NUMBERS = {TlsVersion.V1_2: 0x0303, TlsVersion.V1_3: 0x0304}

SUITES = {
    "TLS_AES_128_GCM_SHA256": 0x1301,
    "TLS_AES_256_GCM_SHA384": 0x1302,
    "TLS_CHACHA20_POLY1305_SHA256": 0x1303,
    "ECDHE-ECDSA-AES128-SHA256": 0xC023,
}
STATIC_ECDH_SUITE = 0xC025
GROUPS = {"P-256": 0x0017, "P-384": 0x0018, "P-521": 0x0019, "X25519": 0x001D, "X448": 0x001E}
GROUP_NAMES = {"prime256v1": "P-256", "secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "x448": "X448"}
"""What OpenSSL calls a group when it is in use, to what it calls it in a list."""
SIGNATURES = {
    "ecdsa_secp256r1_sha256": 0x0403,
    "ecdsa_secp384r1_sha384": 0x0503,
    "ecdsa_secp521r1_sha512": 0x0603,
    "ed25519": 0x0807,
    "ed448": 0x0808,
}
"""OpenSSL's names and the IANA numbers."""


@dataclass(frozen=True, slots=True)
class TlsProfile:
    """One generation's TLS. `mutual`: the charger asks for the car's certificate."""

    name: str
    version: TlsVersion
    suites: tuple[str, ...]
    groups: tuple[str, ...]
    signatures: tuple[str, ...]
    mutual: bool

    def breach(self, cipher: str, group: str) -> str | None:
        """What of a finished handshake this profile does not have; None if all is well. OpenSSL's names."""
        if cipher not in self.suites:
            return f"the cipher suite {cipher}"
        return None if GROUP_NAMES.get(group, group) in self.groups else f"the curve {group}"

    def misfit(self, hello: ClientHello) -> str | None:
        """Why a car with this ClientHello cannot speak this profile; None if it can, as far as one sees."""
        if VERSION_NUMBERS[self.version] not in hello.versions:
            return f"no {self.version}"
        if not _common(self.suites, SUITES, hello.suites):
            if self.version is TlsVersion.V1_2 and STATIC_ECDH_SUITE in hello.suites:
                return "only the static ECDH suite, which OpenSSL no longer has"
            return f"none of the suites {', '.join(self.suites)}"
        if hello.groups and not _common(self.groups, GROUPS, hello.groups):
            return f"none of the curves {', '.join(self.groups)}"
        if hello.signatures and not _common(self.signatures, SIGNATURES, hello.signatures):
            return f"none of the signatures {', '.join(self.signatures)}"
        return None


def _common(names: tuple[str, ...], numbers: dict[str, int], offered: tuple[int, ...]) -> bool:
    return any(numbers[name] in offered for name in names)


V20 = TlsProfile(
    "ISO 15118-20",
    TlsVersion.V1_3,
    suites=("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"),
    groups=("P-521", "X448"),
    signatures=("ecdsa_secp521r1_sha512", "ed448"),
    mutual=True,
)
V20_INTEROP = replace(
    V20,
    name="ISO 15118-20, P-256 interop",
    suites=(*V20.suites, "TLS_AES_128_GCM_SHA256"),
    groups=(*V20.groups, "P-256"),
    signatures=(*V20.signatures, "ecdsa_secp256r1_sha256"),
)
V2 = TlsProfile(
    "ISO 15118-2",
    TlsVersion.V1_2,
    suites=("ECDHE-ECDSA-AES128-SHA256",),
    groups=("P-256",),
    signatures=("ecdsa_secp256r1_sha256",),
    mutual=False,
)

Chain = tuple[x509.Certificate, ...]
"""A certificate and those above it, the peer's own first, without the root."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A chain and the key of its first certificate. `ocsp_response` is asked at each handshake that wants a staple;
    it gives the response in DER, or nothing if there is none."""

    chain: Chain
    key: PrivateKey
    ocsp_response: Callable[[], bytes] | None = None

    def misfit(self, profile: TlsProfile, hello: ClientHello) -> str | None:
        """Why this certificate does not serve a car with this ClientHello; None if it does."""
        name = self.signature
        if name not in profile.signatures:
            return f"a certificate of ours that signs with {name}, which {profile.name} does not have"
        if hello.signatures and SIGNATURES[name] not in hello.signatures:
            return f"no signature {name}, which our certificate has"
        return None

    @property
    def signature(self) -> str:
        """How this key signs, by its TLS name."""
        if isinstance(self.key, ed448.Ed448PrivateKey):
            return "ed448"
        return {
            "secp256r1": "ecdsa_secp256r1_sha256",
            "secp384r1": "ecdsa_secp384r1_sha384",
            "secp521r1": "ecdsa_secp521r1_sha512",
        }.get(self.key.curve.name, self.key.curve.name)


class PeerRefused(Exception):
    """The peer's certificate or its OCSP response is not accepted: one sentence, and the alert that tells the peer."""

    def __init__(self, sentence: str, alert: Alert = Alert.CERTIFICATE_UNKNOWN) -> None:
        super().__init__(sentence)
        self.alert = alert


CheckPeer = Callable[[Chain, TlsProfile], None]
"""Judges the peer's chain by the rules of the profile that is spoken; raises `PeerRefused`."""
CheckStaple = Callable[[bytes, Chain], None]
"""Judges the OCSP response (empty: none came) for the peer's chain; raises `PeerRefused`."""
KeyLog = Callable[[str], None]
"""Takes lines of a key log in NSS's format; whoever has them can read the session."""


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What the handshake came to. `peer_chain` is empty where the peer gave no certificate."""

    version: str
    cipher: str
    group: str
    peer_chain: Chain = ()
    ocsp_response: bytes = b""
    resumed: bool = False
