"""The model of air time, against sums done by hand."""

from __future__ import annotations

import pytest

from tests.bench.air import CARRIER, DIVISORS, Sizes, milliseconds


def by_hand(bits: int, frames: int, kbits: int = 106) -> float:
    return 1000 * (bits * DIVISORS[kbits] + frames * 1172) / CARRIER


def test_a_short_exchange_is_two_frames() -> None:
    # SELECT: 15 + 3 bytes there, 21 + 3 back; nine bits each, three around each frame.
    bits = 18 * 9 + 3 + 24 * 9 + 3
    assert milliseconds([Sizes(15, 21)], 106) == pytest.approx(by_hand(bits, 2))


def test_a_full_block_needs_no_second() -> None:
    assert milliseconds([Sizes(253, 2)], 106) == pytest.approx(by_hand(256 * 9 + 3 + 5 * 9 + 3, 2))


def test_a_long_command_is_acknowledged_in_between() -> None:
    """A link of a chain, 260 bytes: 253 and 7, and an R-block of three bytes between them."""
    bits = (256 * 9 + 3) + (3 * 9 + 3) + (10 * 9 + 3) + (5 * 9 + 3)
    assert milliseconds([Sizes(260, 2)], 106) == pytest.approx(by_hand(bits, 4))


def test_faster_bits_make_frames_shorter_and_turns_no_shorter() -> None:
    exchange = [Sizes(15, 21)]
    bits = 18 * 9 + 3 + 24 * 9 + 3
    for kbits in DIVISORS:
        assert milliseconds(exchange, kbits) == pytest.approx(by_hand(bits, 2, kbits))
    assert milliseconds(exchange, 848) > milliseconds(exchange, 106) / 8


def test_it_adds_up() -> None:
    one, two = Sizes(15, 21), Sizes(260, 300)
    assert milliseconds([one, two], 424) == pytest.approx(milliseconds([one], 424) + milliseconds([two], 424))
    assert milliseconds([], 424) == 0
