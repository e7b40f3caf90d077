"""Keeps the homeowner's wishes: on disk before they are answered, and as instants for tick and plan."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from app.api.schema import WishesOut
from app.clock import Clock
from app.engine.fixed import Fixed
from app.engine.wishes import first_wishes, instants, without_past
from app.ports import CarSession
from app.store import Store
from energy.model import Departure, Wishes

log = logging.getLogger(__name__)

SETTING = "wishes"
HORIZON_S = 4 * 86_400.0
_MINUTE_S = 60.0
_SAME_DEPARTURE_S = 1800.0


class WishKeeper:
    """The wishes in force."""

    def __init__(
        self,
        fixed: Fixed,
        clock: Clock,
        store: Store,
        on_change: Callable[[], None],
        with_habits: Callable[[Wishes], Wishes] = lambda wishes: wishes,
    ) -> None:
        """``with_habits`` adds what the car usually does on days of which nothing is said."""
        self._with_habits = with_habits
        self._fixed = fixed
        self._clock = clock
        self._store = store
        self._on_change = on_change
        self.wishes = first_wishes(fixed.config)
        self._made: tuple[int, WishesOut, Wishes] | None = None

    def restore(self, settings: dict[str, Any]) -> None:
        """What was wished before the engine stopped."""
        if SETTING not in settings:
            return
        try:
            self.wishes = WishesOut.model_validate(settings[SETTING])
        except ValidationError as error:
            log.warning("the stored wishes cannot be read, the home file's hold: %s", error.errors()[0]["msg"])

    async def put(self, wishes: WishesOut) -> WishesOut:
        """Take new wishes; on disk when this returns. Raises ``StoreError``."""
        wishes = without_past(wishes, self._clock.now_s())
        await self._store.set_setting(SETTING, wishes.model_dump(mode="json"), self._clock.now_s())
        self.wishes = wishes
        self._made = None
        self._on_change()
        return wishes

    def now(self, session: CarSession | None) -> Wishes:
        """The wishes as instants; a departure that the car itself tells is one more promise."""
        now_s = self._clock.now_s()
        minute = int(now_s // _MINUTE_S)
        if self._made is None or self._made[0] != minute or self._made[1] is not self.wishes:
            # Laid out for days ahead: once a minute is enough for a plan, and spares the tick the calendar.
            self._made = (minute, self.wishes, self._instants(self.wishes))
        return with_cars_departure(self._made[2], session, now_s)

    def instants(self, wishes: WishesOut, session: CarSession | None) -> Wishes:
        """Any wishes as instants from now on."""
        return with_cars_departure(self._instants(wishes), session, self._clock.now_s())

    def _instants(self, wishes: WishesOut) -> Wishes:
        said = instants(wishes, self._fixed.config.departure, self._fixed.tz, self._clock.now_s(), HORIZON_S)
        return self._with_habits(said) if wishes.learn_habits else said


def with_cars_departure(wishes: Wishes, session: CarSession | None, now_s: float) -> Wishes:
    """The wishes with the car's own departure, where it tells one with a target that the homeowner has not set."""
    if session is None or session.departure_s is None or session.target_soc is None or not session.ev.connected:
        return wishes
    told_s = session.departure_s
    known = any(abs(d.at_s - told_s) < _SAME_DEPARTURE_S for d in wishes.departures)
    if known or not now_s < told_s < now_s + HORIZON_S:
        return wishes
    own = Departure(at_s=told_s, target_soc=min(max(session.target_soc, 0.0), 1.0))
    departures = tuple(sorted((*wishes.departures, own), key=lambda d: d.at_s))
    return replace(wishes, departures=departures)
