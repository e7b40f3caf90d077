"""How a pair of DIN messages leads on, as both ends see it."""

from protocols.exi.messages.din import (
    PowerDeliveryReq,
    PreChargeReq,
    PreChargeRes,
    SessionStopReq,
    WeldingDetectionRes,
)
from protocols.exi.messages.din_types import EVSEProcessingType
from protocols.exi.schema import Element
from protocols.iso15118.din.values import number
from protocols.iso15118.outlet import SAFE_VOLTAGE_V, matched
from protocols.iso15118.table import Outcome


def requested_outcome(request: Element) -> Outcome | None:
    """What the request alone decides; None where the answer has a say."""
    match request:
        case PowerDeliveryReq(ReadyToChargeState=ready):
            return Outcome.START if ready else Outcome.STOP
        case SessionStopReq():
            return Outcome.TERMINATE
        case _:
            return None


def outcome_of(request: Element, response: Element) -> Outcome:
    """How this pair leads on. Failures (FAILED_...) end a session and never come here."""
    if isinstance(request, PreChargeReq) and isinstance(response, PreChargeRes):
        done = matched(number(response.EVSEPresentVoltage), number(request.EVTargetVoltage))
    elif isinstance(response, WeldingDetectionRes):
        done = number(response.EVSEPresentVoltage) < SAFE_VOLTAGE_V
    else:
        processing = getattr(response, "EVSEProcessing", EVSEProcessingType.Finished)
        done = processing is EVSEProcessingType.Finished
    return (requested_outcome(request) or Outcome.DONE) if done else Outcome.ONGOING
