"""A forgotten PIN is reset with a grant of two people; whatever breaks off, the card can still be opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from cardsvc.approvals import service as approvals
from cardsvc.approvals.errors import ApprovalExpired, ApprovalSpent, NotApproved, SamePerson
from cardsvc.audit.models import AuditRecord
from cardsvc.callers.principal import Principal
from cardsvc.callers.service import disable_caller
from cardsvc.cards.repository import get_card
from cardsvc.db import reading, transaction
from cardsvc.issuance import escrow
from cardsvc.issuance.errors import (
    AnotherCard,
    CallerShutOut,
    CardFailed,
    CardLocked,
    ContactReaderNeeded,
    NotUnblockable,
    PukBlocked,
    UnblockingNotOpen,
)
from cardsvc.issuance.models import SecretKind, Unblocking
from cardsvc.issuance.unblocking import Unblocker, open_unblocking
from cardsvc.services import Services
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.relay import Finished
from readers.connection import CardConnection
from readers.errors import PinBlocked, WrongPin
from readers.piv.identifiers import PinReference
from readers.piv.metadata import tries_left
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from tests.fixtures.issuance import ANA, BO, DESK, LocalDesk, card_in_reader, personalise, reserve, seat
from tests.fixtures.services import StandingClock
from tests.fixtures.tearing import Silent, TornOut, When, assert_obeys, writes
from tests.fixtures.transports import Through

CITIZENS_PIN = Pin("271828")
WRONG = Pin("99999999")


@dataclass
class Held:
    """An active card in a desk's reader, whose citizen forgot the PIN."""

    services: Services
    uuid: UUID
    connection: CardConnection

    @property
    def session(self) -> PivSession:
        self.connection.reset()
        return PivSession.open(self.connection)

    def grant(self, spender: Principal = DESK) -> None:
        """Ana asks, Bo says yes, the desk uses it."""
        self.ask_and_approve()
        with transaction(self.services.sessions) as session:
            open_unblocking(session, self.uuid, actor=spender, now=self.services.clock())

    def ask_and_approve(self) -> None:
        now = self.services.clock()
        with transaction(self.services.sessions) as session:
            asked = approvals.request(
                session, ApprovalKind.PUK_RELEASE, self.uuid, actor="ana", now=now, reason="forgot the PIN"
            )
            approvals.approve(session, asked.id, actor="bo", now=now)

    def unblock(self, connection: CardConnection | None = None, actor: Principal = DESK) -> Finished:
        desk = LocalDesk(connection or self.connection)
        return Unblocker(self.services, desk, self.uuid, actor).run(desk.hello)

    def puk(self) -> escrow.Escrowed:
        with reading(self.services.sessions) as session:
            card = get_card(session, self.uuid)
            return escrow.kept(session, self.services.keystore, card.id, SecretKind.PUK)

    def put_in_state(self, state: CardState) -> None:
        with transaction(self.services.sessions) as session:
            get_card(session, self.uuid).state = state

    def outcomes(self) -> list[str]:
        with reading(self.services.sessions) as session:
            statement = select(AuditRecord.outcome).where(AuditRecord.event == "card.unblock")
            return list(session.scalars(statement.order_by(AuditRecord.id)))


@pytest.fixture
def held(sqlite_services: Services, tmp_path: Path) -> Iterator[Held]:
    yield from hand_out(sqlite_services, tmp_path)


@pytest.fixture
def held_anywhere(services: Services, tmp_path: Path) -> Iterator[Held]:
    """On both databases."""
    yield from hand_out(services, tmp_path)


def hand_out(services: Services, folder: Path) -> Iterator[Held]:
    card_uuid = reserve(services)
    with card_in_reader(folder) as connection:
        finished = personalise(services, card_uuid, connection)
        with transaction(services.sessions) as session:
            for officer in (ANA, BO):
                seat(session, officer)
            card = get_card(session, card_uuid)
            card.state = CardState.ACTIVE
            escrow.forget(session, card.id, SecretKind.TRANSPORT_PIN)
        held = Held(services, card_uuid, connection)
        held.session.change_pin(Pin(finished.transport_pin), CITIZENS_PIN)
        block_pin(held.session)
        yield held


def block_pin(session: PivSession) -> None:
    while True:
        try:
            session.verify_pin(WRONG)
        except WrongPin:
            continue
        except PinBlocked:
            return


def block_puk(session: PivSession) -> None:
    while True:
        try:
            session.change_puk(WRONG, WRONG)
        except WrongPin:
            continue
        except PinBlocked:
            return


