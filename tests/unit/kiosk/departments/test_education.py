"""Barcodes of the library."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.departments.contract.luhn import check_digit_is_right
from kiosk.departments.education.catalogue import BARCODE_LENGTH, FIRST_ITEMS, ITEM


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("79927398713", True),  # the worked example of the Luhn algorithm on Wikipedia
        ("79927398710", False),
        ("4111111111111111", True),  # a card number that payment processors publish for tests
        ("378282246310005", True),
    ],
)
def test_published_examples_of_the_check_digit(number: str, right: bool) -> None:  # noqa: FBT001 (a table of examples)
    assert check_digit_is_right(number) is right


@given(st.sampled_from(list(FIRST_ITEMS)), st.integers(0, BARCODE_LENGTH - 1), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(barcode: str, place: int, change: int) -> None:
    wrong = str((int(barcode[place]) + change) % 10)
    assert not check_digit_is_right(barcode[:place] + wrong + barcode[place + 1 :])


def test_the_first_items_have_barcodes_of_items() -> None:
    for barcode in FIRST_ITEMS:
        assert len(barcode) == BARCODE_LENGTH
        assert barcode.startswith(ITEM)
        assert check_digit_is_right(barcode)
