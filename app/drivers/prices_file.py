"""A file of prices that somebody else writes: read again when it changes."""

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

from app.clock import Clock
from app.csv_text import read_csv_text
from app.drivers.prices_standing import Shelf, standing
from app.errors import UserError
from app.ports import Board, Health
from energy.tariffs import PriceSeries, TariffError, parse_prices

LOOK_REAL_S = 10.0
"""Between two looks at the file's date."""
USUAL_LOCAL = "13:00"
"""When tomorrow's prices stand in it, where the home file says nothing else."""

_Stamp = tuple[int, int] | None


def read_series(path: Path, currency: str) -> PriceSeries:
    """Prices from a CSV file, plain or gzipped. Raises ``TariffError``."""
    try:
        text = read_csv_text(path)
    except UserError as error:
        raise TariffError(f"The price file {error}.") from error
    return parse_prices(text, name=str(path), currency=currency)


class PriceFile:
    """Implements ``app.ports.Driver`` for one file. A file that cannot be read changes nothing, and is told."""

    def __init__(
        self,
        name: str,
        path: Path,
        *,
        tz: ZoneInfo,
        clock: Clock,
        shelf: Shelf,
        currency: str = "EUR",
        publish: str | None = None,
        look_real_s: float = LOOK_REAL_S,
    ) -> None:
        """``name`` is the series', and the line's in the health book. It was read when the engine was put together."""
        self.name = name
        self._path = path
        self._tz = tz
        self._clock = clock
        self._shelf = shelf
        self._currency = currency
        self._publish = publish or USUAL_LOCAL
        self._look_real_s = look_real_s
        self._stamp = _stamp(path)
        self._trouble = ""

    async def run(self, board: Board) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            self._say(board)
            # A file is real, whatever speed the home is shown at.
            await asyncio.sleep(self._look_real_s)

    def look(self) -> None:
        """Read the file where it is another than before."""
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._shelf.take(self.name, read_series(self._path, self._currency))
            self._trouble = ""
        except TariffError as error:
            self._trouble = f"{str(error).rstrip('.')}: its last prices hold"

    def _say(self, board: Board) -> None:
        known, now_s = self._shelf.series(self.name), self._clock.now_s()
        level, text = standing(known.end_s, now_s, publish=self._publish, tz=self._tz, trouble=self._trouble)
        details: dict[str, str | float | int | bool | None] = {"file": str(self._path), "prices": len(known.at_s)}
        board.publish_health(self.name, Health(level=level, text=text, since_s=now_s, details=details))


def _stamp(path: Path) -> _Stamp:
    """Which version of the file this is; None: it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
