"""Personalise a PIV card: SP 800-73-5 part 2 §3.3 and appendix A.1, and Yubico's extensions where those are silent."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from enum import IntEnum
from hmac import compare_digest
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from readers import tlv
from readers.apdu import SHORT_LE, CommandApdu
from readers.errors import CardError, CardNotAuthenticated, ContactlessForbidden, ProtocolError, SecurityNotSatisfied
from readers.piv.identifiers import Algorithm, Instruction, KeyReference, ObjectId, VendorInstruction, container_tag
from readers.piv.management_key import BLOCK_SIZES, ManagementKey
from readers.piv.refusals import expect_success
from readers.piv.session import PivSession

_TEMPLATE: Final = 0x7C
_WITNESS: Final = 0x80
_CHALLENGE: Final = 0x81
_RESPONSE: Final = 0x82


class PinPolicy(IntEnum):
    """When a key wants the PIN (Yubico extension; without it the card does as SP 800-73-5 part 1 table 4b says)."""

    NEVER = 0x01
    ONCE = 0x02
    ALWAYS = 0x03


class TouchPolicy(IntEnum):
    """When a key wants a finger on the token (Yubico extension)."""

    NEVER = 0x01
    ALWAYS = 0x02
    CACHED = 0x03


class PivAdmin:
    """Administration of a card through its open session.

    All of it is refused over contactless with ContactlessForbidden, sent nowhere: some products would allow it.
    """

    def __init__(self, session: PivSession) -> None:
        self._session = session

    def authenticate(self, key: ManagementKey, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        """Mutual authentication (part 2 appendix A.1): we prove that we know the key, then the card does.

        Raises SecurityNotSatisfied when ours is not the card's key, another CardError (6A86, 6A80) when the card's is
        of another algorithm, CardNotAuthenticated when the card fails its half.
        """
        witness = self._authenticate_step(key.algorithm, tlv.encode(_WITNESS, b""), answer=_WITNESS)
        if len(witness) != key.block_size:
            raise ProtocolError(f"a cipher block has {key.block_size} bytes, got {len(witness)}")
        challenge = random(key.block_size)
        proof = tlv.encode(_WITNESS, key.decrypt(witness)) + tlv.encode(_CHALLENGE, challenge)
        response = self._authenticate_step(key.algorithm, proof, answer=_RESPONSE)
        if not compare_digest(response, key.encrypt(challenge)):
            raise CardNotAuthenticated("the card does not know the management key")

    def offers_witness(self, algorithm: Algorithm) -> bool:
        """Whether the card begins a mutual authentication of this algorithm, which is then left alone.

        False where it refuses, or answers with a block of another size. Raises ProtocolError for an answer that is
        none, SecurityNotSatisfied where it wants something else first.
        """
        try:
            witness = self._authenticate_step(algorithm, tlv.encode(_WITNESS, b""), answer=_WITNESS)
        except SecurityNotSatisfied:
            raise
        except CardError:
            return False
        return len(witness) == BLOCK_SIZES[algorithm]

    def generate_key(
        self,
        key: KeyReference,
        algorithm: Algorithm = Algorithm.ECC_P256,
        pin_policy: PinPolicy | None = None,
        touch: TouchPolicy | None = None,
    ) -> ec.EllipticCurvePublicKey:
        """Make a key pair on the card (part 2 §3.3.2); the old key of that reference is gone. Takes seconds.

        Raises ValueError for an algorithm that is not elliptic-curve, ProtocolError for a point off the curve.
        """
        curve = _CURVES.get(algorithm)
        if curve is None:
            raise ValueError(f"{algorithm.name} keys are not made by us")
        control = tlv.encode(0x80, bytes((algorithm,)))
        control += tlv.encode(0xAA, bytes((pin_policy,))) if pin_policy else b""
        control += tlv.encode(0xAB, bytes((touch,))) if touch else b""
        answer = self._send(
            CommandApdu(0, Instruction.GENERATE_ASYMMETRIC_KEY_PAIR, 0, key, tlv.encode(0xAC, control), SHORT_LE),
            f"generate key {key:02X}",
        )
        point = tlv.unwrap(tlv.unwrap(answer, 0x7F49), 0x86)
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
        except ValueError as error:
            raise ProtocolError("the card's public key is no point of its curve") from error

    def put_object(self, object_id: ObjectId, content: bytes) -> None:
        """Write a data object (part 2 §3.3.1): ``content`` goes into its 53, or into the 7E of discovery."""
        outer = container_tag(object_id)
        payload = tlv.encode(outer, content)
        if outer != object_id:
            payload = tlv.encode(0x5C, object_id.to_bytes(3, "big")) + payload
        self._send(CommandApdu(0, Instruction.PUT_DATA, 0x3F, 0xFF, payload), f"write {object_id.name}")

    def set_management_key(self, new: ManagementKey) -> None:
        """Replace the management key (Yubico extension FF, touch not required)."""
        payload = bytes((new.algorithm, KeyReference.CARD_MANAGEMENT, len(new.value))) + new.value
        self._send(CommandApdu(0, VendorInstruction.SET_MANAGEMENT_KEY, 0xFF, 0xFF, payload), "set management key")

    def set_pin_retries(self, pin: int, puk: int) -> None:
        """Set how many wrong PINs and PUKs the card takes (Yubico extension FA). Needs the PIN verified.

        Resets PIN and PUK to the factory's! So it comes before they are set. Raises ValueError unless 1 to 15 each:
        63Cx cannot say more.
        """
        if not (1 <= pin <= 15 and 1 <= puk <= 15):
            raise ValueError("1 to 15 tries")
        self._send(CommandApdu(0, VendorInstruction.SET_PIN_RETRIES, pin, puk), "set PIN tries")

    def _authenticate_step(self, algorithm: Algorithm, request: bytes, answer: int) -> bytes:
        payload = tlv.encode(_TEMPLATE, request)
        command = CommandApdu(
            0, Instruction.GENERAL_AUTHENTICATE, algorithm, KeyReference.CARD_MANAGEMENT, payload, SHORT_LE
        )
        return tlv.unwrap(tlv.unwrap(self._send(command, "authenticate with 9B"), _TEMPLATE), answer)

    def _send(self, command: CommandApdu, doing: str) -> bytes:
        if self._session.connection.contactless:
            raise ContactlessForbidden(doing)
        return expect_success(self._session.exchange(command), doing)


_CURVES: Final[dict[Algorithm, ec.EllipticCurve]] = {
    Algorithm.ECC_P256: ec.SECP256R1(),
    Algorithm.ECC_P384: ec.SECP384R1(),
}
