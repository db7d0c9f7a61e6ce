"""Cards prove themselves: a software card in a loopback reader, and a service that checks what it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from cardsvc.client import statement
from cardsvc.wire.authentication import AuthenticationResult, CardProof, Challenge
from cardsvc.wire.levels import Level
from kiosk.challenges import ChallengeStock
from kiosk.proving import OtherCard, Prover, identify
from readers.connection import CardConnection, CardReader
from readers.errors import CardRemoved, NoCard, PinBlocked, SecurityNotSatisfied, WrongPin
from readers.piv.identifiers import KeyReference
from readers.piv.pin import Pin
from readers.virtual.loopback import LoopbackReader, put_on, take_off
from tests.fixtures.cards import PIN, PersonalisedCard
from tests.fixtures.services import NOW


@dataclass
class Service:
    """Believes a proof when the card's certificate does."""

    card: PersonalisedCard
    given: dict[str, Challenge] = field(default_factory=dict)
    proofs: list[CardProof] = field(default_factory=list)

    def challenges(self, level: Level, count: int = 1) -> list[Challenge]:
        fresh = [
            Challenge(
                handle=uuid4().hex,
                challenge=uuid4().bytes * 2,
                issuer="https://cards.test",
                level=level,
                client_id="kiosk-1",
                audience="kiosk-1",
                expires_at=NOW + timedelta(minutes=5),
            )
            for _ in range(count)
        ]
        self.given |= {challenge.handle: challenge for challenge in fresh}
        return fresh

    def authenticate(self, proof: CardProof) -> AuthenticationResult:
        challenge = self.given.pop(proof.challenge_handle)
        key = KeyReference.CARD_AUTHENTICATION if challenge.level is Level.TAP else KeyReference.PIV_AUTHENTICATION
        self.card.verify(key, proof.signature, bytes(statement(challenge, self.card.uuid)))
        self.proofs.append(proof)
        return AuthenticationResult(
            authentication_id=uuid4(),
            card_uuid=proof.card_uuid,
            level=challenge.level,
            visit_token="token",
            expires_at=NOW + timedelta(minutes=10),
            idle_seconds=90,
        )


@pytest.fixture
def service(personalised_card: PersonalisedCard) -> Service:
    return Service(personalised_card)


@pytest.fixture
def prover(service: Service) -> Prover:
    stocks = {level: ChallengeStock(service, level, lambda: NOW) for level in (Level.TAP, Level.PIN)}
    return Prover(service, stocks, lambda: None)


@pytest.fixture
def slot(personalised_card: PersonalisedCard, tmp_path: Path) -> Path:
    path = tmp_path / "slot"
    put_on(path, personalised_card.state_file)
    return path


def test_a_tap_proves_the_card_with_9e(prover: Prover, service: Service, slot: Path) -> None:
    who = prover.by_tap(LoopbackReader(slot, contactless=True))
    assert (who.card_uuid, who.level, who.token) == (service.card.uuid, Level.TAP, "token")
    assert service.proofs[0].audience == "kiosk-1"


def test_the_pin_proves_the_card_with_9a(prover: Prover, service: Service, slot: Path) -> None:
    who = prover.by_pin(LoopbackReader(slot), service.card.uuid, Pin(PIN))
    assert (who.card_uuid, who.level) == (service.card.uuid, Level.PIN)


def test_the_pin_does_not_stay_verified(prover: Prover, service: Service, slot: Path) -> None:
    reader = LoopbackReader(slot)
    prover.by_pin(reader, service.card.uuid, Pin(PIN))
    with pytest.raises(WrongPin):
        prover.by_pin(reader, service.card.uuid, Pin("000000"))


def test_wrong_pins_count_down_and_block(prover: Prover, service: Service, slot: Path) -> None:
    reader = LoopbackReader(slot)
    left = []
    for _ in range(2):
        with pytest.raises(WrongPin) as wrong:
            prover.by_pin(reader, service.card.uuid, Pin("000000"))
        left.append(wrong.value.tries_left)
    assert left == [2, 1]
    for pin in ("000000", PIN):
        with pytest.raises(PinBlocked):
            prover.by_pin(reader, service.card.uuid, Pin(pin))
    assert service.proofs == []


def test_another_card_is_refused_before_it_sees_the_pin(prover: Prover, slot: Path) -> None:
    reader = LoopbackReader(slot)
    for _ in range(4):
        with pytest.raises(OtherCard):
            prover.by_pin(reader, uuid4(), Pin("000000"))
    with pytest.raises(WrongPin) as wrong:
        prover.by_pin(reader, identify(reader).card_uuid, Pin("000000"))
    assert wrong.value.tries_left == 2, "no try was spent before"
    assert [identify(reader).tries_left for _ in range(3)] == [2, 2, 2], "asking costs none"


def test_the_pin_is_not_sent_over_the_contactless_reader(prover: Prover, service: Service, slot: Path) -> None:
    with pytest.raises(SecurityNotSatisfied):
        prover.by_pin(LoopbackReader(slot, contactless=True), service.card.uuid, Pin(PIN))


def test_an_empty_reader_says_so(prover: Prover, slot: Path) -> None:
    take_off(slot)
    with pytest.raises(NoCard):
        prover.by_tap(LoopbackReader(slot, contactless=True))


class Pulled:
    """A reader whose card is pulled off after some commands."""

    def __init__(self, slot: Path, commands: int, *, contactless: bool) -> None:
        self._reader = LoopbackReader(slot, contactless=contactless)
        self._slot = slot
        self._commands = commands

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    @contextmanager
    def connect(self) -> Iterator[CardConnection]:
        with self._reader.connect() as connection:
            yield cast("CardConnection", PulledConnection(connection, self._slot, self._commands))


class PulledConnection:
    def __init__(self, connection: CardConnection, slot: Path, commands: int) -> None:
        self._connection = connection
        self._slot = slot
        self._left = commands

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def transmit(self, command: bytes) -> bytes:
        if self._left == 0:
            take_off(self._slot)
        self._left -= 1
        return self._connection.transmit(command)


@pytest.mark.parametrize("commands", range(3))
def test_a_card_pulled_off_in_the_middle_of_a_tap_proves_nothing(
    prover: Prover, service: Service, slot: Path, commands: int
) -> None:
    with pytest.raises(CardRemoved):
        prover.by_tap(cast("CardReader", Pulled(slot, commands, contactless=True)))
    assert service.proofs == []


@pytest.mark.parametrize("commands", range(4))
def test_a_card_pulled_out_in_the_middle_of_the_pin_proves_nothing(
    prover: Prover, service: Service, slot: Path, commands: int
) -> None:
    with pytest.raises(CardRemoved):
        prover.by_pin(cast("CardReader", Pulled(slot, commands, contactless=False)), service.card.uuid, Pin(PIN))
    assert service.proofs == []
