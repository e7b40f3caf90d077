"""A logical network's key (NMK, 16 octets) and the name that follows from it (NID, 7 octets).

Keys come from the system's random source at the door (`fresh_nmk`); everything else takes them as arguments.
"""

import hashlib
import secrets

from protocols.slac.messages import NID_OCTETS, NMK_OCTETS


def fresh_nmk() -> bytes:
    """A key that nobody else has."""
    return secrets.token_bytes(NMK_OCTETS)


def nid_of(nmk: bytes) -> bytes:
    """The network's name: SHA-256 five times over; 52 bits of it, and the security level 0 in what is left.

    As all modems in the field do it (HomePlug AV 4.4.3.1 as in Qualcomm's tools). Raises ValueError for a key of
    another length.
    """
    if len(nmk) != NMK_OCTETS:
        raise ValueError(f"a network key has {NMK_OCTETS} octets, not {len(nmk)}")
    digest = nmk
    for _ in range(5):
        digest = hashlib.sha256(digest).digest()
    return digest[: NID_OCTETS - 1] + bytes((digest[NID_OCTETS - 1] >> 4,))
