"""The engine's side of the API: implements ``app.api.desk.Desk`` over a running engine.

Answers come from memory or from the store's reader. What is commanded is on disk before it is answered.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import TypeAdapter

from app.api import schema as s
from app.api.desk import Refused, StreamEvent
from app.api.reason_text import Plain
from app.clock import utc
from app.config.load import check_home, write_home
from app.config.problems import HomeFileError
from app.engine import reason_views, views
from app.engine.asset_views import battery_views, load_views, tank_views
from app.engine.board import Message, Topic
from app.engine.engine import Engine
from app.engine.installer import installer_page, resettable
from app.engine.ledger import Entry, seconds_csv
from app.engine.stream import StreamHub
from app.engine.today import Today
from app.engine.wishes import without_past
from app.engine.worker import WorkerFailed
from app.store import CommandRow, EventRow, StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")
EventName = Literal["home", "plan", "events", "health", "session", "message"]
_EVENTS = TypeAdapter(list[s.EventOut])
_HEALTH = TypeAdapter(list[s.HealthOut])

HOME_EVERY_REAL_S = 0.5
"""Least real time between two ``home`` events of the stream."""
SECONDS_SHOWN_S = 7 * 86_400.0
DECISION_ROWS = 4_000
"""Kept changes of set-point that are read for one answer, at the most."""
PERSON, INSTALLER = "homeowner", "installer"


class EngineDesk:
    """One engine's desk."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._hub = StreamHub(self.snapshot)
        self._today = Today(engine)
        self._sequence = 0
        self._home_pushed_s = float("-inf")
        self._plan: tuple[object, s.PlanOut] | None = None
        config = engine.config
        self._facts = s.HomeFacts(
            name=config.home.name,
            timezone=config.home.timezone,
            currency=config.home.currency,
            fuse_a=config.connection.fuse_a,
            phases=config.connection.phases,
            import_max_w=engine.fixed.connection.import_max_w,
            export_max_w=engine.fixed.connection.export_max_w,
            demo=engine.options.demo,
            speed=engine.clock.speed,
            engine_version=version("twoway"),
        )
        engine.on_news.append(self._news)
        engine.board.listen(Topic.MESSAGE, self._message)

    async def run(self) -> None:
        """Keep today's figures fresh until cancelled."""
        await self._today.run()

    # The picture.

    def snapshot(self) -> s.HomeSnapshot:
        """The Home page's picture."""
        engine = self._engine
        now_s = engine.clock.now_s()
        latest = engine.dispatcher.latest
        session = engine.dispatcher.session()
        ev_w = session.ev.power_w if session is not None else 0.0
        plan = engine.plan
        writer = self._writer()
        self._sequence += 1
        return s.HomeSnapshot(
            now=utc(now_s),
            facts=self._facts,
            flow=views.flow(
                engine.board.readings(),
                latest.ev_state.power_w if latest is not None else ev_w,
                now_s,
                engine.fixed.stale_s,
                self._why_missing(),
            ),
            car=views.car(session, engine.config.car.name),
            set_point=views.set_point(latest.set_point, writer) if latest is not None else None,
            next_step=views.next_step(plan, now_s, writer),
            ready_by=views.ready_by(plan, now_s, self._capacity_wh(), engine.usual_departure()),
            today=self._today.now(),
            batteries=battery_views(engine),
            loads=load_views(engine),
            tanks=tank_views(engine),
            planning=views.fallbacks(engine.planner.steps(), engine.fixed.tz),
            event=self._event_now(now_s),
            wishes=without_past(engine.wishes.wishes, now_s),
            health=self.health(),
            sequence=self._sequence,
        )

    def plan(self) -> s.PlanOut | None:
        """The plan in force."""
        done = self._engine.planner.done
        if done is None:
            return None
        if self._plan is None or self._plan[0] is not done:
            self._plan = (
                done,
                views.plan(done, self._engine.wishes.wishes.reserve_soc, self._writer(), self._engine.fixed.tz),
            )
        return self._plan[1]

    def health(self) -> list[s.HealthOut]:
        """Every driver and link."""
        return [views.health(line) for line in self._engine.book.lines()]

    def messages(self, limit: int) -> list[s.MessageOut]:
        """The latest protocol messages, newest last."""
        return [_message_out(message) for message in list(self._engine.board.messages)[-limit:]]

    # Wishes and commands.

    async def preview(self, wishes: s.WishesOut) -> s.PlanOut:
        """The plan that these wishes would give."""
        engine = self._engine
        job = engine.plan_job(wishes)
        if job is None:
            raise Refused("This home has no charger, so there is nothing to plan.")
        try:
            done = await engine.planner.preview(job)
        except WorkerFailed as error:
            raise Refused(f"The plan could not be made: {error}.", status=503) from error
        return views.plan(done, wishes.reserve_soc, self._writer(), engine.fixed.tz)

    async def set_wishes(self, wishes: s.WishesOut) -> s.WishesOut:
        """Take new wishes, on disk before this returns."""
        try:
            return await self._engine.wishes.put(wishes)
        except StoreError as error:
            raise Refused(f"The wishes were not taken: {error}", status=503) from error

    async def boost(self, minutes: float) -> s.WishesOut:
        """Charge at full power for so long; 0 ends it."""
        until = utc(self._engine.clock.now_s()) + timedelta(minutes=minutes) if minutes > 0 else None
        changes: dict[str, object] = {"boost_until": until}
        if until is not None:
            changes["paused"] = False
        await self._command("boost", {"minutes": minutes})
        return await self.set_wishes(self._engine.wishes.wishes.model_copy(update=changes))

    async def pause(self, paused: bool) -> s.WishesOut:
        """Stop charging and discharging, or go on."""
        changes: dict[str, object] = {"paused": paused}
        if paused:
            changes["boost_until"] = None
        await self._command("pause", {"paused": paused})
        return await self.set_wishes(self._engine.wishes.wishes.model_copy(update=changes))

    async def put_off(self, name: str) -> s.LoadNow:
        """A machine does not run in its present window."""
        engine = self._engine
        if all(section.name != name for section in engine.config.load):
            raise Refused(f"There is no machine called {name} in this home.", status=404)
        await self._command("put off", {"load": name})
        if not engine.loads.put_off(name):
            raise Refused(f"{name} has no run that could be put off.")
        engine.planner.ask("a machine")
        return next(load for load in load_views(engine) if load.name == name)

    async def stop_session(self) -> None:
        """End the car's session in order."""
        engine = self._engine
        session = engine.dispatcher.session()
        if engine.charger is None or session is None or not session.ev.connected or session.session_id is None:
            raise Refused("There is no car session to stop.")
        await self._command("stop session", {"session_id": session.session_id})
        engine.charger.stop_session("asked by the homeowner")

    # Events.

    def events(self) -> list[s.EventOut]:
        """Grid events: coming, active, and the last days' done ones."""
        now_s = self._engine.clock.now_s()
        shown = [self._event_out(entry) for entry in self._engine.ledger.entries(now_s)]
        for driver in self._engine.drivers:
            bad: dict[str, str] = getattr(driver, "quarantined", {})
            shown += [views.quarantined(driver.name, event_id, problem, now_s) for event_id, problem in bad.items()]
        return shown

    async def service_csv(self, source: str, event_id: str) -> str:
        """An event's service second by second, as CSV; of one without an end, the last days."""
        engine = self._engine
        entry = engine.ledger.get(source, event_id)
        if entry is None:
            raise Refused(f"There is no event {event_id} from {source}: it may be over.", status=404)
        since_s = max(entry.event.start_s - 60.0, engine.clock.now_s() - SECONDS_SHOWN_S)
        rows = await engine.store.service_seconds(source, event_id, since_s)
        return seconds_csv([*rows, *entry.open_seconds()])

    async def opt_out(self, source: str, event_id: str, opted_out: bool) -> s.EventOut:
        """Decline an event, or take it up again; on disk before this returns."""
        engine = self._engine
        try:
            entry = engine.ledger.opt_out(source, event_id, opted_out)
        except KeyError:
            raise Refused(f"There is no event {event_id} from {source}: it may be over.", status=404) from None
        except ValueError as error:
            raise Refused(str(error)) from error
        command: dict[str, object] = {"source": source, "event_id": event_id, "opted_out": opted_out}
        try:
            await self._command("opt out", command, engine.ledger.row(entry))
        except Refused:
            engine.ledger.opt_out(source, event_id, not opted_out)
            raise
        engine.events_changed("opt-out")
        return self._event_out(entry)

    # What the store remembers.

    async def sessions(self, limit: int) -> list[s.SessionOut]:
        """The latest car sessions, newest first."""
        rows = await _read(self._engine.store.sessions(limit))
        return [views.session(row) for row in rows]

    async def history(self, start: datetime, end: datetime, points: int) -> s.HistoryOut:
        """Readings, decimated to at most so many points."""
        span_s, buckets = await _read(self._engine.store.history(start.timestamp(), end.timestamp(), points))
        found = [s.HistoryPoint(at=views.when(b.at_s), **views.means(b)) for b in buckets]
        return s.HistoryOut(start=start, end=end, bucket_s=span_s, points=found)

    async def summary(self, period: Literal["day", "month", "year"], date: datetime) -> s.SummaryOut:
        """Energy by path and money of the local day, month or year that holds ``date``."""
        tz = self._engine.fixed.tz
        rows = await _read(self._engine.store.summary(period, date.astimezone(tz).date(), tz))
        return views.summary(period, rows, self._capacity_wh(), self._engine.refill_per_kwh())

    async def decisions(self, start: datetime, end: datetime, limit: int) -> s.DecisionsOut:
        """What the charger was told and why, newest first."""
        store, writer = self._engine.store, self._writer()
        end_s = end.timestamp()
        rows = await _read(store.reasons(start.timestamp(), end_s, DECISION_ROWS))
        found = reason_views.grouped(rows)
        shown = [
            decision
            if decision.until_s is not None
            else replace(decision, until_s=await _read(store.next_reason_s(decision.rows[0].charger_id, end_s)))
            for decision in found[:limit]
        ]
        more = len(found) > limit or len(rows) == DECISION_ROWS
        return s.DecisionsOut(
            decisions=[reason_views.decision(decision, writer) for decision in shown],
            before=views.when(shown[-1].rows[0].at_s) if more and shown else None,
        )

    async def past_plan(self, at: datetime) -> s.PastPlanOut:
        """The plan that was in force then."""
        row = await _read(self._engine.store.last_plan(at.timestamp()))
        if row is None:
            raise Refused(f"No plan is kept from {at:%Y-%m-%d %H:%M} or before.", status=404)
        return reason_views.past_plan(row, self._writer())

    async def export_csv(self, start: datetime, end: datetime) -> AsyncIterator[str]:
        """Readings as CSV, line by line."""
        async for text in self._engine.store.export_csv(start.timestamp(), end.timestamp()):
            yield text

    # The installer's page.

    def installer(self) -> s.InstallerOut:
        """Devices, links, limits and the home file."""
        return installer_page(self._engine, _text(self._engine.home_file), self._engine.certificates.latest())

    async def write_home(self, toml: str, *, dry_run: bool) -> s.InstallerOut:
        """Check a new home file and write it; it holds after a restart of the engine."""
        path = self._engine.home_file
        try:
            if dry_run:
                await asyncio.to_thread(check_home, toml, path)
            else:
                await asyncio.to_thread(write_home, path, toml)
                await self._command("write home file", {}, by=INSTALLER)
        except HomeFileError as error:
            first = error.problems[0]
            raise Refused(f"{first.what}: {first.remedy}.", status=422, line=first.line) from error
        except OSError as error:
            raise Refused(f"{path} cannot be written: {error.strerror}.", status=507) from error
        return installer_page(self._engine, toml, self._engine.certificates.latest())

    async def reset_charger(self) -> s.InstallerOut:
        """Clear the charger's fault, on a person's word."""
        charger = resettable(self._engine)
        if charger is None:
            raise Refused("The charger has no fault that could be reset.")
        await self._command("reset charger", {}, by=INSTALLER)
        charger.reset_fault()
        return self.installer()

    # The support case.

    async def recordings(self) -> list[s.RecordingOut]:
        """The last sessions that were recorded, the newest first."""
        return await asyncio.to_thread(self._engine.support.recordings)

    async def recording(self, recording_id: str) -> bytes:
        """One of them, as JSON lines."""
        return await asyncio.to_thread(self._engine.support.recording, recording_id)

    def capture(self) -> s.CaptureOut:
        """How the packet capture stands."""
        return self._engine.support.capture()

    async def begin_capture(self, minutes: float) -> s.CaptureOut:
        """Capture the sessions that begin from now on; 0 minutes end it and keep the file."""
        support = self._engine.support
        await self._command("capture", {"minutes": minutes}, by=INSTALLER)
        if minutes > 0:
            return support.begin(minutes)
        support.end()
        return support.capture()

    async def captured(self) -> tuple[str, bytes]:
        """The capture's file name and content."""
        return await asyncio.to_thread(self._engine.support.captured)

    async def delete_capture(self) -> None:
        """End it, and leave nothing of it."""
        self._engine.support.delete()

    # The stream.

    def stream(self) -> AsyncIterator[StreamEvent]:
        """Live events until the client goes."""
        return self._hub.events()

    def _news(self, what: str) -> None:
        if not self._hub.watched:
            return
        if what == "home":
            real_s = time.monotonic()
            if real_s - self._home_pushed_s >= HOME_EVERY_REAL_S:
                self._home_pushed_s = real_s
                self._push("home", self.snapshot().model_dump_json())
            return
        if what == "plan":
            plan = self.plan()
            if plan is not None:
                self._push("plan", plan.model_dump_json())
        elif what == "events":
            self._push("events", _EVENTS.dump_json(self.events()).decode())
        elif what == "health":
            self._push("health", _HEALTH.dump_json(self.health()).decode())
        elif what == "session":
            row = self._engine.sessions.latest
            if row is not None:
                self._push("session", views.session(row).model_dump_json())

    def _message(self, _source: str) -> None:
        if self._hub.watched:
            self._push("message", _message_out(self._engine.board.messages[-1]).model_dump_json())

    def _push(self, name: EventName, body: str) -> None:
        self._hub.push((name, body))

    # Private.

    def _event_out(self, entry: Entry) -> s.EventOut:
        return views.event(entry, self._engine.fixed.tz)

    def _writer(self) -> Plain:
        """How reasons are worded for whoever reads the API as it is."""
        return Plain(self._engine.fixed.tz, self._facts.currency, self._engine.clock.now_s())

    def _capacity_wh(self) -> float:
        session = self._engine.dispatcher.session()
        return (session.ev.ev if session is not None else self._engine.fixed.car).capacity_wh

    def _event_now(self, now_s: float) -> s.EventOut | None:
        entries = [e for e in self._engine.ledger.entries(now_s) if e.event.end_s < float("inf")]
        active = [e for e in entries if e.status == "active"]
        coming = [e for e in entries if e.status == "coming"]
        chosen = next(iter(active or coming), None)
        return self._event_out(chosen) if chosen is not None else None

    def _why_missing(self) -> dict[str, str]:
        config = self._engine.config
        why: dict[str, str] = {}
        if not config.meter:
            why["grid_w"] = why["load_w"] = "This home has no grid meter: the installer adds one."
        else:
            said = self._said([m.name for m in config.meter])
            why["grid_w"] = why["load_w"] = said or "The meter has not answered yet."
        if not config.inverter:
            why["solar_w"] = "This home has no solar inverter."
        else:
            why["solar_w"] = self._said([i.name for i in config.inverter]) or "The inverter has not answered yet."
        return why

    def _said(self, names: list[str]) -> str:
        lines = (self._engine.book.get(name) for name in names)
        return next((line.shown.text for line in lines if line is not None and line.shown.text), "")

    async def _command(self, name: str, body: dict[str, object], *with_it: EventRow, by: str = PERSON) -> None:
        row = CommandRow(at_s=self._engine.clock.now_s(), source=by, name=name, body=body)
        try:
            await self._engine.scribe.book_surely(row, *with_it)
        except StoreError as error:
            raise Refused(f"It was not done, because it could not be written down: {error}", status=503) from error


async def _read(work: Awaitable[T]) -> T:
    """What the store answers, or a refusal with its sentence."""
    try:
        return await work
    except StoreError as error:
        raise Refused(str(error), status=503) from error


def _message_out(message: Message) -> s.MessageOut:
    direction: Literal["in", "out"] = "in" if message.direction == "in" else "out"
    return s.MessageOut(
        at=utc(message.at_s), source=message.source, direction=direction, name=message.name, body=message.body
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
