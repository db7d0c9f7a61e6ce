"""The one map from what is refused to how it looks on the wire.

Everywhere it is a problem (RFC 9457); at the token endpoint an OAuth error (RFC 6749 §5.2) that carries the problem's
code as well, so that a client knows more than ``invalid_grant``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from structlog.contextvars import get_contextvars

from cardsvc import ceremony, limits, paging, transitions
from cardsvc.api.faults import DETAIL, UNREADABLE, fault
from cardsvc.api.general_problems import GENERAL
from cardsvc.api.refusals import note_refusal
from cardsvc.api.routing import allowed_methods
from cardsvc.approvals import errors as approvals
from cardsvc.audit import errors as audit
from cardsvc.authentication import errors as authentication
from cardsvc.backup import errors as backups
from cardsvc.callers import errors as callers
from cardsvc.cards import errors as cards
from cardsvc.citizens import errors as citizens
from cardsvc.departments import errors as departments
from cardsvc.errors import ServiceError
from cardsvc.evidence import errors as evidence
from cardsvc.fleet import errors as fleet
from cardsvc.idempotency import errors as idempotency
from cardsvc.incidents import errors as incidents
from cardsvc.issuance import errors as issuance
from cardsvc.locks import errors as locks
from cardsvc.losses import errors as losses
from cardsvc.offices import errors as offices
from cardsvc.offline import errors as offline
from cardsvc.reach import errors as reach
from cardsvc.registry import errors as registry
from cardsvc.sealed import errors as sealed
from cardsvc.signing import errors as signing
from cardsvc.stock import errors as stock
from cardsvc.trust import certificates
from cardsvc.trust import errors as trust
from cardsvc.webhooks import errors as webhooks
from cardsvc.wire.problems import PROBLEM_MEDIA_TYPE, PROBLEM_TYPE_PREFIX, STEP_UP_CHALLENGE

NO_STORE: Final = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Answer:
    """How one class of refusal is told."""

    status: HTTPStatus
    oauth: str = "invalid_request"
    """The error code at the token endpoint."""
    challenge: str | None = None
    """The WWW-Authenticate header (RFC 6750 §3), to be filled from the refusal's data."""
    wait: str | None = None
    """The Retry-After header (RFC 9110 §10.2.3), likewise."""


_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND
_CONFLICT, _UNPROCESSABLE, _GONE = HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.GONE
_BAD_REQUEST, _TOO_MANY = HTTPStatus.BAD_REQUEST, HTTPStatus.TOO_MANY_REQUESTS

