"""How fast a backend may ask: a leaky bucket, so that a flood of requests leaves the event loop to the car."""

BURST = 200
"""Requests taken at once: more than any backend asks when a station comes online."""
PER_SECOND = 50.0
"""Requests taken a second after that; each may cost a wait for the disk."""


class Pace:
    """Level rises by one a request and sinks with time."""

    def __init__(self, burst: int = BURST, per_second: float = PER_SECOND) -> None:
        """An empty bucket."""
        self._burst, self._per_second = burst, per_second
        self._level, self._at = 0.0, 0.0

    def wait_s(self, requests: int, now: float) -> float:
        """Seconds to wait before the next is read, ``requests`` more having come by ``now``."""
        self._level = max(0.0, self._level - (now - self._at) * self._per_second) + requests
        self._at = now
        return max(0.0, (self._level - self._burst) / self._per_second)
