"""The utility's link: an OpenADR 3 VEN as a driver.

Brings the utility's events to the board in the internal form (``utility_events``), gives the heartbeat of the
fail-safe rule at each complete poll, and answers the reports that events ask for (``utility_reports``).
Known events stay in force while the link is down; subscribed capacity holds where limits have run out.
"""

import logging
import random

from app.clock import Clock
from app.config.home import UtilitySection
from app.drivers.utility_events import ShownEvent, grid_events
from app.drivers.utility_reports import CAR, HOME, FigureLog, answer
from app.ports import Board, Health, HealthLevel
from energy.grid_events import GridEvent, GridEventKind
from protocols.openadr import (
    LinkState,
    ReportDue,
    ReportValues,
    Ven,
    VenChange,
    VenClient,
    VenConfig,
    version_of,
)
from protocols.openadr.exchange import Request

log = logging.getLogger(__name__)

_LEVELS = {
    LinkState.STARTING: HealthLevel.STARTING,
    LinkState.OK: HealthLevel.OK,
    LinkState.WAITING: HealthLevel.WARNING,
    LinkState.REFUSED: HealthLevel.FAILED,
}

_OFFERS = {GridEventKind.IMPORT_PRICE, GridEventKind.EXPORT_PRICE}
"""Kinds that curtail nothing: a home under a price alone is in normal operation."""


class UtilityDriver:
    """Implements ``app.ports.Driver`` and ``app.ports.Report``."""

    def __init__(self, section: UtilitySection, clock: Clock, secret: str = "") -> None:
        """``secret``: the OAuth2 client secret, from the secrets file."""
        self.name = section.name
        self._section = section
        self._clock = clock
        self._figures = FigureLog()
        self._last_contact_s: float | None = None
        self._told: tuple[object, ...] = ()
        self._picture: tuple[object, ...] = ()
        self._asked: list[GridEvent] = []
        self.shown: list[ShownEvent] = []
        """What the utility sent and this home does not act on."""
        self.ven = Ven(
            VenConfig(
                version=version_of(section.version),
                client_id=section.client_id or "",
                client_secret=secret,
                ven_name=section.ven_name,
                resource_names=(HOME, CAR),
                programs=tuple(section.programs),
                poll_s=section.poll_s,
                # Back-off protects a real wire: real seconds, whatever speed the home is shown at.
                backoff_min_s=2.0 * clock.speed,
                backoff_max_s=300.0 * clock.speed,
            ),
            random=random.random,
        )
        self._client: VenClient | None = None

    async def run(self, board: Board) -> None:
        """Poll and report until cancelled."""

        async def on_change(change: VenChange) -> None:
            body = {"event": change.event_id, "reason": change.reason}
            board.publish_message(self.name, "in", f"event {change.kind}", body)
            self._publish(board)

        async def on_report(due: ReportDue) -> ReportValues | None:
            values = answer(due, self._figures)
            board.publish_message(self.name, "out", "report", {"name": due.name, "given": values is not None})
            return values

        def on_exchange(request: Request, status: int | None) -> None:
            self._publish(board)

        self._client = VenClient(
            self.ven,
            self._section.url,
            on_change=on_change,
            on_report=on_report,
            on_exchange=on_exchange,
            clock=self._clock.now_s,
            sleep=self._clock.sleep,
        )
        await self._client.run()

    def report(self, figures: dict[str, float], now_s: float) -> None:
        """Take figures for the utility's reports: ``grid_w``, ``ev_w``, ``soc``; and where known ``set_point_w``,
        ``capacity_wh``, ``charge_max_w``, ``discharge_max_w``, ``baseline_grid_w``, ``baseline_ev_w``,
        ``planned_grid_w``, ``planned_ev_w``, ``shed_w``.
        """
        active = any(event.kind not in _OFFERS and event.value_at(now_s) is not None for event in self._asked)
        self._figures.add(figures | {"event_active": float(active)}, now_s)

    @property
    def quarantined(self) -> dict[str, str]:
        """Events that cannot be acted on, by id, and why."""
        return dict(self.ven.quarantined)

    def grid_returned(self) -> None:
        """After a grid outage limits of before mean nothing: forget them and ask anew."""
        self.ven.discard_limits()
        if self._client is not None:
            self._client.wake()

    def _publish(self, board: Board) -> None:
        now_s = self._clock.now_s()
        # Laid out anew when something changed, and each hour for what repeats.
        if (picture := (self.ven.events, now_s // 3_600)) != self._picture:
            self._picture = picture
            self._asked, self.shown = grid_events(self.ven.events, self.name, now_s)
            board.publish_events(self.name, self._asked)
        health = self.ven.health()
        if health.last_contact_s is not None and health.last_contact_s != self._last_contact_s:
            self._last_contact_s = health.last_contact_s
            board.publish_heartbeat(self.name)
        quarantined = self.ven.quarantined
        details: dict[str, str | float | int | bool | None] = {
            "version": self._section.version,
            "address": self._section.url,
            "events": len(self.ven.events),
            "quarantined": "; ".join(quarantined.values())[:1_000],
            "not acted on": "; ".join(f"{s.payload_type}: {s.why}" for s in self.shown)[:1_000],
            "remarks": "; ".join(self.ven.remarks.values())[:1_000],
        }
        told = (health.state, health.sentence, tuple(details.values()))
        if told != self._told:
            self._told = told
            level = HealthLevel.WARNING if health.state is LinkState.OK and quarantined else _LEVELS[health.state]
            board.publish_health(
                self.name,
                Health(level=level, text=health.sentence, since_s=now_s, details=details),
            )
