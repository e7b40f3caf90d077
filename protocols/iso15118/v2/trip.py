"""What the EVCC knows about its session of ISO 15118-2."""

from dataclasses import dataclass, field
from typing import Any

from protocols.exi.messages.v2 import BodyType, ChargingStatusRes, CurrentDemandRes, V2G_Message
from protocols.exi.messages.v2_types import (
    EnergyTransferModeType,
    MessageHeaderType,
    MeterInfoType,
    SAScheduleTupleType,
    paymentOptionType,
)
from protocols.exi.messages.xmldsig import SignatureType
from protocols.exi.schema import Element
from protocols.iso15118.credentials import CarCredentials
from protocols.iso15118.evcc_side import EvccSide
from protocols.iso15118.paused import PausedSession
from protocols.iso15118.power import Limits
from protocols.iso15118.schedule import Steps
from protocols.iso15118.secured import Secured
from protocols.iso15118.services import ControlMode, ProtocolName
from protocols.iso15118.v2.evse_fields import AC_MODES
from protocols.iso15118.v2.services import CERTIFICATE_SERVICE
from protocols.iso15118.values import mac_address


@dataclass(slots=True)
class Trip(EvccSide):
    """Where this session stands, and where it wants to go. `signature` is that of the request being made."""

    began_s: float | None = None
    mode: EnergyTransferModeType | None = None
    payment: paymentOptionType = paymentOptionType.ExternalPayment
    payments_offered: tuple[paymentOptionType, ...] = ()
    beside: dict[int, int] = field(default_factory=dict)
    """Services beside charging that it wants, with the parameter set of each."""
    detailed: set[int] = field(default_factory=set)
    """Services whose parameter sets the charger has told."""
    challenge: bytes = b""
    signed_challenge: bool = False
    nominal_v: float = 230.0
    evse_limits: Limits = field(default_factory=lambda: Limits(0.0))
    schedules: list[SAScheduleTupleType] = field(default_factory=list)
    schedule_id: int = 1
    allowed: Steps = ()
    """(duration in s, W) that the car has committed itself to, from `allowed_since_s` on."""
    allowed_since_s: float = 0.0
    evse_voltage_v: float = 0.0
    set_point_w: float = 0.0
    pre_charging_since_s: float | None = None
    receipt_for: ChargingStatusRes | CurrentDemandRes | None = None
    signature: SignatureType | None = None

    @property
    def contracts(self) -> CarCredentials | None:
        """Who holds the car's contract, where TLS protects what it says."""
        return self.context.credentials if self.context.security.level >= Secured.TLS_1_2 else None

    @property
    def certificate_set(self) -> int | None:
        """What it means to ask of the certificate service."""
        return self.beside.get(CERTIFICATE_SERVICE)

    @property
    def phases(self) -> int:
        """Phases in AC."""
        return 1 if self.mode is None else AC_MODES.get(self.mode, 1)

    def wrap(self, body: Element, now: float) -> Element:
        """V2G_Message around the body; a signature goes into one header."""
        header = MessageHeaderType(SessionID=self.session_id, Signature=self.signature)
        self.signature = None
        content: Any = body
        return V2G_Message(Header=header, Body=BodyType(BodyElement=content))

    def paused_session(self, now: float) -> PausedSession:
        """What the car keeps: how it pays, how energy is transferred, and by which schedule."""
        mode = {} if self.mode is None else {"mode": str(self.mode)}
        return PausedSession(
            self.session_id,
            mac_address(self.car.evcc_id).hex().upper(),
            protocol=ProtocolName.V2,
            service=self.plan.service,
            control_mode=ControlMode.SCHEDULED,
            authorized=True,
            schedule_id=self.schedule_id,
            paused_at_s=now,
            details={"payment": str(self.payment), **mode},
        )

    def meter(self) -> MeterInfoType:
        """The reading that the charger wants confirmed; raises `ValueError` where it sent none."""
        info = None if self.receipt_for is None else self.receipt_for.MeterInfo
        if info is None:
            raise ValueError("the charger asked for a receipt without a meter reading")
        return info
