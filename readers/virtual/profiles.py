"""What differs between the card products that the software card can be, as data.

`STRICT` is SP 800-73-5 and nothing else. `YUBICO_LIKE` adds the extensions that yubikit and yubico-piv-tool expect, and
answers as a YubiKey 5.4 does where that product departs from the standard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from readers.piv.identifiers import Algorithm


def _with_check_byte(atr: bytes) -> bytes:
    """Append TCK, the exclusive-or of all bytes from T0 on (ISO/IEC 7816-3 §8.2.5)."""
    check = 0
    for byte in atr[1:]:
        check ^= byte
    return atr + bytes((check,))


_HISTORICAL: Final = bytes.fromhex("80 73C021C0 54") + b"CITY"
"""COMPACT-TLV (ISO/IEC 7816-4 §12.1.1): capabilities (SELECT by partial name, command chaining, extended length)
and the card issuer's data. OpenSC has no table entry for it; `3B80800101`, for one, is a PIVKey there."""
_INTERFACE_BYTES: Final = bytes.fromhex("13 00 00 81 31 FE 45")
"""T=1 and no other protocol, blocks of up to 254 bytes (ISO/IEC 7816-3 §8.2.3 and §11.4.2)."""

CONTACT_ATR: Final = _with_check_byte(bytes((0x3B, 0xF0 | len(_HISTORICAL))) + _INTERFACE_BYTES + _HISTORICAL)
CONTACTLESS_ATR: Final = _with_check_byte(bytes((0x3B, 0x80 | len(_HISTORICAL), 0x80, 0x01)) + _HISTORICAL)
"""As a contactless reader makes it up from the historical bytes (PC/SC part 3 §3.1.3.2.3.1)."""


@dataclass(frozen=True, slots=True)
class CardProfile:
    """One product."""

    name: str
    version: tuple[int, int, int] | None
    """What GET VERSION answers; None switches all of Yubico's extensions off."""
    reselect_keeps_status: bool
    """SELECT of the application already selected changes nothing (SP 800-73-5 part 2 §3.1.1), or clears the PIN."""
    malformed_pin_costs_a_try: bool
    """A PIN that cannot be one counts as wrong, or is refused with 6A80 before it is tried (part 2 §3.2.1)."""
    discovery_writable: bool
    max_command: int
    """Bytes of data a command may have, command chaining included; one more and the card answers 6A84."""
    management_algorithm: Algorithm
    """Of the default management key 0102030405060708, three times."""

    @property
    def extended(self) -> bool:
        """Whether the product has Yubico's extensions."""
        return self.version is not None


STRICT: Final = CardProfile(
    name="strict",
    version=None,
    reselect_keeps_status=True,
    malformed_pin_costs_a_try=False,
    discovery_writable=True,
    max_command=32_768,
    management_algorithm=Algorithm.TDES,
)

YUBICO_LIKE: Final = CardProfile(
    name="yubico-like",
    # AES management keys and metadata came with 5.4.2; from 5.7 on the default management key is no longer 3DES.
    version=(5, 4, 3),
    reselect_keeps_status=False,
    malformed_pin_costs_a_try=True,
    discovery_writable=False,
    max_command=3072,
    management_algorithm=Algorithm.TDES,
)

PROFILES: Final = {profile.name: profile for profile in (STRICT, YUBICO_LIKE)}
