"""The WebSocket between the service, which writes a card, and the desk, which holds it.

The service sends one `Command` at a time (or asks for a `Reset`) and waits for the `Answer` or `Failure` with the same
``seq``. `Progress` is for the eyes of the clerk. The last message is `Finished` or `Refused`, then the socket closes.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, TypeAdapter

from cardsvc.wire.base import LINES, TRIMMED, Base64Url, Message, Timestamp


class Hello(Message):
    """Desk → service, first: the card that is in the reader."""

    type: Literal["hello"] = "hello"
    atr: Base64Url
    contactless: bool


class Command(Message):
    """Service → desk: send this APDU. Never log it: it may set a key or a PIN."""

    type: Literal["command"] = "command"
    seq: int
    apdu: Base64Url = Field(repr=False)


class Reset(Message):
    """Service → desk: reset the card, answer with an empty `Answer`."""

    type: Literal["reset"] = "reset"
    seq: int


class Answer(Message):
    """Desk → service: data and status word."""

    type: Literal["answer"] = "answer"
    seq: int
    apdu: Base64Url = Field(repr=False)


class Failure(Message):
    """Desk → service: the exchange itself failed."""

    type: Literal["failure"] = "failure"
    seq: int
    error: Literal["card-removed", "card-reset", "card-mute", "reader-failed"]


class Progress(Message):
    """Service → desk: step ``done`` of ``total`` begins."""

    type: Literal["progress"] = "progress"
    step: str
    done: int
    total: int


class Finished(Message):
    """Service → desk: the card is sealed, or unblocked. The transport PIN is shown to the desk this once."""

    type: Literal["finished"] = "finished"
    card_uuid: UUID
    transport_pin: str = Field(repr=False)


class Refused(Message):
    """Service → desk: it did not work; ``problem`` is the problem type, ``detail`` says what to do."""

    type: Literal["refused"] = "refused"
    problem: str
    detail: str
    findings: list[str] = Field(default_factory=list)
    """What is wrong with a card that was written and does not conform: ``reading``, ``uuid-differs:9a``, …"""


ToDesk = Annotated[Command | Reset | Progress | Finished | Refused, Field(discriminator="type")]
ToService = Annotated[Hello | Answer | Failure, Field(discriminator="type")]

to_desk: TypeAdapter[ToDesk] = TypeAdapter(ToDesk)
to_service: TypeAdapter[ToService] = TypeAdapter(ToService)


class GiveUpRequest(Message):
    """Put a card aside that was begun and cannot be gone on with."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINES), TRIMMED]


class OpenUnblocking(Message):
    """A card that the caller may unblock, until then."""

    card_uuid: UUID
    expires_at: Timestamp
