"""Refused attempts leave a record, although what they tried was rolled back.

Here and nowhere else: whatever answers a request that would have changed something with a problem, an officer's
mistake, a rule of the service or a malformed body, comes by. A refusal that its domain has written down itself, as
proofs do in the transaction that spends their challenge, says so (`ServiceError.on_record`) and is not written twice.

Whoever is not known to the service leaves no record: anybody could fill the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import Scope

from cardsvc.api.access import find_caller
from cardsvc.api.limiting import charge, was_charged
from cardsvc.api.routing import route_of
from cardsvc.audit.service import REFUSED, record
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.citizens.models import Citizen
from cardsvc.db import in_transaction
from cardsvc.errors import ServiceError
from cardsvc.issuance.models import Application
from cardsvc.limits import TooManyRequests
from cardsvc.services import Services
from cardsvc.wire.scopes import Scope as Permission

SEALED: Final = "investigations"
"""The tag of routes whose refusals are sealed entries: an open record would say that there is an investigation."""
_CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


async def note_refusal(connection: HTTPConnection, code: str, refusal: ServiceError | None = None) -> None:
    """Commit a record of who was refused what, and why, if it was an attempt to change something."""
    if not _would_change(connection.scope):
        return
    caller = await find_caller(connection)
    if caller is None or _is_sealed(connection.scope, caller) or not _takes_turn(connection, caller):
        return
    services: Services = connection.app.state.services
    await run_in_threadpool(partial(_write, services, connection.scope, caller.client_id, code, refusal))


def _takes_turn(connection: HTTPConnection, caller: Principal) -> bool:
    """What was refused before it came to a route took no turn yet; out of turn, nobody fills the audit log."""
    if was_charged(connection):
        return True
    try:
        charge(connection, caller.client_id)
    except TooManyRequests:
        return False
    return True


def _would_change(scope: Scope) -> bool:
    return scope["type"] == "websocket" or scope["method"] in _CHANGING


def _is_sealed(scope: Scope, caller: Principal) -> bool:
    """Of those who may investigate, that is: attempts of others are on record as everywhere."""
    route = scope.get("route") or route_of(scope)
    return SEALED in getattr(route, "tags", ()) and Permission.PEOPLE_INVESTIGATE in caller.scopes


def _write(services: Services, scope: Scope, actor: str, code: str, refusal: ServiceError | None) -> None:
    named = {name: str(value) for name, value in scope.get("path_params", {}).items()}

    def work(session: Session) -> None:
        citizen_id, card_id = _known(refusal) or _subjects(session, named)
        record(
            session,
            event=REFUSED,
            outcome=code,
            actor=actor,
            now=services.clock(),
            citizen_id=citizen_id,
            card_id=card_id,
            operation=_operation(scope),
            **{name: value for name, value in named.items() if name != "citizen_id" and _uuid(value) is not None},
        )

    in_transaction(services.sessions, work)


def _known(refusal: ServiceError | None) -> tuple[UUID | None, UUID | None] | None:
    """The citizen and the card whom the attempt was about, where whoever refused knows them."""
    return None if refusal is None or refusal.citizen_id is None else (refusal.citizen_id, refusal.card_id)


def _operation(scope: Scope) -> str:
    """The route's name in the OpenAPI document, or its path; never the path as it came, which is the caller's."""
    route = scope.get("route") or route_of(scope)
    return getattr(route, "operation_id", None) or getattr(route, "path", None) or "unknown"


def _subjects(session: Session, named: Mapping[str, str]) -> tuple[UUID | None, UUID | None]:
    """The citizen and the card whom the attempt was about, as far as its path names them."""
    if (card_uuid := _uuid(named.get("card_uuid"))) is not None:
        card = session.scalar(select(Card).where(Card.uuid == card_uuid))
        return (None, None) if card is None else (card.citizen_id, card.id)
    if (application_id := _uuid(named.get("application_id"))) is not None:
        application = session.get(Application, application_id)
        return (None, None) if application is None else (application.citizen_id, None)
    if (citizen_id := _uuid(named.get("citizen_id"))) is not None:
        return None if session.get(Citizen, citizen_id) is None else citizen_id, None
    return None, None


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
