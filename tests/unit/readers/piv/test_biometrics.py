"""Frames of biometric records: what is signed is what is read."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from readers import cms
from readers.errors import ProtocolError
from readers.piv.biometrics import BIOMETRIC_OBJECT, FACE_TYPE, BiometricObject, Holder, Issuer
from readers.piv.fascn import NON_FEDERAL
from tests.fixtures.authorities import Entity
from tests.fixtures.corpus.cards import cbeff_time

SIGNER = Entity.root().leaf()
CARD = UUID("00112233-4455-4677-8899-aabbccddeeff")
MADE, END = datetime(2005, 12, 15, 14, 3, 59, tzinfo=UTC), datetime(2031, 1, 1, 23, 59, 59, tzinfo=UTC)
HOLDER = Holder(bytes(NON_FEDERAL), CARD, MADE, END)


def framed(record: bytes = b"record", name: str = "CITY") -> BiometricObject:
    return BiometricObject.sign_face(record, HOLDER, Issuer(SIGNER.certificate, SIGNER.signature_of, name))


def test_what_is_signed_is_what_is_read() -> None:
    frame = framed()
    assert BiometricObject.from_bytes(bytes(frame)) == frame
    assert (frame.biometric_type, frame.created, frame.not_after) == (FACE_TYPE, MADE, END)
    assert frame.signed[88:] == b"record"
    assert b"record" not in repr(frame).encode()


def test_the_signature_names_the_card_and_who_signed() -> None:
    """FIPS 201-3 §4.2.3: pivSigner-DN, pivFASC-N, entryUUID."""
    frame = framed()
    signed = cms.verify(frame.signature, [SIGNER.certificate], detached=[frame.signed])
    assert (signed.content_type, signed.content) == (BIOMETRIC_OBJECT, frame.signed)
    assert signed.attributes["2.16.840.1.101.3.6.5"] == SIGNER.certificate.subject.public_bytes()
    assert signed.attributes["2.16.840.1.101.3.6.6"] == b"\x04\x19" + bytes(NON_FEDERAL)
    assert signed.attributes["1.3.6.1.1.16.4"] == b"\x04\x10" + CARD.bytes


def test_the_certificate_of_who_signed_is_elsewhere_on_the_card() -> None:
    assert cms.embedded(framed().signature) == []


def test_times_are_those_of_the_example() -> None:
    """Table 14: 14:03:59 on 15 December 2005 is 14 05 0C 0F 0E 03 3B 5A."""
    assert framed().signed[12:20].hex(" ").upper() == "14 05 0C 0F 0E 03 3B 5A"
    assert framed().signed[28:36] == cbeff_time(END)


@pytest.mark.parametrize(
    ("name", "written"),
    [("CITY", b"CITY" + bytes(14)), ("x" * 40, b"x" * 17 + b"\0"), ("橫琴", b"??" + bytes(16)), ("", bytes(18))],
)
def test_the_name_of_who_made_it_ends_in_a_zero(name: str, written: bytes) -> None:
    assert framed(name=name).signed[41:59] == written


@pytest.mark.parametrize("size", [0, 1, 255, 12_000])
def test_the_header_says_how_long_record_and_signature_are(size: int) -> None:
    frame = framed(bytes(size))
    assert int.from_bytes(frame.signed[2:6], "big") == size
    assert int.from_bytes(frame.signed[6:8], "big") == len(frame.signature)


def test_a_frame_with_a_byte_too_many_is_none() -> None:
    content = bytes(framed())
    with pytest.raises(ProtocolError):
        BiometricObject.from_bytes(content[:1] + bytes((0x82,)) + content[2:] + b"\0")
