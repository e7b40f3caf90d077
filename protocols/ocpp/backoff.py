"""How long to wait before the next try to connect (OCPP-J 2.1, 5.4)."""

from collections.abc import Callable


class BackOff:
    """Grows from RetryBackOffWaitMinimum by doubling, RetryBackOffRepeatTimes times, each with its own jitter."""

    def __init__(self, random: Callable[[], float]) -> None:
        """``random`` gives numbers in [0, 1): without jitter all homes come back at once after an outage."""
        self._random = random
        self._failures = 0

    def next_wait_s(self, minimum_s: float, random_range_s: float, repeat_times: float) -> float:
        """Seconds until the next try."""
        doublings = min(self._failures, int(repeat_times))
        self._failures += 1
        return float(minimum_s * 2**doublings + self._random() * random_range_s)

    def reset(self) -> None:
        """The link stands and was accepted."""
        self._failures = 0
