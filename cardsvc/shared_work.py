"""Jobs that come at the same time are done together: in one transaction, or with one question to the database."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, TypeVar

LARGEST: Final = 64
"""So many jobs in a batch at the most: whoever comes first must not wait long for the others."""

J = TypeVar("J")
R = TypeVar("R")

GATHERING: Final = 0.003
"""Seconds for which a batch waits for others after one of `MANY`: whoever was just answered asks again soon. It is
PostgreSQL's ``commit_delay``, for all that is the same for a whole batch."""
MANY: Final = 5
"""PostgreSQL's ``commit_siblings``: where few come, nobody waits."""


class SharedWork(Generic[J, R]):
    """Does jobs in batches, one batch at a time, in a thread. Belongs to one event loop.

    ``work`` gives a result for each job, in order. When a batch fails, each of its jobs is done alone, so that one bad
    job does not fail its neighbours. ``gather`` waits for others, between two batches of many.
    """

    def __init__(
        self,
        work: Callable[[Sequence[J]], Sequence[R]],
        largest: int = LARGEST,
        gather: Callable[[], Awaitable[None]] = partial(asyncio.sleep, GATHERING),
    ) -> None:
        self._work = work
        self._largest = largest
        self._gather = gather
        self._waiting: deque[tuple[J, asyncio.Future[R]]] = deque()
        self._taken: list[tuple[J, asyncio.Future[R]]] = []
        self._worker: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "shared-work")

    async def do(self, job: J) -> R:
        """The result of the job, once its batch is done. Raises what the job alone raises."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run())
            self._worker.add_done_callback(self._end)
        return await future

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            if len(self._taken) >= MANY:
                await self._gather()
            self._taken = [self._waiting.popleft() for _ in range(min(self._largest, len(self._waiting)))]
            results = await loop.run_in_executor(self._thread, self._attempt, [job for job, _ in self._taken])
            for (_, future), result in zip(self._taken, results, strict=True):
                _settle(future, result)

    def _end(self, worker: asyncio.Task[None]) -> None:
        """The loop is ending: whoever still waits must hear of it."""
        if worker.cancelled() or worker.exception() is not None:
            for _, future in (*self._taken, *self._waiting):
                future.cancel()
            self._waiting.clear()

    def _attempt(self, jobs: Sequence[J]) -> Sequence[R | _Failed]:
        try:
            return self._work(jobs)
        except Exception as error:  # noqa: BLE001 (it is given to whoever waits for the job)
            return [_Failed(error)] if len(jobs) == 1 else [result for job in jobs for result in self._attempt([job])]


@dataclass(frozen=True, slots=True)
class _Failed:
    """A job raised this. A result may be an exception too, as a value."""

    error: Exception


def _settle(future: asyncio.Future[R], result: R | _Failed) -> None:
    if future.done():  # its request was given up
        return
    if isinstance(result, _Failed):
        future.set_exception(result.error)
    else:
        future.set_result(result)
