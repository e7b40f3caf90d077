"""Draws the outlet's table as a Mermaid diagram: ``python -m protocols.iec61851.diagram``."""

from protocols.iec61851.table import FACES, ROWS, OutletState


def mermaid() -> str:
    """The whole diagram; what holds in nearly every state is drawn once, from a state of its own."""
    lines = ["stateDiagram-v2", f"    [*] --> {OutletState.VACANT}"]
    for state in OutletState:
        face = FACES[state]
        shown = "current on offer" if face.duty is None else f"{face.duty:.0%}"
        lines.append(f"    {state}: {state} ({shown}; contactor: {face.closes})")
    for row in ROWS:
        sources = ["any"] if len(row.states) > len(OutletState) // 2 + 1 else [str(state) for state in row.states]
        lines += [f"    {source} --> {row.next}: {row.when}" for source in sources]
    return "\n".join(lines)


if __name__ == "__main__":
    print(mermaid())
