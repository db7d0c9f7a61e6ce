"""Enrolling somebody. What is typed is kept as it is typed; what was begun is here again after a crash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from cardsvc.client import ServiceClient
from cardsvc.wire.lifecycle import Person
from cardsvc.wire.people import DocumentKind
from cardsvc.wire.scopes import Scope
from kiosk.desk.cropping import Frame, PhotographRefused, size_of
from kiosk.desk.drafts import PURPOSE, Draft, DraftFolder, Scan
from kiosk.desk.enrolment import (
    Sent,
    begun,
    faults_in,
    lacking,
    person_of,
    photograph,
    send_and_forget,
)
from kiosk.desk.subjects import TheApplication
from kiosk.desk.windows.comparing import Comparing
from kiosk.desk.windows.form import FormPanel
from kiosk.desk.windows.page import Page, Surroundings
from kiosk.desk.windows.portrait import PortraitPanel
from kiosk.desk.windows.scans import ScansPanel
from kiosk.desk.windows.sending import SendingBar
from kiosk.desk.windows.work import Job

_KEPT_AFTER_MS: Final = 250
"""After the last key."""
_NEEDED: Final = (Scope.APPLICATIONS_WRITE, Scope.PEOPLE_READ, Scope.PEOPLE_WRITE)


class EnrolmentPage(Page):
    """A person, their photograph and papers, sent to the card service as an application for a first card."""

    group = "enrolment"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.draft = Draft()
        self.folder: DraftFolder | None = None
        self.job: Job | None = None
        self._complain = False
        self._timer = QTimer(self, singleShot=True, interval=_KEPT_AFTER_MS)
        self._timer.timeout.connect(self._keep)
        self.form = FormPanel(around.words)
        self.portrait = PortraitPanel(around.words)
        self.scans = ScansPanel(around.words)
        self.comparing = Comparing(self)
        self.duplicates = self.comparing.panel
        self.bar = SendingBar(around.words, self._submit, self._ask_discard, self._stop)
        self._build()
        self._connect()
        self._allow()

    # Officers come and go

    def begin(self, officer: ServiceClient) -> None:
        super().begin(officer)
        self.bar.say()
        self._allow()
        if self.may(*_NEEDED):
            equipment = self.around.equipment
            secret = equipment.desk.derive_secret(PURPOSE)
            name = self.on_duty.standing.client_id if self.on_duty else ""
            folder = DraftFolder(equipment.folder, secret, name, equipment.clock)
            self.work(
                lambda _, __: begun(folder), lambda loaded: self._restore(folder, *loaded), failed=self._unreadable
            )
            self.folder = folder

    def shown(self) -> None:
        self.form.know_today(self.today)
        self.form.go_to("name")
        self._allow()

    def end(self) -> None:
        """What was typed a moment ago is kept, though its officer is gone; whoever loads it next waits for that."""
        if self._timer.isActive():
            self._keep()
        self.folder = self.job = None
        self._show_draft(Draft(), None)
        super().end()

    @property
    def kept(self) -> bool:
        """Whether all that was typed is on the desk's disk."""
        return not self._timer.isActive() and not self.around.workers.busy

    @property
    def today(self) -> date:
        """By the desk's clock."""
        return self.around.equipment.clock().date()

    # The draft

    def _restore(self, folder: DraftFolder, draft: Draft | None, picture: bytes | None) -> None:
        if folder is self.folder and draft is not None and self.draft.empty:
            self._show_draft(draft, picture)
            if not draft.empty:
                self.bar.say("restored_sent" if draft.sent else "restored")

    def _unreadable(self, error: Exception) -> None:
        self.fail(error)
        self._forget()

    def _show_draft(self, draft: Draft, picture: bytes | None) -> None:
        self._timer.stop()
        self.draft, self._complain = draft, False
        self.form.fill(draft.form)
        self.portrait.clear()
        if picture is not None and draft.cut is not None:
            self.portrait.show_picture(picture, Frame.of(draft.cut, *size_of(picture)))
        self.comparing.begin_anew()
        self.bar.confirm.put_away()
        self._judge()
        self._allow()

    def _typed(self) -> None:
        self.draft.form = self.form.form
        self.bar.confirm.put_away()  # it was about what was typed before
        self._judge()
        self.comparing.typed()
        self.changed()

    def changed(self) -> None:
        """Keep the draft, a moment after the last change."""
        self._timer.start()

    def _reframed(self) -> None:
        frame = self.portrait.frame_kept
        self.draft.cut = None if frame is None else frame.cut
        self.draft.photo_stored = False
        self.comparing.show_own_photograph()
        self.changed()

    def _keep(self) -> None:
        folder = self.folder
        if folder is not None and self.job is None:
            draft, version = self.draft.model_copy(deep=True), folder.next_version()
            self.work(lambda _, __: folder.save(draft, version), lambda _: None)

    def _judge(self) -> None:
        self.form.show_faults(faults_in(self.draft.form, self.today), complain=self._complain)
        self.scans.show_scans(self.draft.scans, lacking(self.draft, self.today))

    def _allow(self) -> None:
        """What can be touched: nothing while it is sent, and not what the card service has already."""
        allowed, busy = self.may(*_NEEDED), self.job is not None
        self.form.setEnabled(allowed and not busy and not self.draft.sent)
        self.portrait.setEnabled(allowed and not busy)
        self.scans.setEnabled(allowed and not busy)
        self.bar.allow(allowed=allowed, busy=busy)
        if not allowed and self.on_duty is not None:
            self.bar.say("not_permitted")

    # Photograph and papers

    def _take_photo(self, read: Callable[[], bytes]) -> None:
        folder = self.folder
        if folder is not None:
            self.work(lambda _, __: photograph(folder, read()), self._show_photo, failed=self._no_photo)

    def _show_photo(self, taken: tuple[bytes, Frame]) -> None:
        self.portrait.show_picture(*taken)
        self._reframed()
        self.portrait.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _no_photo(self, error: Exception) -> None:
        match error:
            case PhotographRefused():
                self.portrait.refuse(error.reason)
            case OSError():
                self.portrait.refuse("unreadable")
            case _:
                self.fail(error)

    def _add_scan(self, kind: str, path: Path) -> None:
        folder = self.folder
        if folder is not None:

            def add(file: str) -> None:
                self.draft.scans.append(Scan(kind=DocumentKind(kind), file=file, title=path.name))
                self._judge()
                self._timer.start()

            self.work(lambda _, __: folder.write(path.read_bytes()), add)

    def _remove_scan(self, file: str) -> None:
        folder = self.folder
        if folder is not None:
            self.draft.scans = [scan for scan in self.draft.scans if scan.file != file or scan.attached]
            if file not in {scan.file for scan in self.draft.scans}:
                self.work(lambda _, __: folder.remove(file), lambda _: None)
            self._judge()
            self._timer.start()

    # Sending

    def _submit(self) -> None:
        self._complain = True
        self._judge()
        person, faults = person_of(self.draft.form), faults_in(self.draft.form, self.today)
        needed = lacking(self.draft, self.today)
        if faults or person is None:
            self.bar.say("mend")
            self.form.go_to(next(iter(faults), "name"))
        elif self.draft.cut is None:
            self.bar.say("no_photo")
            self.portrait.file.path.setFocus(Qt.FocusReason.OtherFocusReason)
        elif needed:
            self.bar.note.setText(self.scans.needed.text())
            self.scans.file.path.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self.comparing.left(person):
            self.bar.say("judge_duplicates")
        elif self.draft.sent:
            self._send()
        else:
            self.bar.say("checking")
            self.comparing.look_for(person)

    def _ask_submit(self, person: Person) -> None:
        self.bar.say()
        back = self.form.boxes["name"]
        self.bar.confirm.ask(
            self.words["will_submit"].format(person.name), lambda _: self._send(), reason=False, back=back
        )

    def _send(self) -> None:
        folder = self.folder
        if folder is None:
            return
        self._timer.stop()
        draft = self.draft
        self.around.say("")
        self.job = self.work(
            lambda service, report: send_and_forget(service, folder, draft, report),
            self._sent,
            failed=self._not_sent,
            progressed=self.bar.show_stage,
            cancelled=self._stopped,
        )
        self._allow()

    def _sent(self, sent: Sent) -> None:
        name = self.draft.form.name.strip()
        self.job = None
        self._show_draft(Draft(), None)
        self.bar.say()
        if sent.needs_consent:
            self.around.open("queue", TheApplication(sent.application))
        else:
            self.form.go_to("name")
        self.around.say(self.words["sent_minor" if sent.needs_consent else "sent"].format(name))

    def _not_sent(self, error: Exception) -> None:
        self._stopped()
        self.fail(error)

    def _stopped(self) -> None:
        self.job = None
        self.bar.say("goes_on" if self.draft.sent else "")
        self._allow()

    def _stop(self) -> None:
        if self.job is not None:
            self.job.cancel()

    def _ask_discard(self) -> None:
        sentence = self.words["will_discard_sent" if self.draft.sent else "will_discard"]
        self.bar.confirm.ask(sentence, lambda _: self._forget(), reason=False, back=self.form.boxes["name"])

    def _forget(self) -> None:
        folder = self.folder
        self._show_draft(Draft(), None)
        self.bar.say()
        if folder is not None:
            version = folder.next_version()
            self.work(lambda _, __: folder.discard(version), lambda _: None)

    # Building

    def _build(self) -> None:
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.addWidget(self.form, 0, 0)
        grid.addWidget(self.portrait, 0, 1)
        grid.addWidget(self.scans, 1, 0, 1, 2)
        scroll = QScrollArea()
        scroll.setAccessibleName(self.words["title"])
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        layout = QVBoxLayout(self)
        layout.addWidget(self.duplicates)
        layout.addWidget(scroll, 1)
        layout.addWidget(self.bar)

    def _connect(self) -> None:
        self.form.changed.connect(self._typed)
        self.portrait.file_chosen.connect(lambda path: self._take_photo(path.read_bytes))
        self.portrait.taken.connect(lambda picture: self._take_photo(lambda: picture))
        self.portrait.moved.connect(self._reframed)
        self.scans.added.connect(self._add_scan)
        self.scans.removed.connect(self._remove_scan)
        self.comparing.cleared.connect(self._ask_submit)
