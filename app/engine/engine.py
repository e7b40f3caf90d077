"""The engine: one home, put together from its file.

    drivers → board → dispatcher → charger          each second, and at once on a reading
                  ↘ recorder → scribe → store       what every decision leaves behind
    planner (a worker process) → plan → dispatcher  every few minutes, and when something changes
    desk ← all of them                              what the API answers

Everything lives in one event loop; only plans are made in another process, and SQLite has threads of its own.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.api.schema import WishesOut
from app.clock import Clock
from app.config.home import HomeConfig
from app.config.secrets import Secrets
from app.engine.abilities import can_be_captured, is_charger, reports, watches_plans, watches_sessions
from app.engine.accounts import Accounts
from app.engine.assets import battery_soc, planned_batteries, planned_tanks, silent, unplanned_w
from app.engine.board import HouseBoard, Topic
from app.engine.certificates import CertificateShelf
from app.engine.co2 import co2, co2_at
from app.engine.dispatcher import Dispatcher, Picture
from app.engine.drivers import Workshop, certificate_folder, make_drivers
from app.engine.fixed import HOME, Fixed, fixed
from app.engine.forecasts import FORECAST_NAME, forecast_health
from app.engine.habits import LEARNED_FROM, HabitKeeper
from app.engine.hands import Hands
from app.engine.health import HealthBook
from app.engine.history import DAYS_KEPT, SPAN_S, HalfHours
from app.engine.imports import ImportQuarters
from app.engine.ledger import EventLedger
from app.engine.links import LinkBook
from app.engine.loads import SETTING as LOADS_SETTING
from app.engine.loads import LoadBook
from app.engine.plan_job import PlanDone, PlanJob, plan_record
from app.engine.plan_types import Co2
from app.engine.planned_car import planned_car
from app.engine.planner import PlanKeeper
from app.engine.recorder import Recorder
from app.engine.scribe import Scribe
from app.engine.sessions import LOST, SessionRecord
from app.engine.supervisor import Supervisor, in_one_line
from app.engine.support import SupportCase
from app.engine.tariff import TariffKeeper
from app.engine.weather import KEPT_S, WeatherKeeper
from app.engine.wish_keeper import WishKeeper
from app.ports import ChargerDriver, Driver, Health, HealthLevel
from app.session_shelf import RecordingShelf
from app.store import AccountRow, PlanRow, Retention, SessionRow, Store
from energy.forecast import History
from energy.links import is_limited
from energy.model import Departure, Plug, Risk, Wishes
from energy.plan.types import Plan
from energy.tariffs import Contract

log = logging.getLogger(__name__)

STORE_NAME, SESSIONS_NAME, CAPTURES_NAME = "home.sqlite", "sessions", "captures"
ACCOUNTS_SETTING, BOUND_SETTING, PRICES_SETTING = "accounts", "bound_links", "prices"
HISTORY_S = DAYS_KEPT * 86_400.0
LEARNED_SETTING = "chargers_learned"
EVENTS_S = 3 * 86_400.0
STOP_S = 8.0
RESTART_REAL_S = 1.0
PLAN_KEPT_EVERY_S = 900.0
LINK_GRACE_S = 10.0
"""A link that has just come is confirmed in the next moment: not worth a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an engine is run."""

    paced: bool = False
    """A pacemaker steps home time: the dispatch runs on readings only, not by a timer."""
    demo: bool = False
    timings_factor: float = 1.0
    stage_interval_s: float = 0.5
    """Both: see ``Workshop``."""
    parent_pid: int | None = None
    """Stop when this parent process is gone (the demo's)."""


class Engine:
    """One home, running. ``await Engine.open(...)``, ``await run()`` until cancelled, which stops it in order."""

    def __init__(
        self,
        config: HomeConfig,
        home_file: Path,
        state_dir: Path,
        clock: Clock,
        store: Store,
        secrets: Secrets,
        settings: dict[str, Any],
        options: Options,
    ) -> None:
        """Use ``open``."""
        self.config = config
        self.home_file = home_file
        self.clock = clock
        self.store = store
        self.options = options
        self.fixed: Fixed = fixed(config, speed=clock.speed)
        self.co2: Co2 | None = co2(config, home_file.parent)
        self.book = HealthBook(clock)
        self.scribe = Scribe(store, clock, self.book)
        self.tariffs = TariffKeeper(
            config,
            home_file.parent,
            settings.get(PRICES_SETTING),
            remember=lambda memory: self.scribe.remember(PRICES_SETTING, memory),
        )
        self.weather = WeatherKeeper(lambda rows: self.scribe.book(*rows))
        self.imports = ImportQuarters()
        self.load, self.solar = HalfHours(), HalfHours()
        peak_w = self.fixed.site.peak_w or None
        main_meter = config.meter[0].name if config.meter else None
        self.board = HouseBoard(clock, self.fixed.connection, self.book, solar_peak_w=peak_w, main_meter=main_meter)
        self.links = LinkBook(
            self.fixed.link_rules,
            clock.now_s(),
            bound=settings.get(BOUND_SETTING, ()),
            on_bound=lambda _name: self.scribe.remember(BOUND_SETTING, self.links.bound),
        )
        shelf = RecordingShelf(state_dir / SESSIONS_NAME)
        self._shop = Workshop(
            config=config,
            fixed=self.fixed,
            clock=clock,
            secrets=secrets,
            state_dir=state_dir,
            home_file=home_file,
            settings=settings,
            remember=self.scribe.remember,
            timings_factor=options.timings_factor,
            stage_interval_s=options.stage_interval_s,
            record=shelf.new,
            tariffs=self.tariffs,
            weather=self.weather,
        )
        self.certificates = CertificateShelf(certificate_folder(self._shop))
        self.drivers: list[Driver] = make_drivers(self._shop)
        self.charger: ChargerDriver | None = next(filter(is_charger, self.drivers), None)
        interface = config.charger.interface if config.charger is not None else ""
        captured = self.charger if can_be_captured(self.charger) else None
        self.support = SupportCase(shelf, state_dir / CAPTURES_NAME, interface, captured)
        self.watchers = list(filter(watches_sessions, self.drivers))
        self.plan_watchers = list(filter(watches_plans, self.drivers))
        self.supervisor = Supervisor(self.board, self.book)
        self.habits = HabitKeeper(self.fixed, clock)
        self.wishes = WishKeeper(self.fixed, clock, store, self._on_wishes, self.habits.add_to)
        self.wishes.restore(settings)
        self.ledger = EventLedger(on_event=self.scribe.book, on_delivery=self.scribe.book, on_seconds=self.scribe.book)
        self.sessions = SessionRecord(self._book_session)
        self.loads = LoadBook(self.fixed, self.scribe.remember, settings.get(LOADS_SETTING))
        self.accounts = Accounts(
            self.fixed.car,
            self.fixed.charger,
            self.fixed.connection.import_max_w,
            self._book_account,
            settings.get(ACCOUNTS_SETTING),
        )
        self.planner = PlanKeeper(
            clock=clock,
            every_s=config.engine.plan_every_s,
            job=self.plan_job,
            on_plan=self._on_plan,
            book=self.book,
            tz=self.fixed.tz,
        )
        self.recorder = Recorder(
            scribe=self.scribe,
            accounts=self.accounts,
            ledger=self.ledger,
            prices=self.tariffs.now,
            load=self.load,
            solar=self.solar,
            reports=list(filter(reports, self.drivers)),
            has_solar=bool(config.inverter),
            stale_s=self.fixed.stale_s,
            battery_soc=lambda: battery_soc(self.board),
            unplanned_w=lambda battery_w: unplanned_w(self.fixed, self.board, battery_w),
            co2_at=lambda at_s: co2_at(self.co2, at_s),
        )
        self.dispatcher = Dispatcher(
            fixed=self.fixed,
            clock=clock,
            board=self.board,
            book=self.book,
            links=self.links,
            charger=self.charger,
            wishes=self.wishes_now,
            events=self.ledger.in_force,
            plan=lambda: self.plan,
            on_decision=self._on_decision,
            on_links=self._on_links,
            batteries=lambda: planned_batteries(self.fixed, self.board, self.wishes.wishes),
            learned=settings.get(LEARNED_SETTING),
            on_learned=lambda learned: self.scribe.remember(LEARNED_SETTING, learned),
        )
        self.hands = Hands(self.fixed, self.board, self.loads, self.drivers, lambda: self.planner.ask("a machine"))
        self.on_news: list[Callable[[str], None]] = []
        """Called with "home", "plan", "events", "session" or "health" when such a thing is new."""
        self._session_key: object = None
        self._plan_kept_s = float("-inf")
        self.tariffs.on_change.append(self._on_prices)
        self.weather.on_change.append(lambda: self.planner.ask("new weather"))
        self.board.listen(Topic.SESSION, self._on_session)
        self.board.listen(Topic.EVENTS, self._on_events)
        self.board.listen(Topic.HEARTBEAT, lambda source: self.links.heartbeat(source, clock.now_s()))
        self.book.on_change = lambda _name: self._tell("health")

    @classmethod
    async def open(
        cls,
        config: HomeConfig,
        *,
        home_file: Path,
        state_dir: Path,
        clock: Clock,
        secrets: Secrets,
        options: Options | None = None,
    ) -> "Engine":
        """Open the store and resume what stands in it.

        Raises ``StoreError``, ``TariffError``, ``ProfileError``, ``SecretsError`` …: one sentence each.
        """
        store = await Store.open(state_dir / STORE_NAME, Retention(raw_days=config.engine.raw_days))
        try:
            settings = await store.settings()
            engine = cls(config, home_file, state_dir, clock, store, secrets, settings, options or Options())
            await engine._restore()
        except BaseException:
            await store.close()
            raise
        return engine

    async def run(self) -> None:
        """Run until cancelled; then stop in order: the car's session, the power stage at 0 W, the store closed."""
        now_s = self.clock.now_s()
        self.ledger.publish(HOME, self.fixed.standing_events, now_s)
        writing = asyncio.create_task(self._keep("scribe", self.scribe.run), name="scribe")
        others = [asyncio.create_task(self._keep("planner", self.planner.run), name="planner")]
        if not self.options.paced:
            others.append(asyncio.create_task(self._keep("dispatch", self.dispatcher.run), name="dispatch"))
        for driver in self.drivers:
            self.supervisor.start(driver)
        log.info("the engine runs: %s", self.config.home.name, extra={"home_file": str(self.home_file)})
        try:
            await asyncio.gather(writing, *others)
        finally:
            await self._stop(writing, others)

    async def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run a part of the engine for ever: a fault of ours in one part must not end the home."""
        while True:
            try:
                await work()
            except Exception as error:
                log.exception("%s failed and is started again", name)
                self.book.put(name, Health(level=HealthLevel.FAILED, text=f"started again after {in_one_line(error)}"))
            await asyncio.sleep(RESTART_REAL_S)

    async def _stop(self, writing: asyncio.Task[None], others: list[asyncio.Task[None]]) -> None:
        for task in others:
            task.cancel()
        # The charger first: it ends the session and opens its contactor while instruments still tell.
        if self.charger is not None:
            await self.supervisor.stop(self.charger.name, timeout_s=STOP_S)
        await self.supervisor.stop(timeout_s=STOP_S)
        await self._shop.links.close()
        self.support.close()
        self.sessions.close_all(self.clock.now_s(), "the engine was stopped")
        self.accounts.close()
        writing.cancel()
        await asyncio.gather(writing, *others, return_exceptions=True)
        await self.scribe.finish()
        await self.store.close()
        log.info("the engine has stopped")

    async def _restore(self) -> None:
        """What the store remembers: history, events with their deliveries; a session that a crash left open ends."""
        now_s = self.clock.now_s()
        span_s, buckets = await self.store.history(now_s - HISTORY_S, now_s, int(HISTORY_S / SPAN_S) + 2)
        for bucket in buckets:
            for channel, memory in (("load_w", self.load), ("solar_w", self.solar)):
                spread = bucket.channels.get(channel)
                own_rule = (
                    bucket.channels.get("battery_w") if channel == "load_w" and not self.fixed.batteries else None
                )
                if spread is not None:
                    mean_w = spread.mean + (own_rule.mean if own_rule is not None else 0.0)
                    memory.add(bucket.at_s, max(0.0, mean_w), span_s)
        for booked in await self._booked_imports(now_s):
            self.imports.put(*booked)
        events = await self.store.events(now_s - EVENTS_S)
        deliveries = {(e.source, e.event_id): await self.store.deliveries(e.source, e.event_id) for e in events}
        seconds = {
            (e.source, e.event_id): await self.store.service_seconds(e.source, e.event_id, now_s - EVENTS_S)
            for e in events
        }
        self.ledger.restore(events, lambda *key: deliveries[key], lambda *key: seconds[key])
        self.weather.restore(await self.store.weather(now_s - KEPT_S))
        for row in await self.store.sessions(20):
            if row.end_s is None:
                ended_s = await self.store.last_account_s() or row.start_s
                await self.store.book(replace(row, end_s=max(ended_s, row.start_s), ended=LOST))
        self.habits.restore(await self.store.sessions(LEARNED_FROM))

    async def _booked_imports(self, now_s: float) -> list[tuple[float, float, float]]:
        """The import of the billing periods that run, where the contract looks at it."""
        since_s = self.tariff.looks_back_to_s(now_s)
        return [] if since_s is None else await self.store.imported(since_s, now_s)

    # What the dispatcher and the planner ask for.

    @property
    def tariff(self) -> Contract:
        """The contract for energy, with the prices that are known now."""
        return self.tariffs.contract

    @property
    def plan(self) -> Plan | None:
        """The plan in force."""
        return self.planner.done.plan if self.planner.done is not None else None

    def wishes_now(self) -> Wishes:
        """The wishes as instants."""
        return self.wishes.now(self.dispatcher.session())

    def usual_departure(self) -> Departure | None:
        """The next departure that nobody asked for but is usual."""
        now_s = self.clock.now_s()
        return next((d for d in self.wishes_now().departures if d.learned and d.at_s > now_s), None)

    def refill_per_kwh(self) -> float:
        """What it costs to put one kWh into the car, at the coming day's mean price."""
        return self.tariffs.now.mean_ahead(self.clock.now_s()) / self.fixed.charger.charge_efficiency

    def _imported(self, now_s: float) -> History | None:
        since_s = self.tariff.looks_back_to_s(now_s)
        found = self.imports.history(now_s if since_s is None else since_s)
        return None if since_s is None else found

    def plan_job(self, preview: WishesOut | None = None) -> PlanJob | None:
        """What a plan made now depends on; None where there is no charger. ``preview``: wishes not (yet) in force."""
        if self.config.charger is None:
            return None
        now_s = self.clock.now_s()
        latest = self.dispatcher.latest
        if latest is None:
            self.dispatcher.tick()
            latest = self.dispatcher.latest
        if latest is None:
            return None
        config, fixed = self.config, self.fixed
        said = preview or self.wishes.wishes
        wishes = self.wishes_now() if preview is None else self.wishes.instants(preview, self.dispatcher.session())
        car = planned_car(latest.ev_state, fixed.car, wishes, now_s, self.accounts.stored_wh)
        return PlanJob(
            now_s=now_s,
            tz=config.home.timezone,
            horizon_h=config.engine.plan_horizon_h,
            step_s=config.engine.plan_step_s,
            load=self.load.history(now_s),
            solar=self.solar.history(now_s),
            site=fixed.site,
            weather=self.weather.weather,
            tariff=self.tariff,
            spare_prices=(config.tariff.import_per_kwh, config.tariff.export_per_kwh),
            terms=replace(self.tariff.terms(now_s, self._imported(now_s)), co2_eur_per_kg=config.co2.per_kg),
            co2=self.co2,
            connection=fixed.connection,
            plugs=(Plug(charger=latest.limits.charger, ev_state=car, wishes=wishes),),
            batteries=planned_batteries(fixed, self.board, said),
            arrays=fixed.arrays,
            loads=self.loads.planned(now_s, config.engine.plan_horizon_h * 3600.0),
            running=self.loads.running(now_s),
            tanks=planned_tanks(fixed, self.board, now_s),
            risk=Risk(said.risk),
            events=self.ledger.in_force(),
            links=self.links.binding(),
            previous=self.plan,
            steps=silent(fixed, self.board, now_s),
        )

    # What happens.

    def _on_decision(self, picture: Picture) -> None:
        try:
            self.hands.act(picture)
        except Exception as error:
            # The charger has its set-point; what hangs on relays and batteries must not cost the accounts.
            log.exception("what stands beside the charger could not be told")
            self.book.complain("dispatch", f"batteries and relays were not told: {in_one_line(error)}")
        if self.recorder.record(picture):
            self.planner.ask("an event began or ended")
            self._tell("events")
        self._say_silent_links()
        self._tell("home")

    def _on_links(self, names: tuple[str, ...]) -> None:
        for name in names:
            state = self.links.state(name)
            log.info("the link %s is %s", name, state.phase.value if state is not None else "unknown")
        self.planner.ask("a link's fail-safe")

    def _say_silent_links(self) -> None:
        now_s = self.clock.now_s()
        for rule, state in self.links.binding():
            lasts = is_limited(state) and now_s - state.since_s > LINK_GRACE_S
            if lasts and rule.import_w is not None:
                self.book.complain(rule.source, f"not heard of: the home is kept to {rule.import_w:.0f} W of import")

    def _on_plan(self, done: PlanDone, why: str) -> None:
        for watcher in self.plan_watchers:
            watcher.plan_changed(done.plan)
        self.dispatcher.tick()
        self.book.put(FORECAST_NAME, forecast_health(done))
        made_s = done.plan.made_s
        if why != "time" or made_s - self._plan_kept_s >= PLAN_KEPT_EVERY_S:
            self._plan_kept_s = made_s
            self.scribe.book(PlanRow(made_s, plan_record(done, why)))
        self._tell("plan")

    def _on_prices(self) -> None:
        self.planner.ask("new prices")
        self._tell("plan")

    def _on_wishes(self) -> None:
        self.planner.ask("wishes")
        self.dispatcher.tick()

    def _on_session(self, source: str) -> None:
        session = self.board.sessions[source]
        self.sessions.take(source, session, self.clock.now_s())
        for watcher in self.watchers:
            watcher.session_changed(session)
        state = session.ev
        departure = None if session.departure_s is None else round(session.departure_s / 300.0)
        key = (
            state.connected,
            state.can_charge,
            state.can_discharge,
            session.session_id,
            departure,
            session.target_soc,
        )
        known = (state.soc is not None, state.connected)
        if (key, known) != self._session_key:
            self._session_key = (key, known)
            self.planner.ask("the car")
            self._tell("session")

    def _on_events(self, source: str) -> None:
        now_s = self.clock.now_s()
        events = self.board.events[source]
        self.links.events(source, events, now_s)
        if self.ledger.publish(source, events, now_s):
            self.events_changed("events")

    def events_changed(self, why: str) -> None:
        """An event came, went, or was declined: plan and act anew."""
        self.planner.ask(why)
        self.dispatcher.tick()
        self._tell("events")

    def _book_session(self, row: SessionRow) -> None:
        self.habits.take(row)
        self.scribe.book(row)

    def _book_account(self, row: AccountRow, memory: dict[str, Any]) -> None:
        self.imports.add(row)
        self.scribe.book(row)
        self.scribe.remember(ACCOUNTS_SETTING, memory)

    def _tell(self, what: str) -> None:
        for listener in self.on_news:
            try:
                listener(what)
            except Exception:
                # Who only looks on must not disturb the tick.
                log.exception("what listens to %s failed", what)
