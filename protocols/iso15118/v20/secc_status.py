"""What every answer with power in it tells beside: what the charger asks of the car, and its meter."""

from typing import Any

from protocols.exi.messages.common_types import (
    DetailedCostType,
    DetailedTaxType,
    EVSENotificationType,
    EVSEStatusType,
    MeterInfoType,
    ReceiptType,
    ResponseCodeType,
)
from protocols.exi.small_peers import ascii_text
from protocols.iso15118.events import NotificationIgnored
from protocols.iso15118.evse import Notification
from protocols.iso15118.power import MeterReading
from protocols.iso15118.schedule import Receipt
from protocols.iso15118.v20.agreement import Agreement
from protocols.iso15118.v20.rational import number, rational
from protocols.iso15118.v20.schedules import MAX_TAXES


def status(agreed: Agreement, now: float) -> EVSEStatusType | None:
    """The notification in force, with what is left of the time that the car has for it."""
    notification = agreed.evse.notification
    if notification is None:
        agreed.notified = None
        return None
    if agreed.notified is None or agreed.notified[0] is not notification:
        agreed.notified, agreed.ignored, agreed.asked_again = (notification, now), False, False
    max_delay_s = agreed.evse.notification_max_delay_s
    left_s = max_delay_s - (now - agreed.notified[1])
    planning = agreed.planning_since_s is not None
    if left_s < -REACTION_S and not agreed.ignored and not planning:
        agreed.emit(NotificationIgnored(now, notification, max_delay_s))
        agreed.ignored = True
        if notification is Notification.ScheduleRenegotiation and not agreed.asked_again:
            agreed.notified, agreed.ignored, agreed.asked_again = (notification, now), False, True
            left_s = max_delay_s
    delay = max(0, min(65535, round(left_s)))
    return EVSEStatusType(NotificationMaxDelay=delay, EVSENotification=EVSENotificationType(notification))


def loop_code(agreed: Agreement) -> ResponseCodeType:
    """A warning while a renegotiation that came to nothing is asked for once more ([V2G20-2235]).

    The standard lets a charger end the session after a second time; here the set-point rules anyway.
    """
    again = agreed.asked_again and agreed.evse.notification is Notification.ScheduleRenegotiation
    return ResponseCodeType.WARNING_ScheduleRenegotiationFailed if again else ResponseCodeType.OK


REACTION_S = 2.0
"""A car told to act at once may still answer what was on its way."""
MOST_METER_ID = 32
"""Characters; a charger's own ID, which may stand for its meter, has up to 37."""


def satisfied(agreed: Agreement, notification: Notification) -> None:
    """The car has done what it was asked."""
    if agreed.evse.notification is notification:
        agreed.evse.notification = None


def meter(agreed: Agreement, wanted: bool, now: float) -> dict[str, Any]:
    """The reading of this moment, if the car wants it or is to confirm it, and what the energy has cost by it."""
    reading, to_confirm = agreed.evse.meter, agreed.evse.notification is Notification.MeteringConfirmation
    if reading is None:
        return {}
    receipt = None
    if agreed.schedules:
        # While a renegotiation is under way the car has not yet selected one of the new offer.
        schedule = agreed.schedules[min(agreed.schedule_id or 1, len(agreed.schedules)) - 1]
        receipt = agreed.bill.count(reading, schedule, now - agreed.schedules_from_s, now)
    if not (wanted or to_confirm):
        return {}
    info = meter_element(reading, agreed.chosen_service.bidirectional)
    costs = None if receipt is None else receipt_element(receipt)
    if to_confirm:
        agreed.readings_sent.append((info, costs))
    return {"MeterInfo": info, "Receipt": costs}


def receipt_element(receipt: Receipt) -> ReceiptType:
    """The wire form."""
    return ReceiptType(
        TimeAnchor=int(receipt.time_s),
        EnergyCosts=DetailedCostType(Amount=rational(receipt.energy_cost), CostPerUnit=rational(receipt.price)),
        TaxCosts=[
            DetailedTaxType(TaxRuleID=number, Amount=rational(amount))
            for number, amount in enumerate(receipt.taxes[:MAX_TAXES], start=1)
        ],
    )


def read_receipt(element: ReceiptType | None) -> Receipt | None:
    """The same, read back; None where it tells nothing of energy."""
    if element is None or element.EnergyCosts is None:
        return None
    costs, taxes = element.EnergyCosts, tuple(number(tax.Amount) for tax in element.TaxCosts)
    return Receipt(float(element.TimeAnchor), number(costs.Amount), number(costs.CostPerUnit), taxes)


def meter_element(reading: MeterReading, bidirectional: bool) -> MeterInfoType:
    """The wire form."""
    return MeterInfoType(
        MeterID=ascii_text(reading.meter_id, MOST_METER_ID),
        ChargedEnergyReadingWh=reading.charged_wh,
        BPT_DischargedEnergyReadingWh=reading.discharged_wh if bidirectional else None,
        MeterSignature=reading.signature or None,
        MeterStatus=reading.status,
        MeterTimestamp=None if reading.time_s is None else int(reading.time_s),
    )


def read_meter(element: MeterInfoType) -> MeterReading:
    """The same, read back."""
    time_s = None if element.MeterTimestamp is None else float(element.MeterTimestamp)
    discharged_wh = element.BPT_DischargedEnergyReadingWh or 0
    return MeterReading(
        element.MeterID,
        element.ChargedEnergyReadingWh,
        discharged_wh,
        time_s,
        element.MeterSignature or b"",
        element.MeterStatus,
    )
