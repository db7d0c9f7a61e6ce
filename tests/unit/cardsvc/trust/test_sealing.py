"""Sealed values open with their key and context only, and only unchanged."""

from __future__ import annotations

import secrets

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.trust.keystore import NotSealedHere
from cardsvc.trust.sealing import seal, unseal

KEY = bytes(range(32))


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_is_sealed_opens_again(plaintext: bytes, context: bytes) -> None:
    assert unseal(KEY, seal(KEY, plaintext, context), context) == plaintext


def test_the_format_is_version_nonce_and_aes_gcm() -> None:
    sealed = seal(KEY, b"secret", b"context")
    assert sealed[0] == 1
    assert AESGCM(KEY).decrypt(sealed[1:13], sealed[13:], b"\x01context") == b"secret"


def test_the_same_value_never_looks_the_same() -> None:
    assert seal(KEY, b"secret", b"") != seal(KEY, b"secret", b"")


@given(st.data())
def test_no_changed_bit_is_overlooked(data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, b"123456", b"card/1"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(NotSealedHere):
        unseal(KEY, bytes(sealed), b"card/1")


@pytest.mark.parametrize("length", [0, 1, 12, 28])
def test_what_is_cut_off_is_refused(length: int) -> None:
    with pytest.raises(NotSealedHere):
        unseal(KEY, seal(KEY, b"", b"")[:length], b"")


def test_another_key_or_context_does_not_open() -> None:
    sealed = seal(KEY, b"secret", b"card/1")
    with pytest.raises(NotSealedHere):
        unseal(secrets.token_bytes(32), sealed, b"card/1")
    with pytest.raises(NotSealedHere):
        unseal(KEY, sealed, b"card/2")
