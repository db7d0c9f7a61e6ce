"""Something done again and again, beside everything else."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

_log = structlog.get_logger()

AFTER_A_FAILURE = 2.0
"""Seconds until an action that failed in a way nobody foresaw is tried again."""


class Repeated:
    """A thread that calls an action, waits as many seconds as it answered (None: until nudged), and calls it again."""

    def __init__(self, name: str, action: Callable[[], float | None]) -> None:
        self._action = action
        self._name = name
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def nudge(self) -> None:
        """Call the action now, not when its time has come."""
        self._wake.set()

    def stop(self) -> None:
        """End after the present call, and wait for that."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            pause = self._call()
            if not self._stopping.is_set():
                self._wake.wait(pause)

    def _call(self) -> float | None:
        try:
            return self._action()
        except Exception:  # noqa: BLE001 - a kiosk stands alone: its background work goes on whatever happens
            _log.error("background work failed", work=self._name, exc_info=True)
            return AFTER_A_FAILURE
