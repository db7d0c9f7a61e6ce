"""Work beside the window: what asks the card service or a card does so in a thread, and the window hears of it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import structlog
from PySide6.QtCore import QElapsedTimer, QObject, Signal, Slot

from kiosk.desk.progress import Cancelled, Report, Stage

_log = structlog.get_logger()
_AT_ONCE: Final = 12
"""As many jobs as somebody waits for; most of them wait themselves, for a card or for the service."""


def _logged(steps: Callable[[], None]) -> None:
    """Nobody hears of what goes wrong but the log; names of files are numbers of cards, and stay out of it."""
    try:
        steps()
    except OSError as error:
        _log.error("a file of the desk's could not be seen to", kind=type(error).__name__)


class Job(QObject):
    """One piece of work. Its outcomes are told in the thread of the window."""

    _progressed = Signal(object)
    _done = Signal(object)
    _failed = Signal(object)

    def __init__(self, workers: Workers, outcomes: Outcomes) -> None:
        super().__init__(workers)
        self._workers = workers
        self._outcomes = outcomes
        self._cancelled = threading.Event()
        self._left = threading.Event()
        self._age = QElapsedTimer()
        self._age.start()
        self._thread: threading.Thread | None = None
        self.over = False
        """Nobody waits for it: it has ended, or was given up."""
        self._progressed.connect(self._tell_progress)
        self._done.connect(self._tell_done)
        self._failed.connect(self._tell_failed)

    def cancel(self) -> None:
        """Ask it to stop where that is safe: the next time it reports how far it is."""
        self._cancelled.set()

    @property
    def age(self) -> int:
        """For how many milliseconds it has been waited for."""
        return self._age.elapsed()

    def give_up(self, why: Exception) -> None:
        """Wait for it no longer. ``why`` is told as its failure, and what comes of it later to nobody."""
        self.cancel()
        self._left.set()
        outcomes, self._outcomes = self._outcomes, Outcomes(lambda _: None, lambda _: None)
        self._workers.let_go(self)
        outcomes.failed(why)

    def begin(self, steps: Callable[[Report], Any]) -> None:
        """In a thread of its own, not of a pool: what ran in one stays in Python now and then, and a person with it."""
        self._thread = threading.Thread(target=self._run, args=(steps,), name="desk")
        self._thread.start()

    def join(self) -> None:
        """Wait until its thread has ended."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, steps: Callable[[Report], Any]) -> None:
        try:
            result = steps(Report(self._progressed.emit, self._cancelled.is_set, self._left.is_set))
        except Exception as error:  # noqa: BLE001 - the window says what happened, whatever it was
            self._failed.emit(error)
        else:
            self._done.emit(result)

    @Slot(object)
    def _tell_progress(self, stage: Stage) -> None:
        self._outcomes.progressed(stage)

    @Slot(object)
    def _tell_done(self, result: Any) -> None:
        self._workers.forget(self)
        self._outcomes.done(result)

    @Slot(object)
    def _tell_failed(self, error: Exception) -> None:
        self._workers.forget(self)
        if not isinstance(error, Cancelled):
            self._workers.failed.emit(error)
            self._outcomes.failed(error)
        else:
            self._outcomes.cancelled()


class Outcomes:
    """Who is told. Every callable is called in the thread of the window."""

    def __init__(
        self,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        progressed: Callable[[Stage], None] = lambda _: None,
        cancelled: Callable[[], None] = lambda: None,
    ) -> None:
        self.done = done
        self.failed = failed
        self.progressed = progressed
        self.cancelled = cancelled


class Workers(QObject):
    """The threads that work is done in. `wait` before the window goes."""

    failed = Signal(object)
    """With the error, whatever work it was."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: set[Job] = set()
        self._given_up: set[Job] = set()
        self._queue: deque[tuple[Job, Callable[[Report], Any]]] = deque()
        self._disk = ThreadPoolExecutor(1, "desk disk")
        self._gone = False

    @property
    def busy(self) -> bool:
        """Whether anything is being done that is waited for."""
        return bool(self._jobs)

    def start(self, steps: Callable[[Report], Any], outcomes: Outcomes) -> Job:
        """Do this beside the window; not any more once it has gone."""
        job = Job(self, outcomes)
        if self._gone:
            job.over = True
            return job
        self._jobs.add(job)
        self._queue.append((job, steps))
        self._begin_next()
        return job

    def file(self, steps: Callable[[], None]) -> None:
        """A small thing on the desk's disk, done in the order in which they come; the window hears nothing of it.

        Before `wait`, which waits for all of them.
        """
        self._disk.submit(_logged, steps)

    def let_go(self, job: Job) -> None:
        """Nobody waits for it any more; its thread does, until the card service answers, and is in nobody's way."""
        waiting = [one for one, _ in self._queue]
        if job in waiting:
            del self._queue[waiting.index(job)]
            self.forget(job)
            return
        job.over = True
        self._jobs.discard(job)
        self._given_up.add(job)
        self._begin_next()

    def forget(self, job: Job) -> None:
        """It is over."""
        job.over = True
        self._jobs.discard(job)
        self._given_up.discard(job)
        job.deleteLater()
        self._begin_next()

    def cancel(self) -> None:
        """Ask everything that goes on to stop where that is safe."""
        for job in self._jobs:
            job.cancel()

    def wait(self) -> None:
        """Cancel what goes on, and wait for it. The window has gone."""
        self._gone = True
        self.cancel()
        while self._queue:  # a draft may be among them, to be kept
            job, steps = self._queue.popleft()
            job.begin(steps)
        for job in (*self._jobs, *self._given_up):
            job.join()
        self._disk.shutdown()

    def _begin_next(self) -> None:
        """What waited longest, while there is room."""
        while self._queue and len(self._jobs) - len(self._queue) < _AT_ONCE:
            job, steps = self._queue.popleft()
            job.begin(steps)
