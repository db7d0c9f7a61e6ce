"""A colleague says yes at the desk of whoever asks, with their own card and PIN."""

from __future__ import annotations

from itertools import count

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cardsvc.wire.approvals import Approval, ApprovalKind, ApprovalState
from kiosk.desk.windows.second_person import ColleagueDialog
from tests.fixtures.at_the_card import MEI, AtTheCard, Resident, produced
from tests.fixtures.desk_city import PIN, DeskAtWork, DeskCity

_numbers = count(1)


@pytest.fixture
def resident(desk_city: DeskCity) -> tuple[Resident, str]:
    """Somebody with a card, and its printed number."""
    one = next(_numbers)
    number = f"CP-0000-{one:04}"
    person = MEI.model_copy(update={"document_number": f"P{one:07}"})
    return produced(desk_city, f"second-{one}", number, person), number


def asks(desk: DeskAtWork, number: str) -> AtTheCard:
    """Ana asks for an unblocking. The colleague's dialog is open then."""
    card = AtTheCard.signed_in(desk)
    card.opens(number)
    card.chooses("U")
    desk.type(card.page.acts.needs.reason, "forgotten")
    card.does()
    desk.until(lambda: desk.window.colleague is not None)
    return card


def approvals(resident: Resident) -> list[Approval]:
    with resident.bo() as bo:
        return list(bo.approvals(subject_id=resident.uuid))


def dialog_of(desk: DeskAtWork) -> ColleagueDialog:
    dialog = desk.window.colleague
    assert dialog is not None
    return dialog


def ready(desk: DeskAtWork) -> None:
    """The colleague may enter their PIN."""
    desk.until(dialog_of(desk).pin.isEnabled)


def waits_for(desk: DeskAtWork, words: str) -> None:
    desk.until(lambda: words in dialog_of(desk).step.text())


def test_a_colleague_grants_and_both_are_on_record(desk: DeskAtWork, resident: tuple[Resident, str]) -> None:
    mei, number = resident
    desk.insert(mei.files.state)  # the resident's own card, on which no officer's PIN may be tried
    card = asks(desk, number)
    waits_for(desk, "Take the card out")
    assert not dialog_of(desk).pin.isEnabled()
    desk.remove()
    waits_for(desk, "put your own card")
    desk.insert(desk.city.cards["bo"].state)
    ready(desk)
    desk.type(dialog_of(desk).pin, "918273\r")
    desk.until(lambda: "wrong" in dialog_of(desk).message.text())
    ready(desk)
    desk.type(dialog_of(desk).pin, PIN + "\r")
    desk.until(lambda: desk.window.colleague is None)
    card.says("A colleague has agreed.")
    (approval,) = approvals(mei)
    assert (approval.requested_by, approval.decided_by) == ("ana", "bo")
    assert (approval.kind, approval.state) == (ApprovalKind.PUK_RELEASE, ApprovalState.APPROVED)


def test_escape_leaves_it_to_the_colleagues_own_queue(desk: DeskAtWork, resident: tuple[Resident, str]) -> None:
    mei, number = resident
    card = asks(desk, number)
    waits_for(desk, "put your own card")
    QTest.keyClick(dialog_of(desk), Qt.Key.Key_Escape)
    desk.until(lambda: desk.window.colleague is None)
    card.says("A colleague was asked.")
    (approval,) = approvals(mei)
    assert (approval.state, approval.decided_by) == (ApprovalState.REQUESTED, None)


def test_when_whoever_asked_leaves_nobody_is_asked_any_more(desk: DeskAtWork, resident: tuple[Resident, str]) -> None:
    mei, number = resident
    asks(desk, number)
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
    assert desk.window.colleague is None
    (approval,) = approvals(mei)
    assert approval.state is ApprovalState.REQUESTED
