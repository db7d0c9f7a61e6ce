"""What a reader's worker and whoever it works for say to each other: one message each way, in turn.

A request is an `Order` and its bytes. An answer is ``+`` and bytes, or ``-`` and an error as JSON. No error carries the
bytes of a command, so no secret comes back this way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final

from readers.errors import (
    CardBusy,
    CardMute,
    CardRemoved,
    CardReset,
    NoCard,
    NoSuchReader,
    PcscUnavailable,
    ProtocolError,
    ReaderError,
    ReaderFailed,
)

CODE_LENGTH: Final = 4
READY: Final = b"ready"
"""Said once by a worker that has started."""
_DONE: Final = b"+"
_FAILED: Final = b"-"


class Order(IntEnum):
    """What a worker can be asked for."""

    PROBE = 0
    """Whether the reader can be used again: connect and let go. Answered in any case, once it is free."""
    CONNECT = 1
    """Answers the answer to reset."""
    TRANSMIT = 2
    RESET = 3
    BEGIN = 4
    END = 5
    DISCONNECT = 6
    CONTROL = 7
    """Four bytes of control code and what goes with it."""


_Rebuild = Callable[[dict[str, Any]], ReaderError]
_PLAIN: Final = (CardMute, CardRemoved, CardReset, NoCard, PcscUnavailable, ProtocolError, ReaderError)
_REBUILT: Final[dict[str, _Rebuild]] = {
    **{kind.__name__: lambda said, kind=kind: kind(said["text"]) for kind in _PLAIN},  # type: ignore[misc]  # mypy does not infer such a lambda
    CardBusy.__name__: lambda said: CardBusy(said["detail"], tuple(said["holders"])),
    NoSuchReader.__name__: lambda said: NoSuchReader(said["wanted"], tuple(said["present"])),
    ReaderFailed.__name__: lambda said: ReaderFailed(said["code"], said["doing"]),
}


def done(content: bytes = b"") -> bytes:
    """The answer of success."""
    return _DONE + content


def failed(error: ReaderError) -> bytes:
    """The answer of failure."""
    said = {**vars(error), "kind": type(error).__name__, "text": str(error)}
    return _FAILED + json.dumps(said).encode()


def opened(answer: bytes) -> bytes:
    """What an answer holds. Raises the error it holds."""
    if answer[:1] == _DONE:
        return answer[1:]
    said = json.loads(answer[1:])
    raise _REBUILT.get(said["kind"], _REBUILT["ReaderError"])(said)
