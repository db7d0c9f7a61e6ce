"""Status lists, against the examples of draft-ietf-oauth-status-list-20 (§4.1, §4.2 and appendix C)."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import jwt
import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from cardsvc.wire import jose
from cardsvc.wire.status_list import (
    EXTENSION,
    TYP,
    CardStatus,
    PackedStatuses,
    StatusListRefused,
    StatusListToken,
    StatusReference,
)
from tests.fixtures.authorities import Entity

ONE_BIT = (1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1)
TWO_BITS = (1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3)
MILLION = 1 << 20
PLACES = (0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345)
APPENDIX_C = {
    1: (
        (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
        """
        78daeddc010dc0200c0041a88249400ad2903e0f4b
        ba00bd93f002beb7a2a2010000a91e09000000000000000000000000000000807296
        04000000000000000000000000000000000000000000000000000000000000000000
        000000000000005c6f4800000000000000fc2c240000000000000000000000be1b12
        000000000000000000ecaa4b000000000000000000000000000000009b0b09000000
        00000000000038de9400000000000000002a30cc010000000080642f0bd8011b
        """,
    ),
    2: (
        (1, 2, 1, 3, 1, 1, 2, 1, 1, 2, 3),
        """
        78daeddb310d00211000412ea1a04004fe5520ed
        357c28c81d3312b6df68bc65480000000000406e2101000000000000000000000000
        0000000000000000000000000000000000000040795b020000000000000000000000
        00000000000000000000000000000000000000000000000000000000000000000000
        00000000000000000000000000000000000000000000000000000000000000000000
        0080f4ba0400000000000000000000000000406d764a000000000000000000000000
        000000000000000000e0922101000000000000000000000000000000000000fc1312
        00000000000000000000000000000000000000000000000000000000000000c0912e
        01000000000000000000000000000000000000c07d4b020000000000000000000000
        00000000a8614a0000000000000000000000406a1fcd60010c
        """,
    ),
}

URI = "https://city.example/status-lists/1"
KEY = ECKey.generate_key("P-256")


def test_the_first_example() -> None:
    statuses = PackedStatuses.pack(ONE_BIT, bits=1)
    assert statuses.packed == bytes.fromhex("b9a3")
    assert statuses.to_claim() == {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}


def test_the_second_example() -> None:
    statuses = PackedStatuses.pack(TWO_BITS, bits=2)
    assert statuses.packed == bytes.fromhex("c944f9")
    assert statuses.to_claim() == {"bits": 2, "lst": "eNo76fITAAPfAgc"}


@pytest.mark.parametrize("bits", APPENDIX_C)
def test_the_vectors_of_appendix_c(bits: int) -> None:
    """Its bytes are read, and say what ours do. What zlib makes of a million places differs between its versions."""
    values, compressed = APPENDIX_C[bits]
    lst = base64.urlsafe_b64encode(bytes.fromhex(compressed)).decode().rstrip("=")
    theirs = PackedStatuses.from_claim({"bits": bits, "lst": lst})
    by_place = dict(zip(PLACES, values, strict=True))
    assert {place: theirs[place] for place in PLACES} == by_place
    assert PackedStatuses.pack((by_place.get(place, 0) for place in range(MILLION)), bits) == theirs
    assert PackedStatuses.from_claim(theirs.to_claim()) == theirs


@given(st.sampled_from([1, 2, 4, 8]), st.data())
def test_what_is_packed_is_read_again(bits: int, data: st.DataObject) -> None:
    statuses = data.draw(st.lists(st.integers(0, (1 << bits) - 1), max_size=100))
    packed = PackedStatuses.from_claim(PackedStatuses.pack(statuses, bits).to_claim())
    assert [packed[place] for place in range(len(statuses))] == statuses
    assert len(packed) - len(statuses) < 8 // bits


@pytest.mark.parametrize("place", [-1, 12, 1000])
def test_a_place_outside_is_no_place(place: int) -> None:
    with pytest.raises(IndexError):
        PackedStatuses.pack(TWO_BITS)[place]


@pytest.mark.parametrize(("status", "bits"), [(2, 1), (4, 2), (-1, 2), (256, 8)])
def test_a_status_that_does_not_fit(status: int, bits: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        PackedStatuses.pack([status], bits)


def test_odd_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="bits"):
        PackedStatuses(3, b"")


BOMB = base64.urlsafe_b64encode(zlib.compress(bytes(MILLION + 1), 9)).decode().rstrip("=")


@pytest.mark.parametrize(
    "claim",
    [
        None,
        [],
        {},
        {"bits": 3, "lst": "eNo76fITAAPfAgc"},
        {"bits": 2},
        {"bits": 2, "lst": 5},
        {"bits": 2, "lst": "!"},
        {"bits": 2, "lst": "AAAA"},
        {"bits": 2, "lst": "eNo76fITAAPf"},
        {"bits": 2, "lst": "eNo76fITAAPfAgcAAAA"},
        {"bits": 2, "lst": BOMB},
    ],
)
def test_what_is_no_list_is_refused(claim: Any) -> None:
    with pytest.raises(StatusListRefused):
        PackedStatuses.from_claim(claim)


def token() -> StatusListToken:
    return StatusListToken(URI, PackedStatuses.pack([0, 1, 2]), issued_at=1000, expires_at=2000, ttl=300)


def test_a_token_is_read_by_a_library_that_we_did_not_sign_with() -> None:
    compact = token().sign(KEY)
    assert jwt.get_unverified_header(compact)["typ"] == "statuslist+jwt"
    claims = jwt.decode(
        compact, KEY.public_key, algorithms=["ES256"], options={"verify_exp": False, "verify_iat": False}
    )
    assert (claims["sub"], claims["iat"], claims["exp"], claims["ttl"]) == (URI, 1000, 2000, 300)
    assert zlib.decompress(base64.urlsafe_b64decode(claims["status_list"]["lst"] + "==")) == bytes.fromhex("24")


def test_a_token_is_read() -> None:
    read = StatusListToken.read(token().sign(KEY), KEY, uri=URI, now=1999)
    assert read == token()
    assert [CardStatus(read.statuses[place]).name for place in range(3)] == ["VALID", "INVALID", "SUSPENDED"]


def test_a_token_that_is_over_or_about_another_list_or_by_another_key_is_refused() -> None:
    compact = token().sign(KEY)
    for key, uri, now in ((KEY, URI, 2000), (KEY, URI + "0", 1500), (ECKey.generate_key("P-256"), URI, 1500)):
        with pytest.raises(StatusListRefused):
            StatusListToken.read(compact, key, uri=uri, now=now)


@pytest.mark.parametrize(
    "change", [{"exp": None}, {"ttl": "5"}, {"iat": True}, {"status_list": {"bits": 2}}, {"sub": None}]
)
def test_claims_that_are_missing_or_wrong_are_refused(change: dict[str, Any]) -> None:
    claims = {
        "sub": URI,
        "iat": 1,
        "exp": 2000,
        "ttl": 5,
        "status_list": {"bits": 2, "lst": "eNo76fITAAPfAgc"},
    } | change
    with pytest.raises(StatusListRefused):
        StatusListToken.read(jose.sign(claims, KEY, typ=TYP), KEY, uri=URI, now=1500)


def test_another_type_of_token_is_no_list() -> None:
    with pytest.raises(StatusListRefused):
        StatusListToken.read(jose.sign({"sub": URI}, KEY, typ="at+jwt"), KEY, uri=URI, now=0)


def test_a_certificate_says_where_its_status_is() -> None:
    reference = StatusReference(URI, 70_000)
    certificate = Entity.root().leaf(extra=[(reference.to_extension(), False)]).certificate
    assert StatusReference.of_certificate(certificate) == reference


def test_a_certificate_may_say_nothing() -> None:
    assert StatusReference.of_certificate(Entity.root().leaf().certificate) is None


@pytest.mark.parametrize("value", [b"", b"\x30\x00", b"\x30\x03\x02\x01\x05", b"nonsense"])
def test_a_reference_that_cannot_be_read_is_refused(value: bytes) -> None:
    extension = x509.UnrecognizedExtension(EXTENSION, value)
    certificate = Entity.root().leaf(extra=[(extension, False)]).certificate
    with pytest.raises(StatusListRefused):
        StatusReference.of_certificate(certificate)
