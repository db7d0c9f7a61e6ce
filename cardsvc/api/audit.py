"""The audit log, for auditors; its checkpoints are for anybody."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.pages import FeedDep
from cardsvc.audit import reading as log
from cardsvc.audit.openings import find_batch
from cardsvc.callers.principal import Principal
from cardsvc.db import looking_up
from cardsvc.wire.audit import MOST_ENTRIES, ConsistencyProof, InclusionProof, LogEntries, Receipt
from cardsvc.wire.scopes import Scope
from cardsvc.wire.sealed import SealedBatch

router = APIRouter(prefix="/v1/audit", tags=["audit"])

Auditor = Annotated[Principal, require(Scope.AUDIT_READ)]
Number = Annotated[int, Query(ge=0, le=2**63 - 1)]


@router.get("/key", operation_id="getAuditKey", summary="The verifier key of the log", response_class=PlainTextResponse)
async def read_key(services: ServicesDep) -> str:
    """As C2SP signed-note writes it, in a line of text. Compare it with what the ceremony's witness wrote down."""
    return f"{services.audit_signer.key}\n"


@router.get(
    "/checkpoint",
    operation_id="getAuditCheckpoint",
    summary="The last checkpoint",
    response_class=PlainTextResponse,
)
def read_checkpoint(services: ServicesDep) -> str:
    """A signed note (C2SP tlog-checkpoint): how many entries the log has, and the root over them."""
    with looking_up(services.sessions) as connection:
        return log.read_checkpoint(connection, services.audit_signer)


@router.get(
    "/entries",
    operation_id="listAuditEntries",
    summary="Read entries",
    responses=problems(401, 403, 409, 422),
)
def read_entries(
    services: ServicesDep,
    _actor: Auditor,
    feed_page: FeedDep,
    start: Number = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = 100,
) -> LogEntries:
    """In their order; none when there are none yet."""
    with looking_up(services.sessions) as connection:
        page = log.read_entries(connection, start, limit)
    return feed_page.link(page, start=page.next)


@router.get(
    "/proofs/inclusion",
    operation_id="proveAuditInclusion",
    summary="Prove that an entry is in the log",
    responses=problems(401, 403, 409, 422),
)
def prove_inclusion(services: ServicesDep, _actor: Auditor, index: Number, size: Number) -> InclusionProof:
    """For the tree of the first ``size`` entries."""
    with looking_up(services.sessions) as connection:
        return log.inclusion_proof(connection, index, size)


@router.get(
    "/proofs/consistency",
    operation_id="proveAuditConsistency",
    summary="Prove that nothing was changed since",
    responses=problems(401, 403, 409, 422),
)
def prove_consistency(
    services: ServicesDep,
    _actor: Auditor,
    first: Annotated[Number, Query(alias="from")],
    second: Annotated[Number, Query(alias="to")],
) -> ConsistencyProof:
    """From the tree of one size to that of a later one."""
    with looking_up(services.sessions) as connection:
        return log.consistency_proof(connection, first, second)


@router.get(
    "/sealed-batches/{day}",
    operation_id="getSealedBatch",
    summary="The commitments of a day's sealed entries",
    responses=problems(404, 409, 422),
)
def read_sealed_batch(day: date, services: ServicesDep) -> SealedBatch:
    """For anybody who holds a released entry. Every day in the city that is over has as many."""
    with looking_up(services.sessions) as connection:
        record_id = find_batch(connection, day)
        receipt = log.make_receipt(connection, record_id, signer=services.audit_signer, now=services.clock())
    return SealedBatch(record_id=record_id, receipt=receipt)


@router.get(
    "/records/{record_id}/receipt",
    operation_id="getAuditReceipt",
    summary="A receipt for a record",
    responses=problems(401, 403, 404, 409, 422),
)
def read_receipt(record_id: UUID, services: ServicesDep, _actor: Auditor) -> Receipt:
    """The proof that a record is in the log; while it waits for its place, the log's promise."""
    with looking_up(services.sessions) as connection:
        return log.make_receipt(connection, record_id, signer=services.audit_signer, now=services.clock())
