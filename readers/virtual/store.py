"""The card's memory on disk: one file, locked by the one reader that holds the card, replaced as a whole.

Pulling the card off (or the plug out) in the middle of a write leaves the old state or the new one, never a mixture.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import Self

from readers.errors import CardBusy, CardMute
from readers.virtual.profiles import CardProfile
from readers.virtual.state import CardState


class StateStore:
    """The state of one card, read once and written through."""

    def __init__(self, path: Path, lock: int, state: CardState) -> None:
        """Use `open`."""
        self._path = path
        self._lock = lock
        self._state = state

    @classmethod
    def open(cls, path: Path, new: CardProfile) -> Self:
        """Take hold of the card whose state is in ``path``; a blank one of product ``new`` is made when there is none.

        Raises CardBusy when another reader holds it, CardMute when the file is no card's state.
        """
        lock = _lock(path)
        if os.fstat(lock).st_size:
            return cls(path, lock, _read(path, lock))
        store = cls(path, lock, CardState.blank(new, serial=secrets.randbits(31)))
        store._write(store.state)
        return store

    @property
    def state(self) -> CardState:
        """As it is on disk."""
        return self._state

    def replace(self, state: CardState) -> None:
        """Make ``state`` the card's state: on disk and synchronised, unless it already is."""
        if state != self._state:
            self._write(state)
            self._state = state

    def close(self) -> None:
        """Let go of the card."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _write(self, state: CardState) -> None:
        # The new file is locked before it takes the name, so that the card is never free in between.
        temporary = self._path.with_name(f".{self._path.name}.new")
        lock = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write_all(lock, state.to_json().encode())
            os.fsync(lock)
            temporary.replace(self._path)
        except BaseException:
            os.close(lock)
            raise
        os.close(self._lock)
        self._lock = lock
        _sync_directory(self._path.parent)


def _lock(path: Path) -> int:
    """Open and lock the file that has the name ``path`` now."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise CardBusy(f"the card {path.name} is in another reader") from error
        if _is_current(path, lock):
            return lock
        os.close(lock)  # replaced between open and lock


def _is_current(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _read(path: Path, lock: int) -> CardState:
    try:
        with os.fdopen(os.dup(lock), "r", encoding="utf-8") as file:
            return CardState.from_json(file.read())
    except (ValueError, KeyError, TypeError) as error:
        os.close(lock)
        # The cause is left out: it could quote a secret.
        raise CardMute(f"{path.name} is not the state of a card ({type(error).__name__})") from None


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
