"""How well a connection is protected: what a transport knows about it, and what a protocol asks of it."""

from enum import IntEnum


class Secured(IntEnum):
    """Higher is better, so that `secured >= Secured.TLS_1_2` reads as it should."""

    NONE = 0
    TLS_1_2 = 2
    TLS_1_3 = 3

    @property
    def words(self) -> str:
        """For sentences."""
        return {Secured.NONE: "no TLS", Secured.TLS_1_2: "TLS 1.2", Secured.TLS_1_3: "TLS 1.3"}[self]
