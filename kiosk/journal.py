"""The journal of what a kiosk did without its network.

An entry is on the disk before the citizen is served: encrypted under a key of the kiosk's, chained to the one before
it (`cardsvc.wire.offline.entry_hash`), and never changed again. Three files, for the kiosk's user alone::

    journal.key    32 bytes, AES-256
    journal.log    the entries: for each, length (4 bytes), nonce (12 bytes), ciphertext (AES-GCM)
    journal.head   sequence and hash of the last entry that was acknowledged, what is synchronised, and after which
                   entry the log begins; sealed, too

An entry has a content, which is in its hash and is for the service, and may have something beside it that is for the
department alone and never leaves the kiosk with the chain.

An entry goes into the log first, then into the head, then it is acknowledged. So whatever moment the kiosk dies at,
the log has at most one entry more than the head says, or a part of one, which nobody was served for: the part is cut.
When all is synchronised the entries may be forgotten: the head says so first, then the log is emptied.
Everything else that is wrong is an error, and the journal takes no more entries: entries that the head knows are gone,
or an entry is not the one that was written in its place by this kiosk. Whoever can put back all three files at once
can put back the past: the service, which knows the chain, sees that.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cardsvc.wire.offline import HASH_SIZE, NO_ENTRY, entry_hash

MAX_CONTENT: Final = 1 << 16

_LENGTH: Final = struct.Struct(">I")
_NONCE_SIZE: Final = 12
_TAG_SIZE: Final = 16
_HEAD: Final = struct.Struct(f">QQ{HASH_SIZE}sQ{HASH_SIZE}s")
_HEAD_CONTEXT: Final = b"head\0"
_ENTRY_CONTEXT: Final = b"entry\0"


class JournalRefused(Exception):
    """Raised when a journal is not as it was left; `sequence` is the first entry that is wrong."""

    def __init__(self, sequence: int, what: str) -> None:
        self.sequence = sequence
        super().__init__(f"entry {sequence} of the journal {what}")


class EntriesLost(JournalRefused):
    """Raised when an entry that was acknowledged is gone."""


class EntryAltered(JournalRefused):
    """Raised when an entry is not what this kiosk wrote in this place: altered, moved, or of another kiosk."""


class HeadRefused(Exception):
    """Raised when the head is gone, altered, or of another kiosk."""


class JournalInterrupted(Exception):
    """Raised when writing failed before: nobody knows what is on the disk until the journal is opened again."""


class JournalInUse(Exception):
    """Raised when another process has the journal."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, in its place."""

    sequence: int
    previous_hash: bytes
    content: bytes
    hash: bytes
    beside: bytes = b""
    """Not in the hash; sealed in the same place."""


@dataclass(frozen=True, slots=True)
class _Head:
    sequence: int = 0
    synchronised: int = 0
    hash: bytes = NO_ENTRY
    forgotten: int = 0
    forgotten_hash: bytes = NO_ENTRY
    """The log begins after this entry."""


