"""The FASC-N, the number that US federal physical access systems know a card by (TIG SCEPACS 2.3 §2.1).

Our cards are outside that scheme. They carry the agency code 9999, which tells a reader to use the GUID instead
(FIPS 201-3 §4.2.1), but a CHUID must have the field.

Forty characters of five bits, the least significant bit first and then odd parity, make 25 bytes::

    SS agency(4) FS system(4) FS credential(6) FS series(1) FS issue(1) FS
    person(10) category(1) organisation(4) association(1) ES LRC
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final, Self

from readers.errors import ProtocolError

FASC_N_SIZE: Final = 25

_CHARACTER_BITS: Final = 5
_START: Final = "B"
_SEPARATOR: Final = "D"
_END: Final = "F"


@dataclass(frozen=True, slots=True)
class FascN:
    """The nine numbers of a FASC-N. Raises ValueError when one has too many digits."""

    agency_code: int
    system_code: int
    credential_number: int
    credential_series: int
    individual_credential_issue: int
    person_identifier: int
    organizational_category: int
    organizational_identifier: int
    association_category: int

    def __post_init__(self) -> None:
        for name, digits in _DIGITS.items():
            if not 0 <= getattr(self, name) < 10**digits:
                raise ValueError(f"{name} has at most {digits} digits")

    def __bytes__(self) -> bytes:
        characters = _START + "".join(
            f"{getattr(self, name):0{digits}d}" + _FOLLOWED_BY.get(name, "") for name, digits in _DIGITS.items()
        )
        codes = [int(character, 16) for character in characters]
        return _pack([*codes, reduce(xor, codes)])

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Decode 25 bytes. Raises ProtocolError for wrong parity, separators, digits or check character."""
        codes = _unpack(raw)
        if reduce(xor, codes) != 0:
            raise ProtocolError("the check character of the FASC-N is wrong")
        text = bytes(codes[:-1]).hex().upper()[1::2]  # each code is the lower digit of its byte
        if not text.startswith(_START):
            raise ProtocolError("the FASC-N has no start character")
        position, numbers = 1, {}
        for name, digits in _DIGITS.items():
            number, position = text[position : position + digits], position + digits
            follows = _FOLLOWED_BY.get(name, "")
            if not number.isdecimal() or text[position : position + len(follows)] != follows:
                raise ProtocolError(f"the FASC-N is wrong at {name}")
            numbers[name], position = int(number), position + len(follows)
        return cls(**numbers)


_DIGITS: Final = {
    "agency_code": 4,
    "system_code": 4,
    "credential_number": 6,
    "credential_series": 1,
    "individual_credential_issue": 1,
    "person_identifier": 10,
    "organizational_category": 1,
    "organizational_identifier": 4,
    "association_category": 1,
}
_FOLLOWED_BY: Final = {
    "agency_code": _SEPARATOR,
    "system_code": _SEPARATOR,
    "credential_number": _SEPARATOR,
    "credential_series": _SEPARATOR,
    "individual_credential_issue": _SEPARATOR,
    "association_category": _END,
}

NON_FEDERAL: Final = FascN(9999, 9999, 999999, 0, 1, 0, 3, 0, 1)
"""What every card of ours carries; other issuers outside the federal government write the same."""


_GROUPS: Final = [int(f"{code:04b}"[::-1] + str(1 - code.bit_count() % 2), 2) for code in range(16)]
"""The five bits of each character: four of data, the least significant first, and odd parity."""
_CODE_OF: Final = {group: code for code, group in enumerate(_GROUPS)}
_SHIFTS: Final = range(FASC_N_SIZE * 8 - _CHARACTER_BITS, -1, -_CHARACTER_BITS)


def _pack(codes: list[int]) -> bytes:
    number = sum(_GROUPS[code] << shift for code, shift in zip(codes, _SHIFTS, strict=True))
    return number.to_bytes(FASC_N_SIZE, "big")


def _unpack(raw: bytes) -> list[int]:
    if len(raw) != FASC_N_SIZE:
        raise ProtocolError(f"a FASC-N has {FASC_N_SIZE} bytes, got {len(raw)}")
    number = int.from_bytes(raw, "big")
    try:
        return [_CODE_OF[number >> shift & 0x1F] for shift in _SHIFTS]
    except KeyError as error:
        raise ProtocolError("the parity of the FASC-N is wrong") from error
