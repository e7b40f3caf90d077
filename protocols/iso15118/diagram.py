"""Draws the state diagram of a session from the transition table, as Mermaid text.

    python -m protocols.iso15118.diagram dc > states.mmd

The drawing cannot lie about the code: both ends run on the rows that it shows.
"""

import sys
from collections import defaultdict

from protocols.iso15118.table import TRANSITIONS, Energy, Outcome, State


def mermaid(energy: Energy) -> str:
    """The diagram of one branch. SessionStop, allowed in many states alike, is drawn from its own state only."""
    labels: dict[tuple[State, State], list[str]] = defaultdict(list)
    for row in TRANSITIONS:
        if row.energy not in (None, energy):
            continue
        if row.request == "SessionStopReq" and row.state is not State.SESSION_STOP:
            continue
        plain = row.outcome is Outcome.DONE
        labels[row.state, row.next].append(row.request if plain else f"{row.request} ({row.outcome})")
    lines = ["stateDiagram-v2", f"    [*] --> {State.HANDSHAKE}"]
    for (state, following), requests in labels.items():
        target = "[*]" if following is State.ENDED else str(following)
        lines += [f"    {state} --> {target} : {request}" for request in requests]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(mermaid(Energy(sys.argv[1] if len(sys.argv) > 1 else Energy.DC)))
