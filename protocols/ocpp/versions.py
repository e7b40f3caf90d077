"""The OCPP versions that this room speaks, most wanted first."""

from enum import StrEnum


class Version(StrEnum):
    """An OCPP version, spelled as people do; see ``subprotocol`` for the wire."""

    V21 = "2.1"
    V201 = "2.0.1"

    @property
    def subprotocol(self) -> str:
        """Name in Sec-WebSocket-Protocol (OCPP-J 2.1, table 1)."""
        return f"ocpp{self.value}"

    @classmethod
    def of_subprotocol(cls, name: str | None) -> "Version | None":
        """The version of a negotiated subprotocol; None for none or for one that is not ours."""
        return next((version for version in cls if version.subprotocol == name), None)
