"""Verify a chain of certificates as ISO 15118 wants it, and say what is wrong so that an installer can act on it.

``cryptography.x509.verification`` is not used: its policies are the web's (a DNS name or IP address in each leaf, no
secp521r1 or Ed448, no domain components), which no certificate of ISO 15118 meets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from protocols.pki.algorithms import Policy
from protocols.pki.names import common_name
from protocols.pki.ocsp import Status, check_response
from protocols.pki.problems import CertificateProblem, Trouble
from protocols.pki.profiles import PROFILES, TRUSTED_ROOTS, Role
from protocols.pki.reading import check_readable, is_self_issued
from protocols.pki.rules import check_algorithm, check_dates, check_hash, check_id, check_leaf_role, check_rules
from protocols.pki.store import TrustStore

MOST_BELOW_ROOT = 3
"""A leaf and two sub-CAs: ISO 15118 has no longer chain."""
MOST_SENT = 8
"""More certificates than this are not looked at: a peer may not buy our time."""


@dataclass(frozen=True, slots=True)
class VerifiedChain:
    """A path that holds, leaf first, root last."""

    path: tuple[x509.Certificate, ...]
    role: Role
    root_role: Role
    statuses: tuple[Status, ...] = ()
    """What OCSP said of the path's certificates, as far as it was asked."""

    @property
    def leaf(self) -> x509.Certificate:
        """The certificate that the chain is about."""
        return self.path[0]

    @property
    def root(self) -> x509.Certificate:
        """The trusted root at its head."""
        return self.path[-1]

    @property
    def name(self) -> str:
        """The leaf's common name: the charger's ID, the EMAID or the PCID."""
        return common_name(self.leaf.subject)


def verify_chain(
    chain: Sequence[x509.Certificate],
    role: Role,
    at: datetime,
    store: TrustStore,
    policy: Policy = Policy.V20,
    *,
    expected_id: str | None = None,
    staples: Sequence[bytes] = (),
    require_ocsp: bool = False,
) -> VerifiedChain:
    """Verify that ``chain`` (leaf first, sub-CAs in any order, root not needed) is ``role``'s and leads to a root.

    ``role`` is one of TRUSTED_ROOTS; ``at`` is aware. ``expected_id`` is the ID that the leaf must be for. ``staples``
    are OCSP responses (DER) of any of the chain's certificates; with ``require_ocsp`` the leaf needs one. Raises
    CertificateProblem, the first found.
    """
    if not chain:
        raise CertificateProblem(
            Trouble.BROKEN_CHAIN, f"no certificate came where {role.words} was expected: install one at the other end"
        )
    if len(chain) > MOST_SENT:
        raise CertificateProblem(Trouble.BROKEN_CHAIN, f"{len(chain)} certificates came where at most 4 make a chain")
    for certificate in chain:
        check_readable(certificate)
    check_leaf_role(chain[0], role)
    path, root_role = _path(chain[0], chain[1:], role, at, store)
    for depth, certificate in enumerate(path):
        check_dates(certificate, at)
        check_algorithm(certificate, policy)
        check_rules(certificate, role if depth == 0 else None, depth)
    if expected_id is not None:
        check_id(path[0], expected_id)
    statuses = _statuses(path, staples, at, require_ocsp)
    return VerifiedChain(path, role, root_role, statuses)


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether ``issuer`` is named by ``certificate`` and its key made the signature."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _path(
    leaf: x509.Certificate, others: Sequence[x509.Certificate], role: Role, at: datetime, store: TrustStore
) -> tuple[tuple[x509.Certificate, ...], Role]:
    roots = store.of(*TRUSTED_ROOTS[role])
    path = [leaf]
    unused = [one for one in others if one != leaf]
    while True:
        current = path[-1]
        found = [root for root in roots if root.subject == current.issuer]
        signers = [root for root in found if is_issued_by(current, root)]
        if signers:
            # Of a root that was renewed with the same key, the one that is valid now.
            root = max(signers, key=lambda one: one.not_valid_before_utc <= at <= one.not_valid_after_utc)
            if root != current:
                path.append(root)
            return tuple(path), store.role_of(root) or role
        above = [one for one in unused if one.subject == current.issuer]
        signed = [one for one in above if is_issued_by(current, one)]
        if not signed:
            raise _dead_end(path, unused, role, store, named=found + [one for one in above if one != current])
        if len(path) == MOST_BELOW_ROOT:
            raise CertificateProblem(
                Trouble.BROKEN_CHAIN,
                f"the chain above '{common_name(leaf.subject)}' is longer than ISO 15118 allows (two sub-CAs): "
                "ask its issuer for the right chain",
                leaf,
            )
        path.append(signed[0])
        unused.remove(signed[0])


def _dead_end(
    path: list[x509.Certificate],
    unused: list[x509.Certificate],
    role: Role,
    store: TrustStore,
    named: list[x509.Certificate],
) -> CertificateProblem:
    """Why no issuer of the path's last certificate is there."""
    current = path[-1]
    name, issuer = common_name(current.subject), common_name(current.issuer)
    trusted = TRUSTED_ROOTS[role]
    if named:
        check_hash(current)  # What nobody can verify any more was not altered for that.
        return CertificateProblem(
            Trouble.WRONGLY_SIGNED,
            f"the certificate of '{name}' is not signed by '{issuer}', as it claims: it was altered, or '{issuer}' "
            "has a new key; ask for the chain anew",
            current,
        )
    elsewhere = [kind for kind, root in store if kind not in trusted and is_issued_by(current, root)]
    if elsewhere:
        return CertificateProblem(
            Trouble.WRONG_ROLE,
            f"'{issuer}' is trusted here as {elsewhere[0].words}, which cannot vouch for {role.words} "
            f"('{common_name(path[0].subject)}'): check which certificate the other end uses",
            current,
        )
    parts_left = any(not is_self_issued(one) for one in unused)
    needs_sub_ca = len(path) == 1 and not any(kind.is_root for kind in PROFILES[role].issuers)
    if (parts_left or needs_sub_ca) and not is_self_issued(current):
        return CertificateProblem(
            Trouble.BROKEN_CHAIN,
            f"the chain is broken: '{issuer}', which issued '{name}', was not sent along; install the whole chain "
            "at the other end",
            current,
        )
    kinds = " or ".join(trusted)
    return CertificateProblem(
        Trouble.UNKNOWN_ROOT,
        f"'{issuer}', which issued '{name}', was neither sent along nor is it a trusted root: import it as {kinds} if "
        f"you trust it (trusted now: {store.described(*trusted)})",
        current,
    )


def _statuses(
    path: tuple[x509.Certificate, ...], staples: Sequence[bytes], at: datetime, required: bool
) -> tuple[Status, ...]:
    found: list[Status] = []
    for depth, (certificate, issuer) in enumerate(pairwise(path)):
        status = next(
            (one for one in (check_response(staple, certificate, issuer, at) for staple in staples) if one is not None),
            None,
        )
        if status is not None:
            found.append(status)
        elif required and depth == 0:
            raise CertificateProblem(
                Trouble.NO_STATUS,
                f"no OCSP response came with the certificate of '{common_name(certificate.subject)}': the other end "
                "must reach its issuer's OCSP responder, or checking must be relaxed here",
                certificate,
            )
    return tuple(found)
