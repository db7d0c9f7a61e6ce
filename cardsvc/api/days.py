"""A day of an office, for those who work there."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.callers.principal import Principal
from cardsvc.db import reading
from cardsvc.offices.days import day_of
from cardsvc.wire.base import Date
from cardsvc.wire.days import OfficeDay
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1", tags=["stock"])

Officer = Annotated[
    Principal, require(Scope.APPLICATIONS_WRITE, Scope.APPLICATIONS_APPROVE, Scope.CARDS_REVOKE, Scope.STOCK_WRITE)
]


@router.get(
    "/office-day",
    operation_id="readOfficeDay",
    summary="See what an office did in a day",
    responses=problems(401, 403, 422),
)
def read_office_day(
    services: ServicesDep,
    actor: Officer,
    day: Annotated[Date, Query(description="At most 92 days ago.")],
    offset: Annotated[
        int, Query(ge=-720, le=840, description="Minutes by which the office's midnight is before UTC's.")
    ] = 0,
) -> OfficeDay:
    """The officers of the caller's office, each with what they did; its blank cards; and what waits now."""
    with reading(services.sessions) as session:
        return day_of(session, day, timedelta(minutes=offset), actor=actor, now=services.clock())
