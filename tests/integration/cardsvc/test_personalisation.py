"""A blank software card becomes a citizen card, on both databases; what is on the card is read back by other code."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image
from sqlalchemy import select

from cardsvc.audit.models import AuditRecord
from cardsvc.cards import service as cards
from cardsvc.cards.repository import get_card
from cardsvc.db import reading, transaction
from cardsvc.issuance import applications, escrow
from cardsvc.issuance.errors import (
    CardNotBlank,
    CardNotFactoryFresh,
    ContactReaderNeeded,
    NotAssigned,
    ProductUnsuited,
    TakenOver,
)
from cardsvc.issuance.models import Application, Attempt, CardSecret, JournalEntry, SecretKind
from cardsvc.issuance.personalisation import Personalisation
from cardsvc.issuance.quarantine import give_up
from cardsvc.issuance.writing import STEPS
from cardsvc.services import Services
from cardsvc.transitions import ChangedMeanwhile, TransitionRefused, move_card
from cardsvc.trust.models import Certificate, CertificateStatus, KeyOrigin
from cardsvc.wire.lifecycle import ApplicationState, CardState
from cardsvc.wire.relay import Finished, Progress
from readers.connection import CardConnection
from readers.errors import ObjectNotFound, WrongPin
from readers.piv.admin import PivAdmin
from readers.piv.identifiers import Algorithm, KeyReference, ObjectId
from readers.piv.management_key import ManagementKey
from readers.piv.objects import PrintedInformation
from readers.piv.photograph import photograph_of
from readers.piv.pin import Pin
from readers.piv.products import FACTORY_PIN, FACTORY_PUK, YUBICO_5_3
from readers.piv.security_object import SecurityObject
from readers.piv.session import PivSession
from readers.virtual.card import VirtualCard
from readers.virtual.profiles import PIVAPPLET_LIKE, STRICT, YUBICO_5_7_LIKE, CardProfile
from tests.fixtures.issuance import ANA, DESK, MEI, LocalDesk, card_in_reader, personalise, reserve


@dataclass
class Issued:
    """A card just written, and still in the reader."""

    services: Services
    uuid: UUID
    connection: CardConnection
    desk: LocalDesk
    finished: Finished

    def secret(self, kind: SecretKind) -> bytes:
        with reading(self.services.sessions) as session:
            card = get_card(session, self.uuid)
            value = escrow.kept(session, self.services.keystore, card.id, kind).confirmed
        assert value is not None
        return value


@pytest.fixture
def issued(services: Services, tmp_path: Path) -> Iterator[Issued]:
    card_uuid = reserve(services)
    with card_in_reader(tmp_path) as connection:
        desk = LocalDesk(connection)
        finished = Personalisation(services, desk, card_uuid, DESK).run(desk.hello)
        yield Issued(services, card_uuid, connection, desk, finished)


def test_the_rows_of_a_finished_card(issued: Issued) -> None:
    with reading(issued.services.sessions) as session:
        card = get_card(session, issued.uuid)
        application = session.scalars(select(Application)).one()
        certificates = session.scalars(select(Certificate).order_by(Certificate.key_reference)).all()
        journal = session.scalars(select(JournalEntry).order_by(JournalEntry.number)).all()
        records = session.scalars(select(AuditRecord).where(AuditRecord.event == "card.personalise")).all()
    assert (card.state, application.state) == (CardState.SEALED, ApplicationState.PRODUCED)
    assert [row.key_reference for row in certificates] == [0x9A, 0x9C, 0x9E]
    assert {row.status for row in certificates} == {CertificateStatus.ON_HOLD}
    assert {row.key_origin for row in certificates} == {KeyOrigin.ASSERTED}
    assert [(row.number, row.step) for row in journal] == list(enumerate(STEPS, start=1))
    assert all(row.done_at and row.failure is None for row in journal)
    assert [(row.outcome, row.actor, row.card_id) for row in records] == [("ok", "desk-1", card.id)]


def test_the_chuid_is_written_last(issued: Issued) -> None:
    puts = [command for command in issued.desk.commands if command[1] == 0xDB]
    assert bytes.fromhex("5C035FC102") in puts[-1]


def test_the_card_says_what_it_should(issued: Issued) -> None:
    session = PivSession.open(issued.connection)
    assert session.read_chuid().guid == issued.uuid
    session.verify_pin(Pin(issued.finished.transport_pin))
    printed = PrintedInformation.from_bytes(session.read_object(ObjectId.PRINTED_INFORMATION))
    assert (printed.name, printed.card_serial, printed.issuer) == (MEI.name, "HQ-0001", "CITY")


def test_a_card_of_somebody_without_a_photograph_has_none(sqlite_services: Services, tmp_path: Path) -> None:
    """And nobody vouches for one, so that none can be put there."""
    card_uuid = reserve(sqlite_services, photographed=False)
    with card_in_reader(tmp_path) as connection:
        finished = personalise(sqlite_services, card_uuid, connection)
        session = PivSession.open(connection)
        session.verify_pin(Pin(finished.transport_pin))
        with pytest.raises(ObjectNotFound):
            session.read_object(ObjectId.FACIAL_IMAGE)
        vouched = SecurityObject.from_bytes(session.read_object(ObjectId.SECURITY_OBJECT)).open()
    assert not vouched.names(ObjectId.FACIAL_IMAGE)


@pytest.mark.parametrize("profile", [PIVAPPLET_LIKE, YUBICO_5_7_LIKE], ids=lambda profile: profile.name)
def test_the_photograph_fills_what_the_product_has_room_for(
    sqlite_services: Services, tmp_path: Path, profile: CardProfile
) -> None:
    VirtualCard(tmp_path / "card.json", profile=profile).close()
    card_uuid = reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        finished = personalise(sqlite_services, card_uuid, connection)
        session = PivSession.open(connection)
        session.verify_pin(Pin(finished.transport_pin))
        content = session.read_object(ObjectId.FACIAL_IMAGE)
    assert 0.7 * profile.max_command < len(content) <= profile.max_command - 9
    with Image.open(BytesIO(photograph_of(content).image)) as image:
        assert image.height >= 200


def test_openssl_verifies_the_security_object(issued: Issued, tmp_path: Path) -> None:
    content = PivSession.open(issued.connection).read_object(ObjectId.SECURITY_OBJECT)
    (tmp_path / "signed").write_bytes(SecurityObject.from_bytes(content).signed)
    authority = issued.services.authority
    chain = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in (authority.root, authority.issuing))
    (tmp_path / "chain").write_bytes(chain)
    at = str(int(issued.services.clock().timestamp()))
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-attime", at]
    command += ["-CAfile", str(tmp_path / "chain"), "-in", str(tmp_path / "signed"), "-out", str(tmp_path / "hashes")]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_factorys_secrets_are_gone(issued: Issued) -> None:
    session = PivSession.open(issued.connection)
    with pytest.raises(WrongPin):
        session.verify_pin(FACTORY_PIN)
    with pytest.raises(WrongPin):
        session.change_puk(FACTORY_PUK, FACTORY_PUK)


def test_the_escrow_holds_the_cards_secrets(issued: Issued) -> None:
    key = issued.secret(SecretKind.MANAGEMENT_KEY)
    session = PivSession.open(issued.connection)
    PivAdmin(session).authenticate(ManagementKey(Algorithm(key[0]), key[1:]))
    session.reset_pin(Pin(issued.secret(SecretKind.PUK).decode()), Pin("112233"))
    session.verify_pin(Pin("112233"))
    assert issued.secret(SecretKind.TRANSPORT_PIN).decode() == issued.finished.transport_pin


def test_no_secret_is_in_the_database_in_clear(issued: Issued) -> None:
    with reading(issued.services.sessions) as session:
        rows = session.scalars(select(CardSecret)).all()
    for row in rows:
        assert issued.secret(row.kind) not in row.sealed


def test_issuing_cost_no_try(issued: Issued) -> None:
    issued.connection.reset()
    assert PivSession.open(issued.connection).pin_tries_left() == 3


def test_the_card_is_left_without_a_verified_pin_or_key(issued: Issued) -> None:
    """The inspection ends with a reset: whoever has the desk has no open session."""
    answer = issued.connection.transmit(bytes.fromhex("00200080"))
    assert answer != b"\x90\x00"


def test_repr_of_the_last_message_shows_no_pin(issued: Issued) -> None:
    assert issued.finished.transport_pin not in repr(issued.finished)


def test_certificates_on_the_card_are_those_on_record(issued: Issued) -> None:
    session = PivSession.open(issued.connection)
    with reading(issued.services.sessions) as database:
        rows = {row.key_reference: row for row in database.scalars(select(Certificate))}
    for key in (KeyReference.PIV_AUTHENTICATION, KeyReference.DIGITAL_SIGNATURE, KeyReference.CARD_AUTHENTICATION):
        certificate = session.read_certificate(key)
        assert certificate == x509.load_der_x509_certificate(rows[key].der)
        assert rows[key].serial == f"{certificate.serial_number:x}"


def test_a_finished_card_is_not_written_again(issued: Issued) -> None:
    with pytest.raises(TransitionRefused, match="sealed"):
        personalise(issued.services, issued.uuid, issued.connection)
    other = reserve(issued.services, "HQ-0002")
    with pytest.raises(CardNotBlank):
        personalise(issued.services, other, issued.connection)
    assert_untouched(issued.services, other, "card-not-blank")


def assert_untouched(services: Services, card_uuid: UUID, outcome: str) -> None:
    with reading(services.sessions) as session:
        card = get_card(session, card_uuid)
        assert card.state is CardState.RESERVED
        assert session.scalars(select(JournalEntry).where(JournalEntry.card_id == card.id)).all() == []
        record = session.scalars(select(AuditRecord).where(AuditRecord.card_id == card.id)).all()[-1]
        assert (record.event, record.outcome) == ("card.personalise", outcome)


def test_a_contactless_reader_is_refused(services: Services, tmp_path: Path) -> None:
    card_uuid = reserve(services)
    with card_in_reader(tmp_path, contactless=True) as connection:
        desk = LocalDesk(connection)
        with pytest.raises(ContactReaderNeeded):
            Personalisation(services, desk, card_uuid, DESK).run(desk.hello)
    assert desk.commands == []
    assert_untouched(services, card_uuid, "contact-reader-needed")


def test_a_card_with_another_management_key_is_refused(services: Services, tmp_path: Path) -> None:
    card_uuid = reserve(services)
    with card_in_reader(tmp_path) as connection:
        admin = PivAdmin(PivSession.open(connection))
        admin.authenticate(YUBICO_5_3.management_key)
        admin.set_management_key(ManagementKey(Algorithm.AES_256, bytes(32)))
        with pytest.raises(CardNotFactoryFresh):
            personalise(services, card_uuid, connection)
    assert_untouched(services, card_uuid, "card-not-factory-fresh")


def test_a_card_whose_pin_somebody_tried_is_refused(services: Services, tmp_path: Path) -> None:
    card_uuid = reserve(services)
    with card_in_reader(tmp_path) as connection:
        with pytest.raises(WrongPin):
            PivSession.open(connection).verify_pin(Pin("999999"))
        with pytest.raises(CardNotFactoryFresh):
            personalise(services, card_uuid, connection)
    assert_untouched(services, card_uuid, "card-not-factory-fresh")


def test_a_product_whose_management_key_stays_is_refused(services: Services, tmp_path: Path) -> None:
    card_uuid = reserve(services)
    VirtualCard(tmp_path / "card.json", profile=STRICT).close()
    with card_in_reader(tmp_path) as connection, pytest.raises(ProductUnsuited):
        personalise(services, card_uuid, connection)
    assert_untouched(services, card_uuid, "product-unsuited")


def test_a_card_for_nobody_is_refused(services: Services, tmp_path: Path) -> None:
    card_uuid = reserve(services)
    with transaction(services.sessions) as session:
        session.scalars(select(Application)).one().card_id = None
    with card_in_reader(tmp_path) as connection, pytest.raises(NotAssigned):
        personalise(services, card_uuid, connection)


def test_of_two_desks_with_the_same_card_one_is_refused(services: Services, tmp_path: Path) -> None:
    """The second desk gets as far as the probe; the card's state decides."""
    card_uuid = reserve(services)
    with card_in_reader(tmp_path) as connection:
        desk = LocalDesk(connection)
        second = Personalisation(services, desk, card_uuid, DESK)
        order = second._order()
        with transaction(services.sessions) as session:
            move_card(
                session, get_card(session, card_uuid), CardState.PERSONALISING, actor="desk-2", now=services.clock()
            )
        with pytest.raises(TransitionRefused):
            second._begin(order)


