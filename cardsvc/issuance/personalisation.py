"""Personalisation, driven by the service: probe, write, inspect; and whatever happens, a card in a state that is true.

Until the first write a refusal leaves everything as it was. From then on there are two ends: SEALED after a passed
inspection, or QUARANTINED with all certificates revoked and the application approved still, for another card.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography import x509
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.cards.repository import get_card
from cardsvc.db import transaction
from cardsvc.errors import ServiceError
from cardsvc.issuance.assignment import Assignment, FreshSecrets
from cardsvc.issuance.errors import CardFailed, PersonalisationAbandoned
from cardsvc.issuance.inspection import inspect
from cardsvc.issuance.journal import Journal, last_sign_of_life
from cardsvc.issuance.probing import BlankCard, probe
from cardsvc.issuance.relay import Desk, RelayedConnection
from cardsvc.issuance.repository import find_application_of
from cardsvc.issuance.writing import STEPS, CardWriter
from cardsvc.services import Services
from cardsvc.transitions import ChangedMeanwhile, check_card, move_application, move_card
from cardsvc.trust.certificates import revoke_all
from cardsvc.wire.lifecycle import ApplicationState, CardState
from cardsvc.wire.relay import Finished, Hello, Progress
from readers.connection import CardConnection
from readers.errors import ReaderError

_EVENT: Final = "card.personalise"
_PATIENCE: Final = 4
"""So many command time-outs without a write, and whoever was writing the card is taken for dead."""


@dataclass(frozen=True)
class Personalisation:
    """One attempt to write one card through one desk."""

    services: Services
    desk: Desk
    card_uuid: UUID
    actor: Principal

    def run(self, hello: Hello) -> Finished:
        """Write the card behind the desk; gives the transport PIN, this once.

        Raises PersonalisationError, and before anything was written CardNotFound, NotAssigned, TransitionRefused,
        ChangedMeanwhile. Whatever it raises is on record, and the card's state is true.
        """
        assignment = self._assignment()
        connection = RelayedConnection(self.desk, hello)
        try:
            blank = self._probe(connection)
            self._begin(assignment)
        except ServiceError as refusal:
            self._record_refusal(assignment, refusal)
            raise
        try:
            secrets = self._write(connection, assignment, blank)
            self._finish(assignment)
        except Exception as error:
            self._quarantine(assignment.card_id, error.code if isinstance(error, ServiceError) else "failed")
            raise
        return Finished(card_uuid=assignment.card_uuid, transport_pin=secrets.transport_pin.digits)

    def _assignment(self) -> Assignment:
        with transaction(self.services.sessions) as session:
            card = get_card(session, self.card_uuid)
            abandoned = card.state is CardState.PERSONALISING and self._is_abandoned(session, card)
            if not abandoned:
                check_card(card.state, CardState.PERSONALISING)
                return Assignment.of(session, self.services.keystore, card)
        self._quarantine(card.id, PersonalisationAbandoned.code)
        raise PersonalisationAbandoned

    def _is_abandoned(self, session: Session, card: Card) -> bool:
        seen = last_sign_of_life(session, card.id)
        silence = timedelta(seconds=_PATIENCE * self.services.settings.relay_command_seconds)
        return seen is not None and self._now() - seen > silence

    def _probe(self, connection: CardConnection) -> BlankCard:
        self.desk.tell(Progress(step="probe", done=0, total=len(STEPS) + 2))
        try:
            return probe(connection)
        except ReaderError as error:
            raise CardFailed(error) from error

    def _begin(self, assignment: Assignment) -> None:
        """The card's state is also the lock: of two desks that hold a relay for the same card, one gets past here.

        While we were probing, the card may have been given back and reserved for somebody else.
        """
        with transaction(self.services.sessions) as session:
            card = session.get_one(Card, assignment.card_id)
            move_card(session, card, CardState.PERSONALISING, actor=self.actor.client_id, now=self._now())
            if Assignment.of(session, self.services.keystore, card) != assignment:
                raise ChangedMeanwhile("card")

    def _write(self, connection: CardConnection, assignment: Assignment, blank: BlankCard) -> FreshSecrets:
        secrets = FreshSecrets.draw(blank.product)
        journal = Journal(self.services.sessions, self.services.clock, assignment.card_id)
        writer = CardWriter(self.services, assignment, blank, secrets, journal)
        total = len(STEPS) + 2
        try:
            for number, (name, step) in enumerate(STEPS, start=1):
                self.desk.tell(Progress(step=name, done=number, total=total))
                step(writer)
            self.desk.tell(Progress(step="inspect", done=total - 1, total=total))
            inspect(connection, writer, self._now())
        except ReaderError as error:
            raise CardFailed(error) from error
        return secrets

    def _finish(self, assignment: Assignment) -> None:
        with transaction(self.services.sessions) as session:
            card, now = session.get_one(Card, assignment.card_id), self._now()
            move_card(session, card, CardState.SEALED, actor=self.actor.client_id, now=now)
            application = find_application_of(session, card.id)
            if application is None:
                raise PersonalisationAbandoned
            move_application(session, application, ApplicationState.PRODUCED, actor=self.actor.client_id, now=now)
            self._record(session, OK, card, now)

    def _quarantine(self, card_id: UUID, code: str) -> None:
        """All of it in one transaction. A card that is not being personalised any more was settled by somebody else."""
        with transaction(self.services.sessions) as session:
            card, now, actor = session.get_one(Card, card_id), self._now(), self.actor.client_id
            if card.state is not CardState.PERSONALISING:
                return
            move_card(session, card, CardState.QUARANTINED, actor=actor, now=now, reason=code)
            revoke_all(session, card.id, x509.ReasonFlags.cessation_of_operation, now)
            application = find_application_of(session, card.id)
            if application is not None:
                move_application(
                    session, application, ApplicationState.APPROVED, actor=actor, now=now, reason=code, card_id=None
                )
            self._record(session, code, card, now)

    def _record_refusal(self, assignment: Assignment, refusal: ServiceError) -> None:
        with transaction(self.services.sessions) as session:
            self._record(session, refusal.code, session.get_one(Card, assignment.card_id), self._now())

    def _record(self, session: Session, outcome: str, card: Card, now: datetime) -> None:
        record(
            session,
            event=_EVENT,
            outcome=outcome,
            actor=self.actor.client_id,
            now=now,
            citizen_id=card.citizen_id,
            card_id=card.id,
        )

    def _now(self) -> datetime:
        return self.services.clock()
