"""What kiosks may offer: the services that the departments' policies cover."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.callers.principal import Principal
from cardsvc.db import reading
from cardsvc.departments.coverage import coverage
from cardsvc.wire import policies as wire
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1/coverage", tags=["kiosks"])


@router.get(
    "",
    operation_id="getCoverage",
    summary="See which services of departments their policies cover",
    responses=problems(401, 403, 422),
)
def get_coverage(services: ServicesDep, _actor: Annotated[Principal, require(Scope.AUTHENTICATE)]) -> wire.Coverage:
    """By the versions in force. Kiosks offer no other service: an exchange for it would be refused."""
    with reading(services.sessions) as session:
        return coverage(session)
