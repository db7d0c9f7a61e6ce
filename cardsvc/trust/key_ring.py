"""Which version of a signing key is in use, and which ones are published.

A key that was never rotated has its first version and no row. Rotation (`rotation.py`) writes rows: a new version is
published before it is used, and an old one for as long as something that it signed may still be shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from joserfc.jwk import ECKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.clock import Clock
from cardsvc.db import SessionFactory, reading
from cardsvc.trust.keystore import FIRST, KeyName, Keystore, KeystoreError
from cardsvc.trust.models import KeyVersion
from cardsvc.wire.authentication import ACCESS_TOKEN_TYP, ASSERTION_TYP
from cardsvc.wire.evidence import EVIDENCE_TYP
from cardsvc.wire.jose import Signer
from cardsvc.wire.losses import RECEIPT_TYPE as LOSS_RECEIPT_TYP
from cardsvc.wire.offline_taps import PACKAGE_TYP
from cardsvc.wire.status_list import TYP as STATUS_LIST_TYP

ROTATING: Final = (KeyName.ASSERTION, KeyName.ACCESS_TOKEN, KeyName.STATUS_LIST, KeyName.EVIDENCE)
"""The keys of JSON Web Tokens; all of them are in the JWKS."""
TYPES: Final[Mapping[KeyName, tuple[str, ...]]] = {
    KeyName.ASSERTION: (ASSERTION_TYP,),
    KeyName.ACCESS_TOKEN: (ACCESS_TOKEN_TYP,),
    KeyName.STATUS_LIST: (STATUS_LIST_TYP,),
    KeyName.EVIDENCE: (LOSS_RECEIPT_TYP, EVIDENCE_TYP, PACKAGE_TYP),
}
"""What each of them signs; in the JWKS too, so that no key can sign in another's place."""
REREAD: Final = timedelta(seconds=30)
"""How long a process may not know of a rotation. A new key is not used before much more than that has passed."""


@dataclass(frozen=True)
class RingVersion:
    """A version of a key, and its times."""

    version: int
    key: ECKey
    """Public."""
    key_id: str
    used_from: datetime | None
    published_until: datetime | None

    @classmethod
    def of_row(cls, row: KeyVersion) -> Self:
        """What the table says."""
        public_key = load_der_public_key(row.public_key)
        if not isinstance(public_key, ec.EllipticCurvePublicKey):
            raise KeystoreError(f"version {row.version} of {row.name} is not an elliptic-curve key")
        return cls.of_key(row.version, public_key, row.used_from, row.published_until)

    @classmethod
    def of_key(
        cls,
        version: int,
        public_key: ec.EllipticCurvePublicKey,
        used_from: datetime | None = None,
        published_until: datetime | None = None,
    ) -> Self:
        """Of a key with times."""
        key = ECKey.import_key(public_key)
        return cls(version, key, key.thumbprint(), used_from, published_until)

    def is_used_at(self, now: datetime) -> bool:
        """Whether it may sign."""
        return (self.used_from is None or self.used_from <= now) and self.is_published_at(now)

    def is_published_at(self, now: datetime) -> bool:
        """Whether what it signed is to be believed."""
        return self.published_until is None or now < self.published_until


@dataclass(frozen=True, slots=True)
class _KnownIds:
    """The ids of what is published, and from when until when that is so: it is asked for with every request."""

    ids: frozenset[str]
    since: datetime
    until: datetime


class KeyRing:
    """The rotating keys. Safe to share between threads."""

    def __init__(self, keystore: Keystore, sessions: SessionFactory, clock: Clock) -> None:
        self._keystore = keystore
        self._sessions = sessions
        self._clock = clock
        self._versions: Mapping[KeyName, Sequence[RingVersion]] = {}
        self._read_at: datetime | None = None
        self._signers: dict[str, tuple[ECKey, Signer]] = {}
        self._known_ids: dict[KeyName, _KnownIds] = {}
        self._lock = Lock()

    @property
    def is_stale(self) -> bool:
        """Whether the next question to it is one to the database."""
        return self._is_stale_at(self._clock())

    def refresh(self) -> None:
        """Read the table if it is time to: for those who must not wait for the database where they ask next."""
        self._of(ROTATING[0], self._clock())

    def signer(self, name: KeyName) -> ECKey:
        """The private key that signs now: the newest version whose time has come."""
        return self._signer(name)[0]

    def jws_signer(self, name: KeyName) -> Signer:
        """The same key, ready to sign many tokens."""
        return self._signer(name)[1]

    def published(self, name: KeyName) -> Sequence[RingVersion]:
        """Versions that verify now."""
        now = self._clock()
        return [one for one in self._of(name, now) if one.is_published_at(now)]

    def key_ids(self, name: KeyName) -> frozenset[str]:
        """Of the versions that verify now."""
        now = self._clock()
        known = self._known_ids.get(name)
        if known is None or not known.since <= now < known.until:
            known = self._known_ids[name] = self._ids_at(name, now)
        return known.ids

    def verifier(self, name: KeyName, key_id: str | None) -> ECKey | None:
        """The public key of this id, while it is published."""
        return next((one.key for one in self.published(name) if one.key_id == key_id), None)

    def _signer(self, name: KeyName) -> tuple[ECKey, Signer]:
        now = self._clock()
        version = max((one for one in self._of(name, now) if one.is_used_at(now)), key=lambda one: one.version)
        if version.key_id not in self._signers:
            key = signing_jwk(self._keystore.signer(name, version.version))
            self._signers[version.key_id] = key, Signer.of(key)
        return self._signers[version.key_id]

    def _ids_at(self, name: KeyName, now: datetime) -> _KnownIds:
        versions, read_at = self._read(name, now)
        published = [one for one in versions if one.is_published_at(now)]
        read_again = read_at + REREAD
        until = min((one.published_until for one in published if one.published_until is not None), default=read_again)
        return _KnownIds(frozenset(one.key_id for one in published), now, min(until, read_again))

    def _is_stale_at(self, now: datetime) -> bool:
        return self._read_at is None or not timedelta(0) <= now - self._read_at < REREAD

    def _of(self, name: KeyName, now: datetime) -> Sequence[RingVersion]:
        return self._read(name, now)[0]

    def _read(self, name: KeyName, now: datetime) -> tuple[Sequence[RingVersion], datetime]:
        """Every version, and when that was read: the table may be read again meanwhile."""
        with self._lock:
            if self._read_at is None or self._is_stale_at(now):
                with reading(self._sessions) as session:
                    self._versions = {each: versions_of(session, self._keystore, each) for each in ROTATING}
                self._read_at = now
            return self._versions[name], self._read_at


def versions_of(session: Session, keystore: Keystore, name: KeyName) -> list[RingVersion]:
    """Every version there was, the oldest first."""
    rows = session.scalars(select(KeyVersion).where(KeyVersion.name == name).order_by(KeyVersion.version)).all()
    if not rows:
        return [RingVersion.of_key(FIRST, keystore.public_key(name))]
    return [RingVersion.of_row(row) for row in rows]


def signing_jwk(private_key: ec.EllipticCurvePrivateKey) -> ECKey:
    """For signing. Its members are those of the public key: a key in a token would not tell others."""
    public_members = ECKey.import_key(private_key.public_key()).as_dict(private=False)
    return ECKey(private_key, public_members)
