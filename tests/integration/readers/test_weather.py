"""PC/SC weather on a real pcscd: the rows of DESIGN §10 that neither the monitor nor the worker is about."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from readers import identity
from readers.errors import (
    CardBusy,
    CardError,
    CardRemoved,
    CardReset,
    NoCard,
    NotAPivCard,
    PcscUnavailable,
    ProtocolError,
)
from readers.pcsc import PcscReader, list_readers
from readers.pinpad import find_pin_pad
from readers.piv.identifiers import KeyReference
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.piv.tap import tap
from readers.reader_features import longest_data
from readers.roles import Identity
from readers.virtual.faults import Fault
from readers.virtual.pcscd import CONTACT_READER, PrivatePcscd
from tests.chaos.readers import rival
from tests.fixtures.faulty import FaultyCardOnReader

pytestmark = pytest.mark.needs("pcscd", "vpcd", "unshare", "pyscard")

DIGEST = bytes(32)


@pytest.fixture
def reader(private_pcscd: PrivatePcscd) -> PcscReader:
    return PcscReader(CONTACT_READER)


class Rival:
    """Another process that uses the reader."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self._program = program

    @property
    def process_id(self) -> int:
        return self._program.pid

    def does(self, order: str) -> int:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(order + "\n")
        self._program.stdin.flush()
        return int(self._program.stdout.readline())


@contextmanager
def another_process() -> Iterator[Rival]:
    with subprocess.Popen(
        (sys.executable, "-m", rival.__name__, CONTACT_READER), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        yield Rival(program)
        assert program.stdin is not None
        program.stdin.close()


def test_a_card_that_another_process_holds(reader: PcscReader, faulty_card: FaultyCardOnReader) -> None:
    with another_process() as other:
        assert other.does("hold") == 0
        with pytest.raises(CardBusy, match="another process") as raised, reader.connect():
            pass
        assert any(str(other.process_id) in holder for holder in raised.value.holders)
        assert other.does("release") == 0
        with reader.connect() as connection:
            assert tap(connection, lambda _: DIGEST).card_uuid == faulty_card.card.uuid


def test_after_a_reset_by_another_process_the_pin_is_asked_for_again(
    reader: PcscReader, faulty_card: FaultyCardOnReader
) -> None:
    with another_process() as other, reader.connect() as connection:
        session = PivSession.open(connection)
        session.verify_pin(Pin(faulty_card.card.pin))
        assert other.does("reset") == 0
        with pytest.raises(CardReset):
            session.sign_digest(KeyReference.PIV_AUTHENTICATION, DIGEST)
        connection.reset()
        assert PivSession.open(connection).pin_tries_left() == 3


@pytest.mark.parametrize("kill", [True, False])
def test_a_connection_ends_with_pcscd_and_the_next_one_works(
    *, kill: bool, reader: PcscReader, private_pcscd: PrivatePcscd, faulty_card: FaultyCardOnReader
) -> None:
    with reader.connect() as connection:
        session = PivSession.open(connection)
        private_pcscd.stop(kill=kill)
        with pytest.raises(PcscUnavailable):
            session.read_chuid()
        with pytest.raises(PcscUnavailable, match="install and start"):
            list_readers()
        private_pcscd.restart()
    with reader.connect() as connection:
        assert tap(connection, lambda _: DIGEST).card_uuid == faulty_card.card.uuid


def test_a_card_gone_between_two_commands(reader: PcscReader, faulty_card: FaultyCardOnReader) -> None:
    with reader.connect() as connection:
        session = PivSession.open(connection)
        faulty_card.control.take_off()
        assert reader.wait_for_removal(60)
        with pytest.raises(CardRemoved):
            session.read_chuid()
    with pytest.raises(NoCard), reader.connect():
        pass


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.ENDLESS, ProtocolError),
        (Fault.ENDLESS_EMPTY, ProtocolError),
        (Fault.ONE_BYTE, ProtocolError),
        (Fault.HALF, (ProtocolError, CardError)),
        (Fault.HUGE, (ProtocolError, CardError)),
        (Fault.DEEP_TLV, ProtocolError),
        (Fault.LONG_TLV, ProtocolError),
        (Fault.WRONG_LENGTH, CardError),
        (Fault.RESET, CardError),
    ],
)
def test_answers_that_make_no_sense_are_typed_errors_and_the_card_goes_on(
    reader: PcscReader,
    faulty_card: FaultyCardOnReader,
    fault: Fault,
    error: type[Exception] | tuple[type[Exception], ...],
) -> None:
    with reader.connect() as connection:
        session = PivSession.open(connection)
        faulty_card.control.arm(fault, seed=1)
        with pytest.raises(error):
            session.read_chuid()
        faulty_card.control.clear()
        assert tap(connection, lambda _: DIGEST).card_uuid == faulty_card.card.uuid


def test_a_foreign_card_is_not_a_piv_card(reader: PcscReader, faulty_card: FaultyCardOnReader) -> None:
    faulty_card.control.arm(Fault.STATUS, seed=1)
    with pytest.raises(NotAPivCard), reader.connect() as connection:
        PivSession.open(connection)


def test_a_reader_without_a_keypad_and_without_a_serial(reader: PcscReader, faulty_card: FaultyCardOnReader) -> None:
    with reader.connect() as connection:
        assert find_pin_pad(connection) is None
        assert longest_data(connection) == 255, "vpcd 3.3 does not say what it takes"
        PivSession.open(connection).read_chuid()
    assert identity.Census().identify(CONTACT_READER) == Identity(CONTACT_READER)
