"""The desk's table of acts against the card service: every act in every situation is open exactly where it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy import update

from cardsvc.cards.models import Card as CardRow
from cardsvc.client import ServiceProblem
from cardsvc.db import transaction
from cardsvc.transitions import CARD_TRANSITIONS
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import ApplicationKind, Card, CardState, ReplacementCause, RevocationReason
from cardsvc.wire.losses import Channel, LossKind, LossReportRequest
from cardsvc.wire.manifest import Language
from cardsvc.wire.people import Purpose
from cardsvc.wire.registry import RegistryEventKind, RegistryEventRequest
from kiosk.desk.act_table import ACTS, offered, preview
from kiosk.desk.acts import Act, Given, Step, approvals_about, ask, step_of
from kiosk.desk.cases import Case, look_at_card, look_at_person
from kiosk.desk.on_duty import OnDuty
from kiosk.desk.words import words_in
from tests.fixtures.counter import Counter

WHY: Final = Given(reason="it is so", reference="R-1", occurred_on=date(2026, 1, 2))
NEAR_ITS_END: Final = timedelta(days=30)


def reserved(counter: Counter) -> UUID:
    return counter.reserved(counter.approved(counter.ana.create_application(counter.person()))).uuid


def begun(counter: Counter) -> UUID:
    uuid = reserved(counter)
    with transaction(counter.services.sessions) as session:
        session.execute(update(CardRow).where(CardRow.uuid == uuid).values(state=CardState.PERSONALISING))
    return uuid


def given_up(counter: Counter) -> UUID:
    return counter.ana.give_up(begun(counter), "broken").uuid


def sealed(counter: Counter) -> UUID:
    return counter.write(reserved(counter))


def delivered(counter: Counter) -> UUID:
    return counter.ana.deliver(sealed(counter)).uuid


def active(counter: Counter) -> UUID:
    """It can be renewed soon, so that its date is in the way of nothing."""
    uuid = counter.activate(delivered(counter)).uuid
    ends(counter, uuid, counter.city.clock().date() + NEAR_ITS_END)
    return uuid


def ends(counter: Counter, uuid: UUID, day: date) -> None:
    with transaction(counter.services.sessions) as session:
        session.execute(update(CardRow).where(CardRow.uuid == uuid).values(expires_on=day))


def holder(counter: Counter, uuid: UUID) -> UUID:
    return counter.keys[uuid].citizen_id


def reported(counter: Counter, kind: LossKind) -> UUID:
    uuid = active(counter)
    counter.ana.report_loss(LossReportRequest(citizen_id=holder(counter, uuid), kind=kind, channel=Channel.DESK))
    return uuid


def asked(counter: Counter, kind: ApplicationKind, cause: ReplacementCause | None = None) -> UUID:
    uuid = active(counter)
    counter.another(holder(counter, uuid), kind, cause)
    return uuid


def drafted(counter: Counter) -> UUID:
    uuid = active(counter)
    counter.ana.apply(holder(counter, uuid), ApplicationKind.RENEWAL)
    return uuid


def suspected(counter: Counter) -> UUID:
    return counter.ana.hold(active(counter), "odd").uuid


def gone(counter: Counter) -> UUID:
    uuid = active(counter)
    told = RegistryEventRequest(kind=RegistryEventKind.DEATH, reference="R-9", occurred_on=date(2026, 1, 2))
    counter.ana.report_registry_event(holder(counter, uuid), told)
    return uuid


def gone_for_good(counter: Counter) -> UUID:
    uuid = gone(counter)
    counter.approval(ApprovalKind.DEATH, holder(counter, uuid))
    (event,) = counter.ana.registry_events(holder(counter, uuid))
    counter.ana.confirm_registry_event(event.id)
    return uuid


def withdrawn(counter: Counter) -> UUID:
    return counter.ana.revoke(active(counter), RevocationReason.WITHDRAWN).uuid


def shredded(counter: Counter) -> UUID:
    return counter.ana.destroy(withdrawn(counter), "shredded").uuid


def expired(counter: Counter) -> UUID:
    uuid = active(counter)
    in_state(counter, uuid, CardState.EXPIRED)
    ends(counter, uuid, counter.city.clock().date() - timedelta(days=1))
    return uuid


def in_state(counter: Counter, uuid: UUID, state: CardState) -> None:
    with transaction(counter.services.sessions) as session:
        session.execute(update(CardRow).where(CardRow.uuid == uuid).values(state=state))


def stand_in(counter: Counter) -> UUID:
    """A temporary card, in use."""
    return counter.issued(counter.ana.apply(holder(counter, active(counter)), ApplicationKind.TEMPORARY)).uuid


def stand_in_over(counter: Counter) -> UUID:
    uuid = stand_in(counter)
    in_state(counter, uuid, CardState.EXPIRED)
    return uuid


def stand_in_after_a_loss(counter: Counter) -> UUID:
    """The forgotten card turned out to be lost."""
    uuid = stand_in_over(counter)
    (forgotten,) = [
        one for one in counter.keys.values() if one.citizen_id == holder(counter, uuid) and one.uuid != uuid
    ]
    report = LossReportRequest(
        citizen_id=holder(counter, uuid), card_uuid=forgotten.uuid, kind=LossKind.LOST, channel=Channel.DESK
    )
    counter.ana.report_loss(report)
    return uuid


SITUATIONS: Final[Mapping[str, Callable[[Counter], UUID]]] = {
    "blank": lambda counter: counter.blank().uuid,
    "reserved": reserved,
    "personalising": begun,
    "quarantined": given_up,
    "sealed": sealed,
    "delivered": delivered,
    "active": active,
    "active, renewal drafted": drafted,
    "active, renewal submitted": lambda counter: asked(counter, ApplicationKind.RENEWAL),
    "held on suspicion": suspected,
    "lost": lambda counter: reported(counter, LossKind.LOST),
    "stolen": lambda counter: reported(counter, LossKind.STOLEN),
    "forgotten": lambda counter: asked(counter, ApplicationKind.TEMPORARY),
    "damaged": lambda counter: asked(counter, ApplicationKind.REPLACEMENT, ReplacementCause.DAMAGED),
    "dead": gone,
    "dead, confirmed": gone_for_good,
    "withdrawn": withdrawn,
    "destroyed": shredded,
    "expired": expired,
    "temporary": stand_in,
    "temporary, over": stand_in_over,
    "temporary, over, the other lost": stand_in_after_a_loss,
}


def look(counter: Counter, uuid: UUID) -> Case:
    return look_at_card(counter.cy, uuid, Purpose.COMPLAINT, counter.city.clock(), people=True)


def is_done(counter: Counter, act: Act, case: Case) -> bool:
    """Cy does it; where it takes two, Bo agreed before."""
    try:
        if act.approval(case) is not None:
            counter.bo.approve_request(ask(counter.cy, act, case, "as the rules want it").id)
        act.run(counter.cy, case, WHY)
    except (ServiceProblem, ValueError):
        return False
    return True


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_an_act_is_open_exactly_where_the_service_does_it(sqlite_counter: Counter, act: Act) -> None:
    wrong = []
    for name, bring in SITUATIONS.items():
        case = look(sqlite_counter, bring(sqlite_counter))
        if act.name == "replace_lost" and case.forgotten is not None:
            continue  # it would replace the other card, and is offered there
        said = act.is_open(case)
        if is_done(sqlite_counter, act, case) is not said:
            wrong.append(f"{name}: the table says {said}")
    assert wrong == []


def test_the_situations_are_all_states_that_a_card_can_have(sqlite_counter: Counter) -> None:
    states = {look(sqlite_counter, bring(sqlite_counter)).state for bring in SITUATIONS.values()}
    assert states == set(CARD_TRANSITIONS)


def test_what_takes_two_is_asked_for_waits_and_is_left_to_somebody_else(sqlite_counter: Counter) -> None:
    counter, (act,) = sqlite_counter, [act for act in ACTS if act.name == "reinstate"]
    case = look(counter, suspected(counter))

    def step(me: str) -> Step:
        return step_of(act, case, approvals_about(counter.cy, case), me)

    assert step("cy") is Step.ASK
    approval = ask(counter.cy, act, case, "it was found")
    assert step("cy") is step("bo") is Step.WAIT
    counter.bo.approve_request(approval.id)
    assert (step("cy"), step("bo")) == (Step.DO, Step.LEAVE)
    act.run(counter.cy, case, WHY)
    assert look(counter, case.subject).state is CardState.ACTIVE
    assert step("cy") is Step.ASK


def test_only_what_the_officer_may_do_is_offered(sqlite_counter: Counter) -> None:
    case = look(sqlite_counter, active(sqlite_counter))
    standing = sqlite_counter.cy.own_standing()
    clerk = standing.model_copy(update={"scopes": ["cards:hold"]})
    assert [act.name for act in offered(case, OnDuty(sqlite_counter.cy, clerk))] == [
        "hold",
        "lost",
        "stolen",
        "registry",
    ]
    assert {"revoke", "unblock", "temporary"} < {act.name for act in offered(case, OnDuty(sqlite_counter.cy, standing))}


def test_a_preview_says_what_follows_for_the_card_the_citizen_and_whether_it_can_be_undone(
    sqlite_counter: Counter,
) -> None:
    words = words_in(Language.ENGLISH)["acts"]
    for bring in SITUATIONS.values():
        case = look(sqlite_counter, bring(sqlite_counter))
        for act in ACTS:
            if act.is_open(case):
                told = preview(act, case, WHY, words)
                assert len(told) >= 2, act.name
                assert not [sentence for sentence in told if "{" in sentence or not sentence.endswith(".")]
    (hold,) = [act for act in ACTS if act.name == "hold"]
    case = look(sqlite_counter, active(sqlite_counter))
    assert isinstance(case.card, Card)
    first, *_ = preview(hold, case, WHY, words)
    assert case.card.stock_number in first
    assert "certificates" in first


def test_a_person_is_opened_with_the_card_that_they_have(sqlite_counter: Counter) -> None:
    uuid = stand_in(sqlite_counter)
    citizen = holder(sqlite_counter, uuid)
    case = look_at_person(sqlite_counter.cy, citizen, Purpose.COMPLAINT, "C-1", sqlite_counter.city.clock())
    assert case.card is not None
    assert (case.card.state, case.citizen_id) == (CardState.HELD, citizen)
    assert case.card.uuid != uuid
    assert look(sqlite_counter, uuid).forgotten == case.card
