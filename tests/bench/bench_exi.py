"""EXI: this codec beside the Java codec of PyPI iso15118 0.31.2, per schema set, on the same documents in the same run.

Run it as a script (tests/interop/setup_iso15118.sh first, for the peer). Targets, as medians: at most 60 µs for AC and
DC charge-loop messages, at most 100 µs for the messages of each set, at least 300 times faster than the peer, and an
import of the codec in less than 0.15 s. Ours is timed twice: between bytes and message objects, as a session uses it,
and between bytes and JSON text, which is what the Java codec does.
"""

import argparse
import gzip
import json
import random
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from protocols.exi import DIN, V2, decode, encode, from_json, to_json  # noqa: E402

PEER = ROOT / ".interop" / "iso15118" / "bin" / "python"
WORKER = Path(__file__).with_name("java_exi_worker.py")
FILES = (
    *("sap", "v20_common", "v20_ac", "v20_dc", "v20_wpt", "v20_acdp", "v2", "din70121"),
    *("session_v20_ac_bpt", "session_v20_dc_bpt", "session_v2_ac", "session_v2_dc", "session_din_dc"),
)
NOT_THE_PEERS = ("WPT", "ACDP")
"""Sets that the Java codec cannot write from JSON."""
LOOPS = ("AC_ChargeLoop", "DC_ChargeLoop")
"""How the charge-loop messages that have a target of their own begin."""
TARGET_RATIO = 300
TARGET_LOOP_S = 60e-6
TARGET_OTHERS_S = 100e-6
TARGET_IMPORT_S = 0.15
SHOWN = 6

Document = dict[str, Any]
Times = dict[str, list[float]]
WORK = ("decode", "encode", "EXI to JSON", "JSON to EXI")


