"""The check digit of numbers that people read off paper (Luhn, ISO/IEC 7812-1 annex B)."""

from __future__ import annotations


def check_digit_is_right(number: str) -> bool:
    """Whether the last digit fits the others: one wrong digit, and nearly every swap of two, is noticed."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
