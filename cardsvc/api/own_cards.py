"""A citizen's own cards, at a kiosk."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter

from cardsvc.api.dependencies import AuthenticatingCaller, ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.cards.own import own_cards
from cardsvc.db import in_transaction
from cardsvc.issuance.rules import Rules
from cardsvc.losses.own import report_own
from cardsvc.losses.receipts import Receipts
from cardsvc.wire.own_cards import OwnCards, OwnCardsRequest, OwnLoss, OwnLossRequest

router = APIRouter(prefix="/v1/visits", tags=["people"], route_class=OnceRoute)


@router.post(
    "/cards",
    operation_id="listOwnCards",
    summary="Show a citizen their cards, and until when they are good",
    responses=problems(401, 403, 404, 410, 422),
)
def list_own(request: OwnCardsRequest, services: ServicesDep, actor: AuthenticatingCaller) -> OwnCards:
    """At a kiosk, in a visit at level ``pin``. Without the cards' numbers."""
    rules = Rules.of(services.settings)
    return in_transaction(
        services.sessions,
        lambda session: own_cards(
            session,
            request.visit_token,
            rules=rules,
            actor=actor,
            now=services.clock(),
            times=services.visit_times,
        ),
    )


@router.post(
    "/loss-report",
    status_code=201,
    operation_id="reportOwnLoss",
    summary="Report one's other card lost",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def report_other(request: OwnLossRequest, services: ServicesDep, actor: AuthenticatingCaller) -> OwnLoss:
    """At a kiosk, in a visit at level ``pin``: the card on hold since it was forgotten is on hold as lost then."""
    settings = services.settings
    return in_transaction(
        services.sessions,
        lambda session: report_own(
            session,
            Receipts(services.keystore, settings.issuer),
            request,
            found=timedelta(days=settings.found_days),
            actor=actor,
            now=services.clock(),
            times=services.visit_times,
        ),
    )
