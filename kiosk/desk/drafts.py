"""What an officer has begun to enrol, kept on the desk's disk until it is submitted: a crash loses nothing.

These are personal data. They lie in a folder that the desk alone can read, sealed (AES-256-GCM) under a key that is
derived from the desk's own: whoever copies the folder without the desk's key file has nothing, whoever has both has
the drafts. They are the officer's who began them and nobody else's, go when they are submitted or discarded, and after
`KEPT` by themselves. Another key of the desk makes them unreadable: they are put aside, and begun again.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4
from weakref import WeakValueDictionary

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cardsvc.client.clock import Clock, system_clock
from cardsvc.wire.people import DocumentKind
from kiosk.desk.numbers import Paper, tidy
from kiosk.desk.whole_files import write_whole

PURPOSE: Final = "desk/drafts"
"""Of the derived key."""
KEPT: Final = timedelta(days=7)
_NONCE_SIZE: Final = 12
_PATIENCE_SECONDS: Final = 10.0
"""With a disk that is busy."""
_FORM: Final = "form"
PHOTO: Final = "photo"
UNREADABLE: Final = ".unreadable"
"""Ends the names of folders that were put aside."""


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid")


def new_key() -> str:
    """By which the card service knows a request that comes again."""
    return str(uuid4())


class Form(_Kept):
    """What was typed, as it was typed."""

    name: str = Field(default="", repr=False)
    name_latin: str = Field(default="", repr=False)
    birth_date: str = Field(default="", repr=False)
    paper: Paper = Paper.RESIDENT_CARD
    number: str = Field(default="", repr=False)
    district: str = Field(default="", repr=False)
    appointment: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """Who it is about, as far as that is typed."""
        return (self.name.strip(), self.name_latin.strip(), self.birth_date.strip(), tidy(self.number))


class Cut(_Kept):
    """The part of the photograph that is kept, in its pixels: 35 by 45."""

    left: float
    top: float
    width: float


class Scan(_Kept):
    """A paper that was scanned."""

    kind: DocumentKind
    file: str
    """Its name among the draft's files."""
    title: str = Field(default="", repr=False)
    """Of the file it came from."""
    key: str = Field(default_factory=new_key)
    attached: bool = False


class Dismissal(_Kept):
    """A resident who was compared with what was typed, and is somebody else."""

    citizen: UUID
    identity: tuple[str, ...] = Field(repr=False)
    """Of the form then: of another person it says nothing."""


class Draft(_Kept):
    """A person who is being enrolled, and how far that has come at the card service."""

    form: Form = Field(default_factory=Form)
    cut: Cut | None = None
    """None while there is no photograph."""
    scans: list[Scan] = Field(default_factory=list)
    others: list[Dismissal] = Field(default_factory=list)
    key: str = Field(default_factory=new_key)
    submit_key: str = Field(default_factory=new_key)
    sent: bool = False
    """It may be there already: what was typed stays as it is."""
    application: UUID | None = None
    citizen: UUID | None = None
    photo_stored: bool = False

    @field_validator("others", mode="before")
    @classmethod
    def _without_old_ones(cls, others: object) -> object:
        """Those of drafts from before the person was noted are not believed: they are compared again."""
        return [one for one in others if not isinstance(one, str)] if isinstance(others, list) else others

    @property
    def empty(self) -> bool:
        """Nothing was begun."""
        return self == Draft(key=self.key, submit_key=self.submit_key, form=Form(paper=self.form.paper))


class DraftUnreadable(Exception):
    """Raised when a draft was sealed under another key of the desk, or damaged."""


class _Gate:
    """One draft's order of writing, for all in this process that have it open: pages go before a disk is done."""

    def __init__(self) -> None:
        self.turn = threading.Condition()
        """Held while the disk is busy; `numbers` never is, and the window may wait for it."""
        self.numbers = threading.Lock()
        self.issued = 0
        self.settled = 0
        """All versions up to this one are on the disk, or are not wanted any more."""
        self.discarded = 0
        """The version in which the newest draft that is gone went."""
        self.written: dict[str, int] = {}
        """The version of each file: a draft that goes late takes nothing of the one that was begun since."""


_gates: Final[WeakValueDictionary[Path, _Gate]] = WeakValueDictionary()


