"""The golden corpus, and the two ways of coding that must agree."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parents[2] / "golden"
FILES = (
    "sap",
    "v20_common",
    "v20_ac",
    "v20_dc",
    "v20_wpt",
    "v20_acdp",
    "session_v20_ac",
    "session_v20_ac_bpt",
    "session_v20_dc",
    "session_v20_dc_bpt",
    "v20_signatures",
    "v2",
    "session_v2_ac",
    "session_v2_dc",
    "session_v2_ac_tls_pnc",
    "din70121",
    "din_made_up",
    "session_din_dc",
)

ONE_DOCUMENT = ("urn:iso:15118:2:2013:MsgDef", "http://www.w3.org/2000/09/xmldsig#")
"""Where every other element is a fragment, which is no document."""


@dataclass(frozen=True)
class Golden:
    """One document and its meaning."""

    namespace: str
    message: str
    exi: bytes
    json: dict[str, Any]


@cache
def _read(name: str) -> tuple[Golden, ...]:
    with gzip.open(GOLDEN / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        found = (json.loads(line) for line in lines)
        return tuple(
            Golden(d["namespace"], d["message"], bytes.fromhex(d["exi"]), d["json"])
            for d in found
            if "V2G_Message" in d["json"] or d["namespace"] not in ONE_DOCUMENT
        )


@pytest.fixture(scope="session", params=FILES)
def golden_file(request: pytest.FixtureRequest) -> tuple[Golden, ...]:
    """The documents of one file after another."""
    return _read(request.param)


@pytest.fixture(scope="session")
def golden_sample() -> tuple[Golden, ...]:
    """For each message the shortest, the middle and the longest document."""

    def chosen() -> Iterator[Golden]:
        by_message: dict[tuple[str, str], list[Golden]] = {}
        for name in FILES:
            for document in _read(name):
                by_message.setdefault((document.namespace, document.message), []).append(document)
        for documents in by_message.values():
            documents.sort(key=lambda d: len(d.exi))
            yield from {documents[i].exi: documents[i] for i in (0, len(documents) // 2, -1)}.values()

    return tuple(chosen())


@pytest.fixture(scope="session")
def outcome() -> Callable[..., Any]:
    """What a call returns, or the kind of its refusal (any other exception escapes)."""
    from protocols.exi import ExiError
    from protocols.exi.codec import STUMBLES

    def run(call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except (ExiError, *STUMBLES):
            return "refused"

    return run
