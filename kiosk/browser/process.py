"""One Chromium, spoken to through its pipe (the DevTools protocol, messages that end with a zero byte)."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import time
from collections.abc import Mapping
from typing import Any, Final

ANSWERS_WITHIN: Final = 20.0
"""Seconds; a page that takes longer hangs."""
_ENDS_WITHIN: Final = 5.0
_BESIDE_STANDARD: Final = 10
"""The pipe's ends are moved up here first: the browser finds them at 3 and 4, where they may be already."""
_CRASHES: Final = frozenset({"Inspector.targetCrashed", "Target.targetCrashed", "Target.detachedFromTarget"})


class BrowserGone(Exception):
    """Raised when the browser has ended, its page has crashed, or it does not answer any more."""


class BrowserProcess:
    """A browser that runs. For one thread. It ends when the pipe does, so also when this process is killed."""

    def __init__(
        self, command: list[str], environment: Mapping[str, str], answers_within: float = ANSWERS_WITHIN
    ) -> None:
        """Raises OSError when there is no such program."""
        self._answers_within = answers_within
        its_input, self._to = _pipe()
        self._from, its_output = _pipe()
        try:
            self.pid = os.posix_spawnp(
                command[0], command, environment, file_actions=_files(its_input, its_output), setsid=True
            )
        except OSError:
            self._close()
            raise
        finally:
            os.close(its_input)
            os.close(its_output)
        self._received = b""
        self._asked = 0

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Have something done; its result, empty where it was refused. Raises BrowserGone."""
        self._asked += 1
        message = {"id": self._asked, "method": method, "params": parameters} | (
            {"sessionId": session} if session else {}
        )
        try:
            os.write(self._to, json.dumps(message).encode() + b"\0")
        except OSError as error:
            raise BrowserGone("it has ended") from error
        until = time.monotonic() + self._answers_within
        while True:
            answer = self._next(until - time.monotonic())
            if answer is None:
                raise BrowserGone("it does not answer")
            if answer.get("id") == self._asked:
                result: dict[str, Any] = answer.get("result", {})
                return result

    def listen(self, seconds: float) -> None:
        """Wait, and hear when it is gone. Raises BrowserGone."""
        until = time.monotonic() + seconds
        while self._next(until - time.monotonic()) is not None:
            pass

    def end(self) -> None:
        """Have it end, with every process that it started."""
        self._close()
        until = time.monotonic() + _ENDS_WITHIN
        while not self._has_ended() and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def _has_ended(self) -> bool:
        """It stays in the list of processes until `end` is done: its number is nobody else's."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _close(self) -> None:
        os.close(self._to)
        os.close(self._from)

    def _next(self, seconds: float) -> dict[str, Any] | None:
        """The next message; None when there is none in time."""
        while b"\0" not in self._received:
            if not select.select([self._from], [], [], max(0.0, seconds))[0]:
                return None
            more = os.read(self._from, 65536)
            if not more:
                raise BrowserGone("it has ended")
            self._received += more
        text, _, self._received = self._received.partition(b"\0")
        try:
            message: dict[str, Any] = json.loads(text)
        except ValueError:
            raise BrowserGone("it says what is no JSON") from None
        if message.get("method") in _CRASHES:
            raise BrowserGone("its page has crashed")
        return message


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are out of the way, and go to no other process."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _BESIDE_STANDARD) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


def _files(its_input: int, its_output: int) -> list[Any]:
    """What it prints goes nowhere: addresses may be in it."""
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    return [*nowhere, (os.POSIX_SPAWN_DUP2, its_input, 3), (os.POSIX_SPAWN_DUP2, its_output, 4)]
