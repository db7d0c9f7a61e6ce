"""Issuing: an approved application becomes a card in its holder's hands. With two readers, one after the other."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from cardsvc.wire.lifecycle import Application, ApplicationState, ApplicationSummary
from kiosk.desk.card_layout import Printed
from kiosk.desk.issuing import Standing, issuable, what_is_printed
from kiosk.desk.on_duty import OnDuty
from kiosk.desk.paper import forget
from kiosk.desk.subjects import Subject, TheApplication
from kiosk.desk.windows.beside import Beside
from kiosk.desk.windows.card_face import PRINTED, CardFaceDialog
from kiosk.desk.windows.hand_over import HandOver
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.lane import Lane
from kiosk.desk.windows.page import Page, Surroundings
from readers.piv.pin import Pin

_ID: Final = Qt.ItemDataRole.UserRole


class IssuingPage(Page):
    """The applications to make cards for, and a lane for each reader."""

    group = "issuing"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.list = QListWidget()
        self.list.setProperty("role", "list")
        self.list.setAccessibleName(self.words["applications"])
        self.list.itemActivated.connect(self._chosen)
        self.by_id = QLineEdit()
        self.by_id.setAccessibleName(self.words["by_id"])
        self.by_id.setPlaceholderText(self.words["by_id"])
        self.by_id.returnPressed.connect(self._by_id)
        self.refresh = QPushButton(self.words["refresh"])
        self.refresh.setShortcut("F5")
        self.refresh.clicked.connect(self.shown)
        self.next = QPushButton(self.words["next"])
        self.next.setShortcut("Ctrl+N")
        self.next.clicked.connect(self._next)
        self.lanes = [Lane(self, reader, number) for number, reader in enumerate(around.equipment.card_readers, 1)]
        for lane in self.lanes:
            lane.changed.connect(self.shown)
        self.handing: HandOver | None = None
        self.face: CardFaceDialog | None = None
        self._lay_out()
        for lane in self.lanes:
            lane.watch.start()
        self._forget_printed()  # what a desk that was killed has left

    def _lay_out(self) -> None:
        title = Label(self.words["applications"])
        title.setBuddy(self.list)
        title.setWordWrap(True)
        applications, lanes = QWidget(), QWidget()
        left = QVBoxLayout(applications)
        for widget in (title, self.list, self.by_id):
            left.addWidget(widget)
        buttons = QHBoxLayout()
        for button in (self.next, self.refresh):
            buttons.addWidget(button)
        left.addLayout(buttons)
        right = QVBoxLayout(lanes)
        for lane in self.lanes:
            right.addWidget(lane)
        right.addStretch()
        for side in (left, right):
            side.setContentsMargins(0, 0, 0, 0)
        QVBoxLayout(self).addWidget(Beside((applications, 2), (lanes, 3)))

    def shown(self) -> None:
        if self.officer is not None:
            self.work(lambda officer, _: issuable(officer), self._fill, about="list")

    def first(self) -> QWidget:
        return self.list

    def resumed(self) -> None:
        self.shown()
        for lane in self.lanes:
            lane.look_again()

    def begin(self, on_duty: OnDuty) -> None:
        super().begin(on_duty)
        self._forget_printed()  # what a desk left behind that ended otherwise than it should
        for lane in self.lanes:
            lane.refresh()

    def take(self, subject: Subject) -> None:
        """An application from another page."""
        if not isinstance(subject, TheApplication):
            super().take(subject)
            return
        self._give(subject.id)

    def end(self) -> None:
        super().end()
        self.list.clear()
        self.by_id.clear()
        for lane in self.lanes:
            lane.clear()
        for window in (self.handing, self.face):
            if window is not None:
                window.close()
        self._forget_printed()

    def _forget_printed(self) -> None:
        """It shows a person."""
        folder = self.around.equipment.folder
        self.around.workers.file(lambda: forget(folder, *PRINTED))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        for lane in self.lanes:
            lane.watch.stop()
        super().closeEvent(event)

    def name_of(self, application: Application) -> str:
        """Whose card it is, as the clerk compares it with a document."""
        person = application.person
        latin = f" · {person.name_latin}" if person.name_latin else ""
        return f"{person.name}{latin} · {person.document_number} · {self.words['kinds'][application.kind]}"

    def transport_of(self, standing: Standing) -> Pin | None:
        """The transport PIN of a card, if it was written or unblocked here since the officer came."""
        if standing.card is None or self.on_duty is None:
            return None
        pin = self.on_duty.pins.known(standing.card.uuid)
        return None if pin is None or pin.by_letter else pin.transport

    def hand_over(self, lane: Lane, standing: Standing) -> None:
        """The card in this reader goes to whoever stands here."""
        summary = standing.application
        if summary is None or (self.handing is not None and self.handing.isVisible()):
            return
        self.work(
            lambda officer, _: officer.application(summary.id),
            lambda application: self._begin_handing(lane, standing, application),
            about="hand-over",
        )

    def _begin_handing(self, lane: Lane, standing: Standing, application: Application) -> None:
        self.handing = HandOver(self, lane, standing, application)
        self.handing.finished.connect(self._handing_is_closed)
        self.handing.show()

    @Slot()
    def _handing_is_closed(self) -> None:
        """It knows a person, and a PIN: it does not stay until the next one."""
        if self.handing is not None:
            self.handing.deleteLater()
            self.handing = None

    def show_face(self, lane: Lane) -> None:
        """Preview and print the card of this reader."""
        standing = lane.standing
        known = standing.application.id if standing is not None and standing.application is not None else None
        application_id = lane.application.id if lane.application is not None else known
        if application_id is not None:
            self.work(lambda officer, _: what_is_printed(officer, application_id), self._preview, about="face")

    def _preview(self, printed: Printed) -> None:
        if self.face is not None:
            self.face.close()
        equipment = self.around.equipment
        self.face = CardFaceDialog(self, self.around.words, self.around.workers, printed, equipment.folder)
        self.face.finished.connect(self._face_is_closed)
        self.face.show()

    @Slot()
    def _face_is_closed(self) -> None:
        if self.face is not None:
            self.face.deleteLater()
            self.face = None

    def _fill(self, rows: list[ApplicationSummary]) -> None:
        chosen = None if self.list.currentItem() is None else self.list.currentItem().data(_ID)
        self.list.clear()
        for row in sorted(rows, key=lambda row: (row.state is not ApplicationState.APPROVED, row.created_at)):
            item = QListWidgetItem(
                self.words["row"].format(
                    state=self.words["states"][row.state],
                    kind=self.words["kinds"][row.kind],
                    appointment=row.appointment or "–",
                    at=f"{row.created_at:%Y-%m-%d %H:%M}",
                )
            )
            item.setData(_ID, str(row.id))
            self.list.addItem(item)
        ids = [self.list.item(row).data(_ID) for row in range(self.list.count())]
        if ids:
            self.list.setCurrentRow(ids.index(chosen) if chosen in ids else 0)

    @Slot(QListWidgetItem)
    def _chosen(self, item: QListWidgetItem) -> None:
        self._give(UUID(item.data(_ID)))

    @Slot()
    def _by_id(self) -> None:
        """Typed or scanned from a receipt; of a card that was made, to print it again."""
        try:
            application_id = UUID(self.by_id.text().strip())
        except ValueError:
            self.around.say(self.words["no_id"])
            return
        self.by_id.clear()
        self._give(application_id)

    @Slot()
    def _next(self) -> None:
        """The next approved application that no lane has, into the first free reader."""
        taken = {str(lane.application.id) for lane in self.lanes if lane.application is not None}
        items = (self.list.item(row) for row in range(self.list.count()))
        waiting = [item for item in items if item.data(_ID) not in taken]
        if not waiting:
            self.around.say(self.words["nobody_waits"])
            return
        self._chosen(waiting[0])

    def _give(self, application_id: UUID) -> None:
        if self._next_lane() is None:
            self.around.say(self.words["readers_busy"])
            return
        self.around.say("")
        self.work(lambda officer, _: officer.application(application_id), self._given, about="application")

    def _given(self, application: Application) -> None:
        """Which reader is free is asked when the answer is there: a card may have been begun meanwhile."""
        lane = self._next_lane()
        if lane is None:
            self.around.say(self.words["readers_busy"])
        else:
            lane.give(application)

    def _next_lane(self) -> Lane | None:
        makings = [(lane, lane.making) for lane in self.lanes]
        free = [lane for lane, making in makings if making.free]
        return next(iter(free or [lane for lane, making in makings if making.may_yield]), None)
