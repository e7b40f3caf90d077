"""Draws the outlet's table, and lists what its states show and its times, as a page.

    python -m protocols.iec61851.diagram > protocols/iec61851/STATES.md

The drawing cannot lie about the code: the charger's side runs on the rows that it shows.
"""

from dataclasses import fields

from protocols.iec61851.duty import X1
from protocols.iec61851.table import FACES, ROWS, OutletState
from protocols.iec61851.timings import PilotTimings

INTRODUCTION = """# The pilot's states

Drawn from the transition table by `python -m protocols.iec61851.diagram > protocols/iec61851/STATES.md`.
The rows are looked at in order each time anything is told; the first whose condition holds is taken, until none does.
"""


def mermaid() -> str:
    """The diagram; what holds in nearly every state is drawn once, from a state of its own."""
    lines = ["stateDiagram-v2", f"    [*] --> {OutletState.VACANT}"]
    for row in ROWS:
        sources = ["any"] if len(row.states) > len(OutletState) // 2 + 1 else [str(state) for state in row.states]
        lines += [f"    {source} --> {row.next} : {row.when}" for source in sources]
    return "\n".join(lines) + "\n"


def faces() -> str:
    """What each state puts on the pilot, and who may have the contactor closed."""
    lines = ["| State | Pilot | Contactor | Time |", "|---|---|---|---|"]
    for state in OutletState:
        face = FACES[state]
        shown = "the current on offer" if face.duty is None else _signal(face.duty)
        lines.append(f"| {state} | {shown} | {face.closes} | {face.timer or ''} |")
    return "\n".join(lines) + "\n"


def times() -> str:
    """The standard's times and ours."""
    lines = ["| Time | Value | Source |", "|---|---|---|"]
    lines += [f"| {time.name} | {time.default:g} | {time.metadata['clause']} |" for time in fields(PilotTimings)]
    return "\n".join(lines) + "\n"


def page() -> str:
    """The whole page."""
    return f"{INTRODUCTION}\n```mermaid\n{mermaid()}```\n\n{faces()}\n{times()}"


def _signal(duty: float) -> str:
    if duty in (0.0, X1):
        return "steady +12 V (X1)" if duty else "steady −12 V (state F)"
    return f"{duty:.0%}"


if __name__ == "__main__":
    print(page(), end="")
