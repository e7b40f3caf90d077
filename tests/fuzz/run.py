"""The longer fuzzing: every target under atheris for its share of the time, then a table of what was run and found.

    make fuzz SECONDS=600                       all targets, coverage-guided
    python tests/fuzz/run.py --target secc      only one
    python tests/fuzz/sweep.py                  every truncation and every flipped bit of the corpus

What atheris learns stays in .interop/fuzz/corpus and is where the next run begins; an input that broke a promise is
kept in .interop/fuzz/found, and this says how to run it again.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]

from targets import TARGETS, seeds  # noqa: E402

HOME = ROOT / ".interop" / "fuzz"
PYTHON = HOME / "bin" / "python"
LONGEST_INPUT = {"secc": 6000, "evcc": 6000, "v2gtp": 6000, "sdp": 64, "slac": 600}
LONGEST_DOCUMENT = 2048
SLOWEST_S = 20
"""An input that takes longer is a finding; a busy machine and instrumentation are allowed for."""
MOST_MEGABYTES = 2048


def begin(name: str) -> Path:
    """The target's corpus folder with its seeds in it."""
    folder = HOME / "corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds(name):
        (folder / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    return folder


def fuzz(name: str, seconds: float) -> tuple[str, list[Path]]:
    """Runs one target; what it did in words, and the inputs that broke it."""
    found = HOME / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    before = set(found.iterdir())
    command = [
        str(PYTHON),
        str(Path(__file__).with_name("one.py")),
        name,
        str(begin(name)),
        f"-max_total_time={max(int(seconds), 1)}",
        f"-max_len={LONGEST_INPUT.get(name, LONGEST_DOCUMENT)}",
        f"-timeout={SLOWEST_S}",
        f"-rss_limit_mb={MOST_MEGABYTES}",
        f"-artifact_prefix={found}{os.sep}",
        "-print_final_stats=1",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    text = done.stdout + done.stderr
    inputs = sorted(set(found.iterdir()) - before)
    runs = re.search(r"number_of_executed_units: (\d+)", text)
    coverage = re.findall(r"cov: (\d+)", text)
    words = f"{int(runs[1]) if runs else 0:>9} inputs   {coverage[-1] if coverage else '?':>6} places reached"
    if done.returncode or inputs:
        inputs = inputs or [found]
        lines = [line for line in text.splitlines() if line.strip()]
        reason = next((line for line in reversed(lines) if re.match(r"\s*(targets\.)?\w*(Broken|Error)\b", line)), "")
        words += f"   {reason.strip() or lines[-1][:200] if lines else 'it did not run'}"
    return words, inputs


def main() -> int:
    """0 if nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="time for all targets together (default 60)")
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this one (may be given again)")
    args = parser.parse_args()
    if not PYTHON.exists():
        print("fuzz: atheris is not installed; run tests/fuzz/setup.sh", file=sys.stderr)
        return 2
    chosen = args.target or list(TARGETS)
    broken = 0
    for name in chosen:
        start = time.monotonic()
        words, inputs = fuzz(name, args.seconds / len(chosen))
        print(f"{name:<12} {time.monotonic() - start:5.0f} s {words}", flush=True)
        for path in inputs:
            broken += 1
            print(f"  again: {PYTHON.relative_to(ROOT)} tests/fuzz/one.py {name} {path}")
    print(f"fuzz: {len(chosen)} targets, {broken} findings")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
