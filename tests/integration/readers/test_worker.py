"""A reader worked by its own process, on a real pcscd, with a card that misbehaves: DESIGN §10."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from readers.connection import CardConnection
from readers.errors import CardBusy, CardMute, CardRemoved, CardReset, CardStuck, Outcome, ReaderError, WorkerEnded
from readers.limits import Limits
from readers.piv.session import PivSession
from readers.piv.tap import tap
from readers.virtual.faults import Fault
from readers.virtual.pcscd import CONTACT_READER, CONTACTLESS_READER, PrivatePcscd
from readers.worker import ReaderState, SupervisedReader
from tests.fixtures.apdus import SELECT
from tests.fixtures.cards import personalise
from tests.fixtures.faulty import FaultyCardOnReader

pytestmark = pytest.mark.needs("pcscd", "vpcd", "unshare", "pyscard")

LIMITS = Limits(otherwise=1.5, by_instruction={})
DIGEST = bytes(32)
SELECT_PIV = bytes.fromhex(SELECT)


@pytest.fixture
def reader(private_pcscd: PrivatePcscd) -> Iterator[SupervisedReader]:
    with SupervisedReader(CONTACT_READER, limits=LIMITS) as made:
        yield made


def test_a_card_is_used_through_it(reader: SupervisedReader, faulty_card: FaultyCardOnReader) -> None:
    for _ in range(2):
        with reader.connect() as connection, connection.transaction():
            assert tap(connection, lambda _: DIGEST).card_uuid == faulty_card.card.uuid
            assert connection.atr
            connection.reset()
            PivSession.open(connection)
    assert reader.state is ReaderState.FREE


@pytest.mark.parametrize("fault", [Fault.MUTE, Fault.EMPTY, Fault.OVERLONG])
def test_a_card_that_holds_the_reader(
    reader: SupervisedReader, faulty_card: FaultyCardOnReader, private_pcscd: PrivatePcscd, tmp_path: Path, fault: Fault
) -> None:
    control = faulty_card.control
    other = personalise(tmp_path / "other.json")
    control.arm(fault)
    with (
        private_pcscd.put_on(other.state_file, contactless=True),
        SupervisedReader(CONTACTLESS_READER, limits=LIMITS) as neighbour,
    ):
        with pytest.raises(ReaderError) as raised, reader.connect() as connection:
            _select_again_and_again(connection)
        assert raised.value.outcome is Outcome.UNKNOWN
        with neighbour.connect() as connection:
            assert tap(connection, lambda _: DIGEST).card_uuid == other.uuid
    control.take_off()
    assert reader.wait_for_removal(60)
    control.put_on()
    assert reader.wait_for_card(60)
    with reader.connect() as connection:
        assert tap(connection, lambda _: DIGEST).card_uuid == faulty_card.card.uuid


def _select_again_and_again(connection: CardConnection) -> None:
    while True:
        connection.transmit(SELECT_PIV)


def test_while_it_is_stuck_it_says_so_and_afterwards_not(
    reader: SupervisedReader, faulty_card: FaultyCardOnReader
) -> None:
    faulty_card.control.arm(Fault.MUTE, at=1)
    with reader.connect() as connection:
        connection.transmit(SELECT_PIV)
        worker = reader.worker_id
        with pytest.raises(CardStuck) as raised:
            connection.transmit(SELECT_PIV)
        assert (raised.value.outcome, raised.value.doing) == (Outcome.UNKNOWN, "command with instruction A4")
        with pytest.raises(WorkerEnded) as later:
            connection.transmit(SELECT_PIV)
        assert later.value.outcome is Outcome.NOT_SENT
    assert reader.state is ReaderState.STUCK
    assert reader.worker_id != worker
    with pytest.raises(CardStuck) as again, reader.connect():
        pass
    assert again.value.outcome is Outcome.NOT_SENT
    faulty_card.control.take_off()
    assert reader.wait_for_removal(60)
    while str(reader.state) == "stuck":
        threading.Event().wait(0.02)


def test_a_worker_that_dies_is_replaced(reader: SupervisedReader, faulty_card: FaultyCardOnReader) -> None:
    with reader.connect() as connection:
        connection.transmit(SELECT_PIV)
        assert reader.worker_id
        os.kill(reader.worker_id, signal.SIGKILL)
        with pytest.raises(WorkerEnded) as raised:
            connection.transmit(SELECT_PIV)
        assert raised.value.outcome is Outcome.UNKNOWN
    with reader.connect() as connection:
        connection.transmit(SELECT_PIV)


def test_a_slow_card_is_not_a_mute_one(reader: SupervisedReader, faulty_card: FaultyCardOnReader) -> None:
    faulty_card.control.arm(Fault.SLOW, seconds=0.5)
    with reader.connect() as connection:
        assert connection.transmit(SELECT_PIV)[-2:] == b"\x90\x00"


@pytest.mark.parametrize("fault", [Fault.GONE_BEFORE, Fault.GONE_AFTER])
def test_a_card_gone_in_a_command_leaves_its_outcome_unknown(
    reader: SupervisedReader, faulty_card: FaultyCardOnReader, fault: Fault
) -> None:
    faulty_card.control.arm(fault)
    with pytest.raises(CardRemoved) as raised, reader.connect() as connection:
        connection.transmit(SELECT_PIV)
    assert raised.value.outcome is Outcome.UNKNOWN


def test_another_card_under_an_open_connection_is_noticed(
    reader: SupervisedReader, faulty_card: FaultyCardOnReader
) -> None:
    with reader.connect() as connection:
        connection.transmit(SELECT_PIV)
        faulty_card.control.arm(Fault.SWAP)
        with pytest.raises((CardRemoved, CardMute, CardReset)):
            connection.transmit(SELECT_PIV)
    assert reader.wait_for_card(60)
    with reader.connect() as connection:
        assert tap(connection, lambda _: DIGEST).card_uuid == faulty_card.spare.uuid


def test_a_program_that_ends_takes_its_worker_with_it(faulty_card: FaultyCardOnReader) -> None:
    reader = SupervisedReader(CONTACT_READER, limits=LIMITS)
    with reader.connect():
        worker = reader.worker_id
    reader.close()
    assert worker
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_one_connection_at_a_time(reader: SupervisedReader, faulty_card: FaultyCardOnReader) -> None:
    with reader.connect(), pytest.raises(CardBusy), reader.connect():
        pass
