"""Letting departments take part, and putting versions of their policies in force. Who may, `drafting.py` says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.models import CallerKind
from cardsvc.callers.service import register_caller
from cardsvc.db import new_id
from cardsvc.departments.errors import DepartmentExists, PolicyInvalid
from cardsvc.departments.models import Department, Policy
from cardsvc.departments.policy import parse_policy, write_policy
from cardsvc.departments.repository import find_by_code, lock_department, policy_in_force
from cardsvc.wire.base import Code
from cardsvc.wire.manifest import department_audience

_code: TypeAdapter[str] = TypeAdapter(Code)


def add_department(
    session: Session,
    *,
    code: str,
    title: str,
    public_jwk: Mapping[str, Any],
    actor: str,
    now: datetime,
) -> Department:
    """Register a department as a caller (its code is its client id). Without a policy it is told nothing.

    Raises DepartmentExists, PolicyInvalid for a code that is none, and what `register_caller` raises.
    """
    if find_by_code(session, code) is not None:
        raise DepartmentExists(code)
    caller = register_caller(
        session,
        client_id=_checked(code),
        kind=CallerKind.DEPARTMENT,
        title=title,
        public_jwk=public_jwk,
        actor=actor,
        now=now,
        audience=department_audience(code),
    )
    department = Department(id=new_id(), code=code, title=title, caller=caller, created_at=now)
    session.add(department)
    session.flush()
    return department


def rename_department(session: Session, code: str, title: str, *, actor: str, now: datetime) -> Department:
    """Change what a department is called. Raises DepartmentNotFound."""
    department = lock_department(session, code)
    department.title = department.caller.title = title
    record(session, event="department.change", outcome=OK, actor=actor, now=now, department=code, changed=["title"])
    return department


def publish_policy(session: Session, department: Department, terms: Any, *, actor: str, now: datetime) -> Policy:
    """Put the next version of a policy in force. Raises PolicyInvalid."""
    rules = parse_policy(terms)
    present = policy_in_force(session, department)
    policy = Policy(
        id=new_id(),
        department_id=department.id,
        version=version_of(present) + 1,
        terms=write_policy(rules),
        created_by=actor,
        created_at=now,
    )
    session.add(policy)
    session.flush()
    record(
        session,
        event="policy.publish",
        outcome=OK,
        actor=actor,
        now=now,
        department=department.code,
        version=policy.version,
    )
    return policy


def version_of(policy: Policy | None) -> int:
    """0 for none."""
    return 0 if policy is None else policy.version


def _checked(code: str) -> str:
    try:
        return _code.validate_python(code)
    except ValidationError:
        raise PolicyInvalid("A department's code has small letters, digits and single hyphens.") from None
