"""Looking whether the person is enrolled already: while they are typed, and once more before they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from cardsvc.client import ServiceUnreachable
from cardsvc.wire.lifecycle import Person
from cardsvc.wire.people import DuplicatesRequest, FoundPerson, Purpose
from kiosk.desk.drafts import Dismissal
from kiosk.desk.duplicates import Likeness, Lookout, Question, ask, can_be_told_apart, compare, questions, whole
from kiosk.desk.enrolment import own_photograph, person_of
from kiosk.desk.subjects import ThePerson
from kiosk.desk.windows.duplicates import DuplicatesPanel
from kiosk.desk.windows.page import Asks

if TYPE_CHECKING:
    from kiosk.desk.windows.enrolment import EnrolmentPage

_ASKED_AFTER_MS: Final = 500
"""After the last key: each look goes on record."""


class Comparing(QObject):
    """What the panel shows. An answer that comes for what is not typed any more shows nobody."""

    cleared = Signal(object)
    """It was looked for this `Person` before sending, and nobody is like them who was not compared."""

    def __init__(self, page: EnrolmentPage) -> None:
        super().__init__(page)
        self.page = page
        self.panel = DuplicatesPanel(page.around.words)
        self._lookout = Lookout()
        self._timer = QTimer(self, singleShot=True, interval=_ASKED_AFTER_MS)
        self._timer.timeout.connect(self._ask_about_typed)
        self.panel.opened.connect(self._open)
        self.panel.same.connect(self._is_same)
        self.panel.other.connect(self._is_other)

    def begin_anew(self) -> None:
        """Another person is typed, or nobody."""
        self._timer.stop()
        self._lookout = Lookout()
        self.panel.clear()

    def typed(self) -> None:
        """Look at what is new, a moment after the last key."""
        self.show()
        self._timer.start()

    def look_for(self, person: Person) -> None:
        """Before they are sent: always anew, a colleague may have enrolled them meanwhile."""
        question = whole(person)
        self._lookout.unanswered(question)
        self._lookout.fresh([question])
        self._ask(question)

    def left(self, person: Person) -> bool:
        """Whether there is somebody like them whom the officer has not compared."""
        return self._lookout.knows(whole(person)) and bool(self.panel.found)

    def show(self) -> None:
        """Whom the answers to what is typed now name."""
        form, asked = self.page.draft.form, self._about_typed()
        person = person_of(form)
        if person is not None:
            asked.append(whole(person))
        self.panel.show_found(self._lookout.found(asked, form, self.page.draft.others))
        self.panel.show_typed(form, told_apart=can_be_told_apart(form, self.page.today))

    def show_own_photograph(self) -> None:
        """Beside that of the one who is compared."""
        folder, cut = self.page.folder, self.page.draft.cut
        if folder is None or self.panel.likeness is None:
            return
        if cut is None:
            self.panel.show_own(None)
        else:
            self.page.work(lambda _, __: own_photograph(folder, cut), self.panel.show_own, asks=Asks.NOTHING)

    def _about_typed(self) -> list[Question]:
        return questions(self.page.draft.form, self.page.today)

    def _ask_about_typed(self) -> None:
        if self.page.officer is not None and not self.page.draft.sent:
            for question in self._lookout.fresh(self._about_typed()):
                self._ask(question)

    def _ask(self, question: Question) -> None:
        lookout = self._lookout

        def answered(found: list[FoundPerson]) -> None:
            lookout.answered(question, found)
            if lookout is self._lookout:
                self._answered(question)

        def failed(error: Exception) -> None:
            lookout.unanswered(question)
            if lookout is self._lookout:
                self._failed(question, error)

        self.page.work(lambda service, _: ask(service, question), answered, failed=failed)

    def _answered(self, question: Question) -> None:
        self.show()
        person = person_of(self.page.draft.form)
        if not isinstance(question, DuplicatesRequest):
            return
        self.page.bar.say()
        if person is None or question != whole(person):
            return
        if self.panel.found:
            self.page.bar.say("judge_duplicates")
            self.panel.list.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.cleared.emit(person)

    def _failed(self, question: Question, error: Exception) -> None:
        """Whoever types is not disturbed by a line that is down: it is seen below, and asked again before sending."""
        quiet = isinstance(error, ServiceUnreachable) and not isinstance(question, DuplicatesRequest)
        self.page.bar.say("not_looked" if quiet else "")
        if not quiet:
            self.page.fail(error)

    def _open(self, found: FoundPerson) -> None:
        def show(likeness: Likeness) -> None:
            self.panel.show_likeness(likeness)
            self.show_own_photograph()

        self.page.work(lambda service, _: compare(service, found), show)

    def _is_other(self, citizen: UUID) -> None:
        draft = self.page.draft
        draft.others.append(Dismissal(citizen=citizen, identity=draft.form.identity))
        self.page.changed()
        self.show()
        person = person_of(draft.form)
        if not self.panel.found and person is not None and self._lookout.knows(whole(person)):
            self.cleared.emit(person)

    def _is_same(self, citizen: UUID) -> None:
        self.page.around.open("person", ThePerson(citizen, Purpose.ENROLMENT))
