"""The service is killed (SIGKILL) while it issues and while it revokes, again and again, on both databases.

What it had acknowledged is there afterwards; what it had not is done altogether or not at all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from cardsvc.audit.models import AuditRecord
from cardsvc.audit.sequencer import Sequencer
from cardsvc.audit.signing import LogSigner
from cardsvc.audit.verification import verify
from cardsvc.cards.repository import get_card
from cardsvc.client import ClientError
from cardsvc.db import reading, snapshot
from cardsvc.issuance.models import JournalEntry
from cardsvc.trust.models import Certificate, CertificateStatus
from cardsvc.wire.lifecycle import CardState, RevocationReason
from kiosk.desk.relay import RelayBroken, RelayRefused, relay_personalisation
from readers.connection import CardConnection
from tests.fixtures.issuance import card_in_reader, whoever_gets
from tests.fixtures.mortal import MortalService
from tests.fixtures.proofs import issue_card
from tests.fixtures.tearing import When, assert_going_on, assert_opens, assert_sealed
from tests.fixtures.transports import Through

KILLS = ((5, When.BEFORE), (12, When.AFTER), (19, When.BEFORE), (30, When.AFTER), (40, When.BEFORE))
"""After so many commands of a relay, before the card gets the next or before the service hears of it."""


class DeadlyConnection(Through):
    """The service dies at the n-th command of the relay; the card goes on working."""

    def __init__(self, inner: CardConnection, at: int, when: When, kill: Callable[[], None]) -> None:
        super().__init__(inner)
        self._left = at
        self._when = when
        self._kill = kill

    def transmit(self, command: bytes) -> bytes:
        self._left -= 1
        if self._left == 0 and self._when is When.BEFORE:
            self._kill()
        answer = super().transmit(command)
        if self._left == 0 and self._when is When.AFTER:
            self._kill()
        return answer


def reserve(service: MortalService, stock_number: str) -> UUID:
    application = service.ana.create_application(whoever_gets(stock_number))
    service.ana.submit(application.id)
    service.bo.approve(application.id)
    service.ana.add_stock(stock_number)
    return service.ana.personalise(application.id, stock_number).uuid


def test_killed_while_a_card_is_made(mortal: MortalService, tmp_path: Path) -> None:
    """After each death the card is gone on with at once: nobody waits for the dead."""
    card_uuid = reserve(mortal, "HQ-0001")
    with card_in_reader(tmp_path) as connection:
        for at, when in KILLS:
            deadly = DeadlyConnection(connection, at, when, mortal.kill)
            with pytest.raises((RelayBroken, RelayRefused)):
                relay_personalisation(mortal.desk, card_uuid, deadly)
            mortal.start()
            if mortal.desk.card(card_uuid).state is not CardState.RESERVED:
                assert_going_on(mortal.services, card_uuid)
                assert_opens(mortal.services, card_uuid, connection)
            assert_what_was_journaled_is_there(mortal, card_uuid)
            assert_the_log_is_whole(mortal)
        relay_personalisation(mortal.desk, card_uuid, connection)
    assert_sealed(mortal.services, card_uuid)
    mortal.restart()
    assert mortal.desk.card(card_uuid).state is CardState.SEALED


def assert_what_was_journaled_is_there(service: MortalService, card_uuid: UUID) -> None:
    """An intent to write a certificate was committed together with it."""
    with reading(service.services.sessions) as session:
        card_id = get_card(session, card_uuid).id
        intended = set(session.scalars(select(JournalEntry.step).where(JournalEntry.card_id == card_id)))
        certified = set(session.scalars(select(Certificate.key_reference).where(Certificate.card_id == card_id)))
    assert {f"certificate-{key:02x}" for key in certified} == {
        step for step in intended if step.startswith("certificate-")
    }


def test_killed_while_cards_are_revoked(mortal: MortalService) -> None:
    """Four officers revoke cards as fast as they can, and when three are revoked the service dies."""
    cards = [active_card(mortal, number) for number in range(24)]
    acknowledged: set[UUID] = set()
    for first in range(0, len(cards), 8):
        acknowledged |= revoke_until_killed(mortal, cards[first : first + 8])
        mortal.start()
        for card in cards:
            assert_revoked_or_not(mortal, card, acknowledged=card in acknowledged)
        assert_the_log_is_whole(mortal)
    assert len(acknowledged) >= 3 * 3


def active_card(service: MortalService, number: int) -> UUID:
    return issue_card(service.services, whoever_gets(f"KILL-{number:04}")).uuid


def revoke_until_killed(service: MortalService, cards: list[UUID]) -> set[UUID]:
    """Those of which the service said that they are revoked, before it died."""
    acknowledged: set[UUID] = set()
    enough = threading.Event()

    def revoke(card: UUID) -> None:
        try:
            service.ana.revoke(card, RevocationReason.WITHDRAWN)
        except ClientError:
            return
        acknowledged.add(card)
        if len(acknowledged) >= 3:
            enough.set()

    with ThreadPoolExecutor(4) as desks:
        work = [desks.submit(revoke, card) for card in cards]
        assert enough.wait(60)
        service.kill()
        for done in work:
            done.result()
    return acknowledged


def assert_revoked_or_not(service: MortalService, card_uuid: UUID, *, acknowledged: bool) -> None:
    """Card, certificates and record go together."""
    with reading(service.services.sessions) as session:
        card = get_card(session, card_uuid)
        statuses = set(session.scalars(select(Certificate.status).where(Certificate.card_id == card.id)))
        records = session.scalars(
            select(AuditRecord.id).where(AuditRecord.card_id == card.id, AuditRecord.event == "card.revoke")
        ).all()
    revoked = (CardState.REVOKED, {CertificateStatus.REVOKED}, 1)
    untouched = (CardState.ACTIVE, {CertificateStatus.VALID}, 0)
    found = (card.state, statuses, len(records))
    assert found == revoked if acknowledged else found in (revoked, untouched)


def assert_the_log_is_whole(service: MortalService) -> None:
    """Every record has its place, no citizen's counter a gap, and what was signed before the death still holds."""
    services = service.services
    signer = LogSigner.of(services.keystore, services.settings.issuer)
    Sequencer(services.sessions, signer, services.clock).sequence()
    with snapshot(services.sessions.kw["bind"]) as connection:
        report = verify(connection, signer.key, services.clock())
    assert report.findings == []
    assert report.size
