"""Ranges of printed numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.stock.errors import RangeMalformed
from cardsvc.stock.ranges import expand


def test_every_number_from_the_first_to_the_last() -> None:
    assert expand("HQ-0098", "HQ-0101", 10) == ["HQ-0098", "HQ-0099", "HQ-0100", "HQ-0101"]
    assert expand("0007", "0007", 1) == ["0007"]


@given(st.text("ABC-", max_size=5), st.integers(0, 99_000), st.integers(0, 499), st.integers(5, 8))
def test_a_range_has_its_ends_its_length_and_one_width(prefix: str, low: int, more: int, width: int) -> None:
    first, last = f"{prefix}{low:0{width}d}", f"{prefix}{low + more:0{width}d}"
    numbers = expand(first, last, 500)
    assert (numbers[0], numbers[-1], len(set(numbers))) == (first, last, more + 1)
    assert {len(number) for number in numbers} == {len(first)}


@pytest.mark.parametrize(
    ("first", "last"),
    [("A-1", "A-0"), ("A-1", "B-2"), ("A-1", "A-02"), ("A-001", "A-102"), ("A-", "A-1"), ("", ""), ("A1", "A1B")],
)
def test_what_is_no_range(first: str, last: str) -> None:
    with pytest.raises(RangeMalformed):
        expand(first, last, 101)
