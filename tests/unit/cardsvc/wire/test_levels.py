"""The order of the levels is ours, not the alphabet's."""

from __future__ import annotations

import operator
from itertools import product

import pytest

from cardsvc.wire.levels import Level

ORDER = [Level.TAP, Level.PIN, Level.SIGN]


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq])
def test_every_comparison_follows_the_order(compare: object) -> None:
    assert callable(compare)
    for (i, low), (j, high) in product(enumerate(ORDER), repeat=2):
        assert compare(low, high) == compare(i, j), f"{low} {compare} {high}"


def test_sorting_follows_the_order() -> None:
    assert sorted([Level.SIGN, Level.PIN, Level.TAP]) == ORDER
    assert max(ORDER) is Level.SIGN
