"""The acts on a card, walked with the keyboard: chosen, explained, done, and true at the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from sqlalchemy import create_engine, update

from cardsvc.cards.models import Card as CardRow
from cardsvc.client.clock import system_clock
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import (
    Application,
    ApplicationKind,
    ApplicationState,
    CardState,
    ReplacementCause,
    RevocationReason,
)
from cardsvc.wire.losses import Channel, LossKind, LossReportRequest
from cardsvc.wire.registry import RegistryEventKind, RegistryEventRequest, RegistryEventState
from kiosk.city.issuing import enrol, produce
from kiosk.city.stage import CardFiles, LoopbackStage, Place
from kiosk.desk.issuing import take_card
from kiosk.desk.progress import Cancelled, Report
from kiosk.desk.writing import write
from tests.fixtures.at_the_card import MEI, AtTheCard, Resident, produced
from tests.fixtures.desk_city import DeskAtWork, DeskCity

_numbers = count(1)


def next_number() -> tuple[int, str]:
    one = next(_numbers)
    return one, f"CW-0000-{one:04}"


def resident(city: DeskCity) -> tuple[Resident, str]:
    """Somebody new with a card in force, and its printed number."""
    one, number = next_number()
    return produced(city, f"walk-{one}", number, MEI.model_copy(update={"document_number": f"W{one:07}"})), number


def approved(city: DeskCity) -> tuple[UUID, str]:
    """An application of somebody new, and a blank card in stock."""
    one, number = next_number()
    with city.client("ana") as ana, city.client("bo") as bo:
        application = enrol(ana, MEI.model_copy(update={"document_number": f"W{one:07}"}))
        bo.approve(application)
        ana.add_stock(number)
    return application, number


def open_applications(of: Resident) -> list[Application]:
    with of.bo() as bo:
        everybody = [bo.application(one.id) for one in bo.applications()]
    return [one for one in everybody if one.citizen_id == of.citizen_id]


def nothing(_: Resident) -> None:
    """It is in force, and that is enough."""


def lost(of: Resident) -> None:
    with of.bo() as bo:
        bo.report_loss(LossReportRequest(citizen_id=of.citizen_id, kind=LossKind.LOST, channel=Channel.DESK))


def near_its_end(of: Resident) -> None:
    """In the service's database: nobody waits for years."""
    engine = create_engine(f"sqlite:///{of.city.plan.database}")
    with engine.begin() as connection:
        soon = system_clock().date() + timedelta(days=30)
        connection.execute(update(CardRow).where(CardRow.uuid == of.uuid).values(expires_on=soon))
    engine.dispose()


@dataclass(frozen=True)
class Asking:
    """What is asked for with a key, and what the card is then."""

    key: str
    kind: ApplicationKind
    cause: ReplacementCause | None
    state: CardState
    said: str
    before: Callable[[Resident], None] = nothing


ASKINGS = {
    "replace-damaged": Asking(
        "D", ApplicationKind.REPLACEMENT, ReplacementCause.DAMAGED, CardState.HELD, "A replacement for card {} is asked"
    ),
    "replace-lost": Asking(
        "O", ApplicationKind.REPLACEMENT, ReplacementCause.LOST, CardState.HELD, "A replacement for card {} is", lost
    ),
    "renew": Asking(
        "N", ApplicationKind.RENEWAL, None, CardState.ACTIVE, "The renewal of card {} is asked for.", near_its_end
    ),
    "correct": Asking("C", ApplicationKind.CORRECTION, None, CardState.ACTIVE, "A corrected card in place of {} is"),
    "temporary": Asking("T", ApplicationKind.TEMPORARY, None, CardState.HELD, "A temporary card in place of {} is"),
}


