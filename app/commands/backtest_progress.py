"""How far a long run is: one line that moves on a terminal, a line now and then elsewhere."""

import sys
import time

_WIDTH = 24
_EVERY_S = 20.0


class Progress:
    """Tells shares of named pieces of work, each with its weight."""

    def __init__(self, weights: dict[str, float], days: int) -> None:
        self._weights, self._days = weights, days
        self._share = dict.fromkeys(weights, 0.0)
        self._tty = sys.stderr.isatty()
        self._began_s = self._told_s = time.monotonic()
        self._at_first: float | None = None
        self._width = 0

    def tell(self, name: str, share: float) -> None:
        """A piece is done so far."""
        if name in self._share:
            self._share[name] = max(self._share[name], share)
        done = self._done()
        if self._at_first is None:
            # What an earlier run had done took no time now.
            self._at_first = done
        now_s = time.monotonic()
        if now_s - self._told_s >= (0.2 if self._tty else _EVERY_S):
            self._told_s = now_s
            self._print(self._line(done, now_s))

    def end(self, line: str) -> None:
        """The last word."""
        self._print(line, last=True)

    def _done(self) -> float:
        whole = sum(self._weights.values())
        return sum(self._weights[name] * share for name, share in self._share.items()) / whole if whole else 1.0

    def _line(self, done: float, now_s: float) -> str:
        bar = "#" * round(_WIDTH * done)
        doing = ", ".join(f"{name} {share:.0%}" for name, share in self._share.items() if 0 < share < 1)
        spent_s = now_s - self._began_s
        gained = done - (self._at_first or 0.0)
        left = ""
        if gained > 0.005 and spent_s > 2:
            left = f", {_span(spent_s * (1 - done) / gained)} left ({gained * self._days / spent_s * 60:.0f} days/min)"
        return f"[{bar:<{_WIDTH}}] {done:4.0%}{left}  {doing}"

    def _print(self, line: str, *, last: bool = False) -> None:
        if self._tty:
            padded = line.ljust(self._width)
            self._width = len(line)
            print(f"\r{padded}", end="\n" if last else "", file=sys.stderr, flush=True)
        elif line:
            print(line, file=sys.stderr, flush=True)


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
