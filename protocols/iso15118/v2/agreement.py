"""What SECC and EVCC have agreed on so far in one session of ISO 15118-2."""

from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from protocols.exi.messages.v2 import BodyType, V2G_Message
from protocols.exi.messages.v2_types import (
    EnergyTransferModeType,
    MessageHeaderType,
    MeterInfoType,
    ServiceType,
    isolationLevelType,
    paymentOptionType,
)
from protocols.exi.messages.xmldsig import SignatureType
from protocols.exi.schema import Element
from protocols.iso15118.credentials import ChargerCredentials
from protocols.iso15118.paused import PausedSession
from protocols.iso15118.power import CarReport, EnergyNeeds, Limits
from protocols.iso15118.schedule import Schedule
from protocols.iso15118.secc_side import SeccSide
from protocols.iso15118.secured import Secured
from protocols.iso15118.services import ProtocolName, ValueAdded
from protocols.iso15118.v2.evse_fields import AC_MODES, energy_of, offered_modes
from protocols.iso15118.v2.services import certificate_service, internet_service

Payment = paymentOptionType
Kept = TypeVar("Kept")


@dataclass(slots=True)
class Agreement(SeccSide):
    """The charger's side of it."""

    resumed: PausedSession | None = None
    payment: paymentOptionType = Payment.ExternalPayment
    emaid: str = ""
    contract_leaf: bytes = b""
    challenge: bytes = b""
    challenge_met: bool = False
    asked_for_authorization: bool = False
    authorized: bool = False
    """Whether a driver or a contract was let in, in this session or before its pause."""
    mode: EnergyTransferModeType | None = None
    car: CarReport = field(default_factory=lambda: CarReport(Limits(0.0), EnergyNeeds()))
    departure_s: float | None = None
    wanted_wh: float | None = None
    schedules: tuple[Schedule, ...] = ()
    schedule_id: int = 1
    planning_since_s: float | None = None
    renegotiating: bool = False
    isolation: isolationLevelType = isolationLevelType.Invalid
    cable_check_since_s: float | None = None
    pre_charge_v: float | None = None
    receipt_for: MeterInfoType | None = None
    signature: SignatureType | None = None
    """Of the response being made, for its header."""

    def begin(self, evcc_id: str, asked_for: bytes) -> bool:
        """Take the paused session if its car is back, else a new one; returns which it was.

        The paused one is kept until power flows again: a car that loses the link before may come back once more.
        """
        paused = self.evse.paused
        self.evcc_id = evcc_id
        known = (ProtocolName.V2, asked_for, evcc_id, self.peer)
        same = paused is not None and (paused.protocol, paused.session_id, paused.evcc_id, paused.peer) == known
        self.resumed = self.evse.paused = paused if same else None
        if self.resumed is not None:
            self.authorized, self.emaid = self.resumed.authorized, self.resumed.emaid
        self.session_id = asked_for if same else self.context.make_session_id()
        return same

    @property
    def peer(self) -> str:
        """The subject of the car's certificate; "" without one, as TLS 1.2 does not ask for it."""
        return "" if self.context.security.peer is None else self.context.security.peer.subject

    @property
    def phases(self) -> int:
        """Phases in AC."""
        return 1 if self.mode is None else AC_MODES.get(self.mode, 1)

    @property
    def modes(self) -> tuple[EnergyTransferModeType, ...]:
        """The ways of energy transfer on offer; a car that resumes keeps its own."""
        return self._kept("mode", offered_modes(self.evse.offer))

    @property
    def contracts(self) -> ChargerCredentials | None:
        """Who judges contracts, where there is one and TLS protects what they say."""
        return self.context.credentials if self.context.security.level >= Secured.TLS_1_2 else None

    @property
    def payment_options(self) -> tuple[paymentOptionType, ...]:
        """The ways to pay on offer; a car that resumes keeps its own."""
        contract = () if self.contracts is None else (Payment.Contract,)
        return self._kept("payment", (*contract, Payment.ExternalPayment))

    def _kept(self, detail: str, offered: tuple[Kept, ...]) -> tuple[Kept, ...]:
        """Of what is offered only what the paused session had, if it is still there."""
        before = None if self.resumed is None else self.resumed.details.get(detail)
        return tuple(one for one in offered if one == before) or offered

    @property
    def value_added(self) -> tuple[ServiceType, ...]:
        """Services beside charging."""
        contracts = self.contracts
        installs = contracts is not None and contracts.installs_contracts
        internet = ValueAdded.INTERNET in self.evse.offer.value_added
        return (*((certificate_service(),) if installs else ()), *((internet_service(),) if internet else ()))

    @property
    def limits(self) -> Limits:
        """What the charger can do in a session that only charges."""
        return self.evse.limits.without_discharge()

    @property
    def metered_wh(self) -> float:
        """What the meter says was charged; 0 where there is none."""
        return 0.0 if self.evse.meter is None else float(self.evse.meter.charged_wh)

    def select(self, mode: EnergyTransferModeType) -> None:
        """From here on the session is one of AC or DC."""
        self.mode, self.energy = mode, energy_of(mode)

    def take(self, report: CarReport, now: float) -> None:
        """The car's report before the charge loop: what it wants is remembered as of now."""
        self.car, needs = report, report.needs
        self.departure_s = None if needs.departure_in_s is None else now + needs.departure_in_s
        self.wanted_wh = None if needs.target_wh is None else needs.target_wh + self.metered_wh

    def report(self, now: float) -> CarReport:
        """The same in the charge loop, where the car no longer says by when and how much: clock and meter tell."""
        needs = replace(
            self.car.needs,
            departure_in_s=None if self.departure_s is None else max(0.0, self.departure_s - now),
            target_wh=None if self.wanted_wh is None else max(0.0, self.wanted_wh - self.metered_wh),
        )
        return replace(self.car, needs=needs)

    def wrap(self, body: Element, now: float) -> Element:
        """V2G_Message around the body; a signature goes into one header."""
        header = MessageHeaderType(SessionID=self.session_id, Signature=self.signature)
        self.signature = None
        content: Any = body
        if getattr(content, "EVSEID", None) == "":
            # A refusal has left it at its least, which strict peers cannot read.
            content.EVSEID = self.evse.offer.evse_id
        return V2G_Message(Header=header, Body=BodyType(BodyElement=content))
