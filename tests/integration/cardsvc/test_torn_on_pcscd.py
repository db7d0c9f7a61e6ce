"""Cards torn out of a reader of a real pcscd while they are issued and unblocked.

Here at every command that changes the card, in one card's life; `make chaos-issuance` does it at every command there
is, with a new card each time.
"""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cardsvc.db import reading
from cardsvc.issuance.models import JournalEntry
from cardsvc.services import Services
from readers.connection import CardConnection
from tests.fixtures.issuance import personalise, reserve
from tests.fixtures.tearing import When, assert_going_on, assert_opens, assert_sealed, writes
from tests.fixtures.torn_on_pcscd import TearingBench

pytestmark = pytest.mark.needs("pcscd", "vpcd", "unshare", "pyscard")

LEAST_TEARS = 13
"""Steps that write."""


@pytest.mark.parametrize("when", When)
def test_torn_at_every_write_of_one_card(sqlite_services: Services, bench: TearingBench, when: When) -> None:
    """Each time it comes back it goes one write further, or one link of a chain."""
    services, card_uuid = sqlite_services, reserve(sqlite_services)

    def work(connection: CardConnection) -> object:
        return personalise(services, card_uuid, connection)

    tears, chains, at, step = 0, 0, 0, ""
    while (torn := bench.tear(work, at, when, writes)).torn:
        tears += 1
        chains += torn.mid_chain
        before, step = step, newest_step(services)
        at = at + 1 if step == before else 0
        assert_going_on(services, card_uuid)
    assert_sealed(services, card_uuid)
    assert tears >= LEAST_TEARS
    assert chains
    with bench.card() as connection:
        assert_opens(services, card_uuid, connection)


def newest_step(services: Services) -> str:
    """What the journal says was being written."""
    with reading(services.sessions) as session:
        return session.scalars(select(JournalEntry.step).order_by(JournalEntry.number.desc()).limit(1)).one()
