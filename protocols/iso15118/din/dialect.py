"""DIN SPEC 70121 as the engines drive it."""

from protocols.exi.messages import din, din_types
from protocols.exi.namespaces import DIN
from protocols.exi.schema import Element
from protocols.iso15118.dialect import Dialect
from protocols.iso15118.din.envelope import unwrapped
from protocols.iso15118.din.evcc import DinEvccSide
from protocols.iso15118.din.outcome import outcome_of, requested_outcome
from protocols.iso15118.din.secc import DinSeccSide
from protocols.iso15118.din.table import TABLE
from protocols.iso15118.evcc_side import EvccContext, EvccSide
from protocols.iso15118.secc_side import Envelope, SeccContext, SeccSide
from protocols.iso15118.secured import Secured
from protocols.iso15118.services import Energy, ProtocolName
from protocols.iso15118.table import Outcome
from protocols.iso15118.v2gtp import PayloadType

GRAMMARS = {PayloadType.V2_MAINSTREAM: DIN}


class Din(Dialect):
    """DC only, on a connection that need not be secured."""

    name = ProtocolName.DIN
    title = "DIN SPEC 70121"
    namespace = DIN
    major, minor = 2, 0
    energies = (Energy.DC,)
    table = TABLE
    grammars = GRAMMARS
    least_secured = Secured.NONE
    messages = (din_types, din)

    def unwrap(self, document: Element) -> Envelope:
        """See `envelope.py`."""
        return unwrapped(document)

    def requested_outcome(self, request: Element) -> Outcome | None:
        """See `outcome.py`."""
        return requested_outcome(request)

    def outcome_of(self, request: Element, response: Element) -> Outcome:
        """See `outcome.py`."""
        return outcome_of(request, response)

    def secc(self, context: SeccContext) -> SeccSide:
        """The charger's side."""
        return DinSeccSide(context, energy=Energy.DC)

    def evcc(self, context: EvccContext) -> EvccSide:
        """The car's side."""
        return DinEvccSide(context)
