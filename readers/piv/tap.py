"""A tap: the shortest exchange in which a card says who it is and signs that it is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from readers.connection import CardConnection
from readers.piv.identifiers import KeyReference
from readers.piv.session import PivSession


@dataclass(frozen=True, slots=True)
class TapResult:
    """Unverified: what the card said. `readers.piv.judging.verify_tap` or the service makes it worth something."""

    card_uuid: UUID
    digest: bytes
    signature: bytes
    """ECDSA-Sig-Value in DER over ``digest``, by the key 9E of whoever answered."""


def tap(connection: CardConnection, statement_for: Callable[[UUID], bytes]) -> TapResult:
    """Tap a card: SELECT, GET DATA CHUID, GENERAL AUTHENTICATE 9E, and nothing else.

    ``statement_for`` gives the 32-byte digest for a card UUID. It is called while the card waits and is closed to
    other processes, so it should be quick: take a challenge from a stock, do not fetch one.

    Raises NotAPivCard, ObjectNotFound (no CHUID: the card is not finished), CardError and what the connection raises.
    """
    with connection.transaction():
        session = PivSession.open(connection)
        card_uuid = session.read_chuid().guid
        digest = statement_for(card_uuid)
        return TapResult(card_uuid, digest, session.sign_digest(KeyReference.CARD_AUTHENTICATION, digest))
