from __future__ import annotations

import pytest

from readers import worker_line
from readers.errors import (
    CardBusy,
    CardMute,
    CardRemoved,
    CardReset,
    NoCard,
    NoSuchReader,
    Outcome,
    PcscUnavailable,
    ProtocolError,
    ReaderError,
    ReaderFailed,
)
from readers.limits import Limits
from readers.piv.identifiers import Instruction


@pytest.mark.parametrize(
    "error",
    [
        CardBusy("held"),
        CardBusy("held", ("scdaemon (4711)",)),
        CardMute("silent"),
        CardRemoved("gone"),
        CardReset("reset"),
        NoCard("empty"),
        PcscUnavailable("no pcscd"),
        ProtocolError("nonsense"),
        NoSuchReader("a", ("b", "c")),
        ReaderFailed(0x80100001, "send a command"),
    ],
)
def test_errors_cross_the_line_as_they_are(error: ReaderError) -> None:
    with pytest.raises(ReaderError) as raised:
        worker_line.opened(worker_line.failed(error))
    assert type(raised.value) is type(error)
    assert str(raised.value) == str(error)
    assert vars(raised.value) == vars(error)


def test_an_error_unknown_to_the_line_is_an_error_all_the_same() -> None:
    class New(ReaderError):
        pass

    with pytest.raises(ReaderError, match="of a new kind") as raised:
        worker_line.opened(worker_line.failed(New("of a new kind")))
    assert raised.value.outcome is Outcome.UNKNOWN


def test_answers_cross_the_line() -> None:
    assert worker_line.opened(worker_line.done(b"\x90\x00")) == b"\x90\x00"


def test_a_person_at_a_keypad_may_take_longer_and_a_driver_not() -> None:
    limits = Limits()
    assert limits.of_request(b"PIN_VERIFY") == limits.pin_entry > limits.of_request(b"") == limits.otherwise


def test_making_a_key_may_take_longer() -> None:
    limits = Limits()
    making, signing = (bytes((0, ins, 0, 0)) for ins in (0x47, Instruction.GENERAL_AUTHENTICATE))
    assert limits.of(making) > limits.of(signing) == limits.of(b"") == limits.otherwise
