"""The demo's auditor: looks at the world itself, not at what the engine says of it.

Each settled step is integrated and held against every limit that the script and the home file set. What it finds is
the report's truth; the engine's own accounts stand beside it.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from app.clock import utc
from app.demo.script import Script, UtilityAsk
from app.demo.world import Flows, World
from energy.accounts import EnergyByPath, Shadow, bill_eur, saving, shadow_step, split_paths
from energy.model import Connection
from energy.tariffs import Tariff

TOLERANCE_W = 25.0
SOC_TOLERANCE = 0.011
"""The car's state of charge is told in whole percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What must hold."""

    connection: Connection
    charge_max_w: float
    discharge_max_w: float
    reserve_soc: float
    soc_min: float
    target_soc: float
    wear_eur_per_kwh: float


@dataclass(slots=True)
class Stretch:
    """A limit broken without a pause between."""

    what: str
    limit: float
    from_s: float
    to_s: float
    worst: float
    unit: str

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "what": self.what,
            "limit": round(self.limit, 1),
            "worst": round(self.worst, 1),
            "unit": self.unit,
            "from": utc(self.from_s).isoformat(),
            "to": utc(self.to_s).isoformat(),
        }


@dataclass(slots=True)
class _Asked:
    """An event of the script, and what came of it."""

    steps: int = 0
    worst_w: float = 0.0
    sum_w: float = 0.0
    sum_ev_w: float = 0.0