ANSWERS: Final[Mapping[type[ServiceError], Answer]] = {
    callers.NotAuthenticated: Answer(_UNAUTHORIZED, challenge="Bearer"),
    callers.AccessTokenRefused: Answer(_UNAUTHORIZED, challenge='Bearer error="invalid_token"'),
    callers.ScopeMissing: Answer(_FORBIDDEN, "unauthorized_client", 'Bearer error="insufficient_scope"'),
    callers.ClientRefused: Answer(_UNAUTHORIZED, "invalid_client"),
    callers.ScopeNotAllowed: Answer(_UNPROCESSABLE, "invalid_scope"),
    callers.TokenRequestMalformed: Answer(_BAD_REQUEST, "invalid_request"),
    callers.GrantUnsupported: Answer(_BAD_REQUEST, "unsupported_grant_type"),
    idempotency.IdempotencyKeyMalformed: Answer(_BAD_REQUEST),
    idempotency.IdempotencyKeyReused: Answer(_UNPROCESSABLE),
    idempotency.IdempotencyKeyInUse: Answer(_CONFLICT, wait="{retry_after}"),
    paging.CursorRefused: Answer(_UNPROCESSABLE),
    limits.TooManyRequests: Answer(_TOO_MANY, "temporarily_unavailable", wait="{retry_after}"),
    callers.KioskDisabled: Answer(_FORBIDDEN, "unauthorized_client"),
    callers.UnusableKey: Answer(_UNPROCESSABLE),
    callers.CallerExists: Answer(_CONFLICT),
    callers.CallerUnknown: Answer(_NOT_FOUND),
    callers.CallerDisabled: Answer(_CONFLICT),
    callers.CallerKindRefused: Answer(_UNPROCESSABLE),
    callers.RoleHeld: Answer(_CONFLICT),
    callers.RoleNotHeld: Answer(_CONFLICT),
    callers.RoleGrantUnknown: Answer(_NOT_FOUND),
    callers.LastAdministrator: Answer(_CONFLICT),
    callers.ResidentKnown: Answer(_CONFLICT),
    callers.KeyOverlapRefused: Answer(_UNPROCESSABLE),
    callers.KeyChangeRefused: Answer(_UNPROCESSABLE),
    callers.OwnCardRefused: Answer(_UNPROCESSABLE),
    authentication.SignInElsewhere: Answer(_FORBIDDEN, "unauthorized_client"),
    authentication.CardOfNoOfficer: Answer(_FORBIDDEN, "invalid_grant"),
    authentication.AssertionNotSigned: Answer(HTTPStatus.SERVICE_UNAVAILABLE),
    authentication.LevelWithoutChallenge: Answer(_UNPROCESSABLE),
    authentication.ChallengeUnknown: Answer(_UNPROCESSABLE),
    authentication.ChallengeExpired: Answer(_GONE),
    authentication.ChallengeForeign: Answer(_FORBIDDEN),
    authentication.ChallengeReplayed: Answer(_CONFLICT),
    authentication.ProofForAnotherLevel: Answer(_UNPROCESSABLE),
    authentication.ProofForAnotherAudience: Answer(_UNPROCESSABLE),
    authentication.CardUnknown: Answer(_NOT_FOUND),
    authentication.CertificateRefused: Answer(_FORBIDDEN),
    authentication.SignatureInvalid: Answer(_UNPROCESSABLE),
    authentication.CardNotActive: Answer(_FORBIDDEN, "invalid_grant"),
    authentication.VisitUnknown: Answer(_NOT_FOUND, "invalid_grant"),
    authentication.VisitForeign: Answer(_FORBIDDEN, "invalid_grant"),
    authentication.VisitEnded: Answer(_GONE, "invalid_grant"),
    authentication.DepartmentUnknown: Answer(_NOT_FOUND, "invalid_target"),
    authentication.ServiceNotCovered: Answer(_FORBIDDEN, "invalid_target"),
    authentication.ServiceNotSigned: Answer(_UNPROCESSABLE, "invalid_target"),
    authentication.AttributesNotCovered: Answer(_FORBIDDEN, "invalid_scope"),
    authentication.StepUpRequired: Answer(_UNAUTHORIZED, "insufficient_user_authentication", STEP_UP_CHALLENGE),
    authentication.AssertionRefused: Answer(_UNPROCESSABLE),
    signing.PreparedDocumentRefused: Answer(_UNPROCESSABLE),
    signing.KeyOriginRefused: Answer(_FORBIDDEN),
    departments.PolicyInvalid: Answer(_UNPROCESSABLE),
    departments.DepartmentExists: Answer(_CONFLICT),
    departments.DepartmentNotFound: Answer(_NOT_FOUND),
    departments.PolicyDraftNotFound: Answer(_NOT_FOUND),
    departments.PolicyChangedMeanwhile: Answer(_CONFLICT),
    departments.SealRefused: Answer(_UNPROCESSABLE),
    departments.SealNotFound: Answer(_NOT_FOUND),
    departments.RangeRefused: Answer(_UNPROCESSABLE),
    incidents.IncidentNotFound: Answer(_NOT_FOUND),
    incidents.IncidentClosed: Answer(_CONFLICT),
    incidents.IncidentNotYet: Answer(_UNPROCESSABLE),
    departments.PseudonymUnknown: Answer(_NOT_FOUND),
    departments.PurposeNotCovered: Answer(_FORBIDDEN),
    departments.QuestionsNotCovered: Answer(_FORBIDDEN, "invalid_scope"),
    departments.ReaderNotCovered: Answer(_FORBIDDEN),
    evidence.EvidenceNotFound: Answer(_NOT_FOUND),
    approvals.SamePerson: Answer(_FORBIDDEN),
    approvals.RecipientDecides: Answer(_FORBIDDEN),
    approvals.ApprovalNotFound: Answer(_NOT_FOUND),
    approvals.ApprovalPending: Answer(_CONFLICT),
    approvals.NotApproved: Answer(_FORBIDDEN),
    approvals.ApprovalExpired: Answer(_GONE),
    approvals.ApprovalSpent: Answer(_CONFLICT),
    transitions.TransitionRefused: Answer(_CONFLICT),
    transitions.ChangedMeanwhile: Answer(_CONFLICT),
    transitions.AnotherCardActive: Answer(_CONFLICT),
    certificates.KeyAlreadyCertified: Answer(_CONFLICT),
    certificates.UnfitKey: Answer(_UNPROCESSABLE),
    certificates.WeakKey: Answer(_UNPROCESSABLE),
    trust.NotPublished: Answer(_NOT_FOUND),
    trust.RotationTooSoon: Answer(_CONFLICT),
    trust.IssuerInUse: Answer(_CONFLICT),
    issuance.ApplicationNotFound: Answer(_NOT_FOUND),
    issuance.ApplicationOpen: Answer(_CONFLICT),
    issuance.CardInUse: Answer(_CONFLICT),
    issuance.CardUnfit: Answer(_CONFLICT),
    issuance.LossNotReported: Answer(_CONFLICT),
    issuance.RenewalTooEarly: Answer(_CONFLICT),
    issuance.NotADraft: Answer(_CONFLICT),
    issuance.ConsentNeeded: Answer(_CONFLICT),
    issuance.ConsentNotNeeded: Answer(_CONFLICT),
    issuance.ConsentNotProved: Answer(_UNPROCESSABLE),
    issuance.NotAssigned: Answer(_CONFLICT),
    locks.LockedByCitizen: Answer(_FORBIDDEN, "invalid_grant"),
    locks.IdentityNotShown: Answer(_FORBIDDEN),
    losses.LossReportNotFound: Answer(_NOT_FOUND),
    losses.NothingToReport: Answer(_CONFLICT),
    losses.AlreadyReported: Answer(_CONFLICT),
    losses.CallerNotVerified: Answer(_FORBIDDEN),
    registry.RegistryEventNotFound: Answer(_NOT_FOUND),
    registry.RegistryEventStands: Answer(_CONFLICT),
    registry.RegistryEventSettled: Answer(_CONFLICT),
    sealed.InvestigationUnknown: Answer(_NOT_FOUND),
    sealed.InvestigationNotApproved: Answer(_FORBIDDEN),
    sealed.InvestigationOver: Answer(_GONE),
    sealed.ReleaseDateRefused: Answer(_UNPROCESSABLE),
    sealed.SealedEntriesFull: Answer(_CONFLICT),
    stock.RangeMalformed: Answer(_UNPROCESSABLE),
    stock.SerialNotOfBatch: Answer(_UNPROCESSABLE),
    stock.SerialMismatch: Answer(_CONFLICT),
    stock.NotInCustody: Answer(_CONFLICT),
    stock.NothingToHandOver: Answer(_CONFLICT),
    stock.HandOverNotFound: Answer(_NOT_FOUND),
    stock.HandOverSettled: Answer(_CONFLICT),
    stock.NotTheRecipient: Answer(_FORBIDDEN),
    stock.CountDiffers: Answer(_CONFLICT),
    issuance.PersonalisationError: Answer(_CONFLICT),
    audit.OutsideLog: Answer(_UNPROCESSABLE),
    audit.RecordNotFound: Answer(_NOT_FOUND),
    audit.LogDamaged: Answer(_CONFLICT),
    audit.CopyRefused: Answer(_UNPROCESSABLE),
    ceremony.AlreadyFounded: Answer(_CONFLICT),
    backups.BackupExists: Answer(_CONFLICT),
    backups.RoomTaken: Answer(_CONFLICT),
    backups.NotABackup: Answer(_UNPROCESSABLE),
    backups.BackupDamaged: Answer(_UNPROCESSABLE),
    ceremony.TwoFoundersNeeded: Answer(_UNPROCESSABLE),
    ceremony.WitnessNeeded: Answer(_UNPROCESSABLE),
    citizens.CitizenNotFound: Answer(_NOT_FOUND),
    offices.OfficeUnknown: Answer(_NOT_FOUND),
    offices.OfficeExists: Answer(_CONFLICT),
    offices.OfficeInUse: Answer(_CONFLICT),
    citizens.PersonErased: Answer(_GONE, "invalid_grant"),
    citizens.PersonEnrolled: Answer(_CONFLICT),
    citizens.PhotoRefused: Answer(_UNPROCESSABLE),
    citizens.PhotoMissing: Answer(_NOT_FOUND),
    citizens.DocumentRefused: Answer(_UNPROCESSABLE),
    citizens.DocumentUnknown: Answer(_NOT_FOUND),
    citizens.NothingToCorrect: Answer(_CONFLICT),
    citizens.ApplicationUnderWay: Answer(_CONFLICT),
    citizens.GuardianRefused: Answer(_UNPROCESSABLE),
    citizens.PersonNeeded: Answer(_CONFLICT),
    webhooks.WebhookUrlRefused: Answer(_UNPROCESSABLE),
    webhooks.NotSubscribed: Answer(_NOT_FOUND),
    webhooks.EventUnknown: Answer(_NOT_FOUND),
    reach.RevocationUnknown: Answer(_NOT_FOUND),
    offline.JournalRefused: Answer(_CONFLICT),
    fleet.KioskUnknown: Answer(_NOT_FOUND),
    fleet.FleetPlanNotFound: Answer(_NOT_FOUND),
    fleet.FleetPlanChangedMeanwhile: Answer(_CONFLICT),
    fleet.EnrolmentCodeUnknown: Answer(_NOT_FOUND),
    fleet.EnrolmentCodeUsed: Answer(_CONFLICT),
    fleet.EnrolmentCodeExpired: Answer(_GONE),
    fleet.EnrolmentProofRefused: Answer(_UNPROCESSABLE),
    cards.CardNotFound: Answer(_NOT_FOUND),
    cards.CardOver: Answer(_CONFLICT),
    cards.HoldStands: Answer(_CONFLICT),
    cards.FoundTooLate: Answer(_CONFLICT),
    cards.NotTemporary: Answer(_CONFLICT),
    cards.NoProxy: Answer(_NOT_FOUND),
    cards.TakesTwo: Answer(_FORBIDDEN),
    cards.StockNumberTaken: Answer(_CONFLICT),
    cards.ProofOfAnotherCard: Answer(_UNPROCESSABLE),
    cards.ProofNotForActivation: Answer(_UNPROCESSABLE),
}
"""Every refusal there is, or its base; a test walks the packages and proves that none is missing."""


