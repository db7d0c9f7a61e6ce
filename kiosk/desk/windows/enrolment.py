"""Enrolling somebody. What is typed is kept as it is typed; what was begun is here again after a crash."""

from __future__ import annotations

from datetime import date
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cardsvc.wire.lifecycle import Person
from cardsvc.wire.scopes import Scope
from kiosk.desk.cropping import Frame, size_of
from kiosk.desk.drafts import Draft, DraftFolder
from kiosk.desk.enrolment import (
    Sent,
    faults_in,
    lacking,
    person_of,
    send_and_forget,
)
from kiosk.desk.on_duty import OnDuty
from kiosk.desk.subjects import TheApplication
from kiosk.desk.windows.attaching import Attaching
from kiosk.desk.windows.beside import Beside, Downwards
from kiosk.desk.windows.comparing import Comparing
from kiosk.desk.windows.form import FormPanel
from kiosk.desk.windows.keeping import Keeping
from kiosk.desk.windows.page import Page, Surroundings
from kiosk.desk.windows.portrait import PortraitPanel
from kiosk.desk.windows.scans import ScansPanel
from kiosk.desk.windows.sending import SendingBar
from kiosk.desk.windows.work import Job

_NEEDED: Final = (Scope.APPLICATIONS_WRITE, Scope.PEOPLE_READ, Scope.PEOPLE_WRITE)


class EnrolmentPage(Page):
    """A person, their photograph and papers, sent to the card service as an application for a first card."""

    group = "enrolment"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.job: Job | None = None
        self._complain = False
        self.form = FormPanel(around.words)
        self.portrait = PortraitPanel(around.words)
        self.scans = ScansPanel(around.words)
        self.keeping = Keeping(self)
        self.attaching = Attaching(self)
        self.comparing = Comparing(self)
        self.duplicates = self.comparing.panel
        self.bar = SendingBar(around.words, self._submit, self._ask_discard, self._stop)
        self._build()
        self._connect()
        self.allow()

    # Officers come and go

    def begin(self, on_duty: OnDuty) -> None:
        super().begin(on_duty)
        self.bar.say()
        self.allow()
        if self.may(*_NEEDED):
            self.keeping.begin()

    def shown(self) -> None:
        self.form.know_today(self.today)
        self.form.go_to("name")
        self.allow()
        if self.keeping.held_back:
            self.keeping.load()

    def end(self) -> None:
        self.keeping.end()
        self.job = None
        self.show_draft(Draft(), None)
        super().end()

    @property
    def draft(self) -> Draft:
        """What is on the screen."""
        return self.keeping.draft

    @property
    def folder(self) -> DraftFolder | None:
        """Where it is kept; None while nobody is on duty who may enrol."""
        return self.keeping.folder

    @property
    def kept(self) -> bool:
        """Whether all that was typed is on the desk's disk."""
        return not self.keeping.waits and not self.around.workers.busy

    @property
    def today(self) -> date:
        """By the desk's clock."""
        return self.around.equipment.clock().date()

    # The draft

    def show_draft(self, draft: Draft, picture: bytes | None) -> None:
        """Instead of what was on the screen."""
        self.keeping.begin_anew(draft)
        self.attaching.begin_anew()
        self._complain = False
        self.form.fill(draft.form)
        self.portrait.clear()
        if picture is not None and draft.cut is not None:
            self.portrait.show_picture(picture, Frame.of(draft.cut, *size_of(picture)))
        self.comparing.begin_anew()
        self.bar.confirm.put_away()
        self.judge()
        self.allow()

    def changed(self) -> None:
        """The draft was: keep it."""
        self.keeping.changed()

    def reframed(self) -> None:
        """Another photograph, or another part of it."""
        frame = self.portrait.frame_kept
        self.draft.cut = None if frame is None else frame.cut
        self.draft.photo_stored = False
        self.comparing.show_own_photograph()
        self.bar.say()  # that it is missing
        self.changed()

    def _typed(self) -> None:
        self.draft.form = self.form.form
        self.bar.confirm.put_away()  # it was about what was typed before, and so is the note
        self.bar.say()
        self.judge()
        self.comparing.typed()
        self.changed()

    def judge(self) -> None:
        """Say what is wrong, and what is still needed."""
        self.form.show_faults(faults_in(self.draft.form, self.today), complain=self._complain)
        self.scans.show_scans(self.draft.scans, lacking(self.draft, self.today))

    def allow(self) -> None:
        """What can be touched: nothing while it is sent, and not what the card service has already."""
        allowed, busy = self.may(*_NEEDED), self.job is not None
        touched = allowed and not busy and not self.keeping.held_back
        self.form.setEnabled(touched and not self.draft.sent)
        self.portrait.setEnabled(touched)
        self.scans.setEnabled(touched)
        self.bar.allow(allowed=allowed, busy=busy, held_back=self.keeping.held_back)
        if not allowed and self.on_duty is not None:
            self.bar.say("not_permitted")

    # Sending

    def _submit(self) -> None:
        self._complain = True
        self.judge()
        person, faults = person_of(self.draft.form), faults_in(self.draft.form, self.today)
        needed = lacking(self.draft, self.today)
        if self.attaching.busy:
            self.bar.say("still_read")
        elif faults or person is None:
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
        if self.attaching.busy:
            self.bar.say("still_read")
            return
        draft = self.draft
        self.keeping.now()
        self.around.say("")
        self.job = self.work(
            lambda service, report: send_and_forget(service, folder, draft, report),
            self._sent,
            failed=self._not_sent,
            progressed=self.bar.show_stage,
            cancelled=self._stopped,
        )
        self.allow()

    def _sent(self, sent: Sent) -> None:
        name = self.draft.form.name.strip()
        self.job = None
        self.show_draft(Draft(), None)
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
        self.allow()

    def _stop(self) -> None:
        if self.job is not None:
            self.bar.stops()
            self.job.cancel()

    def _ask_discard(self) -> None:
        sentence = self.words["will_discard_sent" if self.draft.sent else "will_discard"]
        self.bar.confirm.ask(sentence, lambda _: self._forget(), reason=False, back=self.form.boxes["name"])

    def _forget(self) -> None:
        self.keeping.forget()
        self.show_draft(Draft(), None)
        self.bar.say()

    # Building

    def _build(self) -> None:
        inside = QWidget()
        parts = QVBoxLayout(inside)
        parts.setContentsMargins(0, 0, 0, 0)
        parts.addWidget(Beside((self.form, 1), (self.portrait, 1)))
        parts.addWidget(self.scans)
        scroll = Downwards()
        scroll.setAccessibleName(self.words["title"])
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.addWidget(self.duplicates)
        layout.addWidget(scroll, 1)
        layout.addWidget(self.bar)

    def _connect(self) -> None:
        self.form.changed.connect(self._typed)
        self.portrait.moved.connect(self.reframed)
        self.comparing.cleared.connect(self._ask_submit)
