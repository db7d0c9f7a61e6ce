"""Pictures of every window of the desk, in every language, light and dark: left in var/screens/desk to be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import ApplicationState
from cardsvc.wire.manifest import Language
from cardsvc.wire.people import Purpose
from kiosk.city.counter.residents import seed
from kiosk.city.issuing import RESIDENT, enrol, produce
from kiosk.city.stage import CardFiles, LoopbackStage
from kiosk.desk.colours import Theme
from kiosk.desk.subjects import Subject, TheApplication, TheCard, ThePerson
from tests.fixtures.desk_city import DeskAtWork, DeskCity

pytestmark = pytest.mark.needs("chinese-font")

PICTURES = Path(__file__).parents[4] / "var" / "screens" / "desk"
SIZE = QSize(1366, 768)
_BRIGHT = 128


@dataclass(frozen=True)
class Busy:
    """A city in which residents have come before, and one of them carries a card."""

    city: DeskCity
    citizen: UUID
    card: UUID


@pytest.fixture(scope="module")
def busy(desk_city: DeskCity) -> Busy:
    plan = desk_city.plan
    stage = LoopbackStage(plan.folder)
    seed(plan, stage)
    with desk_city.client("ana") as clerk:
        application = enrol(clerk, RESIDENT)
        card = produce(plan, stage, CardFiles.named(plan.folder, "resident"), application, "CC-0000-0009")
        return Busy(desk_city, clerk.application(application).citizen_id, card)


class Photographer:
    """Takes pictures of one desk, in one language and theme."""

    def __init__(self, desk: DeskAtWork, folder: Path) -> None:
        self.desk = desk
        self.folder = folder
        self.numbers = count(1)
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.png"):
            old.unlink()

    def idle(self) -> None:
        self.desk.until(lambda: not self.desk.window.workers.busy)
        QApplication.processEvents()

    def take(self, name: str, what: QWidget | None = None) -> None:
        """A picture, under its number and name."""
        QApplication.processEvents()
        picture = (what or self.desk.window).grab()
        assert is_painted(picture), name
        assert picture.save(str(self.folder / f"{next(self.numbers):02}-{name}.png"))

    def page(self, group: str) -> None:
        """As the keyboard opens it."""
        row = [page.group for page in self.desk.window.pages].index(group)
        key = getattr(Qt.Key, f"Key_{(row + 1) % 10}")
        QTest.keyClick(self.desk.window, key, Qt.KeyboardModifier.AltModifier)
        self.idle()


def is_painted(picture: QPixmap) -> bool:
    """Whether there is more than a background."""
    image = picture.toImage()
    colours = {image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
    return len(colours) > 8


def brightness(file: Path) -> int:
    """Of a corner of the window, where nothing stands."""
    picture = QPixmap(str(file)).toImage()
    return QColor(picture.pixel(3, picture.height() // 2)).lightness()


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
@pytest.mark.parametrize("language", list(Language))
def test_every_window_in_every_language_light_and_dark(
    desk: DeskAtWork, busy: Busy, language: Language, theme: Theme
) -> None:
    window = desk.window
    window.looks.choose(theme)
    window.speak(language)
    window.resize(SIZE)
    camera = Photographer(desk, PICTURES / f"{language.value}-{theme.value}")
    camera.take("locked")
    desk.insert_officer("ana")
    desk.type(window.sign_in.pin, "918273\r")
    desk.until(lambda: window.sign_in.message.property("failed") is True)
    camera.take("wrong-pin")
    desk.remove_officer()
    desk.sign_in("ana")
    for page in window.pages:
        camera.page(page.group)
        camera.take(page.group)
    opened: list[tuple[str, Subject]] = [
        ("person", ThePerson(busy.citizen, Purpose.APPLICATION)),
        ("card", TheCard(busy.card)),
        ("queue", TheApplication(approved(busy.city))),
        ("issuing", TheApplication(approved(busy.city))),
    ]
    for group, subject in opened:
        window.open_page(group, subject)
        camera.idle()
        camera.take(f"{group}-open")
    QTest.keyClick(window, Qt.Key.Key_F1)
    camera.take("keys", window.keys)
    window.keys.close()
    ask_colleague(desk, camera, busy.card)
    pictures = sorted(camera.folder.glob("*.png"))
    assert len(pictures) == len(window.pages) + len(opened) + 4
    dark = {brightness(picture) < _BRIGHT for picture in pictures}
    assert dark == {theme is Theme.DARK}


def approved(city: DeskCity) -> UUID:
    with city.client("ana") as clerk:
        return next(one.id for one in clerk.applications() if one.state is ApplicationState.APPROVED)


def ask_colleague(desk: DeskAtWork, camera: Photographer, card: UUID) -> None:
    """For the yes that an unblocking takes; it stays open."""
    window = desk.window
    sentence = window.words["second-person"]["title"]
    window.pages[0].ask_approval(
        ApprovalKind.PUK_RELEASE, card, reason="forgotten", sentence=sentence, done=lambda _: None
    )
    desk.until(lambda: window.colleague is not None)
    dialog = window.colleague
    assert dialog is not None
    desk.until(lambda: bool(dialog.step.text()))
    camera.take("colleague", dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
