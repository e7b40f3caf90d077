"""The full sweep: every truncation and every single flipped bit of everything in the golden corpus.

Each altered document must end in a message or in one ExiError; of the messages, every sixteenth is read by the walk
too, which must agree. The whole takes about half an hour; `--part N` of `--parts M` does every M-th document, so that
several processes may share the work, and `--seconds` ends it early.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from corpus import Sample, samples  # noqa: E402
from targets import Broken  # noqa: E402

from protocols.exi import ExiError, decode, decode_fragment, walk  # noqa: E402
from protocols.exi.fragments import Fragments  # noqa: E402
from protocols.exi.sets import schema_set  # noqa: E402

WALKED_EVERY = 16
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


def try_one(sample: Sample, data: bytes, number: int) -> str:
    """ "value" or "refused"; anything else is an exception that escapes."""
    namespace = sample.namespace
    try:
        if sample.fragment:
            value: object = decode_fragment(namespace, data)
        else:
            value = decode(namespace, data)
    except ExiError as error:
        if not str(error).endswith("."):
            raise Broken(f"no sentence: {error}") from error
        return "refused"
    if number % WALKED_EVERY:
        return "value"
    if sample.fragment:
        same = value == _fragments(namespace).read(data, relaxed=True)
    else:
        same = value == walk.read_document(schema_set(namespace), data)
    if not same:
        raise Broken(f"{sample.message}: compiled code and the walk read {data.hex()} differently")
    return "value"


@cache
def _fragments(namespace: str) -> Fragments:
    return Fragments(namespace)


def sweep(chosen: list[Sample], deadline: float = float("inf")) -> dict[str, int]:
    """How many of each outcome; stops at `deadline` (of `time.monotonic`)."""
    counts = {"documents": 0, "value": 0, "refused": 0}
    for sample in chosen:
        counts["documents"] += 1
        for number, data in enumerate(altered(sample.exi)):
            start = time.monotonic()
            if start > deadline:
                return counts
            outcome = try_one(sample, data, number)
            if time.monotonic() - start > SLOWEST_S:
                raise Broken(f"{sample.message}: {data.hex()} took {time.monotonic() - start:.1f} s")
            counts[outcome] += 1
    return counts


def main() -> int:
    """0 if all of it held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", type=int, default=0, help="which part of the work (from 0; default 0)")
    parser.add_argument("--parts", type=int, default=1, help="in how many parts it is cut (default 1)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long (default: never)")
    args = parser.parse_args()
    every = {(s.namespace, s.fragment, s.exi): s for s in samples()}
    chosen = list(every.values())
    random.Random(15118).shuffle(chosen)
    chosen = chosen[args.part :: args.parts]
    start = time.monotonic()
    counts = sweep(chosen, start + args.seconds)
    took = time.monotonic() - start
    inputs = counts["value"] + counts["refused"]
    print(
        f"sweep: {counts['documents']} of {len(chosen)} documents and fragments, {inputs} altered inputs: "
        f"{counts['refused']} refused, "
        f"{counts['value']} read as another value, 0 anything else; {took:.0f} s, {inputs / took:.0f} a second"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
