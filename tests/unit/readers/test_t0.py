"""Command APDUs as TPDUs. The four cases: ISO/IEC 7816-3 §12.2.2 to §12.2.5."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.t0 import to_tpdu


@pytest.mark.parametrize(
    ("command", "tpdu"),
    [
        ("00200080", "0020008000"),  # case 1
        ("00C0000010", "00C0000010"),  # case 2
        ("00C0000000", "00C0000000"),
        ("0020008002 AABB", "0020008002 AABB"),  # case 3
        ("00CB3FFF05 5C035FC102 00", "00CB3FFF05 5C035FC102"),  # case 4: the card will say 61xx
        ("00A4040000", "00A4040000"),
        ("00CB3FFF000005 5C035FC102 0000", "00CB3FFF000005 5C035FC102 0000"),  # extended: not ours to change
    ],
)
def test_each_case(command: str, tpdu: str) -> None:
    assert to_tpdu(bytes.fromhex(command)) == bytes.fromhex(tpdu)


@given(st.binary(max_size=300))
def test_nothing_makes_it_fail(command: bytes) -> None:
    assert len(to_tpdu(command)) - len(command) in (-1, 0, 1)
