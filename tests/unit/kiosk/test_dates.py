"""Days in words: alone, and within texts."""

from __future__ import annotations

import pytest

from cardsvc.wire.manifest import Language
from kiosk.dates import day_in, with_days_in


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.ENGLISH, "5 March 2027"),
        (Language.CHINESE, "2027年3月5日"),
        (Language.PORTUGUESE, "5 de março de 2027"),
    ],
)
def test_a_day_in_words(language: Language, said: str) -> None:
    assert day_in("2027-03-05", language) == said
    assert with_days_in("2027-03-05", language) == said


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("2026-11-29 14:22 · Town hall", Language.ENGLISH, "29 Nov 2026 14:22 · Town hall"),
        ("自2027-03-05起", Language.CHINESE, "自2027年3月5日起"),
        ("2027-03-05至2027-04-01", Language.CHINESE, "2027年3月5日至2027年4月1日"),
        ("em vigor · até 2028-01-01", Language.PORTUGUESE, "em vigor · até 01/01/2028"),
        ("CS-20261129-142214", Language.ENGLISH, "CS-20261129-142214"),
        ("Lot 12026-11-29", Language.ENGLISH, "Lot 12026-11-29"),
        ("Q2026-11-29", Language.ENGLISH, "Q2026-11-29"),
        ("2026-11-29-7", Language.ENGLISH, "2026-11-29-7"),
        ("2026-02-30", Language.ENGLISH, "2026-02-30"),
    ],
)
def test_days_within_a_text_are_said_and_numbers_stay(text: str, language: Language, said: str) -> None:
    assert with_days_in(text, language) == said
