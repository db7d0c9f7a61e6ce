"""What lies between "a command and its answer" and "bytes to the card": one small wrapper for each quirk.

A wrapper takes an `Exchange` and returns one. `open_channel` stacks them, the outermost first::

    command chaining → GET RESPONSE → exact length (6Cxx) → short APDUs → CardConnection.transmit

Short APDUs with chaining are always right: every PIV product takes them, over every reader. Extended ones save some
commands where both the card and the reader are known to take them; then, still, a card may answer 61xx, or think
better of it and refuse them with 6700.

Some readers fetch what 61xx announces and repeat what 6Cxx refuses by themselves, so a short command may get a long
answer, and neither status is ever expected. What T=0 wants of a command is the transport's business (`readers.t0`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from readers.apdu import SHORT_DATA, CommandApdu, ResponseApdu
from readers.connection import CardConnection
from readers.errors import ProtocolError
from readers.status import KnownStatus
from readers.trace import traced

Exchange = Callable[[CommandApdu], ResponseApdu]
"""Sends one command and returns the answer to it."""

MAX_ANSWER: Final = 32 * 1024
"""The longest object, the facial image, needs 12,710 bytes; whoever sends more than twice that means us harm."""
MAX_ROUNDS: Final = 1024
"""GET RESPONSE commands for one answer: stops a card that dribbles single bytes."""

_CHAINING_BIT: Final = 0x10
_GET_RESPONSE: Final = 0xC0
_UNDIAGNOSED: Final = 0x6F
"""SW1 of an applet that went off the rails."""
_SETTLING: Final = CommandApdu(0, 0xDB, 0x3F, 0xFF, bytes.fromhex("5C00"))
"""PUT DATA of no object: every card refuses it and none is changed by it."""


def open_channel(connection: CardConnection, *, longest: int = SHORT_DATA) -> Exchange:
    """The whole stack on a connection.

    ``longest`` is how much data an APDU may have: more than 255 bytes where card and reader are known to take extended
    ones. Raises what ``connection.transmit`` raises, and ProtocolError.
    """
    transmit = traced(connection).transmit
    short = _on_the_wire(with_short_apdus(transmit))
    return with_extended_apdus(transmit, short, longest) if longest > SHORT_DATA else short


def _on_the_wire(exchange: Exchange) -> Exchange:
    return with_command_chaining(with_get_response(with_exact_length(exchange)))


def with_short_apdus(transmit: Callable[[bytes], bytes]) -> Exchange:
    """Encode commands short and decode answers."""

    def exchange(command: CommandApdu) -> ResponseApdu:
        return ResponseApdu.from_bytes(transmit(command.to_short()))

    return exchange


def with_extended_apdus(transmit: Callable[[bytes], bytes], short: Exchange, longest: int) -> Exchange:
    """Send what does not fit a short APDU as an extended one of ``longest`` bytes of data, all else through ``short``.

    A card that answers 6700 has not carried the command out and does not take them after all: from then on everything
    goes through ``short``.
    """
    refused = False

    def send(command: CommandApdu) -> ResponseApdu:
        return ResponseApdu.from_bytes(transmit(bytes(command)))

    collected = with_get_response(with_exact_length(send))

    def exchange(command: CommandApdu) -> ResponseApdu:
        nonlocal refused
        if refused or command.fits_short or len(command.data) > longest:
            return short(command)
        response = collected(command)
        if int(response.status) != KnownStatus.WRONG_LENGTH:
            return response
        refused = True
        return short(command)

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

    Some applets take about ten links and answer the next with 6F00; what they have kept of the chain then spoils the
    next command, once. That shall not be a command that matters, least of all one with a PIN: one that nobody minds
    goes first.
    """
    spoiled = False

    def chained(command: CommandApdu) -> ResponseApdu:
        nonlocal spoiled
        if spoiled:
            spoiled = False
            exchange(_SETTLING)
        if len(command.data) <= SHORT_DATA:
            return exchange(command)
        for link in _links(command):
            response = exchange(link)
            if not response.status.ok:
                break
        spoiled = response.status >> 8 == _UNDIAGNOSED
        return response

    return chained


def _links(command: CommandApdu) -> Iterator[CommandApdu]:
    chunks = [command.data[i : i + SHORT_DATA] for i in range(0, len(command.data), SHORT_DATA)]
    for chunk in chunks[:-1]:
        yield replace(command, cla=command.cla | _CHAINING_BIT, data=chunk, le=None)
    yield replace(command, data=chunks[-1])
