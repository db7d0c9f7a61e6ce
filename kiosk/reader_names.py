"""Which readers a kiosk uses: by role in a file, by the name of a PC/SC reader, or ``slot:PATH`` in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog

from readers.connection import CardReader
from readers.errors import ReaderError
from readers.identity import Census
from readers.pcsc import find_reader
from readers.roles import Roles
from readers.virtual.loopback import LoopbackReader
from readers.worker import SupervisedReader

_log = structlog.get_logger()

SLOT: Final = "slot:"
CONTACTLESS: Final = "contactless"
CONTACT: Final = "contact"
"""The roles of a kiosk's readers: cards are held to one and put into the other."""


class NoReaderChosen(ValueError):
    """Raised when neither a name nor a file of roles says which reader is meant."""


class ReaderSource:
    """Finds one of the kiosk's readers, and again after it failed. Use it in a ``with`` block.

    A card on a PC/SC reader is reached through a process of its own: a mute one hangs that process, not the kiosk.
    """

    def __init__(self, find: Callable[[], str], *, contactless: bool) -> None:
        """``find`` gives the reader's full name, or ``slot:PATH``. It raises ReaderError while there is none."""
        self._find = find
        self._contactless = contactless
        self._lock = threading.Lock()
        self._attended: _Attended | None = None

    @classmethod
    def of(cls, role: str, name: str | None, roles: Roles | None) -> Self:
        """The reader of this name; of that role in the file, where no name is given.

        Raises NoReaderChosen, RolesInvalid when the file does not bind the role.
        """
        return cls(finder(role, name, roles), contactless=role == CONTACTLESS)

    def __call__(self) -> CardReader:
        """The reader. Raises ReaderError while there is none."""
        with self._lock:
            attended = self._attended
            if attended is None or attended.in_doubt:
                name = self._find()
                if name.startswith(SLOT):
                    return LoopbackReader(Path(name.removeprefix(SLOT)), contactless=self._contactless)
                attended = self._attended = self._attend(name)
            return attended

    def _attend(self, name: str) -> _Attended:
        """It may have another name than before: pcscd numbers readers in the order in which they come."""
        if self._attended is not None:
            if self._attended.name == name:
                self._attended.in_doubt = False
                return self._attended
            self._attended.close()
        return _Attended(name, contactless=self._contactless)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            if self._attended is not None:
                self._attended.close()


class _Attended(SupervisedReader):
    """Remembers that waiting for a card failed: after that, another reader may have the name."""

    in_doubt = False

    def wait_for_card(self, timeout: float | None = None) -> bool:
        try:
            return super().wait_for_card(timeout)
        except ReaderError:
            self.in_doubt = True
            raise


def finder(role: str, name: str | None, roles: Roles | None) -> Callable[[], str]:
    """What finds that reader's full name; it raises ReaderError while there is none. Raises as `ReaderSource.of`."""
    if name is not None:
        return lambda: name if name.startswith(SLOT) else find_reader(name).name
    if roles is None:
        raise NoReaderChosen(f"no {role} reader: give --{role} NAME or --roles FILE")
    binding, census = roles.binding(role), Census()
    if binding.weak:
        _log.warning("a reader is bound by its name alone: another may come to have it", role=role, reader=str(binding))
    return lambda: roles.reader_of(role, census.present()).name
