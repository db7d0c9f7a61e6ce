"""One matter of the queue, opened: whose it is, its documents and history, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from cardsvc.client import ServiceClient
from cardsvc.wire.approvals import Approval
from cardsvc.wire.lifecycle import Application
from cardsvc.wire.people import Document, Purpose
from kiosk.desk.consenting import agree_by_card, agree_on_paper
from kiosk.desk.queue import (
    WITH_REASON,
    Act,
    Opened,
    acts_on,
    changed_by,
    decide,
    guardians_of,
    intended,
    open_application,
)
from kiosk.desk.subjects import TheApplication
from kiosk.desk.windows.beside import Downwards
from kiosk.desk.windows.consent import ConsentPanel
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.page import Asks, Page
from kiosk.desk.windows.parts import Confirm, Facts, button
from kiosk.desk.windows.pictures import Picture
from readers.piv.pin import Pin

KEYS: Final = {
    Act.SUBMIT: "F2",
    Act.CONSENT: "F3",
    Act.ISSUE: "F4",
    Act.APPROVE: "F6",
    Act.COLLEAGUE: "F9",
    Act.REJECT: "F7",
    Act.CANCEL: "F8",
    Act.GRANT: "F6",
    Act.REFUSE: "F7",
    Act.TAKE_BACK: "F8",
}
_GONE_ON_WITH: Final = frozenset({Act.SUBMIT, Act.CONSENT, Act.COLLEAGUE})
"""The next step is for the same officer: it stays open."""
_OPENED, _PICTURE, _GUARDIANS = "opened", "picture", "guardians"
"""What is asked for to be shown here."""
ISSUING: Final = "issuing"
"""The page where a card is made."""


class Details(Downwards):
    """Beside the queue, from when something is opened: until then the queue has the room."""

    def __init__(self, page: Page, changed: Callable[[], object]) -> None:
        """``changed`` is called after something was done."""
        super().__init__()
        self.page = page
        self.words = page.words
        self._all = page.around.words
        self._changed = changed
        self.opened: Opened | None = None
        self.subject: Application | Approval | None = None
        self._back: QWidget = self
        self.title = Label()
        self.title.setWordWrap(True)
        self.title.setProperty("role", "title")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons = {act: button(self.words["acts"][act.value], key, self._begin(act)) for act, key in KEYS.items()}
        self.confirm = Confirm(self._all)
        self.consent = ConsentPanel(self._all, self._agree_by_card, self._agree_on_paper)
        self.facts = Facts(self.words["details"])
        self.papers = QListWidget()
        self.papers.setAccessibleName(self.words["papers"])
        self.papers.itemActivated.connect(self._open_paper)
        self.picture = Picture(self.words["picture"])
        self.past = Facts(self.words["history"])
        self._build()
        self.clear()

    def clear(self) -> None:
        """Nothing is shown."""
        self._forget()
        self._show("", [], [])
        self.hide()

    def _forget(self) -> None:
        self.opened = self.subject = None
        for about in (_PICTURE, _GUARDIANS):
            self.page.no_longer(about)
        self.confirm.put_away()
        self.consent.put_away()

    def open_application(self, application: UUID, back: QWidget) -> None:
        """Look at it, which goes on record. The keyboard goes ``back`` after an act."""
        self._back = back
        self.page.work(lambda service, _: open_application(service, application), self._show_opened, about=_OPENED)

    def look_again(self) -> None:
        """At the application that is open, unless somebody is about to decide about it."""
        application = self.subject
        if isinstance(application, Application) and not self._being_decided:

            def show(opened: Opened) -> None:
                if self.subject is application and not self._being_decided:
                    self._show_opened(opened)

            self.page.work(lambda service, _: open_application(service, application.id), show)

    @property
    def _being_decided(self) -> bool:
        return not (self.confirm.isHidden() and self.consent.isHidden())

    def show_approval(self, approval: Approval, back: QWidget) -> None:
        """Show what a colleague asked for."""
        self._back = back
        self.page.no_longer(_OPENED)
        self._forget()
        self.subject = approval
        words = self.words
        facts = [
            (words["state"], self._all["approval-states"][approval.state.value]),
            (words["subject"], str(approval.subject_id)),
            (words["reason"], approval.reason),
            (words["asked_by"], approval.requested_by),
            (words["since"], f"{approval.requested_at:%Y-%m-%d %H:%M}"),
            (words["until"], f"{approval.expires_at:%Y-%m-%d %H:%M}"),
            (words["decided_by"], approval.decided_by or ""),
        ]
        self._show(self._all["approval-kinds"][approval.kind.value], facts, [])

    def _build(self) -> None:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        heads = {key: Label(self.words[key]) for key in ("papers", "history")}
        for widget in (
            self.title, *self.buttons.values(), self.confirm, self.consent, self.facts, heads["papers"], self.papers,
            self.picture, heads["history"], self.past,
        ):  # fmt: skip
            layout.addWidget(widget)
        layout.addStretch()
        self._heads = list(heads.values())
        self.setWidget(inside)
        self.setProperty("role", "details")
        self.setAccessibleName(self.words["details"])

    def _show_opened(self, opened: Opened) -> None:
        self._forget()
        self.opened, self.subject = opened, opened.application
        self._show(opened.application.person.name, self._facts(opened.application), opened.documents)

    def _facts(self, application: Application) -> list[tuple[str, str]]:
        words, person = self.words, application.person
        consent = application.consent
        return [
            (words["state"], self._all["application-states"][application.state.value]),
            (words["kind"], self._all["application-kinds"][application.kind.value]),
            (words["name"], person.name),
            (words["name_latin"], person.name_latin or ""),
            (words["birth_date"], f"{person.birth_date:%Y-%m-%d}"),
            (words["document_number"], person.document_number),
            (words["district"], person.district),
            (words["appointment"], application.appointment or ""),
            (words["consent"], "" if consent is None else self.words["consents"][consent.value]),
            (words["asked_by"], application.requested_by),
            (words["responsible"], application.responsible),
            (words["approved_by"], application.approved_by or ""),
            (words["card"], "" if application.card_uuid is None else str(application.card_uuid)),
        ]

    def _show(self, title: str, facts: Sequence[tuple[str, str]], documents: Sequence[Document]) -> None:
        self.title.setText(title)
        self.facts.show_these(facts)
        application = self.subject if isinstance(self.subject, Application) else None
        self._show_papers(application, documents)
        self.past.show_these(self._history(application))
        for widget in (*self._heads, self.papers):
            widget.setVisible(application is not None)
        on_duty = self.page.on_duty
        offered = () if self.subject is None or on_duty is None else acts_on(self.subject, on_duty)
        for act, pressed in self.buttons.items():
            pressed.setVisible(act in offered)
        self.show()

    def _show_papers(self, application: Application | None, documents: Sequence[Document]) -> None:
        self.picture.clear()
        self.papers.clear()
        if application is not None:
            self.papers.addItem(self.words["photograph"])
        for document in documents:
            item = QListWidgetItem(self._all["document-kinds"][document.kind.value])
            item.setData(Qt.ItemDataRole.UserRole, document)
            self.papers.addItem(item)

    def _history(self, application: Application | None) -> list[tuple[str, str]]:
        states = self._all["application-states"]
        return [
            (
                f"{step.at:%Y-%m-%d %H:%M}",
                " · ".join(filter(None, (states.get(step.state, step.state), step.actor, step.reason))),
            )
            for step in (() if application is None else application.history)
        ]

    def _open_paper(self, item: QListWidgetItem) -> None:
        document: Document | None = item.data(Qt.ItemDataRole.UserRole)
        application = self.subject
        if not isinstance(application, Application):
            return
        if document is None:
            citizen = application.citizen_id
            self._show_picture(lambda service: service.open_photo(citizen, Purpose.APPLICATION))
        elif document.media_type.startswith("image/"):
            wanted = (application.id, document.id, Purpose.APPLICATION)
            self._show_picture(lambda service: service.open_document(*wanted))
        else:
            self.page.no_longer(_PICTURE)
            self.picture.say(self.words["no_preview"])

    def _show_picture(self, fetch: Callable[[ServiceClient], bytes]) -> None:
        self.page.work(lambda service, _: fetch(service), self.picture.show_bytes, about=_PICTURE)

    def _begin(self, act: Act) -> Callable[[], None]:
        """What the act's button does: say what would happen, and wait for a yes."""
        others: dict[Act, Callable[[], None]] = {
            Act.ISSUE: self._issue,
            Act.CONSENT: self._ask_consent,
            Act.COLLEAGUE: self._ask_colleague,
        }
        return others.get(act, lambda: self._ask(act))

    def _ask(self, act: Act) -> None:
        subject = self.subject
        assert subject is not None, "its button is hidden then"  # noqa: S101 - as said
        self.consent.put_away()
        whom = subject.person.name if isinstance(subject, Application) else subject.requested_by
        sentence = self.words["will"][act.value].format(whom)
        self.confirm.ask(
            sentence, lambda reason: self._decide(act, subject, reason), reason=act in WITH_REASON, back=self._back
        )

    def _decide(self, act: Act, subject: Application | Approval, reason: str) -> None:
        intent = intended(act, subject, reason)
        self.page.act(intent, lambda service: decide(service, act, subject, reason), self._did(act, subject))

    def _did(self, act: Act, subject: Application | Approval) -> Callable[[Any], None]:
        def tell(_: Any) -> None:
            whom = subject.person.name if isinstance(subject, Application) else subject.requested_by
            self._close(act, subject)
            self.page.around.say(self.words["done"][act.value].format(whom))

        return tell

    def _close(self, act: Act, subject: Application | Approval) -> None:
        """Or show it as it is now. Something else may be open by then."""
        if self.subject is subject:
            self.clear()
            if act in _GONE_ON_WITH:
                self.open_application(subject.id, self._back)
        self._changed()

    def _issue(self) -> None:
        if self.subject is not None:
            self.page.around.open(ISSUING, TheApplication(self.subject.id))

    def _ask_colleague(self) -> None:
        application = self._application()
        self.confirm.put_away()
        self.consent.put_away()
        sentence = self.words["will"][Act.COLLEAGUE.value].format(application.person.name)

        def did(_: Any) -> None:
            """The window has told the colleague to take their card out: nothing is said over that."""
            self._close(Act.COLLEAGUE, application)

        self.page.ask_colleague(sentence, lambda colleague: colleague.approve(application.id), did, self._changed)

    def _ask_consent(self) -> None:
        opened = self.opened
        assert opened is not None, "its button is hidden then"  # noqa: S101 - as said
        self.confirm.put_away()

        def ask(guardians: Any) -> None:
            if guardians:
                self.consent.ask(guardians, opened.documents)
            else:
                self.page.around.say(self.words["no_guardian"])

        self.page.work(lambda service, _: guardians_of(service, opened.application), ask, about=_GUARDIANS)

    def _agree_by_card(self, guardian: UUID, pin: Pin) -> None:
        application, reader = self._application(), self.page.around.equipment.card_readers[0]
        self.page.touch(*changed_by(application))
        self.page.work(
            lambda service, report: agree_by_card(
                service, reader(), application.id, guardian, pin, check=report.check_waited_for
            ),
            self._did(Act.CONSENT, application),
            asks=Asks.A_CHANGE,
        )

    def _agree_on_paper(self, guardian: UUID, document: UUID) -> None:
        application = self._application()
        self.page.act(
            intended("agree", application, (guardian, document)),
            lambda service: agree_on_paper(service, application.id, guardian, document),
            self._did(Act.CONSENT, application),
        )

    def _application(self) -> Application:
        assert self.opened is not None, "its buttons are hidden then"  # noqa: S101 - as said
        return self.opened.application
