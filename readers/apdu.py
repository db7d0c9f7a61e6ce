"""Command and response APDUs (ISO/IEC 7816-4 §5.1), short and extended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from readers.errors import ProtocolError
from readers.status import StatusWord

SHORT_DATA = 255
SHORT_LE = 256
EXTENDED_DATA = 65_535
EXTENDED_LE = 65_536


@dataclass(frozen=True, slots=True)
class CommandApdu:
    """One command: header, data and the expected length of the answer.

    ``le`` is None for "no data expected" (cases 1 and 3); 256 (short) or 65 536 (extended) mean "as much as
    there is". ``repr`` shows the header and lengths only: the data may hold a PIN or a key.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    def __post_init__(self) -> None:
        if (self.cla | self.ins | self.p1 | self.p2) & ~0xFF:
            raise ValueError("cla, ins, p1 and p2 are one byte each")
        if len(self.data) > EXTENDED_DATA:
            raise ValueError(f"at most {EXTENDED_DATA} bytes of data, got {len(self.data)}")
        if self.le is not None and not 1 <= self.le <= EXTENDED_LE:
            raise ValueError(f"le must be 1 to {EXTENDED_LE}, got {self.le}")

    def __repr__(self) -> str:
        header = f"{self.cla:02X} {self.ins:02X} {self.p1:02X} {self.p2:02X}"
        return f"<CommandApdu {header} data={len(self.data)} bytes le={self.le}>"

    @property
    def fits_short(self) -> bool:
        """Whether the short encoding can carry it."""
        return len(self.data) <= SHORT_DATA and (self.le is None or self.le <= SHORT_LE)

    def with_le(self, le: int | None) -> Self:
        """The same command with another expected length."""
        return replace(self, le=le)

    def __bytes__(self) -> bytes:
        """The short encoding where it fits, else the extended one."""
        return self.to_short() if self.fits_short else self.to_extended()

    def to_short(self) -> bytes:
        """Encode short (Lc and Le of one byte). Raises ValueError when it does not fit."""
        if not self.fits_short:
            raise ValueError("too long for a short APDU: use command chaining")
        encoded = bytes((self.cla, self.ins, self.p1, self.p2))
        if self.data:
            encoded += bytes((len(self.data),)) + self.data
        return encoded if self.le is None else encoded + bytes((self.le & 0xFF,))

    def to_extended(self) -> bytes:
        """Encode extended (Lc of three bytes, Le of two, or of three where there is no Lc)."""
        encoded = bytes((self.cla, self.ins, self.p1, self.p2))
        if self.data:
            encoded += b"\0" + len(self.data).to_bytes(2, "big") + self.data
        if self.le is None:
            return encoded
        return encoded + (b"" if self.data else b"\0") + (self.le & 0xFFFF).to_bytes(2, "big")

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Decode either encoding (ISO/IEC 7816-4 table 1 to 3). Raises ProtocolError when it is neither."""
        if len(raw) < 4:
            raise ProtocolError(f"a command has at least 4 bytes, got {len(raw)}")
        cla, ins, p1, p2 = raw[:4]
        data, le = _decode_body(raw[4:])
        return cls(cla, ins, p1, p2, data, le)


def _decode_body(body: bytes) -> tuple[bytes, int | None]:
    if not body:
        return b"", None
    if len(body) == 1:
        return b"", body[0] or SHORT_LE
    if body[0]:
        return _split(body[1:], body[0], le_size=1)
    if len(body) == 3:
        return b"", int.from_bytes(body[1:], "big") or EXTENDED_LE
    if len(body) < 3:
        raise ProtocolError("truncated extended length")
    length = int.from_bytes(body[1:3], "big")
    if not length:
        raise ProtocolError("an extended Lc of zero")
    return _split(body[3:], length, le_size=2)


def _split(rest: bytes, lc: int, le_size: int) -> tuple[bytes, int | None]:
    data, tail = rest[:lc], rest[lc:]
    if len(data) != lc or len(tail) not in (0, le_size):
        raise ProtocolError(f"Lc says {lc} bytes, {len(rest)} follow")
    return data, (int.from_bytes(tail, "big") or 1 << (8 * le_size)) if tail else None


@dataclass(frozen=True, slots=True)
class ResponseApdu:
    """An answer: data and status word. ``repr`` shows the length of the data only."""

    data: bytes
    status: StatusWord

    def __repr__(self) -> str:
        return f"<ResponseApdu data={len(self.data)} bytes status={self.status}>"

    def __bytes__(self) -> bytes:
        return self.data + int(self.status).to_bytes(2, "big")

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Decode an answer. Raises ProtocolError when it is shorter than a status word."""
        if len(raw) < 2:
            raise ProtocolError(f"an answer has at least 2 bytes, got {len(raw)}")
        return cls(bytes(raw[:-2]), StatusWord(int.from_bytes(raw[-2:], "big")))
