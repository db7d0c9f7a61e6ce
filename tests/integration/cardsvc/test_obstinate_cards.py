"""Cards that are begun and stand in the way: other products, secrets with a last try, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from cardsvc.db import reading
from cardsvc.issuance.errors import (
    CardLocked,
    CardRefused,
)
from cardsvc.services import Services
from cardsvc.trust.models import Certificate, CertificateStatus
from readers.errors import WrongPin
from readers.piv.admin import PivAdmin
from readers.piv.identifiers import Algorithm, PinReference
from readers.piv.management_key import ManagementKey
from readers.piv.metadata import tries_left
from readers.piv.pin import Pin
from readers.piv.products import YUBICO_5_3
from readers.piv.session import PivSession
from readers.virtual.card import VirtualCard
from readers.virtual.profiles import PIVAPPLET_LIKE, YUBICO_5_7_LIKE, CardProfile
from tests.fixtures.issuance import card_in_reader, personalise, reserve
from tests.fixtures.tearing import (
    Silent,
    When,
    assert_going_on,
    assert_opens,
    assert_put_aside,
    assert_sealed,
    begin,
)
from tests.fixtures.transports import Through


@pytest.mark.parametrize("profile", [PIVAPPLET_LIKE, YUBICO_5_7_LIKE], ids=lambda profile: profile.name)
def test_other_products_torn_at_writes(sqlite_services: Services, tmp_path: Path, profile: CardProfile) -> None:
    for at in range(0, 36, 3):
        folder = tmp_path / str(at)
        folder.mkdir()
        VirtualCard(folder / "card.json", profile=profile).close()
        card_uuid = reserve(sqlite_services, f"HQ-{at:04}")
        with card_in_reader(folder) as connection:
            begin(sqlite_services, card_uuid, connection, at)
            assert_opens(sqlite_services, card_uuid, connection)
            personalise(sqlite_services, card_uuid, connection)
        assert_sealed(sqlite_services, card_uuid)


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_product_that_tells_nothing_of_its_secrets(
    sqlite_services: Services, tmp_path: Path, at: int, when: When
) -> None:
    """Whether it has the new PUK and PIN is found out by trying, at most one try each."""
    services, card_uuid = sqlite_services, reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        begin(services, card_uuid, Silent(connection), at, when)
        personalise(services, card_uuid, Silent(connection))
        assert_opens(services, card_uuid, connection)
    assert_sealed(services, card_uuid)


def test_the_last_try_of_the_puk_is_not_spent(sqlite_services: Services, tmp_path: Path) -> None:
    """Torn at the PUK, and again at every guess: no answer ever comes, and the card does not tell its tries."""
    services, card_uuid = sqlite_services, reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        begin(services, card_uuid, Silent(connection), at=1, when=When.BEFORE)
        for _ in range(2):
            begin(services, card_uuid, Silent(connection), at=0)
        with pytest.raises(CardLocked, match="PUK"):
            personalise(services, card_uuid, Silent(connection))
        assert tries_left(PivSession.open(connection), PinReference.PUK) == 1
    assert_put_aside(services, card_uuid)


def test_the_last_try_of_the_pin_is_not_spent(sqlite_services: Services, tmp_path: Path) -> None:
    services, card_uuid = sqlite_services, reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        begin(services, card_uuid, connection, at=2)
        session = PivSession.open(connection)
        for _ in range(2):
            with pytest.raises(WrongPin):
                session.verify_pin(Pin("999999"))
        with pytest.raises(CardLocked, match="PIN"):
            personalise(services, card_uuid, connection)
        connection.reset()
        assert PivSession.open(connection).pin_tries_left() == 1
    assert_put_aside(services, card_uuid)


def test_a_card_with_a_management_key_of_somebody_else(sqlite_services: Services, tmp_path: Path) -> None:
    services, card_uuid = sqlite_services, reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        begin(services, card_uuid, connection)
        admin = PivAdmin(PivSession.open(connection))
        admin.authenticate(YUBICO_5_3.management_key)
        admin.set_management_key(ManagementKey(Algorithm.AES_256, bytes(32)))
        with pytest.raises(CardLocked, match="management key"):
            personalise(services, card_uuid, connection)
    assert_put_aside(services, card_uuid)
    with reading(services.sessions) as session:
        statuses = set(session.scalars(select(Certificate.status)))
    assert statuses == {CertificateStatus.REVOKED}


class Refusing(Through):
    """A card that refuses to make keys."""

    def transmit(self, command: bytes) -> bytes:
        return b"\x6f\x00" if command[1] == 0x47 else super().transmit(command)


def test_a_card_that_refuses_gets_a_second_chance_and_no_third(sqlite_services: Services, tmp_path: Path) -> None:
    services, card_uuid = sqlite_services, reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        with pytest.raises(CardRefused):
            personalise(services, card_uuid, Refusing(connection))
        assert_going_on(services, card_uuid)
        with pytest.raises(CardRefused):
            personalise(services, card_uuid, Refusing(connection))
    assert_put_aside(services, card_uuid)


def test_a_bad_contact_does_not_cost_the_card(sqlite_services: Services, tmp_path: Path) -> None:
    services, card_uuid = sqlite_services, reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        with pytest.raises(CardRefused):
            personalise(services, card_uuid, Refusing(connection))
        personalise(services, card_uuid, connection)
    assert_sealed(services, card_uuid)
