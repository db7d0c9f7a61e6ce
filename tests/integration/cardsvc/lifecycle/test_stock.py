"""Blank cards by their printed number, on both databases: taken in, handed on, counted, spoilt, written off."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from cardsvc.cards.models import Card as CardRow
from cardsvc.cards.repository import get_card
from cardsvc.client import ServiceProblem
from cardsvc.db import reading
from cardsvc.stock.errors import SerialMismatch
from cardsvc.stock.serials import check_serial
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import ApplicationState, Card, CardState
from cardsvc.wire.stock import BatchRequest, HandOverRequest, HandOverState
from tests.fixtures.counter import Counter

WRITE_OFF = ApprovalKind.STOCK_WRITE_OFF


def received(counter: Counter, **changed: Any) -> list[str]:
    """Five cards at the town hall, in Ana's hands; their printed numbers."""
    told = {"first": "HQ-100001", "last": "HQ-100005", "office": "town-hall", "delivery": "D-7"} | changed
    batch = counter.ana.receive_stock(BatchRequest.model_validate(told))
    return [f"HQ-{number}" for number in range(100001, 100001 + batch.count)]


def row(counter: Counter, card: Card) -> CardRow:
    with reading(counter.services.sessions) as session:
        return get_card(session, card.uuid)


def test_a_delivery_is_taken_in(counter: Counter) -> None:
    numbers = received(counter)
    stock = list(counter.ana.stock(office="town-hall"))
    assert [card.stock_number for card in stock] == numbers
    assert {(card.state, card.custodian) for card in stock} == {("stock", "ana")}
    assert list(counter.ana.stock(custodian="bo")) == []
    (record,) = counter.city.audit("stock.receive")
    assert record.detail["cards"] == 5


@pytest.mark.parametrize(
    ("first", "last"),
    [("HQ-2", "HQ-1"), ("HQ-1", "HK-2"), ("HQ-01", "HQ-2"), ("HQ-0001", "HQ-1001"), ("HQ-ABC", "HQ-ABD")],
    ids=["backwards", "two prefixes", "two widths", "too many", "no digits"],
)
def test_what_is_no_range_is_not_taken_in(sqlite_counter: Counter, first: str, last: str) -> None:
    counter, request = sqlite_counter, BatchRequest.model_construct(first=first, last=last, serials={})
    assert counter.refused(lambda: counter.ana.receive_stock(request)).code in {"range-malformed", "invalid-request"}
    assert list(counter.ana.stock()) == []


def test_a_delivery_comes_wholly_or_not_at_all(counter: Counter) -> None:
    counter.ana.add_stock("HQ-100003")
    request = BatchRequest(first="HQ-100001", last="HQ-100005")
    assert counter.refused(lambda: counter.ana.receive_stock(request)).code == "stock-number-taken"
    assert [card.stock_number for card in counter.ana.stock()] == ["HQ-100003"]


def test_serial_numbers_belong_to_cards_of_the_delivery(counter: Counter) -> None:
    for serials in ({"HQ-100009": "F800"}, {"HQ-100001": "F800", "HQ-100002": "F800"}):
        request = BatchRequest(first="HQ-100001", last="HQ-100005", serials=serials)
        assert counter.refused(partial(counter.ana.receive_stock, request)).code == "serial-not-of-batch"


def test_a_product_must_be_the_one_its_printed_number_says(counter: Counter) -> None:
    known = row(counter, counter.blank(product_serial="00C0FFEE"))
    check_serial(known, "00c0ffee")
    for other in ("00C0FFEF", None):
        with pytest.raises(SerialMismatch):
            check_serial(known, other)
    unknown = row(counter, counter.blank())
    check_serial(unknown, None)
    check_serial(unknown, "00C0FFEE")


def test_one_product_is_in_stock_once(counter: Counter) -> None:
    counter.blank(product_serial="00C0FFEE")
    for serial in ("00C0FFEE", "00c0ffee"):
        assert counter.refused(partial(counter.blank, product_serial=serial)).code == "stock-number-taken"


