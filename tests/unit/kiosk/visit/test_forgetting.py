"""Whatever happens in whatever order: a kiosk keeps nothing of a citizen who is gone, and no visit stays open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import BaseModel

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Document, Language, Outcome
from kiosk.offers import Offer
from kiosk.visit import acts, effects, events, pin_events, turn_events
from kiosk.visit.cards import accepts_tap
from kiosk.visit.ending import AT_WORK, Rules
from kiosk.visit.machine import Machine
from kiosk.visit.pin_screens import ChangePin, ChangingPin, FindingPin, PinLost
from kiosk.visit.reason import Reason
from kiosk.visit.screens import (
    Attract,
    CheckingPin,
    Consent,
    Done,
    FillForm,
    InsertCard,
    KioskState,
    Mode,
    Paper,
    PinEntry,
    Refusal,
    Review,
    Sending,
    Services,
    Signing,
    SignPin,
    Submission,
    TakeCard,
)
from kiosk.visit.turn_screens import AwaitSecond, HandOver, PhotographPin
from readers.piv.pin import Pin
from tests.fixtures.offers import CHANGE_PIN, CITY, DONATE, TURNS, outcome, paper, signed
from tests.fixtures.offers import OFFERS as DEPARTMENTS_OFFERS

OFFERS = DEPARTMENTS_OFFERS + TURNS + CITY
SECONDS = tuple(offer.second for offer in TURNS if offer.second)
CARDS = [UUID(int=number, version=4) for number in (1, 2, 3)]
REFUSALS = [
    "card-unknown",
    "wrong-pin",
    "pin-blocked",
    "service-unreachable",
    "visit-ended",
    "step-up-required",
    "department-refused",
    "confirmation-over",
    "prepared-document-refused",
    "challenge-replayed",
    "card-removed",
]

cards = st.sampled_from(CARDS)
refusals = st.sampled_from(REFUSALS).map(lambda code: Reason(code, tries_left=2))


def leaves(value: object) -> Iterator[object]:
    """Everything in a state except what the departments offer to everybody."""
    if value is OFFERS or value in OFFERS or value in SECONDS:
        return
    if is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            yield from leaves(getattr(value, part.name))
    elif isinstance(value, BaseModel):
        yield from leaves(value.model_dump())
    elif isinstance(value, dict):
        for part in (*value.keys(), *value.values()):
            yield from leaves(part)
    elif isinstance(value, (list, tuple, frozenset)):
        for part in value:
            yield from leaves(part)
    else:
        yield value


class Forgetting(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.machine = Machine(Rules(prints=True))
        self.state = replace(self.machine.start(), offers=OFFERS)
        self.now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
        self.owner: dict[object, UUID] = {card: card for card in CARDS}
        self.counter = 0
        self.issued: set[str] = set()
        self.ended: Counter[str] = Counter()
        self.pins: set[Pin] = set()
        self.inside: UUID | None = None
        self.jobs: list[effects.Effect] = []
        self.read: Paper | None = None
        self.asked: dict[UUID, object] = {}

    def play(self, event: events.Event) -> None:
        self.state, wanted = self.machine.step(self.state, event, self.now)
        self.ended.update(effect.token for effect in wanted if isinstance(effect, effects.EndVisit))
        self.jobs.extend(effect for effect in wanted if not isinstance(effect, effects.KeepVisit | effects.EndVisit))

    def secret(self, card: UUID, kind: str) -> str:
        self.counter += 1
        name = f"{kind}-{self.counter}"
        self.owner[name] = card
        return name

    def let_in(self, card: UUID, level: Level) -> events.Authenticated:
        token = self.secret(card, "token")
        self.issued.add(token)
        return events.Authenticated(card, level, token, self.now + timedelta(minutes=10))

    @property
    def present(self) -> UUID | None:
        """Whom the state may know about: the visitor, or else whose card is being asked for its PIN."""
        if self.state.visit:
            return self.state.visit.card_uuid
        screen = self.state.screen
        asking = screen.resume if isinstance(screen, Refusal) else screen
        if isinstance(asking, PinEntry | CheckingPin) and self.state.turn and self.inside:
            return asking.card_uuid
        if isinstance(asking, ChangingPin | PinLost | FindingPin):
            return asking.card_uuid
        return asking.card_uuid if isinstance(asking, PinEntry | CheckingPin) and self.inside else None

    # What can happen

    @rule(card=cards)
    def tap(self, card: UUID) -> None:
        if accepts_tap(self.state):
            self.play(events.CardHeld())
            self.play(events.Tapped(self.let_in(card, Level.TAP)))

    @rule(card=cards)
    def late_tap(self, card: UUID) -> None:
        self.play(events.Tapped(self.let_in(card, Level.TAP)))

    @rule(why=refusals)
    def refused_tap(self, why: Reason) -> None:
        self.play(events.CardHeld())
        self.play(events.TapRefused(why))

    @rule()
    def hold(self) -> None:
        self.play(events.CardHeld())

    @rule()
    def lift(self) -> None:
        self.play(events.CardLifted())

    @rule(card=cards)
    def insert(self, card: UUID) -> None:
        if self.inside is None:
            self.inside = card
            self.play(events.CardInserted(card))

    @rule(why=refusals)
    def insert_junk(self, why: Reason) -> None:
        if self.inside is None:
            self.inside = UUID(int=9)
            self.play(events.CardUnreadable(why))

    @rule()
    def take_out(self) -> None:
        self.inside = None
        self.play(events.CardTaken())

    @rule(digits=st.from_regex(r"[0-9]{6,8}", fullmatch=True))
    def enter_pin(self, digits: str) -> None:
        self.pins.add(Pin(digits))
        self.play(acts.PinEntered(Pin(digits)))

    @rule(data=st.data(), good=st.booleans(), why=refusals)
    def some_work_ends(self, data: st.DataObject, good: bool, why: Reason) -> None:  # noqa: FBT001 - drawn
        if not self.jobs:
            return
        self.end_work(self.jobs.pop(data.draw(st.integers(0, len(self.jobs) - 1))), why, good=good)

    def end_work(self, job: effects.Effect, why: Reason, *, good: bool) -> None:  # noqa: C901 - a table of works
        match job:
            case effects.ProvePin(number, card, _):
                proved = events.PinProved(number, self.let_in(card, Level.PIN)) if good else None
                self.play(proved or events.PinRefused(number, why))
            case effects.Exchange(number, token, _) if good:
                self.play(events.Exchanged(number, self.secret(self.owner[token], "assertion")))
            case effects.Ask(number, offer, key, assertion, values, handed_in) if good:
                assert offer.is_signed == (handed_in is not None)
                assert self.asked.setdefault(key, (offer, values)) == (offer, values), "one key, one request"
                told = self.given_out(self.owner[assertion])
                until = self.now + timedelta(minutes=10) if offer.second else None
                self.play(events.Answered(number, told.model_copy(update={"open_until": until}), 3))
            case turn_events.ReadPhotograph(number, card) if good:
                self.play(turn_events.Photographed(number, self.secret(card, "photograph").encode()))
            case turn_events.ReadPhotograph(number):
                self.play(turn_events.NotPhotographed(number, why))
            case effects.Serve(number, token, offer, _) if good:
                assert offer.own
                self.play(events.Answered(number, outcome(self.secret(self.owner[token], "number"))))
            case effects.Print(number):
                self.play(events.Printed(number) if good else events.NotPrinted(number))
            case pin_events.GivePin() | pin_events.FindPin():
                self.end_pin_work(job, why, good=good)
            case effects.Prepare(number, token, _, _, language) if good:
                words = self.secret(self.owner[token], "document")
                self.play(events.Prepared(number, paper(words, language, challenge=None)))
            case effects.Sign(number, _, _, shown, card, _) if good:
                assert shown == self.read, "what the citizen agreed to, and no other"
                self.play(events.Signed(number, signed(shown.text), self.secret(card, "assertion")))
            case effects.Exchange() | effects.Ask() | effects.Serve() | effects.Prepare() | effects.Sign():
                self.play(events.Declined(job.job, why))

    def given_out(self, card: UUID) -> Outcome:
        """An outcome with a paper."""
        paper = Document(title={"en": "A paper"}, media_type="text/plain", content=self.secret(card, "paper"))
        return outcome(self.secret(card, "number")).model_copy(update={"document": paper})

    def end_pin_work(self, job: pin_events.PinEffect, why: Reason, *, good: bool) -> None:
        match job:
            case pin_events.GivePin(number, card, _, _) if good:
                self.play(pin_events.PinChanged(number, outcome(self.secret(card, "number"))))
            case pin_events.GivePin(number, _, old, new) if why.code == "card-removed":
                self.play(pin_events.PinDoubted(number, old, new))
            case pin_events.GivePin(number):
                self.play(pin_events.PinKept(number, why))
            case pin_events.FindPin(number) if good:
                self.play(pin_events.PinFound(number, new=why.code == "wrong-pin"))
            case pin_events.FindPin(number, _, old, new):
                self.play(pin_events.PinDoubted(number, old, new))

    @rule(offer=st.sampled_from(OFFERS))
    def choose(self, offer: object) -> None:
        self.play(acts.ServiceChosen(*next(known.key for known in OFFERS if known is offer)))

    @rule(key=st.uuids(version=4))
    def consent(self, key: UUID) -> None:
        self.own(key)
        self.play(acts.ConsentGiven(key))

    @rule(key=st.uuids(version=4), good=st.booleans())
    def fill(self, key: UUID, good: bool) -> None:  # noqa: FBT001 - drawn
        self.own(key)
        days = 1000 + self.counter
        entered = (
            {"complaint": "fever", "since_days": "4", "litres": "2", "what": "clinic"}
            if good
            else {"since_days": str(days)}
        )
        if self.present:
            self.owner[days] = self.present
        self.play(acts.FormSubmitted(entered, key))

    @rule()
    def check(self) -> None:
        self.play(acts.Checked())

    @rule(key=st.uuids(version=4))
    def act(self, key: UUID) -> None:
        if self.present:
            self.owner[key] = self.present
        self.play(acts.ActionChosen(0, key))

    @rule(right=st.booleans())
    def agree_to_sign(self, right: bool) -> None:  # noqa: FBT001 - drawn
        before = self.state.screen
        if isinstance(before, Review) and right:
            assert before.paper.language is self.state.language
            self.read = before.paper
            self.play(acts.AgreedToSign(before.paper.sha256))
            assert self.state.screen == SignPin(before.submission, before.paper)
        else:
            self.play(acts.AgreedToSign("0" * 64))
            assert self.state.screen == before

    def own(self, key: UUID) -> None:
        """The key, and what stands for it in addresses, belong to whoever is there."""
        if self.present:
            self.owner[key] = self.owner[Submission(DONATE, key).mark] = self.present

    @rule()
    def print(self) -> None:
        known = len(self.jobs)
        self.play(acts.PrintWanted())
        for job in self.jobs[known:]:
            assert isinstance(job, effects.Print)
            assert {self.owner[leaf] for leaf in leaves(job) if leaf in self.owner} == {self.present}

    @rule(steps=st.integers(1, 8), key=st.uuids(version=4))
    def go_on_to_sign(self, steps: int, key: UUID) -> None:
        """What somebody would do who wants to sign: most other ways lead elsewhere long before."""
        for _ in range(steps):
            match self.state.screen:
                case Services():
                    self.play(acts.ServiceChosen(*DONATE.key))
                case InsertCard() if self.inside is None and self.present:
                    self.insert(self.present)
                case PinEntry() | SignPin():
                    self.enter_pin("271828")
                case Consent():
                    self.consent(key)
                case FillForm():
                    self.fill(key, good=True)
                case Review():
                    self.agree_to_sign(right=True)
                case CheckingPin() | Sending() | Signing() if self.jobs:
                    self.end_work(self.jobs.pop(), Reason("card-mute"), good=True)

    @rule(steps=st.integers(1, 12), offer=st.sampled_from(TURNS), other=cards, key=st.uuids(version=4))
    def go_on_to_two_turns(self, steps: int, offer: Offer, other: UUID, key: UUID) -> None:
        for step in range(steps):
            self.one_of_two_turns(offer, other, UUID(int=key.int ^ (step << 1)))  # each press brings a key of its own

    def one_of_two_turns(self, offer: Offer, other: UUID, key: UUID) -> None:
        match self.state.screen:
            case Services() | Done():
                self.play(acts.ServiceChosen(*offer.key))
            case InsertCard() if self.inside is None and self.present:
                self.insert(self.present)
            case PinEntry() | PhotographPin() | SignPin():
                self.enter_pin("271828")
            case Consent():
                self.consent(key)
            case FillForm():
                self.play(acts.FormSubmitted({"face": "same"}, UUID(int=key.int ^ 1)))
            case Review():
                self.agree_to_sign(right=True)
            case HandOver():
                self.take_out()
            case AwaitSecond() if self.inside is None:
                self.insert(other)
            case screen if isinstance(screen, AT_WORK) and self.jobs:
                self.end_work(self.jobs.pop(), Reason("card-mute"), good=True)

    @rule(steps=st.integers(1, 8), same=st.booleans())
    def go_on_to_change_the_pin(self, steps: int, same: bool) -> None:  # noqa: FBT001 - drawn
        for step in range(steps):
            match self.state.screen:
                case Services() | Done():
                    self.play(acts.ServiceChosen(*CHANGE_PIN.key))
                case InsertCard() if self.inside is None and self.present:
                    self.insert(self.present)
                case PinEntry():
                    self.enter_pin("271828")
                case ChangePin(old=None):
                    self.enter_pin("271828")
                case ChangePin():
                    self.enter_pin("864193" if same else f"86419{step}")
                case PinLost(card_uuid=card) if self.inside is None:
                    self.insert(card)
                case CheckingPin() if self.jobs:
                    self.end_work(self.jobs.pop(), Reason("card-mute"), good=True)

    @rule(
        event=st.sampled_from(
            [
                acts.WentBack(),
                acts.TriedAgain(),
                acts.Finished(),
                acts.Touched(),
                acts.PinForgotten(),
            ]
        )
    )
    def press(self, event: events.Event) -> None:
        self.play(event)

    @rule(language=st.sampled_from(Language))
    def speak(self, language: Language) -> None:
        self.play(acts.LanguageChosen(language))

    @rule(mode=st.sampled_from(Mode), on=st.booleans())
    def switch(self, mode: Mode, on: bool) -> None:  # noqa: FBT001 - drawn
        self.play(acts.ModeSwitched(mode, on=on))

    @rule(seconds=st.integers(0, 120))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.play(events.Ticked())

    # What must hold

    @invariant()
    def nothing_of_anybody_else_is_kept(self) -> None:
        known = {
            self.owner[leaf] for leaf in leaves(self.state) if isinstance(leaf, str | int | UUID) and leaf in self.owner
        }
        first = {self.state.turn.card_uuid} if self.state.turn else set()
        assert known <= {self.present} | first
        if self.state.turn:
            assert self.state.visit is None or self.state.visit.card_uuid != self.state.turn.card_uuid

    @invariant()
    def of_the_first_of_two_there_is_no_more_than_the_turn(self) -> None:
        if self.state.turn and self.state.turn.card_uuid != self.present:
            rest = replace(self.state, turn=None)
            told = {leaf for leaf in leaves(rest) if isinstance(leaf, str | int | UUID) and leaf in self.owner}
            assert self.state.turn.card_uuid not in {self.owner[leaf] for leaf in told}

    @invariant()
    def an_idle_kiosk_is_like_new(self) -> None:
        left, waiting = (
            KioskState(screen=TakeCard(), last_job=self.state.last_job, offers=OFFERS, prints=True),
            self.state.screen,
        )
        known = replace(self.state, card_held=False, cards_left=0)
        if isinstance(waiting, TakeCard):
            assert self.state.card_held if waiting.lying else self.state.card_inside
            assert (
                replace(known, language=Language.ENGLISH, modes=frozenset(), card_inside=False, screen=TakeCard())
                == left
            )
        if isinstance(waiting, Attract) and self.state.deadline is None:
            assert replace(known, screen=TakeCard()) == left

    @invariant()
    def every_visit_is_open_here_or_ended_at_the_service_once(self) -> None:
        open_here = {self.state.visit.token} if self.state.visit else set()
        assert self.issued == open_here | set(self.ended)
        assert not open_here & set(self.ended)
        assert set(self.ended.values()) <= {1}

    @invariant()
    def the_pin_is_not_kept(self) -> None:
        """But for a moment: until the new one was entered twice, or it is known which one the card has."""
        if isinstance(self.state.screen, ChangePin | PinLost):
            return
        assert not {leaf for leaf in leaves(self.state) if isinstance(leaf, str)} & {pin.digits for pin in self.pins}

    @invariant()
    def somebody_is_waited_for_but_not_for_ever(self) -> None:
        if not isinstance(self.state.screen, Attract | TakeCard):
            assert self.state.deadline is not None
            second = isinstance(self.state.screen, AwaitSecond)
            assert self.state.deadline <= self.now + timedelta(seconds=300 if second else 90)
        if self.state.visit:
            assert self.state.deadline is not None
            assert self.state.deadline <= self.state.visit.ends_at

    @invariant()
    def screens_of_a_visit_have_one(self) -> None:
        if isinstance(self.state.screen, Services | InsertCard | Consent | FillForm | Review | SignPin | Signing):
            assert self.state.visit is not None

    @invariant()
    def documents_are_for_those_whose_card_is_inside(self) -> None:
        if isinstance(self.state.screen, Review | SignPin | Signing):
            assert self.state.visit is not None
            assert self.state.visit.level is Level.PIN

    @invariant()
    def the_pin_level_lasts_while_the_card_is_inside(self) -> None:
        if self.state.visit and self.state.visit.level >= Level.PIN:
            assert self.inside == self.state.visit.card_uuid
            assert self.state.card_inside


Forgetting.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestForgetting = Forgetting.TestCase
