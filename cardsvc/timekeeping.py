"""Meeting deadlines: a run by hand or by the service itself, in one process at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from cardsvc.clock import Clock
from cardsvc.db import SessionFactory, in_transaction, reading
from cardsvc.deadlines import DEADLINES, Deadline, Moment
from cardsvc.errors import ServiceError
from cardsvc.sealed.vault import Vault

INTERVAL: Final = 60.0
"""Seconds between two runs of a service."""
_LOCK: Final = text("SELECT pg_try_advisory_lock(7927886762549421589)")
_UNLOCK: Final = text("SELECT pg_advisory_unlock(7927886762549421589)")
"""The number is SHA-256("citizen-card/clock")[:8] without its first bit: nobody else's lock."""

_log = structlog.get_logger("cardsvc.clock")


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did: how many of each deadline; nothing when another process was at it."""

    done: dict[str, int]
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Timekeeper:
    """Meets the deadlines of one database."""

    sessions: SessionFactory
    clock: Clock
    reservation: timedelta
    vault: Vault

    def run(self, stopping: Callable[[], bool] = lambda: False) -> Run:
        """Do what is due now, unless it is to stop meanwhile. Safe to repeat, and to break off anywhere."""
        with _alone(self.sessions) as alone:
            if not alone:
                return Run({}, busy=True)
            moment = Moment(self.clock(), self.reservation, self.vault)
            return Run({deadline.name: self._meet_all(deadline, moment, stopping) for deadline in DEADLINES})

    def _meet_all(self, deadline: Deadline, moment: Moment, stopping: Callable[[], bool]) -> int:
        with reading(self.sessions) as session:
            due = deadline.find(session, moment)
        return sum(self._meet(deadline, subject, moment) for subject in due if not stopping())

    def _meet(self, deadline: Deadline, subject: UUID, moment: Moment) -> bool:
        def work(session: Session) -> bool:
            return deadline.meet(session, subject, moment)

        try:
            return in_transaction(self.sessions, work)
        except ServiceError as refusal:  # somebody changed it this moment; the next run looks again
            _log.warning("deadline-not-met", deadline=deadline.name, subject=str(subject), code=refusal.code)
            return False


@contextmanager
def _alone(sessions: SessionFactory) -> Iterator[bool]:
    """Whether nobody else meets deadlines now. SQLite has one writer anyway, and each deadline is looked at again."""
    engine: Engine = sessions.kw["bind"]
    if engine.dialect.name != "postgresql":
        yield True
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        alone = bool(connection.scalar(_LOCK))
        try:
            yield alone
        finally:
            if alone:
                connection.execute(_UNLOCK)


@contextmanager
def every(seconds: float, work: Callable[[Callable[[], bool]], object]) -> Iterator[None]:
    """Do the work again and again, in a thread, for the time of a ``with`` block. What fails is logged, tried again.

    The work is told how to find out that it is to stop.
    """
    stopped = threading.Event()
    thread = threading.Thread(target=partial(_repeat, stopped, seconds, work), name="clock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _repeat(stopped: threading.Event, seconds: float, work: Callable[[Callable[[], bool]], object]) -> None:
    while not stopped.is_set():
        try:
            work(stopped.is_set)
        except Exception:  # noqa: BLE001 (a thread that ends would let every later deadline pass)
            _log.exception("clock-failed")
        stopped.wait(seconds)
