"""One reader of the issuing page: which card is in it, whose it becomes, and how far that is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QTimer, Signal, Slot

from cardsvc.client import ServiceClient, ServiceUnreachable
from cardsvc.wire.lifecycle import Application, Card
from kiosk.desk.equipment import FindsReader
from kiosk.desk.failures import saying
from kiosk.desk.findings import in_words
from kiosk.desk.issuing import Situation, Standing, put_aside, standing, take_card
from kiosk.desk.looking import SeenCard, look
from kiosk.desk.making import Making
from kiosk.desk.progress import Report, Stage
from kiosk.desk.relay import RelayRefused
from kiosk.desk.telling import told_of
from kiosk.desk.watching import CardWatch, Heard
from kiosk.desk.windows.lane_parts import LaneParts
from kiosk.desk.windows.page import Asks
from kiosk.desk.windows.work import Job
from kiosk.desk.writing import IF_PULLED, Aftermath, Written, aftermath, write
from readers.errors import ReaderError

if TYPE_CHECKING:
    from kiosk.desk.windows.issuing import IssuingPage

_ASKED_AGAIN_MS: Final = 2000


class Lane(LaneParts):
    """Lives as long as the window. The card watch tells it of cards."""

    heard = Signal(object)
    changed = Signal()
    """Something happened that the list of applications may show."""
    finished = Signal(object)
    """The card is sealed; with the lane."""

    def __init__(self, page: IssuingPage, reader: FindsReader, number: int) -> None:
        super().__init__(page.words["reader"].format(number))
        self.page, self.words, self.reader = page, page.words, reader
        self.making = Making()
        self.standing: Standing | None = None
        self._seen: SeenCard | None = None
        self._job: Job | None = None
        self._question = object()
        """The last look at what is in the reader; of the others nothing is told."""
        self._build(number)
        self.number.returnPressed.connect(self._take)
        for button, act in (
            (self.write, self._take),
            (self.stop, self._stop),
            (self.aside, self._put_aside),
            (self.hand, self._hand_over),
            (self.face, self._show_face),
        ):
            button.clicked.connect(act)
        self.heard.connect(self._hear)
        self.watch = CardWatch(reader, self.heard.emit)
        self.clear()

    @property
    def application(self) -> Application | None:
        """Whose card is next in this reader, or was last."""
        return self.making.application

    @property
    def written(self) -> Written | None:
        """That card, once it is sealed."""
        return self.making.written

    def give(self, application: Application) -> None:
        """The next card in this reader is for this application. Not while something is in hand (`Making.busy`)."""
        self.clear()
        self.making = Making(application)
        self.whose.setText(self.page.name_of(application))
        self._tell()
        self._enable()
        self.number.setFocus()

    def clear(self) -> None:
        """Nothing of a person stays. A card that is being written stops at the next step, for anybody to go on with."""
        self._stop()
        self._job = None
        self.making = Making()
        for label in (self.whose, self.step, self.pulled, self.times):
            label.clear()
        self._tell_each()
        self.whose.setText(self.words["nobody"])
        self.number.clear()
        self.reason.clear()
        self.bar.reset()
        self._enable()

    def refresh(self) -> None:
        """Look at the card again, which something was done with."""
        self._find_out(lambda officer, _: standing(officer, look(self.reader())))

    def look_again(self) -> None:
        """Unless a card is being written, which goes on by itself."""
        if not self.making.busy:
            self.refresh()

    def leave(self, application: Application) -> None:
        """This application's card is in its holder's hands."""
        if self.application is None or self.application.id == application.id:
            self.clear()
        self.refresh()

    # Which card is there

    @Slot(object)
    def _hear(self, heard: Heard) -> None:
        self._question = object()
        self._seen = heard if isinstance(heard, SeenCard) else None
        self.standing = None
        match heard:
            case None:
                self.state.setText(self.words["no_card"])
            case ReaderError():
                self.state.setText(str(saying(heard, self.page.around.words)))
            case SeenCard():
                self.state.setText(self.words["looking"])
                self._ask_what_is_true(heard)
        self._enable()

    def _ask_what_is_true(self, seen: SeenCard) -> None:
        """Once somebody is on duty; `refresh` asks then."""
        if self.page.officer is not None and not self.making.busy:
            self._find_out(lambda officer, _: standing(officer, seen))

    def _find_out(self, steps: Callable[[ServiceClient, Report], Standing]) -> None:
        """What is heard of a card that is not there any more is not shown, nor an older look after a newer one."""
        question = self._question = object()

        def current(tell: Callable[[Any], None]) -> Callable[[Any], None]:
            return lambda what: tell(what) if self._question is question else None

        self.page.work(steps, current(self._show), failed=current(self._not_seen))

    def _not_seen(self, error: Exception) -> None:
        self.state.setText(str(saying(error, self.page.around.words)))

    def _show(self, standing: Standing) -> None:
        self.standing = standing
        self._seen = standing.seen
        self._tell()
        self._enable()
        if self.making.resumes(standing.situation):
            self._write()

    def _tell(self) -> None:
        """What is true of the card, and what comes next."""
        if self.standing is not None:
            known = self.page.transport_of(self.standing) is not None
            self.state.setText(told_of(self.standing, self.making, self.words, pin_known=known))

    # Writing

    @Slot()
    def _take(self) -> None:
        making, application = self.making, self.application
        number = self.number.text().strip().upper()
        if application is None or not making.can_be_written or not number:
            self.page.around.say(self.words["choose_first"])
            return
        if self._seen is None:
            self.page.around.say(self.words["put_in_first"])
            return
        self.page.around.say("")
        making.take()
        self.page.touch(application.id, application.citizen_id, number)
        self._enable()
        self.page.work(
            lambda officer, _: take_card(officer, application.id, number),
            self._for(making, self._taken),
            failed=self._for(making, self._not_taken),
            asks=Asks.A_CHANGE,
        )

    def _for(self, making: Making, tell: Callable[[Any], None]) -> Callable[[Any], None]:
        """What is heard of an application that this reader is not for any more is not shown, and nothing follows."""
        return lambda what: tell(what) if self.making is making else None

    def _taken(self, card: Card) -> None:
        self.making.took(card)
        self._write()

    def _not_taken(self, error: Exception) -> None:
        self.making.took(None)
        self._enable()
        self.page.fail(error)

    def _write(self) -> None:
        making, card, on_duty = self.making, self.making.card, self.page.on_duty
        if card is None or making.busy or on_duty is None:
            return
        self.page.around.say("")  # what broke off goes on
        making.begin()
        self.page.touch(card.uuid, card.stock_number)
        self.step.setText(self.words["looking"])
        self.pulled.clear()
        self.times.clear()
        self._tell_each()

        def steps(officer: ServiceClient, report: Report) -> Written:
            written = write(officer, self.reader(), card.uuid, report, time.perf_counter)
            on_duty.pins.keep(written.card_uuid, written.transport_pin)  # whatever is shown then
            return written

        self._job = self.page.work(
            steps,
            self._for(making, self._sealed),
            failed=self._for(making, self._broke),
            progressed=self._for(making, self._progressed),
            cancelled=lambda: self._for(making, lambda _: self._stopped())(None),
        )
        self._enable()

    def _progressed(self, stage: Stage) -> None:
        name = self.words["steps"][stage.step]
        self.step.setText(self.words["at_step"].format(name, stage.done + 1, stage.total))
        self.pulled.setText(self.words["if_pulled"][IF_PULLED[stage.step]])
        self.bar.setMaximum(stage.total)
        self.bar.setValue(stage.done)

    def _sealed(self, written: Written) -> None:
        self._job = None
        self.making.sealed(written)
        self.bar.setValue(self.bar.maximum())
        timing = written.timing
        slowest = max(timing.steps, key=lambda one: one.seconds)
        self.step.setText(self.words["sealed"])
        self.pulled.setText(self.words["may_take_out"])
        self.times.setText(
            self.words["took"].format(
                whole=f"{timing.whole:.1f}",
                card=f"{timing.card:.1f}",
                commands=timing.apdus,
                step=self.words["steps"][slowest.step],
                seconds=f"{slowest.seconds:.1f}",
            )
        )
        self._tell_each(f"{self.words['steps'][one.step]}: {one.seconds:.2f} s" for one in timing.steps)
        self.refresh()
        self.changed.emit()
        self.finished.emit(self)

    @Slot()
    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _stopped(self) -> None:
        self._job = None
        self.step.setText(self.words["stopped"])
        self._ask_after(self.making, again=self.making.broke(None))

    def _broke(self, error: Exception) -> None:
        self._job = None
        self.page.fail(error)
        findings = error.findings if isinstance(error, RelayRefused) else ()
        self.times.setText("\n".join(in_words(findings, self.words["findings"])))
        self._ask_after(self.making, again=self.making.broke(error))

    def _ask_after(self, making: Making, *, again: bool) -> None:
        card = making.card
        if card is None or self.making is not making or making.busy or self.page.officer is None:
            return
        self._enable()
        self.page.work(
            lambda officer, _: aftermath(officer, card.uuid),
            self._for(making, lambda after: self._after(after, again=again)),
            failed=self._for(making, lambda error: self._not_told(error, again=again)),
        )

    def _not_told(self, error: Exception, *, again: bool) -> None:
        """Ask until the service is back: the clerk is not to guess what became of the card."""
        self.page.fail(error)
        if isinstance(error, ServiceUnreachable):
            making = self.making
            QTimer.singleShot(_ASKED_AGAIN_MS, self, lambda: self._ask_after(making, again=again))

    def _after(self, after: Aftermath, *, again: bool) -> None:
        """``again``: it is gone on with as soon as the card is back."""
        self.pulled.setText(self.words["after"][after])
        torn = self.making.came_out(after, again=again)
        if self.making.card is None:
            self.number.clear()
        self.changed.emit()
        self._tell()
        self._enable()
        if torn and self._seen is not None:
            self.refresh()  # it is back already, or was there all the time

    @Slot()
    def _put_aside(self) -> None:
        making, card, reason = self.making, self.making.card, self.reason.text().strip()
        if card is None or making.busy:
            return
        if not reason:
            self.page.around.say(self.words["say_why"])
            self.reason.setFocus()
            return
        self.page.touch(card.uuid, card.stock_number)
        self.page.work(
            lambda officer, _: put_aside(officer, card.uuid, reason),
            self._for(making, lambda _: self._aside(card)),
            asks=Asks.A_CHANGE,
        )

    def _aside(self, card: Card) -> None:
        self.page.around.say(self.words["put_aside_done"].format(card.stock_number))
        self.reason.clear()
        self._after(Aftermath.QUARANTINED, again=False)

    @Slot()
    def _hand_over(self) -> None:
        if self.standing is not None:
            self.page.hand_over(self, self.standing)

    @Slot()
    def _show_face(self) -> None:
        self.page.show_face(self)

    def _enable(self) -> None:
        making, had = self.making, self._has_keyboard()
        self._call_write(self.words["write" if making.card is None else "go_on"])
        self.write.setEnabled(making.can_be_written)
        self.number.setEnabled(making.can_be_written and making.card is None)
        self.stop.setEnabled(making.writing)
        for widget in (self.aside, self.reason):
            widget.setEnabled(making.can_be_put_aside)
        situation = None if self.standing is None else self.standing.situation
        finished = situation in {Situation.SEALED, Situation.DELIVERED}
        whose = self.standing is not None and self.standing.application is not None
        self.hand.setEnabled(finished and not making.busy and whose)
        has_card = making.card is not None or (self.application is not None and self.application.card_uuid is not None)
        self.face.setEnabled(has_card or finished)
        self._keep_keyboard(had)
