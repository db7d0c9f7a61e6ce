"""VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER (SP 800-73-5 part 2 §3.2.1 to §3.2.3).

A try is taken off on disk before the value is compared. Who cuts the power between the two has spent the try.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from readers.apdu import CommandApdu
from readers.piv.identifiers import PinReference
from readers.status import KnownStatus
from readers.virtual.applet import Applet, Refused, require
from readers.virtual.state import CardState, Secret

_LENGTH: Final = 8
_PADDING: Final = b"\xff"
_WRONG: Final = 0x63C0
_PRESENT: Final = 0x00
_RESET_STATUS: Final = 0xFF


@dataclass(frozen=True, slots=True)
class _Reference:
    """How one kind of reference data is found in the state."""

    of: Callable[[CardState], Secret]
    into: Callable[[CardState, Secret], CardState]
    digits: bool

    def read(self, applet: Applet) -> Secret:
        return self.of(applet.state)

    def write(self, applet: Applet, secret: Secret) -> None:
        applet.store.replace(self.into(applet.state, secret))

    def well_formed(self, value: bytes) -> bool:
        """A PIN is six to eight digits, filled up with FF; a PUK is any eight bytes (part 2 §2.4.3)."""
        digits = value.rstrip(_PADDING)
        return not self.digits or (len(digits) >= 6 and digits.isdigit())


_PIN: Final = _Reference(lambda state: state.pin, lambda state, pin: replace(state, pin=pin), digits=True)
_PUK: Final = _Reference(lambda state: state.puk, lambda state, puk: replace(state, puk=puk), digits=False)
_REFERENCES: Final[dict[int, _Reference]] = {PinReference.APPLICATION_PIN: _PIN, PinReference.PUK: _PUK}


def verify(applet: Applet, command: CommandApdu) -> bytes:
    """Check the PIN; without data say how many tries are left; with P1 = FF forget that it was checked."""
    applet.require_contact()
    require(command.p2 == PinReference.APPLICATION_PIN, KnownStatus.REFERENCE_DATA_NOT_FOUND)
    if command.p1 == _RESET_STATUS:
        require(not command.data, KnownStatus.INCORRECT_DATA)
        applet.session.pin_verified = False
        return b""
    require(command.p1 == _PRESENT, KnownStatus.INCORRECT_P1_P2)
    if not command.data:
        return _query(applet)
    require(len(command.data) == _LENGTH, KnownStatus.INCORRECT_DATA)
    applet.session.pin_verified = False
    _present(applet, _PIN, command.data)
    applet.session.pin_verified = applet.session.pin_just_verified = True
    return b""


def change_reference_data(applet: Applet, command: CommandApdu) -> bytes:
    """Replace the PIN, or the PUK, by one who knows it."""
    applet.require_contact()
    require(command.p1 == 0, KnownStatus.INCORRECT_P1_P2)
    reference = _REFERENCES.get(command.p2)
    if reference is None:
        raise Refused(KnownStatus.REFERENCE_DATA_NOT_FOUND)
    old, new = _two_values(command)
    if reference is _PIN:
        applet.session.pin_verified = False
    _refuse_malformed(applet, reference, new)
    _present(applet, reference, old)
    require(reference.well_formed(new), KnownStatus.INCORRECT_DATA)
    reference.write(applet, reference.read(applet).renewed(new))
    if reference is _PIN:
        applet.session.pin_verified = True
    return b""


def reset_retry_counter(applet: Applet, command: CommandApdu) -> bytes:
    """Set a new PIN, and all its tries, by one who knows the PUK."""
    applet.require_contact()
    require(command.p1 == 0, KnownStatus.INCORRECT_P1_P2)
    require(command.p2 == PinReference.APPLICATION_PIN, KnownStatus.REFERENCE_DATA_NOT_FOUND)
    puk, new = _two_values(command)
    _refuse_malformed(applet, _PIN, new)
    _present(applet, _PUK, puk)
    require(_PIN.well_formed(new), KnownStatus.INCORRECT_DATA)
    _PIN.write(applet, applet.state.pin.renewed(new))
    applet.session.pin_verified = False  # whoever gave the old PIN has not given this one
    return b""


def _query(applet: Applet) -> bytes:
    require(applet.profile.tells_pin_tries, KnownStatus.WRONG_LENGTH)
    if applet.session.pin_verified:
        return b""
    raise Refused(_tries(applet.state.pin))


def _two_values(command: CommandApdu) -> tuple[bytes, bytes]:
    require(len(command.data) == 2 * _LENGTH, KnownStatus.INCORRECT_DATA)
    return command.data[:_LENGTH], command.data[_LENGTH:]


def _refuse_malformed(applet: Applet, reference: _Reference, value: bytes) -> None:
    if not applet.profile.malformed_pin_costs_a_try:
        require(reference.well_formed(value), KnownStatus.INCORRECT_DATA)


def _present(applet: Applet, reference: _Reference, value: bytes) -> None:
    """Compare, at the price of one try. Refused with 63Cx, or 6983 when there was none left."""
    secret = reference.read(applet)
    require(secret.tries_left, KnownStatus.AUTHENTICATION_METHOD_BLOCKED)
    _refuse_malformed(applet, reference, value)
    spent = secret.spend()
    reference.write(applet, spent)
    if not hmac.compare_digest(value, secret.value):
        raise Refused(_WRONG | spent.tries_left)
    reference.write(applet, secret.refill())


def _tries(secret: Secret) -> int:
    return _WRONG | secret.tries_left if secret.tries_left else KnownStatus.AUTHENTICATION_METHOD_BLOCKED
