"""The queue, with the keyboard: applications and approvals are found, opened, and acted on after a yes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from uuid import UUID

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from cardsvc.client import ServiceClient
from cardsvc.client.clock import system_clock
from cardsvc.wire.approvals import ApprovalKind, ApprovalState
from cardsvc.wire.lifecycle import Application, ApplicationState, Consent, Person
from cardsvc.wire.people import DocumentKind, Purpose, Relation, SearchRequest
from kiosk.city.issuing import enrol
from kiosk.city.portraits import portrait
from kiosk.desk.queue import Act
from kiosk.desk.windows.queue import QueuePage
from kiosk.desk.windows.theme import SIZES
from tests.fixtures.desk_city import PIN, DeskAtWork

_numbers = count(7001)


def resident(name: str = "黄小明", born: date = date(1990, 5, 6)) -> Person:
    return Person(name=name, birth_date=born, document_number=f"Q{next(_numbers)}00", district="hengqin")


@contextmanager
def colleague(desk: DeskAtWork, name: str = "bo") -> Iterator[ServiceClient]:
    with desk.city.client(name) as client:
        yield client


def state_of(desk: DeskAtWork, application: UUID) -> Application:
    with colleague(desk) as bo:
        return bo.application(application)


def queue_of(desk: DeskAtWork) -> QueuePage:
    page = desk.window.pages[0]
    assert isinstance(page, QueuePage)
    return page


def key(desk: DeskAtWork, pressed: Qt.Key, where: QWidget | None = None) -> None:
    QTest.keyClick(where or desk.window, pressed)


def ask(desk: DeskAtWork, pressed: Qt.Key) -> None:
    """An act's key: what it will do is shown."""
    key(desk, pressed)
    desk.until(queue_of(desk).details.confirm.isVisible)


def lines(page: QueuePage) -> list[tuple[str, ...]]:
    model = page.rows
    return [
        tuple(model.item(row, column).text() for column in range(model.columnCount()))
        for row in range(model.rowCount())
    ]


def choose(page: QueuePage, state: str) -> None:
    """In the list of states, with the arrows."""
    QTest.keyClick(page.state, Qt.Key.Key_Home)
    while page.state.currentText() != state:
        QTest.keyClick(page.state, Qt.Key.Key_Down)


