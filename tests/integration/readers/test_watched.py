"""Programs with a person before them: a card that hangs ends in an error, and Ctrl-C ends the program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from readers.errors import CardBusy, CardStuck, Outcome
from readers.limits import Limits
from readers.pcsc import PcscReader
from readers.piv.session import PivSession
from readers.piv.tap import tap
from readers.virtual.faults import Fault
from readers.virtual.pcscd import CONTACT_READER, CONTACTLESS_READER, PrivatePcscd
from readers.watched import WatchedReader
from tests.fixtures.faulty import FaultyCardOnReader

pytestmark = pytest.mark.needs("pcscd", "vpcd", "unshare", "pyscard")

LIMITS = Limits(otherwise=1.0, by_instruction={})
DIGEST = bytes(32)


@pytest.fixture
def reader(private_pcscd: PrivatePcscd) -> WatchedReader:
    return WatchedReader(PcscReader(CONTACT_READER), LIMITS)


def test_a_card_is_used_through_it(reader: WatchedReader, faulty_card: FaultyCardOnReader) -> None:
    assert reader.wait_for_card(60)
    with reader.connect() as connection, connection.transaction():
        assert (reader.name, reader.contactless, connection.contactless) == (CONTACT_READER, False, False)
        assert tap(connection, lambda _: DIGEST).card_uuid == faulty_card.card.uuid
        connection.reset()
        PivSession.open(connection)
        assert connection.atr


def test_a_mute_card_is_an_error_and_is_asked_nothing_more(
    reader: WatchedReader, faulty_card: FaultyCardOnReader
) -> None:
    with reader.connect() as connection:
        session = PivSession.open(connection)
        faulty_card.control.arm(Fault.MUTE)
        with pytest.raises(CardStuck) as raised:
            session.read_chuid()
        assert raised.value.outcome is Outcome.UNKNOWN
        with pytest.raises(CardStuck) as again:
            session.read_chuid()
        assert again.value.outcome is Outcome.NOT_SENT
    faulty_card.control.take_off()
    assert reader.wait_for_removal(60)


def test_a_transaction_of_somebody_else_is_not_waited_for_for_ever(
    reader: WatchedReader, faulty_card: FaultyCardOnReader
) -> None:
    with (
        reader.connect() as connection,
        PcscReader(CONTACT_READER).connect() as other,
        other.transaction(),
        pytest.raises(CardBusy),
        connection.transaction(),
    ):
        pass


def test_ctrl_c_ends_the_waiting(private_pcscd: PrivatePcscd) -> None:
    command = (sys.executable, "-m", "readers.cli", "tap", "--reader", CONTACTLESS_READER, "--wait", "3600")
    environment = {**os.environ, **private_pcscd.environment}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as program:
        with pytest.raises(subprocess.TimeoutExpired):
            program.wait(3)
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=60)
    assert program.returncode == 130
    assert "Traceback" not in said
