"""The car's side of DIN SPEC 70121: what it asks in each state, going or leaving."""

from collections.abc import Callable

from protocols.exi.schema import Element
from protocols.iso15118.din import requests, takers
from protocols.iso15118.din.table import READY_TO_CHARGE
from protocols.iso15118.din.trip import Trip
from protocols.iso15118.secc_side import Envelope
from protocols.iso15118.table import Outcome, State

REQUESTS: dict[State, Callable[[Trip, float], Element]] = {
    State.SESSION_SETUP: requests.session_setup,
    State.SERVICE_DISCOVERY: requests.service_discovery,
    State.PAYMENT_SELECTION: requests.payment_selection,
    State.AUTHORIZATION: requests.authorization,
    State.CHARGE_PARAMETERS: requests.charge_parameters,
    State.CABLE_CHECK: requests.cable_check,
    State.PRE_CHARGE: requests.pre_charge,
    State.POWER_DELIVERY: requests.power_on,
    State.CHARGE_LOOP: requests.current_demand,
    State.WELDING_DETECTION: requests.welding_detection,
}
"""What the car asks in each state while all goes well."""


class DinEvccSide(Trip):
    """A trip that asks and listens."""

    def request(self, state: State, now: float) -> Element:
        """What comes next in this state; on the way out, first power off, then SessionStop."""
        if state is State.CHARGE_LOOP:
            self.mind_the_car(now)
        elif state is not State.WELDING_DETECTION:
            self._mind_the_time(state, now)
        if self.leaving is None or state in (State.SESSION_SETUP, State.WELDING_DETECTION):
            return REQUESTS[state](self, now)
        if state is State.CHARGE_LOOP:
            return requests.power_off(self, now)
        return requests.session_stop(self, now)

    def take(self, envelope: Envelope, now: float) -> str | None:
        """Read an answer."""
        return takers.take(self, envelope.body, now)

    def _mind_the_time(self, state: State, now: float) -> None:
        """From SessionSetupReq on, power has to come within one time-out for all steps together."""
        if self.began_s is None:
            self.began_s = now
        limit_s = self.context.timings.of(READY_TO_CHARGE)
        if now - self.began_s > limit_s:
            reason = f"the charger was not ready within {limit_s:g} s, still in state {state} ({READY_TO_CHARGE})"
            self.leave(Outcome.TERMINATE, reason, gave_up=True)
