"""The supervisor: a driver fails alone, waits, and comes back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from app.engine.board import HouseBoard
from app.engine.health import HealthBook
from app.engine.supervisor import BackOff, Supervisor, in_one_line
from app.ports import Board, Health, HealthLevel

Until = Callable[..., Awaitable[None]]
QUICK = BackOff(first_s=0.01, most_s=0.05)


class Fake:
    """A driver that fails as often as it is told, then works."""

    def __init__(self, name: str, faults: list[BaseException]) -> None:
        self.name = name
        self.faults = faults
        self.runs = 0

    async def run(self, board: Board) -> None:
        self.runs += 1
        if self.faults:
            raise self.faults.pop(0)
        board.publish_health(self.name, Health(level=HealthLevel.OK, text="well"))
        await asyncio.Event().wait()


async def test_a_driver_comes_back_and_its_neighbour_never_notices(
    board: HouseBoard, book: HealthBook, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    sick = Fake("meter", [ConnectionRefusedError(111, "refused"), TimeoutError("silent"), KeyError("bug")])
    well = Fake("inverter", [])
    supervisor = Supervisor(board, book, back_off=QUICK, seed=1)
    with caplog.at_level(logging.INFO):
        supervisor.start(sick)
        supervisor.start(well)
        await until(lambda: sick.runs == 4 and book.get("meter").shown.level is HealthLevel.OK)  # type: ignore[union-attr]
    await supervisor.stop()
    line = book.get("meter")
    assert line is not None
    assert line.restarts == 3
    assert well.runs == 1
    traced = [r.getMessage() for r in caplog.records if r.exc_info]
    assert traced == ["meter failed: KeyError: 'bug'"]  # known faults carry no traceback


async def test_while_it_waits_its_health_says_why_and_when(board: HouseBoard, book: HealthBook, until: Until) -> None:
    sick = Fake("meter", [ConnectionRefusedError("192.0.2.7:502 refuses the connection")] * 2)
    supervisor = Supervisor(board, book, back_off=BackOff(first_s=30), seed=1)
    supervisor.start(sick)
    await until(lambda: book.get("meter").shown.level is HealthLevel.FAILED)  # type: ignore[union-attr]
    assert book.get("meter").shown.text.startswith("192.0.2.7:502 refuses the connection; next try in ")  # type: ignore[union-attr]
    await supervisor.stop()


async def test_two_drivers_of_one_name_are_refused(board: HouseBoard, book: HealthBook) -> None:
    supervisor = Supervisor(board, book)
    supervisor.start(Fake("meter", []))
    with pytest.raises(ValueError, match="two drivers are called meter"):
        supervisor.start(Fake("meter", []))
    await supervisor.stop()


def test_back_off_grows_is_jittered_and_bounded() -> None:
    back_off = BackOff(first_s=1, factor=2, most_s=60)
    assert [back_off.wait_s(n, 1.0) for n in (1, 2, 3, 10)] == [1, 2, 4, 60]
    assert back_off.wait_s(3, 0.0) == 2


def test_a_group_of_errors_is_told_by_its_first() -> None:
    group = ExceptionGroup("two", [ExceptionGroup("one", [TimeoutError("no answer\nfrom it")])])
    assert in_one_line(group) == "no answer from it"
