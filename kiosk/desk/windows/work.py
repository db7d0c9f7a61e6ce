"""Work beside the window: what asks the card service or a card does so in a thread, and the window hears of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from PySide6.QtCore import QElapsedTimer, QObject, Signal, Slot

from kiosk.desk.progress import Cancelled, Report, Stage

_THREADS: Final = 12
"""Most of them wait, for a card or for the service. With one a processor, a list would wait for a card."""


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
        self._age = QElapsedTimer()
        self._age.start()
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
        outcomes, self._outcomes = self._outcomes, Outcomes(lambda _: None, lambda _: None)
        self._workers.let_go(self)
        outcomes.failed(why)

    def run(self, steps: Callable[[Report], Any]) -> None:
        """In the thread of the work."""
        try:
            result = steps(Report(self._progressed.emit, self._cancelled.is_set))
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
        # Not Qt's pool: what it ran stays in Python now and then, and an officer's token and a person with it.
        self._pool = ThreadPoolExecutor(_THREADS, "desk")
        self._jobs: set[Job] = set()
        self._given_up: set[Job] = set()
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
        self._pool.submit(job.run, steps)
        return job

    def let_go(self, job: Job) -> None:
        """Nobody waits for it any more; its thread does, until the card service answers."""
        job.over = True
        self._jobs.discard(job)
        self._given_up.add(job)

    def forget(self, job: Job) -> None:
        """It is over."""
        job.over = True
        self._jobs.discard(job)
        self._given_up.discard(job)
        job.deleteLater()

    def cancel(self) -> None:
        """Ask everything that goes on to stop where that is safe."""
        for job in self._jobs:
            job.cancel()

    def wait(self) -> None:
        """Cancel what goes on, and wait for it. The window has gone."""
        self._gone = True
        self.cancel()
        self._pool.shutdown()
