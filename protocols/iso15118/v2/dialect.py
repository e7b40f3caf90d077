"""ISO 15118-2 as the engines drive it: one document, one payload type, AC and DC in one protocol."""

from types import MappingProxyType
from typing import Any

from protocols.exi.messages import v2, v2_types
from protocols.exi.namespaces import V2
from protocols.exi.schema import Element
from protocols.iso15118.dialect import Dialect
from protocols.iso15118.evcc_side import EvccContext, EvccSide
from protocols.iso15118.refusal import least
from protocols.iso15118.secc_side import Envelope, SeccContext, SeccSide
from protocols.iso15118.secured import Secured
from protocols.iso15118.services import Energy, ProtocolName
from protocols.iso15118.table import Outcome
from protocols.iso15118.v2.evcc import V2EvccSide
from protocols.iso15118.v2.outcome import outcome_of, requested_outcome
from protocols.iso15118.v2.secc import V2SeccSide
from protocols.iso15118.v2.table import TABLE
from protocols.iso15118.v2gtp import PayloadType

NO_CONTRACT = "ZZZZZ000000000"
"""Stands for an eMAID in a refusal: strict peers read none that is shorter."""


class Iso15118Of2013(Dialect):
    """The header is around each body. TLS is for contracts; paying by external means goes without."""

    name = ProtocolName.V2
    title = "ISO 15118-2"
    namespace = V2
    major, minor = 2, 0
    energies = (Energy.AC, Energy.DC)
    table = TABLE
    grammars = MappingProxyType({PayloadType.V2_MAINSTREAM: V2})
    least_secured = Secured.NONE
    messages = (v2, v2_types)

    def refused(self, response: str, code: str) -> Element:
        """The response body with a FAILED code and all else at its least, as far as strict peers can read that."""
        codes = v2_types.responseCodeType
        body: Any = least(self.message_class(response))
        body.ResponseCode = codes(code) if code in set(codes) else codes.FAILED
        if isinstance(body, v2.CertificateInstallationRes | v2.CertificateUpdateRes):
            body.ContractSignatureCertChain.Id = "id1"
            body.ContractSignatureEncryptedPrivateKey.Id, body.DHpublickey.Id, body.eMAID.Id = "id2", "id3", "id4"
            body.eMAID.value = NO_CONTRACT
        return body  # type: ignore[no-any-return]

    def unwrap(self, document: Element) -> Envelope:
        """What stands in the body of a V2G_Message."""
        if not isinstance(document, v2.V2G_Message):
            raise ValueError(f"{type(document).__name__} is no V2G_Message, only a part of one")
        body = document.Body.BodyElement
        if body is None:
            raise ValueError("the body of the V2G_Message is empty")
        return Envelope(type(body).__name__, body, document.Header.SessionID, document.Header.Signature)

    def requested_outcome(self, request: Element) -> Outcome | None:
        """See `outcome.py`."""
        return requested_outcome(request)

    def outcome_of(self, request: Element, response: Element) -> Outcome:
        """See `outcome.py`."""
        return outcome_of(request, response)

    def secc(self, context: SeccContext) -> SeccSide:
        """The charger's side."""
        return V2SeccSide(context)

    def evcc(self, context: EvccContext) -> EvccSide:
        """The car's side."""
        return V2EvccSide(context)


DIALECTS: tuple[Dialect, ...] = (Iso15118Of2013(),)
