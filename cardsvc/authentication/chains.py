"""Whether a card certificate leads to our root: judged once a certificate, remembered while it holds.

Only what cannot change is remembered, signatures and names. The certificate's *status* is a column of its row and is
read each time; and the verdict is bound to the times between which every certificate of the path is valid.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ObjectIdentifier

from cardsvc.trust.profiles import PROFILES
from readers.errors import CertificateUnfit
from readers.paths import validate_path
from readers.piv.identifiers import KeyReference

CAPACITY: Final = 100_000
"""About 100 MB; beyond it the certificate seen longest ago is forgotten, and judged again when it returns."""


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """The public key of a certificate whose path was found valid, and when it is."""

    public_key: ec.EllipticCurvePublicKey
    not_before: datetime
    not_after: datetime

    def holds_at(self, at: datetime) -> bool:
        """Whether all certificates of the path are valid at that time."""
        return self.not_before <= at <= self.not_after


class ChainVerdicts:
    """Judges card certificates against one authority. Safe to share between threads."""

    def __init__(self, root: x509.Certificate, issuers: Sequence[x509.Certificate], capacity: int = CAPACITY) -> None:
        self._root = root
        self._issuers = issuers
        self._capacity = capacity
        self._known: OrderedDict[bytes, TrustedKey] = OrderedDict()
        self._lock = Lock()

    def trusted_key(self, der: bytes, key: KeyReference, at: datetime) -> TrustedKey:
        """The key of a certificate that is valid for this key reference at ``at``. Raises PathError."""
        name = hashlib.sha256(bytes((key,)) + der).digest()
        with self._lock:
            known = self._known.get(name)
            if known is not None and known.holds_at(at):
                self._known.move_to_end(name)
                return known
        judged = self._judge(der, PROFILES[key].extended_usages[0], at)
        with self._lock:
            self._known[name] = judged
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)
        return judged

    def _judge(self, der: bytes, usage: ObjectIdentifier, at: datetime) -> TrustedKey:
        leaf = x509.load_der_x509_certificate(der)
        path = validate_path(leaf, self._issuers, [self._root], at, usage=usage)
        public_key = leaf.public_key()
        if not isinstance(public_key, ec.EllipticCurvePublicKey):
            raise CertificateUnfit(leaf, "we issue EC keys only")
        return TrustedKey(
            public_key,
            not_before=max(certificate.not_valid_before_utc for certificate in path),
            not_after=min(certificate.not_valid_after_utc for certificate in path),
        )
