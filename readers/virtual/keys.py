"""The asymmetric keys: made, described, used (SP 800-73-5 part 2 §3.3.2, SP 800-78-5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from readers import tlv
from readers.apdu import CommandApdu
from readers.errors import MalformedTlv
from readers.piv.identifiers import Algorithm, KeyReference
from readers.status import KnownStatus
from readers.virtual.applet import Applet, PrivateKey, Refused, require
from readers.virtual.state import KeySlot, Origin, PinPolicy

NO_TOUCH: Final = 1

ATTESTATION_KEY: Final = 0xF9
"""The key that vouches for keys made on the card (Yubico extension); it signs nothing else."""

_CONTROL: Final = 0xAC
_ALGORITHM: Final = 0x80
_PIN_POLICY: Final = 0xAA
_TOUCH_POLICY: Final = 0xAB
_UNCOMPRESSED: Final = b"\x04"
_PUBLIC_KEY: Final = 0x7F49
_MODULUS, _EXPONENT, _POINT = 0x81, 0x82, 0x86

_MAKERS: Final[dict[int, Callable[[], PrivateKey]]] = {
    Algorithm.ECC_P256: lambda: ec.generate_private_key(ec.SECP256R1()),
    Algorithm.ECC_P384: lambda: ec.generate_private_key(ec.SECP384R1()),
    Algorithm.RSA_2048: lambda: rsa.generate_private_key(65537, 2048),
}
_DEFAULT_POLICY: Final = {
    KeyReference.PIV_AUTHENTICATION: PinPolicy.ONCE,
    KeyReference.DIGITAL_SIGNATURE: PinPolicy.ALWAYS,
    KeyReference.KEY_MANAGEMENT: PinPolicy.ONCE,
    KeyReference.CARD_AUTHENTICATION: PinPolicy.NEVER,
    **dict.fromkeys(range(0x82, 0x96), PinPolicy.ONCE),  # retired key management keys
}
"""Part 1 table 4b."""
_ECDSA: Final = {
    Algorithm.ECC_P256: ec.ECDSA(Prehashed(hashes.SHA256())),
    Algorithm.ECC_P384: ec.ECDSA(Prehashed(hashes.SHA384())),
}
_DIGEST_LENGTH: Final = {Algorithm.ECC_P256: 32, Algorithm.ECC_P384: 48}


def generate_asymmetric_key_pair(applet: Applet, command: CommandApdu) -> bytes:
    """Make a key and answer its public half."""
    applet.require_management()
    require(command.p1 == 0, KnownStatus.INCORRECT_P1_P2)
    try:
        control = tlv.decode(tlv.unwrap(command.data, _CONTROL))
    except MalformedTlv:
        raise Refused(KnownStatus.INCORRECT_DATA) from None
    algorithm = control.pop(_ALGORITHM, b"")
    require(len(algorithm) == 1 and algorithm[0] in _MAKERS, KnownStatus.INCORRECT_DATA)
    chosen = policies(applet, command.p2, control)
    key = _MAKERS[algorithm[0]]()
    store_key(applet, command.p2, key, chosen, Origin.GENERATED)
    return tlv.encode(_PUBLIC_KEY, public_template(key))


Policies = tuple[PinPolicy, int]
"""PIN and touch policy."""


def policies(applet: Applet, reference: int, given: dict[int, bytes]) -> Policies:
    """PIN and touch policy of a new key: the standard's for its reference, or what Yubico's extension asks for."""
    default = _DEFAULT_POLICY.get(reference)
    if reference == ATTESTATION_KEY and applet.profile.attestation_name:
        default = PinPolicy.NEVER
    if default is None:
        raise Refused(KnownStatus.INCORRECT_P1_P2)
    if not given:
        return default, NO_TOUCH
    known = applet.profile.extended and given.keys() <= {_PIN_POLICY, _TOUCH_POLICY}
    require(known and all(len(value) == 1 for value in given.values()), KnownStatus.INCORRECT_DATA)
    pin = {0: default, **{int(policy): policy for policy in PinPolicy}}.get(given.get(_PIN_POLICY, b"\0")[0])
    if pin is None:
        raise Refused(KnownStatus.INCORRECT_DATA)
    return pin, given.get(_TOUCH_POLICY, b"\0")[0] or NO_TOUCH


def store_key(applet: Applet, reference: int, key: PrivateKey, chosen: Policies, origin: Origin) -> None:
    """Keep a key in its slot; the one before is gone."""
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    slot = KeySlot(algorithm_of(key), private, *chosen, origin)
    applet.store.replace(applet.state.with_key(reference, slot))


def algorithm_of(key: PrivateKey) -> Algorithm:
    """The mechanism a key is for."""
    if isinstance(key, rsa.RSAPrivateKey):
        return Algorithm.RSA_2048
    return Algorithm.ECC_P256 if isinstance(key.curve, ec.SECP256R1) else Algorithm.ECC_P384


def public_template(key: PrivateKey) -> bytes:
    """What 7F49 holds: a point, or modulus and exponent (part 2 table 17)."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return tlv.encode(_POINT, key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    numbers = key.public_key().public_numbers()
    return tlv.encode(_MODULUS, _unsigned(numbers.n)) + tlv.encode(_EXPONENT, _unsigned(numbers.e))


def sign(key: PrivateKey, challenge: bytes) -> bytes:
    """ECDSA over a digest as long as the curve's order, DER; or plain RSA over a block the host has padded."""
    if isinstance(key, rsa.RSAPrivateKey):
        return _raw_rsa(key, challenge)
    algorithm = algorithm_of(key)
    require(len(challenge) == _DIGEST_LENGTH[algorithm], KnownStatus.INCORRECT_DATA)
    return key.sign(challenge, _ECDSA[algorithm])


def agree(key: PrivateKey, peer: bytes) -> bytes:
    """ECDH with a peer's uncompressed point: the x coordinate (SP 800-73-5 part 2 §A.5)."""
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not peer.startswith(_UNCOMPRESSED):
        raise Refused(KnownStatus.INCORRECT_DATA)
    try:
        return key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(key.curve, peer))
    except ValueError:
        raise Refused(KnownStatus.INCORRECT_DATA) from None


def _raw_rsa(key: rsa.RSAPrivateKey, block: bytes) -> bytes:
    size = key.key_size // 8
    numbers = key.private_numbers()
    value = int.from_bytes(block, "big")
    require(len(block) == size and value < numbers.public_numbers.n, KnownStatus.INCORRECT_DATA)
    first, second = pow(value, numbers.dmp1, numbers.p), pow(value, numbers.dmq1, numbers.q)
    return (second + numbers.iqmp * (first - second) % numbers.p * numbers.q).to_bytes(size, "big")


def _unsigned(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
