"""Is the power line still up? The modem's own word where it gives one, the peer's silence where it does not.

A few answers in a row that say "no link" are a loss; a single one is not, since an answer may fall into a beacon's gap.
Of a modem that has never told its link nothing is concluded but from silence, and only while the peer has reason to
speak (not in a pause).
"""

from protocols.slac.timings import Timings


class LinkWatch:
    """Watches one link from the moment that it is to come up. Asking the modem is the owner's part."""

    def __init__(self, timings: Timings, now: float) -> None:
        self._timings = timings
        self._negatives = 0
        self._heard_s = now
        self.modem_tells = False
        """Whether the modem has ever answered a question for its link."""
        self.linked = False
        """What the modem said last."""
        self.paused = False
        """The peer may be silent as long as it likes."""

    def told(self, linked: bool) -> None:
        """The modem has answered."""
        self.modem_tells = True
        self.linked = linked
        self._negatives = 0 if linked else self._negatives + 1

    def heard(self, now: float) -> None:
        """A frame of the peer went by."""
        self._heard_s = now

    def loss(self, now: float) -> str | None:
        """Why the link is lost, as one clause; None while it stands."""
        if self._negatives >= self._timings.link_negatives:
            return f"the modem said {self._negatives} times in a row that the power line has no link"
        silent_s = now - self._heard_s
        if not self.modem_tells and not self.paused and silent_s >= self._timings.link_silence_s:
            return f"nothing was heard from the other end for {silent_s:.0f} s"
        return None
