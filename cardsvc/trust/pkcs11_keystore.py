"""A keystore in a PKCS #11 token: a hardware security module, or SoftHSM where there is none.

Keys are made in the token and cannot be extracted from it (CKA_EXTRACTABLE false, CKA_SENSITIVE true); only public
halves come out. Each is found by its label, the name of the key; its second version is ``<name>.2``.

There is one session, used by one thread at a time: SoftHSM breaks with a session for each thread, and a token signs one
thing at a time anyway. A session that was lost (the token restarted, the network to it failed) is opened again once.
This is the only module that imports `pkcs11`, which comes with the extra ``hsm``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import RLock
from typing import Any, Final, TypeVar

import pkcs11
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11 import exceptions as failures
from pkcs11.mechanisms import GCMParams
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

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
from cardsvc.trust.token_keys import TokenEcKey, TokenEd25519Key

_T = TypeVar("_T")

_VERSION: Final = b"\x01"
_NONCE_SIZE: Final = 12
_TAG_SIZE: Final = 16
_SECRET: Final = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True}
_ED25519: Final = "1.3.101.112"
"""id-Ed25519 (RFC 8410 §3)."""
_LOST: Final = (
    failures.SessionHandleInvalid,
    failures.SessionClosed,
    failures.DeviceRemoved,
    failures.DeviceError,
    failures.TokenNotPresent,
    failures.UserNotLoggedIn,
    failures.ObjectHandleInvalid,
    failures.KeyHandleInvalid,
)
"""After these a new session may do what the old one could not."""


@dataclass(frozen=True)
class TokenAddress:
    """Where a token is, and how to log in."""

    module: Path
    label: str
    pin: str = field(repr=False)


class Pkcs11Keystore:
    """`Keystore` in a token."""

    def __init__(self, token: _Token) -> None:
        self._token = token
        self._public_keys: dict[str, ec.EllipticCurvePublicKey] = {}

    @classmethod
    def create(cls, address: TokenAddress) -> Pkcs11Keystore:
        """Make every key anew in the token. Raises KeystoreExists, KeystoreLocked, KeystoreMissing."""
        keystore = cls(_Token(address))
        there = [name for name in KeyName if keystore._has(label_of(name))]
        if there:
            raise KeystoreExists(f"the token {address.label} has keys already: {', '.join(there)}")
        try:
            for name in KeyName:
                keystore._make(name)
        except KeystoreError:
            keystore.destroy()
            raise
        return keystore

    @classmethod
    def load(cls, address: TokenAddress) -> Pkcs11Keystore:
        """Open the keystore in the token. Raises KeystoreMissing and KeystoreLocked."""
        keystore = cls(_Token(address))
        absent = [name for name in KeyName if not keystore._has(label_of(name))]
        if len(absent) == len(KeyName):
            raise KeystoreMissing(f"there is no keystore in the token {address.label}: make one with `cardsvc init`")
        if absent:
            raise KeystoreMissing(f"the token has no {', '.join(absent)}: `cardsvc trust add-keys` makes new ones")
        return keystore

    @classmethod
    def complete(cls, address: TokenAddress) -> tuple[KeyName, ...]:
        """Make the keys that an older version did not know yet. Says which. Raises KeystoreMissing, KeystoreLocked."""
        keystore = cls(_Token(address))
        missing = tuple(name for name in KeyName if not keystore._has(label_of(name)))
        if len(missing) == len(KeyName):
            raise KeystoreMissing(f"there is no keystore in the token {address.label}: make one with `cardsvc init`")
        for name in missing:
            keystore._make(name)
        return missing

    def __repr__(self) -> str:
        return f"<Pkcs11Keystore in {self._token.address.label!r}>"

    def destroy(self) -> None:
        """Destroy every key of ours in the token: what a ceremony that failed leaves behind is nobody's."""
        labels = {label_of(name) for name in KeyName}

        def destroy(session: pkcs11.Session) -> None:
            for found in list(session.get_objects()):
                if found[Attribute.LABEL].partition(".")[0] in labels:
                    found.destroy()

        self._token.run(destroy)

    def signer(self, name: KeyName, version: int = FIRST) -> ec.EllipticCurvePrivateKey:
        """A key to sign with; it stays in the token."""
        label = label_of(name, version)
        public_key = self.public_key(name, version)

        def sign(digest: bytes) -> bytes:
            return self._token.use(
                label, ObjectClass.PRIVATE_KEY, lambda key: bytes(key.sign(digest, mechanism=Mechanism.ECDSA))
            )

        return TokenEcKey(public_key, sign)

    def public_key(self, name: KeyName, version: int = FIRST) -> ec.EllipticCurvePublicKey:
        """The public half of a signing key."""
        check_kind(name, SIGNING_CURVES, "signing")
        label = label_of(name, version)
        if label not in self._public_keys:
            raw = self._token.use(label, ObjectClass.PUBLIC_KEY, encode_ec_public_key)
            public_key = serialization.load_der_public_key(raw)
            if not isinstance(public_key, ec.EllipticCurvePublicKey):
                raise KeystoreError(f"{label} is not an elliptic-curve key")
            self._public_keys[label] = public_key
        return self._public_keys[label]

    def add_version(self, name: KeyName) -> int:
        """Make another version of a signing key."""
        check_kind(name, SIGNING_CURVES, "signing")
        version = next(number for number in count(FIRST + 1) if not self._has(label_of(name, number)))
        self._make(name, version)
        return version

    def ed25519_signer(self, name: KeyName) -> Ed25519PrivateKey:
        """A key to sign notes with; it stays in the token."""
        check_kind(name, ED25519_KEYS, "Ed25519")
        label = label_of(name)
        # CKA_EC_POINT is the point in an OCTET STRING (PKCS #11 v3.0 §2.3.3): two bytes, and 32.
        point = self._token.use(label, ObjectClass.PUBLIC_KEY, lambda key: bytes(key[Attribute.EC_POINT]))

        def sign(message: bytes) -> bytes:
            return self._token.use(
                label, ObjectClass.PRIVATE_KEY, lambda key: bytes(key.sign(message, mechanism=Mechanism.EDDSA))
            )

        return TokenEd25519Key(Ed25519PublicKey.from_public_bytes(point[-32:]), sign)

    def seal(self, name: KeyName, plaintext: bytes, context: bytes) -> bytes:
        """Encrypt for ``context``: version byte, nonce, ciphertext with tag, as `sealing.seal`."""
        check_kind(name, SEALING_KEYS, "sealing")
        nonce = secrets.token_bytes(_NONCE_SIZE)
        parameters = GCMParams(nonce, _VERSION + context, 8 * _TAG_SIZE)
        ciphertext = self._token.use(
            label_of(name),
            ObjectClass.SECRET_KEY,
            lambda key: bytes(key.encrypt(plaintext, mechanism=Mechanism.AES_GCM, mechanism_param=parameters)),
        )
        return _VERSION + nonce + ciphertext

    def open(self, name: KeyName, sealed: bytes, context: bytes) -> bytes:
        """Decrypt what `seal` made. Raises NotSealedHere."""
        check_kind(name, SEALING_KEYS, "sealing")
        if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE_SIZE + _TAG_SIZE:
            raise NotSealedHere("not a sealed value")
        nonce, ciphertext = sealed[1 : 1 + _NONCE_SIZE], sealed[1 + _NONCE_SIZE :]
        parameters = GCMParams(nonce, _VERSION + context, 8 * _TAG_SIZE)

        def decrypt(key: Any) -> bytes:
            try:
                return bytes(key.decrypt(ciphertext, mechanism=Mechanism.AES_GCM, mechanism_param=parameters))
            except (failures.EncryptedDataInvalid, failures.GeneralError):  # the latter is what SoftHSM says
                raise NotSealedHere("changed, or sealed with another key or for another context") from None

        return self._token.use(label_of(name), ObjectClass.SECRET_KEY, decrypt)

    def mac(self, name: KeyName, message: bytes) -> bytes:
        """HMAC-SHA256."""
        check_kind(name, MAC_KEYS, "authenticating")
        return self._token.use(
            label_of(name),
            ObjectClass.SECRET_KEY,
            lambda key: bytes(key.sign(message, mechanism=Mechanism.SHA256_HMAC)),
        )

    def _has(self, label: str) -> bool:
        return self._token.run(lambda session: any(True for _ in session.get_objects({Attribute.LABEL: label})))

    def _make(self, name: KeyName, version: int = FIRST) -> None:
        label = label_of(name, version)
        if name in SIGNING_CURVES:
            curve = SIGNING_CURVES[name].name
            self._token.run(lambda session: _make_pair(session, label, KeyType.EC, curve))
        elif name in ED25519_KEYS:
            self._token.run(lambda session: _make_pair(session, label, KeyType.EC_EDWARDS, _ED25519))
        elif name in SEALING_KEYS:
            self._token.run(
                lambda session: session.generate_key(KeyType.AES, 256, label=label, store=True, template=_SECRET)
            )
        else:
            self._token.run(lambda session: _make_mac_key(session, label))


