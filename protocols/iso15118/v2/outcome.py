"""How a request of ISO 15118-2 was answered, in the table's words: the one reading that both ends go by."""

from protocols.exi.messages.v2 import (
    ChargingStatusRes,
    CurrentDemandRes,
    PaymentServiceSelectionReq,
    PowerDeliveryReq,
    PreChargeReq,
    PreChargeRes,
    SessionStopReq,
    WeldingDetectionRes,
    chargeProgressType,
    chargingSessionType,
)
from protocols.exi.messages.v2_types import EVSEProcessingType, paymentOptionType
from protocols.exi.schema import Element
from protocols.iso15118.outlet import SAFE_VOLTAGE_V, matched
from protocols.iso15118.table import Outcome
from protocols.iso15118.v2.values import number

_PROGRESS = {
    chargeProgressType.Start: Outcome.START,
    chargeProgressType.Stop: Outcome.STOP,
    chargeProgressType.Renegotiate: Outcome.RENEGOTIATE,
}
_STOP = {chargingSessionType.Terminate: Outcome.TERMINATE, chargingSessionType.Pause: Outcome.PAUSE}
_PAYMENT = {paymentOptionType.Contract: Outcome.CONTRACT, paymentOptionType.ExternalPayment: Outcome.EXTERNAL}


def requested_outcome(request: Element) -> Outcome | None:
    """What the request alone decides; None where the answer has a say."""
    if isinstance(request, PowerDeliveryReq):
        return _PROGRESS[request.ChargeProgress]
    if isinstance(request, SessionStopReq):
        return _STOP[request.ChargingSession]
    if isinstance(request, PaymentServiceSelectionReq):
        return _PAYMENT[request.SelectedPaymentOption]
    return None


def outcome_of(request: Element, response: Element) -> Outcome:
    """How this pair leads on. Failures (FAILED_...) end a session and never come here."""
    if getattr(response, "EVSEProcessing", EVSEProcessingType.Finished) is not EVSEProcessingType.Finished:
        return Outcome.ONGOING
    match response:
        case ChargingStatusRes() | CurrentDemandRes() if response.ReceiptRequired:
            return Outcome.RECEIPT
        case PreChargeRes() if isinstance(request, PreChargeReq):
            fits = matched(number(response.EVSEPresentVoltage), number(request.EVTargetVoltage))
            return Outcome.DONE if fits else Outcome.ONGOING
        case WeldingDetectionRes():
            return Outcome.DONE if number(response.EVSEPresentVoltage) < SAFE_VOLTAGE_V else Outcome.ONGOING
        case _:
            return requested_outcome(request) or Outcome.DONE