class DraftFolder:
    """One officer's draft. Safe to use from several threads: the newest version stays."""

    def __init__(self, folder: Path, secret: bytes, officer: str, clock: Clock = system_clock) -> None:
        """``folder`` is the desk's own; ``secret`` has 32 bytes."""
        self._all = folder / "drafts"
        self._own = self._all / hashlib.sha256(officer.encode()).hexdigest()[:32]
        self._officer = officer
        self._cipher = AESGCM(secret)
        self._clock = clock
        self._gate = _gates.setdefault(self._own.absolute(), _Gate())

    def next_version(self) -> int:
        """To be given to `save` or `discard`; `load` waits for that."""
        with self._gate.numbers:
            self._gate.issued += 1
            return self._gate.issued

    @property
    def newest(self) -> int:
        """The version that was given last; for `write`."""
        with self._gate.numbers:
            return self._gate.issued

    def load(self) -> Draft | None:
        """What was kept. Old drafts, of whomever, go first. Raises DraftUnreadable, OSError."""
        with self._gate.turn:
            self._gate.turn.wait_for(lambda: self._gate.settled >= self._gate.issued, _PATIENCE_SECONDS)
        for old in self._outdated():
            shutil.rmtree(old, ignore_errors=True)
        try:
            return Draft.model_validate_json(self.read(_FORM))
        except FileNotFoundError:
            return None
        except ValidationError:
            raise DraftUnreadable from None

    def save(self, draft: Draft, version: int, *, since: int | None = None) -> None:
        """Keep it, unless a later version is kept or it was discarded (``since``: as for `write`). Raises OSError."""
        with self._settling(version) as is_newest:
            if is_newest and not self._gone(since):
                self._write(_FORM, draft.model_dump_json().encode(), version)

    def write(self, content: bytes, name: str | None = None, *, since: int | None = None) -> str | None:
        """Keep a picture or a scan; its name. Raises OSError.

        ``since`` is the `newest` version when it was chosen: what comes after its draft was discarded, or after one
        that was chosen later, is not kept, and None is given.
        """
        name = name or f"scan-{secrets.token_hex(8)}"
        with self._gate.turn:
            if since is not None and (self._gone(since) or self._gate.written.get(name, since) > since):
                return None
            self._write(name, content, since or 0)
        return name

    def put_aside(self) -> None:
        """What cannot be read any more goes out of the way and is not deleted before `KEPT`. Raises OSError."""
        with self._gate.turn:
            try:
                Draft.model_validate_json(self.read(_FORM))  # somebody may have begun another meanwhile
            except (DraftUnreadable, ValidationError):
                aside = self._own.with_name(f"{self._own.name}.{secrets.token_hex(4)}{UNREADABLE}")
                self._own.rename(aside)
                self._gate.written.clear()
                os.utime(aside)  # from which `KEPT` counts

    def read(self, name: str) -> bytes:
        """Raises DraftUnreadable, FileNotFoundError, OSError."""
        sealed = (self._own / name).read_bytes()
        try:
            return self._cipher.decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], self._context(name))
        except (InvalidTag, ValueError):
            raise DraftUnreadable from None

    def remove(self, name: str) -> None:
        """A scan that was wrong."""
        with self._gate.turn:
            self._remove(name)

    def discard(self, version: int, *, since: int | None = None) -> None:
        """Nothing of it stays, and no version up to this one comes back (``since``: as for `write`). Raises OSError.

        What was begun after this version was given stays, however late this comes.
        """
        with self._settling(version):
            if self._gone(since):
                return
            self._gate.discarded = max(version, self._gate.discarded)
            for name in self._names():
                if self._gate.written.get(name, 0) < version:
                    self._remove(name)
            with suppress(OSError):  # it is not there, or not empty
                self._own.rmdir()

    @contextmanager
    def _settling(self, version: int) -> Iterator[bool]:
        """One at a time; whether none that is newer came first."""
        gate = self._gate
        with gate.turn:
            try:
                yield version > gate.settled
            finally:
                gate.settled = max(version, gate.settled)
                gate.turn.notify_all()

    def _gone(self, since: int | None) -> bool:
        """Whether the draft that was there then was discarded."""
        return since is not None and self._gate.discarded > since

    def _names(self) -> list[str]:
        """Of all files, the form first: without it there is no draft. Also those of a writing that broke off."""
        with suppress(FileNotFoundError):
            return sorted((path.name for path in self._own.iterdir()), key=lambda name: (name != _FORM, name))
        return []

    def _remove(self, name: str) -> None:
        (self._own / name).unlink(missing_ok=True)
        self._gate.written.pop(name, None)

    def _write(self, name: str, content: bytes, version: int) -> None:
        self._own.mkdir(mode=0o700, parents=True, exist_ok=True)
        nonce = secrets.token_bytes(_NONCE_SIZE)
        sealed = nonce + self._cipher.encrypt(nonce, content, self._context(name))
        write_whole(sealed, self._own / name)
        self._gate.written[name] = version

    def _context(self, name: str) -> bytes:
        return f"{self._officer}\0{name}".encode()

    def _outdated(self) -> Iterator[Path]:
        oldest = self._clock() - KEPT
        for folder in self._all.glob("*"):
            if datetime.fromtimestamp(folder.stat().st_mtime, UTC) < oldest:
                yield folder
