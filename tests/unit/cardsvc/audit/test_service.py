"""Audit records: each citizen's are numbered without gaps, and a challenge is answered once."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from cardsvc.audit.leaf import NotCanonical
from cardsvc.audit.models import AuditNote, AuditRecord, AuditWaiting
from cardsvc.audit.service import (
    OK,
    REPLAYED,
    Draft,
    Step,
    erase_notes,
    record,
    record_all,
    record_change,
    steps_of,
)
from cardsvc.citizens.models import Citizen
from cardsvc.db import new_id, reading, transaction
from cardsvc.services import Services
from tests.fixtures.services import NOW


def enrol_people(services: Services, count: int) -> list[UUID]:
    ids = [new_id() for _ in range(count)]
    with transaction(services.sessions) as session:
        session.add_all(Citizen(id=id_, wrapped_key=None, sealed_person=b"", created_at=NOW) for id_ in ids)
    return ids


def draft(citizen_id: UUID | None = None, challenge_id: UUID | None = None, **detail: Any) -> Draft:
    return Draft("authentication", OK, "kiosk-1", NOW, citizen_id, challenge_id=challenge_id, detail=detail)


def numbers(services: Services, citizen_id: UUID) -> list[int | None]:
    with reading(services.sessions) as session:
        records = session.query(AuditRecord).filter_by(citizen_id=citizen_id)
        return sorted((entry.citizen_counter for entry in records), key=lambda number: number or 0)


def test_a_record_is_there_as_it_was_written(services: Services) -> None:
    (citizen,) = enrol_people(services, 1)
    with transaction(services.sessions) as session:
        written = record(
            session, event="card.revoke", outcome=OK, actor="ana", now=NOW, citizen_id=citizen, reason="lost"
        )

    with reading(services.sessions) as session:
        entry = session.get_one(AuditRecord, written.id)
    assert (entry.at, entry.event, entry.outcome, entry.actor) == (NOW, "card.revoke", "ok", "ana")
    assert (entry.citizen_id, entry.citizen_counter, entry.detail) == (citizen, 1, {"reason": "lost"})


def test_records_about_nobody_have_no_number(services: Services) -> None:
    with transaction(services.sessions) as session:
        entry = record(session, event="caller.register", outcome=OK, actor="ceremony", now=NOW)

    assert entry.citizen_counter is None


def test_somebody_enrolled_in_the_same_transaction_is_numbered_too(services: Services) -> None:
    with transaction(services.sessions) as session:
        citizen = Citizen(id=new_id(), wrapped_key=None, sealed_person=b"", audit_counter=0, created_at=NOW)
        session.add(citizen)
        entry = record(session, event="citizen.enrol", outcome=OK, actor="ana", now=NOW, citizen_id=citizen.id)

    assert entry.citizen_counter == 1


def test_what_is_rolled_back_leaves_no_gap(services: Services) -> None:
    (citizen,) = enrol_people(services, 1)

    def write() -> None:
        with transaction(services.sessions) as session:
            record(session, event="x", outcome=OK, actor="ana", now=NOW, citizen_id=citizen)
            raise LookupError

    with pytest.raises(LookupError):
        write()
    with transaction(services.sessions) as session:
        record(session, event="x", outcome=OK, actor="ana", now=NOW, citizen_id=citizen)

    assert numbers(services, citizen) == [1]


def test_many_records_of_one_person_and_of_several_are_numbered(services: Services) -> None:
    ana, bo, wei = enrol_people(services, 3)
    for batch in ([ana, bo, ana, ana], [bo, None, wei], [ana]):
        with transaction(services.sessions) as session:
            record_all(session.connection(), [draft(citizen) for citizen in batch])

    assert numbers(services, ana) == [1, 2, 3, 4]
    assert numbers(services, bo) == [1, 2]
    assert numbers(services, wei) == [1]


def test_a_challenge_is_answered_once_in_a_batch_and_over_batches(services: Services) -> None:
    (citizen,) = enrol_people(services, 1)
    challenge, other = uuid4(), uuid4()
    first, twin, late = (draft(citizen, challenge, who=who) for who in ("first", "twin", "late"))

    with transaction(services.sessions) as session:
        standing = record_all(session.connection(), [first, twin, draft(citizen, other)])
    with transaction(services.sessions) as session:
        assert record_all(session.connection(), [late]) == frozenset()

    assert first.id in standing
    assert twin.id not in standing
    with reading(services.sessions) as session:
        replays = session.query(AuditRecord).filter_by(outcome=REPLAYED).all()
    assert {entry.detail["who"] for entry in replays} == {"twin", "late"}
    assert all(entry.detail["challenge"] == str(challenge) for entry in replays)
    assert all(entry.challenge_id is None for entry in replays)
    assert numbers(services, citizen) == [1, 2, 3, 4]


def test_the_history_of_a_card_is_kept_in_order(services: Services) -> None:
    card = uuid4()
    with transaction(services.sessions) as session:
        for state, reason in (("stock", None), ("reserved", "why not"), ("personalising", None)):
            record_change(session, card, state, actor="ana", now=NOW, reason=reason)
        record_change(session, uuid4(), "stock", actor="bo", now=NOW)

    with reading(services.sessions) as session:
        assert steps_of(session, card) == [
            Step("stock", "ana", NOW, None),
            Step("reserved", "ana", NOW, "why not"),
            Step("personalising", "ana", NOW, None),
        ]


def test_a_reason_can_be_erased_and_its_salted_digest_stays(services: Services) -> None:
    (citizen,) = enrol_people(services, 1)
    card, other = uuid4(), uuid4()
    with transaction(services.sessions) as session:
        record_change(session, card, "revoked", actor="ana", now=NOW, reason="Mr Wong lost it")
        record_change(session, other, "revoked", actor="ana", now=NOW, reason="stolen")
        note = session.scalars(select(AuditNote).where(AuditNote.text == "Mr Wong lost it")).one()
        digest = hashlib.sha256(note.salt + b"Mr Wong lost it").digest()
        erase_notes(session, citizen_id=citizen, subject_ids=[card])

    with reading(services.sessions) as session:
        assert steps_of(session, card) == [Step("revoked", "ana", NOW, None)]
        assert steps_of(session, other)[0].reason == "stolen"
        assert session.scalars(select(AuditRecord.note_digest).where(AuditRecord.subject_id == card)).one() == digest


def test_every_record_waits_for_its_place_in_the_log(services: Services) -> None:
    (citizen,) = enrol_people(services, 1)
    challenge = uuid4()
    with transaction(services.sessions) as session:
        record(session, event="card.revoke", outcome=OK, actor="ana", now=NOW)
        record_change(session, uuid4(), "revoked", actor="ana", now=NOW)
        record_all(session.connection(), [draft(citizen, challenge), draft(citizen, challenge), draft(citizen)])
        record_all(session.connection(), [])

    with reading(services.sessions) as session:
        assert set(session.scalars(select(AuditWaiting.record_id))) == set(session.scalars(select(AuditRecord.id)))


@pytest.mark.parametrize("detail", [0.5, 2**53, NOW, b"bytes", {"名": 1}, "\ud800"])
def test_what_databases_do_not_give_back_alike_has_no_place_in_a_record(services: Services, detail: Any) -> None:
    with transaction(services.sessions) as session, pytest.raises(NotCanonical):
        record(session, event="x", outcome=OK, actor="ana", now=NOW, something=detail)


PEOPLE = st.integers(0, 2)
CHALLENGES = st.integers(0, 4)
BATCHES = st.lists(st.lists(st.tuples(PEOPLE, CHALLENGES), max_size=6), max_size=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(BATCHES)
def test_whatever_comes_numbers_have_no_gaps_and_challenges_one_answer(
    sqlite_services: Services, batches: list[list[tuple[int, int]]]
) -> None:
    services = sqlite_services
    people, challenges = enrol_people(services, 3), [uuid4() for _ in range(5)]
    stood: list[UUID] = []
    for batch in batches:
        entries = [draft(people[person], challenges[challenge]) for person, challenge in batch]
        with transaction(services.sessions) as session:
            standing = record_all(session.connection(), entries)
        stood += [challenges[c] for entry, (_, c) in zip(entries, batch, strict=True) if entry.id in standing]

    assert sorted(stood) == sorted({challenges[c] for batch in batches for _, c in batch})
    for index, person in enumerate(people):
        count = sum(who == index for batch in batches for who, _ in batch)
        assert numbers(services, person) == list(range(1, count + 1))
