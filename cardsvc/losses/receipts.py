"""Receipts of loss reports: signed with the evidence key, so that the citizen can show when the card was held.

The claims name the card and the report and nobody's name: ``iss``, ``iat`` (when it was reported, which is when the
card stopped working), ``jti`` (the report's number), ``card`` (its UUID), ``kind``, ``found_until``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from joserfc.jwk import ECKey

from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.wire import jose
from cardsvc.wire.losses import RECEIPT_TYPE, LossKind


@dataclass(frozen=True)
class Receipts:
    """Signs receipts in the name of one service."""

    keystore: Keystore
    issuer: str

    def sign(self, number: str, card_uuid: UUID, kind: LossKind, *, at: datetime, found_until: datetime) -> str:
        """A compact JWS."""
        claims: Mapping[str, Any] = {
            "iss": self.issuer,
            "iat": int(at.timestamp()),
            "jti": number,
            "card": str(card_uuid),
            "kind": kind.value,
            "found_until": int(found_until.timestamp()),
        }
        return jose.sign(claims, ECKey.import_key(self.keystore.signer(KeyName.EVIDENCE)), typ=RECEIPT_TYPE)
