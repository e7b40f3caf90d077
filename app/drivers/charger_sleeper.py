"""Keeps a sleeping car for a charger: in its ``Evse``, in its picture, and where it survives a restart."""

import logging
from collections.abc import Callable

from app.drivers.charger_session import SessionPicture
from app.drivers.charger_sleep import Sleep
from protocols.iso15118 import Evse
from protocols.iso15118.paused import PausedSession

log = logging.getLogger(__name__)


class SleepKeeper:
    """Keeps the sleeping car, here and where ``remember`` puts it."""

    def __init__(self, evse: Evse, picture: SessionPicture, remember: Callable[[object], None]) -> None:
        """``remember`` takes what JSON can hold; None: nobody sleeps."""
        self._evse = evse
        self._picture = picture
        self._remember = remember
        self._kept = False

    def restore(self, plain: object) -> None:
        """What was remembered when the engine ran last."""
        if plain is None:
            return
        self._kept = True
        try:
            sleep = Sleep.from_plain(plain)
        except ValueError as error:
            log.warning("%s; a car that slept here begins anew", error)
            return
        self._evse.paused = sleep.session
        self._picture.asleep(sleep)

    def keep(self, paused: PausedSession) -> None:
        """The car goes to sleep."""
        self._kept = True
        self._remember(Sleep.of(paused, self._picture.now).to_plain())

    def forget(self) -> None:
        """It is awake, or gone."""
        if self._kept:
            self._kept = False
            self._evse.paused = None
            self._remember(None)
