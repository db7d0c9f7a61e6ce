from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers import cms, tlv
from readers.errors import CardInconsistent, CardNotAuthenticated, ProtocolError, ReaderError
from readers.piv.identifiers import ObjectId
from readers.piv.security_object import CONTAINER_IDS, LDS_SECURITY_OBJECT, SecurityObject
from tests.fixtures.authorities import Entity

SIGNER = Entity.root().leaf()
OBJECTS = {ObjectId.CHUID: b"chuid", ObjectId.PRINTED_INFORMATION: b"printed", ObjectId.FACIAL_IMAGE: b"face" * 700}


def signed_object(*, embed_signer: bool = True) -> SecurityObject:
    return SecurityObject.sign(OBJECTS, SIGNER.certificate, SIGNER.signature_of, embed_signer=embed_signer)


def test_it_vouches_for_the_objects_it_was_made_of() -> None:
    security_object = SecurityObject.from_bytes(bytes(signed_object()))
    assert security_object.verify(OBJECTS) == SIGNER.certificate
    assert security_object.verify({ObjectId.CHUID: b"chuid"}) == SIGNER.certificate


def test_the_mapping_names_containers() -> None:
    # SP 800-73-5 part 1 tables 3 and 12: number, then container ID (CHUID 3000, facial image 6030, printed 3001).
    content = tlv.decode(bytes(signed_object()))
    assert content[0xBA].hex() == "013000" + "026030" + "033001"
    assert content[0xFE] == b""


def test_the_signed_content_is_an_lds_security_object() -> None:
    signed = cms.verify(signed_object().signed)
    assert signed.content_type == LDS_SECURITY_OBJECT
    # Doc 9303 part 10 §4.7.1: version 0, SHA-256, hashes of 39 bytes; the first is `printf chuid | sha256sum`.
    assert signed.content.hex() == (
        "308187" + "020100" + "300b0609608648016503040201" + "3075"
        "3025" + "020101" + "0420" + "401715a5a8f382e472a40d1cd4536b95f32612c2301dea22e4726d0c4d1df89b"
        "3025"
        + "020102"
        + "0420"
        + hashlib.sha256(b"face" * 700).hexdigest()
        + "3025"
        + "020103"
        + "0420"
        + hashlib.sha256(b"printed").hexdigest()
    )


@pytest.mark.parametrize(
    "objects",
    [
        {**OBJECTS, ObjectId.CHUID: b"another"},
        {ObjectId.CCC: b"not hashed"},
        {ObjectId.CHUID: OBJECTS[ObjectId.PRINTED_INFORMATION]},
    ],
)
def test_objects_of_another_card(objects: dict[ObjectId, bytes]) -> None:
    with pytest.raises(CardInconsistent):
        signed_object().verify(objects)


def test_a_mapping_that_was_changed() -> None:
    original = signed_object()
    swapped = SecurityObject({1: 0x3001, 2: 0x6030, 3: 0x3000}, original.signed)
    with pytest.raises(CardInconsistent):
        swapped.verify(OBJECTS)


def test_without_its_signer_inside() -> None:
    security_object = signed_object(embed_signer=False)
    assert security_object.verify(OBJECTS, [SIGNER.certificate]) == SIGNER.certificate
    with pytest.raises(ProtocolError):
        security_object.verify(OBJECTS)


def test_another_signature_of_the_same_signer_is_not_one() -> None:
    hashes = cms.verify(signed_object().signed).content
    other = cms.sign("1.2.840.113549.1.7.1", hashes, SIGNER.certificate, SIGNER.signature_of)
    with pytest.raises(CardInconsistent):
        SecurityObject(signed_object().mapping, other).verify(OBJECTS)


@pytest.mark.parametrize(
    "hashes",
    [
        "3000",
        "020100",
        "300E 020100 300506032B0E0304 3000",  # SHA-1
        "3012 020101 300B0609608648016503040201",  # no hashes
    ],
)
def test_signed_hashes_that_make_no_sense(hashes: str) -> None:
    signed = cms.sign(LDS_SECURITY_OBJECT, bytes.fromhex(hashes), SIGNER.certificate, SIGNER.signature_of)
    with pytest.raises(ProtocolError):
        SecurityObject({1: 0x3000}, signed).verify(OBJECTS)


def test_a_signature_by_a_stranger() -> None:
    forged = SecurityObject.sign(OBJECTS, SIGNER.certificate, Entity.root().leaf().signature_of)
    with pytest.raises(CardNotAuthenticated):
        forged.verify(OBJECTS)


@pytest.mark.parametrize("objects", [{}, {ObjectId.SECURITY_OBJECT: b"itself"}])
def test_what_it_cannot_vouch_for(objects: dict[ObjectId, bytes]) -> None:
    with pytest.raises(ValueError, match="other objects"):
        SecurityObject.sign(objects, SIGNER.certificate, SIGNER.signature_of)


def test_container_ids_of_the_standard() -> None:
    """SP 800-73-5 part 1 table 3, of objects that our own cards have not."""
    seldom = ("KEY_HISTORY", "IRIS_IMAGES", "BIOMETRIC_TEMPLATES", "SECURE_MESSAGING_SIGNER", "PAIRING_CODE")
    assert [CONTAINER_IDS[ObjectId[name]] for name in seldom] == [0x6060, 0x1015, 0x1016, 0x1017, 0x1018]
    assert [ObjectId[name] for name in seldom] == [0x5FC10C, 0x5FC121, 0x7F61, 0x5FC122, 0x5FC123]
    assert {number: CONTAINER_IDS[ObjectId(0x5FC10C + number)] for number in (1, 2, 20)} == {
        1: 0x1001,
        2: 0x1002,
        20: 0x1014,
    }


def test_every_object_of_the_standard_but_itself_has_a_container() -> None:
    assert set(ObjectId) - set(CONTAINER_IDS) == {ObjectId.SECURITY_OBJECT, ObjectId.ATTESTATION_CERTIFICATE}


@given(
    st.binary(max_size=100)
    | st.lists(st.tuples(st.sampled_from([0xBA, 0xBB, 0xFE]), st.binary(max_size=60)), max_size=3).map(
        lambda elements: b"".join(tlv.encode(*element) for element in elements)
    )
)
def test_any_content_is_decoded_or_refused(content: bytes) -> None:
    try:
        SecurityObject.from_bytes(content).verify(OBJECTS, [SIGNER.certificate])
    except ReaderError:
        return
    raise AssertionError("random bytes passed for a signature")
