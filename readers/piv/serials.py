"""Where the serial number of a card comes from, where it has one: SP 800-73 knows none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from readers import tlv
from readers.apdu import SHORT_LE, CommandApdu
from readers.errors import MalformedTlv
from readers.piv.identifiers import Instruction, VendorInstruction
from readers.piv.session import PivSession

SerialSource = Callable[[PivSession], str | None]
"""Reads the serial as people write it; None where the card does not tell. Raises what the connection raises.

It may select something else on the card: the PIV application is selected again afterwards, and neither PIN nor
management key are verified any more. So ask before those.
"""

_CARD_MANAGERS: Final = (bytes.fromhex("A000000151000000"), bytes.fromhex("A000000003000000"))
"""Issuer security domain: GlobalPlatform's name (Card Specification 2.3.1 appendix H.1), and an older one of Visa's."""
_GET_DATA: Final = CommandApdu(0x80, 0xCA, 0x9F, 0x7F, le=SHORT_LE)
_CPLC: Final = 0x9F7F
_CPLC_SIZE: Final = 42
_CHIP: Final = slice(10, 18)
"""Date of fabrication, serial number and batch: together they name one chip of its maker."""


def no_serial(_session: PivSession) -> None:
    """For a product that has none."""


def yubico_serial(session: PivSession) -> str | None:
    """GET SERIAL (Yubico extension F8): the decimal number printed on the token."""
    response = session.exchange(CommandApdu(0, VendorInstruction.GET_SERIAL, 0, 0, le=SHORT_LE))
    return str(int.from_bytes(response.data, "big")) if response.status.ok and len(response.data) == 4 else None


def chip_serial(session: PivSession) -> str | None:
    """From the production data (CPLC) that the card manager of a Java Card keeps: 16 hexadecimal digits."""
    try:
        return _chip_serial(session)
    finally:
        session.select()


def _chip_serial(session: PivSession) -> str | None:
    for name in _CARD_MANAGERS:
        selected = session.exchange(CommandApdu(0, Instruction.SELECT, 0x04, 0x00, name, SHORT_LE))
        if not selected.status.ok:
            continue
        answer = session.exchange(_GET_DATA)
        try:
            production = tlv.unwrap(answer.data, _CPLC) if answer.status.ok else b""
        except MalformedTlv:
            return None
        return production[_CHIP].hex().upper() if len(production) == _CPLC_SIZE else None
    return None