def test_what_is_not_in_stock_is_not_reserved(counter: Counter) -> None:
    draft = counter.approved(counter.ana.create_application(counter.person()))
    assert counter.refused(lambda: counter.ana.personalise(draft.id, "HQ-999999")).code == "no-such-card"
    spoilt = counter.blank()
    counter.ana.spoil(spoilt.uuid, "misprinted")
    problem = counter.refused(lambda: counter.ana.personalise(draft.id, spoilt.stock_number))
    assert (problem.code, problem.data["state"]) == ("transition-refused", "quarantined")


def test_cards_go_from_hand_to_hand(counter: Counter) -> None:
    numbers = received(counter)
    offered = counter.ana.hand_over(HandOverRequest(to="bo", office="east-gate", stock_numbers=numbers[:2]))
    assert (offered.state, offered.stock_numbers) == (HandOverState.OFFERED, numbers[:2])
    assert list(counter.bo.hand_overs()) == list(counter.ana.hand_overs()) == [offered]
    assert {card.custodian for card in counter.ana.stock()} == {"ana"}
    assert counter.refused(lambda: counter.cy.accept_hand_over(offered.id, 2), "cy").code == "not-the-recipient"
    assert counter.refused(lambda: counter.bo.accept_hand_over(offered.id, 1), "bo").code == "count-differs"
    assert counter.bo.accept_hand_over(offered.id, 2).state is HandOverState.ACCEPTED
    assert [card.stock_number for card in counter.ana.stock(custodian="bo")] == numbers[:2]
    assert [card.stock_number for card in counter.ana.stock(office="east-gate")] == numbers[:2]
    problem = counter.refused(lambda: counter.bo.accept_hand_over(offered.id, 2), "bo")
    assert (problem.code, problem.data) == ("hand-over-settled", {"state": "accepted"})


def test_nobody_hands_over_what_another_answers_for(counter: Counter) -> None:
    numbers = received(counter)
    request = HandOverRequest(to="cy", stock_numbers=[numbers[0], "HQ-999999"])
    problem = counter.refused(lambda: counter.bo.hand_over(request), "bo")
    assert (problem.code, problem.data["stock_numbers"]) == ("not-in-custody", [numbers[0], "HQ-999999"])


def test_a_card_that_was_used_meanwhile_is_not_accepted(counter: Counter) -> None:
    numbers = received(counter)
    twice = [counter.ana.hand_over(HandOverRequest(to=to, stock_numbers=numbers[:1])) for to in ("bo", "cy")]
    counter.bo.accept_hand_over(twice[0].id, 1)
    problem = counter.refused(lambda: counter.cy.accept_hand_over(twice[1].id, 1), "cy")
    assert (problem.code, problem.data["stock_numbers"]) == ("not-in-custody", numbers[:1])


@pytest.mark.parametrize(("who", "state"), [("ana", HandOverState.WITHDRAWN), ("bo", HandOverState.REFUSED)])
def test_a_hand_over_that_comes_to_nothing(counter: Counter, who: str, state: HandOverState) -> None:
    numbers = received(counter)
    offered = counter.ana.hand_over(HandOverRequest(to="bo", stock_numbers=numbers))
    assert counter.refused(lambda: counter.cy.decline_hand_over(offered.id), "cy").code == "not-the-recipient"
    assert counter.city.client(who).decline_hand_over(offered.id).state is state
    assert {card.custodian for card in counter.ana.stock()} == {"ana"}


@pytest.mark.parametrize(("to", "code"), [("nobody", "caller-unknown"), ("desk-1", "caller-unknown")])
def test_stock_goes_to_officers_only(sqlite_counter: Counter, to: str, code: str) -> None:
    counter, numbers = sqlite_counter, received(sqlite_counter)
    assert counter.refused(lambda: counter.ana.hand_over(HandOverRequest(to=to, stock_numbers=numbers))).code == code
    for empty in (HandOverRequest(to="bo"), HandOverRequest(to="ana", stock_numbers=numbers)):
        problem = counter.refused(partial(counter.ana.hand_over, empty))
        assert problem.code == "nothing-to-hand-over"


