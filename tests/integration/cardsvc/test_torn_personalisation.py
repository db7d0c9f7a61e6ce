"""The card is torn out at every command, or the desk hangs up: it is gone on with, or put aside; never half-written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from cardsvc.audit.models import AuditRecord
from cardsvc.cards.repository import get_card
from cardsvc.citizens.models import Citizen
from cardsvc.db import reading
from cardsvc.issuance.errors import (
    CardFailed,
)
from cardsvc.issuance.models import Attempt, JournalEntry, Verdict
from cardsvc.services import Services
from cardsvc.wire.lifecycle import CardState
from readers.connection import CardConnection
from tests.fixtures.issuance import card_in_reader, personalise, reserve
from tests.fixtures.tearing import (
    TornOut,
    When,
    assert_going_on,
    assert_opens,
    assert_sealed,
    every_command,
    links,
    writes,
)
from tests.fixtures.whole import sample

SHARES = 6
"""The commands of a personalisation are torn at in as many tests, so that they can run at the same time."""
TRIED = sample(range(SHARES), [1, 4])
"""One command in three, unless all are to be tried: `make chaos-issuance` tears a card in a real reader at each."""
LEAST_COMMANDS = 60
"""Some seventy commands make a card; with fewer, something was not torn."""
LEAST_LINKS = 9
"""Of chains: certificates, and the objects of more than 255 bytes."""


@pytest.mark.parametrize("share", TRIED)
def test_torn_before_every_command(sqlite_services: Services, tmp_path: Path, share: int) -> None:
    at = share
    while tear_and_go_on(sqlite_services, tmp_path, at, When.BEFORE, every_command):
        at += SHARES
    assert at > LEAST_COMMANDS
    assert_audit_has_no_gaps(sqlite_services)


@pytest.mark.parametrize("share", sample(range(2), [1]))
def test_torn_after_every_write(sqlite_services: Services, tmp_path: Path, share: int) -> None:
    """The card did it, and nobody heard."""
    at = share
    while tear_and_go_on(sqlite_services, tmp_path, at, When.AFTER, writes):
        at += 2
    assert at > LEAST_LINKS


def test_torn_in_the_middle_of_every_chain(sqlite_services: Services, tmp_path: Path) -> None:
    """The card has taken the link, and waits for the next."""
    at = 0
    while tear_and_go_on(sqlite_services, tmp_path, at, When.AFTER, links):
        at += 1
    assert at >= LEAST_LINKS


def test_torn_at_writes_on_both_databases(services: Services, tmp_path: Path) -> None:
    for at in range(0, 36, 8):
        assert tear_and_go_on(services, tmp_path, at, When.AFTER, writes)
    assert_audit_has_no_gaps(services)


def tear_and_go_on(services: Services, folder: Path, at: int, when: When, counts: Callable[[bytes], bool]) -> bool:
    """Tear a new card once, and go on with it; whether there was a command to tear it at."""
    stock_number = f"HQ-{at:04}"
    (folder / stock_number).mkdir()
    # The links of a photograph are all alike: to tear at each, and at each part of reading it, only takes time.
    card_uuid = reserve(services, stock_number, photographed=counts is not every_command)
    with card_in_reader(folder / stock_number) as connection:
        if not breaks(services, card_uuid, TornOut(connection, at, when, counts)):
            assert_sealed(services, card_uuid)
            return False
        assert_begun_or_not(services, card_uuid, connection)
        assert personalise(services, card_uuid, connection).card_uuid == card_uuid
        assert_sealed(services, card_uuid)
        assert_journal_is_settled(services, card_uuid)
    return True


def assert_begun_or_not(services: Services, card_uuid: UUID, connection: CardConnection) -> None:
    """While it was only looked at, nothing happened."""
    with reading(services.sessions) as session:
        card = get_card(session, card_uuid)
        began = session.scalar(select(Attempt.id).where(Attempt.card_id == card.id)) is not None
    if began:
        assert_going_on(services, card_uuid)
        assert_opens(services, card_uuid, connection)
    else:
        assert card.state is CardState.RESERVED


def breaks(services: Services, card_uuid: UUID, connection: CardConnection) -> bool:
    """Whether the personalisation breaks off."""
    try:
        personalise(services, card_uuid, connection)
    except CardFailed as failed:
        if failed.failure != "CardRemoved":
            raise
        return True
    return False


def assert_journal_is_settled(services: Services, card_uuid: UUID) -> None:
    """Of every write that broke off, somebody found out what became of it."""
    with reading(services.sessions) as session:
        card_id = get_card(session, card_uuid).id
        entries = session.scalars(
            select(JournalEntry).where(JournalEntry.card_id == card_id).order_by(JournalEntry.number)
        ).all()
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    for entry in entries:
        assert entry.done_at is not None or entry.verdict is not None, entry.step
        assert entry.failure in {None, "CardRemoved"}
    for entry in entries:
        if entry.verdict is Verdict.REPEATED:
            assert any(later.step == entry.step and later.number > entry.number for later in entries)


def assert_audit_has_no_gaps(services: Services) -> None:
    with reading(services.sessions) as session:
        for citizen in session.scalars(select(Citizen)):
            numbers = session.scalars(
                select(AuditRecord.citizen_counter)
                .where(AuditRecord.citizen_id == citizen.id)
                .order_by(AuditRecord.citizen_counter)
            )
            assert list(numbers) == list(range(1, citizen.audit_counter + 1))
