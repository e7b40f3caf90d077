"""A slice of the fuzzing in each test run, within a time budget: the rest is `make fuzz` and tests/fuzz/sweep.py."""

import random
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / "fuzz"
sys.path.insert(0, str(FUZZ))

import sweep  # noqa: E402
from corpus import samples  # noqa: E402
from exi_samples import Longest, Maker, made, roots_of  # noqa: E402
from targets import TARGETS, seeds  # noqa: E402

from protocols.exi import V2, V20_COMMON, ExiError, decode, decode_fragment, encode, from_json, to_json  # noqa: E402
from protocols.exi.sets import SETS  # noqa: E402

BUDGET_S = 6.0
"""For the altered corpus; what does not fit is left out, another part each day would do no better."""


def test_truncations_and_flipped_bits_of_a_sample():
    """The shortest document of each message first, then others by chance, until the time is up."""
    by_message = {}
    for sample in sorted(samples(), key=lambda s: len(s.exi)):
        by_message.setdefault((sample.namespace, sample.message, sample.fragment), []).append(sample)
    first = [same[0] for same in by_message.values() if len(same[0].exi) < 200]
    rest = [s for same in by_message.values() for s in same[1:] if len(s.exi) < 400]
    random.Random(15118).shuffle(rest)
    counts = sweep.sweep([*first, *rest], time.monotonic() + BUDGET_S)
    assert counts["refused"] > 300
    assert counts["value"] > 300


@pytest.mark.parametrize("namespace", SETS)
def test_made_up_messages_survive_both_ways(namespace):
    for name, cls in roots_of(namespace).items():
        for maker in (Maker((name, 1)), Maker((name, 2)), Longest(name)):
            message = made(cls, maker)
            data = encode(namespace, message)
            assert decode(namespace, data) == message
            assert from_json(namespace, to_json(message)) == message


@pytest.mark.parametrize("name", TARGETS)
def test_the_fuzzed_readers_keep_their_promises_on_seeds_and_noise(name):
    noise = random.Random(name)
    chosen = seeds(name, 10)
    for seed in chosen:
        TARGETS[name](seed)
        altered = bytearray(seed)
        for _ in range(3):
            altered[noise.randrange(len(altered))] = noise.randrange(256)
            TARGETS[name](bytes(altered))
    for _ in range(10):
        TARGETS[name](noise.randbytes(noise.randrange(300)))


CLAIMS = {
    "a string of 2^31 characters": b"\x81\x80\x80\x80\x08",
    "a binary of 2^62 bytes": b"\xff" * 8 + b"\x3f",
    "a number without an end": b"\xff" * 70_000,
    "bytes that never stop": b"\x55" * 70_000,
}


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("namespace", [V20_COMMON, V2])
def test_huge_claims_take_neither_memory_nor_time(namespace, claim):
    """Wherever a length may stand, a lie about it is refused before anything is set aside for it."""
    root = roots_of(namespace)["SessionSetupReq" if namespace == V20_COMMON else "V2G_Message"]
    document = encode(namespace, made(root, Maker("huge", most=1)))
    attempts = [document[:place] + CLAIMS[claim] for place in range(1, min(len(document), 60))]
    for data in attempts[:1]:
        _ended(namespace, data)
    tracemalloc.start()
    for data in attempts:
        _ended(namespace, data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


def _ended(namespace, data):
    for read in (decode, decode_fragment):
        try:
            read(namespace, data)
        except ExiError:
            continue


def test_without_asserts_it_is_the_same():
    """A slice of the sweep and a few inputs of each target under python -O."""
    program = (
        "import sys, time; sys.path[:0] = [sys.argv[1], sys.argv[2]]\n"
        "import sweep; from corpus import samples; from targets import TARGETS, seeds\n"
        "if __debug__: raise SystemExit('asserts are on')\n"
        "few = [s for s in samples() if len(s.exi) < 60][::120]\n"
        "print(sweep.sweep(few, time.monotonic() + 3))\n"
        "[TARGETS[name](seed[:-1]) for name in TARGETS for seed in seeds(name, 3)]\n"
    )
    done = subprocess.run(
        [sys.executable, "-O", "-c", program, str(FUZZ), str(FUZZ.parents[1])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "'refused'" in done.stdout
