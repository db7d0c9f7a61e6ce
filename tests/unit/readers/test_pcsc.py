from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from readers.errors import (
    AmbiguousReader,
    CardBusy,
    CardMute,
    CardRemoved,
    CardReset,
    NoCard,
    NoSuchReader,
    PcscUnavailable,
    ProtocolError,
    ReaderError,
    ReaderFailed,
)
from readers.pcsc import PcscReader, context, find_reader, list_readers
from readers.pcsc.codes import PcscCode
from readers.piv.session import PivSession
from readers.virtual.card import VirtualCard
from tests.fixtures.fake_scard import FakeScard
from tests.fixtures.parts import require

CONTACT = "Virtual PCD 00 00"
CONTACTLESS = "Virtual PCD 00 01"
SELECT = bytes.fromhex("00A4040009A0000003080000100000")


@pytest.fixture
def card(tmp_path: Path) -> Iterator[VirtualCard]:
    card = VirtualCard(tmp_path / "card.json")
    yield card
    card.close()


@pytest.fixture
def reader(scard: FakeScard, card: VirtualCard) -> PcscReader:
    """With a card in it."""
    scard.put_on(CONTACT, card)
    return PcscReader(CONTACT)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def test_the_codes_are_those_of_pyscard() -> None:
    require("pyscard")
    from smartcard import scard as real  # noqa: PLC0415 - an extra that may be missing

    prefixes = ("SCARD_S_", "SCARD_E_", "SCARD_W_", "SCARD_F_")
    for code in PcscCode:
        values = {
            getattr(real, prefix + code.name) & 0xFFFFFFFF for prefix in prefixes if hasattr(real, prefix + code.name)
        }
        assert values == {code.value}, code.name


@pytest.mark.parametrize(
    ("name", "contactless"),
    [
        # Names from the list of supported readers of libccid 1.5.2, and pcscd's numbers behind them.
        ("ACS ACR122U PICC Interface 00 00", True),
        ("BIT4ID miniLector AIR NFC v3 00 00", True),
        ("Circle CIR315 CL 00 00", True),
        ("Feitian 502-CL 00 00", True),
        ("HID Global OMNIKEY 5022 Smart Card Reader 00 00", True),
        ("Identiv uTrust 3701 F CL Reader 00 00", True),
        ("REINER SCT cyberJack RFID basis 00 00", True),
        ("SCM Microsystems Inc. SCL01x Contactless Reader 00 00", True),
        ("HID Global OMNIKEY 3x21 Smart Card Reader 00 00", False),
        ("Gemalto PC Twin Reader 00 01", False),
        ("Identiv uTrust 2910 R Smart Card Reader 00 00", False),
        ("Cherry SmartTerminal XX44 00 00", False),
        ("Yubico YubiKey OTP+FIDO+CCID 00 00", False),
        ("Virtual PCD 00 01", True),
        ("Virtual PCD 01 01", True),
        ("Virtual PCD 00 00", False),
        ("Virtual PCD 01 00", False),
    ],
)
def test_which_readers_are_contactless(name: str, *, contactless: bool) -> None:
    assert PcscReader(name).contactless is contactless
    assert PcscReader(name, contactless=not contactless).contactless is not contactless


def test_list_readers(scard: FakeScard) -> None:
    assert [(reader.name, reader.contactless) for reader in list_readers()] == [(CONTACT, False), (CONTACTLESS, True)]
    scard.slots.clear()
    assert list_readers() == []


@pytest.mark.parametrize("name", [CONTACTLESS, "00 01", "pcd 00 01"])
def test_find_reader(scard: FakeScard, name: str) -> None:
    assert find_reader(name).name == CONTACTLESS
    assert not find_reader(name, contactless=False).contactless


@pytest.mark.parametrize(("name", "error"), [("Omnikey", NoSuchReader), ("Virtual", AmbiguousReader)])
def test_no_reader_of_that_name_or_several(scard: FakeScard, name: str, error: type[NoSuchReader]) -> None:
    with pytest.raises(NoSuchReader) as raised:
        find_reader(name)
    assert type(raised.value) is error
    assert raised.value.present == (CONTACT, CONTACTLESS)
    assert CONTACTLESS in str(raised.value)


def test_without_pyscard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "scard", None)
    with pytest.raises(PcscUnavailable, match="extra 'pcsc'"):
        list_readers()


def test_without_pcscd(scard: FakeScard) -> None:
    scard.fail("SCardEstablishContext", PcscCode.NO_SERVICE)
    with pytest.raises(PcscUnavailable, match="pcscd"):
        list_readers()


