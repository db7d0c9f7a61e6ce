"""What a card signs without a network, against vectors that were derived without our code (see vectors.sh)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.wire.offline import NO_ENTRY, OfflineStatement, entry_hash

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())


def statement_of(vector: dict[str, Any]) -> OfflineStatement:
    return OfflineStatement(
        kiosk=vector["kiosk"],
        sequence=vector["sequence"],
        previous_hash=bytes.fromhex(vector["previous_hash"]),
        at=vector["at"],
        card_uuid=UUID(vector["card_uuid"]),
        department=vector["department"],
        service=vector["service"],
    )


@pytest.mark.parametrize("vector", VECTORS["offline"], ids=lambda vector: vector["service"])
def test_the_digest_is_that_of_the_vector(vector: dict[str, Any]) -> None:
    assert statement_of(vector).digest.hex() == vector["digest"]


@pytest.mark.parametrize("vector", VECTORS["offline_entries"], ids=lambda vector: str(vector["sequence"]))
def test_the_hash_of_an_entry_is_that_of_the_vector(vector: dict[str, Any]) -> None:
    previous, content = bytes.fromhex(vector["previous_hash"]), bytes.fromhex(vector["content"])

    assert entry_hash(vector["kiosk"], vector["sequence"], previous, content).hex() == vector["digest"]


def test_the_bytes_are_those_that_are_written_down_by_hand() -> None:
    by_hand = (
        b"citizen-card/offline/v1\x00\x00\x07kiosk-1"
        + (b"\x00\x08" + b"\x00" * 7 + b"\x01")
        + (b"\x00\x20" + b"\x00" * 32)
        + b"\x00\x08\x00\x00\x00\x00\x69\xa5\x58\x98"  # date -u -d @1772443800: 2026-03-02 09:30
        + (b"\x00\x10" + bytes.fromhex("6f1c8a523e0b4d6f9a571c2d3e4f5a6b"))
        + b"\x00\x09education\x00\x0clibrary-loan"
    )
    statement = statement_of(VECTORS["offline"][0])

    assert bytes(statement) == by_hand
    assert statement.digest == hashlib.sha256(by_hand).digest()


TEXTS = st.text(max_size=40)
STATEMENTS = st.builds(
    OfflineStatement,
    kiosk=TEXTS,
    sequence=st.integers(1, 2**63),
    previous_hash=st.binary(min_size=32, max_size=32),
    at=st.integers(0, 2**63),
    card_uuid=st.uuids(),
    department=TEXTS,
    service=TEXTS,
)


@given(STATEMENTS, STATEMENTS)
def test_different_statements_have_different_bytes(one: OfflineStatement, other: OfflineStatement) -> None:
    assert (bytes(one) == bytes(other)) == (one == other)


@given(STATEMENTS, TEXTS, TEXTS, TEXTS)
def test_text_cannot_move_from_one_field_to_the_next(
    statement: OfflineStatement, before: str, middle: str, after: str
) -> None:
    one = replace(statement, department=before + middle, service=after)
    other = replace(statement, department=before, service=middle + after)

    assert (bytes(one) == bytes(other)) == (middle == "")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_previous_hash_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        entry_hash("kiosk-1", 1, bytes(size), b"")
    with pytest.raises(ValueError, match="32 bytes"):
        replace(statement_of(VECTORS["offline"][0]), previous_hash=bytes(size))


def test_there_is_no_entry_before_the_first() -> None:
    with pytest.raises(ValueError, match="first entry"):
        entry_hash("kiosk-1", 0, NO_ENTRY, b"")
