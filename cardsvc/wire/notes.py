"""Signed notes and checkpoints, as C2SP has them (c2sp.org/signed-note, c2sp.org/tlog-checkpoint), with Ed25519.

A note is text, an empty line, and a line for each signature. A checkpoint is a note whose text is the log's origin, its
size and its root. Whoever knows the log's *verifier key* can verify both::

    cards.example.org/audit+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cardsvc.wire.merkle import HASH_SIZE

ED25519: Final = b"\x01"
"""The signature type."""
MOST_SIGNATURES: Final = 100
_ID_SIZE: Final = 4
_KEY_SIZE: Final = 32
_DASH: Final = "— "
_NAME: Final = re.compile(r"[^\s+]+")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
"""Up to 19 digits: what a database can count."""

Sign = Callable[[bytes], bytes]
"""Makes an Ed25519 signature."""


class NoteInvalid(ValueError):
    """Raised when a note is malformed, not signed by the key, or no checkpoint of the log."""


@dataclass(frozen=True)
class NoteKey:
    """The public key of whoever signs notes, with its name."""

    name: str
    public_key: Ed25519PublicKey = field(compare=False, repr=False)
    raw: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise NoteInvalid("the name of a key has no spaces and no plus signs")
        object.__setattr__(self, "raw", self.public_key.public_bytes_raw())

    @classmethod
    def parse(cls, verifier_key: str) -> Self:
        """From its text form. Raises NoteInvalid."""
        name, _, rest = verifier_key.partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = _decode(encoded)
        if raw[:1] != ED25519 or len(raw) != 1 + _KEY_SIZE:
            raise NoteInvalid("this is no Ed25519 key")
        key = cls(name, Ed25519PublicKey.from_public_bytes(raw[1:]))
        if key.id.hex() != key_id:
            raise NoteInvalid("the key is not the one that it says it is")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_encode(ED25519 + self.raw)}"

    @property
    def id(self) -> bytes:
        """The four bytes that stand before each of its signatures."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:_ID_SIZE]

    def open(self, note: str) -> str:
        """The text of a note that this key signed. Raises NoteInvalid."""
        text, signatures = _split(note)
        ours = [blob[_ID_SIZE:] for name, blob in signatures if name == self.name and blob[:_ID_SIZE] == self.id]
        if not ours:
            raise NoteInvalid("the key did not sign this note")
        for signature in ours:
            try:
                self.public_key.verify(signature, text.encode())
            except InvalidSignature:
                raise NoteInvalid("the signature is false") from None
        return text


def sign_note(text: str, key: NoteKey, sign: Sign) -> str:
    """The text with a signature. Raises NoteInvalid for text that cannot be a note's."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise NoteInvalid("the text of a note is lines")
    return f"{text}\n{_DASH}{key.name} {_encode(key.id + sign(text.encode()))}\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log commits to: the root of its first ``size`` entries."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text of the note."""
        return f"{self.origin}\n{self.size}\n{_encode(self.root)}\n"

    @classmethod
    def open(cls, note: str, key: NoteKey) -> Self:
        """The checkpoint in a note, when the log whose name is the key's signed it. Raises NoteInvalid."""
        lines = key.open(note).split("\n")
        if len(lines) < 4 or lines[0] != key.name or not _SIZE.fullmatch(lines[1]):
            raise NoteInvalid("no checkpoint of this log")
        root = _decode(lines[2])
        if len(root) != HASH_SIZE:
            raise NoteInvalid("the root is not a hash")
        return cls(lines[0], int(lines[1]), root)


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and signatures."""
    if _CONTROL.search(note) or not note.endswith("\n"):
        raise NoteInvalid("a note is lines of text")
    text, separator, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")[:-1]
    if not separator or not text or not 0 < len(lines) <= MOST_SIGNATURES:
        raise NoteInvalid("a note has text, an empty line, and a few signatures")
    return text + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    name, separator, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not separator or not _NAME.fullmatch(name):
        raise NoteInvalid("a line is no signature")
    blob = _decode(encoded)
    if len(blob) <= _ID_SIZE:
        raise NoteInvalid("a signature is too short")
    return name, blob


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode(text: str) -> bytes:
    """Base64 as RFC 4648 §4 has it, in its only spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteInvalid("not base64") from None
    if _encode(raw) != text:
        raise NoteInvalid("not the base64 of anything")
    return raw
