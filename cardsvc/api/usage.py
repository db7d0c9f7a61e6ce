"""How much departments used the service."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.callers.principal import Principal
from cardsvc.db import reading
from cardsvc.departments.repository import codes_seen_by
from cardsvc.departments.usage import usage_of
from cardsvc.wire.base import Code, Date
from cardsvc.wire.scopes import Scope
from cardsvc.wire.usage import UsageReport

router = APIRouter(prefix="/v1", tags=["departments"])

Reader = Annotated[Principal, require(Scope.VERIFY, Scope.DEPARTMENTS_WRITE)]
Day = Annotated[Date, Query(ge=date(2000, 1, 1), le=date(2999, 12, 31))]


@router.get(
    "/usage",
    operation_id="readUsage",
    summary="See how much the service was used",
    responses=problems(401, 403, 404, 422),
)
def read_usage(
    services: ServicesDep,
    actor: Reader,
    first: Annotated[Day, Query(alias="from", description="The first day (UTC).")],
    last: Annotated[Day, Query(alias="to", description="The last day, 91 days later at most.")],
    department: Annotated[Code | None, Query(description="For administrators: this one alone.")] = None,
) -> UsageReport:
    """A department sees its own use, an administrator that of all departments or of one. Counted in the audit log."""
    with reading(services.sessions) as session:
        codes = codes_seen_by(session, actor, department)
        return usage_of(session.connection(), codes, first, last)
