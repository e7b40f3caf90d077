"""The charger's power-line modem behind the port ``app.ports.Matching``: a car comes to our logical network by SLAC.

What matches is a small process of its own with no privilege but CAP_NET_RAW (``protocols.slac.evse``); what follows
from its news is a table (``protocols.slac.link``). Usually the pilot is the outlet's to step (``protocols.iec61851``):
then a failed or lost link is told, and ``start`` begins anew. With ``on_pilot`` the table steps the pilot itself.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from app.clock import Clock
from app.config.home import SlacSection
from app.ports import Health, HealthLevel, LinkNews
from protocols.slac.helper import EvseHelper, HelperError, News
from protocols.slac.link import Action, DataLink, LinkState, Trigger
from protocols.slac.timings import Timings

log = logging.getLogger(__name__)

RESTART_S = 5.0
"""How soon a process that ended is started again: a modem's interface comes back after a plug was loose."""

_TRIGGERS = {
    "matched": Trigger.MATCHED,
    "no_slac": Trigger.NO_SLAC,
    "failed": Trigger.FAILED,
    "lost": Trigger.LOST,
}
"""The process's news that the table knows."""

_PILOT = frozenset({Action.PILOT_X1, Action.PILOT_5_PERCENT, Action.PILOT_EF})

_SENTENCES: dict[LinkState, tuple[HealthLevel, str]] = {
    LinkState.UNPLUGGED: (HealthLevel.OK, ""),
    LinkState.MATCHING: (HealthLevel.OK, "a car is being matched over the power line"),
    LinkState.MATCHED: (HealthLevel.OK, "matched with the car {ev_mac}"),
    LinkState.PAUSED: (HealthLevel.OK, "matched with the car {ev_mac}, which pauses"),
    LinkState.RETRY_EF: (HealthLevel.WARNING, "{reason}: the pilot wakes the car, and it is tried again"),
    LinkState.LEAVING_X1: (HealthLevel.WARNING, "{reason}: the car is let go, and matched anew"),
    LinkState.ERROR_EF: (HealthLevel.WARNING, "{reason}: the car is let go, and matched anew"),
    LinkState.ENDED: (HealthLevel.OK, ""),
    LinkState.GIVEN_UP: (HealthLevel.WARNING, "no digital session with this car: {reason}"),
}


class HealthBoard(Protocol):
    """All that this driver needs of a board."""

    def publish_health(self, source: str, health: Health) -> None:
        """See ``app.ports.Board``."""
        ...


