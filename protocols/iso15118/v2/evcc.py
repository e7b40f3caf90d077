"""The car's side of ISO 15118-2: what it asks in each state, going or leaving."""

from collections.abc import Callable

from protocols.exi.schema import Element
from protocols.iso15118.secc_side import Envelope
from protocols.iso15118.services import Energy
from protocols.iso15118.table import Outcome, State
from protocols.iso15118.v2 import evcc_answers, evcc_requests
from protocols.iso15118.v2.table import READY_TO_CHARGE
from protocols.iso15118.v2.trip import Trip

REQUESTS: dict[State, Callable[[Trip, float], Element]] = {
    State.SESSION_SETUP: evcc_requests.session_setup,
    State.SERVICE_DISCOVERY: evcc_requests.service_discovery,
    State.PAYMENT_SELECTION: evcc_requests.payment_selection,
    State.CERTIFICATE: evcc_requests.certificate,
    State.PAYMENT_DETAILS: evcc_requests.payment_details,
    State.AUTHORIZATION: evcc_requests.authorization,
    State.CHARGE_PARAMETERS: evcc_requests.charge_parameters,
    State.CABLE_CHECK: evcc_requests.cable_check,
    State.PRE_CHARGE: evcc_requests.pre_charge,
    State.POWER_DELIVERY: evcc_requests.power_delivery,
    State.CHARGE_LOOP: evcc_requests.charge_loop,
    State.METERING_RECEIPT: evcc_requests.metering_receipt,
    State.WELDING_DETECTION: evcc_requests.welding_detection,
    State.SESSION_STOP: evcc_requests.session_stop,
}
"""What the car asks in each state while all goes well."""

UNHURRIED = (State.SESSION_SETUP, State.METERING_RECEIPT, State.WELDING_DETECTION, State.SESSION_STOP)
"""Where leaving makes no difference to what comes next."""


class V2EvccSide(Trip):
    """A trip that asks and listens."""

    def request(self, state: State, now: float) -> Element:
        """What comes next in this state; on the way out, first power off, then SessionStop."""
        self._mind_the_clock(state, now)
        if state is State.CHARGE_LOOP:
            self.mind_the_car(now)
            if self.leaving is None and self.renegotiating:
                return evcc_requests.renegotiate(self, now)
        if self.leaving is None or state in UNHURRIED:
            return REQUESTS[state](self, now)
        # Before power delivery a DC outlet may be under voltage already.
        live = state is State.POWER_DELIVERY and self.plan.service.energy is Energy.DC
        if state is State.CHARGE_LOOP or live:
            return evcc_requests.power_off(self, now)
        return evcc_requests.session_stop(self, now)

    def take(self, envelope: Envelope, now: float) -> str | None:
        """Read an answer."""
        return evcc_answers.take(self, envelope, now)

    def _mind_the_clock(self, state: State, now: float) -> None:
        """V2G_EVCC_ReadyToCharge_Timeout: from the session to the first power."""
        if state is State.CHARGE_LOOP:
            self.began_s = None
        elif state is State.SESSION_SETUP:
            self.began_s = now
        elif self.began_s is not None and now - self.began_s > self.context.timings.of(READY_TO_CHARGE):
            limit_s = self.context.timings.of(READY_TO_CHARGE)
            reason = f"the charger was not ready to charge within {limit_s:g} s ({READY_TO_CHARGE})"
            self.leave(Outcome.TERMINATE, reason, gave_up=True)