def test_a_connection(reader: PcscReader, scard: FakeScard, card: VirtualCard) -> None:
    with reader.connect() as connection:
        assert (connection.atr, connection.contactless) == (card.atr, False)
        PivSession.open(connection)
        with connection.transaction():
            assert connection.transmit(SELECT)[-2:] == b"\x90\x00"
        connection.reset()
        assert connection.transmit(bytes.fromhex("00200080"))[-2:] != b"\x90\x00"
        connection.close()
    assert scard.disconnected_with == [scard.SCARD_RESET_CARD]
    assert scard.calls.count("SCardEndTransaction") == 1


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (PcscCode.NO_SMARTCARD, NoCard),
        (PcscCode.REMOVED_CARD, NoCard),
        (PcscCode.UNRESPONSIVE_CARD, CardMute),
        (PcscCode.UNPOWERED_CARD, CardMute),
        (PcscCode.UNSUPPORTED_CARD, CardMute),
        (PcscCode.PROTO_MISMATCH, ProtocolError),
        (PcscCode.UNKNOWN_READER, NoSuchReader),
        (PcscCode.READER_UNAVAILABLE, NoSuchReader),
        (PcscCode.NO_SERVICE, PcscUnavailable),
        (PcscCode.SERVICE_STOPPED, PcscUnavailable),
        (PcscCode.RESET_CARD - 2**32, CardReset),  # as a signed number
        (0x80100001, ReaderFailed),
    ],
)
def test_no_connection(reader: PcscReader, scard: FakeScard, code: int, error: type[ReaderError]) -> None:
    scard.fail("SCardConnect", code)
    with pytest.raises(error), reader.connect():
        pass


def test_an_unknown_code_is_carried(reader: PcscReader, scard: FakeScard) -> None:
    scard.fail("SCardConnect", 0x80100001)
    with pytest.raises(ReaderFailed, match="80100001") as raised, reader.connect():
        pass
    assert raised.value.code == 0x80100001


def test_an_empty_reader(scard: FakeScard) -> None:
    with pytest.raises(NoCard), PcscReader(CONTACT).connect():
        pass


def test_a_card_that_others_hold_for_a_moment(reader: PcscReader, scard: FakeScard) -> None:
    scard.fail("SCardConnect", *[PcscCode.SHARING_VIOLATION] * 2)
    with reader.connect() as connection:
        assert connection.atr


def test_a_card_that_others_do_not_let_go(reader: PcscReader, scard: FakeScard) -> None:
    scard.fail("SCardConnect", *[PcscCode.SHARING_VIOLATION] * 3)
    with pytest.raises(CardBusy), reader.connect():
        pass


def test_a_card_that_goes_while_it_is_connected(reader: PcscReader, scard: FakeScard) -> None:
    scard.fail("SCardStatus", PcscCode.REMOVED_CARD)
    with pytest.raises(CardRemoved), reader.connect():
        pass
    assert scard.disconnected_with == [scard.SCARD_RESET_CARD]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (PcscCode.REMOVED_CARD, CardRemoved),
        (PcscCode.READER_UNAVAILABLE, CardRemoved),
        (PcscCode.RESET_CARD, CardReset),
        (PcscCode.UNRESPONSIVE_CARD, CardMute),
        (PcscCode.SHARING_VIOLATION, CardBusy),
        (PcscCode.NOT_TRANSACTED, CardMute),  # the card is still there
        (PcscCode.NO_SERVICE, PcscUnavailable),
        (PcscCode.INVALID_HANDLE, PcscUnavailable),
        (PcscCode.COMM_ERROR, PcscUnavailable),
        (0x8010002F, ReaderFailed),
    ],
)
@pytest.mark.parametrize("function", ["SCardTransmit", "SCardReconnect"])
def test_a_command_that_fails(
    reader: PcscReader, scard: FakeScard, function: str, code: int, error: type[ReaderError]
) -> None:
    with reader.connect() as connection:
        scard.fail(function, code)
        with pytest.raises(error):
            connection.transmit(SELECT) if function == "SCardTransmit" else connection.reset()


def test_no_answer_since_the_card_is_gone(reader: PcscReader, scard: FakeScard) -> None:
    with reader.connect() as connection:
        scard.take_off(CONTACT)
        scard.fail("SCardTransmit", PcscCode.NOT_TRANSACTED)
        with pytest.raises(CardRemoved):
            connection.transmit(SELECT)


def test_success_without_an_answer_is_none(reader: PcscReader, scard: FakeScard, card: VirtualCard) -> None:
    with reader.connect() as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(VirtualCard, "transmit", lambda *_: b"")
        with pytest.raises(CardMute):
            connection.transmit(SELECT)


