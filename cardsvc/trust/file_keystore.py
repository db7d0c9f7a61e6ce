"""A keystore of encrypted files, one for each key.

    keystore.json      format, and how the passphrase becomes the key that wraps the others (scrypt, RFC 7914)
    <name>.key         the key, sealed under that wrapping key with its name as context; <name>.2.key its second version

Signing keys are PKCS #8 inside; the others are 32 random bytes. One scrypt opens the whole store: the wrapping key is
as strong for many files as for one, and a service that starts many times slower protects nobody.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
from itertools import count
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from cardsvc.trust import sealing
from cardsvc.trust.keystore import (
    ED25519_KEYS,
    FIRST,
    MAC_KEYS,
    SEALING_KEYS,
    SIGNING_CURVES,
    KeyName,
    KeystoreError,
    KeystoreExists,
    KeystoreLocked,
    KeystoreMissing,
    NotSealedHere,
    check_kind,
    label_of,
)

_HEADER: Final = "keystore.json"
_FORMAT: Final = "citizen-card-keystore/1"
_CONTEXT: Final = b"citizen-card/keystore/v1\0"
_SCRYPT_COST: Final = 2**15
"""With r=8 and p=1: 32 MiB and about a tenth of a second for each guess."""
_SCRYPT_COST_LIMIT: Final = 2**20
"""A changed header must not be able to take a gigabyte of memory and more."""


class FileKeystore:
    """`Keystore` on encrypted files. Every key is opened once, and those of the first version at the start."""

    def __init__(self, folder: Path, wrapping_key: bytes) -> None:
        self._folder = folder
        self._wrapping_key = wrapping_key
        self._opened = {label_of(name): self._read(label_of(name)) for name in KeyName}
        self._signers = {label_of(name): _parse_signer(self._opened[name]) for name in SIGNING_CURVES}
        self._macs = {name: begin_mac(self._opened[name]) for name in MAC_KEYS}

    @classmethod
    def create(cls, folder: Path, passphrase: bytes) -> FileKeystore:
        """Make every key anew in ``folder``. Raises KeystoreExists when there is a keystore already."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (folder / _HEADER).exists():
            raise KeystoreExists(f"there is a keystore in {folder}")
        salt = secrets.token_bytes(16)
        wrapping_key = _derive(passphrase, salt, _SCRYPT_COST)
        for name in KeyName:
            _make_key(folder, wrapping_key, name)
        header = {"format": _FORMAT, "scrypt": {"n": _SCRYPT_COST, "salt": base64.b64encode(salt).decode()}}
        _write(folder / _HEADER, json.dumps(header).encode())  # last: a store without it is not one
        return cls(folder, wrapping_key)

    @classmethod
    def load(cls, folder: Path, passphrase: bytes) -> FileKeystore:
        """Open the keystore in ``folder``. Raises KeystoreMissing and KeystoreLocked."""
        return cls(folder, _derive(passphrase, *_read_header(folder)))

    @classmethod
    def complete(cls, folder: Path, passphrase: bytes) -> tuple[KeyName, ...]:
        """Make the keys that an older version did not know yet. Says which. Raises KeystoreMissing, KeystoreLocked."""
        wrapping_key = _derive(passphrase, *_read_header(folder))
        missing = tuple(name for name in KeyName if not _path(folder, name).exists())
        for name in KeyName:
            # Also proves the passphrase: keys sealed under two of them would never open together.
            if name not in missing:
                _open_key(_path(folder, name), wrapping_key, name)
        for name in missing:
            _make_key(folder, wrapping_key, name)
        return missing

    def __repr__(self) -> str:
        return f"<FileKeystore of {len(self._opened)} keys>"

    def signer(self, name: KeyName, version: int = FIRST) -> ec.EllipticCurvePrivateKey:
        """A key to sign with."""
        check_kind(name, SIGNING_CURVES, "signing")
        label = label_of(name, version)
        if label not in self._signers:
            self._signers[label] = _parse_signer(self._read(label))
        return self._signers[label]

    def public_key(self, name: KeyName, version: int = FIRST) -> ec.EllipticCurvePublicKey:
        """The public half of a signing key."""
        return self.signer(name, version).public_key()

    def add_version(self, name: KeyName) -> int:
        """Make another version of a signing key."""
        check_kind(name, SIGNING_CURVES, "signing")
        version = next(number for number in count(FIRST + 1) if not _path(self._folder, name, number).exists())
        _make_key(self._folder, self._wrapping_key, name, version)
        return version

    def ed25519_signer(self, name: KeyName) -> Ed25519PrivateKey:
        """A key to sign notes with."""
        check_kind(name, ED25519_KEYS, "Ed25519")
        return _parse_ed25519(self._opened[name])

    def seal(self, name: KeyName, plaintext: bytes, context: bytes) -> bytes:
        """Encrypt for ``context``."""
        check_kind(name, SEALING_KEYS, "sealing")
        return sealing.seal(self._opened[name], plaintext, context)

    def open(self, name: KeyName, sealed: bytes, context: bytes) -> bytes:
        """Decrypt what `seal` made. Raises NotSealedHere."""
        check_kind(name, SEALING_KEYS, "sealing")
        return sealing.unseal(self._opened[name], sealed, context)

    def mac(self, name: KeyName, message: bytes) -> bytes:
        """HMAC-SHA256."""
        check_kind(name, MAC_KEYS, "authenticating")
        mac = self._macs[name].copy()
        mac.update(message)
        return mac.digest()

    def _read(self, label: str) -> bytes:
        return _open_key(self._folder / f"{label}.key", self._wrapping_key, label)


