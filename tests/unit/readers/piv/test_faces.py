"""A photograph is believed when the issuer signed it, for this card, and hashed it with the card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.errors import CardInconsistent, CardNotAuthenticated, ProtocolError, ReaderError
from readers.piv.identifiers import ObjectId
from readers.piv.judging import Trust, trusted_photograph
from readers.piv.photograph import Photograph
from tests.fixtures.authorities import CARD_AUTHENTICATION, Entity
from tests.fixtures.faces import PHOTOGRAPH, FaceIssuer, facial_object, facial_record

CARD = UUID("00112233-4455-4677-8899-aabbccddeeff")
ANOTHER = UUID("10112233-4455-4677-8899-aabbccddeeff")
FACE, CHUID, SECURITY = ObjectId.FACIAL_IMAGE, ObjectId.CHUID, ObjectId.SECURITY_OBJECT
AT = datetime(2027, 1, 1, tzinfo=UTC)
CITY = FaceIssuer()
PICTURE = Photograph(PHOTOGRAPH, 350, 450)
RIGHT = CITY.objects(CARD, PICTURE)
OTHERS = CITY.objects(ANOTHER, PICTURE)

Objects = dict[ObjectId, bytes]


def test_the_photograph_of_a_right_card() -> None:
    assert trusted_photograph(RIGHT, CITY.trust, AT) == PICTURE


def vouched(objects: Objects) -> Objects:
    """The security object made anew over what stands there now, by the issuer."""
    return {**objects, SECURITY: CITY.vouch({one: objects[one] for one in (CHUID, FACE)})}


def only_the_chuid(objects: Objects) -> Objects:
    return {**objects, SECURITY: CITY.vouch({CHUID: objects[CHUID]})}


ANOTHERS: dict[str, Callable[[], Objects]] = {
    "photograph of another card": lambda: {**RIGHT, FACE: OTHERS[FACE]},
    "photograph and hashes of another card": lambda: {**OTHERS, CHUID: RIGHT[CHUID]},
    "photograph of another card, hashed with this one": lambda: vouched({**RIGHT, FACE: OTHERS[FACE]}),
    "an earlier photograph of this card": lambda: {**RIGHT, FACE: CITY.face(CARD, PICTURE)},
    "a photograph that was not hashed": lambda: only_the_chuid(RIGHT),
}


@pytest.mark.parametrize("objects", ANOTHERS.values(), ids=ANOTHERS)
def test_what_the_issuer_signed_for_another_card(objects: Callable[[], Objects]) -> None:
    with pytest.raises(CardInconsistent):
        trusted_photograph(objects(), CITY.trust, AT)


def altered(objects: Objects, at: int) -> Objects:
    content = objects[FACE]
    return {**objects, FACE: content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :]}


STRANGER = FaceIssuer(Entity.root("Stranger"))
FORGED: dict[str, Callable[[], Objects]] = {
    "altered": lambda: altered(RIGHT, 1000),
    "altered and hashed anew": lambda: vouched(altered(RIGHT, 1000)),
    "not signed": lambda: vouched({**RIGHT, FACE: facial_object(facial_record(PHOTOGRAPH))}),
    "signed by a stranger": lambda: STRANGER.objects(CARD, PICTURE),
    "signed by a stranger, hashed by the issuer": lambda: vouched({**RIGHT, FACE: STRANGER.face(CARD, PICTURE)}),
    "no security object": lambda: {CHUID: RIGHT[CHUID], FACE: RIGHT[FACE]},
    "no photograph": lambda: {CHUID: RIGHT[CHUID], SECURITY: RIGHT[SECURITY]},
    "no CHUID": lambda: {FACE: RIGHT[FACE], SECURITY: RIGHT[SECURITY]},
    "signed with the key of a card": lambda: replace(CITY, usages=(CARD_AUTHENTICATION,)).objects(CARD, PICTURE),
    "signer expired": lambda: replace(CITY, signer_ends=2026).objects(CARD, PICTURE),
    "photograph expired": lambda: replace(CITY, until=datetime(2026, 12, 31, tzinfo=UTC)).objects(CARD, PICTURE),
    "no frame": lambda: {**RIGHT, FACE: b"\xbc\x00\xfe\x00"},
}


@pytest.mark.parametrize("objects", FORGED.values(), ids=FORGED)
def test_what_the_issuer_did_not_sign(objects: Callable[[], Objects]) -> None:
    made = objects()
    issuing = [CITY.issuing.certificate, replace(CITY).issuing.certificate]
    with pytest.raises(CardNotAuthenticated):
        trusted_photograph(made, Trust([CITY.root.certificate], issuing), AT)


def test_nobody_is_believed_without_an_anchor() -> None:
    with pytest.raises(CardNotAuthenticated):
        trusted_photograph(RIGHT, Trust(), AT)


def test_a_signed_record_that_holds_no_picture() -> None:
    with pytest.raises(ProtocolError):
        trusted_photograph(CITY.objects(CARD, Photograph(b"no picture", 1, 1)), CITY.trust, AT)


@given(st.integers(0, len(RIGHT[FACE]) - 1), st.integers(1, 255))
def test_no_byte_of_it_may_differ(at: int, change: int) -> None:
    content = RIGHT[FACE]
    changed = {**RIGHT, FACE: content[:at] + bytes((content[at] ^ change,)) + content[at + 1 :]}
    with pytest.raises(ReaderError):
        trusted_photograph(changed, CITY.trust, AT)
