"""A session that sleeps: what each end has to remember until the car comes back.

It is plain data, so that an application can keep it over a restart: `to_plain` gives what JSON can hold, `from_plain`
takes it back. The charger finds it in `Evse.paused`, the car in its `CarPlan.resume`.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from protocols.iso15118.schedule import Schedule
from protocols.iso15118.services import ControlMode, MobilityNeeds, ProtocolName, Service


@dataclass(slots=True)
class PausedSession:
    """One paused session. `peer` is the subject of the other end's certificate, "" without TLS.

    `contract_leaf` is the certificate (DER) by which it is paid, empty with external means. Energy is what the session
    had moved so far, in Wh. `details` is a generation's own.
    """

    session_id: bytes
    evcc_id: str
    protocol: ProtocolName | None = None
    peer: str = ""
    service: Service | None = None
    control_mode: ControlMode | None = None
    mobility_needs: MobilityNeeds = MobilityNeeds.FROM_CAR
    parameter_set_id: int | None = None
    authorized: bool = False
    emaid: str = ""
    contract_leaf: bytes = b""
    schedules: tuple[Schedule, ...] = ()
    schedule_id: int | None = None
    charged_wh: float = 0.0
    discharged_wh: float = 0.0
    paused_at_s: float = 0.0
    details: dict[str, str | int] = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """As dictionaries, lists, strings and numbers; bytes in base64."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @classmethod
    def from_plain(cls, plain: Any) -> "PausedSession":
        """What `to_plain` gave, after JSON too. Raises `ValueError` with one sentence where it is not that."""
        try:
            return msgspec.convert(plain, cls)
        except msgspec.ValidationError as error:
            raise ValueError(f"this is no paused session: {error}") from None
