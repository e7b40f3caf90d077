"""EXI: this codec beside the Java codec of PyPI iso15118 0.31.2, on the same documents in the same run.

Run it as a script (tests/interop/setup_iso15118.sh first, for the peer). Targets: at least 300 times faster, and a
median of at most 100 µs a message. Ours is timed twice: between bytes and message objects, as a session uses it, and
between bytes and JSON text, which is what the Java codec does.
"""

import argparse
import gzip
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from protocols.exi import decode, encode, from_json, to_json  # noqa: E402

PEER = ROOT / ".interop" / "iso15118" / "bin" / "python"
WORKER = Path(__file__).with_name("java_exi_worker.py")
FILES = ("sap", "v20_common", "v20_ac", "v20_dc", "session_v20_ac_bpt", "session_v20_dc_bpt")
TARGET_RATIO = 300
TARGET_MEDIAN_S = 100e-6

Document = dict[str, Any]


def documents() -> list[Document]:
    """The golden corpus that both codecs carry."""
    found = []
    for name in FILES:
        with gzip.open(ROOT / "tests" / "golden" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            found += [json.loads(line) for line in lines]
    return found


def time_of(call: Callable[[], Any], repeats: int) -> float:
    """The median of several runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def our_times(chosen: list[Document], repeats: int) -> dict[str, list[float]]:
    """Seconds for each document, by what is done."""
    times: dict[str, list[float]] = {"decode": [], "encode": [], "EXI to JSON": [], "JSON to EXI": []}
    for document in chosen:
        namespace, data = document["namespace"], bytes.fromhex(document["exi"])
        text = json.dumps(document["json"])
        message = decode(namespace, data)
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
    if not PEER.exists():
        print("peer: not installed; run tests/interop/setup_iso15118.sh (needs Java 17)")
        return None
    lines = "".join(json.dumps(d) + "\n" for d in chosen)
    done = subprocess.run(
        [str(PEER), str(WORKER), str(repeats)], input=lines, capture_output=True, text=True, check=False
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if len(answers) != len(chosen):
        print(f"peer: failed after {len(answers)} of {len(chosen)} documents: {done.stderr.strip()[-300:]}")
        return None
    return answers


def report(title: str, chosen: list[Document], repeats: int) -> bool:
    """Prints one table; whether both targets hold."""
    ours = our_times(chosen, repeats * 10)
    peer = peer_times(chosen, repeats)
    print(f"\n{title}: {len(chosen)} documents")
    good = True
    for name, peer_key in (
        ("decode", "decode_s"),
        ("encode", "encode_s"),
        ("EXI to JSON", "decode_s"),
        ("JSON to EXI", "encode_s"),
    ):
        median = statistics.median(ours[name])
        worst = sorted(ours[name])[int(len(ours[name]) * 0.95)]
        line = f"  {name:<12} median {median * 1e6:7.1f} µs   p95 {worst * 1e6:7.1f} µs"
        good = good and median <= TARGET_MEDIAN_S
        if peer is not None:
            pairs = [
                (statistics.median(answer[peer_key]), own)
                for answer, own in zip(peer, ours[name], strict=True)
                if "error" not in answer
            ]
            ratio = statistics.median(theirs / own for theirs, own in pairs)
            line += f"   Java {statistics.median(t for t, _ in pairs) * 1e3:6.2f} ms   {ratio:7.0f} times faster"
            if name in ("decode", "encode"):
                good = good and ratio >= TARGET_RATIO
        print(line)
    if peer is not None:
        refused = sum("error" in answer for answer in peer)
        differ = sum(answer.get("same") is False for answer in peer)
        print(f"  Java refused {refused}, wrote other bytes for {differ}")
    return good


def main() -> int:
    """Runs the comparison; 0 if the targets hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=60, help="documents of each kind (default 60)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of the Java codec a document (default 3)")
    args = parser.parse_args()
    pick = random.Random(15118)
    corpus = documents()
    loop = [d for d in corpus if "ChargeLoop" in d["message"]]
    good = report("Charge loop", pick.sample(loop, min(args.documents, len(loop))), args.repeats)
    good &= report("Whole corpus", pick.sample(corpus, min(args.documents, len(corpus))), args.repeats)
    print(f"\ntargets (≥ {TARGET_RATIO} times, median ≤ {TARGET_MEDIAN_S * 1e6:.0f} µs): {'met' if good else 'missed'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
