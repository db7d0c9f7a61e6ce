from __future__ import annotations

import contextlib
from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.errors import ProtocolError
from readers.piv.fascn import NON_FEDERAL, FascN

PUBLISHED = [
    # TIG SCEPACS 2.3, the worked example of §6: agency 0032, system 0001, credential 092446, …
    (FascN(32, 1, 92446, 0, 1, 1112223333, 1, 1223, 2), "D0439458210C2C19A0846D83685A1082108CE73984108CA3FC"),
    # What yubico-piv-tool writes on every card (lib/util.c, CHUID_TMPL).
    (NON_FEDERAL, "D4E739DA739CED39CE739D836858210842108421C84210C3EB"),
]

numbers = st.builds(
    FascN,
    *(st.integers(0, 10**digits - 1) for digits in (4, 4, 6, 1, 1, 10, 1, 4, 1)),
)


@pytest.mark.parametrize(("number", "encoded"), PUBLISHED)
def test_published_examples(number: FascN, encoded: str) -> None:
    assert bytes(number).hex().upper() == encoded
    assert FascN.from_bytes(bytes.fromhex(encoded)) == number


@given(numbers)
def test_round_trip(number: FascN) -> None:
    assert FascN.from_bytes(bytes(number)) == number


@given(numbers, st.integers(0, 199))
def test_one_wrong_bit_is_noticed(number: FascN, bit: int) -> None:
    wrong = int.from_bytes(bytes(number), "big") ^ (1 << bit)
    with pytest.raises(ProtocolError):
        FascN.from_bytes(wrong.to_bytes(25, "big"))


@given(st.binary(max_size=30))
def test_any_bytes_are_a_number_or_refused(raw: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        assert bytes(FascN.from_bytes(raw)) == raw


def test_a_number_with_too_many_digits() -> None:
    with pytest.raises(ValueError, match="agency_code"):
        FascN(10_000, 0, 0, 0, 0, 0, 0, 0, 0)


def packed(text: str) -> bytes:
    """Characters as BCD digits with parity, and a right check character behind them."""
    codes = [int(character, 16) for character in text]
    codes.append(reduce(xor, codes))
    bits = "".join(f"{code:04b}"[::-1] + str(1 - code.bit_count() % 2) for code in codes)
    return int(bits, 2).to_bytes(25, "big")


def test_the_frame_of_separators() -> None:
    right = "B9999D9999D999999D0D1D0000000000300001F"
    assert FascN.from_bytes(packed(right)) == NON_FEDERAL
    for wrong in (
        "0" + right[1:],
        right[:-1] + "D",
        right.replace("D0D1D", "D001D"),
        right.replace("9999D", "999AD", 1),
    ):
        with pytest.raises(ProtocolError):
            FascN.from_bytes(packed(wrong))
