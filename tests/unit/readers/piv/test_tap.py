from __future__ import annotations

import hashlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.errors import CardRemoved, NotAPivCard, ObjectNotFound, ReaderError
from readers.metering import MeteredConnection
from readers.piv.identifiers import KeyReference
from readers.piv.tap import TapResult, tap
from readers.virtual.loopback import LoopbackReader, put_on
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.scripted import SELECT, SELECTED, HostileConnection, ScriptedConnection
from tests.unit.readers.piv.test_objects import GUID, YUBICO_CHUID
from tests.unit.readers.piv.test_session import R_AND_S

DIGEST = hashlib.sha256(b"statement").digest()
GET_CHUID = "00CB3FFF055C035FC10200"
CHUID = f"53{len(YUBICO_CHUID):02X}{YUBICO_CHUID.hex()} 9000"
SIGN = f"0087119E 26 7C24 8200 8120 {DIGEST.hex()} 00"


def test_three_commands_and_nothing_else() -> None:
    connection = ScriptedConnection(
        (SELECT, SELECTED), (GET_CHUID, CHUID), (SIGN, f"7C0A8208{R_AND_S} 9000"), contactless=True
    )
    asked: list[tuple[UUID, bool]] = []

    def statement_for(card_uuid: UUID) -> bytes:
        asked.append((card_uuid, connection.in_transaction))
        return DIGEST

    assert tap(connection, statement_for) == TapResult(GUID, DIGEST, bytes.fromhex(R_AND_S))
    assert asked == [(GUID, True)]
    assert not connection.in_transaction
    connection.finished()


def test_it_is_short_on_a_card_of_ours(personalised_card: PersonalisedCard) -> None:
    slot = personalised_card.state_file.with_suffix(".slot")
    put_on(slot, personalised_card.state_file)
    with LoopbackReader(slot, contactless=True).connect() as inner:
        connection = MeteredConnection(inner)
        result = tap(connection, lambda _: DIGEST)
    assert result.card_uuid == personalised_card.uuid
    personalised_card.verify(KeyReference.CARD_AUTHENTICATION, result.signature, b"statement")
    assert connection.apdus == 3
    assert connection.bytes_sent <= 80
    assert connection.bytes_received <= 270


def never(_: UUID) -> bytes:
    raise AssertionError("no statement is made for a card that is none")


def test_a_card_that_is_not_finished() -> None:
    with pytest.raises(ObjectNotFound):
        tap(ScriptedConnection((SELECT, SELECTED), (GET_CHUID, "6A82")), never)


def test_a_foreign_card() -> None:
    with pytest.raises(NotAPivCard):
        tap(ScriptedConnection((SELECT, "6D00")), never)


def test_a_card_pulled_off_in_the_middle() -> None:
    connection = ScriptedConnection((SELECT, SELECTED), (GET_CHUID, CHUID), (SIGN, CardRemoved("gone")))
    with pytest.raises(CardRemoved):
        tap(connection, lambda _: DIGEST)
    assert not connection.in_transaction


@given(st.lists(st.binary(max_size=80), max_size=4), st.integers(0, 2))
def test_a_hostile_card_gets_typed_errors_only(answers: list[bytes], honest: int) -> None:
    prelude = [bytes.fromhex(SELECTED), bytes.fromhex(CHUID)][:honest]
    try:
        tap(HostileConnection(prelude + answers), lambda _: DIGEST)
    except ReaderError:
        return
