"""Who goes on with a card that was begun, with which card, and when it is put aside instead."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from cardsvc.cards.models import Card
from cardsvc.cards.repository import get_card
from cardsvc.citizens import photos
from cardsvc.db import reading, transaction
from cardsvc.issuance import applications
from cardsvc.issuance.attempts import take_turn
from cardsvc.issuance.errors import (
    AnotherCard,
    CardBegunElsewhere,
    CardFailed,
    CardLocked,
    NotBegun,
    TakenOver,
)
from cardsvc.issuance.models import Application, Attempt, Purpose
from cardsvc.issuance.personalisation import Personalisation
from cardsvc.issuance.quarantine import give_up
from cardsvc.services import Services
from cardsvc.stock import service as stock
from cardsvc.transitions import TransitionRefused
from cardsvc.trust.models import Certificate, CertificateStatus
from cardsvc.wire.lifecycle import CardState, StockRequest
from cardsvc.wire.relay import Progress
from readers.connection import CardConnection
from readers.piv.admin import PivAdmin
from readers.piv.identifiers import KeyReference, ObjectId, PinReference
from readers.piv.metadata import tries_left
from readers.piv.products import recognise
from readers.piv.session import PivSession
from tests.fixtures.issuance import ANA, DESK, OTHER_DESK, LocalDesk, card_in_reader, personalise, reserve, seat
from tests.fixtures.pictures import picture
from tests.fixtures.tearing import (
    WRITING,
    Silent,
    TornOut,
    When,
    assert_going_on,
    assert_put_aside,
    assert_sealed,
    begin,
    every_command,
)

PUT_DATA = 0xDB
CHUID_TAG = bytes.fromhex("5C035FC102")


def test_another_desk_goes_on(services: Services, tmp_path: Path) -> None:
    """On both databases, and at once."""
    card_uuid = reserve(services)
    with transaction(services.sessions) as session:
        seat(session, OTHER_DESK)
    with card_in_reader(tmp_path) as connection:
        begin(services, card_uuid, connection)
        desk = LocalDesk(connection)
        Personalisation(services, desk, card_uuid, OTHER_DESK).run(desk.hello)
    assert_sealed(services, card_uuid)
    with reading(services.sessions) as session:
        attempts = session.scalars(select(Attempt).order_by(Attempt.number)).all()
    assert [(one.actor, one.outcome) for one in attempts] == [("desk-1", "card-failed"), ("desk-2", "ok")]


def test_a_second_turn_ends_the_first(services: Services, tmp_path: Path) -> None:
    """Whoever shows the card has it. The first desk, should it be alive, writes nothing more."""
    card_uuid = reserve(services)
    with card_in_reader(tmp_path) as connection:

        def take_over(progress: Progress) -> None:
            if progress.step == "certificate-9a":
                with transaction(services.sessions) as session:
                    card = get_card(session, card_uuid, to_change=True)
                    take_turn(session, card, Purpose.ISSUANCE, actor=DESK, now=services.clock())

        desk = LocalDesk(connection, on_progress=take_over)
        with pytest.raises(TakenOver):
            Personalisation(services, desk, card_uuid, DESK).run(desk.hello)
        assert_going_on(services, card_uuid)
        personalise(services, card_uuid, connection)
    assert_sealed(services, card_uuid)


def test_nothing_is_written_anew_that_the_card_has(sqlite_services: Services, tmp_path: Path) -> None:
    card_uuid = reserve(sqlite_services, photographed=False)
    with card_in_reader(tmp_path) as connection:
        with pytest.raises(CardFailed):
            personalise(sqlite_services, card_uuid, TornOut(connection, 69, When.BEFORE, every_command))
        desk = LocalDesk(connection)
        Personalisation(sqlite_services, desk, card_uuid, DESK).run(desk.hello)
    assert not {command[1] for command in desk.commands} & {0x47, 0xFF}
    assert_sealed(sqlite_services, card_uuid)


class TestThePhotograph:
    """Of a card that was begun. It is signed once; signed again, it would be another object."""

    def test_is_written_once(self, sqlite_services: Services, tmp_path: Path) -> None:
        assert self.writes_after_a_tear(sqlite_services, tmp_path, lambda _: None) == []

    def test_that_was_replaced_meanwhile_is_replaced_on_the_card(
        self, sqlite_services: Services, tmp_path: Path
    ) -> None:
        def replace(citizen_id: UUID) -> None:
            self.store(sqlite_services, citizen_id, picture(800, 1000, colour=(90, 40, 30)))

        written = self.writes_after_a_tear(sqlite_services, tmp_path, replace)
        assert written == [ObjectId.FACIAL_IMAGE, ObjectId.SECURITY_OBJECT]

    def test_that_came_meanwhile_is_written_and_vouched_for(self, sqlite_services: Services, tmp_path: Path) -> None:
        def bring(citizen_id: UUID) -> None:
            self.store(sqlite_services, citizen_id, picture())

        written = self.writes_after_a_tear(sqlite_services, tmp_path, bring, photographed=False)
        assert written == [ObjectId.FACIAL_IMAGE, ObjectId.SECURITY_OBJECT]

    def store(self, services: Services, citizen_id: UUID, sent: bytes) -> None:
        with transaction(services.sessions) as session:
            portrait = photos.judge(sent)
            photos.store(session, services.keystore, citizen_id, portrait, actor=ANA, now=services.clock())

    def writes_after_a_tear(
        self, services: Services, folder: Path, meanwhile: Callable[[UUID], None], *, photographed: bool = True
    ) -> list[int]:
        """Tear the card out before its last object, the CHUID; which others are written when it is gone on with."""
        card_uuid = reserve(services, photographed=photographed)
        with card_in_reader(folder) as connection:
            torn = TornOut(connection, 0, When.BEFORE, lambda command: CHUID_TAG in command and command[1] == PUT_DATA)
            with pytest.raises(CardFailed):
                personalise(services, card_uuid, torn)
            with reading(services.sessions) as session:
                citizen_id = session.scalars(select(Application.citizen_id)).one()
            meanwhile(citizen_id)
            desk = LocalDesk(connection)
            Personalisation(services, desk, card_uuid, DESK).run(desk.hello)
        assert_sealed(services, card_uuid)
        puts = (command for command in desk.commands if command[1] == PUT_DATA and b"\x5c\x03" in command[:8])
        written = [int.from_bytes(command[command.index(b"\x5c\x03") + 2 :][:3], "big") for command in puts]
        return [object_id for object_id in written if object_id != ObjectId.CHUID]


def test_a_key_made_anew_revokes_the_certificate_of_the_one_before(sqlite_services: Services, tmp_path: Path) -> None:
    """The card has another key 9A by now: the certificate that was issued must never come into force."""
    services, card_uuid = sqlite_services, reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        begin(services, card_uuid, connection, at=10)
        session = PivSession.open(connection)
        admin = PivAdmin(session)
        admin.authenticate(recognise(session).management_key)
        admin.generate_key(KeyReference.PIV_AUTHENTICATION)
        personalise(services, card_uuid, connection)
    with reading(services.sessions) as database:
        rows = database.scalars(select(Certificate).where(Certificate.key_reference == 0x9A).order_by(Certificate.id))
        statuses = [row.status for row in rows]
    assert statuses == [CertificateStatus.REVOKED, CertificateStatus.ON_HOLD]
    assert_sealed(services, card_uuid)


def test_another_card_is_not_gone_on_with(sqlite_services: Services, tmp_path: Path) -> None:
    services, card_uuid = sqlite_services, reserve(sqlite_services)
    (tmp_path / "other").mkdir()
    with card_in_reader(tmp_path) as connection:
        begin(services, card_uuid, connection)
        with card_in_reader(tmp_path / "other") as other:
            desk = LocalDesk(other)
            with pytest.raises(AnotherCard):
                Personalisation(services, desk, card_uuid, DESK).run(desk.hello)
        assert not {command[1] for command in desk.commands} & WRITING
        assert_going_on(services, card_uuid)
        personalise(services, card_uuid, connection)
    assert_sealed(services, card_uuid)


def test_a_card_begun_for_somebody_else_is_refused(sqlite_services: Services, tmp_path: Path) -> None:
    """It has nothing on it but the marker, and would pass for a blank."""
    services, card_uuid = sqlite_services, reserve(sqlite_services)
    other = reserve(services, "HQ-0002")
    with card_in_reader(tmp_path) as connection:
        begin(services, card_uuid, connection, at=0)
        with pytest.raises(CardBegunElsewhere):
            personalise(services, other, connection)
        with reading(services.sessions) as session:
            assert get_card(session, other).state is CardState.RESERVED
        personalise(services, card_uuid, connection)


def test_before_the_marker_any_blank_will_do(sqlite_services: Services, tmp_path: Path) -> None:
    services, card_uuid = sqlite_services, reserve(sqlite_services)
    (tmp_path / "other").mkdir()
    with card_in_reader(tmp_path) as connection:
        begin(services, card_uuid, connection, at=0, when=When.BEFORE)
    with card_in_reader(tmp_path / "other") as other:
        personalise(services, card_uuid, other)
    assert_sealed(services, card_uuid)


def test_the_marker_that_counts_is_the_newest(sqlite_services: Services, tmp_path: Path) -> None:
    """The first card took its marker, and nobody knew; another blank was begun since. The first is out of it."""
    services, card_uuid = sqlite_services, reserve(sqlite_services)
    (tmp_path / "other").mkdir()
    with card_in_reader(tmp_path) as first, card_in_reader(tmp_path / "other") as second:
        begin(services, card_uuid, first, at=0)
        begin(services, card_uuid, second, at=3)
        with pytest.raises(AnotherCard):
            personalise(services, card_uuid, first)
        personalise(services, card_uuid, second)
    assert_sealed(services, card_uuid)


def test_a_card_given_up(services: Services, tmp_path: Path) -> None:
    """On both databases: it is put aside, is not gone on with, and its application gets another card."""
    card_uuid = reserve(services)
    (tmp_path / "second").mkdir()
    with card_in_reader(tmp_path) as connection:
        begin(services, card_uuid, connection)
        with transaction(services.sessions) as session:
            give_up(session, card_uuid, "bent", actor=ANA, now=services.clock())
        assert_put_aside(services, card_uuid)
        with pytest.raises(TransitionRefused, match="quarantined"):
            personalise(services, card_uuid, connection)
    with transaction(services.sessions) as session:
        application = session.scalars(select(Application)).one()
        stock.add_card(session, StockRequest(stock_number="HQ-0002"), actor=ANA, now=services.clock())
        second = applications.reserve_card(session, application.id, "HQ-0002", actor=ANA, now=services.clock()).uuid
    with card_in_reader(tmp_path / "second") as connection:
        personalise(services, second, connection)
    assert_sealed(services, second)
    with reading(services.sessions) as session:
        states = set(session.scalars(select(Card.state)))
    assert states == {CardState.QUARANTINED, CardState.SEALED}


@pytest.mark.parametrize("state", [CardState.RESERVED, CardState.SEALED])
def test_only_a_card_that_was_begun_is_given_up(sqlite_services: Services, tmp_path: Path, state: CardState) -> None:
    card_uuid = reserve(sqlite_services)
    if state is CardState.SEALED:
        with card_in_reader(tmp_path) as connection:
            personalise(sqlite_services, card_uuid, connection)
    with pytest.raises(NotBegun, match=state), transaction(sqlite_services.sessions) as session:
        give_up(session, card_uuid, "bent", actor=ANA, now=sqlite_services.clock())


TEARS = st.lists(st.tuples(st.integers(0, 75), st.sampled_from(When)), min_size=2, max_size=5)


@given(tears=TEARS, silent=st.booleans())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_torn_again_and_again(
    sqlite_services: Services, tmp_path_factory: pytest.TempPathFactory, tears: list[tuple[int, When]], *, silent: bool
) -> None:
    """Also while it is gone on with: it ends sealed, or put aside; and whatever happens, it can be opened."""
    services, folder = sqlite_services, tmp_path_factory.mktemp("torn")
    card_uuid = reserve(services, f"HQ-{folder.name.upper().replace('TORN', 'T')}00")
    with card_in_reader(folder) as card:
        connection: CardConnection = Silent(card) if silent else card
        for at, when in tears:
            with suppress(CardFailed, CardLocked, TransitionRefused):
                personalise(services, card_uuid, TornOut(connection, at, when))
            assert_obeys_unless_locked(services, card_uuid, card)
        with suppress(CardLocked, TransitionRefused):
            personalise(services, card_uuid, connection)
    with reading(services.sessions) as session:
        state = get_card(session, card_uuid).state
    assert state in {CardState.SEALED, CardState.QUARANTINED}
    if state is CardState.SEALED:
        assert_sealed(services, card_uuid)
    else:
        assert silent
        assert_put_aside(services, card_uuid)


def assert_obeys_unless_locked(services: Services, card_uuid: UUID, connection: CardConnection) -> None:
    """A card put aside for its last PUK try is not tried again here either."""
    with reading(services.sessions) as session:
        state = get_card(session, card_uuid).state
    if state is not CardState.QUARANTINED:
        assert_tries_are_left(connection)
        connection.reset()


def assert_tries_are_left(connection: CardConnection) -> None:
    session = PivSession.open(connection)
    for reference in (PinReference.APPLICATION_PIN, PinReference.PUK):
        assert tries_left(session, reference) != 0