def documents() -> dict[str, list[Document]]:
    """The golden corpus by schema set (the last part of its namespace)."""
    found: dict[str, list[Document]] = defaultdict(list)
    for name in FILES:
        with gzip.open(ROOT / "tests" / "golden" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for document in map(json.loads, lines):
                if "V2G_Message" in document["json"] or document["namespace"] not in (V2, DIN):
                    found[_set_of(document["namespace"])].append(document)
    return found


def _set_of(namespace: str) -> str:
    return {V2: "ISO 15118-2", DIN: "DIN 70121"}.get(namespace, namespace.rpartition(":")[2])


def chosen_of(found: list[Document], each: int) -> list[Document]:
    """Some documents of each message, by chance but always the same ones."""
    by_message: dict[str, list[Document]] = defaultdict(list)
    for document in found:
        by_message[document["message"]].append(document)
    pick = random.Random(15118)
    return [d for same in by_message.values() for d in pick.sample(same, min(each, len(same)))]


def time_of(call: Callable[[], Any], repeats: int) -> float:
    """The median of several runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def our_times(chosen: list[Document], repeats: int) -> Times:
    """Seconds for each document, by what is done."""
    times: Times = {name: [] for name in WORK}
    for document in chosen:
        namespace, data = document["namespace"], bytes.fromhex(document["exi"])
        text = json.dumps(document["json"])
        message = decode(namespace, data)
        encode(namespace, message)
        work: dict[str, Callable[[], Any]] = {
            "decode": lambda n=namespace, d=data: decode(n, d),
            "encode": lambda n=namespace, m=message: encode(n, m),
            "EXI to JSON": lambda n=namespace, d=data: json.dumps(to_json(decode(n, d))),
            "JSON to EXI": lambda n=namespace, t=text: encode(n, from_json(n, json.loads(t))),
        }
        for name, call in work.items():
            times[name].append(time_of(call, repeats))
    return times


def peer_times(chosen: list[Document], repeats: int) -> list[dict[str, Any]] | None:
    """What the Java codec takes, or None where it is not installed."""
    lines = "".join(json.dumps(d) + "\n" for d in chosen)
    done = subprocess.run(
        [str(PEER), str(WORKER), str(repeats)], input=lines, capture_output=True, text=True, check=False
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if len(answers) != len(chosen):
        print(f"peer: failed after {len(answers)} of {len(chosen)} documents: {done.stderr.strip()[-300:]}")
        return None
    return answers


def first_of_each(chosen: list[Document], each: int) -> list[int]:
    """The places of the first few documents of each message."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, document in enumerate(chosen):
        places[document["message"]].append(place)
    return sorted(place for same in places.values() for place in same[:each])


def report(name: str, chosen: list[Document], args: argparse.Namespace) -> tuple[bool, Times]:
    """Prints one set's table; whether its targets hold, and our times."""
    ours = our_times(chosen, args.repeats * 10)
    asks_peer = PEER.exists() and not args.no_peer and name not in NOT_THE_PEERS
    asked = first_of_each(chosen, args.peer_each)
    peer = peer_times([chosen[i] for i in asked], args.repeats) if asks_peer else None
    size = statistics.median(len(d["exi"]) // 2 for d in chosen)
    print(f"\n{name}: {len(chosen)} documents, median {size:.0f} bytes")
    good = True
    for work in WORK:
        median = statistics.median(ours[work])
        worst = sorted(ours[work])[int(len(ours[work]) * 0.95)]
        line = f"  {work:<12} median {median * 1e6:7.1f} µs   p95 {worst * 1e6:7.1f} µs"
        good &= median <= TARGET_OTHERS_S
        if peer is not None:
            key = "decode_s" if work in ("decode", "EXI to JSON") else "encode_s"
            pairs = [
                (statistics.median(answer[key]), own)
                for answer, own in zip(peer, (ours[work][i] for i in asked), strict=True)
                if "error" not in answer
            ]
            ratio = statistics.median(theirs / own for theirs, own in pairs)
            line += f"   Java {statistics.median(t for t, _ in pairs) * 1e3:6.2f} ms   {ratio:7.0f} times faster"
            good &= ratio >= TARGET_RATIO or work not in ("decode", "encode")
        print(line)
    if peer is not None:
        refused = sum("error" in answer for answer in peer)
        differ = sum(answer.get("same") is False for answer in peer)
        print(f"  Java: {len(asked)} documents, refused {refused}, wrote other bytes for {differ}")
    return good, ours


def by_message(chosen: list[Document], ours: Times) -> dict[str, tuple[float, float, float]]:
    """For each message the medians of decode and encode in seconds and of its size in bytes."""
    rows: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    for document, decoded, encoded in zip(chosen, ours["decode"], ours["encode"], strict=True):
        rows[document["message"]].append((decoded, encoded, len(document["exi"]) // 2))
    return {m: tuple(map(statistics.median, zip(*same, strict=True))) for m, same in rows.items()}


def row_of(name: str, message: str, decoded: float, encoded: float, size: float) -> str:
    """One message's medians."""
    times = f"decode {decoded * 1e6:6.1f} µs   encode {encoded * 1e6:6.1f} µs"
    return f"  {name:<14} {message:<28} {times}   {size:.0f} bytes"


def import_time() -> float:
    """Seconds that importing the codec takes in a fresh process, the interpreter's own start left out; the best of
    several, as what else runs on the machine only adds."""
    program = "import time; s = time.perf_counter(); import protocols.exi; print(time.perf_counter() - s)"
    runs = [
        float(subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True).stdout)
        for _ in range(5)
    ]
    return min(runs)


def main() -> int:
    """Runs the comparison; 0 if the targets hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=6, help="documents of each message (default 6)")
    parser.add_argument("--peer-each", type=int, default=2, help="of those, how many the Java codec does (default 2)")
    parser.add_argument("--repeats", type=int, default=2, help="runs of the Java codec a document (default 2)")
    parser.add_argument("--no-peer", action="store_true", help="leave the Java codec out")
    args = parser.parse_args()
    if not PEER.exists():
        print("peer: not installed; run tests/interop/setup_iso15118.sh (needs Java 17)")
    good = True
    messages: list[tuple[str, str, float, float, float]] = []
    for name, found in documents().items():
        chosen = chosen_of(found, args.each)
        held, ours = report(name, chosen, args)
        good &= held
        messages += [(name, message, *row) for message, row in by_message(chosen, ours).items()]

    print("\nCharge loop, median per message")
    for name, message, decoded, encoded, size in messages:
        if message.startswith((*LOOPS, "WPT_ChargeLoop", "CurrentDemand", "ChargingStatus")):
            print(row_of(name, message, decoded, encoded, size))
            good &= max(decoded, encoded) <= TARGET_LOOP_S or not message.startswith(LOOPS)
    print(f"\nThe slowest of {len(messages)} messages, median per message")
    for name, message, decoded, encoded, size in sorted(messages, key=lambda row: -row[2])[:SHOWN]:
        print(row_of(name, message, decoded, encoded, size))
    within = sum(max(row[2], row[3]) <= TARGET_OTHERS_S for row in messages)
    print(f"  {within} of {len(messages)} within {TARGET_OTHERS_S * 1e6:.0f} µs both ways")

    took = import_time()
    good &= took < TARGET_IMPORT_S
    print(f"\nImport of the codec: {took * 1e3:.0f} ms (limit {TARGET_IMPORT_S * 1e3:.0f} ms)")
    print(
        f"\ntargets (charge loop ≤ {TARGET_LOOP_S * 1e6:.0f} µs, each set ≤ {TARGET_OTHERS_S * 1e6:.0f} µs, "
        f"≥ {TARGET_RATIO} times, import): {'met' if good else 'missed'}"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
