"""Show what goes over a connection, without what nobody may see.

A trace has a line for each command (header and lengths) and for each answer (status word and length). Data is shown of
the commands of one table alone, which say nothing about a person and carry no secret: so a command that this table has
never heard of is traced without its data. PINs, PUKs, management keys, signatures, certificates and personal objects
are never in it.

``READERS_TRACE=-`` traces every session to standard error, ``READERS_TRACE=FILE`` to a file of mode 0600; ``readers
--trace`` is short for the first.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from readers import tlv
from readers.apdu import CommandApdu
from readers.connection import CardConnection
from readers.errors import ProtocolError
from readers.piv.identifiers import Instruction, ObjectId, VendorInstruction

TRACE_VARIABLE: Final = "READERS_TRACE"
STANDARD_ERROR: Final = "-"

_PLAIN_CLASS: Final = 0x00
"""No chaining, no secure messaging, first channel: the only class whose data may be shown."""
_HARMLESS: Final = frozenset(
    {Instruction.SELECT, VendorInstruction.GET_VERSION, VendorInstruction.GET_SERIAL, VendorInstruction.GET_METADATA}
)
_HARMLESS_OBJECTS: Final = frozenset({ObjectId.CHUID, ObjectId.CCC, ObjectId.DISCOVERY, ObjectId.KEY_HISTORY})
"""Without certificates: other issuers write people's names into them."""


class TracedConnection:
    """A connection that tells every command and answer to ``write``, a line at a time."""

    def __init__(
        self,
        connection: CardConnection,
        write: Callable[[str], object],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``clock`` gives seconds from any start."""
        self._connection = connection
        self._write = write
        self._clock = clock
        self._shown = False
        """Whether data of the command before may be shown, which a GET RESPONSE goes on with."""
        self._in_chain = False

    @property
    def atr(self) -> bytes:
        """As the inner connection says."""
        return self._connection.atr

    @property
    def contactless(self) -> bool:
        """As the inner connection says."""
        return self._connection.contactless

    def transmit(self, command: bytes) -> bytes:
        """Send, and tell. An exchange that fails is told by the kind of its error."""
        self._write(f"> {self._command(command)}")
        began = self._clock()
        try:
            answer = self._connection.transmit(command)
        except Exception as error:
            self._write(f"< {type(error).__name__} after {self._since(began)}")
            raise
        self._write(f"< {self._answer(answer)} {self._since(began)}")
        return answer

    def reset(self) -> None:
        """Reset the card."""
        self._write("reset")
        self._connection.reset()

    def transaction(self) -> AbstractContextManager[None]:
        """As the inner connection does."""
        return self._connection.transaction()

    def close(self) -> None:
        """Close the inner connection."""
        self._write("close")
        self._connection.close()

    def _command(self, raw: bytes) -> str:
        try:
            command = CommandApdu.from_bytes(raw)
        except ProtocolError:
            self._shown = False
            return f"malformed, {len(raw)} bytes"
        if command.ins != Instruction.GET_RESPONSE:
            self._shown = is_harmless(command) and not self._in_chain
        self._in_chain = bool(command.cla & 0x10)
        header = f"{command.cla:02X} {command.ins:02X} {command.p1:02X} {command.p2:02X}"
        return f"{header} {_named(command.ins)} data={self._data(command.data)} le={command.le or 0}"

    def _answer(self, raw: bytes) -> str:
        if len(raw) < 2:
            return f"malformed, {len(raw)} bytes"
        return f"{raw[-2:].hex().upper()} data={self._data(raw[:-2])}"

    def _data(self, data: bytes) -> str:
        if not data:
            return "0"
        return f"{len(data)}:{data.hex().upper() if self._shown else '*'}"

    def _since(self, began: float) -> str:
        return f"{(self._clock() - began) * 1000:.1f} ms"


def is_harmless(command: CommandApdu) -> bool:
    """Whether its data and its answer's may be seen by anybody who reads a log."""
    if command.cla != _PLAIN_CLASS:
        return False
    if command.ins == Instruction.GET_DATA:
        return command.data in _HARMLESS_TAG_LISTS
    return command.ins in _HARMLESS


_HARMLESS_TAG_LISTS: Final = frozenset(
    tlv.encode(0x5C, object_id.to_bytes(3, "big").lstrip(b"\0")) for object_id in _HARMLESS_OBJECTS
)
_NAMES: Final[dict[int, str]] = {
    int(known): str(known.name).replace("_", " ") for known in (*Instruction, *VendorInstruction)
}


def _named(ins: int) -> str:
    return _NAMES.get(ins, "?")


def traced(connection: CardConnection) -> CardConnection:
    """The connection, wrapped where the environment asks for a trace."""
    wanted = os.environ.get(TRACE_VARIABLE)
    return TracedConnection(connection, _writer(wanted)) if wanted else connection


def _writer(wanted: str) -> Callable[[str], object]:
    def to_standard_error(line: str) -> None:
        sys.stderr.write(line + "\n")

    def to_file(line: str) -> None:
        # Opened for each line: several processes trace into one file, and none keeps it open.
        file = os.open(wanted, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, line.encode() + b"\n")
        finally:
            os.close(file)

    return to_standard_error if wanted == STANDARD_ERROR else to_file
