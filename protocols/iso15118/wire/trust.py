"""Joins TLS to our certificates: chains are judged by `protocols.pki` alone, and its findings become TLS alerts."""

from collections.abc import Callable
from datetime import datetime

from protocols.iso15118.wire.tls import (
    V2,
    V20,
    V20_INTEROP,
    Alert,
    Chain,
    CheckPeer,
    CheckStaple,
    Credential,
    PeerRefused,
    TlsOffer,
    TlsProfile,
)
from protocols.pki import CertificateProblem, Identity, Policy, Role, Trouble, TrustStore, VerifiedChain, verify_chain

Now = Callable[[], datetime]
"""The wall clock, aware: certificates are judged by the calendar."""

ALERTS = {
    Trouble.EXPIRED: Alert.CERTIFICATE_EXPIRED,
    Trouble.NOT_YET_VALID: Alert.BAD_CERTIFICATE,
    Trouble.WRONGLY_SIGNED: Alert.DECRYPT_ERROR,
    Trouble.UNKNOWN_ROOT: Alert.UNKNOWN_CA,
    Trouble.BROKEN_CHAIN: Alert.UNKNOWN_CA,
    Trouble.WRONG_ROLE: Alert.UNSUPPORTED_CERTIFICATE,
    Trouble.NOT_ALLOWED: Alert.UNSUPPORTED_CERTIFICATE,
    Trouble.UNSUPPORTED_ALGORITHM: Alert.UNSUPPORTED_CERTIFICATE,
    Trouble.UNREADABLE: Alert.BAD_CERTIFICATE,
    Trouble.REVOKED: Alert.CERTIFICATE_REVOKED,
    Trouble.NO_STATUS: Alert.BAD_CERTIFICATE_STATUS_RESPONSE,
    Trouble.BAD_STATUS: Alert.BAD_CERTIFICATE_STATUS_RESPONSE,
}

POLICIES = {V20: Policy.V20, V20_INTEROP: Policy.INTEROP, V2: Policy.V2}


def check_peer(role: Role, store: TrustStore, now: Now) -> CheckPeer:
    """Judge a peer's chain as that of `role` (`SECC`, or `VEHICLE`, which a provisioning certificate stands in for)."""

    def check(chain: Chain, profile: TlsProfile) -> None:
        _verified(chain, role, store, now, POLICIES[profile])

    return check


def check_staple(store: TrustStore, now: Now, *, required: bool) -> CheckStaple:
    """Judge a charger's stapled OCSP response. `required`: none is refused, unless the charger's root is that of a
    private environment, which -20 exempts."""

    def check(response: bytes, chain: Chain) -> None:
        staples = (response,) if response else ()
        # The chain itself has been judged by its profile's rules; here any of them will do.
        private = _verified(chain, Role.SECC, store, now, Policy.INTEROP).root_role is Role.PRIVATE_ROOT
        _verified(chain, Role.SECC, store, now, Policy.INTEROP, staples, required and not private)

    return check


def credential(identity: Identity, ocsp_response: Callable[[], bytes] | None = None) -> Credential:
    """An identity as TLS takes it."""
    return Credential(identity.chain, identity.key, ocsp_response)


def secc_offer(
    profile: TlsProfile,
    identity: Identity,
    store: TrustStore,
    now: Now,
    ocsp_response: Callable[[], bytes] | None = None,
) -> TlsOffer:
    """A charger's offer: the car's certificate is asked for where the profile says so, and checked."""
    judge = check_peer(Role.VEHICLE, store, now) if profile.mutual else None
    return TlsOffer(profile, credential(identity, ocsp_response), judge)


def _verified(
    chain: Chain,
    role: Role,
    store: TrustStore,
    now: Now,
    policy: Policy,
    staples: tuple[bytes, ...] = (),
    require_ocsp: bool = False,
) -> VerifiedChain:
    try:
        return verify_chain(chain, role, now(), store, policy, staples=staples, require_ocsp=require_ocsp)
    except CertificateProblem as problem:
        raise PeerRefused(str(problem), ALERTS.get(problem.trouble, Alert.CERTIFICATE_UNKNOWN)) from problem
