"""Amounts and days as people read them, and receipt numbers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter

from cardsvc.wire.manifest import Outcome
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.money import yuan
from kiosk.departments.contract.serving import random_receipt
from kiosk.departments.contract.texts import texts


@pytest.mark.parametrize(
    ("fen", "shown"),
    [
        (0, "CNY 0.00"),
        (5, "CNY 0.05"),
        (150_00, "CNY 150.00"),
        (1_234_567_89, "CNY 1,234,567.89"),
        (-1, "-CNY 0.01"),
        (-150_00, "-CNY 150.00"),
    ],
)
def test_yuan(fen: int, shown: str) -> None:
    assert yuan(fen) == shown


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_the_citys_day_begins_eight_hours_before_utc(now: datetime, day: date) -> None:
    assert city_date(now) == day


def test_receipts_fit_the_contract_and_differ() -> None:
    receipts = {random_receipt("MI") for _ in range(200)}

    assert len(receipts) == 200
    for receipt in receipts:
        assert re.fullmatch(r"MI-\w{4}-\w{4}-\w{2}", receipt)
        TypeAdapter(Outcome).validate_python({"title": texts("a", "b", "c"), "receipt": receipt})
