"""Have a card prove itself to the card service: by a tap, or with its PIN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog

from cardsvc.client import statement
from cardsvc.wire.authentication import CardProof, Challenge
from cardsvc.wire.levels import Level
from kiosk.card_service import Authenticates
from kiosk.challenges import ChallengeStock
from kiosk.visit.events import Authenticated, CardInserted
from readers.connection import CardConnection, CardReader
from readers.errors import CardError
from readers.metering import MeteredConnection, Usage
from readers.piv.identifiers import KeyReference
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.piv.tap import tap

_log: Final = structlog.get_logger()
_USES: Final = {KeyReference.PIV_AUTHENTICATION: "pin", KeyReference.DIGITAL_SIGNATURE: "sign"}


class OtherCard(Exception):
    """Raised when the card in the reader is not the one that was there before."""


class Prover:
    """Turns cards into visits. Every method raises ReaderError, ServiceProblem and ServiceUnreachable."""

    def __init__(self, service: Authenticates, stocks: dict[Level, ChallengeStock], used: Callable[[], None]) -> None:
        """``used`` is called after a challenge was taken, so that the stock can be filled again."""
        self._service = service
        self._stocks = stocks
        self._used = used

    def by_tap(self, reader: CardReader) -> Authenticated:
        """Three commands to the card, one request to the service."""
        challenge = self._challenge(Level.TAP)
        with reader.connect() as connection:
            metered = MeteredConnection(connection)
            tapped = tap(metered, lambda card_uuid: statement(challenge, card_uuid).digest)
        _report("tap", metered.usage)
        return self._authenticate(challenge, tapped.card_uuid, tapped.signature)

    def by_pin(self, reader: CardReader, card_uuid: UUID, pin: Pin) -> Authenticated:
        """Verify the PIN and sign with 9A, if the card is still the same. Also raises OtherCard.

        The connection is closed, and so the card reset, before the service is asked: the PIN stays verified no longer
        than it must.
        """
        challenge = self._challenge(Level.PIN)
        digest = statement(challenge, card_uuid).digest
        signature = sign_with_pin(reader, card_uuid, pin, KeyReference.PIV_AUTHENTICATION, digest)
        return self._authenticate(challenge, card_uuid, signature)

    def _challenge(self, level: Level) -> Challenge:
        try:
            return self._stocks[level].take()
        finally:
            self._used()

    def _authenticate(self, challenge: Challenge, card_uuid: UUID, signature: bytes) -> Authenticated:
        result = self._service.authenticate(proof_of(challenge, card_uuid, signature))
        return Authenticated(result.card_uuid, result.level, result.visit_token, result.expires_at)


def proof_of(challenge: Challenge, card_uuid: UUID, signature: bytes) -> CardProof:
    """What a card answered to a challenge, as the service is told."""
    return CardProof(
        challenge_handle=challenge.handle,
        card_uuid=card_uuid,
        level=challenge.level,
        audience=challenge.audience,
        signature=signature,
    )


def open_expected(connection: CardConnection, card_uuid: UUID) -> PivSession:
    """A session with this card. Raises OtherCard, ReaderError."""
    session = PivSession.open(connection)
    if session.read_chuid().guid != card_uuid:
        raise OtherCard
    return session


def prove(session: PivSession, challenge: Challenge, card_uuid: UUID) -> CardProof:
    """Have a card whose PIN was entered answer a challenge with 9A. Raises ReaderError."""
    signature = session.sign_digest(KeyReference.PIV_AUTHENTICATION, statement(challenge, card_uuid).digest)
    return proof_of(challenge, card_uuid, signature)


def prove_by_pin(session: PivSession, challenge: Challenge, pin: Pin) -> CardProof:
    """Enter the PIN, and have the card, whichever it is, answer. Raises ReaderError."""
    card_uuid = session.read_chuid().guid
    session.verify_pin(pin)
    return prove(session, challenge, card_uuid)


def sign_with_pin(reader: CardReader, card_uuid: UUID, pin: Pin, key: KeyReference, digest: bytes) -> bytes:
    """Verify the PIN and at once, with nothing between them, sign with a key. Raises ReaderError, OtherCard."""
    with reader.connect() as connection:
        metered = MeteredConnection(connection)
        with metered.transaction():
            session = open_expected(metered, card_uuid)
            session.verify_pin(pin)
            signature = session.sign_digest(key, digest)
    _report(_USES[key], metered.usage)
    return signature


def identify(reader: CardReader) -> CardInserted:
    """What the card in the reader calls itself, and the tries its PIN has left; nothing is proved. Raises ReaderError.

    Asking costs one short command and no try. A card that does not say is taken as it is.
    """
    with reader.connect() as connection:
        session = PivSession.open(connection)
        card_uuid = session.read_chuid().guid
        try:
            return CardInserted(card_uuid, session.pin_tries_left())
        except CardError:
            return CardInserted(card_uuid)


def _report(how: str, usage: Usage) -> None:
    """Counts only: nothing here says whose card it was."""
    _log.info(
        "card used",
        how=how,
        apdus=usage.apdus,
        bytes_sent=usage.bytes_sent,
        bytes_received=usage.bytes_received,
        milliseconds=round(usage.seconds * 1000, 1),
    )
