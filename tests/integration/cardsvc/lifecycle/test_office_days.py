"""A day of an office, on both databases: what its officers did, how its blank cards come out, what waits."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event

from cardsvc.client import ServiceProblem
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.days import OfficeDay, OfficerDay, StockDay
from cardsvc.wire.lifecycle import ApplicationState, RevocationReason
from cardsvc.wire.losses import Channel, LossKind, LossReportRequest
from cardsvc.wire.officers import OfficerChange
from cardsvc.wire.stock import BatchRequest, HandOverRequest
from tests.fixtures.counter import Counter

HALL = "town-hall"


def opened(counter: Counter) -> None:
    """Ana and Bo work at the town hall, Cy at the harbour."""
    for code in (HALL, "harbour"):
        counter.cy.open_office(code, code)
    for officer, office in (("ana", HALL), ("bo", HALL), ("cy", "harbour")):
        counter.cy.change_officer(officer, OfficerChange(office=office))


def today(counter: Counter) -> date:
    return counter.city.clock().date()


def of(day: OfficeDay, officer: str) -> OfficerDay:
    (found,) = [one for one in day.officers if one.officer == officer]
    return found


def balanced(stock: StockDay) -> bool:
    came = stock.received + stock.brought + stock.came_back
    return stock.opening + came - stock.used - stock.sent - stock.destroyed == stock.closing


def delivery(counter: Counter, first: str, last: str, office: str = HALL) -> None:
    counter.ana.receive_stock(BatchRequest(first=first, last=last, office=office))


def uuid_of(counter: Counter, number: str) -> UUID:
    return next(card.uuid for card in counter.ana.stock() if card.stock_number == number)


def test_what_each_officer_did_is_counted(counter: Counter) -> None:
    opened(counter)
    citizen, card = counter.first()
    application = counter.ana.create_application(counter.person())
    counter.ana.submit(application.id)
    counter.bo.reject(application.id, "no likeness")
    counter.bo.hold(card.uuid, "odd")
    counter.ana.report_loss(LossReportRequest(citizen_id=citizen, kind=LossKind.STOLEN, channel=Channel.DESK))
    counter.ana.spoil(counter.blank(office=HALL).uuid, "misprinted")

    day = counter.ana.office_day(today(counter))

    ana, bo = of(day, "ana"), of(day, "bo")
    assert (day.office, [one.officer for one in day.officers]) == (HALL, ["ana", "bo"])
    assert (ana.applications_taken, ana.applications_approved, ana.cards_handed_over) == (2, 0, 1)
    assert (ana.losses_reported, ana.cards_revoked, ana.cards_spoilt) == (1, 1, 1)
    assert (bo.applications_approved, bo.applications_rejected, bo.cards_held) == (1, 1, 1)
    assert counter.bo.office_day(today(counter)) == day
    assert [one.officer for one in counter.cy.office_day(today(counter)).officers] == ["cy"]


def test_what_waits_is_told(counter: Counter) -> None:
    opened(counter)
    _, card = counter.first()
    counter.ana.submit(counter.ana.create_application(counter.person()).id)
    counter.ana.create_application(counter.person())
    counter.ana.revoke(card.uuid, RevocationReason.WITHDRAWN)
    counter.ana.request_approval(ApprovalKind.STOCK_WRITE_OFF, counter.blank().uuid, "broken")
    day = counter.bo.office_day(today(counter))
    assert {one.state: one.count for one in day.waiting} == {ApplicationState.DRAFT: 1, ApplicationState.SUBMITTED: 1}
    assert day.approvals_waiting == 1
    other = counter.cy.office_day(today(counter))
    assert (other.waiting, other.approvals_waiting) == ([], 0)


def test_the_blank_cards_of_an_office_come_out(counter: Counter) -> None:
    opened(counter)
    delivery(counter, "HQ-100001", "HQ-100010")
    counter.city.clock.advance(days=1)
    delivery(counter, "HQ-200001", "HQ-200003")
    application = counter.approved(counter.ana.create_application(counter.person()))
    counter.write(counter.ana.personalise(application.id, "HQ-100001").uuid)
    counter.ana.spoil(uuid_of(counter, "HQ-100002"), "misprinted")
    spoilt = uuid_of(counter, "HQ-100002")
    counter.approval(ApprovalKind.STOCK_WRITE_OFF, spoilt)
    counter.ana.destroy(spoilt, "shredded")
    offer = counter.ana.hand_over(HandOverRequest(to="cy", office="harbour", stock_numbers=["HQ-100003", "HQ-100004"]))
    counter.cy.accept_hand_over(offer.id, 2)

    stock = counter.ana.office_day(today(counter)).stock
    assert (stock.opening, stock.received, stock.used, stock.destroyed, stock.sent, stock.closing) == (
        10,
        3,
        1,
        1,
        2,
        9,
    )
    assert balanced(stock)
    assert stock.closing == len(list(counter.ana.stock(HALL)))
    harbour = counter.cy.office_day(today(counter)).stock
    assert (harbour.opening, harbour.brought, harbour.closing) == (0, 2, 2)

    counter.city.clock.advance(days=1)
    back = counter.cy.hand_over(HandOverRequest(to="ana", office=HALL, stock_numbers=["HQ-100003"]))
    counter.ana.accept_hand_over(back.id, 1)
    yesterday = today(counter) - timedelta(days=1)
    assert counter.ana.office_day(yesterday).stock == stock
    assert counter.cy.office_day(yesterday).stock == harbour
    now = counter.ana.office_day(today(counter)).stock
    assert (now.opening, now.brought, now.closing) == (9, 1, 10)


def test_however_many_cards_moved_no_statement_has_more_parameters(counter: Counter) -> None:
    """SQLite takes 32766 of them and PostgreSQL 65535: fewer than a busy office has cards in three months."""
    opened(counter)
    delivery(counter, "HQ-300001", "HQ-300500")
    offer = counter.ana.hand_over(HandOverRequest(to="cy", office="harbour", stock_numbers=["HQ-300001", "HQ-300002"]))
    counter.cy.accept_hand_over(offer.id, 2)
    sent: list[int] = []
    with counting_parameters(counter, sent):
        stock = counter.ana.office_day(today(counter)).stock
    assert (stock.received, stock.closing) == (498, 498)
    assert balanced(stock)
    assert max(sent) < 40


@contextmanager
def counting_parameters(counter: Counter, sent: list[int]) -> Iterator[None]:
    engine = counter.services.sessions.kw["bind"]

    def note(_connection: object, _cursor: object, _text: str, parameters: Sized, *_: object) -> None:
        sent.append(len(parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_day_is_the_offices_own(counter: Counter) -> None:
    """At eight hours before UTC the 2nd begins at 16 o'clock UTC of the 1st."""
    midnight = datetime.combine(today(counter), datetime.min.time(), UTC) + timedelta(days=1)
    counter.city.clock.advance(seconds=(midnight + timedelta(hours=17) - counter.city.clock()).total_seconds())
    counter.ana.create_application(counter.person())
    there = today(counter) + timedelta(days=1)
    day = counter.ana.office_day(there, 480)
    assert day.begins == midnight + timedelta(hours=16)
    assert (day.ends - day.begins, of(day, "ana").applications_taken) == (timedelta(days=1), 1)
    assert of(counter.ana.office_day(there - timedelta(days=1), 480), "ana").applications_taken == 0
    assert day.office is None


def test_there_is_no_report_of_tomorrow_or_of_long_ago(counter: Counter) -> None:
    for days in (1, -93):
        with pytest.raises(ServiceProblem, match="range-refused"):
            counter.ana.office_day(today(counter) + timedelta(days=days))
