"""What citizens sign: prepared by a department, shown by the screen, signed by the card.

A document is shown as it is and signed as it is shown. What a screen cannot show plainly (another type than text,
characters that nobody sees or that turn the order of others) is not shown, and so not signed.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from cardsvc.client.clock import Clock
from cardsvc.wire.document_signatures import SignatureMalformed, document_of
from cardsvc.wire.jose import JwtRefused
from cardsvc.wire.manifest import Language, PreparationRequest, PreparedDocument
from cardsvc.wire.signing import DocumentSignature, SignatureChallenge, read_prepared
from kiosk.card_service import CardService
from kiosk.challenges import MARGIN
from kiosk.department_client import DepartmentClient, DepartmentConfused
from kiosk.offers import Offer
from kiosk.proving import sign_with_pin
from kiosk.visit.screens import Paper
from readers.connection import CardReader
from readers.piv.identifiers import KeyReference
from readers.piv.pin import Pin

MEDIA_TYPE: Final = "text/plain"
"""What the screen can show. In UTF-8."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode's categories of characters that show nothing, or change what others show."""


class NotWhatIsShown(Exception):
    """Raised when the card is to sign something else than what is on the screen."""


@dataclass(frozen=True, slots=True)
class Hand:
    """A card in a reader, whose holder has just entered the PIN."""

    reader: CardReader
    card_uuid: UUID
    pin: Pin


class Signatures:
    """Has documents prepared and signed. Raises what the card, the card service and the departments raise."""

    def __init__(self, service: CardService, departments: DepartmentClient, clock: Clock) -> None:
        self._service = service
        self._departments = departments
        self._clock = clock

    def prepare(
        self, token: str, offer: Offer, values: dict[str, Any], language: Language, continues: str | None = None
    ) -> Paper:
        """The document for the screen. The service has agreed that this card may sign it. May be done again."""
        wanted = offer.service
        assertion = self._service.exchange_to_prepare(
            token, offer.department, wanted.code, wanted.attributes, wanted.questions
        )
        asked = PreparationRequest(assertion=assertion, input=values, language=language, continues=continues)
        prepared = self._departments.prepare(offer.base_url, wanted.code, asked)
        _check(prepared, offer)
        paper = Paper(_plain_text(prepared.document), language, prepared.prepared, None)
        return replace(paper, challenge=self._request(token, offer, paper))

    def sign(self, hand: Hand, token: str, offer: Offer, paper: Paper) -> DocumentSignature:
        """Have the card sign the document, and the service accept it."""
        challenge = paper.challenge
        if challenge is None or challenge.expires_at <= self._clock() + MARGIN:
            challenge = self._request(token, offer, paper)
        digest = hashlib.sha256(challenge.signed_attributes).digest()
        signature = sign_with_pin(hand.reader, hand.card_uuid, hand.pin, KeyReference.DIGITAL_SIGNATURE, digest)
        return self._service.submit_signature(challenge, signature)

    def _request(self, token: str, offer: Offer, paper: Paper) -> SignatureChallenge:
        challenge = self._service.request_signature(
            token, offer.department, offer.service.code, document=paper.document, prepared=paper.prepared
        )
        try:
            shown = document_of(challenge.signed_attributes) == hashlib.sha256(paper.document).digest()
        except SignatureMalformed:
            shown = False
        if not shown:
            raise NotWhatIsShown
        return challenge


def _check(prepared: PreparedDocument, offer: Offer) -> None:
    """Whether the department states what it sent. The service looks again, with the department's key."""
    try:
        claims = read_prepared(prepared.prepared)
    except JwtRefused as error:
        raise DepartmentConfused("states nothing about its document") from error
    stated = (claims.iss, claims.service, claims.media_type, claims.document_sha256)
    sha256 = hashlib.sha256(prepared.document).digest()
    if stated != (offer.department, offer.service.code, MEDIA_TYPE, sha256):
        raise DepartmentConfused("states something else than it sent")


def _plain_text(document: bytes) -> str:
    try:
        text = document.decode()
    except UnicodeDecodeError:
        raise DepartmentConfused("its document is no text") from None  # the error quotes the document
    if any(unicodedata.category(letter) in _UNSEEN for letter in text if letter != "\n"):
        raise DepartmentConfused("its document has something in it that cannot be seen")
    return text
