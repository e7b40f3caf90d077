"""The grid links' fail-safe, kept for each link: its heartbeats and limit writes in, its state out.

The rule is ``energy.links``. It binds a link that has ever set a limit (the home remembers that over restarts): a
utility that only sends prices never dims the house by being away.
"""

from collections.abc import Callable, Iterable

from energy import links
from energy.grid_events import GridEvent, GridEventKind
from energy.links import LinkRule, LinkState

LIMIT_KINDS = frozenset(
    {
        GridEventKind.IMPORT_LIMIT,
        GridEventKind.EXPORT_LIMIT,
        GridEventKind.CHARGE_LIMIT,
        GridEventKind.DISCHARGE_LIMIT,
    }
)


class LinkBook:
    """Each link's rule and state."""

    def __init__(
        self,
        rules: Iterable[LinkRule],
        now_s: float,
        *,
        bound: Iterable[str] = (),
        on_bound: Callable[[str], None] | None = None,
    ) -> None:
        """``bound``: links that have set limits before; ``on_bound(name)`` when one does so for the first time."""
        self._rules = {rule.source: rule for rule in rules}
        self._states = {name: links.start(now_s) for name in self._rules}
        self._bound = set(bound)
        self._limiting: set[str] = set()
        """Links whose newest picture holds a limit."""
        self._on_bound = on_bound

    @property
    def bound(self) -> list[str]:
        """Links that have ever set a limit."""
        return sorted(self._bound)

    def heartbeat(self, name: str, now_s: float) -> None:
        """The link was heard; where its picture holds a limit, that is confirmed with it (an answered poll)."""
        if name not in self._rules:
            return
        rule = self._rules[name]
        self._states[name] = links.heard(rule, self._states[name], now_s)
        if name in self._limiting:
            self._states[name] = links.limit_written(rule, self._states[name], now_s)

    def events(self, name: str, events: Iterable[GridEvent], now_s: float) -> None:
        """The link's events, as they are now: a limit among them is a limit written."""
        if name not in self._rules:
            return
        if not any(event.kind in LIMIT_KINDS for event in events):
            self._limiting.discard(name)
            return
        self._limiting.add(name)
        self._states[name] = links.limit_written(self._rules[name], self._states[name], now_s)
        if name not in self._bound:
            self._bound.add(name)
            if self._on_bound is not None:
                self._on_bound(name)

    def tick(self, now_s: float) -> tuple[str, ...]:
        """Let the timers run; returns the links whose phase has changed."""
        changed = []
        for name, rule in self._rules.items():
            before = self._states[name]
            self._states[name] = links.tick(rule, before, now_s)
            if self._states[name].phase is not before.phase:
                changed.append(name)
        return tuple(changed)

    def binding(self) -> tuple[tuple[LinkRule, LinkState], ...]:
        """What the dispatch and the plan take: the links whose silence limits the home."""
        return tuple((self._rules[name], self._states[name]) for name in self._rules if name in self._bound)

    def state(self, name: str) -> LinkState | None:
        """One link's state."""
        return self._states.get(name)
