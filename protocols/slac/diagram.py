"""Draws the car's matching process and the charger's data link from their tables, as Mermaid text.

python -m protocols.slac.diagram ev > matching.mmd
python -m protocols.slac.diagram link > link.mmd
"""

import sys
from collections.abc import Iterable

from protocols.slac import ev_table, link
from protocols.slac.ev_table import LEAVE, Outcome


def matching() -> str:
    """The car's process. Leaving, possible in every state alike, is drawn from MATCHED only."""
    rows = [row for row in ev_table.ROWS if row.trigger != LEAVE or row.state is ev_table.State.MATCHED]
    return _mermaid(
        ev_table.State.UNMATCHED.name,
        (
            (
                row.state.name,
                row.next.name,
                row.trigger if row.outcome is Outcome.DONE else f"{row.trigger} ({row.outcome})",
            )
            for row in rows
        ),
    )


def data_link() -> str:
    """The charger's link. Unplugging, possible in every state alike, is drawn from MATCHED only."""
    arrows = []
    for row in link.ROWS:
        if row.trigger is link.Trigger.UNPLUGGED and row.state is not link.LinkState.MATCHED:
            continue
        arrows.append((row.state.name, row.next.name, str(row.trigger)))
        if row.spent is not None:
            arrows.append((row.state.name, row.spent.name, f"{row.trigger}, retries spent"))
    return _mermaid(link.LinkState.UNPLUGGED.name, arrows)


def _mermaid(first: str, arrows: Iterable[tuple[str, str, str]]) -> str:
    lines = ["stateDiagram-v2", f"    [*] --> {first}"]
    lines += [f"    {state} --> {following} : {label}" for state, following, label in arrows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(data_link() if sys.argv[1:] == ["link"] else matching())
