"""The home's accounts: energy by path and money, booked minute by minute beside the counterfactual.

The counterfactual ("no V2G, charge on arrival") is ``energy.accounts``' other car: the same house, sun, prices and
trips. What the trips took is learnt from the real car's charge at departure and return.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from app.store.rows import AccountRow
from energy.accounts import EnergyByPath, Shadow, bill_eur, shadow_step, split_paths
from energy.model import Charger, Ev

BOOK_EVERY_S = 60.0
LONGEST_GAP_S = 900.0
"""Time without a reading that is longer than this is not booked: nobody knows what flowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What flows from one decision to the next."""

    at_s: float
    load_w: float
    solar_w: float
    ev_w: float
    connected: bool
    soc: float | None
    """Of the car, known while it is connected."""
    import_price: float
    export_price: float
    battery_w: float = 0.0
    """House batteries, > 0 charge."""
    co2_g_per_kwh: float | None = None

    @property
    def grid_w(self) -> float:
        """At the connection, > 0 imports."""
        return self.load_w + self.ev_w + self.battery_w - self.solar_w


@dataclass(slots=True)
class _Open:
    """The interval that is being filled."""

    at_s: float
    paths: EnergyByPath = field(default_factory=EnergyByPath)
    cost: float = 0.0
    baseline: float = 0.0
    wear: float = 0.0
    co2_g: float | None = None


class Accounts:
    """Integrates flows and books them."""

    def __init__(
        self,
        car: Ev,
        charger: Charger,
        import_max_w: float,
        book: Callable[[AccountRow, dict[str, Any]], None],
        remembered: dict[str, Any] | None = None,
    ) -> None:
        """``book(row, memory)`` puts both on disk together; ``remembered`` is the last memory, after a restart."""
        self._car = car
        self._charger = charger
        self._import_max_w = import_max_w
        self._book = book
        self._last: Flow | None = None
        self._open: _Open | None = None
        memory = remembered or {}
        self._shadow = _shadow(memory["shadow"]) if "shadow" in memory else None
        self.stored_wh: float | None = memory.get("stored_wh")
        """The real car's charge, as it was last known."""
        self._was_connected: bool | None = memory.get("connected")
        self.difference_wh = self._difference_wh()
        """How much more charge the real car had than the counterfactual's when last was booked; None: not known."""

    def baseline_ev_w(self, flow: Flow) -> float:
        """Power of the counterfactual's car at this moment, W ≥ 0."""
        shadow = self._shadow
        if shadow is None or not flow.connected or shadow.stored_wh >= shadow.goal_soc * shadow.capacity_wh:
            return 0.0
        house_w = flow.load_w + flow.battery_w - flow.solar_w
        return max(0.0, min(shadow.charge_max_w, shadow.import_limit_w - house_w))

    def add(self, flow: Flow) -> None:
        """A new moment: what flowed until now is integrated, and booked when a minute is full."""
        last = self._last
        if last is not None and 0 < flow.at_s - last.at_s <= LONGEST_GAP_S:
            # The car's power is measured at the end of the time for which it flowed.
            self._integrate(replace(last, ev_w=flow.ev_w), flow.at_s - last.at_s)
        elif last is None or flow.at_s != last.at_s:
            self.close()
        self._last = flow
        self._know_car(flow)
        if self._open is not None and flow.at_s - self._open.at_s >= BOOK_EVERY_S:
            self.close()

    def close(self) -> None:
        """Book what is open."""
        opened, self._open = self._open, None
        if opened is None or self._last is None:
            return
        paths = asdict(opened.paths)
        before_wh, self.difference_wh = self.difference_wh, self._difference_wh()
        row = AccountRow(
            at_s=opened.at_s,
            span_s=self._last.at_s - opened.at_s,
            **{name.replace("_to_", "_"): wh for name, wh in paths.items()},
            cost=opened.cost,
            baseline_cost=opened.baseline,
            wear=opened.wear,
            co2_g=opened.co2_g,
            ahead_wh=_gained(before_wh, self.difference_wh),
        )
        self._book(row, self._memory())

    def _integrate(self, flow: Flow, dt_s: float) -> None:
        opened = self._open or _Open(flow.at_s)
        moved = split_paths(
            load_w=flow.load_w, solar_w=flow.solar_w, ev_w=flow.ev_w, battery_w=flow.battery_w, dt_s=dt_s
        )
        opened.paths = opened.paths + moved
        opened.cost += bill_eur(flow.grid_w, dt_s, flow.import_price, flow.export_price)
        opened.wear += moved.discharged_wh / 1e3 * self._car.wear_eur_per_kwh
        if flow.co2_g_per_kwh is not None:
            opened.co2_g = (opened.co2_g or 0.0) + moved.imported_wh / 1e3 * flow.co2_g_per_kwh
        # Both homes have the same house battery and it does the same: what it saves is not the car's doing.
        house_w = flow.load_w + flow.battery_w - flow.solar_w
        if self._shadow is None:
            # No car was ever seen: without one the house pays for itself.
            opened.baseline += bill_eur(house_w, dt_s, flow.import_price, flow.export_price)
        else:
            before = self._shadow.bill_eur
            self._shadow = shadow_step(
                self._shadow,
                load_w=max(house_w, 0.0),
                solar_w=max(-house_w, 0.0),
                connected=flow.connected,
                trip_wh=0.0,
                dt_s=dt_s,
                import_eur_per_kwh=flow.import_price,
                export_eur_per_kwh=flow.export_price,
            )
            opened.baseline += self._shadow.bill_eur - before
        self._open = opened

    def _know_car(self, flow: Flow) -> None:
        """Learn the car's charge; on its return the counterfactual's car pays for the same trip."""
        if not flow.connected or flow.soc is None:
            self._was_connected = self._was_connected and flow.connected
            return
        stored_wh = flow.soc * self._car.capacity_wh
        if self._shadow is None:
            self._shadow = Shadow(
                capacity_wh=self._car.capacity_wh,
                stored_wh=stored_wh,
                charge_max_w=min(self._charger.charge_max_w, self._car.charge_max_w),
                import_limit_w=self._import_max_w,
                efficiency=self._charger.charge_efficiency,
            )
        elif self._was_connected is False and self.stored_wh is not None:
            used_wh = max(0.0, self.stored_wh - stored_wh)
            self._shadow = shadow_step(
                self._shadow,
                load_w=0.0,
                solar_w=0.0,
                connected=False,
                trip_wh=used_wh,
                dt_s=0.0,
                import_eur_per_kwh=0.0,
                export_eur_per_kwh=0.0,
            )
        self.stored_wh = stored_wh
        self._was_connected = True

    def _difference_wh(self) -> float | None:
        if self._shadow is None or self.stored_wh is None:
            return None
        return self.stored_wh - self._shadow.stored_wh

    def _memory(self) -> dict[str, Any]:
        memory: dict[str, Any] = {"stored_wh": self.stored_wh, "connected": self._was_connected}
        if self._shadow is not None:
            memory["shadow"] = asdict(self._shadow)
        return memory


def _gained(before_wh: float | None, now_wh: float | None) -> float | None:
    """Growth of the difference; both cars begin with the same charge."""
    return None if now_wh is None else now_wh - (before_wh or 0.0)


def _shadow(memory: dict[str, Any]) -> Shadow:
    # JSON writes infinity as null.
    unbounded = {k: float("inf") if v is None else v for k, v in memory.items()}
    return Shadow(**unbounded)
