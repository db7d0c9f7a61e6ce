"""Use a PIV card: read what it holds, take its holder's PIN, let it sign (SP 800-73-5 part 2 §3.1 and §3.2)."""

from __future__ import annotations

from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from readers import tlv
from readers.apdu import SHORT_DATA, SHORT_LE, CommandApdu, ResponseApdu
from readers.channel import Exchange, open_channel
from readers.connection import CardConnection
from readers.errors import CardError, ContactlessForbidden, MalformedTlv, NotAPivCard, ObjectNotFound, ProtocolError
from readers.piv.identifiers import (
    CERTIFICATE_OBJECTS,
    PIV_AID,
    PIV_AID_PARTIAL,
    Algorithm,
    Instruction,
    KeyReference,
    ObjectId,
    PinReference,
    container_tag,
)
from readers.piv.objects import CertificateObject, Chuid, Discovery
from readers.piv.pin import PIN_FIELD, Pin
from readers.piv.refusals import expect_piv, expect_success, refusal
from readers.printable import printable
from readers.status import KnownStatus, StatusWord

DIGEST_SIZE: Final = 32
"""SHA-256, the hash that goes with P-256 (SP 800-78-5 table 7)."""

_APPLICATION_PROPERTIES: Final = 0x61
_APPLICATION_LABEL: Final = 0x50
_TAG_LIST: Final = 0x5C
_DYNAMIC_AUTHENTICATION: Final = 0x7C
_CHALLENGE: Final = 0x81
_RESPONSE: Final = 0x82


