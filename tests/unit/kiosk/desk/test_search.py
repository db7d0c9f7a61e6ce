"""What was typed into the one box of the search."""

from __future__ import annotations

import pytest

from kiosk.desk.search import readings


@pytest.mark.parametrize(
    ("typed", "taken_for"),
    [
        ("", []),
        ("  ", []),
        ("陈美玲", [{"name": "陈美玲"}]),
        (" chen meiling ", [{"name": "chen meiling"}]),
        ("cml", [{"name": "cml"}]),
        ("11010519491231002x", [{"document_number": "11010519491231002X"}, {"card_number": "11010519491231002X"}]),
        ("1234567(8)", [{"document_number": "12345678"}, {"card_number": "12345678"}]),
        ("M 123 4567", [{"document_number": "M1234567"}, {"card_number": "M1234567"}]),
        ("cc-0000-0001", [{"card_number": "CC-0000-0001"}]),
        ("0A1B", [{"card_number": "0A1B"}]),
        ("7F5B2C3D-0000-4000-8000-000000000001", [{"card_number": "7f5b2c3d-0000-4000-8000-000000000001"}]),
        ("1!", []),
    ],
)
def test_one_box_takes_names_and_numbers(typed: str, taken_for: list[dict[str, str]]) -> None:
    assert list(readings(typed)) == taken_for
