"""A card behind a desk is a `CardConnection` like any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from cardsvc.issuance.errors import DeskConfused
from cardsvc.issuance.relay import RelayedConnection
from cardsvc.wire.relay import Answer, Command, Failure, Hello, Progress, Reset, to_desk, to_service
from readers.errors import CardMute, CardRemoved, CardReset, ReaderFailed

HELLO = Hello(atr=b"\x3b\x80\x01", contactless=False)
SELECT = bytes.fromhex("00A4040009A00000030800001000")


@dataclass
class ScriptedDesk:
    """Answers as the test says, through the wire format both ways."""

    reply: Callable[[int], Answer | Failure]
    asked: list[Command | Reset] = field(default_factory=list)

    def ask(self, question: Command | Reset) -> Answer | Failure:
        received = to_desk.validate_json(question.model_dump_json())
        assert isinstance(received, Command | Reset)
        self.asked.append(received)
        answer = to_service.validate_json(self.reply(question.seq).model_dump_json())
        assert isinstance(answer, Answer | Failure)
        return answer

    def tell(self, progress: Progress) -> None:
        """Nobody looks."""


def test_commands_go_there_and_answers_come_back() -> None:
    desk = ScriptedDesk(lambda seq: Answer(seq=seq, apdu=b"\x61\x00\x90\x00"))
    connection = RelayedConnection(desk, HELLO)
    with connection.transaction():
        assert connection.transmit(SELECT) == b"\x61\x00\x90\x00"
        connection.reset()
    connection.close()
    assert desk.asked == [Command(seq=1, apdu=SELECT), Reset(seq=2)]
    assert (connection.atr, connection.contactless) == (HELLO.atr, False)


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        ("card-removed", CardRemoved),
        ("card-reset", CardReset),
        ("card-mute", CardMute),
        ("reader-failed", ReaderFailed),
    ],
)
def test_failures_at_the_desk_are_the_readers_errors(failure: str, raised: type[Exception]) -> None:
    desk = ScriptedDesk(lambda seq: Failure.model_validate({"seq": seq, "error": failure}))
    with pytest.raises(raised):
        RelayedConnection(desk, HELLO).transmit(SELECT)


@pytest.mark.parametrize("seq", [0, 2])
def test_an_answer_to_another_question_is_refused(seq: int) -> None:
    """A late answer must not be taken for that of the next command."""
    with pytest.raises(DeskConfused):
        RelayedConnection(ScriptedDesk(lambda _: Answer(seq=seq, apdu=b"\x90\x00")), HELLO).transmit(SELECT)


def test_repr_of_messages_shows_no_apdu() -> None:
    assert "20008008" not in repr(Command(seq=1, apdu=bytes.fromhex("0020008008")))
    assert repr(Command(seq=1, apdu=b"\x00\x20")) == "Command(type='command', seq=1)"
