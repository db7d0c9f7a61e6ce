"""Pictures of every window of the desk, in every language, light, dark and large: they are left in var/screens/desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cardsvc.client.clock import system_clock
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import ApplicationState, Person
from cardsvc.wire.manifest import Language
from cardsvc.wire.people import DocumentKind, Relation
from kiosk.city.counter.residents import RESIDENTS, seed
from kiosk.city.issuing import RESIDENT, enrol, produce
from kiosk.city.portraits import portrait
from kiosk.city.stage import CardFiles, LoopbackStage
from kiosk.desk.issuing import Situation
from kiosk.desk.windows.card import CardPage
from kiosk.desk.windows.enrolment import EnrolmentPage
from kiosk.desk.windows.issuing import IssuingPage
from kiosk.desk.windows.person import PersonPage
from kiosk.desk.windows.queue import QueuePage
from kiosk.desk.windows.search import SearchPage
from kiosk.desk.windows.stock import StockPage
from tests.fixtures.at_the_card import AtTheCard
from tests.fixtures.desk_city import PIN, DeskAtWork, DeskCity
from tests.fixtures.desk_issuing import approved, at_step, choose, handing_of, pin_window, sign, stands_at
from tests.fixtures.desk_photographer import CONTROL, SHIFT, Look, Photographer, is_dark

pytestmark = pytest.mark.needs("chinese-font")

NUMBER: Final = "CC-0000-0009"
_numbers = count(1)


@dataclass(frozen=True)
class Busy:
    """A city in which residents have come before: one of them carries a card, and a child waits for its mother."""

    city: DeskCity
    card: UUID
    files: CardFiles
    child: UUID


@pytest.fixture(scope="module")
def busy(desk_city: DeskCity) -> Busy:
    plan = desk_city.plan
    stage, files = LoopbackStage(plan.folder), CardFiles.named(plan.folder, "resident")
    seed(plan, stage)
    born = date(system_clock().year - 8, 1, 2)
    with desk_city.client("ana") as clerk:
        application = enrol(clerk, RESIDENT)
        mother = clerk.application(application).citizen_id
        child = clerk.create_application(
            Person(name="陈小宝", name_latin="Chen Xiaobao", birth_date=born, document_number="M7654999",
                   district="hengqin")
        )  # fmt: skip
        clerk.store_photo(child.citizen_id, portrait("child"))
        clerk.appoint_guardian(child.citizen_id, mother, Relation.PARENT)
        clerk.attach_document(child.id, DocumentKind.GUARDIANSHIP, portrait("form"))
        card = produce(plan, stage, files, application, NUMBER)
    return Busy(desk_city, card, files, child.id)


@pytest.mark.parametrize("look", list(Look))
@pytest.mark.parametrize("language", list(Language))
def test_every_window_in_every_language_light_dark_and_large(
    desk: DeskAtWork, busy: Busy, language: Language, look: Look, tmp_path: Path
) -> None:
    camera = Photographer(desk, language, look)
    turn_the_pages(camera, busy)
    turn_the_stocks_tabs(camera)
    search_somebody(camera)
    look_at_card(camera, busy)
    enrol_somebody(camera, tmp_path)
    issue(camera, tmp_path)
    assert {is_dark(file) for file in camera.taken} == {look is Look.DARK}
    assert len(camera.taken) == len(desk.window.pages) + 27
    assert not camera.cut, "\n".join(camera.cut)


def turn_the_pages(camera: Photographer, busy: Busy) -> None:
    desk, window = camera.desk, camera.desk.window
    camera.take("locked")
    desk.insert_officer("ana")
    desk.type(window.sign_in.pin, "918273\r")
    desk.until(lambda: window.sign_in.message.property("failed") is True)
    camera.take("wrong-pin")
    desk.remove_officer()
    desk.sign_in("ana")
    for page in window.pages:
        camera.page(type(page))
        camera.take(page.group)
    open_in_queue(camera, approved_application(busy.city))
    camera.take("queue-open")
    (issuing,) = [page for page in window.pages if isinstance(page, IssuingPage)]
    camera.key(Qt.Key.Key_F4, lambda: issuing.lanes[0].application is not None)
    camera.take("issuing-open")
    queue = open_in_queue(camera, busy.child)
    camera.key(Qt.Key.Key_F3, queue.details.consent.isVisible)
    camera.take("guardians-consent")
    camera.key(Qt.Key.Key_Escape, queue.details.consent.isHidden)
    QTest.keyClick(window, Qt.Key.Key_F1)
    camera.take("keys", window.keys)
    window.keys.close()


def turn_the_stocks_tabs(camera: Photographer) -> None:
    """The first was seen with the pages."""
    page = camera.page(StockPage)
    for tab in range(1, page.tabs.count()):
        key = getattr(Qt.Key, f"Key_{tab + 1}")
        camera.key(key, partial(lambda tab: page.tabs.currentIndex() == tab, tab), CONTROL)
        camera.take(f"stock-{tab + 1}")


def search_somebody(camera: Photographer) -> None:
    page = camera.page(SearchPage)
    QTest.keyClick(page.purpose, Qt.Key.Key_Home)
    camera.desk.type(page.text, RESIDENT.name + "\r")
    camera.desk.until(lambda: bool(page.found))
    camera.idle()
    camera.take("search-found")


def approved_application(city: DeskCity) -> UUID:
    with city.client("ana") as clerk:
        return next(one.id for one in clerk.applications() if one.state is ApplicationState.APPROVED)


def open_in_queue(camera: Photographer, application: UUID) -> QueuePage:
    """Down to it with the arrow, and Enter."""
    page = camera.page(QueuePage)
    desk, table, matter = camera.desk, page.table, page.details
    desk.until(lambda: application in [one.id for one in page.matters])
    QTest.keyClick(table, Qt.Key.Key_Home, CONTROL)
    while table.currentIndex().siblingAtColumn(0).data(Qt.ItemDataRole.UserRole).id != application:
        QTest.keyClick(table, Qt.Key.Key_Down)
    QTest.keyClick(table, Qt.Key.Key_Return)
    desk.until(lambda: matter.subject is not None and matter.subject.id == application)
    camera.idle()
    return page


def look_at_card(camera: Photographer, busy: Busy) -> None:
    """Opened, an act explained, its PIN unblocked with a colleague, and its person."""
    desk, page = camera.desk, camera.page(CardPage)
    desk.type(page.number, NUMBER + "\r")
    desk.until(lambda: NUMBER in page.facts.text())
    camera.take("card-open")
    camera.key(Qt.Key.Key_H, page.acts.frame.isVisible, CONTROL | SHIFT)
    camera.take("act-explained")
    camera.key(Qt.Key.Key_Escape, page.acts.frame.isHidden)
    ask_colleague(camera, page)
    with busy.city.client("bo") as bo:
        asked = bo.approvals(subject_id=busy.card)
        bo.approve_request(next(one.id for one in asked if one.kind is ApprovalKind.PUK_RELEASE))
    camera.to_the_front()
    AtTheCard(desk, page).is_looked_at_again()
    camera.key(Qt.Key.Key_U, page.acts.frame.isVisible, CONTROL | SHIFT)
    camera.take("act-agreed")
    desk.insert(busy.files.state)
    desk.press(page.acts.do)
    desk.until(page.acts.unblocking.set.isVisible)
    camera.take("unblocking")
    desk.remove()
    (person,) = [one for one in desk.window.pages if isinstance(one, PersonPage)]
    camera.key(Qt.Key.Key_P, lambda: bool(person.name.text()), CONTROL)
    camera.take("person-open")


def ask_colleague(camera: Photographer, page: CardPage) -> None:
    """For the yes that an unblocking takes."""
    desk, window = camera.desk, camera.desk.window
    camera.key(Qt.Key.Key_U, page.acts.frame.isVisible, CONTROL | SHIFT)
    desk.type(page.acts.needs.reason, "forgotten")
    desk.press(page.acts.do)
    desk.until(lambda: window.colleague is not None)
    dialog = window.colleague
    assert dialog is not None
    desk.until(lambda: bool(dialog.step.text()))
    camera.take("colleague", dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    camera.idle()


def enrol_somebody(camera: Photographer, tmp_path: Path) -> None:
    desk, page = camera.desk, camera.page(EnrolmentPage)
    boxes, known = page.form.boxes, RESIDENTS[0]
    QTest.keyClick(page.form.paper, Qt.Key.Key_End)
    for name, text in (
        ("number", f"E{next(_numbers):06}"), ("name_latin", "Wong Ka Man"), ("district", "hengqin"),
        ("appointment", "A-17"), ("birth_date", "2990-05-17"),
    ):  # fmt: skip
        desk.type(boxes[name], text)
    picture = tmp_path / "photo.jpg"
    picture.write_bytes(portrait("sitter"))
    desk.type(page.portrait.file.path, f"{picture}\r")
    desk.until(lambda: page.portrait.frame_kept is not None)
    camera.take("enrolment-filled")
    boxes["birth_date"].selectAll()
    desk.type(boxes["birth_date"], f"{known.birth_date}")
    desk.type(boxes["name"], known.name)
    desk.until(page.duplicates.isVisible)
    QTest.keyClick(page.duplicates.list, Qt.Key.Key_Return)
    desk.until(page.duplicates.yes.isEnabled)
    camera.idle()
    camera.take("enrolment-duplicates")
    camera.key(Qt.Key.Key_F8, page.bar.confirm.isVisible)
    camera.take("enrolment-discarded")
    QTest.keyClick(page.bar.confirm.yes, Qt.Key.Key_Return)
    desk.until(lambda: not boxes["name"].text())


def issue(camera: Photographer, tmp_path: Path) -> None:
    desk = camera.desk
    application, number = approved(desk)
    page = camera.page(IssuingPage)
    lane = page.lanes[0]
    choose(desk, page, application)
    desk.insert(tmp_path / "card")
    stands_at(desk, lane, Situation.BLANK)
    at_step(lane, lane.words["steps"]["certificate-9c"], partial(camera.take, "issuing-writes"))
    desk.type(lane.number, number + "\r")
    desk.until(lambda: lane.written is not None)
    stands_at(desk, lane, Situation.SEALED)
    camera.take("issuing-finished")
    desk.press(lane.face)
    desk.until(lambda: page.face is not None and page.face.isVisible())
    assert page.face is not None
    camera.take("card-face", page.face)
    QTest.keyClick(page.face, Qt.Key.Key_Escape)
    handing = handing_of(desk, page, lane)
    sign(desk, handing)
    camera.take("hand-over", handing)
    desk.press(handing.confirm)
    desk.until(handing.set_pin.isEnabled)
    camera.take("hand-over-signed", handing)
    citizen = pin_window(desk, handing)
    camera.take("citizens-pin", citizen)
    desk.type(citizen.first, "123456")
    camera.take("citizens-pin-weak", citizen)
    citizen.first.clear()
    for field in (citizen.first, citizen.again):
        desk.type(field, PIN)
    QTest.keyClick(citizen.again, Qt.Key.Key_Return)
    desk.until(lambda: not citizen.isVisible())
    camera.take("hand-over-in-force", handing)
