"""What SECC and EVCC have agreed on so far in one session of DIN SPEC 70121."""

from dataclasses import dataclass, field, replace

from protocols.exi.schema import Element
from protocols.iso15118.din.envelope import wrapped
from protocols.iso15118.power import CarReport, EnergyNeeds, Limits
from protocols.iso15118.secc_side import SeccSide


@dataclass(slots=True)
class Agreement(SeccSide):
    """The charger's side of it. `car` is all that the car has told, as it stood when it told it last."""

    asked_for_authorization: bool = False
    asked_for_cable_check: bool = False
    planning_since_s: float | None = None
    pre_charge_v: float | None = None
    car: CarReport = field(default_factory=lambda: CarReport(Limits(0.0), EnergyNeeds()))
    _metered_wh: int = 0

    @property
    def limits(self) -> Limits:
        """What the charger can do in a session that only charges."""
        return self.evse.limits.without_discharge()

    @property
    def outlet_v(self) -> float:
        """The voltage of the outlet: measured, or else what was wanted of it."""
        return self.evse.readings.voltage_v or self.pre_charge_v or 0.0

    def hear(self, report: CarReport) -> CarReport:
        """Take a report. The car tells only once how much energy it wants, and our meter what is left of that."""
        meter, wanted_wh = self.evse.meter, report.needs.target_wh
        if meter is not None and wanted_wh is not None:
            charged_wh = meter.charged_wh - self._metered_wh if self.power_on else 0
            left_wh = max(0.0, wanted_wh - charged_wh)
            report = replace(report, needs=replace(report.needs, target_wh=left_wh))
        self._metered_wh = 0 if meter is None else meter.charged_wh
        self.car = report
        return report

    def wrap(self, body: Element, now: float) -> Element:
        """The header holds the session ID alone."""
        return wrapped(body, self.session_id)
