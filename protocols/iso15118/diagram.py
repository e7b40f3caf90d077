"""Draws the state diagram of a session from a dialect's transition table, as Mermaid text.

    python -m protocols.iso15118.diagram iso15118-20-dc > states.mmd

The drawing cannot lie about the code: both ends run on the rows that it shows.
"""

import sys
from collections import defaultdict

from protocols.iso15118.registry import GENERATIONS, dialect
from protocols.iso15118.services import Energy, ProtocolName
from protocols.iso15118.table import Outcome, State, Table


def mermaid(table: Table, energy: Energy) -> str:
    """The diagram of one branch. SessionStop, allowed in many states alike, is drawn from its own state only."""
    labels: dict[tuple[State, State], list[str]] = defaultdict(list)
    for row in table.transitions:
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


def main(arguments: list[str]) -> int:
    """Print the diagram of the named protocol, and of its branch if it has two: PROTOCOL [ac|dc]."""
    names = {str(name) for name in GENERATIONS}
    wanted = arguments[0] if arguments else ProtocolName.V20_DC
    if wanted not in names:
        print(f"diagram: no protocol is named {wanted}; there are {', '.join(sorted(names))}", file=sys.stderr)
        return 2
    chosen = dialect(ProtocolName(wanted))
    branch = arguments[1] if len(arguments) > 1 else chosen.energies[0]
    if branch not in set(chosen.energies):
        print(f"diagram: {chosen.title} has no branch {branch}", file=sys.stderr)
        return 2
    sys.stdout.write(mermaid(chosen.table, Energy(branch)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
