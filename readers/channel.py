"""What lies between "a command and its answer" and "bytes to the card": one small wrapper for each quirk.

A wrapper takes an `Exchange` and returns one. `open_channel` stacks them, the outermost first::

    command chaining → GET RESPONSE → exact length (6Cxx) → short APDUs → CardConnection.transmit

Only short APDUs are sent: every PIV product takes them, and no object of ours is long enough to gain from others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from readers.apdu import SHORT_DATA, CommandApdu, ResponseApdu
from readers.connection import CardConnection
from readers.errors import ProtocolError

Exchange = Callable[[CommandApdu], ResponseApdu]
"""Sends one command and returns the answer to it."""

MAX_ANSWER: Final = 128 * 1024
"""No object of any PIV card is nearly as long; whoever sends more means us harm."""
MAX_ROUNDS: Final = 1024
"""GET RESPONSE commands for one answer: stops a card that dribbles single bytes."""

_CHAINING_BIT: Final = 0x10
_GET_RESPONSE: Final = 0xC0


def open_channel(connection: CardConnection) -> Exchange:
    """The whole stack on a connection. Raises what ``connection.transmit`` raises, and ProtocolError."""
    return with_command_chaining(with_get_response(with_exact_length(with_short_apdus(connection.transmit))))


def with_short_apdus(transmit: Callable[[bytes], bytes]) -> Exchange:
    """Encode commands short and decode answers."""

    def exchange(command: CommandApdu) -> ResponseApdu:
        return ResponseApdu.from_bytes(transmit(command.to_short()))

    return exchange


def with_exact_length(exchange: Exchange) -> Exchange:
    """Repeat a command that was answered 6Cxx with the Le the card wants, once (ISO/IEC 7816-4 §5.6).

    Repeating is safe even for a write: 6Cxx says that the command was not carried out.
    """

    def exact(command: CommandApdu) -> ResponseApdu:
        response = exchange(command)
        length = response.status.exact_length
        return response if length is None else exchange(command.with_le(length))

    return exact


def with_get_response(exchange: Exchange) -> Exchange:
    """Collect an answer that comes in parts: 61xx, fetched with GET RESPONSE (ISO/IEC 7816-4 §11.8.1).

    Raises ProtocolError when the parts never end: too many bytes, too many rounds, or a part without any bytes.
    """

    def collected(command: CommandApdu) -> ResponseApdu:
        response = exchange(command)
        parts, total = [response.data], len(response.data)
        for _ in range(MAX_ROUNDS):
            waiting = response.status.more_available
            if waiting is None:
                return ResponseApdu(b"".join(parts), response.status)
            response = exchange(CommandApdu(command.cla & ~_CHAINING_BIT, _GET_RESPONSE, 0, 0, le=waiting))
            if not response.data and response.status.more_available:
                raise ProtocolError("the card announces more and gives nothing")
            parts.append(response.data)
            total += len(response.data)
            if total > MAX_ANSWER:
                raise ProtocolError(f"an answer of more than {MAX_ANSWER} bytes")
        raise ProtocolError(f"an answer in more than {MAX_ROUNDS} parts")

    return collected


def with_command_chaining(exchange: Exchange) -> Exchange:
    """Send data longer than 255 bytes as a chain (SP 800-73-5 part 2 §2.4, ISO/IEC 7816-4 §5.3.3).

    The answer to the first link that is refused is the answer to the whole: nothing has been carried out then.
    """

    def chained(command: CommandApdu) -> ResponseApdu:
        if len(command.data) <= SHORT_DATA:
            return exchange(command)
        *links, last = _links(command)
        for link in links:
            response = exchange(link)
            if not response.status.ok:
                return response
        return exchange(last)

    return chained


def _links(command: CommandApdu) -> Iterator[CommandApdu]:
    chunks = [command.data[i : i + SHORT_DATA] for i in range(0, len(command.data), SHORT_DATA)]
    for chunk in chunks[:-1]:
        yield replace(command, cla=command.cla | _CHAINING_BIT, data=chunk, le=None)
    yield replace(command, data=chunks[-1])
