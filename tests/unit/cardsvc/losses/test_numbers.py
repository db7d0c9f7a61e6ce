"""Numbers of reports: check digits as others compute them, and what a bad line does to them."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cardsvc.losses.numbers import DIGITS, check_digit, draw_number, is_number

BODIES = st.text("0123456789", min_size=DIGITS - 1, max_size=DIGITS - 1)


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        ("7992739871", "3"),  # the example of H. P. Luhn's rule in Wikipedia, "Luhn algorithm"
        ("411111111111111", "1"),  # the payment card number that Visa publishes for tests
        ("37828224631000", "5"),  # and American Express
    ],
)
def test_published_check_digits(body: str, digit: str) -> None:
    assert check_digit(body) == digit


def test_what_is_drawn_is_a_number() -> None:
    numbers = {draw_number() for _ in range(100)}
    assert len(numbers) == 100
    assert all(is_number(number) for number in numbers)


@given(BODIES, st.integers(0, DIGITS - 1), st.sampled_from("0123456789"))
def test_a_digit_that_was_misheard_is_noticed(body: str, place: int, heard: str) -> None:
    number = body + check_digit(body)
    assume(number[place] != heard)
    assert not is_number(number[:place] + heard + number[place + 1 :])


@given(BODIES, st.integers(0, DIGITS - 2))
def test_neighbours_that_changed_places_are_noticed_except_09(body: str, place: int) -> None:
    number = body + check_digit(body)
    one, other = number[place], number[place + 1]
    assume(one != other and {one, other} != {"0", "9"})
    assert not is_number(number[:place] + other + one + number[place + 2 :])


@pytest.mark.parametrize("text", ["", "123", "12345678901", "１２３４５６７８９０", "123456789a"])
def test_what_is_no_number(text: str) -> None:
    assert not is_number(text)
