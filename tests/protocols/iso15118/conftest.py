"""Whole conversations in memory: two sans-I/O ends, one clock that nobody waits for."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from protocols.exi.namespaces import APP_PROTOCOL, V20_AC, V20_COMMON, V20_DC
from protocols.iso15118 import (
    CarPlan,
    ConnectionSecurity,
    EvccSession,
    Evse,
    IdealStage,
    SeccSession,
    SimulatedCar,
    Timings,
)
from protocols.iso15118.credentials import CarCredentials, ChargerCredentials
from protocols.iso15118.events import Event, SessionEnded

TLS = ConnectionSecurity("TLSv1.3")
START_S = 1_800_000_000.0
GOLDEN = Path(__file__).resolve().parents[2] / "golden"
NAMESPACES = (APP_PROTOCOL, V20_COMMON, V20_AC, V20_DC)


@dataclass
class Conversation:
    """Carries bytes between the two ends, and time forward to the next timer of either."""

    evse: Evse = field(default_factory=Evse)
    car: SimulatedCar = field(default_factory=lambda: SimulatedCar(max_loops=5))
    plan: CarPlan = field(default_factory=CarPlan)
    timings: Timings = field(default_factory=Timings)
    with_stage: bool = True
    security: ConnectionSecurity = TLS
    charger_credentials: ChargerCredentials | None = None
    car_credentials: CarCredentials | None = None
    now: float = START_S
    secc_events: list[Event] = field(default_factory=list)
    evcc_events: list[Event] = field(default_factory=list)
    listeners: list[Callable[[Event], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.secc = SeccSession(self.evse, self.timings, security=self.security, credentials=self.charger_credentials)
        self.evcc = EvccSession(
            self.car, self.plan, self.timings, security=self.security, credentials=self.car_credentials
        )
        if self.with_stage:
            self.listeners.append(IdealStage(self.evse).handle)

    def begin(self) -> None:
        self.secc.connected(self.now)
        self.evcc.connected(self.now)

    def exchange(self) -> bool:
        """Carry what either end wants to send; whether anything moved."""
        to_secc = self.evcc.data_to_send()
        if to_secc and not self.secc.ended:
            self.secc.receive(to_secc, self.now)
        self._drain()
        to_evcc = self.secc.data_to_send()
        if to_evcc and not self.evcc.ended:
            self.evcc.receive(to_evcc, self.now)
        self._drain()
        return bool(to_secc or to_evcc)

    def tick(self) -> bool:
        """Move time on to the next timer; whether there was one."""
        due = [t for t in (self.secc.next_timer(), self.evcc.next_timer()) if t is not None]
        if not due:
            return False
        self.now = max(self.now, min(due))
        self.secc.on_timer(self.now)
        self.evcc.on_timer(self.now)
        self._drain()
        return True

    def run(self, until: Callable[[], bool] | None = None, steps: int = 5000) -> "Conversation":
        """Until both ends are done, or `until` holds."""
        for _ in range(steps):
            if until is not None and until():
                return self
            if not self.exchange() and not self.tick():
                return self
            if self.evcc.ended and not self.secc.ended and not self.evcc.data_to_send():
                self.secc.connection_lost(self.now, "the peer closed it")
                self._drain()
        raise AssertionError(f"still talking after {steps} steps: {self.secc.state}, {self.evcc.state}")

    def _drain(self) -> None:
        while (event := self.secc.next_event()) is not None:
            self.secc_events.append(event)
            for listener in self.listeners:
                listener(event)
        while (event := self.evcc.next_event()) is not None:
            self.evcc_events.append(event)

    def secc_of(self, kind: type) -> list[Any]:
        return [event for event in self.secc_events if isinstance(event, kind)]

    def evcc_of(self, kind: type) -> list[Any]:
        return [event for event in self.evcc_events if isinstance(event, kind)]

    @property
    def secc_end(self) -> SessionEnded:
        (end,) = self.secc_of(SessionEnded)
        return end

    @property
    def evcc_end(self) -> SessionEnded:
        (end,) = self.evcc_of(SessionEnded)
        return end


@pytest.fixture
def conversation() -> Callable[..., Conversation]:
    """Makes a conversation that has begun."""

    def make(**options: Any) -> Conversation:
        made = Conversation(**options)
        made.begin()
        return made

    return make


@pytest.fixture
def golden_session() -> Callable[[str], Iterator[dict[str, Any]]]:
    """The lines of a recorded session, in order."""

    def read(name: str) -> Iterator[dict[str, Any]]:
        with gzip.open(GOLDEN / f"session_v20_{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)

    return read
