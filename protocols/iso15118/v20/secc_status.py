"""What every answer with power in it tells beside: what the charger asks of the car, and its meter."""

from protocols.exi.messages.common_types import EVSENotificationType, EVSEStatusType, MeterInfoType
from protocols.iso15118.events import NotificationIgnored
from protocols.iso15118.evse import Notification
from protocols.iso15118.power import MeterReading
from protocols.iso15118.v20.agreement import Agreement


def status(agreed: Agreement, now: float) -> EVSEStatusType | None:
    """The notification in force, with what is left of the time that the car has for it."""
    notification = agreed.evse.notification
    if notification is None:
        agreed.notified = None
        return None
    if agreed.notified is None or agreed.notified[0] is not notification:
        agreed.notified, agreed.ignored = (notification, now), False
    max_delay_s = agreed.evse.notification_max_delay_s
    left_s = max_delay_s - (now - agreed.notified[1])
    if left_s < -REACTION_S and not agreed.ignored:
        agreed.ignored = True
        agreed.emit(NotificationIgnored(now, notification, max_delay_s))
    delay = max(0, min(65535, round(left_s)))
    return EVSEStatusType(NotificationMaxDelay=delay, EVSENotification=EVSENotificationType(notification))


REACTION_S = 2.0
"""A car told to act at once may still answer what was on its way."""


def satisfied(agreed: Agreement, notification: Notification) -> None:
    """The car has done what it was asked."""
    if agreed.evse.notification is notification:
        agreed.evse.notification = None


def meter(agreed: Agreement, wanted: bool) -> MeterInfoType | None:
    """The reading of this moment, if the car wants it or is to confirm it."""
    reading = agreed.evse.meter
    if reading is None or not (wanted or agreed.evse.notification is Notification.MeteringConfirmation):
        return None
    element = meter_element(reading, agreed.chosen_service.bidirectional)
    agreed.meter_sent = read_meter(element)
    return element


def meter_element(reading: MeterReading, bidirectional: bool) -> MeterInfoType:
    """The wire form."""
    return MeterInfoType(
        MeterID=reading.meter_id,
        ChargedEnergyReadingWh=reading.charged_wh,
        BPT_DischargedEnergyReadingWh=reading.discharged_wh if bidirectional else None,
        MeterTimestamp=None if reading.time_s is None else int(reading.time_s),
    )


def read_meter(element: MeterInfoType) -> MeterReading:
    """The same, read back."""
    time_s = None if element.MeterTimestamp is None else float(element.MeterTimestamp)
    discharged_wh = element.BPT_DischargedEnergyReadingWh or 0
    return MeterReading(element.MeterID, element.ChargedEnergyReadingWh, discharged_wh, time_s)
