"""Authenticated encryption of small values: AES-256-GCM under a random nonce, bound to a context."""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cardsvc.trust.keystore import NotSealedHere

KEY_SIZE: Final = 32
_VERSION: Final = b"\x01"
_NONCE_SIZE: Final = 12


def seal(key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """Version byte, nonce, ciphertext with tag. 2^32 values may be sealed under one key (SP 800-38D §8.3)."""
    nonce = secrets.token_bytes(_NONCE_SIZE)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, plaintext, _VERSION + context)


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """The plaintext. Raises NotSealedHere."""
    if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE_SIZE + 16:
        raise NotSealedHere("not a sealed value")
    nonce, ciphertext = sealed[1 : 1 + _NONCE_SIZE], sealed[1 + _NONCE_SIZE :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _VERSION + context)
    except InvalidTag:
        raise NotSealedHere("changed, or sealed with another key or for another context") from None
