"""The full sweep: every truncation and every single flipped bit of everything in the golden corpus.

Each altered document must be read the same by compiled code and the walk, or be refused with one ExiError. It takes
minutes; `--part N` of `--parts M` does every M-th document, so that several processes may share the work.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from corpus import Sample, samples  # noqa: E402
from targets import Broken  # noqa: E402

from protocols.exi import ExiError, decode, decode_fragment  # noqa: E402
from protocols.exi.codec import STUMBLES, codec_of  # noqa: E402
from protocols.exi.fragments import Fragments  # noqa: E402

SLOWEST_S = 5.0
"""Nothing in the corpus, altered or not, takes a hundredth of this."""


def altered(data: bytes) -> Iterator[bytes]:
    """Every truncation, then every flip of one bit."""
    for length in range(len(data)):
        yield data[:length]
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit >> 3] ^= 128 >> (bit & 7)
        yield bytes(flipped)


def try_one(sample: Sample, data: bytes) -> str:
    """ "value" or "refused"; anything else is an exception that escapes."""
    try:
        if sample.fragment:
            decode_fragment(sample.namespace, data)
        else:
            decode(sample.namespace, data)
    except ExiError as error:
        if not str(error).endswith("."):
            raise Broken(f"no sentence: {error}") from error
        _refused_fast(sample, data)
        return "refused"
    return "value"


def _refused_fast(sample: Sample, data: bytes) -> None:
    """Compiled code may not read what the walk, whose error this was, refuses."""
    try:
        if sample.fragment:
            _fragments(sample.namespace).decode(data)
        else:
            codec_of(sample.namespace).decode(data)
    except STUMBLES:
        return
    raise Broken(f"{sample.message}: compiled code reads what the walk refuses")


@cache
def _fragments(namespace: str) -> Fragments:
    return Fragments(namespace)


def sweep(chosen: list[Sample], deadline: float = float("inf")) -> dict[str, int]:
    """How many of each outcome; stops at `deadline` (of `time.monotonic`)."""
    counts = {"documents": 0, "value": 0, "refused": 0}
    for sample in chosen:
        counts["documents"] += 1
        for data in altered(sample.exi):
            start = time.monotonic()
            if start > deadline:
                return counts
            outcome = try_one(sample, data)
            if time.monotonic() - start > SLOWEST_S:
                raise Broken(f"{sample.message}: {data.hex()} took {time.monotonic() - start:.1f} s")
            counts[outcome] += 1
    return counts


def main() -> int:
    """0 if all of it held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", type=int, default=0, help="which part of the work (from 0; default 0)")
    parser.add_argument("--parts", type=int, default=1, help="in how many parts it is cut (default 1)")
    args = parser.parse_args()
    every = {(s.namespace, s.fragment, s.exi): s for s in samples()}
    chosen = list(every.values())[args.part :: args.parts]
    start = time.monotonic()
    counts = sweep(chosen)
    took = time.monotonic() - start
    inputs = counts["value"] + counts["refused"]
    print(
        f"sweep: {counts['documents']} documents and fragments, {inputs} altered inputs: {counts['refused']} refused, "
        f"{counts['value']} read as another value, 0 anything else; {took:.0f} s, {inputs / took:.0f} a second"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
