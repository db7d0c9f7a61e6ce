"""One request, one transaction: the work, the kept answer and the spent assertion, or none of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from cardsvc.wire.authentication import AssertionClaims
from cardsvc.wire.manifest import Outcome, ServiceRequest
from cardsvc.wire.problems import Problem
from kiosk.departments.contract.access import Gate
from kiosk.departments.contract.clock import Clock
from kiosk.departments.contract.declaration import Department, Service, Visit, Visitor
from kiosk.departments.contract.inbox.cases import open_case
from kiosk.departments.contract.inputs import check_input
from kiosk.departments.contract.keeping import Request, forget, take
from kiosk.departments.contract.papers.press import Press
from kiosk.departments.contract.problems import problem_of
from kiosk.departments.contract.refusals import ServiceRefused, UnknownService
from kiosk.departments.contract.storage import SessionFactory, in_transaction

_RECEIPT_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without the letters and digits that people confuse."""

Result = Outcome | Problem
"""A department's answer: done, or its reasoned no."""
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

    def serve(self, code: str, key: str, asked: ServiceRequest) -> Result:
        """Answer a request. The answer is committed when this returns. Raises RequestRefused."""
        service = self._service(code)
        wanted = service.description
        claims = self.gate.admit(
            asked.assertion,
            service=code,
            level=wanted.level,
            confirm_online=service.confirm_online,
            offline=service.offline,
        )
        check_input(wanted.input, asked.input)
        return in_transaction(self.sessions, lambda session: self._answer(session, service, claims, key, asked.input))

    def forget(self) -> None:
        """Remove kept answers whose time is over."""
        in_transaction(self.sessions, lambda session: forget(session, self.clock()))

    def _service(self, code: str) -> Service:
        service = self.department.service(code)
        if service is None:
            raise UnknownService
        return service

    def _answer(
        self, session: Session, service: Service, claims: AssertionClaims, key: str, entered: dict[str, Any]
    ) -> Result:
        now = self.clock()
        request = _request(claims, key, entered)
        kept = take(session, request, self.receipt(self.department.receipt_prefix), now)
        if kept.answer is not None:
            return _kept.validate_python(kept.answer)
        result = self._work(
            session, service, Visit(_visitor(service, claims), entered, now, kept.receipt, claims.offline)
        )
        kept.answer = result.model_dump(mode="json")
        return result

    def _work(self, session: Session, service: Service, visit: Visit) -> Result:
        try:
            with session.begin_nested():
                answer = service.handler(session, visit)
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
        return Outcome(title=answer.title, fields=answer.fields, document=document, receipt=visit.receipt)


def _request(claims: AssertionClaims, key: str, entered: dict[str, Any]) -> Request:
    expires_at = datetime.fromtimestamp(claims.exp, UTC)
    offline = claims.offline is not None
    return Request(claims.sub, key, claims.service, entered, claims.jti, expires_at, offline=offline)


def _visitor(service: Service, claims: AssertionClaims) -> Visitor:
    # What nobody asked for is dropped here, should a policy ever give more than the manifest wants.
    told = {name: claims.attributes[name] for name in service.description.attributes if name in claims.attributes}
    answers = {code: claims.answers[code] for code in service.description.questions if code in claims.answers}
    return Visitor(claims.sub, claims.acr, told, answers)