def test_a_blocked_pin_becomes_a_transport_pin(held_anywhere: Held) -> None:
    held = held_anywhere
    before = held.puk()
    held.grant()
    finished = held.unblock()
    assert before.confirmed is not None
    with pytest.raises(WrongPin):
        held.session.change_puk(Pin(before.confirmed.decode()), WRONG)
    now = held.puk()
    assert now.pending is None
    assert now.confirmed is not None
    held.session.change_puk(Pin(now.confirmed.decode()), Pin(now.confirmed.decode()))
    session = held.session
    assert session.pin_tries_left() == 3
    session.change_pin(Pin(finished.transport_pin), CITIZENS_PIN)
    assert held.outcomes() == ["ok"]


def test_nothing_of_the_transport_pin_is_kept_for_an_active_card(held: Held) -> None:
    held.grant()
    held.unblock()
    with reading(held.services.sessions) as session:
        card = get_card(session, held.uuid)
        assert escrow.kept(session, held.services.keystore, card.id, SecretKind.TRANSPORT_PIN) == escrow.NOTHING
        assert card.state is CardState.ACTIVE


def test_the_desk_is_left_without_a_verified_pin(held: Held) -> None:
    held.grant()
    held.unblock()
    assert PivSession.open(held.connection).pin_tries_left() is not None


def test_a_card_that_was_not_collected_yet(held: Held) -> None:
    """Its desk went away with the transport PIN: it gets another one, which is kept until the card is active."""
    held.put_in_state(CardState.SEALED)
    held.grant()
    finished = held.unblock()
    with reading(held.services.sessions) as session:
        card = get_card(session, held.uuid)
        kept = escrow.kept(session, held.services.keystore, card.id, SecretKind.TRANSPORT_PIN)
    assert kept.confirmed == finished.transport_pin.encode()


@pytest.mark.parametrize("when", When)
def test_torn_at_every_command(held: Held, when: When) -> None:
    """One grant each; the same desk tries again within its time."""
    at = 0
    while True:
        held.grant()
        try:
            held.unblock(TornOut(held.connection, at, when))
        except CardFailed:
            assert_obeys(held.services, held.uuid, held.connection)
            held.unblock()
        else:
            break
        assert held.puk().pending is None
        at += 1
    assert at >= 10


def test_torn_twice(held: Held) -> None:
    for first in range(2):
        for second in range(2):
            held.grant()
            for at in (first, second):
                with pytest.raises(CardFailed):
                    held.unblock(TornOut(held.connection, at, When.AFTER, writes))
                assert_obeys(held.services, held.uuid, held.connection)
            held.unblock()
    assert held.puk().pending is None


def test_a_card_that_does_not_tell_its_tries(held: Held) -> None:
    """Each guess at the PUK may have cost one: at the last but one the guessing ends, whatever is torn."""
    held.grant()
    with pytest.raises(CardFailed):
        held.unblock(TornOut(held.connection, 1, When.AFTER, writes))
    for _ in range(2):
        silent = Silent(held.connection)
        with pytest.raises(CardFailed):
            held.unblock(TornOut(silent, 0, When.BEFORE, writes))
    with pytest.raises(CardLocked):
        held.unblock(Silent(held.connection))
    assert tries_left(held.session, PinReference.PUK) == 3
    assert held.unblock().card_uuid == held.uuid  # by a reader that lets the metadata through


def test_a_blocked_puk_means_another_card(held: Held) -> None:
    block_puk(held.session)
    held.grant()
    with pytest.raises(PukBlocked):
        held.unblock()
    with pytest.raises(PukBlocked):
        held.unblock(Silent(held.connection))
    assert held.outcomes() == ["puk-blocked", "puk-blocked"]


def test_another_card_sees_no_puk(held: Held, tmp_path: Path) -> None:
    other = reserve(held.services, "HQ-0002")
    (tmp_path / "other").mkdir()
    held.grant()
    with card_in_reader(tmp_path / "other") as connection:
        assert_sees_no_puk(held, connection)
        personalise(held.services, other, connection)
        assert_sees_no_puk(held, connection)


def assert_sees_no_puk(held: Held, connection: CardConnection) -> None:
    desk = LocalDesk(connection)
    with pytest.raises(AnotherCard):
        Unblocker(held.services, desk, held.uuid, DESK).run(desk.hello)
    assert not {command[1] for command in desk.commands} & {0x24, 0x2C}


def test_not_through_the_air(held: Held, tmp_path: Path) -> None:
    held.grant()
    (tmp_path / "air").mkdir()
    with card_in_reader(tmp_path / "air", contactless=True) as connection, pytest.raises(ContactReaderNeeded):
        held.unblock(connection)


def test_without_a_grant(held: Held) -> None:
    with pytest.raises(NotApproved):
        opening(held)
    with pytest.raises(UnblockingNotOpen):
        held.unblock()
    assert held.outcomes() == ["unblocking-not-open"]


