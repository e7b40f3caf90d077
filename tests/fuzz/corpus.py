"""The golden corpus as bytes: seeds for fuzzing, and what the full sweep alters."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from protocols.exi import APP_PROTOCOL, DIN, V2, V20_AC, V20_DC, XMLDSIG
from protocols.iso15118.v2gtp import PayloadType, pack

GOLDEN = Path(__file__).parents[1] / "golden"


class Sample(NamedTuple):
    """One document or fragment of the corpus."""

    namespace: str
    message: str
    exi: bytes
    fragment: bool
    sender: str


def samples() -> Iterator[Sample]:
    """Everything in the corpus."""
    for path in sorted(GOLDEN.glob("*.jsonl.gz")):
        yield from samples_in(path.name.removesuffix(".jsonl.gz"))


def samples_in(name: str) -> Iterator[Sample]:
    """What one file holds, in order."""
    with gzip.open(GOLDEN / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            namespace, (root,) = line["namespace"], line["json"]
            bare = namespace == XMLDSIG or (namespace in (V2, DIN) and root != "V2G_Message")
            fragment = line.get("fragment", bare)
            yield Sample(namespace, line["message"], bytes.fromhex(line["exi"]), fragment, line.get("sender", ""))


SESSIONS = tuple(sorted(p.name.removesuffix(".jsonl.gz") for p in GOLDEN.glob("session_*.jsonl.gz")))

_PAYLOADS = {
    APP_PROTOCOL: PayloadType.APP_PROTOCOL,
    V2: PayloadType.V2_MAINSTREAM,
    DIN: PayloadType.V2_MAINSTREAM,
    V20_AC: PayloadType.AC,
    V20_DC: PayloadType.DC,
}


def frames(session: str, sender: str) -> list[bytes]:
    """What one end of a recorded session sent, each message in its V2GTP frame."""
    return [
        pack(_PAYLOADS.get(s.namespace, PayloadType.MAINSTREAM), s.exi)
        for s in samples_in(session)
        if s.sender == sender and not s.fragment
    ]


def session_id(session: str) -> bytes:
    """The session ID that the charger gave in a recorded session."""
    from protocols.exi import decode

    ids: dict[bytes, int] = defaultdict(int)
    for sample in samples_in(session):
        if not sample.fragment and sample.namespace != APP_PROTOCOL:
            header = getattr(decode(sample.namespace, sample.exi), "Header")  # noqa: B009
            ids[header.SessionID] += 1
    return max(ids, key=lambda found: ids[found])