def test_the_end_of_a_shift(counter: Counter) -> None:
    """Open applications and the stock in hand go to the next officer, who counted both."""
    numbers = received(counter)
    draft = counter.ana.create_application(counter.person())
    submitted = counter.ana.submit(counter.ana.create_application(counter.person()).id)
    offered = counter.ana.hand_over(HandOverRequest(to="bo", shift=True))
    assert offered.stock_numbers == numbers
    assert offered.application_ids == [draft.id, submitted.id]
    assert counter.refused(lambda: counter.bo.accept_hand_over(offered.id, 5, 1), "bo").code == "count-differs"
    counter.bo.accept_hand_over(offered.id, 5, 2)
    assert [row.id for row in counter.bo.applications(mine=True)] == [draft.id, submitted.id]
    assert list(counter.ana.applications(mine=True)) == []
    assert (counter.ana.application(draft.id).requested_by, counter.ana.application(draft.id).responsible) == (
        "ana",
        "bo",
    )
    # Whoever took a shift over has not written the application, so nothing else changes: Ana still cannot approve it.
    assert counter.refused(lambda: counter.ana.approve(submitted.id)).code == "same-person"


def test_a_stock_take_tells_what_does_not_agree(counter: Counter) -> None:
    numbers = received(counter)
    counter.ana.spoil(list(counter.ana.stock())[1].uuid, "misprinted")
    counted = counter.bo.count_stock("town-hall", [*numbers[:3], "HQ-777777"])
    assert (counted.expected, counted.seen) == (5, 4)
    assert (counted.missing, counted.unexpected) == (numbers[3:], ["HQ-777777"])
    (record,) = counter.city.audit("stock.count")
    assert (record.detail["missing"], record.detail["unexpected"]) == (2, 1)


def test_a_print_that_fails_is_repeated_with_another_card(counter: Counter) -> None:
    """The spoilt card stays on the books until two people have written it off."""
    application = counter.approved(counter.ana.create_application(counter.person()))
    spoilt = counter.ana.personalise(application.id, counter.blank(office="town-hall").stock_number)
    assert counter.ana.spoil(spoilt.uuid, "the ribbon tore").state is CardState.QUARANTINED
    assert counter.ana.application(application.id).state is ApplicationState.APPROVED
    second = counter.write(counter.ana.personalise(application.id, counter.blank().stock_number).uuid)
    assert counter.state(second) is CardState.SEALED
    assert counter.bo.count_stock("town-hall", [spoilt.stock_number]).missing == []
    assert counter.refused(lambda: counter.ana.destroy(spoilt.uuid, "shredded")).code == "not-approved"
    counter.approval(WRITE_OFF, spoilt.uuid)
    assert counter.refused(lambda: counter.bo.destroy(spoilt.uuid, "shredded"), "bo").code == "same-person"
    destroyed = counter.ana.destroy(spoilt.uuid, "shredded")
    assert (destroyed.state, destroyed.history[-1].reason) == (CardState.DESTROYED, "shredded")
    assert counter.bo.count_stock("town-hall", []).expected == 0


@pytest.mark.parametrize("state", [CardState.SEALED, CardState.ACTIVE])
def test_only_blank_cards_are_spoilt(sqlite_counter: Counter, state: CardState) -> None:
    counter = sqlite_counter
    card = counter.city.card(state)
    problem = counter.refused(lambda: counter.ana.spoil(card.uuid, "scratched"))
    assert (problem.code, problem.data["state"]) == ("transition-refused", state.value)


def test_a_card_that_is_being_written_is_not_spoilt_but_put_aside_by_the_desk(sqlite_counter: Counter) -> None:
    counter = sqlite_counter
    card = counter.city.card(CardState.PERSONALISING)
    problem = counter.refused(lambda: counter.ana.spoil(card.uuid, "scratched"))
    assert (problem.code, problem.data["open"]) == ("transition-refused", ["sealed"])


def test_a_card_that_is_over_is_destroyed_by_one(counter: Counter) -> None:
    _, card = counter.first()
    assert counter.refused(lambda: counter.ana.destroy(card.uuid, "shredded")).code == "transition-refused"
    counter.ana.revoke(card.uuid, "withdrawn")  # type: ignore[arg-type] # the word of the wire
    assert counter.ana.destroy(card.uuid, "shredded").state is CardState.DESTROYED


def test_no_such_hand_over(sqlite_counter: Counter) -> None:
    counter, card = sqlite_counter, sqlite_counter.blank()
    with pytest.raises(ServiceProblem, match="no-such-hand-over"):
        counter.ana.decline_hand_over(card.uuid)