class ProblemResponse(JSONResponse):
    """A problem. In answer to the opening request of a WebSocket it denies that."""

    media_type = PROBLEM_MEDIA_TYPE


def problem(
    status: int, code: str, title: str, detail: str = "", headers: Mapping[str, str] | None = None, **data: Any
) -> Response:
    """A problem document. ``instance`` is the request's id: with it the operator finds the log."""
    body: dict[str, Any] = data | {"type": PROBLEM_TYPE_PREFIX + code, "title": title, "status": status}
    if detail:
        body["detail"] = detail
    request_id = get_contextvars().get("request_id")
    if request_id is not None:
        body["instance"] = f"urn:uuid:{request_id}"
    return ProblemResponse(body, status, {**NO_STORE, **(headers or {})})


def general_problem(code: str, detail: str = "", headers: Mapping[str, str] | None = None, **data: Any) -> Response:
    """One of the problems that no class stands for."""
    known = GENERAL[code]
    return problem(known.status, code, known.title, detail, headers, **data)


def answer_to(error: type[ServiceError]) -> Answer:
    """How a class of refusal is told: as it says, or as its nearest base does. Raises LookupError when none does."""
    for kind in error.__mro__:
        if kind in ANSWERS:
            return ANSWERS[kind]
    raise LookupError(f"{error.__name__} has no answer")


