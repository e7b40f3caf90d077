"""What the EVCC knows about its session of DIN SPEC 70121."""

from dataclasses import dataclass, field

from protocols.exi.messages.din_types import EVRequestedEnergyTransferType, SAScheduleListType
from protocols.exi.schema import Element
from protocols.iso15118.din.envelope import wrapped
from protocols.iso15118.evcc_side import EvccSide
from protocols.iso15118.power import Limits


@dataclass(slots=True)
class Trip(EvccSide):
    """Where this session stands, and where it wants to go."""

    service_id: int = 1
    energy_transfer_type: EVRequestedEnergyTransferType = EVRequestedEnergyTransferType.DC_extended
    evse_limits: Limits = field(default_factory=lambda: Limits(0.0))
    schedule: SAScheduleListType | None = None
    evse_voltage_v: float = 0.0
    began_s: float | None = None
    pre_charging_since_s: float | None = None
    welding_since_s: float | None = None

    def wrap(self, body: Element, now: float) -> Element:
        """The header holds the session ID alone; all zero until the charger gives one."""
        return wrapped(body, self.session_id)
