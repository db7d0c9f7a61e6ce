"""Cards that our service issued, judged as any reader would."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cardsvc.services import Services
from readers.piv.identifiers import KeyReference
from readers.piv.judging import Code, Depth, Judgement, Trust, judge
from readers.piv.pin import Pin
from readers.virtual.loopback import LoopbackConnection, LoopbackReader, put_on, take_off
from tests.fixtures.cards import PersonalisedCard, personalise


@contextmanager
def connected(card: PersonalisedCard, *, contactless: bool = False) -> Iterator[LoopbackConnection]:
    slot = card.state_file.with_suffix(".judged")
    put_on(slot, card.state_file)
    with LoopbackReader(slot, contactless=contactless).connect() as connection:
        yield connection
    take_off(slot)


@pytest.mark.parametrize("contactless", [False, True])
def test_a_tap_of_an_issued_card(
    service_card: PersonalisedCard, sqlite_services: Services, *, contactless: bool
) -> None:
    authority = sqlite_services.authority
    with connected(service_card, contactless=contactless) as connection:
        verdict = judge(connection, Trust([authority.root], [authority.issuing]), datetime.now(UTC), os.urandom)
    assert verdict.depth is Depth.TAP
    assert verdict.faults == ()
    assert verdict.judgement is Judgement.RIGHT


def test_an_issued_card_in_full(service_card: PersonalisedCard, sqlite_services: Services) -> None:
    authority = sqlite_services.authority
    with connected(service_card) as connection:
        verdict = judge(
            connection,
            Trust([authority.root], [authority.issuing]),
            datetime.now(UTC),
            os.urandom,
            pin=Pin(service_card.pin),
        )
    assert verdict.depth is Depth.FULL
    assert verdict.findings == ()


def test_a_card_of_somebody_who_knows_no_better(tmp_path: Path) -> None:
    card = personalise(tmp_path / "card.json")
    with connected(card) as connection:
        verdict = judge(connection, Trust([card.authority]), datetime.now(UTC), os.urandom, pin=Pin(card.pin))
    found = {(finding.code, finding.where) for finding in verdict.faults}
    assert (Code.OBJECT_MISSING, "SECURITY_OBJECT") in found
    assert (Code.NAME_MISSING, f"{KeyReference.CARD_AUTHENTICATION:02X}") in found
    assert (Code.KEY_DIFFERS, "9E") not in found
