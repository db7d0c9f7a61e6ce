from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers import tlv
from readers.errors import MalformedTlv

tags = st.sampled_from([0x53, 0x5C, 0x7C, 0x7E, 0x7F49, 0x5F2F, 0x5FC102, 0x30, 0x81])


@pytest.mark.parametrize(
    ("length", "encoded"),
    [
        (38, "26"),  # ITU-T X.690 §8.1.3.4, example
        (201, "81C9"),  # ITU-T X.690 §8.1.3.5, example
        (127, "7F"),
        (128, "8180"),
        (256, "820100"),
        (65_536, "83010000"),
    ],
)
def test_lengths_are_the_shortest(length: int, encoded: str) -> None:
    assert tlv.encode_length(length).hex().upper() == encoded


def test_a_length_beyond_any_card() -> None:
    with pytest.raises(ValueError, match="too long"):
        tlv.encode_length(1 << 24)


def test_tags_of_one_to_three_bytes() -> None:
    # The discovery object of SP 800-73-5 part 1 §3.3.2.
    raw = bytes.fromhex("7E124F0BA0000003080000100001005F2F024000")
    content = tlv.unwrap(raw, 0x7E)
    assert tlv.decode(content) == {0x4F: bytes.fromhex("A000000308000010000100"), 0x5F2F: bytes.fromhex("4000")}
    assert tlv.unwrap(tlv.encode(0x5FC102, b"x"), 0x5FC102) == b"x"


@given(st.lists(st.tuples(tags, st.binary(max_size=300)), max_size=20))
def test_round_trip(elements: list[tuple[int, bytes]]) -> None:
    raw = b"".join(tlv.encode(tag, value) for tag, value in elements)
    assert list(tlv.iterate(raw)) == elements


@given(st.binary(max_size=200))
def test_any_bytes_are_elements_or_refused(raw: bytes) -> None:
    try:
        elements = list(tlv.iterate(raw))
    except MalformedTlv:
        return
    # Nothing is read twice or skipped: only lengths may have been written longer than needed.
    assert sum(len(value) + 2 for _, value in elements) <= len(raw)
    assert list(tlv.iterate(b"".join(tlv.encode(*element) for element in elements))) == elements


@pytest.mark.parametrize(
    "raw",
    [
        "53",  # no length
        "5303AABB",  # beyond the end
        "5380",  # indefinite
        "5384FFFFFFFF",  # four bytes of length
        "538201",  # length cut off
        "5F",  # tag cut off
        "5FFFFFFF0100",  # tag of more than three bytes
        "00" * 2 * 257,  # too many
    ],
)
def test_what_no_card_may_send(raw: str) -> None:
    with pytest.raises(MalformedTlv):
        list(tlv.iterate(bytes.fromhex(raw)))


def test_a_tag_that_comes_twice() -> None:
    with pytest.raises(MalformedTlv, match="twice"):
        tlv.decode(bytes.fromhex("30003000"))


@pytest.mark.parametrize("raw", ["", "5300", "7C007C00", "7C0053"])
def test_unwrap_wants_one_element(raw: str) -> None:
    with pytest.raises(MalformedTlv):
        tlv.unwrap(bytes.fromhex(raw), 0x7C)
