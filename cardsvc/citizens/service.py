"""Enrolling people, and reading what is sealed about them.

Each person has a data key of their own, and the keystore seals that: erasing a person is deleting one key, also in
every backup of the database that is opened with the present keystore's rows.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.citizens.models import Citizen
from cardsvc.db import new_id
from cardsvc.errors import ServiceError
from cardsvc.trust import sealing
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.wire.lifecycle import Person


class PersonErased(ServiceError):
    """Raised when the personal data asked for was erased."""

    code = "person-erased"
    title = "The personal data was erased"

    def __init__(self) -> None:
        super().__init__("This person's data was erased and cannot be brought back.")


def enrol(session: Session, keystore: Keystore, person: Person, now: datetime) -> Citizen:
    """Keep a person, sealed. The caller records who did it and why."""
    identity, data_key = new_id(), secrets.token_bytes(sealing.KEY_SIZE)
    citizen = Citizen(
        id=identity,
        wrapped_key=keystore.seal(KeyName.PERSONAL_DATA, data_key, _key_context(identity)),
        sealed_person=sealing.seal(data_key, person.model_dump_json().encode(), _person_context(identity)),
        audit_counter=0,
        created_at=now,
    )
    session.add(citizen)
    session.flush()
    return citizen


def open_person(keystore: Keystore, citizen: Citizen) -> Person:
    """What is known about a person. Raises PersonErased; NotSealedHere when the row was tampered with."""
    if citizen.wrapped_key is None:
        raise PersonErased
    data_key = keystore.open(KeyName.PERSONAL_DATA, citizen.wrapped_key, _key_context(citizen.id))
    return Person.model_validate_json(sealing.unseal(data_key, citizen.sealed_person, _person_context(citizen.id)))


def _key_context(citizen_id: UUID) -> bytes:
    return b"citizen/key/" + citizen_id.bytes


def _person_context(citizen_id: UUID) -> bytes:
    return b"citizen/person/" + citizen_id.bytes
