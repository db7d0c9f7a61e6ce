from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.errors import (
    CardError,
    ContactlessForbidden,
    NotAPivCard,
    ObjectNotFound,
    PinBlocked,
    ProtocolError,
    ReaderError,
    SecurityNotSatisfied,
    WrongPin,
)
from readers.piv.identifiers import KeyReference, ObjectId
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.virtual.loopback import LoopbackReader, put_on
from tests.fixtures.cards import PIN, PUK, PersonalisedCard
from tests.fixtures.scripted import SELECT, SELECTED, HostileConnection, ScriptedConnection

DIGEST = hashlib.sha256(b"statement").digest()
SELECT_FULL = "00A404000BA000000308000010000100 00"
GET_DISCOVERY = "00CB3FFF035C017E00"
VERIFY = "00200080 08 323436383032FFFF"
R_AND_S = "3006020101020102"


@contextmanager
def scripted(*script: tuple[str, str], contactless: bool = False) -> Iterator[PivSession]:
    connection = ScriptedConnection((SELECT, SELECTED), *script, contactless=contactless)
    yield PivSession.open(connection)
    connection.finished()


@contextmanager
def with_card(card: PersonalisedCard, *, contactless: bool = False) -> Iterator[PivSession]:
    slot = card.state_file.with_suffix(".slot")
    put_on(slot, card.state_file)
    with LoopbackReader(slot, contactless=contactless).connect() as connection:
        yield PivSession.open(connection)


@pytest.mark.parametrize(
    "script",
    [
        [(SELECT, "6A82"), (SELECT_FULL, "6A82")],
        [(SELECT, "6D00")],
        [(SELECT, "6E00")],
        [(SELECT, "6999")],
        # Cards that answer 9000 to every SELECT, or describe some other application.
        [(SELECT, "9000"), (GET_DISCOVERY, "9000")],
        [(SELECT, "6F00 9000"), (GET_DISCOVERY, "6A82")],
        [(SELECT, "6F07840100 9000"), (GET_DISCOVERY, "6D00")],
        [(SELECT, "9000"), (GET_DISCOVERY, "7E08 4F02A000 5F2F01 9000")],
        [(SELECT, "9000"), (GET_DISCOVERY, "7E0A 4F03A00000 5F2F024000 9000")],  # another application's
    ],
)
def test_a_card_that_is_no_piv_card(script: list[tuple[str, str]]) -> None:
    connection = ScriptedConnection(*script)
    with pytest.raises(NotAPivCard):
        PivSession.open(connection)
    connection.finished()


def test_a_card_that_wants_its_whole_name() -> None:
    PivSession.open(ScriptedConnection((SELECT, "6A82"), (SELECT_FULL, SELECTED)))


def test_a_card_that_says_nothing_of_itself_and_has_a_discovery_object() -> None:
    discovery = "7E12 4F0BA000000308000010000100 5F2F024000 9000"
    assert PivSession.open(ScriptedConnection((SELECT, "9000"), (GET_DISCOVERY, discovery))).label == ""


def test_the_label() -> None:
    named = "61 16 4F06000010000100 7907 4F05A000000308 5003414243 9000"
    assert PivSession.open(ScriptedConnection((SELECT, named))).label == "ABC"


@pytest.mark.parametrize("label", [b"\x1b[2JPIV\n\0", b"\x08P\xc2\x9bI\xffV\x7f"])
def test_a_label_shows_what_can_be_shown(label: bytes) -> None:
    """Else a card could write on the terminal of whoever looks at it, or lines of its own into a log."""
    properties = b"\x4f\x06\0\0\x10\0\1\0\x50" + bytes((len(label),)) + label
    answer = b"\x61" + bytes((len(properties),)) + properties + b"\x90\0"
    shown = PivSession.open(ScriptedConnection((SELECT, answer.hex()))).label
    assert shown.endswith("PIV")
    assert shown.isprintable()


