"""Status words of ISO/IEC 7816-4 §5.6 as SP 800-73-5 part 2 §3 uses them."""

from __future__ import annotations

from enum import IntEnum


class KnownStatus(IntEnum):
    """The status words that have a name of their own."""

    SUCCESS = 0x9000
    EXECUTION_ERROR = 0x6400
    MEMORY_FAILURE = 0x6581
    WRONG_LENGTH = 0x6700
    LOGICAL_CHANNEL_NOT_SUPPORTED = 0x6881
    SECURE_MESSAGING_NOT_SUPPORTED = 0x6882
    LAST_COMMAND_OF_CHAIN_EXPECTED = 0x6883
    COMMAND_CHAINING_NOT_SUPPORTED = 0x6884
    SECURITY_STATUS_NOT_SATISFIED = 0x6982
    AUTHENTICATION_METHOD_BLOCKED = 0x6983
    CONDITIONS_OF_USE_NOT_SATISFIED = 0x6985
    INCORRECT_DATA = 0x6A80
    FUNCTION_NOT_SUPPORTED = 0x6A81
    NOT_FOUND = 0x6A82
    NOT_ENOUGH_MEMORY = 0x6A84
    INCORRECT_P1_P2 = 0x6A86
    REFERENCE_DATA_NOT_FOUND = 0x6A88
    INSTRUCTION_NOT_SUPPORTED = 0x6D00
    CLASS_NOT_SUPPORTED = 0x6E00
    NO_PRECISE_DIAGNOSIS = 0x6F00


class StatusWord(int):
    """SW1 and SW2 of a response as one number, for example ``StatusWord(0x9000)``."""

    def __str__(self) -> str:
        try:
            return f"{self:04X} ({KnownStatus(self).name.lower().replace('_', ' ')})"
        except ValueError:
            return f"{self:04X}"

    def __repr__(self) -> str:
        return f"StatusWord(0x{self:04X})"

    @property
    def ok(self) -> bool:
        """Whether the command was carried out completely."""
        return int(self) == KnownStatus.SUCCESS

    @property
    def more_available(self) -> int | None:
        """Bytes still waiting for GET RESPONSE (61xx; 256 for 6100), or None."""
        return (self & 0xFF or 256) if self >> 8 == 0x61 else None

    @property
    def exact_length(self) -> int | None:
        """The Le that the card wants (6Cxx; 256 for 6C00), or None."""
        return (self & 0xFF or 256) if self >> 8 == 0x6C else None

    @property
    def tries_left(self) -> int | None:
        """Tries left for a PIN or PUK: 63Cx gives x, 6983 gives 0, anything else None."""
        if self & 0xFFF0 == 0x63C0:
            return self & 0x0F
        return 0 if int(self) == KnownStatus.AUTHENTICATION_METHOD_BLOCKED else None
