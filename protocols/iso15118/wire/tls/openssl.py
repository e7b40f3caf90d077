"""Makes OpenSSL contexts, and reaches the four functions that pyOpenSSL binds but does not expose: the lists of groups
and of signatures, the verification callback with its error code, whether a session was resumed.

A context serves one connection: its callbacks know which, and nothing outlives it (no session is ever resumed).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cryptography import x509
from OpenSSL import SSL, crypto
from OpenSSL._util import ffi, lib

from protocols.iso15118.wire.tls.alerts import VERIFY_ERRORS, Alert
from protocols.iso15118.wire.tls.profile import Credential, TlsProfile, TlsVersion

VERSIONS = {TlsVersion.V1_2: SSL.TLS1_2_VERSION, TlsVersion.V1_3: SSL.TLS1_3_VERSION}
NO_RENEGOTIATION = 0x4000_0000  # SSL_OP_NO_RENEGOTIATION, which pyOpenSSL does not name


class TlsError(Exception):
    """TLS cannot begin at this end; one sentence says why."""


JudgeChain = Callable[[tuple[x509.Certificate, ...]], Alert | None]
"""Looks at the peer's chain; None accepts it."""


def make_context(method: int, profiles: Sequence[TlsProfile], credential: Credential | None) -> SSL.Context:
    """A context that speaks these profiles and nothing else. Raises `TlsError` for a credential that cannot be used."""
    try:
        return _context(method, profiles, credential)
    except SSL.Error as error:
        reasons = error.args[0] if error.args and isinstance(error.args[0], list) else []
        told = ", ".join(str(entry[2]) for entry in reasons) or "no reason given"
        raise TlsError(f"our own certificate and key cannot be used for TLS: {told}") from error


def _context(method: int, profiles: Sequence[TlsProfile], credential: Credential | None) -> SSL.Context:
    context = SSL.Context(method)
    context.set_min_proto_version(min(VERSIONS[profile.version] for profile in profiles))
    context.set_max_proto_version(max(VERSIONS[profile.version] for profile in profiles))
    suites = {version: _union(p.suites for p in profiles if p.version is version) for version in TlsVersion}
    if suites[TlsVersion.V1_3]:
        context.set_tls13_ciphersuites(":".join(suites[TlsVersion.V1_3]).encode())
    if suites[TlsVersion.V1_2]:
        context.set_cipher_list(":".join(suites[TlsVersion.V1_2]).encode())
    _limit(context, "SSL_CTX_set1_curves_list", _union(profile.groups for profile in profiles))
    _limit(context, "SSL_CTX_set1_sigalgs_list", _union(profile.signatures for profile in profiles))
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_COMPRESSION | SSL.OP_CIPHER_SERVER_PREFERENCE | NO_RENEGOTIATION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    if credential is not None:
        context.use_certificate(credential.chain[0])
        for certificate in credential.chain[1:]:
            context.add_extra_chain_cert(certificate)
        context.use_privatekey(credential.key)
        context.check_privatekey()
    return context


def demand_certificate(context: SSL.Context, judge: JudgeChain) -> None:
    """Ask the peer for its certificate, insist on it, and let `judge` alone say whether its chain is good.

    OpenSSL's own findings are passed over: it calls back for each, and at last for the peer's certificate itself
    with the chain as far as it could be built; that is when `judge` is asked.
    """

    def verify(accepted: int, store: Any) -> int:
        depth = lib.X509_STORE_CTX_get_error_depth(store)
        if not accepted or depth > 0:
            return 1
        alert = judge(_chain(store))
        if alert is None:
            return 1
        lib.X509_STORE_CTX_set_error(store, VERIFY_ERRORS.get(alert, 0))
        return 0

    callback = ffi.callback("int (*)(int, X509_STORE_CTX *)", verify)
    # The context has to keep what C calls back.
    context.set_app_data(callback)
    lib.SSL_CTX_set_verify(_raw(context), SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, callback)


def resumed(connection: SSL.Connection) -> bool:
    """Whether the handshake was a short one, on the secrets of an earlier session."""
    return bool(lib.SSL_session_reused(connection._ssl))


def _chain(store: Any) -> tuple[x509.Certificate, ...]:
    """What the peer sent, its own certificate first. At the charger's end OpenSSL shows only those that it could join
    to a path upwards."""
    ssl = ffi.cast("SSL *", lib.X509_STORE_CTX_get_ex_data(store, lib.SSL_get_ex_data_X509_STORE_CTX_idx()))
    sent = lib.SSL_get_peer_cert_chain(ssl)
    if sent != ffi.NULL:
        return tuple(_certificates(sent, ours=False))
    path = lib.X509_STORE_CTX_get1_chain(store)
    if path == ffi.NULL:
        return ()
    found = tuple(_certificates(path, ours=True))
    lib.sk_X509_free(path)
    return found


def _certificates(stack: Any, *, ours: bool) -> Iterator[x509.Certificate]:
    """The certificates of OpenSSL's list; `ours`: their references were counted for us already."""
    for index in range(lib.sk_X509_num(stack)):
        raw = lib.sk_X509_value(stack, index)
        if not ours:
            lib.X509_up_ref(raw)
        yield crypto.X509._from_raw_x509_ptr(raw).to_cryptography()


def _limit(context: SSL.Context, function: str, names: Sequence[str]) -> None:
    if getattr(lib, function)(_raw(context), ":".join(names).encode()) != 1:
        raise SSL.Error([("SSL", function, f"this OpenSSL does not know {', '.join(names)}")])


def _raw(context: SSL.Context) -> Any:
    return context._context


def _union(lists: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in lists for name in names))
