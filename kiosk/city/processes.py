"""Child processes: started, waited for until they are ready, and stopped without leaving anything behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_STOP_SECONDS = 8.0
_PR_SET_PDEATHSIG = 1


class ProcessFailed(Exception):
    """Raised when a process ends before it is ready, or a command fails. Carries the end of what it wrote."""

    def __init__(self, name: str, returncode: int | None, output: str) -> None:
        happened = "did not get ready in time" if returncode is None else f"ended with exit code {returncode}"
        super().__init__(f"{name} {happened}\n{output.rstrip()}")
        self.name = name
        self.returncode = returncode


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs one of our programs with this interpreter."""
    return (sys.executable, "-m", module, *arguments)


def environment_with(more: Mapping[str, str]) -> dict[str, str]:
    """Ours, and more."""
    return {**os.environ, **more}


def run(name: str, command: Sequence[str], environment: Mapping[str, str], told: str = "") -> str:
    """Run a command to its end and return what it printed; ``told`` is its input. Raises ProcessFailed."""
    done = subprocess.run(
        command,
        env=environment_with(environment),
        input=told,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ProcessFailed(name, done.returncode, done.stderr or done.stdout)
    return done.stdout


class ChildProcess:
    """A server of ours. Its output goes to a log file; it dies with us, even if we are killed."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as sink:
            self._process = subprocess.Popen(
                command,
                env=environment_with({**environment, "PYTHONUNBUFFERED": "1"}),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 (no threads use it)
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def output(self) -> str:
        """What it has written so far."""
        return self.log.read_text(errors="replace")

    def wait_for(self, marker: str, seconds: float = 30.0) -> str:
        """Wait until a line holds ``marker``; return what follows it on that line. Raises ProcessFailed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in self.output.splitlines():
                if marker in line:
                    return line.split(marker, 1)[1].strip()
            if self._process.poll() is not None:
                raise ProcessFailed(self.name, self._process.returncode, self.output[-2000:])
            time.sleep(0.02)
        raise ProcessFailed(self.name, None, self.output[-2000:])

    def wait(self) -> None:
        """Until it ends by itself. Raises ProcessFailed when that was no good end."""
        if self._process.wait():
            raise ProcessFailed(self.name, self._process.returncode, self.output[-2000:])

    def stop(self) -> None:
        """Ask it to end, and make it end when it does not."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