def problem_of(error: ServiceError) -> Response:
    """A refusal as a problem."""
    answer = answer_to(type(error))
    return problem(answer.status, error.code, error.title, error.detail, _headers(answer, error), **error.data)


def oauth_error_of(error: ServiceError) -> Response:
    """A refusal at the token endpoint. ``problem`` is our code; the members of the problem follow."""
    answer = answer_to(type(error))
    status = _OAUTH_STATUS.get(answer.oauth, HTTPStatus.BAD_REQUEST)
    body = error.data | {"error": answer.oauth, "error_description": error.detail, "problem": error.code}
    waiting = {} if answer.wait is None else _headers(answer, error)
    return JSONResponse(body, status, NO_STORE | waiting)


def _headers(answer: Answer, error: ServiceError) -> dict[str, str]:
    told = {"WWW-Authenticate": answer.challenge, "Retry-After": answer.wait}
    return {name: value.format_map(error.data) for name, value in told.items() if value is not None}


_OAUTH_STATUS: Final = {"invalid_client": _UNAUTHORIZED, "temporarily_unavailable": _TOO_MANY}
"""Where the status is not 400 (RFC 6749 §5.2)."""


def install(app: FastAPI) -> None:
    """Answer every refusal, ours and the framework's, with a problem."""

    @app.exception_handler(ServiceError)
    async def _refused(connection: HTTPConnection, error: ServiceError) -> Response:
        if error.leaves_record and not error.on_record:
            await note_refusal(connection, error.code, error)
        return problem_of(error)

    @app.exception_handler(RequestValidationError)
    async def _malformed(connection: HTTPConnection, error: RequestValidationError) -> Response:
        await note_refusal(connection, "invalid-request")
        return general_problem("invalid-request", DETAIL, errors=[fault(each) for each in error.errors()])

    @app.exception_handler(HTTPException)
    async def _refused_by_framework(connection: HTTPConnection, error: HTTPException) -> Response:
        code = _CODES.get(error.status_code, "invalid-request")
        headers = dict(error.headers or {})
        if code == "method-not-allowed":  # the framework names those of the first route only
            headers["Allow"] = ", ".join(sorted(allowed_methods(connection.scope)))
        await note_refusal(connection, code)
        return general_problem(code, UNREADABLE if code == "invalid-request" else "", headers)


def internal_error() -> Response:
    """What everybody hears of a fault of ours: that there was one, and the id to ask about."""
    return general_problem("internal-error", "Try again in a moment.")


_CODES: Final[Mapping[int, str]] = {general.status: code for code, general in GENERAL.items()}
"""What the framework refuses, by its status. All else is malformed: a body that cannot even be read, for example."""
