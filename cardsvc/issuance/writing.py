"""The writes that make a blank card a citizen card, in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy.orm import Session

from cardsvc.cards.models import Card
from cardsvc.issuance import escrow
from cardsvc.issuance.assignment import Assignment, FreshSecrets
from cardsvc.issuance.errors import PossessionNotProved
from cardsvc.issuance.journal import Journal
from cardsvc.issuance.models import SecretKind
from cardsvc.issuance.origins import origin_of
from cardsvc.issuance.possession import possesses
from cardsvc.issuance.probing import BlankCard
from cardsvc.services import Services
from cardsvc.trust.certificates import certify
from cardsvc.trust.keystore import KeyName
from cardsvc.trust.models import KeyOrigin
from readers.piv.identifiers import CERTIFICATE_OBJECTS, Algorithm, KeyReference, ObjectId
from readers.piv.objects import CertificateObject
from readers.piv.security_object import SecurityObject

ISSUED_KEYS: Final = (
    KeyReference.PIV_AUTHENTICATION,
    KeyReference.DIGITAL_SIGNATURE,
    KeyReference.CARD_AUTHENTICATION,
)


@dataclass
class CardWriter:
    """Writes one card. ``contents`` grows to what must be found on the card afterwards."""

    services: Services
    assignment: Assignment
    blank: BlankCard
    secrets: FreshSecrets
    journal: Journal
    keys: dict[KeyReference, ec.EllipticCurvePublicKey] = field(default_factory=dict)
    origins: dict[KeyReference, KeyOrigin] = field(default_factory=dict)
    certificates: dict[KeyReference, x509.Certificate] = field(default_factory=dict)
    contents: dict[ObjectId, bytes] = field(default_factory=dict)

    def set_puk(self) -> None:
        """The unblocking code, which no person ever sees."""
        puk = self.secrets.puk
        with self.journal.write("puk", self._keep(SecretKind.PUK, puk.padded)):
            self.blank.session.change_puk(self.blank.product.puk, puk)

    def set_transport_pin(self) -> None:
        """The PIN that the desk is told once, until the citizen changes it."""
        pin = self.secrets.transport_pin
        with self.journal.write("transport-pin", self._keep(SecretKind.TRANSPORT_PIN, pin.digits.encode())):
            self.blank.session.change_pin(self.blank.product.pin, pin)

    def make_key(self, key: KeyReference) -> None:
        """A new key pair on the card, its proof that it has the private half, and where it was made."""
        with self.journal.write(f"key-{key:02x}"):
            public_key = self.blank.admin.generate_key(key, Algorithm.ECC_P256)
        if key is not KeyReference.CARD_AUTHENTICATION:
            self.blank.session.verify_pin(self.secrets.transport_pin)
        if not possesses(self.blank.session, key, public_key, self.assignment.card_uuid):
            raise PossessionNotProved(f"{key:02X}")
        self.keys[key] = public_key
        self.origins[key] = origin_of(self.blank, key, public_key, self.services.trusted_makers, self.services.clock())

    def write_certificate(self, key: KeyReference) -> None:
        """Issued on hold in the transaction of the intent: a certificate that may be on a card is always known here."""

        def issue(session: Session) -> None:
            card = session.get_one(Card, self.assignment.card_id)
            self.certificates[key] = certify(
                session,
                self.services.authority,
                card,
                key,
                self.keys[key],
                origin=self.origins[key],
                now=self.services.clock(),
            )

        with self.journal.write(f"certificate-{key:02x}", issue):
            self._put(CERTIFICATE_OBJECTS[key], bytes(CertificateObject(self.certificates[key])))

    def write_ccc(self) -> None:
        """The capability container."""
        with self.journal.write("ccc"):
            self._put(ObjectId.CCC, bytes(self.assignment.ccc))

    def write_printed_information(self) -> None:
        """What is printed on the card, behind the PIN."""
        printed = self.assignment.printed_information(self.services.settings.printed_issuer)
        with self.journal.write("printed-information"):
            self._put(ObjectId.PRINTED_INFORMATION, bytes(printed))

    def write_security_object(self) -> None:
        """Hashes of the objects without a signature of their own, so that they cannot be moved to another card."""
        unsigned = {
            ObjectId.CHUID: bytes(self.assignment.chuid),
            ObjectId.CCC: self.contents[ObjectId.CCC],
            ObjectId.PRINTED_INFORMATION: self.contents[ObjectId.PRINTED_INFORMATION],
        }
        signer = self.services.keystore.signer(KeyName.CONTENT_SIGNING)
        signed = SecurityObject.sign(
            unsigned,
            self.services.authority.content_signing,
            lambda message: signer.sign(message, ec.ECDSA(SHA256())),
        )
        with self.journal.write("security-object"):
            self._put(ObjectId.SECURITY_OBJECT, bytes(signed))

    def set_management_key(self) -> None:
        """From here on the card obeys this service alone."""
        new = self.secrets.management_key
        with self.journal.write(
            "management-key", self._keep(SecretKind.MANAGEMENT_KEY, bytes((new.algorithm,)) + new.value)
        ):
            self.blank.replace_management_key(new)

    def write_chuid(self) -> None:
        """Last: a card without one is not finished. The new management key opens the way, and so is known to work."""
        self.blank.admin.authenticate(self.secrets.management_key)
        with self.journal.write("chuid"):
            self._put(ObjectId.CHUID, bytes(self.assignment.chuid))

    def _put(self, object_id: ObjectId, content: bytes) -> None:
        self.blank.admin.put_object(object_id, content)
        self.contents[object_id] = content

    def _keep(self, kind: SecretKind, secret: bytes) -> Callable[[Session], object]:
        keystore, card_id, now = self.services.keystore, self.assignment.card_id, self.services.clock()
        return lambda session: escrow.keep(session, keystore, card_id, kind, secret, now=now)


STEPS: Final[tuple[tuple[str, Callable[[CardWriter], None]], ...]] = (
    ("puk", CardWriter.set_puk),
    ("transport-pin", CardWriter.set_transport_pin),
    *((f"key-{key:02x}", partial(CardWriter.make_key, key=key)) for key in ISSUED_KEYS),
    *((f"certificate-{key:02x}", partial(CardWriter.write_certificate, key=key)) for key in ISSUED_KEYS),
    ("ccc", CardWriter.write_ccc),
    ("printed-information", CardWriter.write_printed_information),
    ("security-object", CardWriter.write_security_object),
    ("management-key", CardWriter.set_management_key),
    ("chuid", CardWriter.write_chuid),
)
"""The order matters: the factory's PIN goes before any key is made, the CHUID comes last."""
