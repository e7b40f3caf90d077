"""A DIN document is a V2G_Message with a header and a body of one message."""

from protocols.exi.messages.din import BodyType, V2G_Message
from protocols.exi.messages.din_types import MessageHeaderType
from protocols.exi.schema import Element
from protocols.iso15118.secc_side import Envelope


def wrapped(body: Element, session_id: bytes) -> V2G_Message:
    """The document around this body."""
    return V2G_Message(
        Header=MessageHeaderType(SessionID=session_id),
        Body=BodyType(BodyElement=body),  # type: ignore[arg-type]
    )


def unwrapped(document: Element) -> Envelope:
    """The document taken apart; raises `ValueError` if it is no message."""
    if not isinstance(document, V2G_Message):
        raise ValueError(f"{type(document).__name__} is no message, only a part of one")
    body, header = document.Body.BodyElement, document.Header
    if body is None:
        raise ValueError("the body is empty")
    return Envelope(type(body).__name__, body, header.SessionID, header.Signature)
