"""Finding departments and the policies in force."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cardsvc.callers.models import Caller
from cardsvc.callers.principal import Principal
from cardsvc.departments.errors import DepartmentNotFound
from cardsvc.departments.models import Department, Policy
from cardsvc.departments.policy import NOTHING, PolicyRules, parse_policy
from cardsvc.paging import Page, Wanted, page
from cardsvc.wire.scopes import Scope


def find_by_code(session: Session, code: str) -> Department | None:
    """The department of this code, with its caller."""
    statement = select(Department).where(Department.code == code).options(joinedload(Department.caller))
    return session.scalars(statement).one_or_none()


def get_department(session: Session, code: str) -> Department:
    """To look at it. Raises DepartmentNotFound."""
    department = find_by_code(session, code)
    if department is None:
        raise DepartmentNotFound
    return department


def calling_department(session: Session, actor: Principal) -> Department:
    """The department that calls. Raises DepartmentNotFound for callers that are none."""
    return get_department(session, actor.client_id)


def lock_department(session: Session, code: str) -> Department:
    """To change it: versions of its policy come one after another. Raises DepartmentNotFound."""
    department = session.scalars(select(Department).where(Department.code == code).with_for_update()).one_or_none()
    if department is None:
        raise DepartmentNotFound
    return department


def list_departments(session: Session, wanted: Wanted) -> Page[Department]:
    """By code, those that were shut out too, with their callers. Raises CursorRefused."""
    return page(session, select(Department).options(joinedload(Department.caller)), Department.code, wanted)


def find_by_audience(session: Session, audience: str) -> Department | None:
    """The department whose caller has this audience, with its caller."""
    statement = (
        select(Department)
        .join(Caller, Caller.id == Department.caller_id)
        .where(Caller.audience == audience)
        .options(joinedload(Department.caller))
    )
    return session.scalars(statement).one_or_none()


def policy_in_force(session: Session, department: Department) -> Policy | None:
    """The highest version of the department's policy."""
    statement = select(Policy).where(Policy.department_id == department.id).order_by(Policy.version.desc()).limit(1)
    return session.scalars(statement).one_or_none()


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """What a department may learn now, and the version that says so."""

    version: int
    rules: PolicyRules


def rules_in_force(session: Session, department: Department) -> RulesInForce:
    """Nothing, by version 0, without a policy. Raises PolicyInvalid when the row was tampered with."""
    policy = policy_in_force(session, department)
    return RulesInForce(0, NOTHING) if policy is None else RulesInForce(policy.version, parse_policy(policy.terms))


def codes_seen_by(session: Session, actor: Principal, wanted: str | None = None) -> list[str]:
    """The departments whose affairs a caller may see: its own, or to administrators all; the wanted one of them.

    Raises DepartmentNotFound when the wanted one is not among them.
    """
    everybody = session.scalars(select(Department.code))
    codes = [code for code in everybody if Scope.DEPARTMENTS_WRITE in actor.scopes or code == actor.client_id]
    if wanted is None:
        return codes
    if wanted not in codes:
        raise DepartmentNotFound
    return [wanted]
