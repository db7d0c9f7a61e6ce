"""What may follow what, for applications and cards: the one place that says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import CursorResult, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from cardsvc.audit.service import record_change
from cardsvc.cards.models import Card
from cardsvc.errors import ServiceError
from cardsvc.issuance.models import Application
from cardsvc.wire.lifecycle import ApplicationState, CardState

APPLICATION_TRANSITIONS: Final[Mapping[ApplicationState, frozenset[ApplicationState]]] = {
    ApplicationState.DRAFT: frozenset({ApplicationState.SUBMITTED, ApplicationState.CANCELLED}),
    ApplicationState.SUBMITTED: frozenset(
        {ApplicationState.APPROVED, ApplicationState.REJECTED, ApplicationState.CANCELLED}
    ),
    ApplicationState.APPROVED: frozenset({ApplicationState.PERSONALISING, ApplicationState.CANCELLED}),
    ApplicationState.PERSONALISING: frozenset(
        # Back to APPROVED: the card was spoilt or given back, the approval stands.
        {ApplicationState.PRODUCED, ApplicationState.APPROVED, ApplicationState.CANCELLED}
    ),
    ApplicationState.PRODUCED: frozenset({ApplicationState.CLOSED, ApplicationState.CANCELLED}),
    ApplicationState.REJECTED: frozenset(),
    ApplicationState.CLOSED: frozenset(),
    ApplicationState.CANCELLED: frozenset(),
}

CARD_TRANSITIONS: Final[Mapping[CardState, frozenset[CardState]]] = {
    # Put aside: misprinted, damaged or suspicious. What is put aside leaves the books when two people say so.
    CardState.STOCK: frozenset({CardState.RESERVED, CardState.QUARANTINED}),
    CardState.RESERVED: frozenset({CardState.PERSONALISING, CardState.STOCK, CardState.QUARANTINED}),
    CardState.PERSONALISING: frozenset({CardState.SEALED, CardState.QUARANTINED}),
    CardState.QUARANTINED: frozenset({CardState.DESTROYED}),
    CardState.SEALED: frozenset({CardState.DELIVERED, CardState.REVOKED}),
    CardState.DELIVERED: frozenset({CardState.ACTIVE, CardState.REVOKED}),
    CardState.ACTIVE: frozenset({CardState.HELD, CardState.REVOKED, CardState.EXPIRED}),
    CardState.HELD: frozenset({CardState.ACTIVE, CardState.REVOKED, CardState.EXPIRED}),
    CardState.REVOKED: frozenset({CardState.DESTROYED}),
    CardState.EXPIRED: frozenset({CardState.DESTROYED}),
    CardState.DESTROYED: frozenset(),
}


class TransitionRefused(ServiceError):
    """Raised when what is wanted does not follow from the state. Carries the state and what is open from it."""

    code = "transition-refused"
    title = "This cannot follow from the present state"

    def __init__(self, subject: str, state: str, wanted: str, open_states: Iterable[str]) -> None:
        is_open = sorted(open_states)
        offer = f"Open are: {', '.join(is_open)}." if is_open else "Nothing follows from that."
        super().__init__(
            f"The {subject} is {state} and cannot become {wanted}. {offer}",
            subject=subject,
            state=state,
            wanted=wanted,
            open=is_open,
        )


class ChangedMeanwhile(ServiceError):
    """Raised when somebody else changed the same thing between our look at it and our change."""

    code = "changed-meanwhile"
    title = "Somebody else was faster"

    def __init__(self, subject: str) -> None:
        super().__init__(f"The {subject} was changed by somebody else at the same time. Look at it again.")


class AnotherCardActive(ServiceError):
    """Raised when a card is to come into force while another one of the same citizen is."""

    code = "another-card-active"
    title = "Another card is in force"

    def __init__(self) -> None:
        super().__init__("The citizen has a card in force. Nobody has two.")


def check_application(state: ApplicationState, wanted: ApplicationState) -> None:
    """Raises TransitionRefused."""
    if wanted not in APPLICATION_TRANSITIONS[state]:
        raise TransitionRefused("application", state, wanted, APPLICATION_TRANSITIONS[state])


def check_card(state: CardState, wanted: CardState) -> None:
    """Raises TransitionRefused."""
    if wanted not in CARD_TRANSITIONS[state]:
        raise TransitionRefused("card", state, wanted, CARD_TRANSITIONS[state])


def move_application(
    session: Session,
    application: Application,
    wanted: ApplicationState,
    *,
    actor: str,
    now: datetime,
    reason: str | None = None,
    **columns: Any,
) -> None:
    """Take an application to another state, with ``columns`` in the same UPDATE, and add to its history.

    Raises TransitionRefused and ChangedMeanwhile.
    """
    check_application(application.state, wanted)
    _compare_and_set(session, "application", application, {"state": wanted, **columns})
    record_change(session, application.id, wanted, actor=actor, now=now, reason=reason)


def move_card(
    session: Session,
    card: Card,
    wanted: CardState,
    *,
    actor: str,
    now: datetime,
    reason: str | None = None,
    **columns: Any,
) -> None:
    """Take a card to another state, as `move_application` does. What held it holds it no longer.

    Raises AnotherCardActive too.
    """
    check_card(card.state, wanted)
    change = {"state": wanted, "hold_reason": None, "held_for": None, **columns}
    try:
        with session.begin_nested():
            _compare_and_set(session, "card", card, change)
    except IntegrityError:  # the unique index of active cards
        raise AnotherCardActive from None
    record_change(session, card.id, wanted, actor=actor, now=now, reason=reason)


def _compare_and_set(session: Session, subject: str, row: Card | Application, columns: dict[str, Any]) -> None:
    """The state is part of the WHERE clause: of two clerks who saw the same state, one finds no row any more."""
    model = type(row)
    identity: UUID = row.id
    statement = update(model).where(model.id == identity, model.state == row.state).values(columns)
    result = cast("CursorResult[Any]", session.execute(statement.execution_options(synchronize_session=False)))
    if result.rowcount != 1:
        raise ChangedMeanwhile(subject)
    for name, value in columns.items():
        set_committed_value(row, name, value)
