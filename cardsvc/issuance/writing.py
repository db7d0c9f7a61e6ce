"""The writes that make a blank card a citizen card, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from functools import partial
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy.orm import Session

from cardsvc.cards.models import Card
from cardsvc.issuance import escrow
from cardsvc.issuance.assignment import Assignment, OwnSecrets, draw_marker
from cardsvc.issuance.errors import PossessionNotProved
from cardsvc.issuance.escrow import Escrowed
from cardsvc.issuance.journal import Doing, Journal
from cardsvc.issuance.models import SecretKind
from cardsvc.issuance.origins import origin_of
from cardsvc.issuance.portraits import fit, room_for
from cardsvc.issuance.possession import possesses
from cardsvc.issuance.probing import OpenCard
from cardsvc.services import Services
from cardsvc.trust.certificates import CardMake, certify, revoke_key
from cardsvc.trust.keystore import KeyName
from cardsvc.trust.models import KeyOrigin
from readers.piv.biometrics import BiometricObject, Holder, Issuer
from readers.piv.fascn import NON_FEDERAL
from readers.piv.identifiers import CERTIFICATE_OBJECTS, Algorithm, KeyReference, ObjectId
from readers.piv.objects import CertificateObject
from readers.piv.photograph import MAX_FACIAL_IMAGE, Photograph
from readers.piv.security_object import SecurityObject

ISSUED_KEYS: Final = (
    KeyReference.PIV_AUTHENTICATION,
    KeyReference.DIGITAL_SIGNATURE,
    KeyReference.CARD_AUTHENTICATION,
)
END_OF_DAY: Final = time(23, 59, 59)
VOUCHED: Final = frozenset({ObjectId.CHUID, ObjectId.CCC, ObjectId.PRINTED_INFORMATION, ObjectId.FACIAL_IMAGE})
"""What the security object vouches for: objects without a signature of their own; and the photograph, so that nobody
puts one of another card beside them (SP 800-73-5 part 1 §3.1.7)."""


@dataclass
class CardWriter:
    """Writes one card. ``contents`` grows to what must be found on the card afterwards."""

    services: Services
    assignment: Assignment
    card: OpenCard
    secrets: OwnSecrets
    escrowed: Mapping[SecretKind, Escrowed]
    journal: Journal
    keys: dict[KeyReference, ec.EllipticCurvePublicKey] = field(default_factory=dict)
    origins: dict[KeyReference, KeyOrigin] = field(default_factory=dict)
    certificates: dict[KeyReference, x509.Certificate] = field(default_factory=dict)
    contents: dict[ObjectId, bytes] = field(default_factory=dict)
    rewritten: set[ObjectId] = field(default_factory=set)
    """Of ``contents``, what was written in this turn, and not found on the card."""

    @property
    def printed_information(self) -> bytes:
        """What is printed on the card."""
        return bytes(self.assignment.printed_information(self.services.settings.printed_issuer))

    def certificate_object(self, key: KeyReference) -> bytes:
        """The object that holds the certificate of a key."""
        return bytes(CertificateObject(self.certificates[key]))

    def write_ccc(self) -> None:
        """The capability container, before anything else: by its random number the card is known from then on."""
        self._write("ccc", ObjectId.CCC, bytes(draw_marker()))

    def set_puk(self) -> None:
        """The unblocking code, which no person ever sees."""
        with self._replacing(SecretKind.PUK):
            self.card.session.change_puk(self.card.product.puk, self.secrets.puk)

    def set_transport_pin(self) -> None:
        """The PIN that the desk is told once, until the citizen changes it."""
        with self._replacing(SecretKind.TRANSPORT_PIN):
            self.card.session.change_pin(self.card.product.pin, self.secrets.transport_pin)

    def make_key(self, key: KeyReference) -> None:
        """A new key pair on the card, its proof that it has the private half, and where it was made."""
        with self.journal.write(f"key-{key:02x}", partial(self._revoke, key)):
            public_key = self.card.admin.generate_key(key, Algorithm.ECC_P256)
        if key is not KeyReference.CARD_AUTHENTICATION:
            self.card.session.verify_pin(self.secrets.transport_pin)
        if not possesses(self.card.session, key, public_key, self.assignment.card_uuid):
            raise PossessionNotProved(f"{key:02X}")
        self.keys[key] = public_key
        self.origins[key] = origin_of(self.card, key, public_key, self.services.trusted_makers, self.services.clock())

    def write_certificate(self, key: KeyReference) -> None:
        """Issued on hold in the transaction of the intent: a certificate that may be on a card is always known here."""
        issue = None if key in self.certificates else partial(self._certify, key)
        with self.journal.write(f"certificate-{key:02x}", issue):
            self._put(CERTIFICATE_OBJECTS[key], self.certificate_object(key))

    def write_printed_information(self) -> None:
        """What is printed on the card, behind the PIN."""
        self._write("printed-information", ObjectId.PRINTED_INFORMATION, self.printed_information)

    @property
    def photograph(self) -> Photograph | None:
        """As large as the card has room for."""
        if self.assignment.portrait is None:
            return None
        most = self.card.product.max_object or MAX_FACIAL_IMAGE
        return fit(self.assignment.portrait, room_for(most, len(self._framed(Photograph(b"", 0, 0)))))

    def write_facial_image(self) -> None:
        """The photograph, behind the PIN, if there is one."""
        photograph = self.photograph
        if photograph is not None:
            self._write("facial-image", ObjectId.FACIAL_IMAGE, self._framed(photograph))

    def write_security_object(self) -> None:
        """Hashes of these objects, so that they cannot be moved to another card."""
        known = {**self.contents, ObjectId.CHUID: bytes(self.assignment.chuid)}
        signed = SecurityObject.sign(
            {object_id: known[object_id] for object_id in sorted(VOUCHED & known.keys())},
            self.services.authority.content_signing,
            self._sign_content,
        )
        self._write("security-object", ObjectId.SECURITY_OBJECT, bytes(signed))

    def set_management_key(self) -> None:
        """From here on the card obeys this service alone."""
        with self._replacing(SecretKind.MANAGEMENT_KEY):
            self.card.replace_management_key(self.secrets.management_key)

    def write_chuid(self) -> None:
        """Last: a card without one is not finished. The new management key opens the way, and so is known to work."""
        self.card.admin.authenticate(self.secrets.management_key)
        self._write("chuid", ObjectId.CHUID, bytes(self.assignment.chuid))

    def confirming(self, step: str) -> Doing | None:
        """What is to be committed with the news that a step was done: of a secret, that the card has it."""
        return self.confirming_secret(SecretKind(step)) if step in set(SecretKind) else None

    def confirming_secret(self, kind: SecretKind) -> Doing:
        """Note that the card has the newest secret of this kind."""
        card_id, now = self.assignment.card_id, self.services.clock()
        return lambda session: escrow.confirm(session, card_id, kind, now)

    def _framed(self, photograph: Photograph) -> bytes:
        """The object with this photograph, signed for this card until its end."""
        assignment = self.assignment
        last = datetime.combine(assignment.expires_on, END_OF_DAY, UTC)
        holder = Holder(bytes(NON_FEDERAL), assignment.card_uuid, self.services.clock(), last)
        authority, name = self.services.authority, self.services.settings.printed_issuer
        issuer = Issuer(authority.content_signing, self._sign_content, name)
        return bytes(BiometricObject.sign_face(bytes(photograph), holder, issuer))

    def _sign_content(self, message: bytes) -> bytes:
        return self.services.keystore.signer(KeyName.CONTENT_SIGNING).sign(message, ec.ECDSA(SHA256()))

    def _replacing(self, kind: SecretKind) -> AbstractContextManager[None]:
        """Around the command that sets a secret: it is in escrow before, and confirmed after. The step has its name."""
        keep = None if self.escrowed[kind].newest is not None else partial(self._keep, kind)
        return self.journal.write(kind, keep, confirm=self.confirming_secret(kind))

    def _keep(self, kind: SecretKind, session: Session) -> None:
        now = self.services.clock()
        secret = self.secrets.to_escrow(kind)
        escrow.keep(session, self.services.keystore, self.assignment.card_id, kind, secret, now=now)

    def _revoke(self, key: KeyReference, session: Session) -> None:
        """The key that was there before will be gone, or may be."""
        reason = x509.ReasonFlags.cessation_of_operation
        revoke_key(session, self.assignment.card_id, key, reason, self.services.clock())

    def _certify(self, key: KeyReference, session: Session) -> None:
        card = session.get_one(Card, self.assignment.card_id)
        self.certificates[key] = certify(
            session,
            self.services.authority,
            card,
            key,
            self.keys[key],
            origin=self.origins[key],
            now=self.services.clock(),
            made_on=CardMake(self.card.product.name, self.card.product.firmware),
        )

    def _write(self, step: str, object_id: ObjectId, content: bytes) -> None:
        with self.journal.write(step, content=content):
            self._put(object_id, content)

    def _put(self, object_id: ObjectId, content: bytes) -> None:
        self.card.admin.put_object(object_id, content)
        self.contents[object_id] = content
        self.rewritten.add(object_id)


def _steps_of(key: KeyReference) -> Mapping[str, Callable[[CardWriter], None]]:
    """A key that has its certificate is kept when the card is gone on with; so that comes right after it."""
    return {
        f"key-{key:02x}": partial(CardWriter.make_key, key=key),
        f"certificate-{key:02x}": partial(CardWriter.write_certificate, key=key),
    }


STEPS: Final[Mapping[str, Callable[[CardWriter], None]]] = {
    "ccc": CardWriter.write_ccc,
    SecretKind.PUK: CardWriter.set_puk,
    SecretKind.TRANSPORT_PIN: CardWriter.set_transport_pin,
    **{name: step for key in ISSUED_KEYS for name, step in _steps_of(key).items()},
    "printed-information": CardWriter.write_printed_information,
    "facial-image": CardWriter.write_facial_image,
    "security-object": CardWriter.write_security_object,
    SecretKind.MANAGEMENT_KEY: CardWriter.set_management_key,
    "chuid": CardWriter.write_chuid,
}
"""The order matters: the marker comes first, the factory's PIN goes before any key is made, the CHUID comes last."""
