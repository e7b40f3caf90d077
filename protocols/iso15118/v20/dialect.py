"""ISO 15118-20 as the engines drive it. The handshake fixes the kind of energy, so there are two of these."""

from typing import Any

from protocols.exi.messages import ac, common, common_types, dc
from protocols.exi.namespaces import V20_AC, V20_COMMON, V20_DC
from protocols.exi.schema import Element
from protocols.iso15118.dialect import Dialect
from protocols.iso15118.evcc_side import EvccContext, EvccSide
from protocols.iso15118.secc_side import Envelope, SeccContext, SeccSide
from protocols.iso15118.secured import Secured
from protocols.iso15118.services import Energy, ProtocolName
from protocols.iso15118.table import Outcome
from protocols.iso15118.v2gtp import PayloadType
from protocols.iso15118.v20.evcc import V20EvccSide
from protocols.iso15118.v20.outcome import outcome_of, requested_outcome
from protocols.iso15118.v20.secc import V20SeccSide
from protocols.iso15118.v20.table import TABLE

GRAMMARS = {
    PayloadType.MAINSTREAM: V20_COMMON,
    PayloadType.SCHEDULE_RENEGOTIATION: V20_COMMON,
    PayloadType.METERING_CONFIRMATION: V20_COMMON,
    PayloadType.PARKING_STATUS: V20_COMMON,
    PayloadType.AC: V20_AC,
    PayloadType.DC: V20_DC,
}


class V20(Dialect):
    """The header is inside each message; the payload type tells the grammar."""

    major, minor = 1, 0
    table = TABLE
    grammars = GRAMMARS
    least_secured = Secured.TLS_1_3
    messages = (common_types, common, ac, dc)

    def __init__(self, name: ProtocolName, title: str, namespace: str, energy: Energy) -> None:
        self.name, self.title, self.namespace, self.energies = name, title, namespace, (energy,)

    def unwrap(self, document: Element) -> Envelope:
        """Any message with a header."""
        header: Any = getattr(document, "Header", None)
        if header is None:
            raise ValueError(f"{type(document).__name__} is no message, only a part of one")
        return Envelope(type(document).__name__, document, header.SessionID, header.Signature)

    def requested_outcome(self, request: Element) -> Outcome | None:
        """See `outcome.py`."""
        return requested_outcome(request)

    def outcome_of(self, request: Element, response: Element) -> Outcome:
        """See `outcome.py`."""
        return outcome_of(request, response)

    def secc(self, context: SeccContext) -> SeccSide:
        """The charger's side."""
        return V20SeccSide(context, energy=self.energies[0])

    def evcc(self, context: EvccContext) -> EvccSide:
        """The car's side."""
        return V20EvccSide(context)
