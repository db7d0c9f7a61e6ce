"""Somebody is found by name, sound, document or card, with a purpose that goes on record, and opened."""

from __future__ import annotations

from datetime import date
from itertools import count

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cardsvc.wire.lifecycle import Person
from kiosk.city.counter.officers import OFFICERS
from kiosk.desk.windows.person import PersonPage
from kiosk.desk.windows.queue import QueuePage
from kiosk.desk.windows.search import SearchPage
from tests.fixtures.desk_city import DeskAtWork

_numbers = count(1)


def search_of(desk: DeskAtWork) -> SearchPage:
    """The page, by its key."""
    (row,) = (row for row, page in enumerate(desk.window.pages, 1) if isinstance(page, SearchPage))
    QTest.keyClick(desk.window, getattr(Qt.Key, f"Key_{row}"), Qt.KeyboardModifier.AltModifier)
    page = desk.window.pages[row - 1]
    assert isinstance(page, SearchPage)
    desk.until(page.isVisible)
    return page


def look_for(desk: DeskAtWork, page: SearchPage, text: str, purpose: str = "Application") -> None:
    page.text.selectAll()
    desk.type(page.text, text)
    QTest.keyClick(page.purpose, Qt.Key.Key_Home)
    while page.purpose.currentText() != purpose:
        QTest.keyClick(page.purpose, Qt.Key.Key_Down)
    QTest.keyClick(page.text, Qt.Key.Key_Return)
    desk.until(lambda: page.note.text() not in ("", page.words["looking"]))


def cells(page: SearchPage) -> list[str]:
    return [page.rows.item(0, column).text() for column in range(page.rows.columnCount())]


@pytest.mark.parametrize(
    ("typed", "found_by"),
    [
        ("林波", "name"),
        ("lin bo", "name"),
        ("A1000002", "document number"),
        ("a 1000002", "document number"),
        ("CC-0000-0002", "card number"),
    ],
)
def test_one_box_finds_by_all_of_them(desk: DeskAtWork, typed: str, found_by: str) -> None:
    desk.sign_in("ana")
    page = search_of(desk)
    look_for(desk, page, typed)
    assert cells(page) == ["林波", "1981", "… 0002", "hengqin", found_by]


def test_nobody_is_looked_for_without_a_purpose(desk: DeskAtWork) -> None:
    desk.sign_in("ana")
    page = search_of(desk)
    QTest.keyClick(page.text, Qt.Key.Key_Return)
    assert page.note.text() == "Type a name, a document number or a card number."
    desk.type(page.text, "林波\r")
    assert page.note.text() == "Choose why you look for this person: they can read it."
    look_for(desk, page, "nobody of this name")
    assert page.note.text().startswith("Nobody was found.")


def test_a_person_is_opened_for_the_purpose_that_was_chosen(desk: DeskAtWork) -> None:
    with desk.city.client("bo") as bo:
        application = bo.create_application(
            Person(
                name="何小红", birth_date=date(1970, 3, 4), document_number=f"S{next(_numbers)}0000", district="taipa"
            )
        )
    desk.sign_in("ana")
    page = search_of(desk)
    look_for(desk, page, "he xiaohong", "Complaint")
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    person = next(page for page in desk.window.pages if isinstance(page, PersonPage))
    desk.until(person.isVisible)

    def purposes() -> list[str | None]:
        with desk.city.client("bo") as bo:
            return [one.purpose for one in bo.access_history(application.citizen_id).entries]

    desk.until(lambda: purposes().count("complaint") >= 2)  # found, and opened
    desk.until(person.application.isVisible)
    QTest.keyClick(desk.window, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    queue = next(page for page in desk.window.pages if isinstance(page, QueuePage))
    desk.until(lambda: queue.isVisible() and queue.details.title.text() == "何小红")


def test_what_was_found_goes_with_the_officer(desk: DeskAtWork) -> None:
    desk.sign_in("ana")
    page = search_of(desk)
    look_for(desk, page, OFFICERS["bo"].document_number)
    assert page.rows.rowCount() == 1
    desk.remove_officer()
    desk.until(lambda: page.rows.rowCount() == 0)
    assert (page.text.text(), page.purpose.currentIndex()) == ("", -1)
