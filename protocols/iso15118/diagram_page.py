"""Writes STATES.md, the page with every generation's state diagram and timers, from the tables that both ends run on.

    python -m protocols.iso15118.diagram_page > protocols/iso15118/STATES.md

A test compares the page with the tables, so it cannot fall behind.
"""

import sys

from protocols.iso15118.diagram import mermaid, timers
from protocols.iso15118.registry import GENERATIONS, dialects

INTRODUCTION = """\
# The sessions' states

Drawn from the transition tables by `python -m protocols.iso15118.diagram_page > protocols/iso15118/STATES.md`.
A state is what the charger (SECC) may be asked next; an arrow is a request, with the outcome of its answer in brackets
where more than one leads on. The car (EVCC) follows the same rows. SessionStopReq is allowed in nearly every state and
is drawn from its own only; a request for which there is no arrow is answered FAILED_SequenceError. Times are in s.
"""


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    known: list[object] = []
    for dialect in dialects(GENERATIONS):
        parts.append(f"## {dialect.title}\n\n`{dialect.namespace}`, at least {dialect.least_secured.words}.\n")
        for energy in dialect.energies:
            title = f"### {energy.upper()}\n\n" if len(dialect.energies) > 1 else ""
            parts.append(f"{title}```mermaid\n{mermaid(dialect.table, energy)}```\n")
        if dialect.table not in known:
            known.append(dialect.table)
            parts.append(f"### Timers of {dialect.title.partition(' (')[0]}\n\n{timers(dialect.table)}")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
