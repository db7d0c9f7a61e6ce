"""Personalisation, driven by the service: find the card, write what it has not got, inspect it.

Until the first write a refusal leaves everything as it was. From then on the card stays PERSONALISING through whatever
breaks off, and anybody who has it in a reader goes on with it. There are two ends: SEALED after a passed inspection, or
QUARANTINED with all certificates revoked and the application approved still, for another card.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.approvals.service import require_not_recipient
from cardsvc.audit.service import OK
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.cards.repository import get_card
from cardsvc.db import reading, transaction
from cardsvc.errors import ServiceError
from cardsvc.issuance import escrow
from cardsvc.issuance.assignment import Assignment, OwnSecrets
from cardsvc.issuance.attempts import Turn, end_turn, has_turn, previous_attempt, record_relay, require_turn, take_turn
from cardsvc.issuance.errors import AnotherCard, CardBegunElsewhere, NotAssigned
from cardsvc.issuance.escrow import Escrowed
from cardsvc.issuance.inspection import inspect
from cardsvc.issuance.journal import Journal, find_card_of, newest_entry
from cardsvc.issuance.models import JournalEntry, Purpose, SecretKind
from cardsvc.issuance.probing import FoundCard, OpenCard, find, open_blank, require_blank
from cardsvc.issuance.quarantine import is_verdict, put_aside
from cardsvc.issuance.relay import Desk, RelayedConnection, telling_failures
from cardsvc.issuance.repository import find_application_of
from cardsvc.issuance.resumption import has_got, open_begun
from cardsvc.issuance.writing import STEPS, CardWriter
from cardsvc.services import Services
from cardsvc.stock.serials import check_serial
from cardsvc.transitions import ChangedMeanwhile, check_card, move_application, move_card
from cardsvc.wire.lifecycle import ApplicationState, CardState
from cardsvc.wire.relay import Finished, Hello, Progress
from readers.connection import CardConnection
from readers.piv.identifiers import ObjectId

_EVENT: Final = "card.personalise"
_MARKED: Final = "ccc"
"""The step that puts the marker on the card."""
_TOTAL: Final = len(STEPS) + 2
"""Looking at the card comes before the steps, the inspection after them."""


@dataclass(frozen=True)
class _Order:
    """What is to be done, as the database has it."""

    card: Card
    assignment: Assignment
    begun: bool
    """Somebody began to write the card."""


@dataclass(frozen=True)
class Personalisation:
    """One attempt to write one card through one desk."""

    services: Services
    desk: Desk
    card_uuid: UUID
    actor: Principal

    def run(self, hello: Hello) -> Finished:
        """Write the card behind the desk, or go on writing it; gives the transport PIN, this once.

        Raises PersonalisationError, and before anything was written CardNotFound, NotAssigned, SerialMismatch,
        RecipientDecides, TransitionRefused, ChangedMeanwhile. Whatever it raises is on record, and the card's state is
        true.
        """
        connection = RelayedConnection(self.desk, hello)
        try:
            with telling_failures():
                order = self._order()
                blank, found = self._find(connection, order)
                turn = self._begin(order)
        except ServiceError as refusal:
            with transaction(self.services.sessions) as session:
                self._record(session, refusal.code)
            raise
        try:
            with telling_failures():
                secrets = self._write(connection, order, turn, found, blank)
            self._finish(turn)
        except Exception as error:
            self._break_off(turn, error)
            raise
        return Finished(card_uuid=self.card_uuid, transport_pin=secrets.transport_pin.digits)

    def _order(self) -> _Order:
        with reading(self.services.sessions) as session:
            card = get_card(session, self.card_uuid)
            begun = card.state is CardState.PERSONALISING
            if not begun:
                check_card(card.state, CardState.PERSONALISING)
            return _Order(card, Assignment.of(session, self.services.keystore, card), begun)

    def _find(self, connection: CardConnection, order: _Order) -> tuple[OpenCard | None, FoundCard]:
        """The card, opened if it is a blank one. Nothing here changes it.

        A marker of which nobody knows whether it reached the card may not be there: then the card is a blank still,
        and any blank will do.
        """
        self.desk.tell(Progress(step="probe", done=0, total=_TOTAL))
        if order.begun:
            connection.reset()  # whatever was verified in the session that broke off
        found = find(connection)
        if order.card.product_serial is not None:
            check_serial(order.card, found.product.serial(found.session))
        with reading(self.services.sessions) as session:
            newest = newest_entry(session, order.assignment.card_id, _MARKED)
            owner = None if found.ccc is None else find_card_of(session, _MARKED, found.ccc)
        if newest is not None and _holds(found, newest):
            return None, found
        if newest is not None and newest.done_at is not None:
            raise AnotherCard
        require_blank(found)
        if owner not in {None, order.assignment.card_id}:
            raise CardBegunElsewhere
        return open_blank(found), found

    def _begin(self, order: _Order) -> Turn:
        """While we were looking at the card, it may have been given back and reserved for somebody else."""
        with transaction(self.services.sessions) as session:
            card, now = get_card(session, self.card_uuid, to_change=True), self._now()
            require_not_recipient(session, self.actor.client_id, card.citizen_id)
            if order.begun:
                if card.state is not CardState.PERSONALISING:
                    raise ChangedMeanwhile("card")
            else:
                move_card(session, card, CardState.PERSONALISING, actor=self.actor.client_id, now=now)
            if Assignment.of(session, self.services.keystore, card) != order.assignment:
                raise ChangedMeanwhile("card")
            turn = take_turn(session, card, Purpose.ISSUANCE, actor=self.actor, now=now)
            require_turn(session, turn, now)
            return turn

    def _write(
        self, connection: CardConnection, order: _Order, turn: Turn, found: FoundCard, blank: OpenCard | None
    ) -> OwnSecrets:
        escrowed = self._escrowed(turn.card_id)
        card = open_begun(found, escrowed) if blank is None else blank
        secrets = OwnSecrets.draw(card.product, {kind: kept.newest for kind, kept in escrowed.items()})
        journal = Journal(self.services.sessions, self.services.clock, turn)
        writer = CardWriter(self.services, order.assignment, card, secrets, escrowed, journal)
        if blank is None and found.ccc is not None:
            writer.contents[ObjectId.CCC] = found.ccc
        for number, (name, step) in enumerate(STEPS.items(), start=1):
            self.desk.tell(Progress(step=name, done=number, total=_TOTAL))
            if not (order.begun and has_got(writer, name)):
                step(writer)
        self.desk.tell(Progress(step="inspect", done=_TOTAL - 1, total=_TOTAL))
        inspect(connection, writer, self._now())
        return secrets

    def _escrowed(self, card_id: UUID) -> Mapping[SecretKind, Escrowed]:
        with reading(self.services.sessions) as session:
            return {kind: escrow.kept(session, self.services.keystore, card_id, kind) for kind in SecretKind}

    def _finish(self, turn: Turn) -> None:
        with transaction(self.services.sessions) as session:
            card, now = session.get_one(Card, turn.card_id), self._now()
            require_turn(session, turn, now)
            move_card(session, card, CardState.SEALED, actor=self.actor.client_id, now=now)
            application = find_application_of(session, card.id)
            if application is None:
                raise NotAssigned
            move_application(session, application, ApplicationState.PRODUCED, actor=self.actor.client_id, now=now)
            end_turn(session, turn, OK, now)
            self._record(session, OK)

    def _break_off(self, turn: Turn, error: Exception) -> None:
        """A card that somebody else has in hand by now is not ours to judge."""
        outcome = error.code if isinstance(error, ServiceError) else "failed"
        with transaction(self.services.sessions) as session:
            now = self._now()
            attempt = end_turn(session, turn, outcome, now)
            card = session.get_one(Card, turn.card_id)
            if has_turn(session, turn) and is_verdict(error, previous_attempt(session, attempt)):
                put_aside(session, card, outcome, actor=self.actor.client_id, now=now)
            self._record(session, outcome)

    def _record(self, session: Session, outcome: str) -> None:
        record_relay(session, _EVENT, outcome, self.card_uuid, actor=self.actor, now=self._now())

    def _now(self) -> datetime:
        return self.services.clock()


def _holds(found: FoundCard, marker: JournalEntry) -> bool:
    return found.ccc is not None and hashlib.sha256(found.ccc).digest() == marker.content_sha256
