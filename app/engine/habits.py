"""The car's habits: its stays at the charger, read from the sessions, and what they let expect.

A stay may hold several sessions (the car sleeps and wakes, the engine is started anew); it ends where the car was
unplugged. Where nobody saw that, it has no end, and nothing is learned from it.
"""

from collections.abc import Iterable, Sequence

from app.clock import Clock
from app.engine.fixed import Fixed
from app.store.rows import SessionRow
from energy.forecast import Presence, Stay, learn_presence, with_habits
from energy.model import Wishes

LEARNED_FROM = 800
"""Sessions that are looked at, at most."""
_FRESH_S = 600.0
_HORIZON_H = 72.0
_APART_S = 1_800.0
"""A session that begins so long after the last one ended, of which nobody saw the car leave, is another stay."""


def stays_of(rows: Iterable[SessionRow]) -> list[Stay]:
    """Stays, oldest first, of sessions in any order."""
    stays: list[Stay] = []
    last: SessionRow | None = None
    for row in sorted(rows, key=lambda r: r.start_s):
        goes_on = last is not None and last.unplugged_s is None and not _was_lost(last, row)
        if goes_on and stays:
            first = stays[-1]
            stays[-1] = _stay(first.from_s, first.soc_in, row)
        else:
            stays.append(_stay(row.start_s, row.soc_start, row))
        last = row
    return stays


def _stay(from_s: float, soc_in: float | None, row: SessionRow) -> Stay:
    return Stay(
        from_s=from_s,
        to_s=row.unplugged_s,
        soc_in=soc_in if soc_in is not None else row.soc_start,
        soc_out=row.soc_end,
    )


def _was_lost(last: SessionRow, row: SessionRow) -> bool:
    """The car may have left between two sessions while nobody looked: the charge fell though nothing was taken."""
    if last.end_s is None:
        return False
    apart = row.start_s - last.end_s > _APART_S
    fell = last.soc_end is not None and row.soc_start is not None and row.soc_start < last.soc_end - 0.02
    return apart and fell


class HabitKeeper:
    """What is usual, learned anew every few minutes and whenever the car comes or goes."""

    def __init__(self, fixed: Fixed, clock: Clock) -> None:
        self._fixed = fixed
        self._clock = clock
        self._rows: dict[str, SessionRow] = {}
        self._made: tuple[float, float, Presence] | None = None

    def restore(self, rows: Sequence[SessionRow]) -> None:
        """What the store remembers."""
        self._rows = {row.session_id: row for row in rows}
        self._made = None

    def take(self, row: SessionRow) -> None:
        """A session's newest row."""
        known = self._rows.get(row.session_id)
        self._rows[row.session_id] = row
        if known is None or known.unplugged_s != row.unplugged_s:
            self._made = None
        if len(self._rows) > LEARNED_FROM:
            del self._rows[min(self._rows, key=lambda key: self._rows[key].start_s)]

    def presence(self, reserve_soc: float) -> Presence:
        """What is to be expected from now on."""
        now_s = self._clock.now_s()
        if self._made is None or self._made[1] != reserve_soc or not 0 <= now_s - self._made[0] < _FRESH_S:
            found = learn_presence(
                stays_of(self._rows.values()),
                now_s=now_s,
                tz=self._fixed.config.home.timezone,
                capacity_wh=self._fixed.car.capacity_wh,
                horizon_h=_HORIZON_H,
                reserve_soc=reserve_soc,
            )
            self._made = (now_s, reserve_soc, found)
        return self._made[2]

    def add_to(self, wishes: Wishes) -> Wishes:
        """The wishes with what is usual on days of which the homeowner has said nothing."""
        return with_habits(wishes, self.presence(wishes.reserve_soc), self._fixed.config.home.timezone)
