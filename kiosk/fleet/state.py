"""What a kiosk knows of itself, in a folder that is its own.

    key.jwk         its private key, which never leaves
    next-key.jwk    the one that it is being enrolled with
    kiosk.json      who it is, and at which service

Nobody else can read any of it.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from joserfc.jwk import ECKey

from cardsvc.client import load_key
from cardsvc.wire.jose import CURVE

_OWNER_ONLY: Final = 0o700


class NotEnrolled(Exception):
    """Raised when the folder holds no enrolled kiosk; says what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the kiosk is."""

    service: str
    """The service's address."""
    issuer: str
    """Its name in tokens."""
    client_id: str

    @classmethod
    def read(cls, file: Path) -> Self:
        """Raises NotEnrolled."""
        try:
            document = json.loads(file.read_bytes())
            return cls(**{name: str(document[name]) for name in cls.__slots__})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotEnrolled(f"{file.parent} holds no enrolled kiosk: run `kiosk enrol`") from error


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The folder."""

    path: Path

    @property
    def key_file(self) -> Path:
        """Where the key is."""
        return self.path / "key.jwk"

    @property
    def identity(self) -> Identity:
        """Who the kiosk is. Raises NotEnrolled."""
        return Identity.read(self.path / "kiosk.json")

    def next_key(self) -> ECKey:
        """The key to be enrolled: the one of an attempt that broke off, or a new one, on the disk before it is used.

        Raises OSError; ValueError when there is something else in its file.
        """
        self.path.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            return load_key(self._next)
        key = ECKey.generate_key(CURVE)
        _write(self._next, dict(key.as_dict(private=True)))
        return key

    def take(self, identity: Identity) -> None:
        """The kiosk is this one now, with the key that was enrolled. Raises OSError."""
        _write(self.path / "kiosk.json", asdict(identity))
        self._next.replace(self.key_file)
        _sync(self.path)

    @property
    def _next(self) -> Path:
        return self.path / "next-key.jwk"


def _write(file: Path, document: dict[str, Any]) -> None:
    """Whole or not at all, and on the disk."""
    temporary = file.with_name(f".{file.name}.new")
    with suppress(FileNotFoundError):
        temporary.unlink()  # of a start that broke off
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as writing:
        json.dump(document, writing)
        writing.flush()
        os.fsync(writing.fileno())
    temporary.replace(file)
    _sync(file.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
