"""A finished card goes to its holder: signed for, handed over, given a PIN of their own, put into force.

The PINs are for the card alone. Nothing here tells the service or the clerk one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from cardsvc.client import ServiceClient, ServiceProblem, statement
from cardsvc.wire.authentication import Challenge
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import Card, CardState, Proxy
from cardsvc.wire.people import DocumentKind
from cardsvc.wire.signed import activation_hash
from kiosk.pins import PinInDoubt, Weakness, change_pin, took_new_pin, weakness
from kiosk.proving import open_expected, proof_of, prove, sign_with_pin
from readers.connection import CardConnection, CardReader
from readers.errors import Outcome, ReaderError, WrongPin
from readers.pinpad import PinNotEntered, PinPad, find_pin_pad
from readers.piv.identifiers import KeyReference
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.reader_features import ControlledConnection


class PinFault(StrEnum):
    """What is wrong with a PIN that a citizen chose; the first four are those of `kiosk.pins.Weakness`."""

    REPEATED = "repeated"
    RUN = "run"
    WELL_KNOWN = "well-known"
    BIRTHDAY = "birthday"
    LENGTH = "length"
    AS_BEFORE = "as-before"
    """It is the transport PIN."""
    DIFFERENT = "different"
    """The second time it was another one."""
    NO_LETTER = "no-letter"
    """The transport PIN was not entered, which is not known at the desk."""


class PinUnknown(Exception):
    """Raised when a card cannot be asked which PIN it has: that would cost its last try."""


class NotHandedOver(Exception):
    """Raised when a card is not one that can be handed over, nor was: another desk held, revoked or put it aside."""

    def __init__(self, state: CardState) -> None:
        super().__init__(f"the card is {state}")
        self.state = state


class CollectedByHolder(Exception):
    """Raised when a card is handed to somebody else, and on record is that its holder collected it."""

    def __init__(self, card: Card) -> None:
        super().__init__()
        self.card = card


class CollectedByProxy(Exception):
    """Raised when a card is handed over, and on record is that somebody collected it who is not said now."""

    def __init__(self, card: Card, proxy: Proxy) -> None:
        super().__init__()
        self.card = card
        self.proxy = proxy

    @property
    def who(self) -> str:
        """As the clerk reads it, never the log."""
        return f"{self.proxy.name} ({self.proxy.document_number})"


_HANDED_OVER: Final = frozenset({CardState.DELIVERED, CardState.ACTIVE})
_NO_PROXY: Final = "no-proxy"
_WEAK: Final = {weak: PinFault(weak.value) for weak in Weakness}


def fault_of(digits: str, birth_date: date, transport: Pin | None = None) -> PinFault | None:
    """Why somebody should not take these digits for their PIN; None when they may."""
    try:
        pin = Pin(digits)
    except ValueError:
        return PinFault.LENGTH
    if pin == transport:
        return PinFault.AS_BEFORE
    weak = weakness(pin, birth_date)
    return None if weak is None else _WEAK[weak]


def fault_of_both(first: str, again: str, birth_date: date, transport: Pin | None = None) -> PinFault | None:
    """The same, once it was entered twice."""
    return fault_of(first, birth_date, transport) or (PinFault.DIFFERENT if first != again else None)


def hand_over(
    officer: ServiceClient, application_id: UUID, card_uuid: UUID, receipt: bytes, proxy: Proxy | None = None
) -> Card:
    """Keep the signed receipt (PNG) with the application, then note that the card was handed over.

    Repeating it after a break keeps the same receipt once and hands over nothing twice; whoever signs instead of
    somebody before has their receipt kept too, unless the card was handed over by then. Raises NotHandedOver,
    CollectedByHolder, CollectedByProxy, ServiceProblem, ServiceUnreachable.
    """
    card = officer.card(card_uuid)
    if card.state is not CardState.SEALED:
        return _before(officer, card, proxy)
    key = str(uuid5(application_id, hashlib.sha256(receipt).hexdigest()))
    officer.attach_document(application_id, DocumentKind.COLLECTION_RECEIPT, receipt, key=key)
    try:
        return officer.deliver(card_uuid, proxy)
    except ServiceProblem:
        card = officer.card(card_uuid)
        if card.state not in _HANDED_OVER:
            raise
        return _before(officer, card, proxy)


def _before(officer: ServiceClient, card: Card, proxy: Proxy | None) -> Card:
    """By an earlier try, whose answer was not waited for, or another desk: to whom, only the record tells."""
    if card.state not in _HANDED_OVER:
        raise NotHandedOver(card.state)
    collected = _proxy_on_record(officer, card.uuid)
    if collected == proxy:
        return card
    raise CollectedByHolder(card) if collected is None else CollectedByProxy(card, collected)


def _proxy_on_record(officer: ServiceClient, card_uuid: UUID) -> Proxy | None:
    try:
        return officer.proxy(card_uuid)
    except ServiceProblem as refused:
        if refused.problem.code != _NO_PROXY:
            raise
        return None


def give_pin(reader: CardReader, card_uuid: UUID, transport: Pin, chosen: Pin) -> None:
    """The card takes the citizen's PIN in place of the transport PIN; also when it took it already.

    Raises PinInDoubt, after which `settle_pin` tells which one the card has; ReaderError, OtherCard.
    """
    change_pin(reader, card_uuid, transport, chosen)


def settle_pin(reader: CardReader, card_uuid: UUID, transport: Pin, chosen: Pin) -> bool:
    """Whether a card whose answer was lost has the citizen's PIN. Raises PinUnknown, ReaderError, OtherCard."""
    taken = took_new_pin(reader, card_uuid, transport, chosen)
    if taken is None:
        raise PinUnknown
    return taken


