"""One request, one transaction: the work, the kept answer and the spent assertion, or none of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, TypeVar

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from cardsvc.wire.authentication import AssertionClaims
from cardsvc.wire.manifest import (
    Admission,
    AdmissionRequest,
    Language,
    Outcome,
    PreparationRequest,
    PreparedDocument,
    ServiceRequest,
)
from cardsvc.wire.problems import Problem
from kiosk.departments.contract.access import Gate
from kiosk.departments.contract.clock import Clock
from kiosk.departments.contract.declaration import (
    Admitter,
    Answer,
    Department,
    Draft,
    Handler,
    Preparer,
    Service,
    Visit,
    Visitor,
)
from kiosk.departments.contract.drafting import MEDIA_TYPE, write
from kiosk.departments.contract.inbox.cases import open_case
from kiosk.departments.contract.inputs import check_input
from kiosk.departments.contract.keeping import Request, forget, take
from kiosk.departments.contract.papers.press import Press
from kiosk.departments.contract.problems import problem_of
from kiosk.departments.contract.refusals import (
    DocumentNotPrepared,
    DocumentOutdated,
    ServiceRefused,
    SignatureNeeded,
    TurnMistaken,
    UnknownService,
)
from kiosk.departments.contract.signed import (
    KeptDraft,
    KeptSignature,
    draft_of,
    forget_drafts,
    keep_draft,
    keep_signature,
)
from kiosk.departments.contract.storage import SessionFactory, in_transaction
from kiosk.departments.contract.turns import (
    OpenTurn,
    Writing,
    begin,
    find,
    first_of,
    forget_turns,
    writing_of,
)

_RECEIPT_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without the letters and digits that people confuse."""

Found = TypeVar("Found")

Result = Outcome | Problem
"""A department's answer: done, or its reasoned no."""
Prepared = PreparedDocument | Problem
Admitted = Admission | Problem
_kept: Final = TypeAdapter[Result](Result)


def random_receipt(prefix: str) -> str:
    """A receipt number that tells nothing about how many there are: ``MI-7K3F-9Q2M-AB`` (about 49 bits)."""
    letters = "".join(secrets.choice(_RECEIPT_LETTERS) for _ in range(10))
    return f"{prefix}-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