def test_a_transaction_that_cannot_begin(reader: PcscReader, scard: FakeScard) -> None:
    with reader.connect() as connection:
        scard.fail("SCardBeginTransaction", PcscCode.RESET_CARD)
        with pytest.raises(CardReset), connection.transaction():
            raise AssertionError("begun all the same")
    assert "SCardEndTransaction" not in scard.calls


def test_the_end_of_a_transaction_hides_nothing(reader: PcscReader, scard: FakeScard) -> None:
    with reader.connect() as connection:
        scard.fail("SCardEndTransaction", PcscCode.REMOVED_CARD)
        with pytest.raises(CardRemoved, match="in the middle"), connection.transaction():
            raise CardRemoved("in the middle")


def test_closing_never_fails(reader: PcscReader, scard: FakeScard) -> None:
    scard.fail("SCardDisconnect", PcscCode.INVALID_HANDLE)
    scard.fail("SCardReleaseContext", PcscCode.SUCCESS, PcscCode.INVALID_HANDLE)
    with reader.connect() as connection:
        connection.close()


def test_a_card_already_there_counts(reader: PcscReader) -> None:
    assert reader.wait_for_card()
    assert reader.present()


def test_no_card_in_time(scard: FakeScard) -> None:
    assert not PcscReader(CONTACT).wait_for_card(timeout=0.01)
    assert not PcscReader(CONTACT).present()
    assert PcscReader(CONTACT).wait_for_removal(timeout=0)


def test_a_card_that_comes_and_goes(scard: FakeScard, card: VirtualCard, threads: ThreadPoolExecutor) -> None:
    reader = PcscReader(CONTACT)
    coming = threads.submit(reader.wait_for_card)
    assert scard.blocked.wait(10)
    scard.put_on(CONTACT, card)
    assert coming.result(10)
    going = threads.submit(reader.wait_for_removal)
    assert scard.blocked.wait(10)
    scard.take_off(CONTACT)
    assert going.result(10)


def test_a_card_swapped_in_no_time_was_removed(
    reader: PcscReader, scard: FakeScard, card: VirtualCard, threads: ThreadPoolExecutor
) -> None:
    going = threads.submit(reader.wait_for_removal)
    while scard.calls.count("SCardGetStatusChange") < 2:
        assert not going.done()
    with scard._changed:
        scard.slots[CONTACT].events += 2
        scard._changed.notify_all()
    assert going.result(10)


def test_cancel_wakes_all_who_wait(scard: FakeScard, threads: ThreadPoolExecutor) -> None:
    reader = PcscReader(CONTACT)
    reader.cancel()  # nobody waits: nothing happens
    waits = [threads.submit(reader.wait_for_card) for _ in range(3)]
    while len(scard._waiting) < 3:
        assert not any(wait.done() for wait in waits)
    reader.cancel()
    assert [wait.result(10) for wait in waits] == [False] * 3


def test_cancel_is_not_missed_by_who_is_about_to_wait(
    scard: FakeScard, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, about_to, go_on = PcscReader(CONTACT), threading.Event(), threading.Event()
    status_change = scard.SCardGetStatusChange

    def slowly(context: int, timeout: int, known: list[tuple[str, int]]) -> object:
        about_to.set()
        assert go_on.wait(10)
        return status_change(context, timeout, known)

    monkeypatch.setattr(scard, "SCardGetStatusChange", slowly)
    waiting = threads.submit(reader.wait_for_card)
    assert about_to.wait(10)
    cancelling = threads.submit(reader.cancel)
    while "SCardCancel" not in scard.calls:
        assert not cancelling.done()
    go_on.set()
    assert waiting.result(10) is False
    cancelling.result(10)


def test_a_reader_that_goes_away(reader: PcscReader, scard: FakeScard, threads: ThreadPoolExecutor) -> None:
    removal = threads.submit(reader.wait_for_removal)
    assert scard.blocked.wait(10)
    scard.unplug(CONTACT)
    assert removal.result(10)
    with pytest.raises(NoSuchReader):
        reader.wait_for_card()
    with pytest.raises(NoSuchReader), reader.connect():
        pass


@pytest.mark.parametrize(
    ("code", "error"), [(PcscCode.NO_SERVICE, PcscUnavailable), (PcscCode.UNKNOWN_READER, NoSuchReader)]
)
def test_a_wait_that_fails(scard: FakeScard, code: int, error: type[ReaderError]) -> None:
    scard.fail("SCardGetStatusChange", code)
    with pytest.raises(error):
        PcscReader(CONTACT).wait_for_card()
