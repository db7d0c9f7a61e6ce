"""Enrolling people, and reading what is sealed about them.

Each person has a data key of their own, and the keystore seals that: erasing a person is deleting one key, also in
every backup of the database that is opened with the present keystore's rows.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cardsvc.citizens import blind_index
from cardsvc.citizens.errors import CitizenNotFound, PersonEnrolled, PersonErased
from cardsvc.citizens.models import Citizen
from cardsvc.db import new_id
from cardsvc.trust import sealing
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.wire.lifecycle import Person


def enrol(session: Session, keystore: Keystore, person: Person, now: datetime) -> Citizen:
    """Keep a person, sealed. The caller records who did it and why.

    Somebody who is enrolled with the same data is that person, and is given back. Raises PersonEnrolled when the
    document number is that of somebody with other data.
    """
    known = find_by_document(session, keystore, person.document_number)
    if known is not None:
        session.refresh(known, with_for_update=True)  # an erasure may be under way
        return _same(keystore, known, person)
    identity, data_key = new_id(), secrets.token_bytes(sealing.KEY_SIZE)
    citizen = Citizen(
        id=identity,
        wrapped_key=keystore.seal(KeyName.PERSONAL_DATA, data_key, _key_context(identity)),
        sealed_person=seal_person(data_key, identity, person),
        document_token=blind_index.document_token(keystore, person.document_number),
        audit_counter=0,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(citizen)
    except IntegrityError:  # somebody else enrolled them this moment
        raise PersonEnrolled(None, ()) from None
    blind_index.index(session, keystore, citizen, person)
    return citizen


def get_citizen(session: Session, citizen_id: UUID, *, to_change: bool = False) -> Citizen:
    """The person's row; ``to_change`` makes others wait who want to change it too. Raises CitizenNotFound."""
    statement = select(Citizen).where(Citizen.id == citizen_id)
    citizen = session.scalar(statement.with_for_update() if to_change else statement)
    if citizen is None:
        raise CitizenNotFound
    return citizen


def find_by_document(session: Session, keystore: Keystore, document_number: str) -> Citizen | None:
    """Whoever has this document number now."""
    token = blind_index.document_token(keystore, document_number)
    return session.scalar(select(Citizen).where(Citizen.document_token == token))


def open_person(keystore: Keystore, citizen: Citizen) -> Person:
    """What is known about a person. Raises PersonErased; NotSealedHere when the row was tampered with."""
    return unseal_person(open_data_key(keystore, citizen), citizen.id, citizen.sealed_person)


def open_data_key(keystore: Keystore, citizen: Citizen) -> bytes:
    """The key that seals everything about the person: not to be kept. Raises PersonErased, NotSealedHere."""
    if citizen.wrapped_key is None:
        raise PersonErased
    return keystore.open(KeyName.PERSONAL_DATA, citizen.wrapped_key, _key_context(citizen.id))


def seal_person(data_key: bytes, citizen_id: UUID, person: Person) -> bytes:
    """A version of the personal data, for the person's row."""
    return sealing.seal(data_key, person.model_dump_json().encode(), _person_context(citizen_id))


def unseal_person(data_key: bytes, citizen_id: UUID, sealed: bytes) -> Person:
    """What `seal_person` sealed. Raises NotSealedHere."""
    return Person.model_validate_json(sealing.unseal(data_key, sealed, _person_context(citizen_id)))


def _same(keystore: Keystore, known: Citizen, person: Person) -> Citizen:
    enrolled = open_person(keystore, known)
    differs = [name for name in Person.model_fields if getattr(enrolled, name) != getattr(person, name)]
    if differs:
        raise PersonEnrolled(known.id, differs)
    return known


def _key_context(citizen_id: UUID) -> bytes:
    return b"citizen/key/" + citizen_id.bytes


def _person_context(citizen_id: UUID) -> bytes:
    return b"citizen/person/" + citizen_id.bytes
