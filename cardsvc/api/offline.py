"""Kiosks without their network: what they take along, and the taps that they bring back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from sqlalchemy.orm import Session

from cardsvc.api.access import require
from cardsvc.api.dependencies import AuthenticatingCaller, ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.callers.principal import Principal
from cardsvc.db import in_transaction
from cardsvc.offline.errors import JournalRefused
from cardsvc.wire import offline_taps as wire
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1", tags=["authentication"])


@router.get(
    "/offline-package",
    operation_id="getOfflinePackage",
    summary="Get what a kiosk needs to go on without its network",
    responses=problems(401, 403, 422),
)
def get_package(
    services: ServicesDep, actor: Annotated[Principal, require(Scope.REVOCATIONS_READ)]
) -> wire.OfflinePackageAnswer:
    """Which status lists and issuers are current, and what policies let kiosks serve without a network, as of now.

    A JWS of type ``offline-package+jwt`` with the certificates of its signer (``x5c``), below the city's root.
    """
    return wire.OfflinePackageAnswer(package=services.packer.pack(actor, services.clock()))


@router.post(
    "/offline-taps",
    operation_id="submitOfflineTaps",
    summary="Bring back the taps that were taken without a network",
    responses=problems(401, 403, 409, 422),
)
def submit_taps(batch: wire.OfflineBatch, services: ServicesDep, actor: AuthenticatingCaller) -> wire.JudgedBatch:
    """The next entries of the kiosk's journal, in order. Each is judged again, with what is known now.

    May be repeated: an entry is taken once. With the assertion of an accepted one the department is asked, under an
    Idempotency-Key that stays the same for the entry.
    """

    def work(session: Session) -> wire.JudgedBatch | JournalRefused:
        return services.journals.take(session, batch, actor=actor, now=services.clock())

    judged = in_transaction(services.sessions, work)
    if isinstance(judged, JournalRefused):
        raise judged
    return judged
