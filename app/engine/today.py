"""The home's day so far, kept fresh from the accounts."""

import asyncio
import logging
from datetime import timedelta

from app.api import schema as s
from app.clock import day_begins_s, utc
from app.engine.engine import Engine
from app.engine.views import paths_wh
from app.store import StoreError

log = logging.getLogger(__name__)

EVERY_REAL_S = 2.0


class Today:
    """Money and energy of the local day, asked of the store every few seconds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._shown = s.Today()

    def now(self) -> s.Today:
        """As it was last known."""
        return self._shown

    async def run(self) -> None:
        """Refresh until cancelled."""
        while True:
            try:
                await self.refresh()
            except StoreError as error:
                log.debug("today's figures wait: %s", error)
            await asyncio.sleep(EVERY_REAL_S)

    async def refresh(self) -> None:
        """Ask the store once. Raises ``StoreError``."""
        engine = self._engine
        now = utc(engine.clock.now_s()).astimezone(engine.fixed.tz)
        midnight_s = day_begins_s(now.date(), engine.fixed.tz)
        next_s = day_begins_s(now.date() + timedelta(days=1), engine.fixed.tz)
        [total] = await engine.store.accounts([midnight_s, next_s])
        self._shown = s.Today(
            saved=total.saved(engine.refill_per_kwh()),
            cost=total.cost,
            paths_wh=paths_wh(total.paths_wh),
            co2_g=total.co2_g,
        )
