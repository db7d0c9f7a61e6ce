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
_CHARACTERS: Final = FASC_N_SIZE * 8 // _CHARACTER_BITS
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
        text = "".join(f"{code:X}" for code in codes[:-1])
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


def _pack(codes: list[int]) -> bytes:
    bits = "".join(f"{code:04b}"[::-1] + str(1 - code.bit_count() % 2) for code in codes)
    return int(bits, 2).to_bytes(FASC_N_SIZE, "big")


def _unpack(raw: bytes) -> list[int]:
    if len(raw) != FASC_N_SIZE:
        raise ProtocolError(f"a FASC-N has {FASC_N_SIZE} bytes, got {len(raw)}")
    bits = f"{int.from_bytes(raw, 'big'):0{FASC_N_SIZE * 8}b}"
    groups = [bits[i * _CHARACTER_BITS : (i + 1) * _CHARACTER_BITS] for i in range(_CHARACTERS)]
    if any(group.count("1") % 2 == 0 for group in groups):
        raise ProtocolError("the parity of the FASC-N is wrong")
    return [int(group[3::-1], 2) for group in groups]