def test_a_card_reserved_for_somebody_else_meanwhile_is_not_written(services: Services, tmp_path: Path) -> None:
    """While the desk was probing, the card was given back and reserved again: the first name must not get on it."""
    card_uuid = reserve(services)
    with card_in_reader(tmp_path) as connection:
        attempt = Personalisation(services, LocalDesk(connection), card_uuid, DESK)
        order = attempt._order()
        with transaction(services.sessions) as session:
            cards.release(session, card_uuid, actor=ANA, now=services.clock())
        other = reserve(services, "HQ-0002", MEI.model_copy(update={"name": "王小明", "document_number": "G7654321"}))
        with transaction(services.sessions) as session:
            cards.release(session, other, actor=ANA, now=services.clock())
            (application_id,) = session.scalars(
                select(Application.id).where(Application.citizen_id != order.assignment.citizen_id)
            )
            applications.reserve_card(session, application_id, "HQ-0001", actor=ANA, now=services.clock())
        with pytest.raises(ChangedMeanwhile):
            attempt._begin(order)
    with reading(services.sessions) as session:
        assert get_card(session, card_uuid).state is CardState.RESERVED


def test_a_card_put_aside_under_our_hands_is_not_written_any_more(services: Services, tmp_path: Path) -> None:
    """A clerk gave it up. No certificate must be issued behind the revocation of the others."""
    card_uuid = reserve(services)
    with card_in_reader(tmp_path) as connection:

        def put_aside(progress: Progress) -> None:
            if progress.step == "certificate-9c":
                with transaction(services.sessions) as session:
                    give_up(session, card_uuid, "the desk burns", actor=ANA, now=services.clock())

        desk = LocalDesk(connection, on_progress=put_aside)
        with pytest.raises(TakenOver):
            Personalisation(services, desk, card_uuid, DESK).run(desk.hello)
    with reading(services.sessions) as session:
        rows = session.scalars(select(Certificate)).all()
        assert [(row.key_reference, row.status) for row in rows] == [(0x9A, CertificateStatus.REVOKED)]
        assert session.scalars(select(Application.state)).one() is ApplicationState.APPROVED
        attempt = session.scalars(select(Attempt)).one()
    assert attempt.outcome == "taken-over"
