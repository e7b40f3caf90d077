"""Draws the state diagram of a session from a dialect's transition table, as Mermaid text; lists its timers.

    python -m protocols.iso15118.diagram iso15118-20-dc > states.mmd
    python -m protocols.iso15118.diagram iso15118-2 timers

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
        notes = [] if row.outcome is Outcome.DONE else [str(row.outcome)]
        notes += ["beside"] if row.beside else []
        labels[row.state, row.next].append(row.request + (f" ({', '.join(notes)})" if notes else ""))
    lines = ["stateDiagram-v2", f"    [*] --> {State.HANDSHAKE}"]
    for (state, following), requests in labels.items():
        target = "[*]" if following is State.ENDED else str(following)
        lines += [f"    {state} --> {target} : {request}" for request in requests]
    return "\n".join(lines) + "\n"


def timers(table: Table) -> str:
    """Every timer of the table, message by message, as a Markdown table; seconds."""
    lines = [
        "| Request | EVCC waits for the answer | SECC waits for what follows | SECC should answer within |",
        "|---|---|---|---|",
    ]
    for exchange in table.exchanges.values():
        perform = f"{exchange.perform_within.seconds:g}" if exchange.perform_within else ""
        waits, silence = exchange.answer_within.seconds, exchange.next_within.seconds
        lines.append(f"| {exchange.request} | {waits:g} | {silence:g} | {perform} |")
    lines += ["", "| While the EVCC repeats itself in | at most | the standard's name |", "|---|---|---|"]
    lines += [f"| {state} | {timer.seconds:g} | {timer} |" for state, timer in table.loop_timers.items()]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Print the diagram of the named protocol, and of its branch if it has two: PROTOCOL [ac|dc|timers]."""
    names = {str(name) for name in GENERATIONS}
    wanted = arguments[0] if arguments else ProtocolName.V20_DC
    if wanted not in names:
        print(f"diagram: no protocol is named {wanted}; there are {', '.join(sorted(names))}", file=sys.stderr)
        return 2
    chosen = dialect(ProtocolName(wanted))
    branch = arguments[1] if len(arguments) > 1 else chosen.energies[0]
    if branch == "timers":
        sys.stdout.write(timers(chosen.table))
        return 0
    if branch not in set(chosen.energies):
        print(f"diagram: {chosen.title} has no branch {branch}", file=sys.stderr)
        return 2
    sys.stdout.write(mermaid(chosen.table, Energy(branch)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
