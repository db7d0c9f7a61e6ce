"""Deliveries, serials and counts, as they are typed and scanned."""

from __future__ import annotations

from uuid import uuid4

import pytest

from cardsvc.stock.errors import RangeMalformed
from cardsvc.stock.ranges import expand
from cardsvc.wire.stock import MAX_BATCH, StockCard
from kiosk.desk.stock import Count, Scanned, SerialsMalformed, by_custodian, read_numbers, read_serials, size_of


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("HQ-000001", "HQ-000005"),
        ("HQ-000001", "HQ-000001"),
        ("HQ-000005", "HQ-000001"),
        ("HQ-000001", "HZ-000005"),
        ("HQ-0001", "HQ-00005"),
        ("HQ-0001", "HQ-1000"),
        ("HQ-0001", "HQ-1001"),
        ("HQ-0998", "HQ-1003"),
        ("CC-0000-0098", "CC-0000-0103"),
        ("HQ-A", "HQ-B"),
        ("00001", "00020"),
    ],
)
def test_a_delivery_is_as_large_as_the_service_takes_it_for(first: str, last: str) -> None:
    try:
        expected: int | None = len(expand(first, last, MAX_BATCH))
    except RangeMalformed:
        expected = None
    assert size_of(first, last) == expected


def test_a_suppliers_list_of_serials_is_read() -> None:
    assert read_serials("HQ-0001, 04AF12\n\nHQ-0002;99\n HQ-0003\t7B ") == {
        "HQ-0001": "04AF12",
        "HQ-0002": "99",
        "HQ-0003": "7B",
    }
    with pytest.raises(SerialsMalformed) as wrong:
        read_serials("HQ-0001 12\nHQ-0002")
    assert wrong.value.line == 2


def test_numbers_are_read_however_they_are_separated() -> None:
    assert read_numbers(" hq-0001,HQ-0002;\nHQ-0003  ") == ["HQ-0001", "HQ-0002", "HQ-0003"]
    assert read_numbers("") == []


def card(number: str, custodian: str | None = "ana") -> StockCard:
    return StockCard(uuid=uuid4(), stock_number=number, state="stock", custodian=custodian)


def test_a_count_shows_what_is_missing_and_what_is_too_much() -> None:
    count = Count.of("town-hall", [card("HQ-0001"), card("HQ-0002"), card("HQ-0003")])
    scans = [count.scan(number) for number in ("hq-0001", " HQ-0001 ", "HQ-0009", "HQ-0002", "?!")]
    assert scans == [
        Scanned.EXPECTED,
        Scanned.AGAIN,
        Scanned.UNEXPECTED,
        Scanned.EXPECTED,
        Scanned.NO_NUMBER,
    ]
    assert (count.missing, count.unexpected) == (["HQ-0003"], ["HQ-0009"])
    assert count.take_back() == "HQ-0002"
    assert (count.missing, count.seen) == (["HQ-0002", "HQ-0003"], ["HQ-0001", "HQ-0009"])
    assert Count.of("town-hall", []).take_back() is None


def test_who_answers_for_how_many() -> None:
    cards = [card("HQ-0001"), card("HQ-0002", "bo"), card("HQ-0003"), card("HQ-0004", None)]
    assert by_custodian(cards) == [("ana", 2), ("bo", 1), ("–", 1)]
