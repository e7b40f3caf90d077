"""How a request was answered, in the table's words: the one reading that both ends go by."""

from protocols.exi.messages.common import (
    AuthorizationRes,
    CertificateInstallationRes,
    ChargeProgressType,
    ChargingSessionType,
    EVCheckInStatusType,
    EVSECheckOutStatusType,
    PowerDeliveryReq,
    PowerDeliveryRes,
    SessionSetupRes,
    SessionStopReq,
    VehicleCheckInReq,
    VehicleCheckOutRes,
)
from protocols.exi.messages.common_types import ProcessingType, ResponseCodeType
from protocols.exi.messages.dc import DC_PreChargeReq, DC_WeldingDetectionReq
from protocols.exi.schema import Element
from protocols.iso15118.dialect import response_code
from protocols.iso15118.table import Outcome

_PROGRESS = {
    ChargeProgressType.Start: Outcome.START,
    ChargeProgressType.Stop: Outcome.STOP,
    ChargeProgressType.Standby: Outcome.STANDBY,
    ChargeProgressType.ScheduleRenegotiation: Outcome.RENEGOTIATE,
}
_STOP = {
    ChargingSessionType.Terminate: Outcome.TERMINATE,
    ChargingSessionType.Pause: Outcome.PAUSE,
    ChargingSessionType.ServiceRenegotiation: Outcome.OTHER_SERVICE,
}


def requested_outcome(request: Element) -> Outcome | None:
    """What the request alone decides; None where the answer has a say."""
    if isinstance(request, PowerDeliveryReq):
        finished = request.EVProcessing == ProcessingType.Finished
        return _PROGRESS[request.ChargeProgress] if finished else Outcome.ONGOING
    if isinstance(request, SessionStopReq):
        return _STOP[request.ChargingSession]
    if isinstance(request, VehicleCheckInReq):
        return Outcome.DONE if request.EVCheckInStatus is EVCheckInStatusType.Completed else Outcome.ONGOING
    if isinstance(request, DC_PreChargeReq | DC_WeldingDetectionReq):
        finished = request.EVProcessing == ProcessingType.Finished
        return Outcome.DONE if finished else Outcome.ONGOING
    return None


def outcome_of(request: Element, response: Element) -> Outcome:
    """How this pair leads on. Failures (FAILED_...) end a session and never come here."""
    if isinstance(response, SessionSetupRes):
        joined = response.ResponseCode is ResponseCodeType.OK_OldSessionJoined
        return Outcome.RESUMED if joined else Outcome.DONE
    if isinstance(response, VehicleCheckOutRes):
        leaving = response.EVSECheckOutStatus is EVSECheckOutStatusType.Completed
        return Outcome.DONE if leaving else Outcome.ONGOING
    refusable = isinstance(response, AuthorizationRes | CertificateInstallationRes)
    if refusable and response_code(response).startswith("WARNING_"):
        return Outcome.REFUSED
    if isinstance(response, PowerDeliveryRes) and response.ResponseCode is ResponseCodeType.WARNING_StandbyNotAllowed:
        return Outcome.REFUSED
    processing = getattr(response, "EVSEProcessing", ProcessingType.Finished)
    if processing != ProcessingType.Finished:
        return Outcome.ONGOING
    return requested_outcome(request) or Outcome.DONE
