"""Sending an enrolment is stopped while the card service is silent: what is said, and that nothing is half-done."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cardsvc.wire.lifecycle import Application, ApplicationState
from kiosk.city.portraits import portrait
from kiosk.desk.windows.enrolment import EnrolmentPage
from tests.fixtures.desk_city import DeskAtWork

DOCUMENT = "E9900000"


def filled(desk: DeskAtWork, folder: Path) -> EnrolmentPage:
    """Somebody with a photograph and all papers, not sent yet."""
    QTest.keyClick(desk.window, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    (page,) = [page for page in desk.window.pages if isinstance(page, EnrolmentPage)]
    desk.until(page.isVisible)
    QTest.keyClick(page.form.paper, Qt.Key.Key_End)
    person = {"name": "陈思远", "birth_date": "1992-03-04", "number": DOCUMENT, "district": "hengqin"}
    for field, text in person.items():
        desk.type(page.form.boxes[field], text)
    picture = folder / "picture.jpg"
    picture.write_bytes(portrait("sitter"))
    desk.type(page.portrait.file.path, f"{picture}\r")
    desk.until(lambda: page.portrait.frame_kept is not None)
    for there in (1, 2):
        desk.type(page.scans.file.path, f"{picture}\r")
        desk.until(lambda: page.scans.list.count() == there)  # noqa: B023 - waited for here
    return page


def applications(desk: DeskAtWork) -> list[Application]:
    with desk.city.client("bo") as bo:
        everybody = [bo.application(one.id) for one in bo.applications()]
    return [one for one in everybody if one.person.document_number == DOCUMENT]


def test_sending_is_stopped_and_goes_on_where_it_broke_off(desk: DeskAtWork, tmp_path: Path) -> None:
    desk.sign_in("ana")
    page = filled(desk, tmp_path)
    bar = page.bar
    QTest.keyClick(desk.window, Qt.Key.Key_F2)
    desk.until(bar.confirm.isVisible)
    with desk.city.service_silent():
        QTest.keyClick(bar.confirm.yes, Qt.Key.Key_Return)
        desk.until(lambda: bar.stop.isVisible() and bar.progress.isVisible())
        QTest.keyClick(desk.window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
        desk.until(lambda: bar.note.text().startswith("It is stopped as soon as the card service has answered"))
        assert not bar.stop.isEnabled()
    desk.until(lambda: bar.note.text() == "It goes on where it broke off: press Submit again.")
    assert bar.stop.isHidden()
    assert not page.form.isEnabled(), "what the card service has is not changed any more"
    (begun,) = applications(desk)
    assert begun.state is ApplicationState.DRAFT
    with desk.city.client("bo") as bo:
        assert list(bo.documents(begun.id)) == []

    QTest.keyClick(desk.window, Qt.Key.Key_F2)
    desk.until(lambda: desk.window.message.text() == "Submitted: 陈思远. A colleague approves it.")
    (sent,) = applications(desk)
    assert (sent.id, sent.state) == (begun.id, ApplicationState.SUBMITTED)
    with desk.city.client("bo") as bo:
        assert len(list(bo.documents(sent.id))) == 2
