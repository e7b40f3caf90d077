"""The station as its answers see it, so that they need not import the station that imports them."""

from typing import Protocol

from protocols.ocpp.config import StationConfig
from protocols.ocpp.device_model import DeviceModel
from protocols.ocpp.events import ConnectorStatus, Event
from protocols.ocpp.link import Link, OnAnswer, OnFailure
from protocols.ocpp.memory import Memory
from protocols.ocpp.moment import Moment
from protocols.ocpp.profile_book import ProfileBook
from protocols.ocpp.queue import Outbox
from protocols.ocpp.schemas import Json
from protocols.ocpp.transactions import Transactions


class StationInside(Protocol):
    """What ``inbound`` and ``live_variables`` use of a ``Station``."""

    config: StationConfig
    memory: Memory
    outbox: Outbox
    transactions: Transactions
    profiles: ProfileBook
    model: DeviceModel
    link: Link

    def tell(self, event: Event) -> None:
        """Tell the app."""

    def request(
        self,
        action: str,
        payload: Json,
        *,
        after_row: int = 0,
        on_answer: OnAnswer | None = None,
        on_failure: OnFailure | None = None,
    ) -> None:
        """Ask the CSMS after this answer."""

    def evaluate(self, moment: Moment, *, changed: bool = False) -> None:
        """The profiles may ask something else now."""

    def availability(self, evse_id: int) -> ConnectorStatus:
        """What its connector's state is to the CSMS."""

    def operative(self, evse_id: int) -> bool:
        """Has the CSMS left it in use?"""

    def set_operative(self, evse_id: int, operative: bool) -> None:
        """Take an EVSE (0: the station) out of use or back."""

    def report_status(self, moment: Moment, evse_id: int | None = None, *, only_out_of_use: bool = False) -> bool:
        """StatusNotification of one EVSE, or of all; returns whether there was anything to tell."""

    def report_meter(self, moment: Moment, evse_id: int | None) -> bool:
        """MeterValues; returns whether there was anything to tell."""

    def report_transaction(self, moment: Moment, evse_id: int | None) -> bool:
        """TransactionEvents; returns whether there was anything to tell."""

    def send_heartbeat(self) -> bool:
        """Heartbeat now."""
