"""Unblocking, driven by the service: a fresh transport PIN by the PUK, and then another PUK.

It takes a grant of two people, which is spent once and then good for its time: whatever breaks off is tried again
within it, and when it is over no PUK is shown any more. One that was shown in time is replaced all the same. Whether
the card has the new PUK or the old is found out as for a card that is issued; no person ever sees either.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.approvals.service import spend
from cardsvc.audit.service import OK
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.cards.repository import get_card
from cardsvc.db import new_id, reading, transaction
from cardsvc.errors import ServiceError
from cardsvc.issuance import escrow
from cardsvc.issuance.assignment import TRANSPORT_PIN_DIGITS, draw_digits
from cardsvc.issuance.attempts import UNBLOCKABLE, Turn, end_turn, record_relay, require_turn, take_turn
from cardsvc.issuance.errors import AnotherCard, CardLocked, NotUnblockable, PukBlocked, UnblockingNotOpen
from cardsvc.issuance.journal import Doing, Journal
from cardsvc.issuance.models import Purpose, SecretKind, Unblocking
from cardsvc.issuance.possession import possesses
from cardsvc.issuance.probing import FoundCard, find
from cardsvc.issuance.relay import Desk, RelayedConnection, telling_failures
from cardsvc.issuance.resumption import UNBLOCK_PIN, UNBLOCK_PUK, took_puk
from cardsvc.services import Services
from cardsvc.trust.certificates import find_unrevoked
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.relay import Finished, Hello, Progress
from readers.connection import CardConnection
from readers.errors import CardError, PinBlocked, ProtocolError, WrongPin
from readers.piv.identifiers import KeyReference, PinReference
from readers.piv.metadata import tries_left
from readers.piv.pin import PIN_FIELD, Pin
from readers.piv.products import Product
from readers.piv.session import PivSession

_EVENT: Final = "card.unblock"
_STEPS: Final = ("probe", UNBLOCK_PIN, UNBLOCK_PUK, "inspect")


def open_unblocking(session: Session, card_uuid: UUID, *, actor: Principal, now: datetime) -> Unblocking:
    """Use the grant: until its end this caller may unblock the card, over a relay.

    Raises CardNotFound, NotUnblockable, and what `spend` raises.
    """
    card = get_card(session, card_uuid, to_change=True)
    if card.state not in UNBLOCKABLE:
        raise NotUnblockable(card.state)
    approval = spend(session, ApprovalKind.PUK_RELEASE, card_uuid, actor=actor.client_id, now=now)
    opened = Unblocking(
        id=new_id(),
        card_id=card.id,
        approval_id=approval.id,
        actor=actor.client_id,
        begun_at=now,
        expires_at=approval.expires_at,
    )
    session.add(opened)
    session.flush()
    return opened


@dataclass(frozen=True)
class Unblocker:
    """One attempt to unblock one card through one desk."""

    services: Services
    desk: Desk
    card_uuid: UUID
    actor: Principal

    def run(self, hello: Hello) -> Finished:
        """Unblock the card behind the desk; gives the transport PIN, this once.

        Raises PersonalisationError, CardNotFound. Whatever it raises is on record.
        """
        connection = RelayedConnection(self.desk, hello)
        try:
            with telling_failures():
                self._require_open()
                self._tell(0)
                found = self._find(connection)
                turn = self._begin()
        except ServiceError as refusal:
            self._record(refusal.code)
            raise
        try:
            with telling_failures():
                pin = self._unblock(connection, found, turn)
            self._finish(turn)
        except Exception as error:
            self._record(error.code if isinstance(error, ServiceError) else "failed", turn)
            raise
        return Finished(card_uuid=self.card_uuid, transport_pin=pin.digits)

    def _require_open(self) -> None:
        with reading(self.services.sessions) as session:
            _open_one(session, get_card(session, self.card_uuid), self.actor, self.services.clock())

    def _find(self, connection: CardConnection) -> FoundCard:
        """The card in the reader, which has proved that it is the one. Raises AnotherCard: it gets to see no PUK."""
        connection.reset()
        found = find(connection)
        with reading(self.services.sessions) as session:
            card = get_card(session, self.card_uuid)
            row = find_unrevoked(session, card.id, KeyReference.CARD_AUTHENTICATION)
        public_key = None if row is None else x509.load_der_x509_certificate(row.der).public_key()
        try:
            same = found.session.read_chuid().guid == self.card_uuid
            proved = isinstance(public_key, ec.EllipticCurvePublicKey) and possesses(
                found.session, KeyReference.CARD_AUTHENTICATION, public_key, self.card_uuid
            )
        except (CardError, ProtocolError):
            raise AnotherCard from None
        if not (same and proved):
            raise AnotherCard
        return found

    def _require_grant(self, session: Session) -> None:
        """What holds whenever a PUK is about to be shown to the card: the desk may have taken its time."""
        _open_one(session, get_card(session, self.card_uuid), self.actor, self.services.clock())

    def _begin(self) -> Turn:
        with transaction(self.services.sessions) as session:
            card, now = get_card(session, self.card_uuid, to_change=True), self.services.clock()
            _open_one(session, card, self.actor, now)
            turn = take_turn(session, card, Purpose.UNBLOCKING, actor=self.actor, now=now)
            require_turn(session, turn, now)
            return turn

    def _unblock(self, connection: CardConnection, found: FoundCard, turn: Turn) -> Pin:
        secrets = _Secrets(self.services, turn.card_id, found.product, self._require_grant)
        journal = Journal(self.services.sessions, self.services.clock, turn)
        with _naming_the_puk():
            puk, next_puk = secrets.puks(found.session, journal)
            pin = draw_digits(TRANSPORT_PIN_DIGITS, found.product.pin)
            self._tell(1)
            with secrets.replacing(journal, UNBLOCK_PIN, SecretKind.TRANSPORT_PIN, pin, secrets.require_grant):
                found.session.reset_pin(puk, pin)
            self._tell(2)
            with secrets.replacing(journal, UNBLOCK_PUK, SecretKind.PUK, next_puk):
                found.session.change_puk(puk, next_puk)
        self._tell(3)
        connection.reset()
        PivSession.open(connection).verify_pin(pin)
        connection.reset()
        return pin

    def _finish(self, turn: Turn) -> None:
        """Of an active card nobody needs the transport PIN any more: the citizen has it, or it is reset again."""
        with transaction(self.services.sessions) as session:
            card, now = session.get_one(Card, turn.card_id), self.services.clock()
            require_turn(session, turn, now)
            _open_one(session, card, self.actor, now).finished_at = now
            if card.state is CardState.ACTIVE:
                escrow.forget(session, card.id, SecretKind.TRANSPORT_PIN)
            end_turn(session, turn, OK, now)
            record_relay(session, _EVENT, OK, self.card_uuid, actor=self.actor, now=now)

    def _record(self, outcome: str, turn: Turn | None = None) -> None:
        with transaction(self.services.sessions) as session:
            now = self.services.clock()
            if turn is not None:
                end_turn(session, turn, outcome, now)
            record_relay(session, _EVENT, outcome, self.card_uuid, actor=self.actor, now=now)

    def _tell(self, done: int) -> None:
        self.desk.tell(Progress(step=_STEPS[done], done=done, total=len(_STEPS)))


@dataclass(frozen=True)
class _Secrets:
    """What the card has, and what it is going to get."""

    services: Services
    card_id: UUID
    product: Product
    require_grant: Doing

    def puks(self, session: PivSession, journal: Journal) -> tuple[Pin, Pin]:
        """The card's PUK, and the next: one that was begun and did not reach the card is taken up again.

        Raises CardLocked, PukBlocked, and what the connection raises.
        """
        if tries_left(session, PinReference.PUK) == 0:
            raise PukBlocked
        kept = self._kept(SecretKind.PUK)
        pending, confirmed = (None if puk is None else Pin(puk.decode()) for puk in (kept.pending, kept.confirmed))
        if pending is not None and (
            confirmed is None
            or took_puk(
                session,
                journal,
                pending,
                factory_before=False,
                prepare=self.require_grant,
                confirm=self._confirming(SecretKind.PUK),
            )
        ):
            return pending, self._draw(pending)
        if confirmed is None:
            raise CardLocked("PUK")
        return confirmed, self._draw(confirmed) if pending is None else pending

    def replacing(
        self, journal: Journal, step: str, kind: SecretKind, secret: Pin, *before: Doing
    ) -> AbstractContextManager[None]:
        """Around the command that sets a secret: it is in escrow before, and confirmed after.

        What comes ``before`` may refuse: then nothing is kept and nothing sent.
        """
        known = self._kept(kind).newest == secret.digits.encode()
        doings: tuple[Doing, ...] = before if known else (*before, partial(self._keep, kind, secret))
        return journal.write(step, lambda session: [do(session) for do in doings], confirm=self._confirming(kind))

    def _draw(self, present: Pin) -> Pin:
        return draw_digits(PIN_FIELD, self.product.puk, present)

    def _kept(self, kind: SecretKind) -> escrow.Escrowed:
        with reading(self.services.sessions) as session:
            return escrow.kept(session, self.services.keystore, self.card_id, kind)

    def _keep(self, kind: SecretKind, secret: Pin, session: Session) -> None:
        now = self.services.clock()
        escrow.keep(session, self.services.keystore, self.card_id, kind, secret.digits.encode(), now=now)

    def _confirming(self, kind: SecretKind) -> Doing:
        card_id, now = self.card_id, self.services.clock()
        return lambda session: escrow.confirm(session, card_id, kind, now)


def _open_one(session: Session, card: Card, actor: Principal, now: datetime) -> Unblocking:
    """This caller's unblocking of the card that is open now. Raises NotUnblockable, UnblockingNotOpen."""
    if card.state not in UNBLOCKABLE:
        raise NotUnblockable(card.state)
    statement = select(Unblocking).where(
        Unblocking.card_id == card.id,
        Unblocking.actor == actor.client_id,
        Unblocking.finished_at.is_(None),
        Unblocking.expires_at > now,
    )
    opened = session.scalar(statement.order_by(Unblocking.id.desc()).limit(1))
    if opened is None:
        raise UnblockingNotOpen
    return opened


@contextmanager
def _naming_the_puk() -> Iterator[None]:
    """Only PUKs are presented inside the block. Raises CardLocked, PukBlocked."""
    try:
        yield
    except WrongPin as error:
        raise CardLocked("PUK") from error
    except PinBlocked as error:
        raise PukBlocked from error
