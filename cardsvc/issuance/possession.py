"""Does the card have the private key of the public key that it showed?"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from readers.piv.identifiers import KeyReference
from readers.piv.session import PivSession

_DOMAIN: Final = b"citizen-card/possession/v1\0"
"""What a card signs here is of no use anywhere else."""


def possesses(session: PivSession, key: KeyReference, public_key: ec.EllipticCurvePublicKey, card_uuid: UUID) -> bool:
    """Let the card sign something new. Where the key wants a PIN, it has been verified just before."""
    statement = _DOMAIN + card_uuid.bytes + bytes((key,)) + secrets.token_bytes(32)
    digest = hashlib.sha256(statement).digest()
    signature = session.sign_digest(key, digest)
    try:
        public_key.verify(signature, digest, ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        return False
    return True
