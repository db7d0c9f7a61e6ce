"""An act whose answer was lost is pressed again: the card service does it once, whichever act it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import select, update

from cardsvc.audit.models import AuditRecord
from cardsvc.audit.service import TRANSITION
from cardsvc.cards.models import Card as CardRow
from cardsvc.client import ServiceClient, ServiceProblem, ServiceUnreachable
from cardsvc.db import reading, transaction
from cardsvc.issuance.models import Application
from cardsvc.losses.models import LossReport
from cardsvc.stock.models import StockCount
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.losses import Channel
from cardsvc.wire.people import Purpose
from cardsvc.wire.stock import HandOverRequest
from kiosk.desk.act_table import ACTS
from kiosk.desk.acts import Given, intended
from kiosk.desk.cases import Case, look_at_card
from kiosk.desk.intents import KEPT, Intent, Intents, means
from kiosk.desk.queue import Act as Deed
from kiosk.desk.queue import intended as deciding
from kiosk.desk.stock import Offers
from tests.fixtures.counter import Counter
from tests.fixtures.lines import Line
from tests.fixtures.proofs import BASE_URL

GIVEN = Given(reason="it is so", channel=Channel.DESK)
COUNT = means("count", "hengqin")


@dataclass
class Clerk:
    """Ana, over a line that can lose an answer."""

    counter: Counter
    line: Line
    service: ServiceClient
    intents: Intents

    def does(self, intent: Intent, steps: Callable[[ServiceClient], Any]) -> Any:
        """And hears what came of it."""
        meant = self.intents.begin("ana", intent)
        try:
            result = steps(self.service.under(meant.key))
        except (ServiceProblem, ServiceUnreachable) as error:
            self.intents.heard(meant, error)
            raise
        self.intents.heard(meant, result)
        return result

    def does_it_unheard(self, intent: Intent, steps: Callable[[ServiceClient], Any]) -> None:
        """It is done, and the answer is lost."""
        self.line.lose_the_next_answer()
        with pytest.raises(ServiceUnreachable):
            self.does(intent, steps)
        self.line.mend()

    def does_it_twice(self, intent: Intent, steps: Callable[[ServiceClient], Any]) -> Any:
        """The first time the answer is lost."""
        self.does_it_unheard(intent, steps)
        return self.does(intent, steps)


@pytest.fixture
def clerk(sqlite_counter: Counter) -> Clerk:
    city = sqlite_counter.city
    line = Line(city.transport)
    service = ServiceClient(BASE_URL, "ana", city.keys["ana"], clock=city.clock, transport=line)
    return Clerk(sqlite_counter, line, service, Intents(city.clock))


def active(counter: Counter) -> UUID:
    application = counter.approved(counter.ana.create_application(counter.person()))
    return counter.activate(counter.ana.deliver(counter.write(counter.reserved(application).uuid)).uuid).uuid


def count(service: ServiceClient) -> Any:
    return service.count_stock("hengqin", ["HQ-000001"])


def test_a_count_whose_answer_was_lost_is_noted_once_and_the_next_one_again(clerk: Clerk) -> None:
    clerk.does_it_twice(COUNT, count)
    assert len(clerk.counter.city.audit("stock.count")) == 1
    clerk.does(COUNT, count)
    assert len(clerk.counter.city.audit("stock.count")) == 2


def test_a_count_whose_answer_came_and_was_shown_to_nobody_is_noted_once(clerk: Clerk) -> None:
    count(clerk.service.under(clerk.intents.begin("ana", COUNT).key))
    clerk.does(COUNT, count)
    assert len(clerk.counter.city.audit("stock.count")) == 1
    clerk.does(COUNT, count)
    assert len(clerk.counter.city.audit("stock.count")) == 2


def test_the_same_count_tomorrow_is_another(clerk: Clerk) -> None:
    clerk.does_it_unheard(COUNT, count)
    clerk.counter.city.clock.advance(seconds=KEPT.total_seconds() + 1)
    clerk.does(COUNT, count)
    assert len(clerk.counter.city.audit("stock.count")) == 2


def test_with_other_fields_it_is_another_act(clerk: Clerk) -> None:
    clerk.does_it_unheard(COUNT, count)
    clerk.does(
        means("count", "hengqin", fields=2), lambda service: service.count_stock("hengqin", ["HQ-000001", "HQ-000002"])
    )
    with reading(clerk.counter.services.sessions) as session:
        assert sorted(row.seen for row in session.scalars(select(StockCount))) == [1, 2]


def of_card(counter: Counter, uuid: UUID) -> dict[str, int]:
    """Steps of the card, reports of its loss, applications of its holder."""
    with reading(counter.services.sessions) as session:
        card = session.scalars(select(CardRow).where(CardRow.uuid == uuid)).one()
        steps = select(AuditRecord.id).where(AuditRecord.subject_id == card.id, AuditRecord.event == TRANSITION)
        reports = select(LossReport.id).where(LossReport.card_id == card.id)
        applications = select(Application.id).where(Application.citizen_id == card.citizen_id)
        asked = {"steps": steps, "reports": reports, "applications": applications}
        return {kind: len(session.scalars(each).all()) for kind, each in asked.items()}


CHANGES: Final[Mapping[str, tuple[int, int, int]]] = {
    "hold": (1, 0, 0),
    "lost": (1, 1, 0),
    "stolen": (1, 1, 0),
    "replace_damaged": (1, 0, 1),
    "renew": (0, 0, 1),
    "correct": (0, 0, 1),
    "temporary": (1, 0, 1),
    "revoke": (1, 0, 0),
}
"""What an act changes that is done once: steps, reports, applications."""


@pytest.mark.parametrize("name", CHANGES)
def test_an_act_on_a_card_is_done_once_and_its_answer_comes_the_second_time(clerk: Clerk, name: str) -> None:
    act = next(act for act in ACTS if act.name == name)
    uuid = active(clerk.counter)
    if name == "renew":
        with transaction(clerk.counter.services.sessions) as session:
            ends = clerk.counter.city.clock().date() + timedelta(days=30)
            session.execute(update(CardRow).where(CardRow.uuid == uuid).values(expires_on=ends))
    case = look_at_card(clerk.counter.ana, uuid, Purpose.COMPLAINT, clerk.counter.city.clock(), people=True)
    before = of_card(clerk.counter, uuid)
    clerk.does_it_twice(
        means(name, case.subject, case.about, fields=GIVEN), lambda service: act.run(service, case, GIVEN)
    )
    after = of_card(clerk.counter, uuid)
    assert [after[kind] - before[kind] for kind in after] == [*CHANGES[name]]


def test_a_refusal_is_an_answer(clerk: Clerk) -> None:
    offer = HandOverRequest(to="bo", stock_numbers=["HQ-000001"])
    with pytest.raises(ServiceProblem):
        clerk.does(means("offer", "bo"), lambda service: service.hand_over(offer))
    clerk.counter.blank()
    made = clerk.does_it_twice(means("offer", "bo"), lambda service: service.hand_over(offer))
    assert [one.id for one in clerk.counter.ana.hand_overs()] == [made.id]


def test_a_spoilt_card_is_put_aside_once(clerk: Clerk) -> None:
    blank = clerk.counter.blank()
    spoilt = clerk.does_it_twice(means("spoil", blank.uuid), lambda service: service.spoil(blank.uuid, "misprinted"))
    assert spoilt.state is CardState.QUARANTINED


def test_an_offer_that_was_declined_meanwhile_is_made_again(clerk: Clerk) -> None:
    clerk.counter.blank()
    offer, between = HandOverRequest(to="bo", stock_numbers=["HQ-000001"]), ("hand-over", "ana", "bo")
    clerk.does_it_unheard(means("offer", between), lambda service: service.hand_over(offer))
    (first,) = clerk.counter.ana.hand_overs()
    clerk.does(means("decline", between), lambda service: service.decline_hand_over(first.id))
    again = clerk.does(means("offer", between), lambda service: service.hand_over(offer))
    assert again.id != first.id
    assert [one.id for one in clerk.counter.ana.hand_overs()] == [again.id]


def test_what_is_undone_by_other_means_than_an_intent_is_done_again(clerk: Clerk) -> None:
    clerk.counter.blank()
    offer = HandOverRequest(to="bo", stock_numbers=["HQ-000001"])
    clerk.does_it_unheard(means("offer", "HQ-000001"), lambda service: service.hand_over(offer))
    (first,) = clerk.counter.ana.hand_overs()
    clerk.intents.end(["HQ-000001"])
    clerk.counter.ana.decline_hand_over(first.id)
    assert clerk.does(means("offer", "HQ-000001"), lambda service: service.hand_over(offer)).id != first.id


def test_what_else_is_known_of_its_subject_by_then_makes_no_other_act_of_it(clerk: Clerk) -> None:
    clerk.does_it_unheard(means("count", "hengqin"), count)
    clerk.does(means("count", "hengqin", ["what the first one made"]), count)
    assert len(clerk.counter.city.audit("stock.count")) == 1


def test_what_is_done_about_something_else_does_not_have_an_act_done_twice(clerk: Clerk) -> None:
    clerk.does_it_unheard(COUNT, count)
    blank = clerk.counter.blank()
    clerk.does(means("spoil", blank.uuid), lambda service: service.spoil(blank.uuid, "misprinted"))
    clerk.does(COUNT, count)
    assert len(clerk.counter.city.audit("stock.count")) == 1


def seen(counter: Counter, uuid: UUID) -> Case:
    """The card as the page shows it."""
    return look_at_card(counter.ana, uuid, Purpose.COMPLAINT, counter.city.clock(), people=True)


def test_what_another_desk_has_undone_after_it_was_shown_is_done_again(clerk: Clerk) -> None:
    """The desk said that the card was held, from the first time, and it was in force."""
    counter, hold = clerk.counter, next(act for act in ACTS if act.name == "hold")
    uuid = active(counter)

    def holds(case: Case) -> tuple[Intent, Callable[[ServiceClient], Any]]:
        return intended(hold, case, GIVEN), lambda service: hold.run(service, case, GIVEN)

    stale = seen(counter, uuid)
    clerk.does_it_unheard(*holds(stale))
    counter.approval(ApprovalKind.REINSTATEMENT, uuid)
    counter.cy.reinstate(uuid)
    clerk.does(*holds(seen(counter, uuid)))
    assert counter.state(uuid) is CardState.HELD


def test_from_a_page_that_shows_nothing_new_an_act_is_done_once(clerk: Clerk) -> None:
    counter, hold = clerk.counter, next(act for act in ACTS if act.name == "hold")
    uuid = active(counter)
    before = of_card(counter, uuid)["steps"]
    stale, looked_again = seen(counter, uuid), seen(counter, uuid)
    clerk.does_it_unheard(intended(hold, stale, GIVEN), lambda service: hold.run(service, stale, GIVEN))
    clerk.does(intended(hold, looked_again, GIVEN), lambda service: hold.run(service, stale, GIVEN))
    assert of_card(counter, uuid)["steps"] == before + 1


def test_an_offer_that_was_declined_at_another_desk_after_it_was_shown_is_made_again(clerk: Clerk) -> None:
    counter, offers = clerk.counter, Offers()
    number = counter.blank().stock_number
    request = HandOverRequest(to="bo", stock_numbers=[number])

    def offer() -> tuple[Intent, Callable[[ServiceClient], Any]]:
        return offers.intended("ana", "bo", [number], "this"), lambda service: service.hand_over(request)

    clerk.does_it_unheard(*offer())
    assert offer()[0] == offer()[0]
    shown = list(counter.ana.hand_overs())
    offers.are_shown(shown)
    counter.bo.decline_hand_over(shown[0].id)
    again = clerk.does(*offer())
    assert [one.id for one in counter.ana.hand_overs()] == [again.id] != [shown[0].id]


def test_an_application_that_went_on_is_decided_anew(clerk: Clerk) -> None:
    draft = clerk.counter.ana.create_application(clerk.counter.person())
    opened = deciding(Deed.CANCEL, draft, "written twice")
    assert opened == deciding(Deed.CANCEL, clerk.counter.ana.application(draft.id), "written twice")
    assert opened != deciding(Deed.CANCEL, clerk.counter.ana.submit(draft.id), "written twice")