def _make_pair(session: pkcs11.Session, label: str, kind: KeyType, curve: str) -> None:
    domain = session.create_domain_parameters(
        kind, {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}, local=True
    )
    mechanism = Mechanism.EC_EDWARDS_KEY_PAIR_GEN if kind is KeyType.EC_EDWARDS else Mechanism.EC_KEY_PAIR_GEN
    domain.generate_keypair(label=label, store=True, mechanism=mechanism, private_template=_SECRET)


def _make_mac_key(session: pkcs11.Session, label: str) -> None:
    session.generate_key(
        KeyType.GENERIC_SECRET,
        256,
        label=label,
        store=True,
        mechanism=Mechanism.GENERIC_SECRET_KEY_GEN,
        template=_SECRET | {Attribute.SIGN: True, Attribute.VERIFY: True},
    )


class _Token:
    """One session with a token, and the keys found in it."""

    def __init__(self, address: TokenAddress) -> None:
        self.address = address
        self._lock = RLock()
        self._session: pkcs11.Session | None = None
        self._keys: dict[tuple[str, ObjectClass], Any] = {}
        self.run(lambda _: None)

    def use(self, label: str, kind: ObjectClass, action: Callable[[Any], _T]) -> _T:
        """Do something with a key. Raises KeystoreMissing when there is none of that label."""
        return self.run(lambda session: action(self._find(session, label, kind)))

    def run(self, action: Callable[[pkcs11.Session], _T]) -> _T:
        """Do something in the session, once more if that was lost. Raises KeystoreError."""
        with self._lock:
            try:
                try:
                    return action(self._open())
                except _LOST:
                    self._forget()
                    return action(self._open())
            except failures.PKCS11Error as error:
                raise KeystoreError(f"the token {self.address.label} failed: {type(error).__name__}") from error

    def _find(self, session: pkcs11.Session, label: str, kind: ObjectClass) -> Any:
        if (label, kind) not in self._keys:
            try:
                self._keys[label, kind] = session.get_key(kind, label=label)
            except failures.NoSuchKey:
                raise KeystoreMissing(f"the token {self.address.label} has no {label}") from None
        return self._keys[label, kind]

    def _open(self) -> pkcs11.Session:
        if self._session is None:
            self._session = _log_in(self.address)
        return self._session

    def _forget(self) -> None:
        self._keys.clear()
        self._session = None


def _log_in(address: TokenAddress) -> pkcs11.Session:
    try:
        library = pkcs11.lib(str(address.module))
    except (failures.PKCS11Error, RuntimeError) as error:
        raise KeystoreMissing(f"{address.module} cannot be used as a PKCS #11 module") from error
    try:
        token = _find_token(library, address.label)
        return token.open(rw=True, user_pin=address.pin)
    except failures.UserAlreadyLoggedIn:
        return token.open(rw=True)  # a log-in holds for the whole process
    except (failures.PinIncorrect, failures.PinLenRange, failures.PinInvalid, failures.PinLocked) as error:
        raise KeystoreLocked(f"the PIN does not open the token {address.label}: {type(error).__name__}") from None


def _find_token(library: Any, label: str) -> pkcs11.Token:
    for again in (True, False):
        try:
            token: pkcs11.Token = library.get_token(token_label=label)
        except failures.NoSuchToken:
            if not again:
                break
            library.reinitialize()  # it may have come since the module was loaded
        else:
            return token
    raise KeystoreMissing(f"there is no token {label}")
