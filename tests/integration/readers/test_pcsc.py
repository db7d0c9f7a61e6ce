"""Our PC/SC layer on a real pcscd, with a card that is put on and pulled off, and a pcscd that is restarted."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from readers import pcsc
from readers.errors import (
    CardRemoved,
    CardReset,
    ContactlessForbidden,
    NoCard,
    PcscUnavailable,
    SecurityNotSatisfied,
    WrongPin,
)
from readers.metering import MeteredConnection
from readers.pcsc import PcscReader, find_reader
from readers.piv.identifiers import KeyReference
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.piv.tap import tap
from readers.virtual.pcscd import CONTACT_READER, CONTACTLESS_READER, PrivatePcscd
from tests.fixtures.authorities import Entity
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.tappable import make_tappable, write_pem

pytestmark = pytest.mark.needs("pcscd", "vpcd", "unshare", "pyscard")

DIGEST = hashlib.sha256(b"statement").digest()
SECONDS = 20.0
"""How long we wait for what must come."""


@pytest.fixture
def contact(private_pcscd: PrivatePcscd) -> PcscReader:
    return find_reader(CONTACT_READER)


@pytest.fixture
def contactless(private_pcscd: PrivatePcscd) -> PcscReader:
    return find_reader(CONTACTLESS_READER)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def digest_for(_: UUID) -> bytes:
    return DIGEST


def test_the_two_readers(private_pcscd: PrivatePcscd) -> None:
    found = {reader.name: (reader.contactless, reader.present()) for reader in pcsc.list_readers()}
    assert found == {CONTACT_READER: (False, False), CONTACTLESS_READER: (True, False)}


def test_an_empty_reader(contact: PcscReader) -> None:
    assert not contact.wait_for_card(timeout=0)
    assert contact.wait_for_removal(timeout=0)
    with pytest.raises(NoCard), contact.connect():
        pass


def test_a_tap_is_short(
    private_pcscd: PrivatePcscd, contactless: PcscReader, personalised_card: PersonalisedCard
) -> None:
    with private_pcscd.put_on(personalised_card.state_file, contactless=True), contactless.connect() as inner:
        connection = MeteredConnection(inner)
        result = tap(connection, digest_for)
        with pytest.raises(SecurityNotSatisfied):
            PivSession.open(connection).sign_digest(KeyReference.PIV_AUTHENTICATION, DIGEST)
        with pytest.raises(ContactlessForbidden):
            PivSession.open(connection).verify_pin(Pin(personalised_card.pin))
        # The card refuses the PIN there as well, whoever sends it (SP 800-73-5 part 2 §3.2.1).
        pin = Pin(personalised_card.pin).padded
        assert inner.transmit(bytes.fromhex("0020008008") + pin) == bytes.fromhex("6982")
    assert result.card_uuid == personalised_card.uuid
    personalised_card.verify(KeyReference.CARD_AUTHENTICATION, result.signature, b"statement")


def test_pin_and_signature_on_the_contact_reader(
    private_pcscd: PrivatePcscd, contact: PcscReader, personalised_card: PersonalisedCard
) -> None:
    with private_pcscd.put_on(personalised_card.state_file), contact.connect() as connection:
        session = PivSession.open(connection)
        with pytest.raises(WrongPin) as wrong:
            session.verify_pin(Pin("999999"))
        session.verify_pin(Pin(personalised_card.pin))
        signature = session.sign_digest(KeyReference.PIV_AUTHENTICATION, DIGEST)
    assert wrong.value.tries_left == 2
    personalised_card.verify(KeyReference.PIV_AUTHENTICATION, signature, b"statement")


def test_the_end_of_a_connection_forgets_the_pin(
    private_pcscd: PrivatePcscd, contact: PcscReader, personalised_card: PersonalisedCard
) -> None:
    with private_pcscd.put_on(personalised_card.state_file):
        with contact.connect() as connection:
            PivSession.open(connection).verify_pin(Pin(personalised_card.pin))
        with contact.connect() as connection:
            assert PivSession.open(connection).pin_tries_left() == 3


def test_a_card_that_comes_and_goes(
    private_pcscd: PrivatePcscd, contact: PcscReader, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    coming = threads.submit(contact.wait_for_card, SECONDS)
    card = private_pcscd.put_on(tmp_path / "blank.json")
    assert coming.result()
    going = threads.submit(contact.wait_for_removal, SECONDS)
    card.take_off()
    assert going.result()


def test_a_wait_that_is_cancelled(contact: PcscReader, threads: ThreadPoolExecutor) -> None:
    waits = [threads.submit(contact.wait_for_card, SECONDS) for _ in range(2)]
    while not all(wait.done() for wait in waits):
        contact.cancel()
    assert [wait.result() for wait in waits] == [False, False]


def test_a_card_pulled_off_in_the_middle(
    private_pcscd: PrivatePcscd, contact: PcscReader, personalised_card: PersonalisedCard
) -> None:
    card = private_pcscd.put_on(personalised_card.state_file)
    with contact.connect() as connection:
        session = PivSession.open(connection)
        card.take_off()
        with pytest.raises(CardRemoved):
            session.read_chuid()
        with pytest.raises(CardRemoved):
            connection.reset()


def test_a_card_reset_by_another(
    private_pcscd: PrivatePcscd, contact: PcscReader, personalised_card: PersonalisedCard
) -> None:
    with private_pcscd.put_on(personalised_card.state_file), contact.connect() as ours:
        session = PivSession.open(ours)
        session.verify_pin(Pin(personalised_card.pin))
        with contact.connect() as theirs:
            theirs.reset()
        with pytest.raises(CardReset):
            session.read_chuid()
        ours.reset()
        assert PivSession.open(ours).pin_tries_left() == 3


def test_transactions_keep_others_away(
    private_pcscd: PrivatePcscd, contact: PcscReader, personalised_card: PersonalisedCard, threads: ThreadPoolExecutor
) -> None:
    with private_pcscd.put_on(personalised_card.state_file), contact.connect() as ours, contact.connect() as theirs:
        with ours.transaction():
            session = PivSession.open(ours)
            waiting = threads.submit(tap, theirs, digest_for)
            for _ in range(20):
                session.read_chuid()
            assert not waiting.done()
        assert waiting.result().card_uuid == personalised_card.uuid


def test_pcscd_is_restarted(
    private_pcscd: PrivatePcscd, contact: PcscReader, personalised_card: PersonalisedCard
) -> None:
    with private_pcscd.put_on(personalised_card.state_file):
        with contact.connect() as connection:
            PivSession.open(connection)
            private_pcscd.restart()
            with pytest.raises(PcscUnavailable):
                PivSession.open(connection)
        assert contact.wait_for_card(SECONDS)
        with contact.connect() as connection:
            assert tap(connection, digest_for).card_uuid == personalised_card.uuid


def test_the_command_line(private_pcscd: PrivatePcscd, tmp_path: Path) -> None:
    root = Entity.root()
    card_uuid = make_tappable(tmp_path / "card.json", root)
    trust = write_pem(tmp_path / "root.pem", [root])
    with private_pcscd.put_on(tmp_path / "card.json", contactless=True):
        listed = readers("list", "--json")
        report = readers("tap", "--trust", trust, "--json")
        seen = readers("info", "--reader", CONTACTLESS_READER, "--json")
    assert [row["card"] for row in listed] == [False, True]
    assert (report["card_uuid"], report["verdict"], report["apdus"]) == (str(card_uuid), "genuine", 3)
    assert report["bytes_sent"] <= 80
    assert report["bytes_received"] <= 270
    assert seen["card_uuid"] == str(card_uuid)


def readers(*arguments: str) -> Any:
    done = subprocess.run((sys.executable, "-m", "readers.cli", *arguments), capture_output=True, check=True)
    return json.loads(done.stdout)