def begin_mac(key: bytes) -> hmac.HMAC:
    """To be copied for each message: OpenSSL takes longer to set a key up than to authenticate with it."""
    return hmac.new(key, digestmod="sha256")


def _context(label: str) -> bytes:
    return _CONTEXT + label.encode()


def _derive(passphrase: bytes, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=sealing.KEY_SIZE, n=cost, r=8, p=1).derive(passphrase)


def _path(folder: Path, name: KeyName, version: int = FIRST) -> Path:
    return folder / f"{label_of(name, version)}.key"


def _make_key(folder: Path, wrapping_key: bytes, name: KeyName, version: int = FIRST) -> None:
    sealed = sealing.seal(wrapping_key, _new_key(name), _context(label_of(name, version)))
    _write(_path(folder, name, version), sealed)


def _new_key(name: KeyName) -> bytes:
    if name in SIGNING_CURVES:
        return _pkcs8(ec.generate_private_key(SIGNING_CURVES[name]))
    if name in ED25519_KEYS:
        return _pkcs8(Ed25519PrivateKey.generate())
    return secrets.token_bytes(sealing.KEY_SIZE)


def _pkcs8(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _parse_signer(raw: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_der_private_key(raw, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeystoreLocked("a signing key is not an elliptic-curve key")
    return key


def _parse_ed25519(raw: bytes) -> Ed25519PrivateKey:
    key = serialization.load_der_private_key(raw, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeystoreLocked("a signing key is not an Ed25519 key")
    return key


def _read_header(folder: Path) -> tuple[bytes, int]:
    try:
        header = json.loads((folder / _HEADER).read_bytes())
    except FileNotFoundError:
        raise KeystoreMissing(f"there is no keystore in {folder}: make one with `cardsvc init`") from None
    except ValueError:
        raise KeystoreError(f"{folder / _HEADER} is not JSON") from None
    if header.get("format") != _FORMAT or not 2 <= header["scrypt"]["n"] <= _SCRYPT_COST_LIMIT:
        raise KeystoreError(f"{folder / _HEADER} is in a format this version does not know")
    return base64.b64decode(header["scrypt"]["salt"]), header["scrypt"]["n"]


def _open_key(path: Path, wrapping_key: bytes, label: str) -> bytes:
    try:
        return sealing.unseal(wrapping_key, path.read_bytes(), _context(label))
    except FileNotFoundError:
        raise KeystoreMissing(f"the keystore has no {path.name}: `cardsvc trust add-keys` makes new ones") from None
    except NotSealedHere:
        raise KeystoreLocked(f"{path.name} does not open: the passphrase is wrong, or the file was changed") from None


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
