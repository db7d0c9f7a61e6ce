"""A colleague says yes at the desk of whoever asks, with their own card and PIN."""

from __future__ import annotations

from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cardsvc.wire.approvals import Approval, ApprovalKind, ApprovalState
from kiosk.city.issuing import RESIDENT, enrol, produce
from kiosk.city.stage import CardFiles, LoopbackStage
from kiosk.desk.windows.second_person import ColleagueDialog
from tests.fixtures.desk_city import PIN, DeskAtWork, DeskCity

SENTENCE = "The PIN of Chen Jiaxin's card is reset."


@pytest.fixture(scope="module")
def residents(desk_city: DeskCity) -> list[tuple[UUID, CardFiles]]:
    """Cards of residents, one for each act."""
    folder = desk_city.plan.folder
    cards = []
    for number in (7, 8, 9):
        files = CardFiles.named(folder, f"resident-{number}")
        with desk_city.client("ana") as clerk:
            person = RESIDENT.model_copy(update={"document_number": f"M765432{number}"})
            application = enrol(clerk, person)
        uuid = produce(desk_city.plan, LoopbackStage(folder), files, application, f"CC-0000-000{number}")
        cards.append((uuid, files))
    return cards


@pytest.fixture
def resident(residents: list[tuple[UUID, CardFiles]]) -> tuple[UUID, CardFiles]:
    return residents.pop()


def ask(desk: DeskAtWork, card: UUID) -> list[Approval]:
    """Whoever is on duty asks for an unblocking; what comes of it. The colleague's dialog is open then."""
    granted: list[Approval] = []
    page = desk.window.pages[0]
    page.ask_approval(
        ApprovalKind.PUK_RELEASE,
        card,
        reason="forgotten",
        sentence=SENTENCE,
        done=granted.append,
    )
    desk.until(lambda: desk.window.colleague is not None)
    return granted


def dialog_of(desk: DeskAtWork) -> ColleagueDialog:
    dialog = desk.window.colleague
    assert dialog is not None
    return dialog


def ready(desk: DeskAtWork) -> None:
    """The colleague may enter their PIN."""
    desk.until(dialog_of(desk).pin.isEnabled)


def waits_for(desk: DeskAtWork, words: str) -> None:
    desk.until(lambda: words in dialog_of(desk).step.text())


def test_a_colleague_grants_and_both_are_on_record(desk: DeskAtWork, resident: tuple[UUID, CardFiles]) -> None:
    desk.sign_in("ana")
    desk.insert(resident[1].state)  # the resident's own card, on which no officer's PIN may be tried
    granted = ask(desk, resident[0])
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
    desk.until(lambda: len(granted) == 1)
    assert desk.window.colleague is None
    assert desk.window.message.text() == "Done. Colleague: take your card out."
    (approval,) = granted
    assert (approval.requested_by, approval.decided_by) == ("ana", "bo")
    assert approval.state is ApprovalState.APPROVED


def test_escape_leaves_it_to_the_colleagues_own_queue(desk: DeskAtWork, resident: tuple[UUID, CardFiles]) -> None:
    desk.sign_in("ana")
    granted = ask(desk, resident[0])
    waits_for(desk, "put your own card")
    QTest.keyClick(dialog_of(desk), Qt.Key.Key_Escape)
    desk.until(lambda: desk.window.colleague is None)
    assert granted == []
    with desk.city.client("bo") as colleague:
        newest = next(colleague.approvals(subject_id=resident[0]))
    assert newest.state is ApprovalState.REQUESTED


def test_when_whoever_asked_leaves_nobody_is_asked_any_more(desk: DeskAtWork, resident: tuple[UUID, CardFiles]) -> None:
    desk.sign_in("ana")
    granted = ask(desk, resident[0])
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
    assert desk.window.colleague is None
    assert granted == []
