"""How it stands with a queue of CUPS."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from typing import Final

_SECONDS: Final = 15
_ENABLED: Final = re.compile(r"^printer \S+ (is idle|now printing)", re.MULTILINE)
_ACCEPTING: Final = re.compile(r"^\S+ accepting requests", re.MULTILINE)
_REASON: Final = re.compile(r"^\t(.+)$", re.MULTILINE)
_DEFAULT: Final = re.compile(r"^system default destination: (\S+)", re.MULTILINE)
_JOB: Final = re.compile(r"^\S+-\d+ ", re.MULTILINE)


class NoQueue(Exception):
    """Raised when there is no such queue, or no CUPS at all."""


class QueueSilent(NoQueue):
    """Raised when CUPS is there and does not answer."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """What `lpstat` says of a queue."""

    enabled: bool
    """Whether it sends to the printer what it has."""
    accepting: bool
    """Whether it takes more."""
    reason: str = ""
    """What CUPS, or whoever stopped it, says of it."""
    remembered: int = 0
    """Papers that were printed and that CUPS still knows of; as it comes, it keeps their content for a day."""


def ask_queue(name: str) -> QueueState:
    """Ask CUPS. Raises NoQueue, QueueSilent."""
    return read_state(_lpstat("-p", name, "-a", name, "-W", "completed", "-o", name))


def default_queue() -> str | None:
    """The queue that is used where none is named. Raises NoQueue, QueueSilent."""
    named = _DEFAULT.search(_lpstat("-d"))
    return named[1] if named else None


def _lpstat(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["lpstat", *arguments],
            capture_output=True, text=True, timeout=_SECONDS, check=True, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise QueueSilent(*arguments) from error
    except (OSError, subprocess.SubprocessError) as error:
        raise NoQueue(*arguments) from error
    return done.stdout


def read_state(said: str) -> QueueState:
    """Read what `lpstat -p NAME -a NAME -W completed -o NAME` prints in the locale C (lpstat(1) of CUPS 2.4)."""
    reason = _REASON.search(said)
    return QueueState(
        enabled=bool(_ENABLED.search(said)),
        accepting=bool(_ACCEPTING.search(said)),
        reason=reason[1] if reason else "",
        remembered=len(_JOB.findall(said)),
    )