def open_line(desk: DeskAtWork, subject: UUID) -> QueuePage:
    """Down to it with the arrow, and Enter."""
    page = queue_of(desk)
    desk.until(lambda: subject in [one.id for one in page.matters])
    QTest.keyClick(page.table, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    for _ in range(page.rows.rowCount()):
        chosen = page.table.currentIndex().siblingAtColumn(0).data(Qt.ItemDataRole.UserRole)
        if chosen is not None and chosen.id == subject:
            break
        key(desk, Qt.Key.Key_Down, page.table)
    key(desk, Qt.Key.Key_Return, page.table)
    desk.until(lambda: page.details.subject is not None and page.details.subject.id == subject)
    return page


def test_a_clerk_submits_and_a_colleague_at_the_desk_approves(desk: DeskAtWork) -> None:
    person = resident()
    with colleague(desk, "ana") as ana:
        application = ana.create_application(person).id
        ana.store_photo(ana.application(application).citizen_id, portrait("a"))
        ana.attach_document(application, DocumentKind.IDENTITY_DOCUMENT, portrait("scan"))
    desk.sign_in("ana")
    page = open_line(desk, application)
    assert ("Draft", "First card", "ana", "ana, to submit it", "0 min", "") in lines(page)
    details = page.details
    assert details.title.text() == person.name
    assert details.facts.value("Document number") == person.document_number
    assert [details.papers.item(row).text() for row in range(2)] == ["Photograph", "Identity document"]
    key(desk, Qt.Key.Key_Down, details.papers)
    key(desk, Qt.Key.Key_Return, details.papers)
    desk.until(lambda: not details.picture.pixmap().isNull())

    ask(desk, Qt.Key.Key_F2)
    assert details.confirm.sentence.text().startswith(f"The application of {person.name} goes to a colleague")
    assert state_of(desk, application).state is ApplicationState.DRAFT
    key(desk, Qt.Key.Key_Return, details.confirm.yes)
    desk.until(lambda: desk.window.message.text() == f"Submitted: {person.name}")
    desk.until(lambda: details.opened is not None and details.facts.value("State") == "Submitted")  # it stays open
    assert not details.buttons[Act.APPROVE].isVisible()
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
    assert (details.title.text(), lines(page)) == ("", [])

    desk.sign_in("bo")
    open_line(desk, application)
    ask(desk, Qt.Key.Key_F6)
    key(desk, Qt.Key.Key_Return, details.confirm.yes)
    desk.until(lambda: desk.window.message.text() == f"Approved: {person.name}")
    found = state_of(desk, application)
    assert (found.state, found.approved_by) == (ApplicationState.APPROVED, "bo")


def test_a_rejection_takes_a_reason_and_esc_takes_it_back(desk: DeskAtWork) -> None:
    with colleague(desk) as bo:
        application = enrol(bo, resident("周强"))
    desk.sign_in("ana")
    page = open_line(desk, application)
    ask(desk, Qt.Key.Key_F7)
    confirm = page.details.confirm
    assert not confirm.yes.isEnabled()
    key(desk, Qt.Key.Key_Escape, confirm.reason)
    desk.until(confirm.isHidden)
    assert state_of(desk, application).state is ApplicationState.SUBMITTED

    ask(desk, Qt.Key.Key_F7)
    desk.type(confirm.reason, "The photograph shows somebody else\r")
    desk.until(lambda: desk.window.message.text() == "Rejected: 周强")
    found = state_of(desk, application)
    assert found.state is ApplicationState.REJECTED
    assert found.history[-1].reason == "The photograph shows somebody else"


def test_the_queue_shows_a_part(desk: DeskAtWork) -> None:
    with colleague(desk) as bo, colleague(desk, "ana") as ana:
        theirs, own = enrol(bo, resident("甲")), ana.create_application(resident("乙")).id
    desk.sign_in("ana")
    page = queue_of(desk)
    desk.until(lambda: {theirs, own} <= {one.id for one in page.matters})
    everything = len(lines(page))
    QTest.keyClick(desk.window, Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
    desk.until(lambda: {line[2] for line in lines(page)} == {"ana"})
    QTest.keyClick(desk.window, Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
    desk.until(lambda: len(lines(page)) == everything)
    choose(page, "Submitted")
    assert {line[0] for line in lines(page)} == {"Submitted"}
    choose(page, "Draft")
    assert {line[0] for line in lines(page)} == {"Draft"}


def test_what_takes_two_is_granted_by_the_colleague(desk: DeskAtWork) -> None:
    with colleague(desk) as bo:
        card = bo.add_stock("CC-7777-0001")
        asked = bo.request_approval(ApprovalKind.STOCK_WRITE_OFF, card.uuid, "Bent")
    desk.sign_in("ana")
    page = open_line(desk, asked.id)
    assert page.details.facts.value("Reason") == "Bent"
    ask(desk, Qt.Key.Key_F6)
    assert page.details.confirm.sentence.text() == "bo may do this, once. Your name stands on it."
    key(desk, Qt.Key.Key_Return, page.details.confirm.yes)
    desk.until(lambda: desk.window.message.text() == "Granted to bo")
    with colleague(desk) as bo:
        (found,) = bo.approvals(subject_id=card.uuid)
    assert (found.state, found.decided_by) == (ApprovalState.APPROVED, "ana")


def test_a_guardian_agrees_with_their_card_and_on_paper(desk: DeskAtWork) -> None:
    born = date(system_clock().year - 8, 1, 2)
    with colleague(desk, "ana") as ana:
        mother = ana.search_people(SearchRequest(name="林波", purpose=Purpose.APPLICATION)).people[0].id
        children = [ana.create_application(resident(name, born)) for name in ("林一", "林二")]
        for child in children:
            ana.appoint_guardian(child.citizen_id, mother, Relation.PARENT)
        ana.attach_document(children[1].id, DocumentKind.GUARDIANSHIP, portrait("form"))
    desk.sign_in("ana")
    desk.insert(desk.city.cards["bo"].state)
    page = open_line(desk, children[0].id)
    consent = page.details.consent
    key(desk, Qt.Key.Key_F3)
    desk.until(consent.isVisible)
    assert consent.guardian.currentText() == "林波 (parent)"
    desk.type(consent.pin, PIN + "\r")
    desk.until(lambda: desk.window.message.text() == "The guardian's consent is noted: 林一")
    assert state_of(desk, children[0].id).consent is Consent.CARD

    open_line(desk, children[1].id)
    key(desk, Qt.Key.Key_F3)
    desk.until(consent.isVisible)
    key(desk, Qt.Key.Key_Down, consent.how)
    assert consent.how.currentText().startswith("On paper: Proof of guardianship")
    key(desk, Qt.Key.Key_Return, consent.yes)
    desk.until(lambda: desk.window.message.text() == "The guardian's consent is noted: 林二")
    assert state_of(desk, children[1].id).consent is Consent.PAPER


def test_a_colleague_approves_at_the_same_desk(desk: DeskAtWork) -> None:
    with colleague(desk, "ana") as ana:
        application = enrol(ana, resident("丁"))
    desk.sign_in("ana")
    open_line(desk, application)
    key(desk, Qt.Key.Key_F9)
    desk.until(lambda: desk.window.colleague is not None)
    dialog = desk.window.colleague
    assert dialog is not None
    desk.insert(desk.city.cards["bo"].state)
    desk.until(dialog.pin.isEnabled)
    desk.type(dialog.pin, PIN + "\r")
    desk.until(lambda: desk.window.message.text().startswith("Done."))
    found = state_of(desk, application)
    assert (found.state, found.requested_by, found.approved_by) == (ApplicationState.APPROVED, "ana", "bo")
    desk.until(queue_of(desk).details.buttons[Act.ISSUE].isVisible)  # at once, for ana


def test_a_line_of_the_queue_has_its_appointment(desk: DeskAtWork) -> None:
    with colleague(desk, "ana") as ana:
        ana.create_application(resident("戊"), appointment="A-117")
    desk.sign_in("ana")
    page = queue_of(desk)
    desk.until(lambda: "A-117" in [line[-1] for line in lines(page)])


def test_with_large_letters_the_queue_is_seen_from_its_first_column(desk: DeskAtWork) -> None:
    desk.window.resize(480, 700)
    for _ in SIZES:
        QTest.keyClick(desk.window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    desk.sign_in("ana")
    window, table = desk.window, queue_of(desk).table
    window.activateWindow()  # as a window manager has it
    desk.until(table.hasFocus)
    room = window.stack.room
    desk.until(lambda: table.width() > room.viewport().width())
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    desk.until(lambda: table.hasFocus() and table.mapTo(room.viewport(), QPoint(0, 0)).x() >= 0)


def test_the_keyboard_is_where_the_page_begins(desk: DeskAtWork) -> None:
    """After signing in, after each page's key, and after the key of the page that is open already."""
    desk.sign_in("ana")
    window = desk.window
    window.activateWindow()  # as a window manager has it
    desk.until(lambda: window.focusWidget() is queue_of(desk).table)
    for row, page in [*enumerate(window.pages, 1), (len(window.pages), window.pages[-1])]:
        QTest.keyClick(window, getattr(Qt.Key, f"Key_{row}"), Qt.KeyboardModifier.AltModifier)
        desk.until(lambda: page.isAncestorOf(window.focusWidget()))  # noqa: B023 - waited for here
        window.lock.setFocus()
