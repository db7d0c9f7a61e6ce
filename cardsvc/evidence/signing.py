"""Signing evidence, so that it can be checked when the key has been rotated and the service is not there to be asked.

The key's certificate is good for days only. Whoever steals the key can sign evidence of those days, and none of later
or earlier ones: nobody needs to be asked whether it was revoked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.key_ring import KeyRing
from cardsvc.trust.keystore import KeyName
from cardsvc.wire import jose
from cardsvc.wire.evidence import EVIDENCE_TYP, EvidenceClaims

LIFETIME: Final = timedelta(days=7)
RENEWED: Final = timedelta(days=1)
"""So old, a certificate is replaced."""


@dataclass(frozen=True, slots=True)
class _Certified:
    """The chain for a version of the key, below the root."""

    chain: tuple[bytes, ...]
    since: datetime

    def is_fresh(self, now: datetime) -> bool:
        return self.since <= now < self.since + RENEWED


@dataclass(frozen=True)
class EvidenceSigner:
    """Signs with the version of the evidence key that is in use. Safe to share between threads."""

    key_ring: KeyRing
    authority: IssuingAuthority
    _certified: dict[str, _Certified] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def sign(self, claims: EvidenceClaims, now: datetime) -> str:
        """A compact JWS with its chain."""
        return self.sign_as(EVIDENCE_TYP, claims.model_dump(mode="json"), now)

    def sign_as(self, typ: str, claims: Mapping[str, Any], now: datetime) -> str:
        """Something else that is to be believed without asking us, while its certificate is good."""
        key = self.key_ring.signer(KeyName.EVIDENCE)
        chain = self._chain(key.thumbprint(), now)
        return jose.sign(claims, key, typ=typ, certificates=chain)

    def _chain(self, key_id: str, now: datetime) -> tuple[bytes, ...]:
        with self._lock:
            known = self._certified.get(key_id)
            if known is None or not known.is_fresh(now):
                known = self._certified[key_id] = _Certified(self._certify(key_id, now), now)
            return known.chain

    def _certify(self, key_id: str, now: datetime) -> tuple[bytes, ...]:
        version = next(one for one in self.key_ring.published(KeyName.EVIDENCE) if one.key_id == key_id)
        own = self.authority.certify_evidence(version.key.public_key, now, LIFETIME)
        return tuple(_der(certificate) for certificate in (own, self.authority.issuing))


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
