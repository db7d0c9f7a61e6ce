"""A card service that takes what it is sent and does not answer: the window says so, and waits while it is wanted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cardsvc.client import ServiceClient
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.people import DocumentKind
from kiosk.city.portraits import portrait
from kiosk.city.witness import DatabaseWitness
from kiosk.desk.windows.counting import CountingTab
from kiosk.desk.windows.queue import QueuePage
from kiosk.desk.windows.report import ReportPage
from kiosk.desk.windows.search import SearchPage
from kiosk.desk.windows.stock import StockPage
from kiosk.desk.windows.work import Job
from tests.fixtures.at_the_card import MEI, AtTheCard, Resident, produced
from tests.fixtures.desk_city import DeskAtWork, DeskCity

NUMBER = "CC-0000-0201"
LIN = MEI.model_copy(update={"name": "林一", "name_latin": "Lin Yi", "document_number": "A2000002"})


@pytest.fixture(scope="module")
def mei(desk_city: DeskCity) -> Resident:
    return produced(desk_city, "mei", NUMBER, MEI)


def signing_out() -> bool:
    """Whether the card service has not heard yet that the officer has left."""
    return any(thread.name == "duty" for thread in threading.enumerate())


def stop_waiting(desk: DeskAtWork) -> None:
    """By its key, as soon as the window offers it."""
    desk.until(desk.window.waiting.isVisible)
    QTest.keyClick(desk.window, Qt.Key.Key_F12)
    desk.until(lambda: not desk.window.waiting.isVisible())


def test_a_report_is_not_waited_for_any_longer(desk: DeskAtWork) -> None:
    desk.sign_in("ana")
    desk.until(lambda: not desk.window.workers.busy)
    (page,) = [page for page in desk.window.pages if isinstance(page, ReportPage)]
    number = Qt.Key(Qt.Key.Key_1.value + desk.window.pages.index(page))
    with desk.city.service_silent():
        QTest.keyClick(desk.window, number, Qt.KeyboardModifier.AltModifier)
        stop_waiting(desk)
        assert desk.window.message.text().startswith("You stopped waiting for the answer.\nWhat is shown may be")
        assert not desk.window.workers.busy
    assert page.report is None
    QTest.keyClick(desk.window, Qt.Key.Key_F5)
    desk.until(lambda: page.report is not None)


def test_a_search_is_not_waited_for_any_longer_and_what_was_typed_stays(desk: DeskAtWork) -> None:
    desk.sign_in("ana")
    desk.until(lambda: not desk.window.workers.busy)
    (page,) = [page for page in desk.window.pages if isinstance(page, SearchPage)]
    QTest.keyClick(desk.window, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    desk.type(page.text, "Chen Meiling")
    page.purpose.setFocus()
    QTest.keyClick(page.purpose, Qt.Key.Key_Down)
    with desk.city.service_silent():
        QTest.keyClick(page.text, Qt.Key.Key_Return)
        assert page.note.text() == page.words["looking"]
        stop_waiting(desk)
    assert (page.text.text(), page.note.text()) == ("Chen Meiling", "")


def test_an_act_that_is_not_waited_for_may_be_done_which_is_said_and_looked_at(desk: DeskAtWork, mei: Resident) -> None:
    card = AtTheCard.signed_in(desk)
    card.opens(NUMBER)
    acts = card.page.acts
    card.chooses("H")
    desk.type(acts.needs.reason, "looks tampered with")
    with desk.city.service_silent():
        desk.press(acts.do)
        stop_waiting(desk)
        said = desk.window.message.text()
        assert said.startswith("You stopped waiting before the card service had answered.\nWhat was sent last may have")
        assert acts.needs.reason.text() == "looks tampered with"
    desk.until(lambda: mei.card().state is CardState.HELD)
    QTest.keyClick(desk.window, Qt.Key.Key_F5)
    card.shows("is held")
    assert "Hold" not in card.offers()


@contextmanager
def silent_after(desk: DeskAtWork, monkeypatch: pytest.MonkeyPatch, call: str) -> Iterator[None]:
    """The card service answers this, and nothing that is asked after it."""
    real = getattr(ServiceClient, call)
    with ExitStack() as silence, monkeypatch.context() as patch:

        def answered(*given: object) -> object:
            answer = real(*given)
            silence.enter_context(desk.city.service_silent())
            return answer

        patch.setattr(ServiceClient, call, answered)
        yield


_OUT_OF_DATE = "\nWhat is shown may be out of date.\nAsk again when you like: F5 looks again at what is open."


def test_what_was_done_is_said_though_the_look_after_it_is_not_waited_for(
    desk: DeskAtWork, desk_city: DeskCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    lin = produced(desk_city, "lin", "CC-0000-0202", LIN)
    card = AtTheCard.signed_in(desk)
    card.opens("CC-0000-0202")
    card.chooses("H")
    desk.type(card.page.acts.needs.reason, "looks tampered with")
    with silent_after(desk, monkeypatch, "hold"):
        desk.press(card.page.acts.do)
        stop_waiting(desk)
        assert desk.window.message.text() == "Card CC-0000-0202 is held." + _OUT_OF_DATE
    assert lin.card().state is CardState.HELD
    QTest.keyClick(desk.window, Qt.Key.Key_F5)
    card.shows("is held")


def test_what_was_done_stays_said_over_an_application_that_is_not_seen_again(
    desk: DeskAtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk.city.client("ana") as ana:
        application = ana.create_application(LIN.model_copy(update={"document_number": "A2000003"}))
        ana.store_photo(application.citizen_id, portrait("a"))
        ana.attach_document(application.id, DocumentKind.IDENTITY_DOCUMENT, portrait("scan"))
    desk.sign_in("ana")
    page = desk.window.pages[0]
    assert isinstance(page, QueuePage)
    desk.until(lambda: application.id in [one.id for one in page.matters])
    row = [page.rows.item(row, 0).data(Qt.ItemDataRole.UserRole).id for row in range(page.rows.rowCount())]
    page.table.selectRow(row.index(application.id))
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    desk.until(lambda: page.details.subject is not None)
    QTest.keyClick(desk.window, Qt.Key.Key_F2)
    desk.until(page.details.confirm.isVisible)
    with silent_after(desk, monkeypatch, "submit"):
        QTest.keyClick(page.details.confirm.yes, Qt.Key.Key_Return)
        stop_waiting(desk)
        assert desk.window.message.text() == f"Submitted: {LIN.name}" + _OUT_OF_DATE


def ended(desk: DeskAtWork) -> bool:
    """Whether nothing goes on beside the window, waited for or not."""
    return not desk.window.workers.findChildren(Job)


def counts(desk: DeskAtWork, office: str, number: str) -> CountingTab:
    """Ana counts the one card of an office, and stops waiting before its answer comes."""
    with desk.city.client("ana") as ana:
        ana.add_stock(number, office)
    desk.sign_in("ana")
    desk.until(lambda: not desk.window.workers.busy)
    (page,) = [page for page in desk.window.pages if isinstance(page, StockPage)]
    key = Qt.Key(Qt.Key.Key_1.value + desk.window.pages.index(page))
    QTest.keyClick(desk.window, key, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(desk.window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    tab = page.counting
    desk.type(tab.office, f"{office}\r")
    desk.until(tab.scan.isEnabled)
    desk.type(tab.scan, f"{number}\r")
    with desk.city.service_silent():
        desk.press(tab.send)
        stop_waiting(desk)
    desk.until(lambda: ended(desk))
    return tab


def noted(desk: DeskAtWork, office: str) -> int:
    """How many counts of it the card service has noted."""
    sql = "SELECT count(*) FROM stock_counts WHERE office = ?"
    return int(DatabaseWitness(desk.city.plan.database).value(sql, office))


def is_counted(desk: DeskAtWork) -> bool:
    return desk.window.message.text().startswith("Counted. On the books: 1.")


def test_a_count_whose_answer_came_when_nobody_waited_is_noted_once(desk: DeskAtWork) -> None:
    tab = counts(desk, "loft", "HW-000001")
    desk.press(tab.send)
    desk.until(lambda: is_counted(desk))
    assert noted(desk, "loft") == 1


def test_a_count_that_is_begun_anew_is_another_though_it_comes_out_alike(desk: DeskAtWork) -> None:
    tab = counts(desk, "garret", "HW-000002")
    desk.type(tab.office, "\r")
    desk.until(lambda: tab.count is not None and not tab.count.seen)
    desk.type(tab.scan, "HW-000002\r")
    desk.press(tab.send)
    desk.until(lambda: is_counted(desk))
    assert noted(desk, "garret") == 2


def test_the_window_is_gone_before_the_service_has_heard_of_it(desk: DeskAtWork) -> None:
    desk.sign_in("ana")
    desk.until(lambda: not desk.window.workers.busy)
    with desk.city.service_silent():
        desk.window.close()
        assert (desk.window.isVisible(), signing_out()) == (False, True)
    desk.window.finish()
    assert not signing_out()
