"""The car's side of ISO 15118-20: what it asks in each state, going or leaving."""

from collections.abc import Callable, Iterable

from protocols.exi.messages.common import (
    AuthorizationReq,
    CertificateInstallationReq,
    ChargeProgressType,
    PowerDeliveryReq,
)
from protocols.exi.schema import Element
from protocols.iso15118.secc_side import Envelope
from protocols.iso15118.table import Outcome, State
from protocols.iso15118.v2gtp import PayloadType
from protocols.iso15118.v20 import evcc_answers, evcc_beside, evcc_requests
from protocols.iso15118.v20.table import PARKED
from protocols.iso15118.v20.trip import Trip

REQUESTS: dict[State, Callable[[Trip, float], Element]] = {
    State.SESSION_SETUP: evcc_requests.session_setup,
    State.RESUMED: evcc_requests.go_on,
    State.AUTHORIZATION_SETUP: evcc_requests.authorization_setup,
    State.AUTHORIZATION: evcc_requests.authorization,
    State.CERTIFICATE_INSTALLATION: evcc_requests.authorization,
    State.SERVICE_DISCOVERY: evcc_requests.service_discovery,
    State.SERVICE_DETAIL: evcc_requests.service_detail,
    State.SERVICE_SELECTION: evcc_requests.service_selection,
    State.CHARGE_PARAMETERS: evcc_requests.charge_parameters,
    State.SCHEDULE_EXCHANGE: evcc_requests.schedule_exchange,
    State.CABLE_CHECK: evcc_requests.cable_check,
    State.PRE_CHARGE: evcc_requests.pre_charge,
    State.POWER_DELIVERY: evcc_requests.power_delivery,
    State.CHARGE_LOOP: evcc_requests.charge_loop,
    State.WELDING_DETECTION: evcc_requests.welding_detection,
    State.SESSION_STOP: evcc_requests.session_stop,
}
"""What the car asks in each state while all goes well."""
BEFORE_POWER = frozenset(REQUESTS) - {
    State.CABLE_CHECK,
    State.POWER_DELIVERY,
    State.CHARGE_LOOP,
    State.WELDING_DETECTION,
    State.SESSION_STOP,
}
"""Where a SessionStopReq may end or pause the session, but not lead to another service."""


class V20EvccSide(Trip):
    """A trip that asks and listens."""

    def request(self, state: State, now: float) -> Element | None:
        """What comes next in this state; on the way out, first power off, then SessionStop."""
        if state is State.CHARGE_LOOP:
            self.mind_the_car(now)
            change = None if self.leaving else evcc_requests.change_of_power(self, now)
            if change is not None:
                return change
        if self._goes_on(state):
            return REQUESTS[state](self, now)
        if state in (State.CHARGE_LOOP, State.POWER_DELIVERY, State.CABLE_CHECK):
            return evcc_requests.power_off(self, now)
        if state in PARKED and evcc_beside.must_check_out(self):
            return None
        return evcc_requests.session_stop(self, now)

    def _goes_on(self, state: State) -> bool:
        """Whether nothing leads out of this state yet. A wish for another service waits for [V2G20-1477]'s states."""
        if self.leaving is None or state in (State.SESSION_SETUP, State.WELDING_DETECTION):
            return True
        return self.leaving is Outcome.OTHER_SERVICE and state in BEFORE_POWER

    def side_requests(self, state: State, free: frozenset[PayloadType], now: float) -> Iterable[Element]:
        """Schedules, readings and the parking status."""
        return evcc_beside.requests(self, state, free, now)

    def another_way(self, request: Element) -> bool:
        """A contract that was not taken leaves external means; where there is no standby, power stays on."""
        if isinstance(request, PowerDeliveryReq) and request.ChargeProgress is ChargeProgressType.Standby:
            self.wants_standby = False
            return True
        tries = isinstance(request, AuthorizationReq | CertificateInstallationReq)
        return tries and self.authorisation.next_way(self.context)

    def take(self, envelope: Envelope, now: float) -> str | None:
        """Read an answer."""
        return evcc_answers.take(self, envelope.body, now)
