"""The desk's end of the relay: it puts the service's commands to the card in its reader, and the answers back.

The desk neither looks into what it carries nor keeps any of it.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from anyio import move_on_after
from anyio.from_thread import BlockingPortal, start_blocking_portal
from pydantic import BaseModel, ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from cardsvc.wire.problems import PROBLEM_TYPE_PREFIX, Problem
from cardsvc.wire.relay import Answer, Command, Failure, Finished, Hello, Progress, Refused, Reset, ToDesk, to_desk
from readers.connection import CardConnection
from readers.errors import CardMute, CardRemoved, CardReset, ReaderError

_SILENT_SECONDS: Final = 2.0
"""Where the service says nothing for so long, it is looked whether the relay is wanted still."""
_GOODBYE_SECONDS: Final = 2.0
"""How long the service may take to answer that the connection is closed."""
_MAX_MESSAGE: Final = 128 * 1024
"""Twice the longest APDU there is, in base64url."""


_quiet: Final = logging.getLogger(__name__)
_quiet.setLevel(logging.INFO)
"""`websockets` writes every frame to its log at DEBUG, whatever is in it: here that is PINs and keys."""


class RelayClient(Protocol):
    """What the relay needs of `cardsvc.client.ServiceClient`."""

    def relay_url(self, card_uuid: UUID) -> str:
        """``ws://…`` or ``wss://…``."""

    def unblocking_relay_url(self, card_uuid: UUID) -> str:
        """The same, to unblock a card."""

    def relay_headers(self) -> dict[str, str]:
        """With the access token."""

    @property
    def tls(self) -> ssl.SSLContext | None:
        """With the certificate that the token is bound to, if it is."""


class RelayRefused(Exception):
    """Raised when the service does not write the card, or could not. Carries the code and what the clerk can do."""

    def __init__(self, code: str, detail: str, findings: Sequence[str] = ()) -> None:
        """``findings`` are what is wrong with a card that does not conform."""
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.findings = tuple(findings)


class RelayBroken(Exception):
    """Raised when the connection to the service ends without a last word. What became of the card is on its record."""


def relay_personalisation(
    client: RelayClient,
    card_uuid: UUID,
    connection: CardConnection,
    on_progress: Callable[[Progress], None] = lambda _: None,
    check: Callable[[], None] = lambda: None,
) -> Finished:
    """Have the service write the card that is connected, or go on with it. Blocks until it is done.

    Raises RelayRefused, RelayBroken, and what ``on_progress`` raises at a step, or ``check`` while the service is
    silent: the same again goes on where it broke off, here or at another desk. The result holds the transport PIN:
    show it to the citizen, keep it nowhere.
    """
    return _relay(client.relay_url(card_uuid), client, connection, on_progress, check)


def relay_unblocking(
    client: RelayClient,
    card_uuid: UUID,
    connection: CardConnection,
    on_progress: Callable[[Progress], None] = lambda _: None,
    check: Callable[[], None] = lambda: None,
) -> Finished:
    """Have the service unblock the card that is connected, for which the grant was used. As `relay_personalisation`."""
    return _relay(client.unblocking_relay_url(card_uuid), client, connection, on_progress, check)


def _relay(
    url: str,
    client: RelayClient,
    connection: CardConnection,
    on_progress: Callable[[Progress], None],
    check: Callable[[], None],
) -> Finished:
    opening = connect(
        url,
        additional_headers=client.relay_headers(),
        ssl=client.tls,
        max_size=_MAX_MESSAGE,
        close_timeout=_GOODBYE_SECONDS,
        compression=None,  # what is compressed beside a secret can give it away, and an APDU gains nothing
        proxy=None,
        logger=_quiet,
    )
    try:
        with (
            connection.transaction(),
            # Not `websockets.sync`: with TLS, its thread can wait in SSL_read for good when the connection is over. The
            # card stays in this thread.
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(opening) as socket,
        ):
            return _serve(_Line(portal, socket, check), connection, on_progress)
    except InvalidStatus as error:
        raise _denied(error) from error
    except (ConnectionClosed, InvalidHandshake, ValidationError, OSError) as error:
        raise RelayBroken("the connection to the card service was lost") from error


@dataclass(frozen=True, slots=True)
class _Line:
    """The connection to the service, whose event loop runs in a thread of its own."""

    portal: BlockingPortal
    socket: ClientConnection
    check: Callable[[], None]

    def send(self, message: BaseModel) -> None:
        self.portal.call(self.socket.send, message.model_dump_json())

    def receive(self) -> ToDesk:
        while (message := self.portal.call(self._next)) is None:
            self.check()
        return to_desk.validate_json(message)

    async def _next(self) -> str | bytes | None:
        """None after a while without any; a message that comes then is the next one's."""
        with move_on_after(_SILENT_SECONDS):
            return await self.socket.recv()
        return None


def _serve(line: _Line, connection: CardConnection, on_progress: Callable[[Progress], None]) -> Finished:
    line.send(Hello(atr=connection.atr, contactless=connection.contactless))
    while True:
        message = line.receive()
        match message:
            case Command() | Reset():
                line.send(_answer(connection, message))
            case Progress():
                on_progress(message)
            case Finished():
                return message
            case Refused():
                code = message.problem.removeprefix(PROBLEM_TYPE_PREFIX)
                raise RelayRefused(code, message.detail, message.findings)


def _answer(connection: CardConnection, question: Command | Reset) -> Answer | Failure:
    try:
        if isinstance(question, Command):
            return Answer(seq=question.seq, apdu=connection.transmit(question.apdu))
        connection.reset()
        return Answer(seq=question.seq, apdu=b"")
    except CardRemoved:
        return Failure(seq=question.seq, error="card-removed")
    except CardReset:
        return Failure(seq=question.seq, error="card-reset")
    except CardMute:
        return Failure(seq=question.seq, error="card-mute")
    except ReaderError:
        return Failure(seq=question.seq, error="reader-failed")


def _denied(error: InvalidStatus) -> RelayRefused:
    """The service answered the opening request with a problem instead."""
    try:
        problem = Problem.model_validate_json(error.response.body or b"")
    except ValidationError:
        return RelayRefused("relay-denied", f"the card service answered {error.response.status_code}")
    return RelayRefused(problem.code, problem.detail or problem.title)