@pytest.mark.parametrize("asking", ASKINGS.values(), ids=ASKINGS)
def test_another_card_is_asked_for(desk: DeskAtWork, asking: Asking) -> None:
    somebody, number = resident(desk.city)
    asking.before(somebody)
    card = AtTheCard.signed_in(desk)
    card.opens(number)
    card.chooses(asking.key)
    assert "An application is written and submitted; a colleague approves it." in card.page.acts.effects.text()
    card.does()
    card.says(asking.said.format(number))
    (asked,) = open_applications(somebody)
    assert (asked.kind, asked.cause, asked.state) == (asking.kind, asking.cause, ApplicationState.SUBMITTED)
    assert (asked.requested_by, somebody.card().state) == ("ana", asking.state)


def test_a_renewal_too_early_is_refused_with_the_day(desk: DeskAtWork) -> None:
    somebody, number = resident(desk.city)
    card = AtTheCard.signed_in(desk)
    card.opens(number)
    card.chooses("N")
    card.does()
    card.says("It is too early to renew the card. Possible from ")
    assert open_applications(somebody) == []
    assert card.page.acts.do.isEnabled()


def test_a_temporary_card_is_brought_back_and_the_forgotten_one_is_in_force(desk: DeskAtWork) -> None:
    somebody, _ = resident(desk.city)
    plan, (one, number) = desk.city.plan, next_number()
    with desk.city.client("ana") as ana:
        asked = ana.submit(ana.apply(somebody.citizen_id, ApplicationKind.TEMPORARY).id).id
    stand_in = CardFiles.named(plan.folder, f"walk-{one}")
    temporary = produce(plan, LoopbackStage(plan.folder), stand_in, asked, number)
    card = AtTheCard.signed_in(desk)
    card.opens(number)
    card.chooses("B")
    assert "which was forgotten, is in force again." in card.page.acts.effects.text()
    card.does()
    card.says(f"The temporary card {number} was taken back.")
    with somebody.bo() as bo:
        assert bo.card(temporary).state is CardState.REVOKED
    assert somebody.card().state is CardState.ACTIVE


def test_a_card_is_revoked_for_the_reason_that_was_chosen_and_then_destroyed(desk: DeskAtWork) -> None:
    somebody, number = resident(desk.city)
    card = AtTheCard.signed_in(desk)
    acts, choice = card.page.acts, card.page.acts.needs.revocation
    card.opens(number)
    card.chooses("R")
    QTest.keyClick(choice, Qt.Key.Key_Down)
    QTest.keyClick(desk.window, Qt.Key.Key_Escape)
    desk.until(acts.frame.isHidden)
    assert somebody.card().state is CardState.ACTIVE
    card.chooses("R")
    assert choice.currentData() == RevocationReason.WITHDRAWN  # what was chosen for another card is not kept
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert "This cannot be undone." in acts.effects.text()
    card.does()
    card.says(f"Card {number} is revoked.")
    revoked = somebody.card()
    assert (revoked.state, revoked.history[-1].reason) == (CardState.REVOKED, RevocationReason.KEY_COMPROMISE)

    card.chooses("X")
    card.does()
    card.says("Nothing was done: fill in what is still empty first.")
    desk.type(acts.needs.reason, "shredded")
    card.does()
    card.says(f"Card {number} is destroyed and off the books.")
    assert somebody.card().state is CardState.DESTROYED
    assert not {"Destroy", "Revoke for good", "Hold"} & set(card.offers())


def test_a_stolen_card_is_revoked_at_once_and_the_report_has_a_number(desk: DeskAtWork) -> None:
    somebody, number = resident(desk.city)
    card = AtTheCard.signed_in(desk)
    card.opens(number)
    card.chooses("S")
    assert "This cannot be undone." in card.page.acts.effects.text()
    assert somebody.card().state is CardState.ACTIVE
    card.does()
    card.says(f"Card {number} is reported stolen and revoked. The report's number: ")
    stolen = somebody.card()
    assert (stolen.state, stolen.history[-1].reason) == (CardState.REVOKED, RevocationReason.STOLEN)
    with somebody.bo() as bo:
        report = bo.loss_report(desk.window.message.text().split()[-1].rstrip("."))
    assert (report.card_uuid, report.kind, report.channel) == (somebody.uuid, LossKind.STOLEN, Channel.DESK)


