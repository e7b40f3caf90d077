"""The worker process: it answers, and whatever happens to it the next call is answered again."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from app.engine.worker import Worker, WorkerFailed


@pytest.fixture
def sums() -> Iterator[Worker]:
    worker = Worker("builtins:sum")
    yield worker
    worker.stop()


async def test_it_answers_from_another_process(sums: Worker) -> None:
    assert (await sums.call([1, 2, 3])).value == 6
    assert sums.pid not in (None, os.getpid())


async def test_an_error_there_is_a_sentence_here_and_the_worker_lives_on(sums: Worker) -> None:
    with pytest.raises(WorkerFailed, match="TypeError"):
        await sums.call(["a"])
    assert (await sums.call([4])).value == 4
    assert sums.starts == 1


async def test_killed_it_is_started_again(sums: Worker) -> None:
    await sums.call([1])
    assert sums.pid is not None
    os.kill(sums.pid, signal.SIGKILL)
    answers = []
    for _ in range(2):
        try:
            answers.append((await sums.call([5])).value)
        except WorkerFailed:
            continue
    assert answers[-1] == 5
    assert sums.starts == 2


async def test_too_slow_it_is_ended_and_the_next_call_is_answered() -> None:
    worker = Worker("time:sleep", timeout_s=1.0)
    with pytest.raises(WorkerFailed, match="no answer within 1 s"):
        await worker.call(60)
    assert worker.pid is None
    worker.stop()


async def test_calls_wait_for_each_other(sums: Worker) -> None:
    answers = await asyncio.gather(sums.call([1]), sums.call([2]), sums.call([3]))
    assert [a.value for a in answers] == [1, 2, 3]
