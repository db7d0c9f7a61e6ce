from __future__ import annotations

import pytest

from readers.status import KnownStatus, StatusWord


@pytest.mark.parametrize(
    ("word", "left"),
    [(0x63C3, 3), (0x63C0, 0), (0x63CF, 15), (0x6983, 0), (0x9000, None), (0x6300, None), (0x6982, None)],
)
def test_tries_left(word: int, left: int | None) -> None:
    assert StatusWord(word).tries_left == left


@pytest.mark.parametrize(("word", "more"), [(0x6100, 256), (0x6117, 0x17), (0x9000, None), (0x6C17, None)])
def test_more_available(word: int, more: int | None) -> None:
    assert StatusWord(word).more_available == more


@pytest.mark.parametrize(("word", "exact"), [(0x6C00, 256), (0x6C2A, 0x2A), (0x9000, None), (0x612A, None)])
def test_exact_length(word: int, exact: int | None) -> None:
    assert StatusWord(word).exact_length == exact


def test_only_9000_is_success() -> None:
    assert [word for word in range(0x10000) if StatusWord(word).ok] == [KnownStatus.SUCCESS]


def test_it_says_its_name_where_it_has_one() -> None:
    assert str(StatusWord(0x6982)) == "6982 (security status not satisfied)"
    assert str(StatusWord(0x63C2)) == "63C2"
    assert repr(StatusWord(0x9000)) == "StatusWord(0x9000)"
