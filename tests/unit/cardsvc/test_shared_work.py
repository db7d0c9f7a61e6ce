"""Jobs are done in batches: each gets its own result, whatever happens to the others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.shared_work import MANY, SharedWork


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_what_waits_is_done_together() -> None:
    batches: list[list[int]] = []
    first_began, go_on = Event(), Event()

    def work(jobs: Sequence[int]) -> list[int]:
        batches.append(list(jobs))
        first_began.set()
        go_on.wait(10)
        return [job * 10 for job in jobs]

    async def scene() -> None:
        shared = SharedWork(work)
        first = asyncio.create_task(shared.do(0))
        await asyncio.to_thread(first_began.wait, 10)
        others = [asyncio.create_task(shared.do(job)) for job in (1, 2, 3)]
        await asyncio.sleep(0)
        go_on.set()
        assert await asyncio.gather(first, *others) == [0, 10, 20, 30]

    run(scene())
    assert batches == [[0], [1, 2, 3]]


def test_a_bad_job_does_not_fail_its_neighbours() -> None:
    def work(jobs: Sequence[int]) -> list[int]:
        if 13 in jobs:
            raise LookupError("thirteen")
        return list(jobs)

    async def scene() -> None:
        shared = SharedWork(work)
        results = await asyncio.gather(*(shared.do(job) for job in (12, 13, 14)), return_exceptions=True)
        assert results[0::2] == [12, 14]
        assert isinstance(results[1], LookupError)

    run(scene())


def test_an_exception_may_be_a_result() -> None:
    refusal = ValueError("no")

    async def scene() -> None:
        assert await SharedWork[int, ValueError](lambda jobs: [refusal for _ in jobs]).do(1) is refusal

    run(scene())


def test_a_request_that_was_given_up_does_not_disturb_the_others() -> None:
    go_on = Event()

    def work(jobs: Sequence[int]) -> list[int]:
        go_on.wait(10)
        return list(jobs)

    async def scene() -> None:
        shared = SharedWork(work)
        tasks = [asyncio.create_task(shared.do(job)) for job in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.sleep(0)
        go_on.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert results[0::2] == [0, 2]
        assert isinstance(results[1], asyncio.CancelledError)

    run(scene())


@pytest.mark.parametrize("pauses", [0, 1, 2, 5])
def test_it_works_again_after_it_had_nothing_to_do(pauses: int) -> None:
    async def scene() -> None:
        shared = SharedWork[int, int](list)
        async with asyncio.timeout(10):
            for job in range(3):
                assert await shared.do(job) == job
                for _ in range(pauses):
                    await asyncio.sleep(0)

    run(scene())


@given(st.lists(st.integers(), max_size=40), st.integers(1, 7))
def test_every_job_gets_its_own_result_in_batches_of_no_more_than_allowed(jobs: list[int], largest: int) -> None:
    sizes: list[int] = []

    def work(batch: Sequence[int]) -> list[int]:
        sizes.append(len(batch))
        return [-job for job in batch]

    async def scene() -> None:
        shared = SharedWork(work, largest)
        assert await asyncio.gather(*(shared.do(job) for job in jobs)) == [-job for job in jobs]

    run(scene())
    assert sum(sizes) == len(jobs)
    assert all(size <= largest for size in sizes)


def test_when_the_loop_ends_those_who_wait_are_told() -> None:
    go_on = Event()

    def work(jobs: Sequence[int]) -> list[int]:
        go_on.wait(10)
        return list(jobs)

    async def scene() -> None:
        shared = SharedWork(work)
        waiting = asyncio.create_task(shared.do(1))
        await asyncio.sleep(0)
        assert shared._worker is not None
        shared._worker.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    run(scene())


@pytest.mark.parametrize(("crowd", "after_it"), [(1, [[100], [200]]), (MANY - 1, [[100], [200]]), (MANY, [[100, 200]])])
def test_after_a_batch_of_many_the_next_one_waits_for_those_who_ask_again(
    crowd: int, after_it: list[list[int]]
) -> None:
    batches: list[list[int]] = []
    began = Event()

    def work(jobs: Sequence[int]) -> list[int]:
        batches.append(list(jobs))
        if 100 in jobs:
            began.set()
        return list(jobs)

    async def scene() -> None:
        everybody = asyncio.Event()

        async def gather() -> None:
            await everybody.wait()

        shared = SharedWork(work, gather=gather)
        await asyncio.gather(*(shared.do(job) for job in range(crowd)))
        first = asyncio.create_task(shared.do(100))
        await asyncio.to_thread(began.wait, 10 if crowd < MANY else 0)
        second = asyncio.create_task(shared.do(200))
        await asyncio.sleep(0)
        everybody.set()
        await asyncio.gather(first, second)

    run(scene())
    assert batches == [list(range(crowd)), *after_it]
