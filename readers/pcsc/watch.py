"""Everything that happens at any reader: what `readers.monitor` is made of."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from readers.pcsc import states
from readers.pcsc.codes import PcscCode, check, normalise
from readers.pcsc.context import Context, pyscard
from readers.pcsc.waiting import Waits, milliseconds_to

_PLUG_AND_PLAY: Final = "\\\\?PnP?\\Notification"
"""A reader that is none: its state changes when readers come or go."""


@dataclass(frozen=True, slots=True)
class SlotState:
    """What PC/SC says about one reader."""

    present: bool
    mute: bool
    """A card is there and gave no answer to reset."""
    events: int
    """pcsc-lite's count of insertions and removals."""
    atr: bytes


class StateWatch:
    """Blocks until something changes at any reader. Use it in a ``with`` block; it is worth nothing after an error."""

    def __init__(self) -> None:
        """Raises PcscUnavailable."""
        self._context = Context()
        self._waits = Waits()
        self._over = False
        self._known: dict[str, int] = {}
        self._states: dict[str, SlotState] = {}
        self._plugged = states.UNAWARE

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._context.release()

    def next(self, seconds: float | None = None) -> Mapping[str, SlotState]:
        """All readers and their states, at once the first time, later when anything changed or ``seconds`` passed.

        Raises PcscUnavailable and ReaderFailed when pcscd is no more.
        """
        names = self._list()
        is_new = names != list(self._known)
        self._known = {name: self._known.get(name, states.UNAWARE) for name in names}
        with self._waits.of(self._context) as wait:
            if not (self._over or wait.cancelled):
                self._wait(0 if is_new else milliseconds_to(None if seconds is None else time.monotonic() + seconds))
        return {name: self._states[name] for name in self._known if name in self._states}

    def cancel(self) -> None:
        """Wake up whoever waits, from another thread; nobody waits any more after that."""
        self._over = True
        self._waits.cancel()

    def _list(self) -> list[str]:
        code, names = pyscard().SCardListReaders(self._context.handle, [])
        if normalise(code) == PcscCode.NO_READERS_AVAILABLE:
            return []
        check(code, "list readers")
        return list(names)

    def _wait(self, milliseconds: int) -> None:
        asked = [*self._known.items(), (_PLUG_AND_PLAY, self._plugged)]
        code, answers = pyscard().SCardGetStatusChange(self._context.handle, milliseconds, asked)
        if normalise(code) in (PcscCode.TIMEOUT, PcscCode.CANCELLED, PcscCode.UNKNOWN_READER):
            return  # unknown: unplugged a moment ago, the next list is without it
        check(code, "watch the readers")
        for name, answer, atr in answers:
            state = states.unmarked(answer)
            if name == _PLUG_AND_PLAY:
                self._plugged = state
                continue
            self._known[name] = state
            self._states.pop(name, None)
            if not states.unplugged(state):
                self._states[name] = SlotState(
                    states.present(state), states.mute(state), states.events(state), bytes(atr)
                )
