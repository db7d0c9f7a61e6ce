"""Yubico's extensions to the PIV command interface, as yubikit and yubico-piv-tool use them.

Source: https://docs.yubico.com/yesdk/users-manual/application-piv/commands.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from readers import tlv
from readers.apdu import CommandApdu
from readers.errors import MalformedTlv
from readers.piv.identifiers import Algorithm, KeyReference, PinReference
from readers.status import KnownStatus
from readers.virtual import attesting
from readers.virtual.applet import Applet, PrivateKey, Refused, require
from readers.virtual.authenticate import KEY_LENGTH
from readers.virtual.keys import policies, public_template, store_key
from readers.virtual.state import (
    DEFAULT_PIN,
    DEFAULT_PUK,
    CardState,
    ManagementKey,
    Origin,
    PinPolicy,
    Secret,
    factory_management_key,
)

_NO_TOUCH, _TOUCH = 0xFF, 0xFE
_MAX_TRIES: Final = 15  # 63Cx has one hexadecimal digit for them
_ALGORITHM, _POLICY, _ORIGIN, _PUBLIC, _IS_DEFAULT, _RETRIES = range(1, 7)
_PIN_ALGORITHM: Final = 0xFF
_RSA_BITS: Final = 2048


def get_version(applet: Applet, _command: CommandApdu) -> bytes:
    """Three bytes."""
    return bytes(applet.profile.version or ())


def get_serial(applet: Applet, _command: CommandApdu) -> bytes:
    """Four bytes."""
    return applet.state.serial.to_bytes(4, "big")


def set_management_key(applet: Applet, command: CommandApdu) -> bytes:
    """Replace 9B: algorithm, 9B, length, key."""
    applet.require_management()
    require(command.p1 == _NO_TOUCH and command.p2 in (_NO_TOUCH, _TOUCH), KnownStatus.INCORRECT_P1_P2)
    require(len(command.data) > 3, KnownStatus.INCORRECT_DATA)
    (algorithm, reference, length), value = command.data[:3], command.data[3:]
    fits = reference == KeyReference.CARD_MANAGEMENT and KEY_LENGTH.get(algorithm) == length == len(value)
    require(fits, KnownStatus.INCORRECT_DATA)
    applet.store.replace(replace(applet.state, management=ManagementKey(Algorithm(algorithm), value)))
    return b""


def set_pin_retries(applet: Applet, command: CommandApdu) -> bytes:
    """Set how many tries PIN (P1) and PUK (P2) have. Both go back to their well-known values, so this comes first."""
    applet.require_management()
    applet.require_pin(PinPolicy.ONCE)
    tries = (command.p1, command.p2)
    require(all(1 <= value <= _MAX_TRIES for value in tries), KnownStatus.INCORRECT_P1_P2)
    pin, puk = (Secret(value, most, most) for value, most in zip((DEFAULT_PIN, DEFAULT_PUK), tries, strict=True))
    applet.store.replace(replace(applet.state, pin=pin, puk=puk))
    applet.session.pin_verified = False
    return b""


def reset(applet: Applet, _command: CommandApdu) -> bytes:
    """Back to blank, allowed when PIN and PUK are both blocked."""
    applet.require_contact()
    state = applet.state
    blocked = not state.pin.tries_left and not state.puk.tries_left
    require(blocked, KnownStatus.CONDITIONS_OF_USE_NOT_SATISFIED)
    blank = CardState.blank(state.profile, state.serial)
    applet.store.replace(attesting.kept(state, blank))
    applet.session.pin_verified = applet.session.management_authenticated = False
    return b""


def get_metadata(applet: Applet, command: CommandApdu) -> bytes:
    """What P2 names: a PIN's tries, whether a secret is still the well-known one, a key's policies and public half."""
    state = applet.state
    require(command.p1 == 0, KnownStatus.INCORRECT_P1_P2)
    if command.p2 == PinReference.APPLICATION_PIN:
        return _secret_metadata(state.pin, DEFAULT_PIN)
    if command.p2 == PinReference.PUK:
        return _secret_metadata(state.puk, DEFAULT_PUK)
    if command.p2 == KeyReference.CARD_MANAGEMENT:
        return (
            tlv.encode(_ALGORITHM, bytes((state.management.algorithm,)))
            + tlv.encode(_POLICY, bytes((0, 1)))
            + tlv.encode(
                _IS_DEFAULT, bytes((state.management.value == factory_management_key(state.management.algorithm),))
            )
        )
    slot = state.keys.get(command.p2)
    if slot is None:
        raise Refused(KnownStatus.REFERENCE_DATA_NOT_FOUND)
    return (
        tlv.encode(_ALGORITHM, bytes((slot.algorithm,)))
        + tlv.encode(_POLICY, bytes((slot.pin_policy, slot.touch_policy)))
        + tlv.encode(_ORIGIN, bytes((applet.profile.origins[slot.origin is Origin.IMPORTED],)))
        + tlv.encode(_PUBLIC, public_template(applet.private_key(slot)))
    )


def import_asymmetric_key(applet: Applet, command: CommandApdu) -> bytes:
    """Set a key made elsewhere: P1 its algorithm, P2 its reference."""
    applet.require_management()
    load = _LOADERS.get(command.p1)
    if load is None:
        raise Refused(KnownStatus.INCORRECT_P1_P2)
    try:
        elements = tlv.decode(command.data)
        parts = {tag: elements.pop(tag) for tag in tuple(elements) if tag < 0x10}
        key = load(parts)
    except (MalformedTlv, ValueError, KeyError):
        raise Refused(KnownStatus.INCORRECT_DATA) from None
    store_key(applet, command.p2, key, policies(applet, command.p2, elements), Origin.IMPORTED)
    return b""


def _secret_metadata(secret: Secret, default: bytes) -> bytes:
    return (
        tlv.encode(_ALGORITHM, bytes((_PIN_ALGORITHM,)))
        + tlv.encode(_IS_DEFAULT, bytes((secret.value == default,)))
        + tlv.encode(_RETRIES, bytes((secret.tries, secret.tries_left)))
    )


def _curve_loader(curve: ec.EllipticCurve) -> Callable[[dict[int, bytes]], PrivateKey]:
    return lambda parts: ec.derive_private_key(int.from_bytes(parts[6], "big"), curve)


def _load_rsa(parts: dict[int, bytes]) -> PrivateKey:
    p, q, dmp1, dmq1, iqmp = (int.from_bytes(parts[tag], "big") for tag in range(1, 6))
    exponent = 65537
    if (p * q).bit_length() != _RSA_BITS:
        raise ValueError("another size than the algorithm says")
    private = rsa.rsa_recover_private_exponent(exponent, p, q)
    return rsa.RSAPrivateNumbers(p, q, private, dmp1, dmq1, iqmp, rsa.RSAPublicNumbers(exponent, p * q)).private_key()


_LOADERS: Final[dict[int, Callable[[dict[int, bytes]], PrivateKey]]] = {
    Algorithm.ECC_P256: _curve_loader(ec.SECP256R1()),
    Algorithm.ECC_P384: _curve_loader(ec.SECP384R1()),
    Algorithm.RSA_2048: _load_rsa,
}
