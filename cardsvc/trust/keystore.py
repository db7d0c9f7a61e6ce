"""The keys of the service, behind one seam.

Private keys and secrets are used through a `Keystore`, by name; only the keystore knows where they live.
`file_keystore.py` keeps them in encrypted files, `pkcs11_keystore.py` in a hardware token; `keystores.py` chooses.

A key that signs has versions, from 1 on: another one is made when it is rotated, and which of them is in use is not the
keystore's business (`key_ring.py`).
"""

from __future__ import annotations

from collections.abc import Container
from enum import StrEnum
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class KeyName(StrEnum):
    """Every key the service has, and what it is for."""

    ROOT_CA = "root-ca"
    """Signs the issuing CA, and nothing else."""
    ISSUING_CA = "issuing-ca"
    """Signs the certificates on cards."""
    CONTENT_SIGNING = "content-signing"
    """Signs the security object of each card (and its CHUID where the city wants that)."""
    ASSERTION = "assertion"
    """Signs what departments get; published in the JWKS."""
    ACCESS_TOKEN = "access-token"
    """Signs the bearer tokens of callers."""
    OCSP = "ocsp"
    """Signs what the responder says about certificates."""
    STATUS_LIST = "status-list"
    """Signs the status lists of cards; published in the JWKS."""
    EVIDENCE = "evidence"
    """Signs what is kept to prove later how things stood."""
    AUDIT_LOG = "audit-log"
    """Signs the checkpoints of the audit log (Ed25519, as C2SP notes are)."""
    ESCROW = "escrow"
    """Seals the PUK and the management key of each card."""
    PERSONAL_DATA = "personal-data"
    """Seals each citizen's own data key."""
    CHALLENGE = "challenge"
    """Makes challenges, so that they need no table; with an Idempotency-Key it opens the answer kept for it."""
    SECTOR = "sector"
    """Makes the pseudonym by which one department knows a citizen."""
    SEALED_ENTRIES = "sealed-entries"
    """Seals the keys of the sealed entries of each day."""
    BLIND_INDEX = "blind-index"
    """Makes the words under which sealed names are found."""
    WEBHOOK = "webhook"
    """Seals the secrets under which departments' webhooks are signed."""


SIGNING_CURVES: Final[dict[KeyName, ec.EllipticCurve]] = {
    KeyName.ROOT_CA: ec.SECP384R1(),
    KeyName.ISSUING_CA: ec.SECP256R1(),
    KeyName.CONTENT_SIGNING: ec.SECP256R1(),
    KeyName.ASSERTION: ec.SECP256R1(),
    KeyName.ACCESS_TOKEN: ec.SECP256R1(),
    KeyName.OCSP: ec.SECP256R1(),
    KeyName.STATUS_LIST: ec.SECP256R1(),
    KeyName.EVIDENCE: ec.SECP256R1(),
}
"""The keys that sign with ECDSA, and their curves."""
ED25519_KEYS: Final = frozenset({KeyName.AUDIT_LOG})
"""The keys that sign with Ed25519."""
SEALING_KEYS: Final = frozenset({KeyName.ESCROW, KeyName.PERSONAL_DATA, KeyName.SEALED_ENTRIES, KeyName.WEBHOOK})
"""The keys that encrypt."""
MAC_KEYS: Final = frozenset({KeyName.CHALLENGE, KeyName.SECTOR, KeyName.BLIND_INDEX})
"""The keys that authenticate messages or derive from them."""


class KeystoreError(Exception):
    """Base of what goes wrong with a keystore. It is the operator's to solve, never a caller's."""


class KeystoreMissing(KeystoreError):
    """Raised when there is no keystore, or a key of it is missing."""


class KeystoreExists(KeystoreError):
    """Raised instead of writing over a keystore: its keys could not be made again."""


class KeystoreLocked(KeystoreError):
    """Raised when the passphrase is wrong, or a key file was changed."""


class NotSealedHere(KeystoreError):
    """Raised by `Keystore.open` when the bytes were changed, sealed by another key, or for another context."""


FIRST: Final = 1
"""The version that every keystore is made with."""


class Keystore(Protocol):
    """Uses keys by name. Every method raises ValueError for a name that is not of its kind."""

    def signer(self, name: KeyName, version: int = FIRST) -> ec.EllipticCurvePrivateKey:
        """A key of `SIGNING_CURVES`, to sign with. Raises KeystoreMissing when there is no such version."""

    def public_key(self, name: KeyName, version: int = FIRST) -> ec.EllipticCurvePublicKey:
        """The public half of a key of `SIGNING_CURVES`. Raises KeystoreMissing."""

    def add_version(self, name: KeyName) -> int:
        """Make another version of a key of `SIGNING_CURVES`, and say which. Nothing uses it yet."""

    def ed25519_signer(self, name: KeyName) -> Ed25519PrivateKey:
        """A key of `ED25519_KEYS`, to sign with; its ``public_key()`` may be published."""

    def seal(self, name: KeyName, plaintext: bytes, context: bytes) -> bytes:
        """Encrypt with a key of `SEALING_KEYS`. ``context`` says whose it is and is needed to open it again."""

    def open(self, name: KeyName, sealed: bytes, context: bytes) -> bytes:
        """Decrypt what `seal` made. Raises NotSealedHere."""

    def mac(self, name: KeyName, message: bytes) -> bytes:
        """HMAC-SHA256 (32 bytes) with a key of `MAC_KEYS`."""


def check_kind(name: KeyName, kind: Container[KeyName], what: str) -> None:
    """Raise ValueError unless the key is for this use."""
    if name not in kind:
        raise ValueError(f"{name} is no {what} key")


def label_of(name: KeyName, version: int = FIRST) -> str:
    """What a keystore calls a version of a key."""
    return str(name) if version == FIRST else f"{name}.{version}"
