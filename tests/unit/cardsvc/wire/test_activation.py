"""The hash that binds a challenge to the activation of one card."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from cardsvc.wire.signed import TRANSACTION_HASH_SIZE, activation_hash


def test_vector() -> None:
    """Computed with ``printf 'citizen-card/activation/v1\\0…' | openssl dgst -sha256`` (OpenSSL 3.0)."""
    card_uuid = UUID("6fb0ffcc-b5b9-4ffb-a8ae-1cfabda66d08")
    expected = "b4a0d5e79ca6b47e04d01818916d5484dfca9ccce95a921411f30d0c397d46d8"
    assert activation_hash(card_uuid).hex() == expected


@given(st.uuids(version=4), st.uuids(version=4))
def test_each_card_has_its_own(one: UUID, other: UUID) -> None:
    assert (activation_hash(one) == activation_hash(other)) == (one == other)
    assert len(activation_hash(one)) == TRANSACTION_HASH_SIZE
