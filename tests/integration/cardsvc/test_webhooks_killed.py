"""The service is killed (SIGKILL) while it delivers to a receiver of its own process, on both databases.

What was committed is delivered at least once, each person's events in order, under ids that stay.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from joserfc.jwk import ECKey

from cardsvc.cards.models import Card
from cardsvc.citizens.service import enrol
from cardsvc.client import ServiceClient, WebhookVerifier
from cardsvc.db import new_id, transaction
from cardsvc.departments.inquiries import make_acquainted
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.departments.repository import get_department
from cardsvc.departments.service import add_department
from cardsvc.wire.lifecycle import CardState, RevocationReason
from cardsvc.wire.webhooks import DepartmentEvent, EventType
from tests.fixtures.issuance import whoever_gets
from tests.fixtures.mortal import MortalService
from tests.fixtures.receiver import Receiver, receiver
from tests.fixtures.waiting import wait_until

DEPARTMENT = "education"
PEOPLE = 5
KILLS = (2, 5, 8)
"""After the receiver has got so many."""


@pytest.fixture(autouse=True)
def receivers_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read by the service when it starts. What a dead process has claimed is free again soon."""
    monkeypatch.setenv("CARDSVC_WEBHOOK_PRIVATE_ADDRESSES", "true")
    monkeypatch.setenv("CARDSVC_WEBHOOK_SECONDS", "5")


def department(service: MortalService) -> ServiceClient:
    key = ECKey.generate_key("P-256")
    with transaction(service.services.sessions) as session:
        add_department(
            session,
            code=DEPARTMENT,
            title=DEPARTMENT,
            public_jwk=key.as_dict(private=False),
            actor="ceremony",
            now=service.services.clock(),
        )
    return ServiceClient(service.settings.issuer, DEPARTMENT, key)


def visitor(service: MortalService, number: int) -> UUID:
    """Somebody whom the department knows, with an active card; its UUID."""
    services, now = service.services, service.services.clock()
    with transaction(services.sessions) as session:
        citizen = enrol(session, services.keystore, whoever_gets(f"HQ-{number:04d}"), now)
        card = Card(
            id=new_id(),
            uuid=uuid4(),
            stock_number=f"HQ-{number:04d}",
            state=CardState.ACTIVE,
            citizen_id=citizen.id,
            expires_on=now.date() + timedelta(days=100),
            created_at=now,
        )
        session.add(card)
        name = pseudonym(services.keystore, DEPARTMENT, citizen.id)
        make_acquainted(session, get_department(session, DEPARTMENT), name, citizen.id, now=now)
        return card.uuid


def ids(running: Receiver) -> list[str]:
    return [request.headers["webhook-id"] for request in running.received]


def test_what_was_committed_is_delivered_at_least_once_whenever_the_service_dies(
    mortal: MortalService, tmp_path: Path
) -> None:
    education = department(mortal)
    cards = [visitor(mortal, number) for number in range(1, PEOPLE + 1)]
    with education, receiver(tmp_path / "receiver") as running:
        running.answer(204, seconds=0.2)  # most of the time an event is on its way
        secret = education.subscribe(running.url()).secret
        for card in cards:
            mortal.ana.hold(card, "odd behaviour")
        for card in cards:
            mortal.ana.revoke(card, RevocationReason.WITHDRAWN)
        for count in KILLS:
            wait_until(lambda: len(running.received) >= count)  # noqa: B023 (called at once)
            mortal.restart()
        wait_until(lambda: len(set(ids(running))) == 2 * PEOPLE)
        told = list(education.events())
        received = list(running.received)

    assert [event.number for event in told] == list(range(1, 2 * PEOPLE + 1))
    assert {str(event.id) for event in told} == {request.headers["webhook-id"] for request in received}
    first: dict[UUID, DepartmentEvent] = {}
    for request in received:
        event = WebhookVerifier(secret).verify(request.headers, request.body)
        first.setdefault(event.id, event)
    assert {event.id: event for event in told} == first
    for name in {event.data.pseudonym for event in told}:
        kinds = [event.type for event in first.values() if event.data.pseudonym == name]
        assert kinds == [EventType.CARD_HELD, EventType.CARD_REVOKED]
