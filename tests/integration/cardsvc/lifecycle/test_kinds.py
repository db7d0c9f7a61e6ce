"""Each kind of application, on both databases: what it needs, what it holds, and what its card replaces."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from cardsvc.trust.models import CertificateStatus
from cardsvc.wire.lifecycle import (
    ApplicationKind,
    ApplicationState,
    CardState,
    DraftChange,
    HoldReason,
    ReplacementCause,
    RevocationReason,
)
from tests.fixtures.counter import Counter, states

DAMAGED = ReplacementCause.DAMAGED


def test_a_first_card_from_draft_to_active(counter: Counter) -> None:
    draft = counter.ana.create_application(counter.person(), appointment="A-17")
    card = counter.issued(draft)
    seen = counter.ana.application(draft.id)
    assert (seen.kind, seen.appointment, seen.state) == (ApplicationKind.FIRST, "A-17", ApplicationState.CLOSED)
    assert states(seen.history) == ["draft", "submitted", "approved", "personalising", "produced", "closed"]
    assert states(card.history) == ["stock", "reserved", "personalising", "sealed", "delivered", "active"]
    assert [step.actor for step in card.history] == ["ana", "ana", "desk-1", "desk-1", "ana", "desk-1"]
    assert counter.statuses(card.uuid) == {CertificateStatus.VALID}


def test_whoever_has_a_card_gets_no_first_one(counter: Counter) -> None:
    citizen_id, card = counter.first()
    assert counter.refused(lambda: counter.ana.apply(citizen_id, ApplicationKind.FIRST)).code == "card-in-use"
    counter.ana.revoke(card.uuid, RevocationReason.WITHDRAWN)
    assert counter.ana.apply(citizen_id, ApplicationKind.FIRST).state is ApplicationState.DRAFT


def test_one_application_at_a_time(counter: Counter) -> None:
    citizen_id, _ = counter.first()
    first = counter.ana.apply(citizen_id, ApplicationKind.CORRECTION)
    problem = counter.refused(lambda: counter.ana.apply(citizen_id, ApplicationKind.TEMPORARY))
    assert (problem.code, problem.data) == ("application-open", {"application_id": str(first.id)})
    counter.ana.cancel(first.id, "not needed")
    assert counter.ana.apply(citizen_id, ApplicationKind.TEMPORARY).state is ApplicationState.DRAFT


def test_nobody_asks_for_a_card_for_somebody_unknown(counter: Counter) -> None:
    assert counter.refused(lambda: counter.ana.apply(uuid4(), ApplicationKind.FIRST)).code == "no-such-citizen"


def test_a_replacement_holds_the_old_card_and_its_activation_revokes_it(counter: Counter) -> None:
    citizen_id, old = counter.first()
    draft = counter.ana.apply(citizen_id, ApplicationKind.REPLACEMENT, DAMAGED)
    assert (draft.replaces_uuid, counter.state(old.uuid)) == (old.uuid, CardState.ACTIVE)
    counter.ana.submit(draft.id)
    held = counter.ana.card(old.uuid)
    assert (held.state, held.hold_reason) == (CardState.HELD, HoldReason.REPLACEMENT)
    assert counter.statuses(old.uuid) == {CertificateStatus.ON_HOLD}
    counter.bo.approve(draft.id)
    new = counter.ana.deliver(counter.write(counter.reserved(draft).uuid))
    assert counter.state(old.uuid) is CardState.HELD
    counter.activate(new.uuid)
    revoked = counter.ana.card(old.uuid)
    assert (revoked.state, revoked.hold_reason) == (CardState.REVOKED, None)
    assert counter.statuses(old.uuid) == {CertificateStatus.REVOKED}
    assert counter.state(new.uuid) is CardState.ACTIVE
    assert (revoked.history[-1].actor, revoked.history[-1].reason) == ("desk-1", "superseded")


@pytest.mark.parametrize("how", ["cancelled by its writer", "rejected by a colleague"])
def test_a_replacement_that_comes_to_nothing_restores_the_old_card(counter: Counter, how: str) -> None:
    citizen_id, old = counter.first()
    application = counter.another(citizen_id, ApplicationKind.REPLACEMENT, DAMAGED)
    if how.startswith("cancelled"):
        counter.ana.cancel(application.id, "it works after all")
    else:
        counter.bo.reject(application.id, "it works after all")
    card = counter.ana.card(old.uuid)
    assert (card.state, card.hold_reason) == (CardState.ACTIVE, None)
    assert counter.statuses(old.uuid) == {CertificateStatus.VALID}
    assert states(card.history)[-3:] == ["active", "held", "active"]


def test_a_finished_replacement_that_is_cancelled_is_revoked_and_the_old_card_restored(counter: Counter) -> None:
    citizen_id, old = counter.first()
    application = counter.another(citizen_id, ApplicationKind.REPLACEMENT, DAMAGED)
    counter.bo.approve(application.id)
    new = counter.ana.deliver(counter.write(counter.reserved(application).uuid))
    assert counter.ana.cancel(application.id, "the old one was repaired").state is ApplicationState.CANCELLED
    assert (counter.state(new.uuid), counter.state(old.uuid)) == (CardState.REVOKED, CardState.ACTIVE)
    assert counter.statuses(new.uuid) == {CertificateStatus.REVOKED}


def test_a_cancelled_replacement_gives_its_blank_card_back(counter: Counter) -> None:
    citizen_id, _ = counter.first()
    application = counter.another(citizen_id, ApplicationKind.REPLACEMENT, DAMAGED)
    counter.bo.approve(application.id)
    blank = counter.reserved(application)
    counter.ana.cancel(application.id, "it works after all")
    assert (counter.ana.card(blank.uuid).state, counter.ana.card(blank.uuid).expires_on) == (CardState.STOCK, None)


def test_cancelling_restores_no_card_that_something_else_holds(counter: Counter) -> None:
    citizen_id, old = counter.first()
    counter.ana.hold(old.uuid, "seen at two kiosks at once")
    problem = counter.refused(lambda: counter.ana.apply(citizen_id, ApplicationKind.REPLACEMENT, DAMAGED))
    assert (problem.code, problem.data["state"]) == ("card-does-not-call-for-it", "held")
    assert counter.state(old.uuid) is CardState.HELD


def test_a_lost_card_is_replaced_only_after_its_loss_was_reported(counter: Counter) -> None:
    citizen_id, _ = counter.first()
    problem = counter.refused(lambda: counter.ana.apply(citizen_id, ApplicationKind.REPLACEMENT, ReplacementCause.LOST))
    assert problem.code == "loss-not-reported"


def test_a_renewal_from_sixty_days_before_the_end(counter: Counter) -> None:
    citizen_id, old = counter.first()
    assert old.expires_on == date(2031, 3, 2)
    counter.city.clock.now = counter.city.clock.now.replace(year=2030, month=12, day=31)
    problem = counter.refused(lambda: counter.ana.apply(citizen_id, ApplicationKind.RENEWAL))
    assert (problem.code, problem.data) == ("renewal-too-early", {"opens_on": "2031-01-01"})
    counter.city.clock.advance(days=1)
    application = counter.another(citizen_id, ApplicationKind.RENEWAL)
    counter.bo.approve(application.id)
    new = counter.ana.deliver(counter.write(counter.reserved(application).uuid))
    assert counter.state(old.uuid) is CardState.ACTIVE
    assert counter.activate(new.uuid).expires_on == date(2036, 1, 1)
    assert counter.state(old.uuid) is CardState.REVOKED
    keys = [key for uuid in (old.uuid, new.uuid) for key in counter.keys[uuid].keys.values()]
    assert len({key.public_key().public_numbers() for key in keys}) == 4


def test_a_temporary_card_for_one_that_was_forgotten(counter: Counter) -> None:
    citizen_id, old = counter.first()
    application = counter.another(citizen_id, ApplicationKind.TEMPORARY)
    held = counter.ana.card(old.uuid)
    assert (held.state, held.hold_reason) == (CardState.HELD, HoldReason.TEMPORARY)
    counter.bo.approve(application.id)
    delivered = counter.ana.deliver(counter.write(counter.reserved(application).uuid))
    temporary = counter.activate(delivered.uuid)
    assert (temporary.temporary, temporary.expires_on) == (True, date(2026, 3, 9))
    assert counter.state(old.uuid) is CardState.HELD
    returned = counter.ana.return_card(temporary.uuid)
    assert returned.state is CardState.REVOKED
    assert counter.ana.card(old.uuid).state is CardState.ACTIVE
    assert counter.statuses(old.uuid) == {CertificateStatus.VALID}
    assert counter.refused(lambda: counter.ana.return_card(temporary.uuid)).code == "transition-refused"


def test_a_temporary_card_that_is_brought_back_before_its_activation(counter: Counter) -> None:
    citizen_id, old = counter.first()
    temporary = counter.delivered(counter.ana.apply(citizen_id, ApplicationKind.TEMPORARY))
    assert counter.ana.return_card(temporary.uuid).state is CardState.REVOKED
    assert counter.state(old.uuid) is CardState.ACTIVE


def test_only_temporary_cards_are_returned(counter: Counter) -> None:
    _, card = counter.first()
    assert counter.refused(lambda: counter.ana.return_card(card.uuid)).code == "not-a-temporary-card"


def test_a_correction_gives_a_new_card(counter: Counter) -> None:
    citizen_id, old = counter.first()
    new = counter.issued(counter.ana.apply(citizen_id, ApplicationKind.CORRECTION))
    assert (counter.state(old.uuid), counter.state(new.uuid)) == (CardState.REVOKED, CardState.ACTIVE)


@pytest.mark.parametrize("kind", [ApplicationKind.RENEWAL, ApplicationKind.TEMPORARY, ApplicationKind.CORRECTION])
def test_what_needs_an_active_card(sqlite_counter: Counter, kind: ApplicationKind) -> None:
    counter = sqlite_counter
    citizen_id, card = counter.first()
    counter.ana.revoke(card.uuid, RevocationReason.WITHDRAWN)
    problem = counter.refused(lambda: counter.ana.apply(citizen_id, kind))
    assert problem.data == {"kind": kind.value, "state": "revoked"}


def test_nobody_returns_from_a_death_that_was_never_reported(sqlite_counter: Counter) -> None:
    citizen_id, _ = sqlite_counter.first()
    problem = sqlite_counter.refused(lambda: sqlite_counter.ana.apply(citizen_id, ApplicationKind.RETURN))
    assert problem.code == "card-does-not-call-for-it"


def test_a_draft_can_be_changed_and_what_is_submitted_cannot(counter: Counter) -> None:
    draft = counter.ana.create_application(counter.person())
    changed = counter.ana.change_draft(draft.id, DraftChange(appointment="B-2"))
    assert (changed.appointment, states(changed.history)) == ("B-2", ["draft"])
    counter.ana.submit(draft.id)
    problem = counter.refused(lambda: counter.ana.change_draft(draft.id, DraftChange(appointment="C-3")))
    assert (problem.code, problem.data) == ("not-a-draft", {"state": "submitted"})
    assert counter.ana.application(draft.id).appointment == "B-2"


def test_a_draft_is_discarded(counter: Counter) -> None:
    draft = counter.ana.create_application(counter.person())
    cancelled = counter.ana.cancel(draft.id, "came to the wrong office")
    assert (cancelled.state, cancelled.history[-1].reason) == (ApplicationState.CANCELLED, "came to the wrong office")
    assert counter.refused(lambda: counter.ana.submit(draft.id)).code == "transition-refused"


def test_open_applications_are_listed_without_their_people(counter: Counter) -> None:
    draft = counter.ana.create_application(counter.person(), appointment="A-1")
    counter.bo.create_application(counter.person())
    assert [row.id for row in counter.ana.applications(mine=True)] == [draft.id]
    assert len(list(counter.ana.applications())) == 2
    assert "name" not in next(counter.ana.applications()).model_dump()


def test_a_card_that_was_spoilt_while_it_was_made_is_not_the_one_that_they_have(counter: Counter) -> None:
    """The blank card came into stock after the application was written: it passed for the newest, and for theirs."""
    draft = counter.ana.create_application(counter.person())
    counter.approved(draft)
    counter.city.clock.advance(minutes=1)
    counter.ana.spoil(counter.reserved(draft).uuid, "misprinted")
    card = counter.activate(counter.ana.deliver(counter.write(counter.reserved(draft).uuid)).uuid)
    replacement = counter.ana.apply(draft.citizen_id, ApplicationKind.REPLACEMENT, DAMAGED)
    assert replacement.replaces_uuid == card.uuid
