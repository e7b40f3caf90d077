"""What every decision leaves behind: a reading, a reason where something changed, energy and money, event delivery."""

from collections.abc import Callable, Sequence

from app.engine.accounts import Accounts, Flow
from app.engine.dispatcher import Picture
from app.engine.history import HalfHours
from app.engine.kept_reasons import rounded
from app.engine.ledger import EventLedger, Moment
from app.engine.scribe import Scribe
from app.engine.tariff import PriceNow
from app.ports import Report
from app.store import ReadingRow, ReasonRow
from energy.grid_events import GridEventKind
from energy.model import ReasonCode, SetPoint

_CHANGED_W = 50.0
_SAME_REASON_S = 60.0
"""Following the house for one and the same reason, a set-point changes every second: a row a minute tells it."""
_LONGEST_GAP_S = 900.0


class Recorder:
    """Called with each decision, in the tick; everything slow goes to the scribe."""

    def __init__(
        self,
        *,
        scribe: Scribe,
        accounts: Accounts,
        ledger: EventLedger,
        prices: PriceNow,
        load: HalfHours,
        solar: HalfHours,
        reports: Sequence[Report],
        has_solar: bool,
        stale_s: float,
        battery_soc: Callable[[], float | None] = lambda: None,
        unplanned_w: Callable[[float], float] = lambda battery_w: battery_w,
        co2_at: Callable[[float], float | None] = lambda _at_s: None,
    ) -> None:
        """``reports``: the grid links that report back; ``stale_s``: an older reading is not booked.

        ``unplanned_w``: of the batteries' power, what no plan moves; ``co2_at``: g a kWh imported at a time.
        """
        self._scribe = scribe
        self._accounts = accounts
        self._ledger = ledger
        self._prices = prices
        self._load = load
        self._solar = solar
        self._reports = reports
        self._has_solar = has_solar
        self._stale_s = stale_s
        self._battery_soc = battery_soc
        self._unplanned_w = unplanned_w
        self._co2_at = co2_at
        self._last_reading_s = float("-inf")
        self._last_reasons: dict[str, SetPoint] = {}
        self._last_flow: Flow | None = None

    def record(self, picture: Picture) -> bool:
        """Take one decision; True: an event began or ended."""
        self._reading(picture)
        self._reason(picture)
        flow = self._flow(picture)
        if flow is None:
            return False
        self._accounts.add(flow)
        self._remember(flow)
        baseline_w = self._accounts.baseline_ev_w(flow)
        grid_w = flow.grid_w
        self._report(picture, grid_w, baseline_w)
        moment = Moment(
            now_s=flow.at_s,
            grid_w=grid_w,
            ev_w=flow.ev_w,
            baseline_ev_w=baseline_w,
            answer_w=_answer_w(picture),
            base_w=_base_w(picture),
            ev_now_w=picture.session.ev.power_w if picture.session is not None else 0.0,
            able=picture.ev_state.connected and not picture.command.notes,
        )
        return self._ledger.tick(moment)

    def _reading(self, picture: Picture) -> None:
        if picture.now_s - self._last_reading_s < 1.0:
            return
        self._last_reading_s = picture.now_s
        readings, state = picture.readings, picture.ev_state
        self._scribe.reading(
            ReadingRow(
                at_s=picture.now_s,
                grid_w=readings.grid_w,
                solar_w=readings.solar_w,
                load_w=readings.load_w(state.power_w),
                ev_w=state.power_w,
                soc=state.soc if state.connected else None,
                frequency_hz=readings.frequency_hz,
                battery_w=readings.battery_w,
                battery_soc=self._battery_soc(),
            )
        )

    def _reason(self, picture: Picture) -> None:
        new = picture.set_point
        old = self._last_reasons.get(new.charger_id)
        if old is not None and not _is_another(new, old):
            return
        self._last_reasons[new.charger_id] = new
        self._scribe.reason(
            ReasonRow(
                at_s=new.at_s,
                charger_id=new.charger_id,
                power_w=new.power_w,
                code=new.reason.code.value,
                params=rounded(new.reason.params),
                limited_by=[{"code": r.code.value, "params": rounded(r.params)} for r in new.limited_by],
            )
        )

    def _flow(self, picture: Picture) -> Flow | None:
        readings, state = picture.readings, picture.ev_state
        load_w = readings.load_w(state.power_w)
        stale = picture.now_s - readings.at_s > self._stale_s
        if load_w is None or stale or (self._has_solar and readings.solar_w is None):
            return None
        import_price, export_price = self._prices.at(picture.now_s)
        asks = picture.limits.asks
        if GridEventKind.IMPORT_PRICE in asks:
            import_price = asks[GridEventKind.IMPORT_PRICE].value
        if GridEventKind.EXPORT_PRICE in asks:
            export_price = asks[GridEventKind.EXPORT_PRICE].value
        return Flow(
            at_s=picture.now_s,
            load_w=load_w,
            solar_w=readings.solar_w or 0.0,
            ev_w=state.power_w,
            connected=state.connected,
            soc=state.soc if state.connected else None,
            import_price=import_price,
            export_price=export_price,
            battery_w=readings.battery_w or 0.0,
            co2_g_per_kwh=self._co2_at(picture.now_s),
        )

    def _remember(self, flow: Flow) -> None:
        last, self._last_flow = self._last_flow, flow
        if last is not None and 0 < flow.at_s - last.at_s <= _LONGEST_GAP_S:
            lasted_s = flow.at_s - last.at_s
            # What does not obey is forecast with the house; it is no plan's to move.
            self._load.add(last.at_s, max(0.0, last.load_w + self._unplanned_w(last.battery_w)), lasted_s)
            self._solar.add(last.at_s, last.solar_w, lasted_s)

    def _report(self, picture: Picture, grid_w: float, baseline_ev_w: float) -> None:
        state, limits = picture.ev_state, picture.limits
        figures = {
            "grid_w": grid_w,
            "ev_w": state.power_w,
            "set_point_w": picture.set_point.power_w,
            "capacity_wh": state.ev.capacity_wh,
            "charge_max_w": limits.charge_w.value,
            "discharge_max_w": limits.discharge_w.value,
            "baseline_ev_w": baseline_ev_w,
            "baseline_grid_w": grid_w - state.power_w + baseline_ev_w,
            "shed_w": baseline_ev_w - state.power_w,
        }
        if state.soc is not None:
            figures["soc"] = state.soc
        if picture.readings.frequency_hz is not None:
            figures["frequency_hz"] = picture.readings.frequency_hz
        for link in self._reports:
            link.report(figures, picture.now_s)


def _is_another(new: SetPoint, old: SetPoint) -> bool:
    """Is it another decision than the one kept last: another reason or limit, or by now another power or figure?"""
    if _codes(new) != _codes(old):
        return True
    moved = abs(new.power_w - old.power_w) >= _CHANGED_W or new.reason.params != old.reason.params
    return moved and not 0 <= new.at_s - old.at_s < _SAME_REASON_S


def _codes(point: SetPoint) -> tuple[ReasonCode, ...]:
    return (point.reason.code, *(reason.code for reason in point.limited_by))


def _answer_w(picture: Picture) -> float:
    """The set-point's answer to frequency, signed; 0 while there is none."""
    reason = picture.set_point.reason
    return float(reason.params["answer_w"]) if reason.code is ReasonCode.FREQUENCY else 0.0


def _base_w(picture: Picture) -> float:
    """What the car was to do beside its answer to frequency, signed."""
    reason = picture.set_point.reason
    if reason.code is ReasonCode.FREQUENCY:
        return float(reason.params["base_w"])
    return picture.set_point.power_w
