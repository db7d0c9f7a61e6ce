"""GENERAL AUTHENTICATE: signatures, key agreement, and the handshake with the management key (part 2 §3.2.4).

What a command asks for is told by which elements its template has, and which of them are empty: a table.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from readers import tlv
from readers.apdu import CommandApdu
from readers.errors import MalformedTlv
from readers.piv.identifiers import Algorithm, KeyReference
from readers.status import KnownStatus
from readers.virtual import keys
from readers.virtual.applet import Applet, Refused, require
from readers.virtual.state import KeySlot, ManagementKey

_TEMPLATE: Final = 0x7C
_WITNESS, _CHALLENGE, _RESPONSE, _EXPONENTIATION = 0x80, 0x81, 0x82, 0x85

KEY_LENGTH: Final[dict[int, int]] = {
    Algorithm.TDES: 24,
    Algorithm.AES_128: 16,
    Algorithm.AES_192: 24,
    Algorithm.AES_256: 32,
}
"""Bytes of a management key."""


def general_authenticate(applet: Applet, command: CommandApdu) -> bytes:
    """Use a key. P1 names the algorithm, P2 the key; both must be right."""
    try:
        template = tlv.decode(tlv.unwrap(command.data, _TEMPLATE))
    except MalformedTlv:
        raise Refused(KnownStatus.INCORRECT_DATA) from None
    if command.p2 == KeyReference.CARD_MANAGEMENT:
        return _handshake(applet, command.p1, template)
    applet.session.challenge = None
    return _use_key(applet, command, template)


def _use_key(applet: Applet, command: CommandApdu, template: dict[int, bytes]) -> bytes:
    slot = None if command.p2 == keys.ATTESTATION_KEY else applet.state.keys.get(command.p2)
    if command.p2 != KeyReference.CARD_AUTHENTICATION:
        applet.require_contact()  # part 1 table 4b: without a virtual contact interface only 9E
    if slot is None or slot.algorithm != command.p1:
        raise Refused(KnownStatus.INCORRECT_P1_P2)
    applet.require_pin(slot.pin_policy)
    return _answer(_RESPONSE, _private_operation(applet, slot, template))


def _private_operation(applet: Applet, slot: KeySlot, template: dict[int, bytes]) -> bytes:
    key = applet.private_key(slot)
    match template:
        case {0x82: b"", 0x81: challenge, **rest} if not rest:
            return keys.sign(key, challenge)
        case {0x82: b"", 0x85: peer, **rest} if not rest:
            return keys.agree(key, peer)
    raise Refused(KnownStatus.INCORRECT_DATA)


def _handshake(applet: Applet, algorithm: int, template: dict[int, bytes]) -> bytes:
    """Both ways to show the management key (part 2 §A.1). A challenge is good for one answer."""
    applet.require_contact()
    expected, applet.session.challenge = applet.session.challenge, None
    management = applet.state.management
    require((algorithm or Algorithm.TDES) == management.algorithm, KnownStatus.INCORRECT_P1_P2)
    applet.session.management_authenticated = False
    tags = frozenset(tag for tag, value in template.items() if value)
    asked = frozenset(template) - tags
    step = _STEPS.get((tags, asked - {_RESPONSE} if tags else asked))
    if step is None:
        raise Refused(KnownStatus.INCORRECT_DATA)
    return step(applet, management, template, expected)


_Expected = tuple[int, bytes] | None


def _give_challenge(applet: Applet, key: ManagementKey, _template: dict[int, bytes], _expected: _Expected) -> bytes:
    """External authentication, first step: the host shall encrypt this."""
    challenge = applet.random(_block_size(key))
    applet.session.challenge = (_RESPONSE, _encrypt(key, challenge))
    return _answer(_CHALLENGE, challenge)


def _check_response(applet: Applet, _key: ManagementKey, template: dict[int, bytes], expected: _Expected) -> bytes:
    """External authentication, second step."""
    _compare(applet, expected, _RESPONSE, template[_RESPONSE])
    applet.session.management_authenticated = True
    return b""


def _give_witness(applet: Applet, key: ManagementKey, _template: dict[int, bytes], _expected: _Expected) -> bytes:
    """Mutual authentication, first step: the host shall decrypt this."""
    witness = applet.random(_block_size(key))
    applet.session.challenge = (_WITNESS, witness)
    return _answer(_WITNESS, _encrypt(key, witness))


def _check_witness(applet: Applet, key: ManagementKey, template: dict[int, bytes], expected: _Expected) -> bytes:
    """Mutual authentication, second step: the host has shown its key, now the card shows it has the same."""
    _compare(applet, expected, _WITNESS, template[_WITNESS])
    challenge = template[_CHALLENGE]
    require(len(challenge) == _block_size(key), KnownStatus.INCORRECT_DATA)
    applet.session.management_authenticated = True
    return _answer(_RESPONSE, _encrypt(key, challenge))


_Step = Callable[[Applet, ManagementKey, dict[int, bytes], _Expected], bytes]
_STEPS: Final[dict[tuple[frozenset[int], frozenset[int]], _Step]] = {
    (frozenset(), frozenset({_CHALLENGE})): _give_challenge,
    (frozenset({_RESPONSE}), frozenset()): _check_response,
    (frozenset(), frozenset({_WITNESS})): _give_witness,
    (frozenset({_WITNESS, _CHALLENGE}), frozenset()): _check_witness,
}
"""By the elements that carry something and those that are empty.

There is no step in which the card encrypts for a host that has shown nothing: that would answer its own challenges.
"""


def _compare(applet: Applet, expected: _Expected, tag: int, given: bytes) -> None:
    if expected is None or expected[0] != tag or not hmac.compare_digest(expected[1], given):
        raise Refused(applet.profile.wrong_management_key)


def _answer(tag: int, value: bytes) -> bytes:
    return tlv.encode(_TEMPLATE, tlv.encode(tag, value))


def _algorithm(key: ManagementKey) -> BlockCipherAlgorithm:
    return TripleDES(key.value) if key.algorithm is Algorithm.TDES else AES(key.value)


def _block_size(key: ManagementKey) -> int:
    return _algorithm(key).block_size // 8


def _encrypt(key: ManagementKey, block: bytes) -> bytes:
    """One block, as the standard has it: no mode, no padding."""
    encryptor = Cipher(_algorithm(key), ECB()).encryptor()  # noqa: S305 - the standard's, for one random block
    return encryptor.update(block) + encryptor.finalize()
