"""Who signs and verifies for a session: the port through which Plug & Charge comes in. None means EIM without one.

A session knows which fragments have to be signed and which signature came with them; it knows no key, no certificate
and no file. Both calls answer at once: what needs a network (a contract from an operator) has been fetched before, or
is asked for again while the standard's "ongoing" lasts.
"""

from collections.abc import Mapping
from typing import Protocol

from protocols.exi.messages.xmldsig import SignatureType
from protocols.exi.schema import Element


class Credentials(Protocol):
    """The keys of one end."""

    def sign(self, namespace: str, fragments: Mapping[str, Element]) -> SignatureType:
        """The Signature for a header: over the EXI fragments of these elements, by their Id.

        `namespace` selects the grammar. Raises `ValueError` with one sentence when there is no key to sign with.
        """

    def problem(self, namespace: str, fragments: Mapping[str, Element], signature: SignatureType | None) -> str | None:
        """Why the peer's signature over these fragments does not hold, in one sentence; None if it does."""
