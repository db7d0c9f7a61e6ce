"""What a desk tries with cards that it must not finish, over the relay: refused with a code, and on record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from cardsvc.app import create_app
from cardsvc.audit.models import AuditRecord
from cardsvc.callers.models import CallerKind
from cardsvc.cards.repository import get_card
from cardsvc.client import ServiceClient
from cardsvc.db import reading, transaction
from cardsvc.services import Services
from cardsvc.trust.models import Certificate, CertificateStatus
from cardsvc.wire.lifecycle import CardState
from kiosk.desk.relay import RelayRefused, relay_personalisation
from readers.connection import CardConnection
from readers.piv.identifiers import KeyReference
from readers.piv.session import PivSession
from tests.fixtures.issuance import card_in_reader, reserve
from tests.fixtures.live import serving
from tests.fixtures.proofs import BASE_URL, City
from tests.fixtures.tearing import TornOut, When, assert_put_aside, writes
from tests.fixtures.transports import Through

GENERATE, SIGN = 0x47, 0x87
TAP = int(KeyReference.CARD_AUTHENTICATION)


class Listening(Through):
    """Keeps the public key of the tap key that the card makes."""

    made = b""

    def transmit(self, command: bytes) -> bytes:
        answer = super().transmit(command)
        if (command[1], command[3]) == (GENERATE, TAP):
            self.made = answer
        return answer


class CopiedKey(Through):
    """A desk that shows the tap key of another card and, if it has that card, lets it prove possession."""

    def __init__(self, inner: CardConnection, shown: bytes, prover: CardConnection | None) -> None:
        super().__init__(inner)
        self._shown = shown
        self._prover = prover

    def transmit(self, command: bytes) -> bytes:
        answer = super().transmit(command)
        if (command[1], command[3]) == (GENERATE, TAP):
            return self._shown
        if (command[1], command[3]) == (SIGN, TAP) and self._prover is not None:
            return self._prover.transmit(command)
        return answer


@pytest.fixture
def services(sqlite_city: City) -> Services:
    return sqlite_city.services


@pytest.fixture
def desk(sqlite_city: City) -> Iterator[ServiceClient]:
    sqlite_city.caller("desk-1", CallerKind.DESK)
    key = sqlite_city.keys["desk-1"]
    with (
        serving(create_app(sqlite_city.services)) as url,
        ServiceClient(url, "desk-1", key, issuer=BASE_URL, clock=sqlite_city.clock) as client,
    ):
        yield client


@pytest.fixture
def first(tmp_path: Path) -> Iterator[CardConnection]:
    (tmp_path / "first").mkdir()
    with card_in_reader(tmp_path / "first") as connection:
        yield connection


@pytest.fixture
def second(tmp_path: Path) -> Iterator[CardConnection]:
    (tmp_path / "second").mkdir()
    with card_in_reader(tmp_path / "second") as connection:
        yield connection


def refused(city: City, desk: ServiceClient, card_uuid: UUID, connection: CardConnection) -> str:
    """The code; the last record of the relay says the same, of this card and this desk."""
    with pytest.raises(RelayRefused) as caught:
        relay_personalisation(desk, card_uuid, connection)
    with reading(city.services.sessions) as session:
        card_id = get_card(session, card_uuid).id
    entry: AuditRecord = city.audit("card.personalise")[-1]
    assert (entry.outcome, entry.actor, entry.card_id) == (caught.value.code, "desk-1", card_id)
    return caught.value.code


def statuses(services: Services, card_uuid: UUID) -> set[CertificateStatus]:
    with reading(services.sessions) as session:
        card_id = get_card(session, card_uuid).id
        return set(session.scalars(select(Certificate.status).where(Certificate.card_id == card_id)))


@pytest.mark.parametrize("proves", [True, False], ids=["with-its-key", "without"])
def test_a_key_of_another_card_is_not_certified(
    sqlite_city: City,
    services: Services,
    desk: ServiceClient,
    first: CardConnection,
    second: CardConnection,
    *,
    proves: bool,
) -> None:
    good, bad = reserve(services), reserve(services, "HQ-0002")
    listening = Listening(first)
    relay_personalisation(desk, good, listening)
    PivSession.open(first)
    copied = CopiedKey(second, listening.made, first if proves else None)
    code = refused(sqlite_city, desk, bad, copied)
    assert code == ("key-already-certified" if proves else "possession-not-proved")
    assert_put_aside(services, bad)
    assert statuses(services, good) == {CertificateStatus.ON_HOLD}


def test_no_certificate_for_the_application_of_somebody_else(
    sqlite_city: City, services: Services, desk: ServiceClient, first: CardConnection
) -> None:
    """The card was begun for one; another's application neither takes it over nor gets anything of it."""
    own, others = reserve(services), reserve(services, "HQ-0002")
    assert refused(sqlite_city, desk, own, TornOut(first, 0, When.AFTER, writes)) == "card-failed"
    first.reset()
    assert refused(sqlite_city, desk, others, first) == "card-begun-elsewhere"
    assert desk.card(others).state is CardState.RESERVED
    assert statuses(services, others) == set()
    relay_personalisation(desk, own, first)
    assert refused(sqlite_city, desk, others, first) == "card-not-blank"
    assert statuses(services, others) == set()


def test_no_certificate_without_an_application(
    sqlite_city: City, services: Services, desk: ServiceClient, first: CardConnection
) -> None:
    clerk = sqlite_city.caller("ana", CallerKind.OFFICER)
    blank = clerk.add_stock("HQ-0009")
    assert refused(sqlite_city, desk, blank.uuid, first) == "transition-refused"
    assert desk.card(blank.uuid).state is CardState.STOCK
    assert statuses(services, blank.uuid) == set()


def test_a_product_that_is_not_the_one_of_its_printed_number(
    sqlite_city: City, services: Services, desk: ServiceClient, first: CardConnection
) -> None:
    card_uuid = reserve(services)
    with transaction(services.sessions) as session:
        get_card(session, card_uuid).product_serial = "00C0FFEE"
    assert refused(sqlite_city, desk, card_uuid, first) == "serial-mismatch"
    assert desk.card(card_uuid).state is CardState.RESERVED
