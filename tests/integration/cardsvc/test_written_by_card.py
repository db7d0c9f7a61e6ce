"""An officer who signed in with their own card has another card written over the relay, as long as theirs is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from cardsvc.app import create_app
from cardsvc.callers.models import CallerKind
from cardsvc.cards.repository import get_card
from cardsvc.client import ServiceClient
from cardsvc.db import reading
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.relay import Progress
from kiosk.desk.relay import RelayRefused, relay_personalisation
from tests.fixtures.issuance import card_in_reader, whoever_gets
from tests.fixtures.live import serving
from tests.fixtures.proofs import BASE_URL, City, begin, say_who_it_is


@dataclass(frozen=True)
class Desk:
    """A desk on a socket, with the officer's card in its first reader."""

    city: City
    itself: ServiceClient
    officer: ServiceClient
    visit: str

    def reserve(self) -> UUID:
        """A card for somebody, approved by a colleague."""
        bo = self.city.caller("bo", CallerKind.OFFICER)
        application = self.officer.create_application(whoever_gets("HQ-0001"))
        self.officer.submit(application.id)
        bo.approve(application.id)
        bo.add_stock("HQ-0001")
        return self.officer.personalise(application.id, "HQ-0001").uuid

    def state_of(self, card_uuid: UUID) -> CardState:
        with reading(self.city.services.sessions) as session:
            return get_card(session, card_uuid).state


@pytest.fixture
def desk(city: City) -> Iterator[Desk]:
    card = city.card()
    city.caller("ana", CallerKind.OFFICER)
    say_who_it_is(city, "ana", card.citizen_id)
    city.client("ana").confirm_card(card.uuid)
    city.caller("desk-1", CallerKind.DESK)
    with ExitStack() as stack:
        url = stack.enter_context(serving(create_app(city.services)))

        def client(visit_token: str | None = None) -> ServiceClient:
            opened = ServiceClient(
                url, "desk-1", city.keys["desk-1"], issuer=BASE_URL, clock=city.clock, visit_token=visit_token
            )
            return stack.enter_context(opened)

        itself = client()
        visit = begin(itself, card, Level.PIN)
        yield Desk(city, itself, client(visit), visit)


def test_a_card_is_written(desk: Desk, tmp_path: Path) -> None:
    card_uuid = desk.reserve()
    with card_in_reader(tmp_path) as connection:
        relay_personalisation(desk.officer, card_uuid, connection)
    assert desk.state_of(card_uuid) is CardState.SEALED
    assert desk.city.audit("card.personalise")[-1].actor == "ana"


def test_a_visit_that_has_run_out_meanwhile_does_not_tear_the_card(desk: Desk, tmp_path: Path) -> None:
    card_uuid = desk.reserve()

    def wait(progress: Progress) -> None:
        if progress.step == "key-9c":
            desk.city.clock.advance(hours=1)

    with card_in_reader(tmp_path) as connection:
        relay_personalisation(desk.officer, card_uuid, connection, wait)
    assert desk.state_of(card_uuid) is CardState.SEALED


def test_no_more_is_written_once_the_officer_has_left(desk: Desk, tmp_path: Path) -> None:
    card_uuid = desk.reserve()

    def leave(progress: Progress) -> None:
        if progress.step == "key-9c":
            desk.itself.end_visit(desk.visit)

    with card_in_reader(tmp_path) as connection, pytest.raises(RelayRefused) as refused:
        relay_personalisation(desk.officer, card_uuid, connection, leave)
    assert refused.value.code == "caller-shut-out"
    assert desk.state_of(card_uuid) is CardState.PERSONALISING
