"""From status words to typed errors: one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from readers.apdu import ResponseApdu
from readers.errors import CardError, NotAPivCard, ObjectNotFound, PinBlocked, SecurityNotSatisfied, WrongPin
from readers.status import KnownStatus, StatusWord

_ERROR_OF: Final[dict[int, Callable[[StatusWord, str], CardError]]] = {
    KnownStatus.SECURITY_STATUS_NOT_SATISFIED: SecurityNotSatisfied,
    # Conditions of use: what PivApplet and some commercial cards say where SP 800-73 wants 6982.
    KnownStatus.CONDITIONS_OF_USE_NOT_SATISFIED: SecurityNotSatisfied,
    KnownStatus.AUTHENTICATION_METHOD_BLOCKED: PinBlocked,
    KnownStatus.NOT_FOUND: ObjectNotFound,
    0x63C0: PinBlocked,
}


def refusal(status: StatusWord, doing: str) -> CardError:
    """The error for a status word that is not 9000. ``doing`` names the command, never its data."""
    if status.tries_left:
        return WrongPin(status, doing, status.tries_left)
    return _ERROR_OF.get(status, CardError)(status, doing)


def expect_success(response: ResponseApdu, doing: str) -> bytes:
    """The data of an answer with 9000. Raises the typed CardError of any other status word."""
    if not response.status.ok:
        raise refusal(response.status, doing)
    return response.data


def expect_piv(response: ResponseApdu) -> bytes:
    """The same for SELECT, where every refusal means that this is no PIV card."""
    if not response.status.ok:
        raise NotAPivCard(response.status, "select PIV")
    return response.data