class PivSession:
    """A card with its PIV application selected.

    Every method may raise what the connection raises (`CardRemoved`, `CardReset`, …), `ProtocolError` for an answer
    without sense, and `CardError` or one of its subclasses for a refusal. PINs are never sent over a contactless
    interface: `ContactlessForbidden` is raised instead.
    """

    def __init__(self, connection: CardConnection, exchange: Exchange) -> None:
        self.connection = connection
        self.exchange = exchange
        self.label = ""
        """The application's name for itself, where SELECT told it."""

    @classmethod
    def open(cls, connection: CardConnection, *, longest: int = SHORT_DATA) -> Self:
        """Select the PIV application (part 2 §3.1.1). Raises NotAPivCard.

        ``longest`` is how much data one APDU may have; what is longer is chained (`readers.piv.products.apdu_data`).
        """
        session = cls(connection, open_channel(connection, longest=longest))
        session.select()
        return session

    def select(self) -> None:
        """Select the application, again where it was: a PIN that was verified may be forgotten. Raises NotAPivCard."""
        response = self._select_by(PIV_AID_PARTIAL)
        if int(response.status) == KnownStatus.NOT_FOUND:  # some cards want the whole name
            response = self._select_by(PIV_AID)
        properties = expect_piv(response)
        try:
            told = tlv.decode(tlv.unwrap(properties, _APPLICATION_PROPERTIES))
        except MalformedTlv as error:
            # Some PIV cards say nothing of themselves, and some foreign cards answer 9000 to every SELECT.
            if not self._serves_discovery():
                raise NotAPivCard(StatusWord(KnownStatus.SUCCESS), "select PIV, no application properties") from error
            told = {}
        self.label = printable(told.get(_APPLICATION_LABEL, b"").decode("ascii", errors="ignore"), instead="")

    def read_object(self, object_id: ObjectId) -> bytes:
        """The content of a data object: what is in its 53, or in the 7E of discovery. Raises ObjectNotFound."""
        tag = tlv.encode(_TAG_LIST, object_id.to_bytes(3, "big").lstrip(b"\0"))
        response = self.exchange(CommandApdu(0, Instruction.GET_DATA, 0x3F, 0xFF, tag, SHORT_LE))
        doing = f"read {object_id.name}"
        container = expect_success(response, doing)
        # An object that holds nothing is not found, or an empty container, or no container at all, by product.
        content = tlv.unwrap(container, container_tag(object_id)) if container else b""
        if not content:
            raise ObjectNotFound(response.status, f"{doing}, which is empty")
        return content

    def read_chuid(self) -> Chuid:
        """The card holder unique identifier, which carries the card UUID. Raises ObjectNotFound: unfinished card."""
        return Chuid.from_bytes(self.read_object(ObjectId.CHUID))

    def read_certificate(self, key: KeyReference) -> x509.Certificate:
        """The certificate of a key, unverified. Raises ObjectNotFound, ProtocolError when it is none."""
        return CertificateObject.from_bytes(self.read_object(CERTIFICATE_OBJECTS[key])).certificate

    def pin_tries_left(self) -> int | None:
        """How many wrong PINs the card still takes; None when the PIN is verified already (part 2 §3.2.1).

        Sends VERIFY without data, which never costs a try. None neither proves that somebody just entered a PIN (it
        may have been another process) nor means "no tries".
        """
        status = self.exchange(CommandApdu(0, Instruction.VERIFY, 0x00, PinReference.APPLICATION_PIN)).status
        if status.ok:
            return None
        if status.tries_left is None:
            raise refusal(status, "ask for PIN tries")
        return status.tries_left

    def verify_pin(self, pin: Pin) -> None:
        """Verify the PIN (part 2 §3.2.1). Raises WrongPin (with the tries left), PinBlocked."""
        self._present(Instruction.VERIFY, PinReference.APPLICATION_PIN, pin.padded, "verify PIN")

    def change_pin(self, old: Pin, new: Pin) -> None:
        """Change the PIN (part 2 §3.2.2). Raises WrongPin about ``old``, PinBlocked."""
        secrets = old.padded + new.padded
        self._present(Instruction.CHANGE_REFERENCE_DATA, PinReference.APPLICATION_PIN, secrets, "change PIN")

    def change_puk(self, old: Pin, new: Pin) -> None:
        """Change the PUK (part 2 §3.2.2). Raises WrongPin about ``old``, PinBlocked; ValueError unless 8 digits."""
        secrets = _puk(old) + _puk(new)
        self._present(Instruction.CHANGE_REFERENCE_DATA, PinReference.PUK, secrets, "change PUK")

    def reset_pin(self, puk: Pin, new: Pin) -> None:
        """Unblock the PIN and set a new one (part 2 §3.2.3). Raises WrongPin and PinBlocked about the PUK."""
        secrets = _puk(puk) + new.padded
        self._present(Instruction.RESET_RETRY_COUNTER, PinReference.APPLICATION_PIN, secrets, "reset PIN")

    def sign_digest(self, key: KeyReference, digest: bytes) -> bytes:
        """Sign 32 bytes with a P-256 key: ECDSA-Sig-Value in DER, unverified (part 2 §3.2.4, appendix A.4).

        Raises SecurityNotSatisfied where the key wants a PIN first.
        """
        if len(digest) != DIGEST_SIZE:
            raise ValueError(f"a digest of {DIGEST_SIZE} bytes is wanted, got {len(digest)}")
        request = tlv.encode(
            _DYNAMIC_AUTHENTICATION,
            tlv.encode(_RESPONSE, b"") + tlv.encode(_CHALLENGE, digest),
        )
        command = CommandApdu(0, Instruction.GENERAL_AUTHENTICATE, Algorithm.ECC_P256, key, request, SHORT_LE)
        answer = expect_success(self.exchange(command), f"sign with {key:02X}")
        signature = tlv.unwrap(tlv.unwrap(answer, _DYNAMIC_AUTHENTICATION), _RESPONSE)
        try:
            decode_dss_signature(signature)
        except ValueError as error:
            raise ProtocolError("the card's signature is no ECDSA-Sig-Value") from error
        return signature

    def _select_by(self, name: bytes) -> ResponseApdu:
        return self.exchange(CommandApdu(0, Instruction.SELECT, 0x04, 0x00, name, SHORT_LE))

    def _serves_discovery(self) -> bool:
        """Whether there is an object that names the PIV application."""
        try:
            return Discovery.from_bytes(self.read_object(ObjectId.DISCOVERY)).aid.startswith(PIV_AID_PARTIAL)
        except (CardError, ProtocolError):
            return False

    def _present(self, instruction: Instruction, reference: PinReference, secrets: bytes, doing: str) -> None:
        if self.connection.contactless:
            raise ContactlessForbidden(doing)
        expect_success(self.exchange(CommandApdu(0, instruction, 0x00, reference, secrets)), doing)


def _puk(puk: Pin) -> bytes:
    if len(puk.digits) != PIN_FIELD:
        raise ValueError(f"a PUK has {PIN_FIELD} digits")
    return puk.padded
