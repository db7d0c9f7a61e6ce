"""Desks that leave off, or may not write: shut out, their own card, another serial, hung up."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from cardsvc.approvals.errors import RecipientDecides
from cardsvc.callers.repository import find_by_client_id
from cardsvc.callers.service import disable_caller
from cardsvc.cards.repository import get_card
from cardsvc.db import reading, transaction
from cardsvc.issuance.errors import (
    CallerShutOut,
    DeskGone,
)
from cardsvc.issuance.personalisation import Personalisation
from cardsvc.services import Services
from cardsvc.stock.errors import SerialMismatch
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.relay import Progress
from readers.piv.products import recognise
from readers.piv.session import PivSession
from tests.fixtures.issuance import ANA, DESK, OTHER_DESK, LocalDesk, card_in_reader, personalise, reserve, seat
from tests.fixtures.tearing import (
    WRITING,
    assert_going_on,
    assert_sealed,
)


@pytest.mark.parametrize("step", ["puk", "key-9c", "certificate-9e", "management-key", "chuid", "inspect"])
def test_a_desk_that_is_disabled_ends_at_its_next_write(services: Services, tmp_path: Path, step: str) -> None:
    """On both databases. It does not even seal the card; a colleague does."""
    card_uuid = reserve(services)
    with card_in_reader(tmp_path) as connection:

        def shut_out(progress: Progress) -> None:
            if progress.step == step:
                with transaction(services.sessions) as session:
                    disable_caller(session, "desk-1", actor="ana", now=services.clock())

        desk = LocalDesk(connection, on_progress=shut_out)
        with pytest.raises(CallerShutOut):
            Personalisation(services, desk, card_uuid, DESK).run(desk.hello)
        assert_going_on(services, card_uuid)
        with pytest.raises(CallerShutOut):
            personalise(services, card_uuid, connection)
        with transaction(services.sessions) as session:
            seat(session, OTHER_DESK)
        last = LocalDesk(connection)
        Personalisation(services, last, card_uuid, OTHER_DESK).run(last.hello)
    assert_sealed(services, card_uuid)


def test_nobody_writes_their_own_card(sqlite_services: Services, tmp_path: Path) -> None:
    services, card_uuid = sqlite_services, reserve(sqlite_services)
    with transaction(services.sessions) as session:
        seat(session, ANA)
        session.flush()
        officer = find_by_client_id(session, "ana")
        assert officer is not None
        officer.citizen_id = get_card(session, card_uuid).citizen_id
    with card_in_reader(tmp_path) as connection:
        desk = LocalDesk(connection)
        with pytest.raises(RecipientDecides):
            Personalisation(services, desk, card_uuid, ANA).run(desk.hello)
    with reading(services.sessions) as session:
        assert get_card(session, card_uuid).state is CardState.RESERVED


def test_a_product_serial_that_is_not_the_one_in_stock(sqlite_services: Services, tmp_path: Path) -> None:
    """Refused before the first write; the right one passes, whatever the case of its letters."""
    services, card_uuid = sqlite_services, reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        session = PivSession.open(connection)
        serial = recognise(session).serial(session)
        assert serial is not None
        enter_serial(services, card_uuid, serial + "0")
        desk = LocalDesk(connection)
        with pytest.raises(SerialMismatch):
            Personalisation(services, desk, card_uuid, DESK).run(desk.hello)
        assert not {command[1] for command in desk.commands} & WRITING
        with reading(services.sessions) as database:
            assert get_card(database, card_uuid).state is CardState.RESERVED
        enter_serial(services, card_uuid, serial)
        personalise(services, card_uuid, connection)
    assert_sealed(services, card_uuid)


def enter_serial(services: Services, card_uuid: UUID, serial: str) -> None:
    with transaction(services.sessions) as session:
        get_card(session, card_uuid).product_serial = serial


@pytest.mark.parametrize("after", [8, 30, 60])
def test_a_desk_that_hangs_up(sqlite_services: Services, tmp_path: Path, after: int) -> None:
    card_uuid = reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        desk = LocalDesk(connection, hang_up_after=after)
        with pytest.raises(DeskGone):
            Personalisation(sqlite_services, desk, card_uuid, DESK).run(desk.hello)
        assert_going_on(sqlite_services, card_uuid)
        personalise(sqlite_services, card_uuid, connection)
    assert_sealed(sqlite_services, card_uuid)


@pytest.mark.parametrize("after", range(6))
def test_a_desk_that_hangs_up_before_the_first_write_changed_nothing(
    sqlite_services: Services, tmp_path: Path, after: int
) -> None:
    card_uuid = reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        desk = LocalDesk(connection, hang_up_after=after)
        with pytest.raises(DeskGone):
            Personalisation(sqlite_services, desk, card_uuid, DESK).run(desk.hello)
        with reading(sqlite_services.sessions) as session:
            assert get_card(session, card_uuid).state is CardState.RESERVED
        personalise(sqlite_services, card_uuid, connection)
    assert_sealed(sqlite_services, card_uuid)
