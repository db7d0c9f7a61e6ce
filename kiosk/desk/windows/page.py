"""What all pages of the desk share."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, ClassVar
from uuid import UUID

from PySide6.QtWidgets import QWidget

from cardsvc.client import ServiceClient
from cardsvc.wire.approvals import Approval, ApprovalKind, ApprovalState
from cardsvc.wire.scopes import Scope
from kiosk.desk.equipment import Equipment
from kiosk.desk.failures import Saying, saying
from kiosk.desk.intents import Intent, means
from kiosk.desk.on_duty import OnDuty
from kiosk.desk.progress import Report, Stage, StoppedLooking, StoppedWaiting
from kiosk.desk.second_person import asked, granting
from kiosk.desk.subjects import Subject
from kiosk.desk.windows.second_person import Act
from kiosk.desk.windows.work import Job, Outcomes, Workers
from kiosk.desk.words import Words


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a page finds around it."""

    equipment: Equipment
    words: Words
    workers: Workers
    say: Callable[[str | Saying], None]
    """Shows something to the officer, above the page, until the next one or Esc."""
    add: Callable[[Saying], None]
    """The same, where what was done just before stays said: it was done."""
    colleague: Callable[[Act], None]
    """Asks a colleague at this desk; `Page.ask_colleague` is what pages use."""
    open: Callable[[str, Subject], None]
    """Turns to the page of that group of words and gives it the subject (`Page.take`):
    ``around.open("issuing", TheApplication(application.id))``. Raises LookupError when there is no such page."""


class Asks(Enum):
    """What work asks of the card service, which may take long to answer."""

    HOW_THINGS_ARE = auto()
    A_CHANGE = auto()
    """It may be done although the answer is not waited for."""
    NOTHING = auto()
    """It is quick, and nobody can stop it."""


