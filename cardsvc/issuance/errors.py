"""What is refused about applications and personalisation.

ServiceError
├── ApplicationNotFound    there is no such application
├── ApplicationOpen        there is one for the same person
├── CardInUse              a first card for somebody who has one
├── CardUnfit              the card does not call for this kind of application
├── LossNotReported        a lost card is to be replaced that nobody reported
├── RenewalTooEarly        the card is good for long (carries until when)
├── NotADraft              it was submitted
├── ConsentNeeded          it is for a minor, and no guardian agreed
├── ConsentNotNeeded       it is for somebody who decides for themselves
├── ConsentNotProved       the proof does not show the guardian's consent
├── NotAssigned            the card is reserved for no application
└── PersonalisationError   a card could not be written
    ├── CardNotBlank       it holds something already; nothing was written
    ├── CardNotFactoryFresh  its management key, PIN or PUK are not the factory's; nothing was written
    ├── ProductUnsuited    the service could not take it over; nothing was written
    ├── ContactReaderNeeded  it is on a contactless reader; nothing was sent
    ├── DeskBusy           the desk has as many cards in hand as one desk may have; nothing was sent
    ├── DeskGone           the desk hung up, or did not answer in time
    ├── DeskConfused       the desk broke the protocol
    ├── CardFailed         the card or its reader failed, and what became of the command is unknown (carries how)
    ├── CardRefused        the card answered, and not as a good card does (carries how)
    ├── AnotherCard        the card in the reader is not the one that was begun; nothing was written
    ├── CardBegunElsewhere it was begun for another application; nothing was written
    ├── NotBegun           nobody began to write the card (carries its state)
    ├── CardLocked         no secret in escrow opens it, or it is too near to being blocked to find out
    ├── PossessionNotProved  the card does not use the key that it showed
    ├── AttestationRefuted   a card of a trusted maker vouches for another key than it showed
    ├── CardNotConforming  the finished card is not what was meant (carries what is wrong)
    ├── TakenOver          another desk went on with the card, or it was put aside meanwhile
    ├── CallerShutOut      the desk may not write cards any more
    ├── NotUnblockable     a card in this state is not unblocked (carries the state)
    ├── UnblockingNotOpen  nobody gave this caller the card to unblock now
    └── PukBlocked         the card takes no PUK any more: it is to be replaced
"""

from __future__ import annotations

from datetime import date

from cardsvc.errors import ServiceError
from readers.errors import ReaderError


class ApplicationNotFound(ServiceError):
    """Raised when no application has this id."""

    code = "no-such-application"
    title = "There is no such application"

    def __init__(self) -> None:
        super().__init__("No application has this id.")


class ApplicationOpen(ServiceError):
    """Raised when somebody asks for a card while an application for the same person is open. Carries its id."""

    code = "application-open"
    title = "An application is open"

    def __init__(self, application_id: str | None = None) -> None:
        known = {} if application_id is None else {"application_id": application_id}
        super().__init__("There is an open application for this person. Finish or cancel it first.", **known)


class CardInUse(ServiceError):
    """Raised when a first card is asked for, for somebody who has one."""

    code = "card-in-use"
    title = "The person has a card"

    def __init__(self) -> None:
        super().__init__("Ask for a replacement or a renewal of the card they have.")


class CardUnfit(ServiceError):
    """Raised when the person's card does not call for this kind of application. Carries the kind and its state."""

    code = "card-does-not-call-for-it"
    title = "The card does not call for this"

    def __init__(self, kind: str, state: str | None) -> None:
        what = f"The person's card is {state}" if state else "The person has no card"
        super().__init__(f"{what}: that does not call for an application of kind {kind}.", kind=kind, state=state)


class LossNotReported(ServiceError):
    """Raised when a card is to be replaced as lost that nobody reported."""

    code = "loss-not-reported"
    title = "The loss was not reported"

    def __init__(self) -> None:
        super().__init__("Report the loss first: that holds the card at once.")


class RenewalTooEarly(ServiceError):
    """Raised when a card is renewed long before it expires. Carries the first day on which it can be."""

    code = "renewal-too-early"
    title = "It is too early to renew the card"

    def __init__(self, opens_on: date) -> None:
        super().__init__(f"The card can be renewed from {opens_on.isoformat()}.", opens_on=opens_on.isoformat())


class NotADraft(ServiceError):
    """Raised when an application is to be changed after it was submitted. Carries its state."""

    code = "not-a-draft"
    title = "The application is submitted"

    def __init__(self, state: str) -> None:
        super().__init__(f"The application is {state}. Only a draft can be changed.", state=state)


