"""The card is pulled off at each write, before it is carried out and after: nothing is left half-written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from cardsvc.audit.models import AuditRecord
from cardsvc.cards import service as cards
from cardsvc.cards.repository import get_card, history
from cardsvc.citizens.models import Citizen
from cardsvc.db import reading, transaction
from cardsvc.issuance import applications, escrow
from cardsvc.issuance.errors import CardFailed, DeskGone
from cardsvc.issuance.models import Application, JournalEntry, SecretKind
from cardsvc.issuance.personalisation import Personalisation
from cardsvc.issuance.writing import STEPS
from cardsvc.services import Services
from cardsvc.transitions import TransitionRefused
from cardsvc.trust.models import Certificate, CertificateStatus
from cardsvc.wire.lifecycle import ApplicationState, CardState
from readers.connection import CardConnection
from readers.errors import CardError, CardRemoved, ObjectNotFound
from readers.piv.admin import PivAdmin
from readers.piv.identifiers import Algorithm
from readers.piv.management_key import ManagementKey
from readers.piv.pin import Pin
from readers.piv.products import FACTORY_PIN, FACTORY_PUK, YUBICO_5_3
from readers.piv.session import PivSession
from tests.fixtures.issuance import ANA, DESK, LocalDesk, card_in_reader, personalise, reserve

WRITES = len(STEPS)
"""One command each; the last part of a chain counts."""
_WRITING = {0x24, 0x47, 0xDB, 0xFF}
"""CHANGE REFERENCE DATA, GENERATE ASYMMETRIC KEY PAIR, PUT DATA, SET MANAGEMENT KEY."""


@dataclass
class PulledOff:
    """A connection to a card that is pulled off at its n-th write."""

    inner: CardConnection
    write: int
    when: str
    """``before`` the card carries the write out, or ``after``."""
    seen: int = -1

    @property
    def atr(self) -> bytes:
        return self.inner.atr

    @property
    def contactless(self) -> bool:
        return self.inner.contactless

    def transmit(self, command: bytes) -> bytes:
        if command[1] in _WRITING and not command[0] & 0x10:
            self.seen += 1
            if self.seen == self.write:
                if self.when == "after":
                    self.inner.transmit(command)
                raise CardRemoved("pulled off")
        return self.inner.transmit(command)

    def reset(self) -> None:
        self.inner.reset()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield

    def close(self) -> None:
        self.inner.close()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("write", range(WRITES), ids=[name for name, _ in STEPS])
def test_a_card_pulled_off_at_a_write(sqlite_services: Services, tmp_path: Path, write: int, when: str) -> None:
    services = sqlite_services
    card_uuid = reserve(services)
    with card_in_reader(tmp_path) as connection, pytest.raises(CardFailed) as failed:
        personalise(services, card_uuid, PulledOff(connection, write, when))
    assert failed.value.failure == "CardRemoved"
    assert_put_aside(services, card_uuid, "card-failed")
    assert_journal_tells_what_happened(services, write)
    with card_in_reader(tmp_path) as connection:
        assert_secrets_are_known(services, card_uuid, connection)
        assert_unfinished(connection, finished=when == "after" and write == WRITES - 1)


def assert_put_aside(services: Services, card_uuid: UUID, code: str) -> None:
    with reading(services.sessions) as session:
        card = get_card(session, card_uuid)
        application = session.scalars(select(Application)).one()
        certificates = session.scalars(select(Certificate).where(Certificate.card_id == card.id)).all()
        record = session.scalars(select(AuditRecord).where(AuditRecord.event == "card.personalise")).one()
        numbers = session.scalars(select(AuditRecord.citizen_counter).order_by(AuditRecord.citizen_counter)).all()
        counter = session.scalars(select(Citizen.audit_counter)).one()
        assert card.state is CardState.QUARANTINED
        assert history(session, card.id)[-1].reason == code
    assert (application.state, application.card_id) == (ApplicationState.APPROVED, None)
    assert {row.status for row in certificates} <= {CertificateStatus.REVOKED}
    assert {row.revocation_reason for row in certificates} <= {"cessationOfOperation"}
    assert record.outcome == code
    assert [number for number in numbers if number] == list(range(1, counter + 1))


def assert_journal_tells_what_happened(services: Services, write: int) -> None:
    with reading(services.sessions) as session:
        entries = session.scalars(select(JournalEntry).order_by(JournalEntry.number)).all()
    assert [entry.step for entry in entries] == [name for name, _ in STEPS[: write + 1]]
    assert all(entry.done_at and entry.failure is None for entry in entries[:-1])
    assert (entries[-1].done_at, entries[-1].failure) == (None, "CardRemoved")


def assert_secrets_are_known(services: Services, card_uuid: UUID, connection: CardConnection) -> None:
    """Whatever the card took before it was torn off: it is the factory's, or it is in escrow."""
    session = PivSession.open(connection)
    pins = [Pin(raw.decode()) for raw in kept(services, card_uuid, SecretKind.TRANSPORT_PIN)]
    puks = [Pin(raw.decode()) for raw in kept(services, card_uuid, SecretKind.PUK)]
    keys = [ManagementKey(Algorithm(raw[0]), raw[1:]) for raw in kept(services, card_uuid, SecretKind.MANAGEMENT_KEY)]
    admin = PivAdmin(session)
    assert any(accepts(session.verify_pin, pin) for pin in [*pins, FACTORY_PIN])
    assert any(accepts(session.change_puk, puk, puk) for puk in [*puks, FACTORY_PUK])
    assert any(accepts(admin.authenticate, key) for key in [*keys, YUBICO_5_3.management_key])