class Page(QWidget):
    """One thing an officer does. Pages live as long as the window; officers come and go."""

    group: ClassVar[str]
    """Of its words; ``title`` there is what the page is called."""

    def __init__(self, around: Surroundings) -> None:
        super().__init__()
        self.around = around
        self.words = around.words[self.group]
        self.on_duty: OnDuty | None = None
        self._waits: list[tuple[Job, Asks]] = []
        self._questions: dict[str, object] = {}

    @property
    def officer(self) -> ServiceClient | None:
        """The card service, in the name of whoever is on duty."""
        return None if self.on_duty is None else self.on_duty.service

    @property
    def me(self) -> str:
        """What the officer on duty is called at the card service; nothing while there is none."""
        return "" if self.on_duty is None else self.on_duty.standing.client_id

    def begin(self, on_duty: OnDuty) -> None:
        """An officer has signed in."""
        self.on_duty = on_duty

    def shown(self) -> None:
        """The officer turned to this page."""

    def first(self) -> QWidget | None:
        """What has the keyboard then; None where `shown` sees to it."""
        return None

    def resumed(self) -> None:
        """Ask again for what is shown of the card service's; nothing that was typed is lost, and nothing is said.

        The connection to it was lost and is back, or the answer to an act was not waited for.
        """

    def take(self, subject: Subject) -> None:
        """Go on with what another page hands over by ``around.open(group, subject)``. Called after `shown`.

        Each page says in a ``take`` of its own which subjects it understands: an application's id is no citizen's.
        """
        raise TypeError(f"{self.group} takes no {type(subject).__name__}")

    def may(self, *scopes: Scope) -> bool:
        """Whether the officer on duty holds all of these."""
        return self.on_duty is not None and self.on_duty.may(*scopes)

    def end(self) -> None:
        """The officer has left: whatever shows a person goes from the page. What is not finished is kept as a draft."""
        self.on_duty = None
        self._waits.clear()

    def work(
        self,
        steps: Callable[[ServiceClient, Report], Any],
        done: Callable[[Any], None],
        *,
        failed: Callable[[Exception], None] | None = None,
        progressed: Callable[[Stage], None] = lambda _: None,
        cancelled: Callable[[], None] | None = None,
        asks: Asks = Asks.HOW_THINGS_ARE,
        about: str = "",
    ) -> Job:
        """Do something in the officer's name, beside the window. What it says is not shown to the next officer.

        Once it was given up, nothing more of it is sent.

        Takes it long, the window offers to stop waiting, and ``failed`` is told; not where ``cancelled`` is given: such
        work has progress and a way to stop it of its own. ``about`` names what is shown of it: of several answers about
        the same, only that to the last question is told.
        """
        officer = self.officer
        assert officer is not None, "nobody is on duty"  # noqa: S101 - pages cannot be reached then

        question = object()
        if about:
            self._questions[about] = question

        def wanted() -> bool:
            return self.officer is officer and (not about or self._questions.get(about) is question)

        def current(tell: Callable[[Any], None]) -> Callable[[Any], None]:
            return lambda what: tell(what) if wanted() else None

        outcomes = Outcomes(
            current(done),
            current(failed or self.fail),
            current(progressed),
            lambda: current(lambda _: cancelled() if cancelled is not None else None)(None),
        )
        job = self.around.workers.start(
            lambda report: steps(officer.as_long_as(report.check_waited_for), report), outcomes
        )
        if cancelled is None and asks is not Asks.NOTHING:
            self._waits.append((job, asks))
        return job

    def no_longer(self, about: str) -> None:
        """Something else is shown: what was asked about this is not told any more."""
        self._questions.pop(about, None)

    def waited(self) -> int:
        """For how many milliseconds an answer has been waited for that can be given up."""
        self._waits = [(job, asks) for job, asks in self._waits if not job.over]
        return max((job.age for job, _ in self._waits), default=0)

    def stop_waiting(self) -> None:
        """The officer does not want to wait any longer. What may have been changed is looked at again."""
        waits, self._waits = self._waits, []
        given_up = [(job, asks) for job, asks in waits if not job.over]
        changing = [job for job, asks in given_up if asks is Asks.A_CHANGE]
        for job, asks in given_up:
            job.give_up(StoppedWaiting() if asks is Asks.A_CHANGE else StoppedLooking())
        if changing:
            self.fail(StoppedWaiting())
            self.resumed()

    def act(
        self,
        intent: Intent,
        steps: Callable[[ServiceClient], Any],
        done: Callable[[Any], None],
        *,
        failed: Callable[[Exception], None] | None = None,
    ) -> Job:
        """As `work`, for what changes something: pressed again before its answer was seen, it is not done twice."""
        intents = self.around.equipment.intents
        meant = intents.begin(self.me, intent)

        def tells(tell: Callable[[Any], None]) -> Callable[[Any], None]:
            """Only what the officer is told settles it, not what comes after they stopped waiting or left."""

            def heard(what: Any) -> None:
                tell(what)
                intents.heard(meant, what)

            return heard

        return self.work(
            lambda officer, _: steps(officer.under(meant.key)),
            tells(done),
            failed=tells(failed or self.fail),
            asks=Asks.A_CHANGE,
        )

    def touch(self, *about: Hashable) -> None:
        """By other means than `act`, which has no need of it, something is about to be done about these."""
        self.around.equipment.intents.end(about)

    def ask_colleague(
        self,
        sentence: str,
        decide: Callable[[ServiceClient], Any],
        done: Callable[[Any], None],
        left: Callable[[], object] = lambda: None,
    ) -> None:
        """Ask for the yes of a second person at this desk, who puts in their card and enters their PIN.

        ``sentence`` tells them what will happen. ``decide`` is done in their name, beside the window; ``done`` is told
        what it gave, in the window's thread; ``left`` that nobody decided here: it can still be done from their queue.
        For an application: ``lambda colleague: colleague.approve(application_id)``.
        """
        officer = self.officer

        def still(tell: Callable[[], object]) -> None:
            if self.officer is officer:
                tell()

        self.around.colleague(Act(sentence, decide, lambda outcome: still(lambda: done(outcome)), lambda: still(left)))

    def ask_approval(
        self,
        kind: ApprovalKind,
        subject_id: UUID,
        *,
        reason: str,
        seen: Hashable,
        sentence: str,
        done: Callable[[Approval], None],
        left: Callable[[], None] = lambda: None,
    ) -> None:
        """Ask for an approval in the name of whoever is on duty, then ask a colleague at this desk to grant it.

        Nobody is asked where a colleague has granted the same before, and it was not used yet. ``seen`` is what was
        asked for until now, as it is shown: once something came of it, it is asked for anew.
        """

        def go_on(approval: Approval) -> None:
            if approval.state is ApprovalState.APPROVED:
                done(approval)
            else:
                self.ask_colleague(sentence, granting(approval.id), done, left)

        intent = means("ask", subject_id, fields=(kind, reason, seen))
        self.act(intent, lambda officer: asked(officer, kind, subject_id, reason), go_on)

    def fail(self, error: Exception) -> None:
        """Say what happened, what is safe and what to do next."""
        tell = self.around.add if isinstance(error, StoppedLooking) else self.around.say
        tell(saying(error, self.around.words))
