"""GET METADATA (Yubico extension F7): how many tries are left, what is still as the factory left it, how a key came.

YubiKeys answer it since 5.3, PivApplet since 0.9. Source:
https://docs.yubico.com/yesdk/users-manual/application-piv/apdu/metadata.html
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from readers import tlv
from readers.apdu import SHORT_LE, CommandApdu
from readers.errors import ProtocolError
from readers.piv.identifiers import Algorithm, KeyReference, PinReference, VendorInstruction
from readers.piv.refusals import expect_success
from readers.piv.session import PivSession
from readers.status import KnownStatus

_NOTHING_TO_TELL: Final = frozenset(
    {
        KnownStatus.INSTRUCTION_NOT_SUPPORTED,
        KnownStatus.CLASS_NOT_SUPPORTED,
        KnownStatus.FUNCTION_NOT_SUPPORTED,
        KnownStatus.REFERENCE_DATA_NOT_FOUND,
        KnownStatus.INCORRECT_P1_P2,
    }
)
"""No such command, or nothing behind that reference."""


class MetadataTag(IntEnum):
    """Elements of the answer."""

    ALGORITHM = 0x01
    POLICIES = 0x02
    ORIGIN = 0x03
    PUBLIC_KEY = 0x04
    IS_DEFAULT = 0x05
    TRIES = 0x06


def read_metadata(session: PivSession, reference: int) -> dict[int, bytes] | None:
    """What the card says about a key, PIN or PUK, by `MetadataTag`; None when it has nothing to say.

    Costs no try. Raises CardError on any other refusal, ProtocolError.
    """
    response = session.exchange(CommandApdu(0, VendorInstruction.GET_METADATA, 0, reference, le=SHORT_LE))
    if int(response.status) in _NOTHING_TO_TELL:
        return None
    return tlv.decode(expect_success(response, f"read metadata of {reference:02X}"))


def tries_left(session: PivSession, reference: PinReference) -> int | None:
    """Tries left of PIN or PUK, whether verified or not; None where the card does not say.

    By metadata where there is any, else, for the PIN alone, by VERIFY without data; that does not tell when the PIN is
    verified already. Raises CardError, ProtocolError.
    """
    metadata = read_metadata(session, reference)
    if metadata is not None:
        counts = metadata.get(MetadataTag.TRIES, b"")
        if len(counts) != 2:
            raise ProtocolError("the metadata do not tell the tries")
        return counts[1]
    return session.pin_tries_left() if reference is PinReference.APPLICATION_PIN else None


def is_factory_value(session: PivSession, reference: int) -> bool | None:
    """Whether a PIN, PUK or management key is as the factory left it; None where the card does not say.

    Costs no try. Raises CardError, ProtocolError.
    """
    metadata = read_metadata(session, reference)
    told = None if metadata is None else metadata.get(MetadataTag.IS_DEFAULT)
    return None if told is None else told != b"\0"


def management_algorithm(session: PivSession) -> Algorithm | None:
    """The algorithm of the management key, where metadata tell it. Raises CardError, ProtocolError."""
    metadata = read_metadata(session, KeyReference.CARD_MANAGEMENT)
    if metadata is None:
        return None
    try:
        return Algorithm(metadata[MetadataTag.ALGORITHM][0])
    except (KeyError, IndexError, ValueError) as error:
        raise ProtocolError("the metadata tell no algorithm of the management key") from error
