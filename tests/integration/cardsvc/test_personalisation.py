"""A blank software card becomes a citizen card, on both databases."""

from __future__ import annotations

from pathlib import Path

from cardsvc.services import Services
from tests.fixtures.issuance import card_in_reader, personalise, reserve


def test_a_blank_card_is_personalised(services: Services, tmp_path: Path) -> None:
    card_uuid = reserve(services)
    with card_in_reader(tmp_path) as connection:
        finished = personalise(services, card_uuid, connection)
    assert finished.card_uuid == card_uuid