def test_what_the_registry_told_is_taken_back_with_a_colleague_at_the_desk(desk: DeskAtWork) -> None:
    somebody, number = resident(desk.city)
    told = RegistryEventRequest(kind=RegistryEventKind.DEATH, reference="R-7", occurred_on=system_clock().date())
    with somebody.bo() as bo:
        bo.report_registry_event(somebody.citizen_id, told)
    card = AtTheCard.signed_in(desk)
    acts = card.page.acts
    card.opens(number)
    card.chooses("V")
    assert acts.do.text() == "Ask a colleague"
    desk.type(acts.needs.reason, "somebody of the same name")
    card.does()
    card.has_a_colleague_agree("bo")
    assert somebody.card().state is CardState.HELD
    card.chooses("V")
    assert "bo has agreed" in acts.consent.text()
    card.does()
    card.says("It is taken back. The draft of an application for a new card is in the queue.")
    with somebody.bo() as bo:
        (event,) = bo.registry_events(somebody.citizen_id)
    assert (event.state, somebody.card().state) == (RegistryEventState.REVERSED, CardState.REVOKED)
    assert ApplicationState.DRAFT in [one.state for one in open_applications(somebody)]


def test_a_card_that_was_taken_for_somebody_is_given_back_to_stock(desk: DeskAtWork) -> None:
    application, number = approved(desk.city)
    with desk.city.client("ana") as ana:
        uuid = take_card(ana, application, number).uuid
    card = AtTheCard.signed_in(desk)
    card.opens(number)
    card.chooses("E")
    assert "Its application is approved still, for another card." in card.page.acts.effects.text()
    card.does()
    card.says(f"Card {number} is in stock again.")
    with desk.city.client("bo") as bo:
        assert bo.card(uuid).state is CardState.STOCK
        assert bo.application(application).state is ApplicationState.APPROVED


def begun(city: DeskCity) -> tuple[UUID, str]:
    """A card whose writing was stopped in the middle."""
    application, number = approved(city)
    stage, steps = LoopbackStage(city.plan.folder), count()
    stage.put_on(CardFiles.named(city.plan.folder, number), Place.CONTACT)
    with city.client("ana") as ana:
        card = take_card(ana, application, number)
        with pytest.raises(Cancelled):
            write(ana, stage.reader(Place.CONTACT), card.uuid, Report(unwanted=lambda: next(steps) >= 4))
    stage.take_off(Place.CONTACT)
    return card.uuid, number


def test_a_begun_card_is_given_up_and_written_off_with_a_colleague_at_the_desk(desk: DeskAtWork) -> None:
    uuid, number = begun(desk.city)
    card = AtTheCard.signed_in(desk)
    acts = card.page.acts
    card.opens(number)
    card.chooses("G")
    desk.type(acts.needs.reason, "the chip is loose")
    card.does()
    card.says(f"Card {number} is put aside.")

    card.chooses("X")
    assert acts.do.text() == "Ask a colleague"
    desk.type(acts.needs.reason, "bent")
    card.does()
    card.has_a_colleague_agree("bo")
    assert desk.window.officer.text() == "Chen Anna is on duty"
    with desk.city.client("bo") as bo:
        (granted,) = bo.approvals(subject_id=uuid)
    assert (granted.kind, granted.requested_by, granted.decided_by) == (ApprovalKind.STOCK_WRITE_OFF, "ana", "bo")
    card.chooses("X")
    assert "bo has agreed" in acts.consent.text()
    desk.type(acts.needs.reason, "shredded before two")
    card.does()
    card.says(f"Card {number} is destroyed and off the books.")
    with desk.city.client("bo") as bo:
        assert bo.card(uuid).state is CardState.DESTROYED
