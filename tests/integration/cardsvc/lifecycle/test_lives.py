"""What became of a person's applications and cards, on both databases."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from cardsvc.wire.lifecycle import ApplicationKind, ApplicationState, ReplacementCause
from cardsvc.wire.losses import Channel, LossKind, LossOutcome, LossReportRequest
from cardsvc.wire.people import CorrectionCause, CorrectionRequest, Purpose
from cardsvc.wire.registry import RegistryEventKind, RegistryEventRequest
from tests.fixtures.counter import Counter, states


def test_a_life_tells_of_all_applications_cards_losses_events_and_corrections(counter: Counter) -> None:
    ana, (citizen_id, old) = counter.ana, counter.first()
    ana.correct_person(citizen_id, CorrectionRequest(cause=CorrectionCause.MOVE, district="taipa"))
    loss = ana.report_loss(LossReportRequest(citizen_id=citizen_id, kind=LossKind.LOST, channel=Channel.DESK))
    new = counter.issued(ana.apply(citizen_id, ApplicationKind.REPLACEMENT, ReplacementCause.LOST))
    told = RegistryEventRequest(kind=RegistryEventKind.MOVED_AWAY, reference="R-1", occurred_on=date(2026, 1, 2))
    event = ana.report_registry_event(citizen_id, told)

    life = counter.bo.person_life(citizen_id, Purpose.COMPLAINT, "C-9")

    first, second = life.applications
    assert (first.kind, first.card_uuid, first.replaces_uuid) == (ApplicationKind.FIRST, old.uuid, None)
    assert (second.kind, second.cause) == (ApplicationKind.REPLACEMENT, ReplacementCause.LOST)
    assert (second.card_uuid, second.replaces_uuid, second.state) == (new.uuid, old.uuid, ApplicationState.CLOSED)
    assert states(second.history) == ["draft", "submitted", "approved", "personalising", "produced", "closed"]
    assert life.cards == [ana.card(old.uuid), ana.card(new.uuid)]
    assert [(one.number, one.card_uuid, one.outcome) for one in life.losses] == [
        (loss.number, old.uuid, LossOutcome.REVOKED)
    ]
    assert life.registry_events == [event]
    assert [(one.corrected_by, one.cause) for one in life.corrections] == [("ana", CorrectionCause.MOVE)]


def test_a_life_holds_nothing_personal_and_the_look_is_on_record(counter: Counter) -> None:
    person = counter.person()
    citizen_id = counter.ana.create_application(person).citizen_id
    told = counter.ana.person_life(citizen_id, Purpose.APPLICATION, "C-7").model_dump_json()
    assert not [value for value in (person.name, person.name_latin, person.document_number) if str(value) in told]
    (look,) = counter.city.audit("person.open-life")
    assert (look.actor, look.citizen_id) == ("ana", citizen_id)
    assert look.detail == {"purpose": "application", "reference": "C-7"}


def test_nobody_has_a_life_who_is_not_enrolled(counter: Counter) -> None:
    problem = counter.refused(lambda: counter.ana.person_life(uuid4(), Purpose.APPLICATION))
    assert problem.code == "no-such-citizen"