class Journal:
    """The journal in a folder. One process at a time has it; closing lets go of it."""

    def __init__(self, folder: Path, kiosk: str) -> None:
        """Raises JournalRefused, HeadRefused, JournalInUse."""
        self._folder = folder
        self._kiosk = kiosk
        self._sound = True
        self._lock = threading.Lock()
        self._log = os.open(folder / "journal.log", os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            _lock(self._log)
            _sync_folder(folder)
            self._cipher = AESGCM(self._key())
            self._head = self._read_head()
            self._entries = self._recover()
        except BaseException:
            os.close(self._log)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self._log)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    @property
    def next_place(self) -> tuple[int, bytes]:
        """Sequence of the next entry, and the hash of the one before it: what a card signs."""
        return self._head.sequence + 1, self._head.hash

    def append(self, content: bytes, beside: bytes = b"") -> Entry:
        """Write an entry; when this returns, it stays. Raises OSError, and JournalInterrupted ever after."""
        if len(content) + len(beside) > MAX_CONTENT:
            raise ValueError(f"an entry has {MAX_CONTENT} bytes at most, got {len(content) + len(beside)}")
        with self._lock:
            return self._append(content, beside)

    def _append(self, content: bytes, beside: bytes) -> Entry:
        if not self._sound:
            raise JournalInterrupted
        self._sound = False
        entry = self._entry(*self.next_place, content, beside)
        plaintext = _LENGTH.pack(len(content)) + content + beside
        sealed = self._seal(plaintext, self._context(entry.sequence, entry.previous_hash))
        _write(self._log, _LENGTH.pack(len(sealed)) + sealed)
        self._write_head(replace(self._head, sequence=entry.sequence, hash=entry.hash))
        self._entries.append(entry)
        self._sound = True
        return entry

    def unsynchronised(self) -> list[Entry]:
        """What the service has not taken yet, the oldest first."""
        with self._lock:
            return [entry for entry in self._entries if entry.sequence > self._head.synchronised]

    def mark_synchronised(self, sequence: int) -> None:
        """Up to this entry the service has them all. Raises ValueError when it had, or when there is no such entry."""
        with self._lock:
            if not self._head.synchronised < sequence <= self._head.sequence:
                raise ValueError(f"entry {sequence} is not among those to be synchronised")
            self._write_head(replace(self._head, synchronised=sequence))

    def forget(self) -> bool:
        """Remove the entries, if the service has them all; whether it has. The chain goes on where it was."""
        with self._lock:
            if self._head.synchronised < self._head.sequence:
                return False
            self._write_head(replace(self._head, forgotten=self._head.sequence, forgotten_hash=self._head.hash))
            self._entries.clear()
            self._empty()
            return True

    def _empty(self) -> None:
        os.ftruncate(self._log, 0)
        os.fsync(self._log)

    def _key(self) -> bytes:
        path = self._folder / "journal.key"
        if not path.exists():
            if os.fstat(self._log).st_size:
                raise HeadRefused("the key of the journal is gone")
            replace_file(path, AESGCM.generate_key(256))
        return path.read_bytes()

    def _read_head(self) -> _Head:
        path = self._folder / "journal.head"
        if not path.exists():
            if os.fstat(self._log).st_size:
                raise HeadRefused("the head of the journal is gone")
            self._write_head(_Head())
        try:
            opened = self._open(path.read_bytes(), _HEAD_CONTEXT + self._kiosk.encode())
        except InvalidTag as error:
            raise HeadRefused("the head of the journal is altered, or of another kiosk") from error
        return _Head(*_HEAD.unpack(opened))

    def _write_head(self, head: _Head) -> None:
        packed = _HEAD.pack(head.sequence, head.synchronised, head.hash, head.forgotten, head.forgotten_hash)
        replace_file(self._folder / "journal.head", self._seal(packed, _HEAD_CONTEXT + self._kiosk.encode()))
        self._head = head

    def _recover(self) -> list[Entry]:
        log, before = _read(self._log), self._head.forgotten
        if before and before == self._head.sequence and not self._goes_on(log):
            self._empty()  # it died between saying that they are forgotten and forgetting them
            log = b""
        entries: list[Entry] = []
        previous, offset = self._head.forgotten_hash, 0
        while sealed := _record(log, offset):
            entries.append(self._read_entry(before + len(entries) + 1, previous, sealed))
            previous, offset = entries[-1].hash, offset + _LENGTH.size + len(sealed)
        last = before + len(entries)
        self._check(entries, last)
        if offset < len(log):
            self._cut(offset, last)
        if last > self._head.sequence:
            self._write_head(replace(self._head, sequence=last, hash=previous))
        return entries

    def _goes_on(self, log: bytes) -> bool:
        """Whether the log, of which nothing was acknowledged, begins with the entry that comes next."""
        try:
            self._read_entry(self._head.forgotten + 1, self._head.forgotten_hash, _record(log, 0))
        except EntryAltered:
            return False
        return True

    def _check(self, entries: list[Entry], last: int) -> None:
        acknowledged, before = self._head.sequence, self._head.forgotten
        if last < acknowledged:
            raise EntriesLost(last + 1, "is gone")
        if last > acknowledged + 1:
            raise EntryAltered(acknowledged + 2, "was never written")
        if acknowledged > before and entries[acknowledged - before - 1].hash != self._head.hash:
            raise EntryAltered(acknowledged, "is another than the one that was acknowledged")

    def _cut(self, offset: int, last: int) -> None:
        if last > self._head.sequence:
            raise EntryAltered(last + 1, "was never written")
        os.ftruncate(self._log, offset)
        os.fsync(self._log)

    def _read_entry(self, sequence: int, previous_hash: bytes, sealed: bytes) -> Entry:
        try:
            plaintext = self._open(sealed, self._context(sequence, previous_hash))
        except InvalidTag as error:
            raise EntryAltered(sequence, "is not what this kiosk wrote there") from error
        (length,) = _LENGTH.unpack_from(plaintext)
        content, beside = plaintext[_LENGTH.size :][:length], plaintext[_LENGTH.size + length :]
        return self._entry(sequence, previous_hash, content, beside)

    def _entry(self, sequence: int, previous_hash: bytes, content: bytes, beside: bytes) -> Entry:
        hashed = entry_hash(self._kiosk, sequence, previous_hash, content)
        return Entry(sequence, previous_hash, content, hashed, beside)

    def _context(self, sequence: int, previous_hash: bytes) -> bytes:
        return _ENTRY_CONTEXT + sequence.to_bytes(8, "big") + previous_hash + self._kiosk.encode()

    def _seal(self, plaintext: bytes, context: bytes) -> bytes:
        nonce = os.urandom(_NONCE_SIZE)
        return nonce + self._cipher.encrypt(nonce, plaintext, context)

    def _open(self, sealed: bytes, context: bytes) -> bytes:
        if len(sealed) < _NONCE_SIZE + _TAG_SIZE:
            raise InvalidTag
        return self._cipher.decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], context)


def _record(log: bytes, offset: int) -> bytes:
    """The sealed entry at this offset; nothing when the log ends there, or within it."""
    if len(log) < offset + _LENGTH.size:
        return b""
    (length,) = _LENGTH.unpack_from(log, offset)
    sealed = log[offset + _LENGTH.size :][:length]
    return sealed if len(sealed) == length else b""


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise JournalInUse("another process has the journal") from error


def _read(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
    os.fsync(descriptor)


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in the place of another, for this user alone. It is on the disk when this returns. Raises OSError."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        _write(descriptor, content)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
