"""Somebody is enrolled with the keyboard: checked while it is typed, compared, photographed, kept through a crash."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from itertools import count
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from cardsvc.client.clock import system_clock
from cardsvc.wire.lifecycle import Application, ApplicationState, Person
from cardsvc.wire.people import Purpose, SearchRequest
from kiosk.city.founding import DESK
from kiosk.city.portraits import portrait
from kiosk.desk.drafts import PURPOSE, Draft, DraftFolder, Form
from kiosk.desk.windows.enrolment import EnrolmentPage
from kiosk.desk.windows.person import PersonPage
from readers.virtual.pcscd import CONTACT_READER
from tests.fixtures.desk_city import PIN, DeskAtWork
from tests.fixtures.postgres import REPOSITORY

_numbers = count(1)


def number() -> str:
    return f"E{next(_numbers)}00000"


def page_of(desk: DeskAtWork) -> EnrolmentPage:
    """The page, by its key."""
    (row,) = (row for row, page in enumerate(desk.window.pages) if isinstance(page, EnrolmentPage))
    QTest.keyClick(desk.window, getattr(Qt.Key, f"Key_{row + 1}"), Qt.KeyboardModifier.AltModifier)
    page = desk.window.pages[row]
    assert isinstance(page, EnrolmentPage)
    desk.until(page.isVisible)
    return page


def choose_paper(page: EnrolmentPage, paper: str) -> None:
    QTest.keyClick(page.form.paper, Qt.Key.Key_Home)
    while page.form.paper.currentText() != paper:
        QTest.keyClick(page.form.paper, Qt.Key.Key_Down)


def type_person(desk: DeskAtWork, page: EnrolmentPage, **fields: str) -> None:
    choose_paper(page, "Another document")
    filled = {"name": "陈思源", "birth_date": "1992-03-04", "district": "hengqin", **fields}
    for name, text in filled.items():
        page.form.boxes[name].clear()
        desk.type(page.form.boxes[name], text)


def add_photo(desk: DeskAtWork, page: EnrolmentPage, folder: Path) -> None:
    picture = folder / "photo.jpg"
    picture.write_bytes(portrait("sitter"))
    desk.type(page.portrait.file.path, f"{picture}\r")
    desk.until(lambda: page.portrait.frame_kept is not None)


def add_papers(desk: DeskAtWork, page: EnrolmentPage, folder: Path) -> None:
    """The page chooses the next kind that is needed."""
    scan = folder / "scan.jpg"
    scan.write_bytes(portrait("scan"))
    while page.scans.needed.text() != "All papers are there.":
        before = page.scans.list.count()
        desk.type(page.scans.file.path, f"{scan}\r")
        desk.until(lambda: page.scans.list.count() > before)  # noqa: B023 - waited for here


def key(desk: DeskAtWork, pressed: Qt.Key, where: QWidget | None = None) -> None:
    QTest.keyClick(where or desk.window, pressed)


def submit(desk: DeskAtWork, page: EnrolmentPage, says: str) -> None:
    """F2, then yes."""
    key(desk, Qt.Key.Key_F2)
    desk.until(page.bar.confirm.isVisible)
    key(desk, Qt.Key.Key_Return, page.bar.confirm.yes)
    desk.until(lambda: desk.window.message.text() == says)


def applications_of(desk: DeskAtWork, document_number: str) -> list[Application]:
    with desk.city.client("bo") as bo:
        everybody = [bo.application(one.id) for one in bo.applications()]
    return [one for one in everybody if one.person.document_number == document_number]


def files(folder: Path) -> list[Path]:
    """Walked, since drafts are put in their places meanwhile."""
    return [Path(where) / name for where, _, names in os.walk(folder / "drafts") for name in names]


def test_a_person_is_enrolled_from_the_first_key_to_the_colleagues_queue(desk: DeskAtWork, tmp_path: Path) -> None:
    document = number()
    desk.sign_in("ana")
    page = page_of(desk)
    type_person(desk, page, number=document, name_latin="Chen Siyuan")
    key(desk, Qt.Key.Key_F2)
    desk.until(lambda: page.bar.note.text() == "The photograph is missing.")
    add_photo(desk, page, tmp_path)
    assert page.bar.note.text() == ""
    frame = page.portrait.frame_kept
    key(desk, Qt.Key.Key_Minus, page.portrait.view)
    key(desk, Qt.Key.Key_Right, page.portrait.view)
    assert page.portrait.frame_kept != frame
    key(desk, Qt.Key.Key_F2)
    desk.until(lambda: page.bar.note.text() == "Still needed: Identity document, Proof of address")
    desk.type(page.scans.file.path, "/no/such/scan.jpg\r")
    desk.until(lambda: desk.window.message.text().startswith("There is no such file"))
    page.scans.file.path.clear()
    add_papers(desk, page, tmp_path)
    assert (desk.window.message.text(), page.bar.note.text()) == ("", "")
    submit(desk, page, "Submitted: 陈思源. A colleague approves it.")

    (made,) = applications_of(desk, document)
    assert (made.state, made.requested_by) == (ApplicationState.SUBMITTED, "ana")
    with desk.city.client("bo") as bo:
        assert len(list(bo.documents(made.id))) == 2
        assert bo.open_photo(made.citizen_id, Purpose.APPLICATION)
    assert page.form.boxes["name"].text() == ""
    assert files(desk.window.equipment.folder) == []


def test_what_is_wrong_is_said_while_it_is_typed(desk: DeskAtWork) -> None:
    desk.sign_in("ana")
    page = page_of(desk)
    boxes, faults = page.form.boxes, page.form.faults
    desk.type(boxes["number"], "110105194912310021")
    assert faults["number"].text().startswith("The check digit does not fit")
    assert (boxes["number"].property("wrong"), boxes["name"].property("wrong")) == (True, False)
    assert faults["name"].isHidden()
    key(desk, Qt.Key.Key_Backspace, boxes["number"])
    desk.type(boxes["number"], "x")
    assert faults["number"].isHidden()
    boxes["number"].selectAll()
    desk.type(boxes["number"], "11010519491231002X")
    assert boxes["birth_date"].text() == "1949-12-31"
    boxes["birth_date"].selectAll()
    desk.type(boxes["birth_date"], "2949-12-31")
    assert faults["birth_date"].text() == "Nobody who stands here can be born that day."
    key(desk, Qt.Key.Key_F2)
    desk.until(lambda: page.bar.note.text() == "Mend what is marked.")
    assert faults["name"].text() == "This is needed."
    desk.type(boxes["number"], "")
    boxes["number"].selectAll()
    desk.type(boxes["number"], "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
    assert (boxes["number"].text(), boxes["birth_date"].text()) == ("L898902C3", "1974-08-12")
    assert page.form.paper.currentText() == "Passport"


def test_after_a_question_the_keyboard_stays_in_the_field_that_is_typed_into(desk: DeskAtWork) -> None:
    """Every person after the first of a day."""
    desk.sign_in("ana")
    page = page_of(desk)
    boxes = page.form.boxes
    desk.type(boxes["name"], "Chen")
    key(desk, Qt.Key.Key_F8)
    desk.until(page.bar.confirm.isVisible)
    key(desk, Qt.Key.Key_Return, page.bar.confirm.yes)
    desk.until(boxes["name"].hasFocus)
    desk.type(boxes["name"], "Wong")
    key(desk, Qt.Key.Key_Tab, boxes["name"])
    for letter in "Ho":
        focused = desk.window.focusWidget()
        assert focused is not None
        desk.type(focused, letter)
    assert (boxes["name"].text(), boxes["name_latin"].text()) == ("Wong", "Ho")


def enrolled(desk: DeskAtWork, name: str) -> None:
    """Somebody of whom there is a photograph."""
    with desk.city.client("bo") as bo:
        born = system_clock().date().replace(year=1992, month=3, day=4)
        made = bo.create_application(
            Person(name=name, birth_date=born, document_number=number(), district="taipa")
        )  # fmt: skip
        bo.store_photo(made.citizen_id, portrait("known"))


def beside(page: EnrolmentPage) -> list[list[str]]:
    index = page.duplicates.table.model().index
    return [[index(row, column).data() for column in range(3)] for row in range(page.duplicates.table.rowCount())]


def has_face(picture: QLabel) -> bool:
    return picture.isVisible() and not picture.pixmap().isNull()


def test_somebody_who_is_enrolled_is_compared_side_by_side(desk: DeskAtWork, tmp_path: Path) -> None:
    document = number()
    enrolled(desk, "许文")
    desk.sign_in("ana")
    page = page_of(desk)
    panel, name = page.duplicates, page.form.boxes["name"]
    name.setFocus()
    desk.type(name, "许文")
    desk.type(page.form.boxes["birth_date"], "1992-03-04")
    desk.until(panel.isVisible)  # while it is typed: nothing was submitted
    assert ["Name", "许文", "许文"] in beside(page)
    assert ["≠ District", "", "taipa"] in beside(page)
    assert name.hasFocus()
    assert not panel.no.isEnabled()
    key(desk, Qt.Key.Key_Return, panel.list)
    desk.until(lambda: has_face(panel.theirs))
    assert panel.own.text() == "The photograph is missing."
    assert not panel.no.isEnabled()  # without a number nobody is somebody else
    choose_paper(page, "Another document")
    desk.type(page.form.boxes["number"], document)
    desk.type(page.form.boxes["district"], "hengqin")
    add_photo(desk, page, tmp_path)
    desk.until(lambda: has_face(panel.own) and has_face(panel.theirs))
    add_papers(desk, page, tmp_path)
    key(desk, Qt.Key.Key_F2)
    desk.until(panel.list.hasFocus)
    assert ["≠ District", "hengqin", "taipa"] in beside(page)
    key(desk, Qt.Key.Key_F7)
    desk.until(page.bar.confirm.isVisible)
    key(desk, Qt.Key.Key_Return, page.bar.confirm.yes)
    desk.until(lambda: desk.window.message.text() == "Submitted: 许文. A colleague approves it.")
    assert len(applications_of(desk, document)) == 1


def test_somebody_else_counts_only_for_the_person_who_was_compared(desk: DeskAtWork, tmp_path: Path) -> None:
    enrolled(desk, "许武")
    desk.sign_in("ana")
    page = page_of(desk)
    panel = page.duplicates
    type_person(desk, page, name="许武", number=number())
    add_photo(desk, page, tmp_path)
    add_papers(desk, page, tmp_path)
    desk.until(panel.isVisible)
    key(desk, Qt.Key.Key_Return, panel.list)
    desk.until(panel.no.isEnabled)
    key(desk, Qt.Key.Key_F7)
    desk.until(panel.isHidden)
    document = number()
    page.form.boxes["number"].clear()
    desk.type(page.form.boxes["number"], document)
    desk.until(panel.isVisible)
    key(desk, Qt.Key.Key_F2)
    desk.until(lambda: page.bar.note.text().startswith("Somebody like this is enrolled."))
    assert page.bar.confirm.isHidden()
    assert applications_of(desk, document) == []


def test_somebody_who_is_enrolled_is_opened_instead(desk: DeskAtWork, tmp_path: Path) -> None:
    desk.sign_in("ana")
    page = page_of(desk)
    type_person(desk, page, name="林波", birth_date="1981-03-04", number="A1000002")
    add_photo(desk, page, tmp_path)
    add_papers(desk, page, tmp_path)
    key(desk, Qt.Key.Key_F2)
    desk.until(page.duplicates.isVisible)
    key(desk, Qt.Key.Key_Return, page.duplicates.list)
    desk.until(page.duplicates.yes.isEnabled)
    key(desk, Qt.Key.Key_F6)
    person = next(page for page in desk.window.pages if isinstance(page, PersonPage))
    desk.until(person.isVisible)
    with desk.city.client("bo") as bo:
        found = bo.search_people(SearchRequest(name="林波", purpose=Purpose.APPLICATION)).people
    assert len(found) == 1


def test_a_photograph_is_pasted_and_a_bad_one_refused(desk: DeskAtWork, tmp_path: Path) -> None:
    desk.sign_in("ana")
    page = page_of(desk)
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    desk.press(page.portrait.paste)
    assert page.portrait.fault.text() == "There is no picture in the clipboard."
    clipboard.setImage(QImage.fromData(portrait("pasted")))
    desk.press(page.portrait.paste)
    desk.until(lambda: page.portrait.frame_kept is not None)
    assert page.portrait.fault.text() == ""
    text = tmp_path / "photo.txt"
    text.write_text("no picture")
    desk.type(page.portrait.file.path, f"{text}\r")
    desk.until(lambda: page.portrait.fault.text().startswith("This file is no photograph"))


def test_a_killed_desk_has_lost_nothing_that_was_typed(desk: DeskAtWork, tmp_path: Path) -> None:
    plan, equipment = desk.city.plan, desk.window.equipment
    picture = tmp_path / "photo.jpg"
    picture.write_bytes(portrait("killed"))
    desk.insert_officer("ana")
    arguments = [
        plan.service_url, DESK, plan.private_key(DESK), equipment.folder, CONTACT_READER, PIN, picture,
        "name_latin=Wong Kill", "number=1234", "appointment=A-17",
    ]  # fmt: skip
    typist = subprocess.Popen(
        [sys.executable, "-m", "tests.fixtures.desk_typist", *map(str, arguments)],
        cwd=REPOSITORY, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert typist.stdout is not None
        assert typist.stdout.readline() == "typed\n"
    finally:
        typist.kill()
        typist.wait()
        typist.stdout.close()  # type: ignore[union-attr]
    assert len(files(equipment.folder)) == 2
    assert not any(b"Wong" in path.read_bytes() or path.stat().st_mode & 0o077 for path in files(equipment.folder))

    desk.type(desk.window.sign_in.pin, PIN + "\r")
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.open)
    page = page_of(desk)
    desk.until(lambda: page.form.boxes["name_latin"].text() == "Wong Kill")
    assert (page.form.boxes["number"].text(), page.form.boxes["appointment"].text()) == ("1234", "A-17")
    assert page.portrait.frame_kept is not None
    assert page.bar.note.text() == "What you began before is here again."

    key(desk, Qt.Key.Key_F8)
    desk.until(page.bar.confirm.isVisible)
    key(desk, Qt.Key.Key_Return, page.bar.confirm.yes)
    desk.until(lambda: files(equipment.folder) == [])
    assert page.form.boxes["name_latin"].text() == ""


def keep_draft(desk: DeskAtWork, name: str, secret: bytes | None = None) -> Path:
    """As ana left it; the file that holds the form."""
    with desk.city.client(DESK) as own:
        folder = DraftFolder(desk.window.equipment.folder, secret or own.derive_secret(PURPOSE), "ana")
    folder.save(Draft(form=Form(name=name)), folder.next_version())
    (form,) = files(desk.window.equipment.folder)
    return form


def test_a_draft_of_another_key_is_put_aside_and_not_deleted(desk: DeskAtWork) -> None:
    form = keep_draft(desk, "陈思源", bytes(32))
    sealed = form.read_bytes()
    desk.sign_in("ana")
    page = page_of(desk)
    desk.until(lambda: "It is put aside on this desk for a week and not deleted" in page.bar.note.text())
    (aside,) = files(desk.window.equipment.folder)
    assert aside.read_bytes() == sealed
    assert aside.parent.name.endswith(".unreadable")
    desk.type(page.form.boxes["name"], "Wong")
    desk.until(lambda: len(files(desk.window.equipment.folder)) == 2)


def test_a_disk_that_fails_once_costs_no_draft(desk: DeskAtWork) -> None:
    form = keep_draft(desk, "陈思源")
    away = form.rename(form.with_name("away"))
    form.mkdir()  # reading it is an OSError
    desk.sign_in("ana")
    page = page_of(desk)
    desk.until(lambda: page.bar.note.text().startswith("What you began before cannot be read just now. It is kept"))
    assert not page.form.isEnabled()
    assert not page.bar.submit.isEnabled()
    form.rmdir()
    away.rename(form)
    QTest.keyClick(desk.window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    page_of(desk)
    desk.until(lambda: page.form.boxes["name"].text() == "陈思源")
    assert page.form.isEnabled()
    assert page.bar.note.text() == "What you began before is here again."


def test_what_is_still_read_does_not_land_in_the_next_draft(desk: DeskAtWork, tmp_path: Path) -> None:
    slow = [tmp_path / name for name in ("photo.jpg", "scan.jpg")]
    for path in slow:
        os.mkfifo(path)  # reading it waits until somebody writes
    desk.sign_in("ana")
    page = page_of(desk)
    type_person(desk, page, number=number())
    for box, path in zip((page.portrait.file.path, page.scans.file.path), slow, strict=True):
        desk.type(box, f"{path}\r")
    key(desk, Qt.Key.Key_F2)
    desk.until(lambda: "still being read" in page.bar.note.text())
    key(desk, Qt.Key.Key_F8)
    desk.until(page.bar.confirm.isVisible)
    key(desk, Qt.Key.Key_Return, page.bar.confirm.yes)
    desk.until(lambda: page.form.boxes["name"].text() == "")
    desk.type(page.form.boxes["name"], "Wong")
    for path in slow:
        path.write_bytes(portrait("late"))
    desk.until(lambda: page.kept)
    assert page.portrait.frame_kept is None
    assert page.scans.list.count() == 0
    assert [path.name for path in files(desk.window.equipment.folder)] == ["form"]


def test_what_broke_off_while_it_was_sent_goes_on_and_a_minor_waits_for_the_guardian(
    desk: DeskAtWork, tmp_path: Path
) -> None:
    document = number()
    born = f"{system_clock().year - 9}-01-02"
    desk.sign_in("ana")
    page = page_of(desk)
    type_person(desk, page, name="陈小宝", number=document, birth_date=born)
    add_photo(desk, page, tmp_path)
    add_papers(desk, page, tmp_path)
    assert page.scans.list.count() == 3
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
    assert page.form.boxes["name"].text() == ""
    with desk.city.client(DESK) as own, desk.city.client("ana") as ana:
        folder = DraftFolder(desk.window.equipment.folder, own.derive_secret(PURPOSE), "ana")
        draft = folder.load()
        assert draft is not None
        there = ana.create_application(
            Person(name="陈小宝", birth_date=born, document_number=document, district="hengqin"), key=draft.key
        )
        draft.sent = True  # as when the desk is killed before the answer comes
        folder.save(draft, folder.next_version())

    desk.sign_in("ana")
    page_of(desk)
    desk.until(lambda: page.form.boxes["name"].text() == "陈小宝")
    assert not page.form.isEnabled()
    key(desk, Qt.Key.Key_F2)
    says = "陈小宝 is enrolled. A guardian has to agree before it can be submitted."
    desk.until(lambda: desk.window.message.text() == says)
    assert [one.id for one in applications_of(desk, document)] == [there.id]
    with desk.city.client("bo") as bo:
        assert len(list(bo.documents(there.id))) == 3
    queue = desk.window.pages[0]
    assert desk.window.stack.currentWidget() is queue


def test_what_was_changed_just_before_it_is_sent_is_on_the_disk_while_it_is(desk: DeskAtWork, tmp_path: Path) -> None:
    document = number()
    desk.sign_in("ana")
    page = page_of(desk)
    type_person(desk, page, name="黎一鸣", birth_date="1961-07-08", number=document)
    add_photo(desk, page, tmp_path)
    add_papers(desk, page, tmp_path)
    desk.remove_officer()
    desk.until(lambda: desk.window.whole.currentWidget() is desk.window.sign_in)
    with desk.city.client(DESK) as own, desk.city.client("ana") as ana:
        folder = DraftFolder(desk.window.equipment.folder, own.derive_secret(PURPOSE), "ana")
        draft = folder.load()
        assert draft is not None
        there = ana.create_application(
            Person(name="黎一鸣", birth_date=date(1961, 7, 8), document_number=document, district="hengqin"),
            key=draft.key,
        )
        draft.sent, draft.application, draft.citizen = True, there.id, there.citizen_id
        folder.save(draft, folder.next_version())

    def on_disk() -> Draft:
        return Draft.model_validate_json(folder.read("form"))

    desk.sign_in("ana")
    page_of(desk)
    desk.until(lambda: page.portrait.frame_kept is not None)
    with desk.city.service_silent():
        key(desk, Qt.Key.Key_Minus, page.portrait.view)
        key(desk, Qt.Key.Key_F2)
        assert page.draft.cut not in (None, draft.cut)
        desk.until(lambda: page.job is not None)
        desk.until(lambda: on_disk().cut == page.draft.cut)
    desk.until(lambda: desk.window.message.text() == "Submitted: 黎一鸣. A colleague approves it.")
