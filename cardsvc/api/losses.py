"""Loss reports, for officers: at a desk, or at the telephone."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from sqlalchemy.orm import Session

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.callers.principal import Principal
from cardsvc.citizens.looking import look_at_report
from cardsvc.db import in_transaction
from cardsvc.losses import service as losses
from cardsvc.losses.receipts import Receipts
from cardsvc.losses.repository import describe
from cardsvc.wire.losses import LossReport, LossReportRequest, ReportNumber
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1/loss-reports", tags=["loss reports"], route_class=OnceRoute)


@router.post(
    "",
    status_code=201,
    operation_id="reportLoss",
    summary="Report a card lost or stolen",
    responses=problems(401, 403, 404, 409, 422),
)
def report(
    request: LossReportRequest, services: ServicesDep, actor: Annotated[Principal, require(Scope.CARDS_HOLD)]
) -> LossReport:
    """The card is held when this is answered; a stolen one is revoked. The receipt is for the citizen."""
    settings = services.settings

    def work(session: Session) -> LossReport:
        row = losses.report(
            session,
            Receipts(services.keystore, settings.issuer),
            request,
            found=timedelta(days=settings.found_days),
            questions=settings.questions,
            actor=actor,
            now=services.clock(),
        )
        return describe(session, row)

    return in_transaction(services.sessions, work)


@router.get(
    "/{number}",
    operation_id="getLossReport",
    summary="Look at a loss report",
    responses=problems(401, 403, 404, 422),
)
def read(
    number: ReportNumber, services: ServicesDep, actor: Annotated[Principal, require(Scope.CARDS_READ)]
) -> LossReport:
    """By its number; nothing of the person, who can see that it was looked at."""
    return in_transaction(
        services.sessions,
        lambda session: describe(session, look_at_report(session, number, actor=actor, now=services.clock())),
    )
