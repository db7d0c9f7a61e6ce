"""What a reader can do besides passing commands on, asked of its driver (PC/SC part 10, 2.02.09, §2.2 and §2.3)."""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final, Protocol, runtime_checkable

from readers.apdu import EXTENDED_DATA, SHORT_DATA
from readers.errors import ProtocolError, ReaderError

GET_FEATURE_REQUEST: Final = 0x4200_0D48
"""SCARD_CTL_CODE(3400) as pcsc-lite counts."""
_FEATURE: Final = struct.Struct(">BBI")
_FEATURE_LENGTH: Final = 4


class Feature(IntEnum):
    """Features by tag (§2.3)."""

    VERIFY_PIN_DIRECT = 0x06
    MODIFY_PIN_DIRECT = 0x07
    GET_TLV_PROPERTIES = 0x12


_MAX_APDU_DATA_SIZE: Final = 0x0A
"""dwMaxAPDUDataSize, four bytes, least significant first: 0 where the reader takes short APDUs alone, else how much
data an extended one may have (https://blog.apdu.fr/posts/2011/11/extended-apdu-support-reported-by-pcsc/)."""


@runtime_checkable
class ControlledConnection(Protocol):
    """A connection to a card whose reader can be spoken to."""

    @property
    def contactless(self) -> bool:
        """Whether PINs are off limits."""

    def control(self, code: int, request: bytes) -> bytes:
        """Have the reader do something."""


def features(connection: ControlledConnection) -> dict[int, int]:
    """The control code of each feature of the reader, by tag; none where it does not know the question (§2.2).

    Raises ProtocolError.
    """
    try:
        answer = connection.control(GET_FEATURE_REQUEST, b"")
    except ReaderError:
        return {}
    if len(answer) % _FEATURE.size:
        raise ProtocolError(f"a list of features of {len(answer)} bytes")
    found = {}
    for tag, length, code in _FEATURE.iter_unpack(answer):
        if length != _FEATURE_LENGTH:
            raise ProtocolError(f"a feature with {length} bytes")
        found[tag] = code
    return found


def longest_data(connection: object) -> int:
    """How many bytes of data one APDU may carry over this connection: 255 unless the reader's driver says more.

    Raises nothing: where it cannot be told, short APDUs are right.
    """
    if not isinstance(connection, ControlledConnection):
        return SHORT_DATA
    try:
        code = features(connection).get(Feature.GET_TLV_PROPERTIES)
        told = b"" if code is None else _properties(connection.control(code, b"")).get(_MAX_APDU_DATA_SIZE, b"")
    except ReaderError:
        return SHORT_DATA
    return min(max(int.from_bytes(told, "little"), SHORT_DATA), EXTENDED_DATA)


def _properties(answer: bytes) -> dict[int, bytes]:
    """Tag and length of one byte each, and the value. Raises ProtocolError."""
    found, rest = {}, answer
    while rest:
        tag, length = rest[0], rest[1] if len(rest) > 1 else len(rest)
        found[tag], rest = rest[2 : 2 + length], rest[2 + length :]
        if len(found[tag]) != length:
            raise ProtocolError("a property that ends too soon")
    return found