def test_read_object() -> None:
    with scripted(("00CB3FFF055C035FC10200", "5303AABBCC 9000"), ("00CB3FFF035C017E00", "7E02EEFF 9000")) as session:
        assert session.read_object(ObjectId.CHUID) == bytes.fromhex("AABBCC")
        assert session.read_object(ObjectId.DISCOVERY) == bytes.fromhex("EEFF")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("6A82", ObjectNotFound),
        ("5300 9000", ObjectNotFound),  # how a YubiKey and others delete an object
        ("6982", SecurityNotSatisfied),
        ("6F00", CardError),
        ("9000", ObjectNotFound),  # OpenFIPS201, when so configured
        ("7E00 9000", ProtocolError),
        ("530299 9000", ProtocolError),
        ("90", ProtocolError),
    ],
)
def test_an_object_that_cannot_be_read(answer: str, error: type[ReaderError]) -> None:
    with scripted(("00CB3FFF055C035FC10200", answer)) as session, pytest.raises(error) as raised:
        session.read_object(ObjectId.CHUID)
    assert type(raised.value) is error or issubclass(type(raised.value), ProtocolError)


@pytest.mark.parametrize(("answer", "left"), [("63C3", 3), ("63C0", 0), ("6983", 0), ("9000", None)])
def test_pin_tries_left_asks_without_a_pin(answer: str, left: int | None) -> None:
    with scripted(("00200080", answer)) as session:
        assert session.pin_tries_left() == left


def test_pin_tries_left_of_a_card_that_does_not_say() -> None:
    with scripted(("00200080", "6982")) as session, pytest.raises(SecurityNotSatisfied):
        session.pin_tries_left()


@pytest.mark.parametrize(
    ("call", "command"),
    [
        # SP 800-73-5 part 2 §3.2.1 to §3.2.3
        (lambda session: session.verify_pin(Pin("246802")), VERIFY),
        (
            lambda session: session.change_pin(Pin("246802"), Pin("11223344")),
            "00240080 10 323436383032FFFF 3131323233333434",
        ),
        (
            lambda session: session.change_puk(Pin("13579135"), Pin("11223344")),
            "00240081 10 3133353739313335 3131323233333434",
        ),
        (
            lambda session: session.reset_pin(Pin("13579135"), Pin("246802")),
            "002C0080 10 3133353739313335 323436383032FFFF",
        ),
    ],
)
class TestPins:
    def test_on_the_wire(self, call: Callable[[PivSession], None], command: str) -> None:
        with scripted((command, "9000")) as session:
            call(session)

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            ("63C2", WrongPin),
            ("63C1", WrongPin),
            ("63C0", PinBlocked),
            ("6983", PinBlocked),
            ("6982", SecurityNotSatisfied),
            ("6985", SecurityNotSatisfied),
            ("6A80", CardError),
            ("6300", CardError),
        ],
    )
    def test_refusals(
        self, call: Callable[[PivSession], None], command: str, status: str, error: type[CardError]
    ) -> None:
        with scripted((command, status)) as session, pytest.raises(error) as raised:
            call(session)
        assert type(raised.value) is error
        assert raised.value.status == int(status, 16)
        if isinstance(raised.value, WrongPin):
            assert raised.value.tries_left == int(status[-1], 16)
        assert not any(secret in str(raised.value) for secret in ("246802", "13579135", "11223344"))

    def test_nothing_is_sent_over_contactless(self, call: Callable[[PivSession], None], command: str) -> None:
        with scripted(contactless=True) as session, pytest.raises(ContactlessForbidden, match="not sent"):
            call(session)


def test_a_puk_has_eight_digits() -> None:
    with scripted() as session:
        with pytest.raises(ValueError, match="8 digits"):
            session.reset_pin(Pin("123456"), Pin("246802"))
        with pytest.raises(ValueError, match="8 digits"):
            session.change_puk(Pin("13579135"), Pin("123456"))


def test_sign_digest_on_the_wire() -> None:
    # SP 800-73-5 part 2 appendix A.4: an empty response (82) asks for the signature of the challenge (81).
    command = f"0087119E 26 7C24 8200 8120 {DIGEST.hex()} 00"
    with scripted((command, f"7C0A8208{R_AND_S} 9000")) as session:
        assert session.sign_digest(KeyReference.CARD_AUTHENTICATION, DIGEST).hex() == R_AND_S