@dataclass(slots=True, kw_only=True)
class Audit:
    """Everything found so far."""

    rules: Rules
    script: Script
    tariff: Tariff
    paths: EnergyByPath = field(default_factory=EnergyByPath)
    bill_eur: float = 0.0
    charge_cost_eur: float = 0.0
    violations: list[Stretch] = field(default_factory=list)
    own_excess: list[Stretch] = field(default_factory=list)
    """Above a limit by the house's own load, with the car not charging: nobody's promise is broken."""
    lowest_soc: float = 1.0
    shadow: Shadow | None = None
    _open: dict[str, Stretch] = field(default_factory=dict)
    _asked: dict[str, _Asked] = field(default_factory=dict)
    _driven: set[float] = field(default_factory=set)
    _minute: int = -1
    _prices: tuple[float, float] = (0.0, 0.0)

    def begin(self, world: World, goal_soc: float) -> None:
        """The counterfactual's car begins as the real one does."""
        battery = world.battery
        self.shadow = Shadow(
            capacity_wh=battery.capacity_wh,
            stored_wh=battery.soc * battery.capacity_wh,
            charge_max_w=battery.charge_max_w,
            goal_soc=goal_soc,
            import_limit_w=self.rules.connection.import_max_w,
        )
        self._driven = {trip.leave_s for trip in self.script.trips if trip.leave_s <= world.now_s}

    def step(self, world: World, dt_s: float) -> None:
        """Take the settled powers of now, which hold for ``dt_s``."""
        now_s, flows = world.now_s, world.flows
        price_in, price_out = self._price(now_s)
        moved = split_paths(load_w=flows.load_w, solar_w=flows.solar_w, ev_w=flows.ev_w, dt_s=dt_s)
        self.paths = self.paths + moved
        self.bill_eur += bill_eur(flows.grid_w, dt_s, price_in, price_out)
        self.charge_cost_eur += (moved.grid_to_car_wh * price_in + moved.solar_to_car_wh * price_out) / 1e3
        self._step_shadow(world, flows, dt_s, price_in, price_out)
        self._check(world, flows, dt_s)
        self._answers(now_s, flows)

    def finish(self, now_s: float) -> None:
        """Close what is open."""
        for stretch in self._open.values():
            stretch.to_s = now_s
        self._open.clear()

    def money(self, world: World) -> dict[str, Any]:
        """The bill against the counterfactual's."""
        shadow = self.shadow
        if shadow is None:
            return {}
        charged_kwh = self.paths.charged_wh / 1e3
        refill = self.charge_cost_eur / charged_kwh if charged_kwh > 0.1 else self._price(world.now_s)[0]
        found = saving(
            bill_eur=self.bill_eur,
            discharged_wh=self.paths.discharged_wh,
            wear_eur_per_kwh=self.rules.wear_eur_per_kwh,
            stored_wh=world.battery.soc * world.battery.capacity_wh,
            shadow=shadow,
            refill_eur_per_kwh=refill,
        )
        return {
            "currency": "EUR",
            "bill": round(found.bill_eur, 3),
            "wear": round(found.wear_eur, 3),
            "baseline_bill": round(found.baseline_bill_eur, 3),
            "stored_difference": round(found.stored_difference_eur, 3),
            "refill_price_per_kwh": round(refill, 4),
            "saved": round(found.saved_eur, 3),
            "baseline": "no V2G, charge to 80 % at full power on arrival; the same house, sun, prices and trips",
        }

    def paths_wh(self) -> dict[str, float]:
        """Energy by path, Wh."""
        return {name.removesuffix("_wh").replace("_to_", "_"): round(wh, 1) for name, wh in asdict(self.paths).items()}

    def events(self, end_s: float) -> list[dict[str, Any]]:
        """Each ask of the script that began, and what was delivered."""
        found: list[dict[str, Any]] = []
        for ask in self.script.utility:
            if ask.start_s < end_s:
                found.append(self._answer(ask.key, ask.name, ask.payload, list(ask.values), ask.units, ask.start_s))
        for profile in self.script.backend:
            if profile.start_s < end_s:
                asked = profile.limit_w if profile.limit_w is not None else profile.setpoint_w
                kind = "charge limit" if profile.limit_w is not None else "central set-point"
                key = f"profile-{profile.profile_id}"
                found.append(self._answer(key, profile.name, kind, [asked or 0.0], "W", profile.start_s))
        return found

    # Private.

    def _answer(
        self, key: str, name: str, kind: str, asked: list[float], unit: str | None, start_s: float
    ) -> dict[str, Any]:
        answer = self._asked.get(key, _Asked())
        steps = max(1, answer.steps)
        return {
            "name": name,
            "kind": kind,
            "start": utc(start_s).isoformat(),
            "asked": asked,
            "unit": unit or "",
            "mean_grid_w": round(answer.sum_w / steps, 1),
            "mean_ev_w": round(answer.sum_ev_w / steps, 1),
            "worst_excess_w": round(answer.worst_w, 1),
            "steps": answer.steps,
        }

    def _answers(self, now_s: float, flows: Flows) -> None:
        for ask in self.script.utility:
            if ask.start_s <= now_s < ask.end_s:
                limit_w = _utility_limit_w(ask, now_s)
                self._took(ask.key, flows, flows.grid_w - limit_w if limit_w is not None else 0.0)
        for profile in self.script.backend:
            if profile.start_s <= now_s < profile.start_s + profile.duration_s:
                if profile.limit_w is not None:
                    excess = flows.ev_w - profile.limit_w
                else:
                    excess = abs(flows.ev_w - (profile.setpoint_w or 0.0))
                self._took(f"profile-{profile.profile_id}", flows, excess)

    def _took(self, key: str, flows: Flows, excess_w: float) -> None:
        answer = self._asked.setdefault(key, _Asked())
        answer.steps += 1
        answer.sum_w += flows.grid_w
        answer.sum_ev_w += flows.ev_w
        answer.worst_w = max(answer.worst_w, excess_w)

    def _check(self, world: World, flows: Flows, dt_s: float) -> None:
        rules, now_s, soc = self.rules, world.now_s, world.battery.soc
        connection = rules.connection
        import_w = connection.import_max_w
        for ask in self.script.utility:
            limit_w = _utility_limit_w(ask, now_s)
            if limit_w is not None:
                import_w = min(import_w, limit_w)
        charge_w = rules.charge_max_w
        for profile in self.script.backend:
            if profile.limit_w is not None and profile.start_s <= now_s < profile.start_s + profile.duration_s:
                charge_w = min(charge_w, profile.limit_w)
        fuse_w = connection.fuse_a * connection.voltage_v
        adds = flows.ev_w > 0
        self._hold("import", flows.grid_w, import_w, TOLERANCE_W, "W", now_s, dt_s, ours=adds)
        for number, phase_w in enumerate(flows.phase_w, start=1):
            self._hold(f"phase {number}", abs(phase_w), fuse_w, TOLERANCE_W, "W", now_s, dt_s, ours=abs(flows.ev_w) > 0)
        export_w = connection.export_max_w
        self._hold("export", -flows.grid_w, export_w, TOLERANCE_W, "W", now_s, dt_s, ours=flows.ev_w < 0)
        self._hold("charge", flows.ev_w, charge_w, TOLERANCE_W, "W", now_s, dt_s)
        self._hold("discharge", -flows.ev_w, rules.discharge_max_w, TOLERANCE_W, "W", now_s, dt_s)
        if world.at_home:
            self.lowest_soc = min(self.lowest_soc, soc)
        low_soc = -soc if flows.ev_w < -TOLERANCE_W else -1.0
        self._hold("reserve while discharging", low_soc, -rules.reserve_soc, SOC_TOLERANCE, "fraction", now_s, dt_s)

    def _hold(
        self,
        what: str,
        value: float,
        limit: float,
        tolerance: float,
        unit: str,
        now_s: float,
        dt_s: float,
        *,
        ours: bool = True,
    ) -> None:
        key = f"{what}{'' if ours else ' (house)'}"
        other = f"{what}{' (house)' if ours else ''}"
        self._open.pop(other, None)
        if value <= limit + tolerance:
            self._open.pop(key, None)
            return
        stretch = self._open.get(key)
        if stretch is None:
            stretch = Stretch(what, abs(limit), now_s, now_s + dt_s, abs(value), unit)
            self._open[key] = stretch
            (self.violations if ours else self.own_excess).append(stretch)
        stretch.to_s = now_s + dt_s
        stretch.worst = max(stretch.worst, abs(value)) if unit == "W" else min(stretch.worst, abs(value))

    def _step_shadow(self, world: World, flows: Flows, dt_s: float, price_in: float, price_out: float) -> None:
        if self.shadow is None:
            return
        trip_wh = 0.0
        for trip in self.script.trips:
            if trip.leave_s <= world.now_s and trip.leave_s not in self._driven:
                self._driven.add(trip.leave_s)
                trip_wh += trip.used_wh
        self.shadow = shadow_step(
            self.shadow,
            load_w=flows.load_w,
            solar_w=flows.solar_w,
            connected=world.at_home,
            trip_wh=trip_wh,
            dt_s=dt_s,
            import_eur_per_kwh=price_in,
            export_eur_per_kwh=price_out,
        )

    def promises(self, world: World) -> list[dict[str, Any]]:
        """Each departure that fell due: was the car as full as it was promised?"""
        wanted = self.rules.target_soc
        return [
            {
                "kind": "departure",
                "at": utc(trip.leave_s).isoformat(),
                "wanted_soc": wanted,
                "soc": round(soc, 4),
                "kept": soc >= wanted - SOC_TOLERANCE,
            }
            for trip, soc in world.left
        ]

    def _price(self, now_s: float) -> tuple[float, float]:
        minute = int(now_s // 60)
        if minute != self._minute:
            found = self.tariff.prices(np.array([minute * 60.0, minute * 60.0 + 60.0]))
            self._prices = (float(found.import_eur_per_kwh[0]), float(found.export_eur_per_kwh[0]))
            self._minute = minute
        price_in, price_out = self._prices
        for ask in self.script.utility:
            if ask.start_s <= now_s < ask.end_s:
                value = ask.values[int((now_s - ask.start_s) // ask.step_s)]
                price_in = value if ask.payload == "PRICE" else price_in
                price_out = value if ask.payload == "EXPORT_PRICE" else price_out
        return price_in, price_out


def _utility_limit_w(ask: UtilityAsk, now_s: float) -> float | None:
    if ask.payload != "IMPORT_CAPACITY_LIMIT" or not ask.start_s <= now_s < ask.end_s:
        return None
    return ask.values[int((now_s - ask.start_s) // ask.step_s)] * 1e3
