"""What can be done about the card or person on a page: chosen from a list, explained, and only then done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cardsvc.wire.approvals import Approval
from cardsvc.wire.losses import LossReport
from kiosk.desk.act_table import ACTS, offered, preview
from kiosk.desk.acts import Act, Need, Step, intended, open_approval, step_of
from kiosk.desk.cases import Case
from kiosk.desk.second_person import granting
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.loss_receipt import LossReceipt
from kiosk.desk.windows.needs import NeedsForm
from kiosk.desk.windows.page import Page
from kiosk.desk.windows.unblocking import UnblockingPanel

KEYS: Final[Mapping[str, str]] = {
    "hold": "H", "reinstate": "I", "lost": "L", "stolen": "S", "replace_damaged": "D", "replace_lost": "O",
    "renew": "N", "correct": "C", "temporary": "T", "return": "B", "unblock": "U", "revoke": "R", "destroy": "X",
    "release": "E", "give_up": "G", "spoil": "P", "registry": "Y", "confirm": "F", "reverse": "V",
}  # fmt: skip
"""With Ctrl+Shift: the same act has the same key on every page and for every card."""

_BUTTONS: Final[Mapping[Step, str]] = {Step.DO: "do", Step.ASK: "ask", Step.WAIT: "here", Step.LEAVE: "do"}


class ActPanel(QWidget):
    """The acts that are open, and the one that was chosen."""

    def __init__(self, page: Page, reload: Callable[[str], None]) -> None:
        """``reload`` has the page look again, and say a sentence."""
        super().__init__()
        self.page = page
        self.reload = reload
        self.words: Mapping[str, Any] = page.around.words["acts"]
        self.case: Case | None = None
        self.approvals: Sequence[Approval] = ()
        self.act: Act | None = None
        self._build()
        self.clear()

    def _build(self) -> None:
        title = Label(self.words["title"])
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setProperty("role", "list")
        title.setBuddy(self.list)
        self.list.setAccessibleName(self.words["title"])
        self.list.itemActivated.connect(self._choose_item)
        self.list.itemClicked.connect(self._choose_item)
        self.nothing = _text(self.words["nothing"])
        for act in ACTS:
            key = QShortcut(QKeySequence(f"Ctrl+Shift+{KEYS[act.name]}"), self.page)
            key.setWhatsThis(self.words[act.name])
            key.activated.connect(partial(self.choose, act))
        self.receipt = LossReceipt(self.page, self.page.around.words["loss-receipt"])
        self.unblocking = UnblockingPanel(self.page, lambda case: self._done(case, "unblock", None))
        below = QWidget()
        explained = QVBoxLayout(below)
        explained.setContentsMargins(0, 0, 0, 0)
        explained.addWidget(self.receipt)
        explained.addWidget(self._explanation())
        explained.addWidget(self.unblocking)
        explained.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (title, self.list, self.nothing, below):
            layout.addWidget(widget)
        layout.setStretch(1, 1)
        layout.setStretch(3, 2)

    def _explanation(self) -> QFrame:
        self.frame = QFrame()
        self.frame.setProperty("role", "panel")
        self.heading = _text("")
        self.effects = _text("")
        self.effects.setAccessibleName(self.words["will"])
        self.needs = NeedsForm(self.words)
        self.consent = _text("")
        self.do = QPushButton(self.words["do"])
        self.do.setShortcut("Ctrl+Return")
        self.do.setProperty("role", "main")
        self.do.clicked.connect(self._go_on)
        self.back = QPushButton(self.words["back"])
        self.back.setShortcut("Esc")
        self.back.clicked.connect(self._leave)
        buttons = QHBoxLayout()
        buttons.addWidget(self.do)
        buttons.addWidget(self.back)
        layout = QVBoxLayout(self.frame)
        for widget in (self.heading, self.effects, self.needs, self.consent):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        return self.frame

    def forget(self) -> None:
        """Nobody's card is shown any more."""
        self.clear()
        self.receipt.forget()

    def clear(self) -> None:
        """Until it is known how things are."""
        self.case, self.act, self.approvals = None, None, ()
        if self.isAncestorOf(self.window().focusWidget()):  # else it goes to the list of pages
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)
        self.list.clear()
        self.nothing.hide()
        self.frame.hide()
        self.receipt.hide()
        self.unblocking.clear()

    @property
    def at_the_card(self) -> bool:
        """Whether a citizen's PIN is in hand: nothing may come in between."""
        return not self.unblocking.isHidden()

    def show_case(self, case: Case, approvals: Sequence[Approval], *, again: bool = False) -> None:
        """Offer what is open, and theirs to do.

        ``again``: as it stands now; the act that was chosen stays, with what was typed for it, where it is still open.
        """
        acts = [] if self.page.on_duty is None else offered(case, self.page.on_duty)
        chosen = self.act if again and self.act in acts else None
        if chosen is None:
            self.clear()
        self._list(acts)
        self.case, self.approvals = case, approvals
        self.receipt.show_for(case)
        if chosen is not None:
            self._go_on_with(chosen, case)
        else:
            self.unblocking.show_case(case)

    def _list(self, acts: Sequence[Act]) -> None:
        self.list.clear()
        for act in acts:
            item = QListWidgetItem(f"{self.words[act.name]}  (Ctrl+Shift+{KEYS[act.name]})")
            item.setData(Qt.ItemDataRole.UserRole, act.name)
            self.list.addItem(item)
        self.list.setVisible(bool(acts))
        self.nothing.setVisible(not acts)

    def _go_on_with(self, act: Act, case: Case) -> None:
        names = [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count())]
        self.list.setCurrentRow(names.index(act.name))
        needed = self._needed(act, case)
        if needed != self.needs.asked_for:
            self.needs.ask_for(needed)
        self._explain(act, case)

    def choose(self, act: Act) -> None:
        """Explain an act, if it is open."""
        names = [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count())]
        if self.case is None or act.name not in names:
            return
        self.list.setCurrentRow(names.index(act.name))
        self.act = act
        self.needs.ask_for(self._needed(act, self.case))
        self._explain(act, self.case)
        self.frame.show()
        self._focus()

    def _choose_item(self, item: QListWidgetItem) -> None:
        name = item.data(Qt.ItemDataRole.UserRole)
        self.choose(next(act for act in ACTS if act.name == name))

    def _needed(self, act: Act, case: Case) -> frozenset[Need]:
        """Whoever asks a colleague says why; the rest is said when it is done."""
        match self._step(act, case):
            case Step.ASK:
                return frozenset({Need.REASON})
            case Step.DO:
                return act.needs
        return frozenset()

    def _step(self, act: Act, case: Case) -> Step:
        return step_of(act, case, self.approvals, self.page.me)

    def _explain(self, act: Act, case: Case) -> None:
        step = self._step(act, case)
        self.heading.setText(f"{self.words[act.name]}: {self.words['will']}")
        self.effects.setText("\n".join(f"• {line}" for line in preview(act, case, self.needs.given(), self.words)))
        self.consent.setText(self._consent(act, case, step))
        self.consent.setVisible(bool(self.consent.text()))
        self.do.setText(self.words[_BUTTONS[step]])
        self.do.setShortcut("Ctrl+Return")  # which another text takes away
        self.do.setVisible(step is not Step.LEAVE)
        self.do.setEnabled(True)

    def _consent(self, act: Act, case: Case, step: Step) -> str:
        approval = open_approval(act, case, self.approvals)
        if approval is None:
            return str(self.words["takes_two"]) if step is Step.ASK else ""
        until = f"{approval.expires_at.astimezone():%Y-%m-%d %H:%M}"
        match step:
            case Step.WAIT:
                return str(self.words["waits"]).format(approval.requested_by, until)
            case Step.LEAVE:
                return str(self.words["leave"])
        return str(self.words["granted"]).format(approval.decided_by, until)

    def _focus(self) -> None:
        field = self.needs.missing()
        (field or self.do).setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave(self) -> None:
        self.act = None
        self.frame.hide()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go_on(self) -> None:
        act, case, missing = self.act, self.case, self.needs.missing()
        if act is None or case is None:
            return
        if missing is not None:
            missing.setFocus(Qt.FocusReason.OtherFocusReason)
            self.page.around.say(self.words["missing"])
            return
        self.do.setEnabled(False)
        match self._step(act, case):
            case Step.ASK:
                self._ask(act, case)
            case Step.WAIT:
                self._ask_here(act, case)
            case _ if act.name == "unblock":
                self.frame.hide()
                self.unblocking.begin(case)
            case _:
                self._do(act, case)

    def _do(self, act: Act, case: Case) -> None:
        given = self.needs.given()
        self.page.act(
            intended(act, case, given),
            lambda officer: act.run(officer, case, given),
            lambda result: self._done(case, act.name, result),
            failed=self._failed,
        )

    def _ask(self, act: Act, case: Case) -> None:
        """In the officer's name; a colleague agrees here, or in their own queue."""
        kind, reason = act.approval(case), self.needs.given().reason
        if kind is not None:
            self.page.ask_approval(
                kind,
                act.subject(case),
                reason=reason,
                seen=frozenset((one.id, one.state) for one in self.approvals),
                sentence=self._sentence(act, case),
                done=lambda _: self.reload(self.words["agreed"]),
                left=lambda: self.reload(self.words["asked"]),
            )

    def _ask_here(self, act: Act, case: Case) -> None:
        approval = open_approval(act, case, self.approvals)
        if approval is not None:
            self.page.ask_colleague(
                self._sentence(act, case),
                granting(approval.id),
                lambda _: self.reload(self.words["agreed"]),
                lambda: self.reload(self.words["asked"]),
            )

    def _sentence(self, act: Act, case: Case) -> str:
        """What a colleague reads before they agree."""
        return "\n".join((self.words[act.name], *preview(act, case, self.needs.given(), self.words)))

    def _failed(self, error: Exception) -> None:
        self.do.setEnabled(True)
        self.page.fail(error)

    def _done(self, case: Case, name: str, result: Any) -> None:
        """``case`` is the one that something was done about; another may be open by now."""
        number = ""
        if isinstance(result, LossReport):
            number = result.number
            self.receipt.offer(result)
        sentence = str(self.words[f"{name}_done"])
        self.reload(sentence.format(card="" if case.card is None else case.card.stock_number, number=number))


def _text(text: str) -> QLabel:
    label = Label(text)
    label.setWordWrap(True)
    return label