@dataclass(frozen=True, slots=True)
class Office:
    """A department at work."""

    department: Department
    sessions: SessionFactory
    gate: Gate
    clock: Clock
    press: Press | None = None
    """Makes its papers, where it gives any."""
    receipt: Callable[[str], str] = random_receipt
    """From the department's prefix to a new receipt number."""

    def __post_init__(self) -> None:
        if self.department.gives_papers and self.press is None:
            raise ValueError(f"{self.department.code} gives papers and needs a seal")
        if self.department.has_signed and self.gate.signatures is None:
            raise ValueError(f"{self.department.code} has documents signed and needs the city's root certificate")

    def serve(self, code: str, key: str, asked: ServiceRequest) -> Result:
        """Answer a request. The answer is committed when this returns. Raises RequestRefused."""
        service = self._service(code)
        wanted = service.description
        if (service.prepare is None) != (asked.signed is None):
            raise SignatureNeeded
        self._check_turn(code, asked.continues)
        claims = self.gate.admit(
            asked.assertion,
            service=code,
            level=wanted.level,
            confirm_online=service.confirm_online,
            signed=asked.signed,
            offline=service.offline,
        )
        check_input(wanted.input, asked.input)
        return in_transaction(self.sessions, lambda session: self._answer(session, service, claims, key, asked))

    def prepare(self, code: str, asked: PreparationRequest) -> Prepared:
        """The document that the citizen is to sign. It is kept when this returns. Raises RequestRefused."""
        service = self._service(code)
        if service.prepare is None:
            raise UnknownService
        self._check_turn(code, asked.continues)
        claims, preparer = self.gate.admit_to_prepare(asked.assertion, service=code), service.prepare
        check_input(service.description.input, asked.input)
        visitor = _visitor(service, claims)
        return in_transaction(self.sessions, lambda session: self._prepare(session, code, preparer, visitor, asked))

    def admit(self, code: str, asked: AdmissionRequest) -> Admitted:
        """Whether somebody may take a second turn. It changes nothing, and spends nothing. Raises RequestRefused."""
        service, first = self._service(code), self.department.first_of(code)
        admits = None if first is None or first.second is None else first.second.admits
        if admits is None:
            raise UnknownService
        if service.prepare is not None:
            claims = self.gate.admit_to_prepare(asked.assertion, service=code)
        else:
            level, online = service.description.level, service.confirm_online
            claims = self.gate.admit(asked.assertion, service=code, level=level, confirm_online=online)
        visitor = _visitor(service, claims)
        return in_transaction(self.sessions, lambda session: self._admit(session, code, admits, visitor, asked))

    def forget(self) -> None:
        """Remove kept answers and drafts whose time is over."""
        in_transaction(self.sessions, lambda session: forget(session, self.clock()))
        in_transaction(self.sessions, lambda session: forget_drafts(session, self.clock()))
        in_transaction(self.sessions, lambda session: forget_turns(session, self.clock()))

    def _service(self, code: str) -> Service:
        service = self.department.service(code)
        if service is None:
            raise UnknownService
        return service

    def _check_turn(self, code: str, continues: str | None) -> None:
        if (self.department.first_of(code) is None) != (continues is None):
            raise TurnMistaken

    def _begun(self, session: Session, code: str, continues: str | None, visit: Visit) -> OpenTurn | None:
        """What a second turn goes on with. Raises NothingToContinue, SamePersonTwice."""
        first = self.department.first_of(code)
        if first is None or continues is None:
            return None
        return find(session, continues, first.description.code, visit)

    def _prepare(
        self, session: Session, code: str, preparer: Preparer, visitor: Visitor, asked: PreparationRequest
    ) -> Prepared:
        visit = Visit(visitor, asked.input, self.clock(), self.receipt(self.department.receipt_prefix))
        writing = Writing(visit.receipt, visit.now, asked.language)
        try:
            turn = self._begun(session, code, asked.continues, visit)
            if turn is not None:
                visit, writing = replace(visit, first=first_of(turn)), writing_of(turn)
            document = self._written(_tried(session, preparer, visit), writing)
            if turn is not None and session.get_one(KeptSignature, turn.receipt).document != document:
                raise DocumentOutdated
        except ServiceRefused as refusal:
            return problem_of(refusal)
        keep_draft(session, visit, code, writing.language, document)
        prepared = self.gate.inquiry.prepare_document(document, MEDIA_TYPE, pseudonym=visitor.pseudonym, service=code)
        return PreparedDocument(document=document, prepared=prepared)

    def _admit(
        self, session: Session, code: str, admits: Admitter, visitor: Visitor, asked: AdmissionRequest
    ) -> Admitted:
        visit = Visit(visitor, {}, self.clock(), "")
        try:
            turn = self._begun(session, code, asked.continues, visit)
            if turn is None:
                raise TurnMistaken
            _tried(session, admits, replace(visit, first=first_of(turn)))
        except ServiceRefused as refusal:
            return problem_of(refusal)
        return Admission(admitted=True)

    def _answer(
        self, session: Session, service: Service, claims: AssertionClaims, key: str, asked: ServiceRequest
    ) -> Result:
        now, request = self.clock(), _request(claims, key, asked)
        draft = None if asked.signed is None else draft_of(session, claims, asked.input, asked.signed.document)
        receipt = self.receipt(self.department.receipt_prefix) if draft is None else draft.receipt
        kept = take(session, request, receipt, now)
        if kept.answer is not None:
            return _kept.validate_python(kept.answer)
        visitor, handler = _visitor(service, claims), service.handler
        if asked.signed is not None:
            if draft is None:
                raise DocumentNotPrepared
            visitor = Visitor(claims.sub, claims.acr, draft.attributes, draft.answers)
            handler = self._only_as_signed(service, draft, asked)
            keep_signature(session, draft, asked.signed, asked.assertion, now)
        elif asked.continues is not None:
            handler = self._going_on(service, asked.continues)
        writing = None if draft is None else Writing(draft.receipt, draft.written_at, Language(draft.language))
        visit = Visit(visitor, asked.input, now, kept.receipt, claims.offline)
        result = self._work(session, service, handler, visit, writing)
        kept.answer = result.model_dump(mode="json")
        return result

    def _only_as_signed(self, service: Service, draft: KeptDraft, asked: ServiceRequest) -> Handler:
        """The service's handler, for as long as the same would be prepared now as was signed."""
        own = Writing(draft.receipt, draft.written_at, Language(draft.language))

        def handler(session: Session, visit: Visit) -> Answer:
            turn = self._begun(session, service.description.code, asked.continues, visit)
            if turn is not None:
                visit = replace(visit, first=first_of(turn))
            if service.prepare is not None and asked.signed is not None:
                again = _tried(session, service.prepare, replace(visit, now=own.written_at))
                if self._written(again, own if turn is None else writing_of(turn)) != asked.signed.document:
                    raise DocumentOutdated
            return _done(turn, visit, service.handler(session, visit))

        return handler

    def _going_on(self, service: Service, continues: str) -> Handler:
        """The handler of a second turn in which nothing is signed."""

        def handler(session: Session, visit: Visit) -> Answer:
            turn = self._begun(session, service.description.code, continues, visit)
            if turn is None:
                raise TurnMistaken
            visit = replace(visit, first=first_of(turn))
            return _done(turn, visit, service.handler(session, visit))

        return handler

    def _written(self, draft: Draft, how: Writing) -> bytes:
        return write(draft, self.department.titles, how.receipt, how.written_at, how.language)

    def _work(
        self, session: Session, service: Service, handler: Handler, visit: Visit, writing: Writing | None
    ) -> Result:
        try:
            with session.begin_nested():
                answer = handler(session, visit)
        except ServiceRefused as refusal:
            return problem_of(refusal)
        if answer.case is not None:
            open_case(
                session,
                answer.case,
                receipt=visit.receipt,
                service=service.description.code,
                pseudonym=visit.visitor.pseudonym,
                now=visit.now,
            )
        document = None
        if answer.paper is not None and self.press is not None:
            document = self.press.issue(session, answer.paper, visit.now)
        open_until = None
        if service.second is not None:
            open_until = visit.now + service.second.within
            begin(session, visit, service.description.code, open_until, writing)
        return Outcome(
            title=answer.title,
            fields=answer.fields,
            document=document,
            receipt=visit.receipt,
            open_until=open_until,
        )


def _done(turn: OpenTurn | None, visit: Visit, answer: Answer) -> Answer:
    """The answer; what was begun is gone on with, once."""
    if turn is not None:
        turn.second = visit.visitor.pseudonym
    return answer


def _tried(session: Session, look: Callable[[Session, Visit], Found], visit: Visit) -> Found:
    """What was found; what was written on the way is undone."""
    attempt = session.begin_nested()
    try:
        return look(session, visit)
    finally:
        attempt.rollback()


def _request(claims: AssertionClaims, key: str, asked: ServiceRequest) -> Request:
    expires_at = datetime.fromtimestamp(claims.exp, UTC)
    offline = claims.offline is not None
    service = claims.service if asked.continues is None else f"{claims.service} after {asked.continues}"
    return Request(claims.sub, key, service, asked.input, claims.jti, expires_at, offline=offline)


def _visitor(service: Service, claims: AssertionClaims) -> Visitor:
    # What nobody asked for is dropped here, should a policy ever give more than the manifest wants.
    told = {name: claims.attributes[name] for name in service.description.attributes if name in claims.attributes}
    answers = {code: claims.answers[code] for code in service.description.questions if code in claims.answers}
    return Visitor(claims.sub, claims.acr, told, answers)
