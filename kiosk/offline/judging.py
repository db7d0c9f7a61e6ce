"""Whether a card is genuine and in force, as far as the kiosk knows by itself.

More commands than a tap with a network: the 9E certificate is read too (1 to 2 kB). The kiosk makes a challenge of its
own, so that nobody can come with what a card signed before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography import x509

from cardsvc.wire.offline import CHALLENGE_SIZE, presence_digest
from cardsvc.wire.status_list import CardStatus, StatusListRefused, StatusReference
from kiosk.offline.supplies import Supplies
from readers.errors import CardInconsistent, PathError
from readers.piv.identifiers import KeyReference
from readers.piv.judging import signed_by, verify_tap
from readers.piv.session import PivSession
from readers.piv.tap import TapResult

Entropy = Callable[[int], bytes]

CERTIFICATE_REFUSED: Final = "certificate-refused"
SIGNATURE_INVALID: Final = "signature-invalid"
NOT_ACTIVE: Final = "card-not-active"
STATES: Final = {CardStatus.INVALID: "revoked", CardStatus.SUSPENDED: "held"}


class CardRefusedOffline(Exception):
    """Raised when the card is not accepted. ``code`` says why, in the service's own words; ``state`` of the card."""

    def __init__(self, code: str, state: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.state = state


@dataclass(frozen=True, slots=True)
class ProvedCard:
    """A card that is there, genuine, and in force by what the kiosk knows."""

    card_uuid: UUID
    certificate: x509.Certificate

    def signed(self, digest: bytes, signature: bytes) -> bool:
        """Whether it was this card that signed."""
        return signed_by(self.certificate, digest, signature)


def prove(session: PivSession, supplies: Supplies, now: datetime, entropy: Entropy) -> ProvedCard:
    """Have the card prove that it is there, and judge it. Raises CardRefusedOffline, ReaderError."""
    card_uuid = session.read_chuid().guid
    certificate = session.read_certificate(KeyReference.CARD_AUTHENTICATION)
    digest = presence_digest(entropy(CHALLENGE_SIZE), card_uuid)
    result = TapResult(card_uuid, digest, session.sign_digest(KeyReference.CARD_AUTHENTICATION, digest))
    try:
        verify_tap(result, certificate, supplies.issuers, [supplies.root], now)
    except (PathError, CardInconsistent) as error:
        raise CardRefusedOffline(CERTIFICATE_REFUSED) from error
    check_status(certificate, supplies)
    return ProvedCard(card_uuid, certificate)


def check_status(certificate: x509.Certificate, supplies: Supplies) -> None:
    """The card's place in the status lists says that it is in force. Raises CardRefusedOffline."""
    try:
        reference = StatusReference.of_certificate(certificate)
        statuses = None if reference is None else supplies.statuses.get(reference.uri)
        if reference is None or statuses is None:
            raise CardRefusedOffline(CERTIFICATE_REFUSED)
        status = statuses[reference.index]
    except (StatusListRefused, IndexError) as error:
        raise CardRefusedOffline(CERTIFICATE_REFUSED) from error
    if status != CardStatus.VALID:
        raise CardRefusedOffline(NOT_ACTIVE, {int(one): state for one, state in STATES.items()}.get(status))
