"""The bytes a card signs, against vectors that were derived without our code (see vectors.sh)."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.wire.levels import Level
from cardsvc.wire.signed import KEY_REFERENCE_OF_LEVEL, AuthenticationStatement, activation_hash, consent_hash

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "vectors.json").read_text())


def statement_of(vector: dict[str, Any]) -> AuthenticationStatement:
    return AuthenticationStatement(
        issuer=vector["issuer"],
        level=Level(vector["level"]),
        key_reference=int(vector["key_reference"], 16),
        client_id=vector["client_id"],
        audience=vector["audience"],
        card_uuid=UUID(vector["card_uuid"]),
        challenge=bytes.fromhex(vector["challenge"]),
        expires_at=vector["expires_at"],
        transaction_hash=bytes.fromhex(vector["transaction_hash"]),
    )


@pytest.mark.parametrize("vector", VECTORS["statements"], ids=lambda vector: vector["level"])
def test_the_digest_is_that_of_the_vector(vector: dict[str, Any]) -> None:
    assert statement_of(vector).digest.hex() == vector["digest"]


def test_the_bytes_are_those_of_the_vector() -> None:
    vector = VECTORS["statements"][0]

    assert bytes(statement_of(vector)).hex() == vector["encoded"]


def test_the_activation_hash_is_that_of_the_vector() -> None:
    (vector,) = VECTORS["activations"]

    assert activation_hash(UUID(vector["card_uuid"])).hex() == vector["digest"]


def test_the_consent_hash_is_that_of_the_vector() -> None:
    (vector,) = VECTORS["consents"]

    assert consent_hash(UUID(vector["application_id"])).hex() == vector["digest"]


def test_the_vectors_are_what_a_shell_and_openssl_make_of_the_description() -> None:
    derived = subprocess.run(("bash", str(HERE / "vectors.sh")), capture_output=True, text=True, check=True)

    kinds = ("statements", "activations", "consents", "offline", "offline_entries")
    vectors = [vector for kind in kinds for vector in VECTORS[kind]]
    assert derived.stdout.split() == [vector["digest"] for vector in vectors]


def test_each_level_that_is_proved_by_a_challenge_has_a_key_of_its_own() -> None:
    # SP 800-73-5 part 1 table 4b: 9E card authentication, 9A PIV authentication
    assert KEY_REFERENCE_OF_LEVEL == {Level.TAP: 0x9E, Level.PIN: 0x9A}


TEXTS = st.text(max_size=40)
HASHES = st.binary(min_size=32, max_size=32)
STATEMENTS = st.builds(
    AuthenticationStatement,
    issuer=TEXTS,
    level=st.sampled_from(Level),
    key_reference=st.integers(0, 255),
    client_id=TEXTS,
    audience=TEXTS,
    card_uuid=st.uuids(),
    challenge=HASHES,
    expires_at=st.integers(0, 2**63),
    transaction_hash=st.one_of(st.just(b""), HASHES),
)


@given(STATEMENTS, STATEMENTS)
def test_different_statements_have_different_bytes(
    one: AuthenticationStatement, other: AuthenticationStatement
) -> None:
    assert (bytes(one) == bytes(other)) == (one == other)


@given(STATEMENTS, TEXTS, TEXTS, TEXTS)
def test_text_cannot_move_from_one_field_to_the_next(
    statement: AuthenticationStatement, before: str, middle: str, after: str
) -> None:
    one = replace(statement, client_id=before + middle, audience=after)
    other = replace(statement, client_id=before, audience=middle + after)

    assert (bytes(one) == bytes(other)) == (middle == "")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_challenge_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        replace(statement_of(VECTORS["statements"][0]), challenge=bytes(size))


@pytest.mark.parametrize("size", [1, 31, 33])
def test_a_transaction_hash_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        replace(statement_of(VECTORS["statements"][0]), transaction_hash=bytes(size))