class ConsentNeeded(ServiceError):
    """Raised when an application for a minor is submitted to which no guardian has agreed."""

    code = "consent-needed"
    title = "A guardian must agree"

    def __init__(self) -> None:
        super().__init__("The person is a minor: their guardian agrees with their own card, or on paper.")


class ConsentNotNeeded(ServiceError):
    """Raised when a guardian agrees for somebody who decides for themselves."""

    code = "consent-not-needed"
    title = "No guardian is needed"

    def __init__(self) -> None:
        super().__init__("The person is of age for this, and decides for themselves.")


class ConsentNotProved(ServiceError):
    """Raised when the proof that is to show a guardian's consent is of somebody else's card, or for something else."""

    code = "consent-not-proved"
    title = "The proof does not show consent"

    def __init__(self) -> None:
        super().__init__("The guardian's own card signs a challenge at level pin with the hash of this application.")


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
    """Raised when a command fails on its way. Carries the kind of failure and never its bytes.

    Whether the card carried it out is unknown: the next attempt reads the card again and goes on.
    """

    code = "card-failed"
    title = "The card failed"

    def __init__(self, error: ReaderError) -> None:
        failure = type(error).__name__
        super().__init__(f"The card or its reader failed: {error}. Put the card in again.", failure=failure)
        self.failure = failure


class CardRefused(PersonalisationError):
    """Raised when the card answers with a refusal, or with what makes no sense. Carries what, and never its bytes.

    A bad contact can look like that once. Twice in a row it is the card.
    """

    code = "card-refused"
    title = "The card does not do what it is told"

    def __init__(self, error: ReaderError) -> None:
        failure = type(error).__name__
        super().__init__(f"The card does not do what it is told: {error}.", failure=failure)
        self.failure = failure


class AnotherCard(PersonalisationError):
    """Raised when a card is to be gone on with, and the one in the reader does not hold its marker."""

    code = "another-card"
    title = "This is not the card that was begun"

    def __init__(self) -> None:
        super().__init__("Put in the card that was begun for this application. If it is lost, give it up.")


class CardBegunElsewhere(PersonalisationError):
    """Raised when the card in the reader holds the marker of another application."""

    code = "card-begun-elsewhere"
    title = "This card was begun for somebody else"

    def __init__(self) -> None:
        super().__init__("The card in the reader was begun for another application. Put in the one that is reserved.")


class NotBegun(PersonalisationError):
    """Raised when a card is to be given up that is not being written. Carries its state."""

    code = "not-begun"
    title = "Nobody began to write this card"

    def __init__(self, state: str) -> None:
        super().__init__(f"The card is {state}: there is nothing to give up.", state=state)


class CardLocked(PersonalisationError):
    """Raised when no management key, PIN or PUK in escrow opens the card, or a wrong guess could be the last."""

    code = "card-locked"
    title = "The card cannot be opened"

    def __init__(self, secret: str) -> None:
        super().__init__(f"The card does not take the {secret} that is in escrow.", secret=secret)


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


class TakenOver(PersonalisationError):
    """Raised when a card is written to whose newest attempt is another one, or which is not to be written any more."""

    code = "taken-over"
    title = "The card is in other hands"

    def __init__(self) -> None:
        super().__init__("Another desk went on with this card, or it was put aside meanwhile. Nothing more is written.")


class CallerShutOut(PersonalisationError):
    """Raised when the desk or the officer was disabled, or lost the permission, while the card was written."""

    code = "caller-shut-out"
    title = "You may not write cards any more"

    def __init__(self) -> None:
        super().__init__("Your permission was withdrawn while the card was being written. A colleague can go on.")


class NotUnblockable(PersonalisationError):
    """Raised when a card's PIN is to be reset that is not finished, or is out of use. Carries its state."""

    code = "not-unblockable"
    title = "The card cannot be unblocked now"

    def __init__(self, state: str) -> None:
        super().__init__(f"The card is {state}. Only a sealed, delivered or active card is unblocked.", state=state)


class UnblockingNotOpen(PersonalisationError):
    """Raised when a desk is to unblock a card without having begun to, or after the time for it."""

    code = "unblocking-not-open"
    title = "There is nothing to unblock"

    def __init__(self) -> None:
        super().__init__("You have no grant to unblock this card that is open now. Ask for approval.")


class PukBlocked(PersonalisationError):
    """Raised when the card's PUK is blocked. No one can reset its PIN any more, the service neither."""

    code = "puk-blocked"
    title = "The card cannot be unblocked any more"

    def __init__(self) -> None:
        super().__init__("Somebody tried too many wrong PUKs on this card. The citizen needs another card.")
