"""TLS for both ends of a session, sans I/O, on pyOpenSSL's memory buffers.

The standard library's ssl can neither staple nor check an OCSP response, nor choose its context by the ClientHello.

`profile.py` says what each generation's TLS consists of, `hello.py` reads the car's first bytes, `end.py` is the state
machine of either end, `alerts.py` gives sentences, `openssl.py` hides the library.
"""

from protocols.iso15118.wire.tls.alerts import Alert
from protocols.iso15118.wire.tls.end import TlsClient, TlsEnd, TlsOffer, TlsServer
from protocols.iso15118.wire.tls.hello import ClientHello, HelloError, read_hello
from protocols.iso15118.wire.tls.openssl import TlsError
from protocols.iso15118.wire.tls.profile import (
    V2,
    V20,
    V20_INTEROP,
    Chain,
    CheckPeer,
    CheckStaple,
    Credential,
    KeyLog,
    PeerRefused,
    TlsFacts,
    TlsProfile,
    TlsVersion,
)

__all__ = [
    "V2",
    "V20",
    "V20_INTEROP",
    "Alert",
    "Chain",
    "CheckPeer",
    "CheckStaple",
    "ClientHello",
    "Credential",
    "HelloError",
    "KeyLog",
    "PeerRefused",
    "TlsClient",
    "TlsEnd",
    "TlsError",
    "TlsFacts",
    "TlsOffer",
    "TlsProfile",
    "TlsServer",
    "TlsVersion",
    "read_hello",
]