def activate(desk: ServiceClient, reader: CardReader, card_uuid: UUID, pin: Pin) -> Card:
    """The card proves with the citizen's PIN that it has it, and comes into force.

    ``desk`` is the service in the desk's own name: it is the desk that vouches for the reader. Repeating it after a
    break changes nothing. Raises ReaderError, OtherCard, ServiceProblem, ServiceUnreachable.
    """
    challenge = _challenge(desk, card_uuid)
    digest = statement(challenge, card_uuid).digest
    signature = sign_with_pin(reader, card_uuid, pin, KeyReference.PIV_AUTHENTICATION, digest)
    return desk.activate(card_uuid, proof_of(challenge, card_uuid, signature))


def has_keypad(reader: CardReader) -> bool:
    """Whether PINs can be entered and changed at the reader itself. Raises ReaderError when there is no card in it."""
    with reader.connect() as connection:
        pad = _keypad(connection)
        return pad is not None and pad.changes


def change_pin_at_keypad(reader: CardReader, card_uuid: UUID) -> None:
    """The citizen enters the transport PIN and twice a new one at the reader.

    No PIN passes through this machine, and so nobody looks whether it is a weak one. Raises PinNotEntered, WrongPin,
    PinInDoubt, ReaderError, OtherCard.
    """
    with _at_keypad(reader, card_uuid) as (_, pad):
        try:
            pad.change_pin()
        except PinNotEntered:
            raise
        except ReaderError as error:
            if error.outcome is Outcome.UNKNOWN:
                raise PinInDoubt from None
            raise


def settle_keypad(reader: CardReader, card_uuid: UUID, transport: Pin) -> bool:
    """Whether a card that may have taken a PIN at the keypad has it, by whether it still has the transport PIN.

    Raises PinUnknown, ReaderError, OtherCard.
    """
    with reader.connect() as connection, connection.transaction():
        session = open_expected(connection, card_uuid)
        if (session.pin_tries_left() or 0) <= 1:
            raise PinUnknown
        try:
            session.verify_pin(transport)
        except WrongPin:
            return True
        return False


def activate_at_keypad(desk: ServiceClient, reader: CardReader, card_uuid: UUID) -> Card:
    """As `activate`, with the citizen's PIN entered at the reader. Raises PinNotEntered too."""
    challenge = _challenge(desk, card_uuid)
    with _at_keypad(reader, card_uuid) as (session, pad):
        pad.verify_pin()
        proof = prove(session, challenge, card_uuid)
    return desk.activate(card_uuid, proof)


@contextmanager
def _at_keypad(reader: CardReader, card_uuid: UUID) -> Iterator[tuple[PivSession, PinPad]]:
    with reader.connect() as connection, connection.transaction():
        session = open_expected(connection, card_uuid)
        pad = _keypad(connection)
        if pad is None:
            raise ReaderError("the reader has no keypad")
        yield session, pad


def _challenge(desk: ServiceClient, card_uuid: UUID) -> Challenge:
    (challenge,) = desk.challenges(Level.PIN, transaction_hash=activation_hash(card_uuid))
    return challenge


def _keypad(connection: CardConnection) -> PinPad | None:
    return find_pin_pad(connection) if isinstance(connection, ControlledConnection) else None