def kept(services: Services, card_uuid: UUID, kind: SecretKind) -> list[bytes]:
    with reading(services.sessions) as session:
        return escrow.versions_of(session, services.keystore, get_card(session, card_uuid).id, kind)


def accepts(attempt: Callable[..., None], *secrets: Pin | ManagementKey) -> bool:
    try:
        attempt(*secrets)
    except CardError:
        return False
    return True


def assert_unfinished(connection: CardConnection, *, finished: bool) -> None:
    session = PivSession.open(connection)
    if finished:
        session.read_chuid()
        return
    with pytest.raises(ObjectNotFound):
        session.read_chuid()


def test_the_application_can_have_another_card(services: Services, tmp_path: Path) -> None:
    """On both databases: the torn card is put aside, and the approval stands."""
    torn = reserve(services)
    (tmp_path / "torn").mkdir()
    with card_in_reader(tmp_path / "torn") as connection, pytest.raises(CardFailed):
        personalise(services, torn, PulledOff(connection, write=6, when="after"))
    with transaction(services.sessions) as session:
        application = session.scalars(select(Application)).one()
        cards.add_stock(session, "HQ-0002", actor=ANA, now=services.clock())
        second = applications.reserve_card(
            session, application.id, "HQ-0002", years=5, actor=ANA, now=services.clock()
        ).uuid
    with card_in_reader(tmp_path) as connection:
        assert personalise(services, second, connection).card_uuid == second
        with pytest.raises(TransitionRefused, match="quarantined"):
            personalise(services, torn, connection)
    with reading(services.sessions) as session:
        statuses = set(session.scalars(select(Certificate.status)))
    assert statuses == {CertificateStatus.REVOKED, CertificateStatus.ON_HOLD}


@pytest.mark.parametrize("after", [6, 30, 60])
def test_a_desk_that_hangs_up(sqlite_services: Services, tmp_path: Path, after: int) -> None:
    card_uuid = reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        desk = LocalDesk(connection, hang_up_after=after)
        with pytest.raises(DeskGone):
            Personalisation(sqlite_services, desk, card_uuid, DESK).run(desk.hello)
    assert_put_aside(sqlite_services, card_uuid, "desk-gone")


@pytest.mark.parametrize("after", range(5))
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
        assert personalise(sqlite_services, card_uuid, connection).card_uuid == card_uuid
