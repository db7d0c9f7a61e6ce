"""The mandates that somebody gave or has, and ending one: each of the two can, at any time, with a PIN."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from cardsvc.wire.manifest import OutcomeField, Texts
from kiosk.departments.community.mandate import SCOPES
from kiosk.departments.community.models import Mandate
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Visit
from kiosk.departments.contract.matters import Kind, Matter
from kiosk.departments.contract.refusals import NothingToTakeBack
from kiosk.departments.contract.texts import texts

ENDED: Final = texts("The mandate has ended", "委托已终止", "O mandato terminou")
_END: Final = texts("End it", "终止", "Terminar")
_GIVEN: Final = texts("Mandate that you gave", "您授予的委托", "Mandato que deu")
_HELD: Final = texts("Mandate that you have", "您接受的委托", "Mandato que tem")
_MANDATE: Final = texts("Mandate", "委托", "Mandato")


def mandates_of(session: Session, pseudonym: str, now: datetime) -> Iterable[Matter]:
    """Those in force, as principal or as carer, the newest first."""
    mine = or_(Mandate.principal_pseudonym == pseudonym, Mandate.carer_pseudonym == pseudonym)
    standing = select(Mandate).where(mine, Mandate.ended_at.is_(None), Mandate.until >= city_date(now))
    return [_matter(mandate, pseudonym) for mandate in session.scalars(standing.order_by(Mandate.since.desc()))]


def end(session: Session, visit: Visit, reference: str) -> Answer:
    """End one that is in force."""
    me = visit.visitor.pseudonym
    ended = (
        update(Mandate)
        .where(
            Mandate.receipt == reference,
            or_(Mandate.principal_pseudonym == me, Mandate.carer_pseudonym == me),
            Mandate.ended_at.is_(None),
            Mandate.until >= city_date(visit.now),
        )
        .values(ended_at=visit.now, ended_by=visit.receipt)
        .returning(Mandate.scope, Mandate.receipt)
    )
    row = session.execute(ended).one_or_none()
    if row is None:
        raise NothingToTakeBack
    return Answer(title=ENDED, fields=(OutcomeField(label=SCOPES[row.scope], value=row.receipt),))


def _matter(mandate: Mandate, pseudonym: str) -> Matter:
    given = mandate.principal_pseudonym == pseudonym
    said = f"{mandate.carer if given else mandate.principal} · {mandate.until}"
    label = _label(_GIVEN if given else _HELD, mandate.scope)
    return Matter(OutcomeField(label=label, value=said, action=MANDATES.back(mandate.receipt, _END)))


def _label(titles: Texts, scope: str) -> Texts:
    return {language: f"{title} · {SCOPES[scope][language]}" for language, title in titles.items()}


MANDATES: Final = Kind("mandate", _MANDATE, mandates_of, end)
