"""Finding out whom a department knows by a name of its own: for a court, a complaint. It takes two officers.

What one of them asks for and another grants is about the department's acquaintance with the person; the one who asked
is then told the citizen's id, and nothing else: to see more, they open the person, for a purpose. Until
then no record says whom it is about: an auditor who asks would need no colleague. From then on the citizen can read of
it. An officer has no part in what turns out to be about themselves.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.approvals import service as approvals
from cardsvc.approvals.models import Approval
from cardsvc.audit.service import OK, Draft, Note, record_all
from cardsvc.departments.errors import DepartmentNotFound, PseudonymUnknown
from cardsvc.departments.models import Acquaintance, Department
from cardsvc.departments.repository import find_by_code
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.manifest import department_audience
from cardsvc.wire.reidentification import DepartmentPseudonym, Reidentification, Reidentified

EVENT: Final = "pseudonym.reidentify"


def request(session: Session, name: DepartmentPseudonym, reason: str, *, actor: str, now: datetime) -> Approval:
    """Ask a colleague to agree. Raises DepartmentNotFound, PseudonymUnknown, and what `approvals.request` raises."""
    acquaintance = _find(session, name)
    return approvals.request(
        session, ApprovalKind.REIDENTIFICATION, acquaintance.id, actor=actor, now=now, reason=reason
    )


def subject(session: Session, acquaintance_id: UUID) -> DepartmentPseudonym:
    """What a request is about, as far as anybody but the one who asked may know. Raises PseudonymUnknown."""
    acquaintance = session.get(Acquaintance, acquaintance_id)
    if acquaintance is None:
        raise PseudonymUnknown
    department = session.get_one(Department, acquaintance.department_id)
    return DepartmentPseudonym(department=department.code, pseudonym=acquaintance.pseudonym)


def reidentify(session: Session, occasion: Reidentification, *, actor: str, now: datetime) -> Reidentified:
    """Whom the name stands for, once a colleague has agreed.

    Raises DepartmentNotFound, PseudonymUnknown, and what `approvals.spend` raises.
    """
    acquaintance = _find(session, occasion)
    approval = approvals.spend(session, ApprovalKind.REIDENTIFICATION, acquaintance.id, actor=actor, now=now)
    detail = {
        "purpose": occasion.purpose.value,
        "audience": department_audience(occasion.department),
        "approval": str(approval.id),
        "approved_by": approval.decided_by,
        **({} if occasion.reference is None else {"reference": occasion.reference}),
    }
    draft = Draft(EVENT, OK, actor, now, acquaintance.citizen_id, detail=detail, note=Note(approval.reason))
    record_all(session.connection(), [draft])
    return Reidentified(
        citizen_id=acquaintance.citizen_id,
        department=occasion.department,
        pseudonym=occasion.pseudonym,
        reason=approval.reason,
        requested_by=approval.requested_by,
        approved_by=approval.decided_by or "",
        at=now,
    )


def _find(session: Session, name: DepartmentPseudonym) -> Acquaintance:
    department = find_by_code(session, name.department)
    if department is None:
        raise DepartmentNotFound
    statement = select(Acquaintance).where(
        Acquaintance.department_id == department.id, Acquaintance.pseudonym == name.pseudonym
    )
    acquaintance = session.scalars(statement).one_or_none()
    if acquaintance is None:
        raise PseudonymUnknown
    return acquaintance