def opening(held: Held, actor: Principal = DESK) -> Unblocking:
    with transaction(held.services.sessions) as session:
        return open_unblocking(session, held.uuid, actor=actor, now=held.services.clock())


def test_a_grant_is_used_once(held: Held) -> None:
    held.grant()
    with pytest.raises(ApprovalSpent):
        opening(held)
    held.unblock()
    with pytest.raises(UnblockingNotOpen):
        held.unblock()


def test_a_grant_is_not_for_the_one_who_gave_it(held: Held) -> None:
    held.ask_and_approve()
    with pytest.raises(SamePerson):
        opening(held, BO)


def test_a_grant_is_over_after_ten_minutes(held: Held, clock: StandingClock) -> None:
    held.ask_and_approve()
    clock.advance(minutes=10)
    with pytest.raises(ApprovalExpired):
        opening(held)


def test_what_was_begun_is_over_with_its_grant(held: Held, clock: StandingClock) -> None:
    """And goes on with another: the card has what the first left on it."""
    held.grant()
    with pytest.raises(CardFailed):
        held.unblock(TornOut(held.connection, 1, When.AFTER, writes))
    clock.advance(minutes=10)
    with pytest.raises(UnblockingNotOpen):
        held.unblock()
    held.grant()
    held.unblock()
    assert held.puk().pending is None


@pytest.mark.parametrize("step", ["probe", "unblock-pin"])
def test_no_puk_is_shown_after_the_grant_ended(held: Held, clock: StandingClock, step: str) -> None:
    """A relay that was opened in the grant's last second, and a desk that takes its time."""
    held.grant()
    before = held.puk()
    clock.advance(minutes=9, seconds=59)
    desk = LocalDesk(held.connection)
    desk.on_progress = lambda progress: clock.advance(seconds=1) if progress.step == step else None
    with pytest.raises(UnblockingNotOpen):
        Unblocker(held.services, desk, held.uuid, DESK).run(desk.hello)
    assert not {command[1] for command in desk.commands} & {0x24, 0x2C}
    assert held.puk() == before
    assert held.outcomes() == ["unblocking-not-open"]


class SlowToTell(Through):
    """A card, or a desk, that takes ten minutes to tell how many tries there are (GET METADATA, INS F7)."""

    def __init__(self, inner: CardConnection, clock: StandingClock) -> None:
        super().__init__(inner)
        self.clock = clock
        self.shown: set[int] = set()

    def transmit(self, command: bytes) -> bytes:
        if command[1:4] == bytes((0xF7, 0, PinReference.PUK)):
            self.clock.advance(minutes=10)
        self.shown.add(command[1])
        return super().transmit(command)


def test_nor_is_one_of_two_to_find_out_which_it_is(held: Held, clock: StandingClock) -> None:
    held.grant()
    with pytest.raises(CardFailed):
        held.unblock(TornOut(held.connection, 1, When.AFTER, writes))
    assert held.puk().pending is not None
    slow = SlowToTell(held.connection, clock)
    with pytest.raises(UnblockingNotOpen):
        held.unblock(slow)
    assert not slow.shown & {0x24, 0x2C}


def test_a_puk_that_was_shown_in_time_is_replaced(held: Held, clock: StandingClock) -> None:
    """The desk has seen it: it must not stay good. But nobody gets a transport PIN for a grant that is over."""
    held.grant()
    before = held.puk()
    desk = LocalDesk(held.connection)
    desk.on_progress = lambda progress: clock.advance(minutes=10) if progress.step == "unblock-puk" else None
    with pytest.raises(UnblockingNotOpen):
        Unblocker(held.services, desk, held.uuid, DESK).run(desk.hello)
    after = held.puk()
    assert after.pending is None
    assert after.confirmed not in {None, before.confirmed}
    assert held.outcomes() == ["unblocking-not-open"]


def test_somebody_elses_grant(held: Held) -> None:
    held.grant()
    with pytest.raises(UnblockingNotOpen):
        held.unblock(actor=ANA)


@pytest.mark.parametrize("state", sorted(set(CardState) - {CardState.SEALED, CardState.DELIVERED, CardState.ACTIVE}))
def test_a_card_out_of_use(held: Held, state: CardState) -> None:
    held.ask_and_approve()
    held.put_in_state(state)
    with pytest.raises(NotUnblockable, match=state):
        opening(held)


def test_a_card_reported_lost_meanwhile(held: Held) -> None:
    held.grant()
    held.put_in_state(CardState.HELD)
    with pytest.raises(NotUnblockable):
        held.unblock()


def test_a_desk_that_is_shut_out(held: Held) -> None:
    held.grant()
    with transaction(held.services.sessions) as session:
        disable_caller(session, "desk-1", actor="ana", now=held.services.clock())
    with pytest.raises(CallerShutOut):
        held.unblock()
