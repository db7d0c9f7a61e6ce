"""Making every person's search tokens anew: after an upgrade that knows more words, or under another key."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select

from cardsvc.audit.service import OK, record
from cardsvc.citizens import blind_index
from cardsvc.citizens.models import Citizen
from cardsvc.citizens.service import open_person
from cardsvc.db import SessionFactory, reading, transaction
from cardsvc.trust.keystore import Keystore

_AT_ONCE: Final = 200


def reindex_everybody(sessions: SessionFactory, keystore: Keystore, *, actor: str, now: datetime) -> int:
    """How many people there are. Others go on working meanwhile; may be broken off, and repeated."""
    with reading(sessions) as session:
        people = session.scalars(select(Citizen.id).where(Citizen.wrapped_key.is_not(None)).order_by(Citizen.id)).all()
    for start in range(0, len(people), _AT_ONCE):
        batch = people[start : start + _AT_ONCE]
        with transaction(sessions) as session:
            rows = select(Citizen).where(Citizen.id.in_(batch)).order_by(Citizen.id).with_for_update()
            for citizen in session.scalars(rows).all():
                if citizen.wrapped_key is not None:  # not erased meanwhile
                    person = open_person(keystore, citizen)
                    citizen.document_token = blind_index.document_token(keystore, person.document_number)
                    blind_index.index(session, keystore, citizen, person)
    with transaction(sessions) as session:
        record(session, event="people.reindex", outcome=OK, actor=actor, now=now, count=len(people))
    return len(people)