@pytest.mark.parametrize(
    "answer",
    ["9000", "7C00 9000", "7C028200 9000", "7C04820230 00 9000", f"7C0A8108{R_AND_S} 9000", "7C0582033003FF 9000"],
)
def test_a_signature_that_is_none(answer: str) -> None:
    command = f"0087119E 26 7C24 8200 8120 {DIGEST.hex()} 00"
    with scripted((command, answer)) as session, pytest.raises(ProtocolError):
        session.sign_digest(KeyReference.CARD_AUTHENTICATION, DIGEST)


def test_only_32_bytes_are_signed() -> None:
    with scripted() as session, pytest.raises(ValueError, match="32"):
        session.sign_digest(KeyReference.CARD_AUTHENTICATION, b"no digest")


@given(st.lists(st.binary(max_size=80), max_size=4))
def test_a_hostile_card_gets_typed_errors_only(answers: list[bytes]) -> None:
    piv = [bytes.fromhex(SELECTED)]
    calls: list[Callable[[PivSession], object]] = [
        lambda session: session.read_chuid(),
        lambda session: session.read_certificate(KeyReference.PIV_AUTHENTICATION),
        lambda session: session.pin_tries_left(),
        lambda session: session.verify_pin(Pin("246802")),
        lambda session: session.sign_digest(KeyReference.PIV_AUTHENTICATION, DIGEST),
    ]
    for call in calls:
        try:
            call(PivSession.open(HostileConnection(piv + answers)))
        except ReaderError:
            continue


def test_a_whole_card(personalised_card: PersonalisedCard) -> None:
    with with_card(personalised_card) as session:
        assert session.read_chuid().guid == personalised_card.uuid
        for key, certificate in personalised_card.certificates.items():
            assert session.read_certificate(key) == certificate
        with pytest.raises(ObjectNotFound):
            session.read_certificate(KeyReference.KEY_MANAGEMENT)
        with pytest.raises(SecurityNotSatisfied):
            session.sign_digest(KeyReference.PIV_AUTHENTICATION, DIGEST)
        session.verify_pin(Pin(PIN))
        assert session.pin_tries_left() is None
        signature = session.sign_digest(KeyReference.PIV_AUTHENTICATION, DIGEST)
        personalised_card.verify(KeyReference.PIV_AUTHENTICATION, signature, b"statement")


def test_the_third_wrong_pin_blocks_and_the_puk_opens(personalised_card: PersonalisedCard) -> None:
    wrong, new = Pin("999999"), Pin("135791")
    with with_card(personalised_card) as session:
        for left in (2, 1):
            with pytest.raises(WrongPin) as raised:
                session.verify_pin(wrong)
            assert (raised.value.tries_left, session.pin_tries_left()) == (left, left)
        with pytest.raises(PinBlocked):
            session.verify_pin(wrong)
        with pytest.raises(PinBlocked):
            session.verify_pin(Pin(PIN))
        session.reset_pin(Pin(PUK), new)
        session.verify_pin(new)
        session.change_pin(new, Pin(PIN))
        session.verify_pin(Pin(PIN))


def test_contactless_reads_and_taps_but_no_more(personalised_card: PersonalisedCard) -> None:
    with with_card(personalised_card, contactless=True) as session:
        session.read_certificate(KeyReference.CARD_AUTHENTICATION)
        session.sign_digest(KeyReference.CARD_AUTHENTICATION, DIGEST)
        with pytest.raises(SecurityNotSatisfied) as refused_by_card:
            session.sign_digest(KeyReference.PIV_AUTHENTICATION, DIGEST)
        assert not isinstance(refused_by_card.value, ContactlessForbidden)
    with with_card(personalised_card) as session:
        assert session.pin_tries_left() == 3


def test_the_state_survives_the_reader(personalised_card: PersonalisedCard) -> None:
    with with_card(personalised_card) as session, pytest.raises(WrongPin):
        session.verify_pin(Pin("999999"))
    with with_card(personalised_card) as session:
        assert session.pin_tries_left() == 2
