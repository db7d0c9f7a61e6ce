"""Is the finished card what was meant? A fresh session reads everything again; without a pass there is no delivery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from cardsvc.issuance.errors import CardNotConforming
from cardsvc.issuance.possession import possesses
from cardsvc.issuance.writing import ISSUED_KEYS, CardWriter
from cardsvc.trust.profiles import PROFILES
from readers.connection import CardConnection
from readers.errors import CardError, CardInconsistent, CardNotAuthenticated, PathError, ProtocolError
from readers.paths import validate_path
from readers.piv.admin import PivAdmin
from readers.piv.identifiers import KeyReference, ObjectId
from readers.piv.judging import named_uuids
from readers.piv.security_object import SecurityObject
from readers.piv.session import PivSession

_NEEDS_PIN: Final = frozenset({KeyReference.PIV_AUTHENTICATION, KeyReference.DIGITAL_SIGNATURE})


def inspect(connection: CardConnection, written: CardWriter, now: datetime) -> None:
    """Judge a card just written. Raises CardNotConforming, and what the connection raises.

    Costs no PIN or PUK try on a good card, and leaves it reset.
    """
    connection.reset()
    inspection = _Inspection(written, PivSession.open(connection), now)
    for check in _CHECKS:
        check(inspection)
    connection.reset()
    if inspection.findings:
        raise CardNotConforming(inspection.findings)


@dataclass
class _Inspection:
    written: CardWriter
    session: PivSession
    now: datetime
    findings: list[str] = field(default_factory=list)

    @contextmanager
    def expecting(self, finding: str) -> Iterator[None]:
        """What the card refuses or gets wrong inside the block is a finding; that it went away is not."""
        try:
            yield
        except (CardError, CardNotAuthenticated, CardInconsistent, ProtocolError, PathError):
            self.findings.append(finding)

    def require(self, finding: str, *, right: bool) -> None:
        if not right:
            self.findings.append(finding)

    def pin_tries(self) -> None:
        """A verified PIN at this point would mean that the reset did not reach the card."""
        with self.expecting("pin-tries"):
            tries = self.session.pin_tries_left()
            self.require("pin-tries", right=tries is not None and tries >= self.written.blank.pin_tries)

    def public_objects(self) -> None:
        self._objects(lambda object_id: object_id is not ObjectId.PRINTED_INFORMATION)

    def card_key(self) -> None:
        """9E must sign before any PIN was entered."""
        self._key(KeyReference.CARD_AUTHENTICATION)

    def transport_pin(self) -> None:
        """That it is right proves that the factory's is gone, and costs no try."""
        with self.expecting("transport-pin"):
            self.session.verify_pin(self.written.secrets.transport_pin)

    def private_objects(self) -> None:
        self._objects(lambda object_id: object_id is ObjectId.PRINTED_INFORMATION)

    def holder_keys(self) -> None:
        for key in ISSUED_KEYS:
            if key in _NEEDS_PIN:
                self._key(key)

    def certificates(self) -> None:
        """Each leads to our root, has its profile's usage, and names this card."""
        authority = self.written.services.authority
        for key, certificate in self.written.certificates.items():
            with self.expecting(f"path-{key:02x}"):
                usage = PROFILES[key].extended_usages[0]
                validate_path(certificate, [authority.issuing], [authority.root], self.now, usage=usage)
                named = named_uuids(certificate) == {self.written.assignment.card_uuid}
                self.require(f"name-{key:02x}", right=named)

    def security_object(self) -> None:
        contents = self.written.contents
        hashed = (ObjectId.CHUID, ObjectId.CCC, ObjectId.PRINTED_INFORMATION)
        with self.expecting("security-object"):
            signed = SecurityObject.from_bytes(contents[ObjectId.SECURITY_OBJECT])
            signer = signed.verify({object_id: contents[object_id] for object_id in hashed})
            self.require("security-object", right=signer == self.written.services.authority.content_signing)

    def puk(self) -> None:
        """Changed to itself: that it is right proves that the factory's is gone."""
        puk = self.written.secrets.puk
        with self.expecting("puk"):
            self.session.change_puk(puk, puk)

    def management_key(self) -> None:
        admin = PivAdmin(self.session)
        try:
            admin.authenticate(self.written.blank.product.management_key)
        except (CardError, CardNotAuthenticated):
            pass
        else:
            self.findings.append("factory-management-key")
        with self.expecting("management-key"):
            admin.authenticate(self.written.secrets.management_key)

    def _objects(self, wanted: Callable[[ObjectId], bool]) -> None:
        for object_id, content in self.written.contents.items():
            if wanted(object_id):
                finding = object_id.name.lower().replace("_", "-")
                with self.expecting(finding):
                    self.require(finding, right=self.session.read_object(object_id) == content)

    def _key(self, key: KeyReference) -> None:
        """Against the certificate read from the card, not the one we remember."""
        finding = f"key-{key:02x}"
        with self.expecting(finding):
            public_key = self.session.read_certificate(key).public_key()
            if key in _NEEDS_PIN:
                self.session.verify_pin(self.written.secrets.transport_pin)
            right = isinstance(public_key, ec.EllipticCurvePublicKey) and possesses(
                self.session, key, public_key, self.written.assignment.card_uuid
            )
            self.require(finding, right=right)


_CHECKS: Final = (
    _Inspection.pin_tries,
    _Inspection.public_objects,
    _Inspection.card_key,
    _Inspection.transport_pin,
    _Inspection.private_objects,
    _Inspection.holder_keys,
    _Inspection.certificates,
    _Inspection.security_object,
    _Inspection.puk,
    _Inspection.management_key,
)
"""In this order: what must work without a PIN comes before the PIN."""