class SlacMatching:
    """Implements ``app.ports.Matching``.

    matching = SlacMatching(section.slac, "eth1", clock)
    matching.on_news = ...                 # LinkNews, in the event loop
    await matching.run(board)              # a driver like any other
    matching.start(); matching.stop()      # by the pilot
    """

    def __init__(
        self,
        section: SlacSection,
        interface: str,
        clock: Clock,
        *,
        name: str = "power line",
        timings: Timings | None = None,
        timeout_scale: float = 1.0,
        on_pilot: Callable[[Action], None] | None = None,
        helper: type[EvseHelper] = EvseHelper,
    ) -> None:
        """``interface`` is the charger's, for a section that names none. ``timeout_scale`` is for laboratories.

        ``clock`` is home time, for what is shown.
        """
        self.name = name
        self.on_news: Callable[[LinkNews], None] | None = None
        self.on_line: Callable[[News], None] | None = None
        """Told each line of the process, for who wants to watch."""
        self.interface = section.interface or interface
        self.ev_mac: str | None = None
        """The matched car's modem-side address; None without a link."""
        self._clock = clock
        self._on_pilot = on_pilot
        self._link = DataLink(timings, drives_pilot=on_pilot is not None)
        self._helper = helper(self.interface, self._take, settle_s=section.settle_s, timeout_scale=timeout_scale)
        self._timer: asyncio.TimerHandle | None = None
        self._board: HealthBoard | None = None
        self._running = False
        self._ready = False
        self._trouble = ""
        self._facts: dict[str, str | float | int | bool | None] = {}
        self._told: tuple[HealthLevel, str, bool] | None = None

    @property
    def linked(self) -> bool:
        """Whether a car's messages can flow."""
        return self._link.linked

    @property
    def state(self) -> LinkState:
        """Where the link stands."""
        return self._link.state

    async def run(self, board: HealthBoard) -> None:
        """Match until cancelled; then leave the network."""
        self._board = board
        try:
            while True:
                self._running = True
                self._say()
                try:
                    await self._helper.run()
                except HelperError as error:
                    log.warning("%s: %s", self.name, error)
                    self._running, self._ready, self._trouble = False, False, str(error)
                    self._happen(Trigger.LOST, "the SLAC process ended")
                await asyncio.sleep(RESTART_S)
        finally:
            self._board, self._running, self._ready = None, False, False
            self._happen(Trigger.LOST, "the driver was stopped")
            if self._timer is not None:
                self._timer.cancel()

    # The port.

    def start(self) -> None:
        """See the port."""
        waiting = self._link.state in (LinkState.ENDED, LinkState.GIVEN_UP)
        self._happen(Trigger.WAKE if waiting else Trigger.PLUGGED)

    def stop(self) -> None:
        """See the port."""
        self._happen(Trigger.UNPLUGGED)

    def pause(self) -> None:
        """See the port; D-LINK_PAUSE.request (ISO 15118-3, clause 12.3)."""
        self._happen(Trigger.PAUSE)
        if self._link.state is LinkState.PAUSED:
            self._helper.pause(True)

    def wake(self) -> None:
        """See the port; one whose session is over is matched anew."""
        paused = self._link.state is LinkState.PAUSED
        self._happen(Trigger.WAKE)
        if paused:
            self._helper.pause(False)

    # Beyond the port, for who has a whole session.

    def terminate(self) -> None:
        """D-LINK_TERMINATE.request: the session is over, the car still there."""
        self._happen(Trigger.TERMINATE)

    def fail(self, reason: str) -> None:
        """D-LINK_ERROR.request: the session broke; match anew."""
        self._happen(Trigger.ERROR, reason)

    # What happens, and what is done about it.

    def _take(self, news: News) -> None:
        event = news["event"]
        if event == "ready":
            self._facts = {"mac": news.get("mac"), "uid": news.get("uid")}
        elif event == "network":
            self._ready, self._trouble = True, ""
            if self._link.state is LinkState.MATCHING:
                # The process was started anew, and knows nothing of the car that waits.
                self._helper.match()
        elif event == "error":
            self._trouble = str(news.get("reason"))
        elif event == "matched":
            self.ev_mac = str(news.get("ev_mac"))
            self._facts |= {"ev_mac": self.ev_mac, "attenuation_db": news.get("attenuation_db")}
        if event in _TRIGGERS:
            self._happen(_TRIGGERS[event], str(news.get("reason") or ""))
        if self.on_line is not None:
            self.on_line(news)
        self._say()

    def _happen(self, trigger: Trigger, reason: str = "") -> None:
        self._link.happen(trigger, _now_s(), reason)
        self._act(by_request=trigger in (Trigger.UNPLUGGED, Trigger.TERMINATE))

    def _on_timer(self) -> None:
        self._link.on_timer(_now_s())
        self._act(by_request=False)

    def _act(self, *, by_request: bool) -> None:
        while (action := self._link.next_action()) is not None:
            if action in _PILOT and self._on_pilot is not None:
                self._on_pilot(action)
            elif action is Action.MATCH:
                self._helper.match()
            elif action is Action.LEAVE:
                self._helper.leave()
            elif action is Action.LINK_UP:
                self._tell(LinkNews.MATCHED)
            elif action is Action.LINK_DOWN:
                self.ev_mac = None
                if not by_request:
                    self._tell(LinkNews.LOST)
            elif action is Action.GIVE_UP:
                self._tell(LinkNews.FAILED)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_s = self._link.next_timer()
        if due_s is not None:
            wait_s = max(0.0, due_s - _now_s())
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._on_timer)
        self._say()

    def _tell(self, news: LinkNews) -> None:
        log.info("%s: %s %s", self.name, news, self._link.reason)
        if self.on_news is not None:
            self.on_news(news)

    def _say(self) -> None:
        level, text = _SENTENCES[self._link.state]
        text = text.format(ev_mac=self.ev_mac, reason=self._link.reason)
        if self._trouble:
            level, text = HealthLevel.FAILED, self._trouble
        elif not self._ready and level is HealthLevel.OK and not self._link.linked:
            level, text = HealthLevel.STARTING, "the power-line modem is being given a key"
        if self._board is None or self._told == (level, text, self._running):
            return
        self._told = (level, text, self._running)
        details = {
            "interface": self.interface,
            "state": str(self._link.state),
            "running": self._running,
            **self._facts,
        }
        health = Health(level=level, text=text, since_s=self._clock.now_s(), details=details)
        self._board.publish_health(self.name, health)


def _now_s() -> float:
    """Wires run in real time, whatever speed the home is shown at."""
    return asyncio.get_running_loop().time()
