"""The reader in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from readers.errors import CardBusy, CardMute, CardRemoved, NoCard
from readers.virtual.card import VirtualCard
from readers.virtual.journal import read_journal
from readers.virtual.loopback import LoopbackReader, put_on, take_off
from readers.virtual.profiles import CONTACT_ATR, CONTACTLESS_ATR
from tests.fixtures.apdus import SELECT

SELECTED = bytes.fromhex("61114F0600001000010079074F05A0000003089000")


@pytest.fixture
def slot(tmp_path: Path) -> Path:
    return tmp_path / "slot"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "card.json"


def test_an_empty_reader_has_no_card(slot: Path) -> None:
    with pytest.raises(NoCard), LoopbackReader(slot).connect():
        pass


def test_a_card_is_put_on_used_and_taken_off(slot: Path, state: Path) -> None:
    put_on(slot, state)
    reader = LoopbackReader(slot)
    with reader.connect() as connection:
        assert connection.atr == CONTACT_ATR
        assert connection.transmit(bytes.fromhex(SELECT)) == SELECTED
    take_off(slot)
    take_off(slot)
    with pytest.raises(NoCard), reader.connect():
        pass
    assert state.exists(), "the card is off the reader, not gone"


def test_the_reader_decides_the_interface(slot: Path, state: Path) -> None:
    put_on(slot, state)
    reader = LoopbackReader(slot, contactless=True)
    assert reader.contactless
    with reader.connect() as connection:
        assert connection.contactless
        assert connection.atr == CONTACTLESS_ATR
        connection.transmit(bytes.fromhex(SELECT))
        assert connection.transmit(bytes.fromhex("0020008000")) == b"\x69\x82"


@pytest.mark.parametrize("pull", [take_off, lambda slot: put_on(slot, slot.with_name("other.json"))])
def test_a_card_pulled_in_the_middle_is_removed(slot: Path, state: Path, pull: Callable[[Path], None]) -> None:
    put_on(slot, state)
    with LoopbackReader(slot).connect() as connection:
        connection.transmit(bytes.fromhex(SELECT))
        pull(slot)
        for _ in range(2):
            with pytest.raises(CardRemoved):
                connection.transmit(bytes.fromhex(SELECT))
        with pytest.raises(CardRemoved):
            connection.reset()


def test_the_same_card_put_on_again_is_not_the_session_of_before(slot: Path, state: Path) -> None:
    put_on(slot, state)
    with LoopbackReader(slot).connect() as connection:
        connection.transmit(bytes.fromhex(SELECT))
        take_off(slot)
        put_on(slot, state)
        with pytest.raises(CardRemoved):
            connection.transmit(bytes.fromhex(SELECT))


def test_nobody_inherits_a_session(slot: Path, state: Path) -> None:
    put_on(slot, state)
    reader = LoopbackReader(slot)
    with reader.connect() as connection:
        connection.transmit(bytes.fromhex(SELECT))
        assert connection.transmit(bytes.fromhex("0020008008313233343536FFFF")) == b"\x90\x00"
        connection.reset()
        assert connection.transmit(bytes.fromhex("00200080")) == b"\x6d\x00"
        connection.transmit(bytes.fromhex(SELECT))
        connection.transmit(bytes.fromhex("0020008008313233343536FFFF"))
    with reader.connect() as connection:
        connection.transmit(bytes.fromhex(SELECT))
        assert connection.transmit(bytes.fromhex("00200080")) == b"\x63\xc3"


def test_a_card_in_use_is_busy(slot: Path, state: Path) -> None:
    put_on(slot, state)
    with VirtualCard(state), pytest.raises(CardBusy), LoopbackReader(slot, patience=0).connect():
        pass
    with LoopbackReader(slot, patience=0).connect():
        pass


def test_it_waits_for_a_card_that_is_just_being_let_go(slot: Path, state: Path) -> None:
    put_on(slot, state)
    card = VirtualCard(state)
    threading.Timer(0.05, card.close).start()
    with LoopbackReader(slot, patience=60).connect() as connection:
        assert connection.transmit(bytes.fromhex(SELECT)) == SELECTED


def test_a_slot_without_sense_is_a_mute_card(slot: Path) -> None:
    slot.write_text("{}")
    with pytest.raises(CardMute), LoopbackReader(slot).connect():
        pass


def test_the_journal_counts_what_the_card_saw(slot: Path, state: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    put_on(slot, state, journal)
    for _ in range(2):
        with LoopbackReader(slot).connect() as connection:
            connection.transmit(bytes.fromhex(SELECT))
            connection.transmit(bytes.fromhex("0020008008313233343536FFFF"))
    seen = read_journal(journal)
    assert [(one.ins, one.p2, one.bytes_in, one.bytes_out, one.status) for one in seen] == [
        ("A4", "00", 14, 21, "9000"),
        ("20", "80", 13, 2, "9000"),
    ] * 2
    assert b"123456" not in journal.read_bytes()
    assert b"313233343536" not in journal.read_bytes()


def test_waiting_for_a_card_and_its_removal(slot: Path, state: Path) -> None:
    reader = LoopbackReader(slot)
    assert not reader.wait_for_card(timeout=0)
    assert reader.wait_for_removal(timeout=0)
    with ThreadPoolExecutor() as pool:
        coming = pool.submit(reader.wait_for_card, 60)
        put_on(slot, state)
        assert coming.result(60)
        assert reader.wait_for_card(timeout=0), "one already there counts"
        going = pool.submit(reader.wait_for_removal, 60)
        assert not reader.wait_for_removal(timeout=0)
        take_off(slot)
        assert going.result(60)


def test_cancel_wakes_all_who_wait(slot: Path) -> None:
    reader = LoopbackReader(slot)
    with ThreadPoolExecutor() as pool:
        waits = [pool.submit(reader.wait_for_card) for _ in range(3)]
        while not all(wait.done() for wait in waits):
            reader.cancel()
        assert [wait.result() for wait in waits] == [False] * 3


def test_transactions_keep_other_threads_away(slot: Path, state: Path) -> None:
    put_on(slot, state)
    order = []

    def other() -> None:
        connection.transmit(bytes.fromhex(SELECT))
        order.append("other")

    with LoopbackReader(slot).connect() as connection, ThreadPoolExecutor() as pool:
        with connection.transaction():
            waiting = pool.submit(other)
            connection.transmit(bytes.fromhex(SELECT))
            order.append("ours")
        waiting.result(60)
    assert order == ["ours", "other"]
