"""A card that is not what was meant does not leave the desk: each lie of a card is found by its own check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from cardsvc.cards.models import Card
from cardsvc.db import reading
from cardsvc.issuance.errors import CardLocked, CardNotConforming, CardRefused, PossessionNotProved
from cardsvc.services import Services
from cardsvc.trust.certificates import KeyAlreadyCertified, certify
from cardsvc.trust.models import Certificate, CertificateStatus, KeyOrigin
from cardsvc.wire.lifecycle import CardState
from readers import tlv
from readers.connection import CardConnection
from readers.piv.admin import PivAdmin
from readers.piv.identifiers import KeyReference
from readers.piv.products import YUBICO_5_3
from readers.piv.session import PivSession
from tests.fixtures.issuance import card_in_reader, personalise, reserve

OK = b"\x90\x00"
Lie = Callable[[bytes], bytes | None]
"""What the card answers to a command instead of carrying it out; None where it is honest."""


@dataclass
class LyingCard:
    """A card, or a desk, that does not do what it is told and says that it did."""

    inner: CardConnection
    lie: Lie
    told: int = field(default=0)

    @property
    def atr(self) -> bytes:
        return self.inner.atr

    @property
    def contactless(self) -> bool:
        return self.inner.contactless

    def transmit(self, command: bytes) -> bytes:
        answer = self.lie(command)
        if answer is None:
            return self.inner.transmit(command)
        self.told += 1
        return answer

    def reset(self) -> None:
        self.inner.reset()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield

    def close(self) -> None:
        self.inner.close()


def pretends(instruction: int, *, holding: str = "") -> Lie:
    """Answers 9000 to these commands without carrying them out."""

    def lie(command: bytes) -> bytes | None:
        meant = command[1] == instruction and bytes.fromhex(holding) in command
        return OK if meant else None

    return lie


PUT_DATA, CHANGE, SET_MANAGEMENT_KEY = 0xDB, 0x24, 0xFF
FORGETS_CCC = pretends(PUT_DATA, holding="5C035FC107")
FORGETS_CHUID = pretends(PUT_DATA, holding="5C035FC102")


@pytest.mark.parametrize(
    ("lie", "findings"),
    [
        (FORGETS_CCC, ["ccc"]),
        (FORGETS_CHUID, ["chuid", "object-missing:CHUID"]),
    ],
)
def test_a_card_that_forgets_an_object(
    sqlite_services: Services, tmp_path: Path, lie: Lie, findings: list[str]
) -> None:
    assert findings_of(sqlite_services, tmp_path, lie) == findings


def findings_of(services: Services, folder: Path, lie: Lie) -> list[str]:
    card_uuid = reserve(services)
    with card_in_reader(folder) as connection:
        liar = LyingCard(connection, lie)
        with pytest.raises(CardNotConforming) as found:
            personalise(services, card_uuid, liar)
    assert liar.told
    with reading(services.sessions) as session:
        assert session.scalars(select(Card.state)).one() is CardState.QUARANTINED
        assert set(session.scalars(select(Certificate.status))) == {CertificateStatus.REVOKED}
    return found.value.findings


class KeepsPuk:
    """Says that it changed the PUK, and keeps the factory's, until the inspection asks for the change again."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, command: bytes) -> bytes | None:
        if command[1] != CHANGE or command[3] != 0x81:
            return None
        self.asked += 1
        return OK if self.asked == 1 else None


def test_a_card_that_keeps_the_factorys_puk(sqlite_services: Services, tmp_path: Path) -> None:
    assert findings_of(sqlite_services, tmp_path, KeepsPuk()) == ["puk"]


class SwapsObject:
    """Shows another object than was written, from the inspection's reset on."""

    def __init__(self, object_id: str, content: bytes) -> None:
        self.wanted = bytes.fromhex("00CB3FFF055C03" + object_id)
        self.answer = tlv.encode(0x53, content) + OK

    def __call__(self, command: bytes) -> bytes | None:
        written = getattr(self, "written", False)
        if command[1] == PUT_DATA:
            self.written = True
        return self.answer if written and command.startswith(self.wanted) else None


def test_a_card_that_shows_another_chuid(sqlite_services: Services, tmp_path: Path) -> None:
    assert findings_of(sqlite_services, tmp_path, SwapsObject("5FC102", b"\x30\x00")) == [
        "chuid",
        "object-malformed:CHUID",
    ]


def test_a_card_that_shows_a_broken_certificate(sqlite_services: Services, tmp_path: Path) -> None:
    lie = SwapsObject("5FC101", b"\x70\x01\x00\x71\x01\x00\xfe\x00")
    assert findings_of(sqlite_services, tmp_path, lie) == [
        "certificate-card-authentication",
        "object-malformed:CERTIFICATE_CARD_AUTHENTICATION",
        "key-9e",
    ]


def test_a_card_that_keeps_the_factorys_management_key(sqlite_services: Services, tmp_path: Path) -> None:
    """It is found even earlier: the new key is used to write the CHUID, and then to go on with the card."""
    card_uuid = reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        with pytest.raises(CardRefused, match="9B"):
            personalise(sqlite_services, card_uuid, LyingCard(connection, pretends(SET_MANAGEMENT_KEY)))
        with pytest.raises(CardLocked, match="management key"):
            personalise(sqlite_services, card_uuid, connection)
    with reading(sqlite_services.sessions) as session:
        assert session.scalars(select(Card.state)).one() is CardState.QUARANTINED


class ShowsKey:
    """Answers every key generation with the same public key, as a desk might that plays the card."""

    def __init__(self) -> None:
        self.public_key = ec.generate_private_key(ec.SECP256R1()).public_key()

    def __call__(self, command: bytes) -> bytes | None:
        if command[1] != 0x47:
            return None
        numbers = self.public_key.public_numbers()
        point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        return tlv.encode(0x7F49, tlv.encode(0x86, point)) + OK


def test_no_certificate_for_a_key_the_card_does_not_have(sqlite_services: Services, tmp_path: Path) -> None:
    card_uuid = reserve(sqlite_services)
    with card_in_reader(tmp_path) as connection:
        make_keys(connection)
        with pytest.raises(PossessionNotProved):
            personalise(sqlite_services, card_uuid, LyingCard(connection, ShowsKey()))
    with reading(sqlite_services.sessions) as session:
        assert session.scalars(select(Certificate)).all() == []


def make_keys(connection: CardConnection) -> None:
    """The card has keys, but others than it will show."""
    admin = PivAdmin(PivSession.open(connection))
    admin.authenticate(YUBICO_5_3.management_key)
    for key in (KeyReference.PIV_AUTHENTICATION, KeyReference.DIGITAL_SIGNATURE, KeyReference.CARD_AUTHENTICATION):
        admin.generate_key(key)


def test_the_same_key_is_not_certified_twice(services: Services) -> None:
    card_uuid = reserve(services)
    public_key = ec.generate_private_key(ec.SECP256R1()).public_key()
    with services.sessions() as session:
        card = session.scalars(select(Card).where(Card.uuid == card_uuid)).one()

        def issue(key: KeyReference) -> None:
            certify(
                session,
                services.authority,
                card,
                key,
                public_key,
                origin=KeyOrigin.ASSERTED,
                now=services.clock(),
            )

        issue(KeyReference.CARD_AUTHENTICATION)
        with pytest.raises(KeyAlreadyCertified):
            issue(KeyReference.PIV_AUTHENTICATION)
