"""What is refused about applications and personalisation.

ServiceError
├── ApplicationNotFound    there is no such application
├── NotAssigned            the card is reserved for no application
└── PersonalisationError   a card could not be written
    ├── CardNotBlank       it holds something already; nothing was written
    ├── CardNotFactoryFresh  its management key, PIN or PUK are not the factory's; nothing was written
    ├── ProductUnsuited    the service could not take it over; nothing was written
    ├── ContactReaderNeeded  it is on a contactless reader; nothing was sent
    ├── DeskBusy           the desk has as many cards in hand as one desk may have; nothing was sent
    ├── DeskGone           the desk hung up, or did not answer in time
    ├── DeskConfused       the desk broke the protocol
    ├── CardFailed         the card or its reader failed (carries how)
    ├── PossessionNotProved  the card does not use the key that it showed
    ├── AttestationRefuted   a card of a trusted maker vouches for another key than it showed
    ├── CardNotConforming  the finished card is not what was meant (carries what is wrong)
    └── PersonalisationAbandoned  an earlier attempt broke off and left nothing to go on with
"""

from __future__ import annotations

from cardsvc.errors import ServiceError
from readers.errors import ReaderError


class ApplicationNotFound(ServiceError):
    """Raised when no application has this id."""

    code = "no-such-application"
    title = "There is no such application"

    def __init__(self) -> None:
        super().__init__("No application has this id.")


class NotAssigned(ServiceError):
    """Raised when a card is to be personalised that is reserved for no application."""

    code = "card-not-assigned"
    title = "The card is for nobody"

    def __init__(self) -> None:
        super().__init__("Reserve the card for an approved application first.")


class PersonalisationError(ServiceError):
    """Base of what goes wrong while a card is written. ``detail`` is for the clerk at the desk."""


class CardNotBlank(PersonalisationError):
    """Raised when the card has a CHUID: it was issued before, here or elsewhere."""

    code = "card-not-blank"
    title = "The card is not blank"

    def __init__(self) -> None:
        super().__init__("The card in the reader was issued before. Put in the blank card that is reserved.")


class CardNotFactoryFresh(PersonalisationError):
    """Raised when the card does not have the factory's management key, or all PIN tries."""

    code = "card-not-factory-fresh"
    title = "The card is not as it left the factory"

    def __init__(self) -> None:
        super().__init__("Somebody used or changed this card. Put it aside and take another one.")


class ProductUnsuited(PersonalisationError):
    """Raised when the product has no way to replace its management key, which everybody knows."""

    code = "product-unsuited"
    title = "This kind of card cannot be issued"

    def __init__(self, product: str) -> None:
        super().__init__(f"The card is a {product}; its management key cannot be replaced.", product=product)


class ContactReaderNeeded(PersonalisationError):
    """Raised when the desk says that the card is held to a contactless reader."""

    code = "contact-reader-needed"
    title = "The card must be put in"

    def __init__(self) -> None:
        super().__init__("Put the card into a contact reader: keys and PINs do not go through the air.")


class DeskBusy(PersonalisationError):
    """Raised when a desk begins to write another card while it writes as many as one desk may."""

    code = "desk-busy"
    title = "The desk is busy"

    def __init__(self) -> None:
        super().__init__("This desk is writing other cards. Wait until one of them is done.")


class DeskGone(PersonalisationError):
    """Raised when the desk hangs up, does not answer within the time for one command, or takes too long in all."""

    code = "desk-gone"
    title = "The desk is gone"

    def __init__(self) -> None:
        super().__init__("The connection to the desk was lost while the card was being written.")


class DeskConfused(PersonalisationError):
    """Raised when the desk sends what does not belong to the conversation."""

    code = "desk-confused"
    title = "The desk does not speak the protocol"

    def __init__(self) -> None:
        super().__init__("The desk sent something else than the answer that was asked for.")


class CardFailed(PersonalisationError):
    """Raised when a command fails, at the reader or at the card. Carries the kind of failure and never its bytes."""

    code = "card-failed"
    title = "The card failed"

    def __init__(self, error: ReaderError) -> None:
        failure = type(error).__name__
        super().__init__(f"The card or its reader failed: {error}.", failure=failure)
        self.failure = failure


class PossessionNotProved(PersonalisationError):
    """Raised when a signature of the card does not verify with the public key it gave."""

    code = "possession-not-proved"
    title = "The card does not use its own key"

    def __init__(self, key: str) -> None:
        super().__init__(f"The card showed a public key {key} that its signatures do not verify with.", key=key)


class AttestationRefuted(PersonalisationError):
    """Raised when a card of a trusted maker attests another key than it showed, or one that is used another way."""

    code = "attestation-refuted"
    title = "The card vouches for another key"

    def __init__(self, key: str) -> None:
        super().__init__(f"The card vouches for another key than the key {key} that it showed. Put it aside.", key=key)


class CardNotConforming(PersonalisationError):
    """Raised when the finished card, read again, is not what was meant. Carries what is wrong."""

    code = "card-not-conforming"
    title = "The finished card is not right"

    def __init__(self, findings: list[str]) -> None:
        super().__init__(f"The finished card is not right: {', '.join(findings)}.", findings=findings)
        self.findings = findings


class PersonalisationAbandoned(PersonalisationError):
    """Raised when an earlier attempt on the same card broke off without a word. The card is in quarantine now."""

    code = "personalisation-abandoned"
    title = "The card was left half-written"

    def __init__(self) -> None:
        super().__init__("An earlier attempt on this card broke off. The card is put aside; take another one.")
