"""Who may compare faces with photographs: invited with a code, and known from then on by their own card.

The department knows people by pseudonyms only, and nobody can look those up. So whoever is to be an attendant enters
the code at a kiosk, with their card and PIN.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ServiceDescription
from kiosk.departments.contract.declaration import Answer, Service, Visit
from kiosk.departments.contract.forms import digits, form
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.social_insurance.models import Attendant, AttendantInvitation

INVITED_FOR: Final = timedelta(hours=1)
_DIGITS: Final = 10


class NotInvited(ServiceRefused):
    """Raised when the code is none that was given out, or its hour is over, or it was used."""

    code = "not-invited"
    title = "There is no invitation with this code"
    message = texts(
        "This code is not valid, or no longer. Please ask for a new one.",
        "此代码无效或已过期，请索取新代码。",
        "Este código não é válido, ou já não é. Peça um novo, por favor.",
    )


def random_digits() -> str:
    """Ten, which somebody can type."""
    return f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"


def invite(session: Session, name: str, now: datetime, entropy: Callable[[], str] = random_digits) -> str:
    """A code that makes whoever enters it an attendant of this name, within the hour. An earlier one is void."""
    code = entropy()
    session.execute(delete(AttendantInvitation).where(AttendantInvitation.name == name))
    session.add(AttendantInvitation(sha256=_hash(code), name=name, until=now + INVITED_FOR))
    return code


def enrol(session: Session, visit: Visit) -> Answer:
    """Take the code; from now on they may confirm."""
    taken = (
        delete(AttendantInvitation)
        .where(AttendantInvitation.sha256 == _hash(visit.input["code"]), AttendantInvitation.until > visit.now)
        .returning(AttendantInvitation.name)
    )
    name = session.scalars(taken).one_or_none()
    if name is None:
        raise NotInvited
    appoint(session, visit.visitor.pseudonym, name)
    return Answer(
        title=texts("You are an attendant now", "您已成为工作人员", "Agora é funcionário"),
        fields=(OutcomeField(label=texts("Name", "姓名", "Nome"), value=name),),
    )


def appoint(session: Session, pseudonym: str, name: str) -> None:
    """Let somebody confirm; again, if they once could."""
    new = insert_into(session, Attendant).values(pseudonym=pseudonym, name=name, until=None)
    session.execute(new.on_conflict_do_update(index_elements=[Attendant.pseudonym], set_={"name": name, "until": None}))


def release(session: Session, name: str, now: datetime) -> bool:
    """Let nobody of this name confirm any more; what they confirmed stays. Whether there was one."""
    session.execute(delete(AttendantInvitation).where(AttendantInvitation.name == name))
    out = update(Attendant).where(Attendant.name == name, Attendant.until.is_(None)).values(until=now)
    return bool(session.scalars(out.returning(Attendant.pseudonym)).all())


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


ATTENDANT_ENROLMENT: Final = Service(
    ServiceDescription(
        code="attendant-enrolment",
        titles=texts("Staff: become an attendant", "工作人员登记", "Funcionários: registo"),
        summaries=texts(
            "For staff with a code from the department.",
            "供持有部门代码的工作人员使用。",
            "Para funcionários com um código do departamento.",
        ),
        level=Level.PIN,
        input=form(
            code=digits(
                texts("Your code", "您的代码", "O seu código"),
                texts("Ten digits", "10位数字", "Dez algarismos"),
                length=_DIGITS,
                example="0123456789",
            )
        ),
    ),
    enrol,
)
