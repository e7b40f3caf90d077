"""Which of a session's messages go to the details drawer: all, but of the charge loop's many only a few."""

from protocols import iso15118 as iso

LOOP_MESSAGES = frozenset(
    f"{kind}{end}"
    for kind in ("DC_ChargeLoop", "AC_ChargeLoop", "CurrentDemand", "ChargingStatus")
    for end in ("Req", "Res")
)
LOOP_SHOWN_EVERY_S = 5.0
ANSWER_S = 0.1
"""An answer goes with the request that was shown, which it follows at once."""


class ShownMessages:
    """Thins the charge loop out: one exchange in LOOP_SHOWN_EVERY_S."""

    def __init__(self) -> None:
        self._shown_s = float("-inf")

    def shows(self, event: iso.MessageSeen) -> bool:
        """Whether this one is shown."""
        if event.name not in LOOP_MESSAGES:
            return True
        since_s = event.time_s - self._shown_s
        if event.sender != "evcc":
            return since_s <= ANSWER_S
        if since_s < LOOP_SHOWN_EVERY_S:
            return False
        self._shown_s = event.time_s
        return True
