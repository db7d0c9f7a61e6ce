"""``make chaos-issuance``: a new card torn out of a real reader at every command of its making, before and after it.

What is torn after a link of a chain, or before its next, is torn in the middle of it. Each card is gone on with and
must end sealed; in between it can be opened, and nothing of it is in force.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from cardsvc.cards.repository import get_card
from cardsvc.db import reading
from cardsvc.services import Services
from cardsvc.wire.lifecycle import CardState
from readers.virtual.pcscd import PrivatePcscd
from tests.fixtures.issuance import personalise, reserve
from tests.fixtures.tearing import When, assert_going_on, assert_opens, assert_sealed, every_command
from tests.fixtures.torn_on_pcscd import TearingBench, laid_out

LEAST_COMMANDS = 60
LEAST_MID_CHAIN = 9


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("when", When)
def test_torn_at_every_command(
    sqlite_services: Services, private_pcscd: PrivatePcscd, tmp_path: Path, when: When
) -> None:
    count: Counter[str] = Counter()
    while True:
        folder = tmp_path / str(count["torn"])
        folder.mkdir()
        with laid_out(private_pcscd, folder) as bench:
            if not torn_and_gone_on_with(sqlite_services, bench, when, count):
                break
    print(f"{when}: {dict(count)}")  # noqa: T201 - the report of the campaign
    assert count["torn"] >= LEAST_COMMANDS
    assert count["mid-chain"] >= LEAST_MID_CHAIN


def torn_and_gone_on_with(services: Services, bench: TearingBench, when: When, count: Counter[str]) -> bool:
    at = count["torn"]
    card_uuid = reserve(services, f"HQ-{at:04}")
    torn = bench.tear(partial(personalise, services, card_uuid), at, when, every_command)
    if not torn.torn:
        assert_sealed(services, card_uuid)
        return False
    count["torn"] += 1
    count["mid-chain"] += torn.mid_chain
    with reading(services.sessions) as session:
        begun = get_card(session, card_uuid).state is not CardState.RESERVED
    count["begun"] += begun
    with bench.card() as connection:
        if begun:
            assert_going_on(services, card_uuid)
            assert_opens(services, card_uuid, connection)
        personalise(services, card_uuid, connection)
    assert_sealed(services, card_uuid)
    return True
