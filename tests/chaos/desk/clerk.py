"""One clerk: from a person to a card in force, whatever is in the way, with the desk's own steps."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Final, TypeVar
from uuid import UUID

from cardsvc.client import ServiceClient, ServiceProblem, ServiceUnreachable
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import CardState, Person, Proxy
from kiosk.desk.handing_over import activate, give_pin, hand_over, settle_pin
from kiosk.desk.issuing import put_aside, take_card
from kiosk.desk.progress import Report, Stage
from kiosk.desk.relay import RelayBroken, RelayRefused, relay_unblocking
from kiosk.desk.writing import IF_PULLED, Aftermath, Timing, aftermath, write
from kiosk.pins import PinInDoubt
from readers.connection import CardReader
from readers.errors import ReaderError, WrongPin
from readers.piv.pin import Pin
from tests.chaos.desk.line import Line
from tests.chaos.desk.tray import TornReader, Tray
from tests.fixtures.pictures import picture
from tests.fixtures.tearing import When

OWN: Final = Pin("864193")
_WRONG: Final = Pin("909090")
_PATIENCE: Final = 400
"""So many attempts at one act before the day is given up."""
_CHANGE: Final = 2
"""The command that changes the PIN comes after SELECT and the reading of the CHUID."""

T = TypeVar("T")


class Fault(StrEnum):
    """What goes wrong with a card."""

    NONE = "none"
    TEAR = "torn out while it is written"
    CUT = "network cut while it is written"
    RESTART = "service killed while it is written"
    GIVEN_UP = "torn out and given up"
    WRONG_PIN = "wrong PIN"
    TORN_AT_PIN = "torn out while it takes the PIN"
    CUT_AT_DELIVERY = "network cut at the hand-over"


_SHARES: Final = {
    Fault.NONE: 40, Fault.TEAR: 18, Fault.CUT: 12, Fault.RESTART: 3, Fault.GIVEN_UP: 4, Fault.WRONG_PIN: 10,
    Fault.TORN_AT_PIN: 8, Fault.CUT_AT_DELIVERY: 5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Writing:
    """How a card was written."""

    whole: float
    """Seconds."""
    card: float
    """Seconds."""
    apdus: int
    requests: int


@dataclass(frozen=True, slots=True)
class Issued:
    """What became of one application. The day keeps all of them: of no more parts than are needed."""

    application: UUID
    fault: Fault
    seconds: float
    writing: Writing | None
    """Of a card that was written in one go."""


@dataclass
class Clerk:
    """Who works at one desk."""

    name: str
    own: ServiceClient
    colleague: ServiceClient
    desk: ServiceClient
    line: Line
    tray: Tray
    restart: Callable[[], None]
    folder: Path
    random: Random
    issued: list[Issued] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    """What was in the way."""
    cards: int = 0

    def day(self, count: int, told: Callable[[], object] = lambda: None) -> None:
        """So many applications, one after the other."""
        for number in range(count):
            self.issue(number)
            told()

    def issue(self, number: int) -> None:
        """One person gets a card."""
        fault = self.random.choices(list(_SHARES), list(_SHARES.values()))[0]
        application, began = self._approved(number), time.perf_counter()
        card_uuid, pin, writing = self._written(application, fault)
        if fault is Fault.CUT_AT_DELIVERY:
            threading.Timer(self.random.random() * 0.05, self.line.cut, [0.2]).start()
        proxy = Proxy(name="何大明", document_number="M7654321") if self.random.random() < 0.1 else None
        self._surely(lambda: hand_over(self.own, application, card_uuid, picture(), proxy))
        self._give_pin(card_uuid, pin, fault)
        self._activate(card_uuid)
        self.tray.remove()
        self.issued.append(Issued(application, fault, time.perf_counter() - began, writing))
        self.met[fault.value] += 1

    def _approved(self, number: int) -> UUID:
        person = Person(
            name="何慧君", birth_date=date(1994, 6, 18), document_number=f"{self.name.upper()}{number:06}",
            district="hengqin",
        )  # fmt: skip
        try:
            application = self._surely(lambda: self.own.create_application(person)).id
        except ServiceProblem as problem:
            if problem.problem.code != "application-open":
                raise
            application = UUID(str(problem.problem.data["application_id"]))
        self._once(lambda: self.own.submit(application), "transition-refused", "not-a-draft")
        self._once(lambda: self.colleague.approve(application), "transition-refused")
        return application

    def _blank(self) -> tuple[str, Path]:
        self.cards += 1
        number = f"{self.name.upper()}-{self.cards:05}"
        self._once(lambda: self.own.add_stock(number), "stock-number-taken")
        return number, self.folder / number

    def _written(self, application: UUID, fault: Fault) -> tuple[UUID, Pin, Writing | None]:
        number, file = self._blank()
        card = self._surely(lambda: take_card(self.own, application, number))
        self.tray.insert(file)
        report: Report | None = self._spoiling(fault)
        for _ in range(_PATIENCE):
            first, report = report, None
            try:
                done = write(self.own, self.tray.reader(), card.uuid, first)
            except (RelayRefused, RelayBroken, ReaderError, ServiceUnreachable) as error:
                self.met[getattr(error, "code", type(error).__name__)] += 1
            else:
                return card.uuid, done.transport_pin, _of(done.timing) if first is not None else None
            after = self._surely(lambda: aftermath(self.own, card.uuid))  # noqa: B023 - called at once
            self.met[f"after: {after}"] += 1
            if fault is Fault.GIVEN_UP and after is Aftermath.GOES_ON:
                fault = Fault.NONE
                self._once(lambda: put_aside(self.own, card.uuid, "it broke"), "not-begun")  # noqa: B023 - likewise
                after = Aftermath.QUARANTINED
            if after is Aftermath.SEALED:
                self.tray.insert(file)
                return card.uuid, self._unblocked(card.uuid), None
            if after is Aftermath.QUARANTINED:
                number, file = self._blank()
                card = self._surely(lambda: take_card(self.own, application, number))  # noqa: B023 - likewise
            self.tray.insert(file)
            self._pause()
        raise AssertionError(f"{application}: no card could be written")

    def _spoiling(self, fault: Fault) -> Report:
        """What happens at a step drawn at random."""
        step = self.random.choice(list(IF_PULLED))

        def tell(stage: Stage) -> None:
            if stage.step != step:
                return
            match fault:
                case Fault.TEAR | Fault.GIVEN_UP:
                    self.tray.remove()
                case Fault.CUT:
                    self.line.cut(0.3)
                case Fault.RESTART:
                    self.restart()

        return Report(tell)

    def _unblocked(self, card_uuid: UUID) -> Pin:
        """The last word was lost, and the transport PIN with it: two people have it reset."""
        for _ in range(_PATIENCE):
            try:
                asked = self._surely(
                    lambda: self.own.request_approval(ApprovalKind.PUK_RELEASE, card_uuid, "the PIN did not arrive")
                )
                self._once(lambda: self.colleague.approve_request(asked.id), "transition-refused")  # noqa: B023
                self._surely(lambda: self.own.unblock(card_uuid))
            except ServiceProblem as problem:
                self.met[f"unblocking: {problem.problem.code}"] += 1
            try:
                with self.tray.reader().connect() as connection:
                    return Pin(relay_unblocking(self.own, card_uuid, connection).transport_pin)
            except (RelayRefused, RelayBroken, ReaderError, ServiceUnreachable) as error:
                self.met[f"unblocking: {getattr(error, 'code', type(error).__name__)}"] += 1
                self._pause()
        raise AssertionError(f"{card_uuid}: could not be unblocked")

    def _give_pin(self, card_uuid: UUID, pin: Pin, fault: Fault) -> None:
        reader = self.tray.reader()
        if fault is Fault.WRONG_PIN:
            try:
                give_pin(reader, card_uuid, _WRONG, OWN)
            except WrongPin as wrong:
                self.met[f"tries left: {wrong.tries_left}"] += 1
        if fault is Fault.TORN_AT_PIN:
            reader = TornReader(reader, self.random.randrange(_CHANGE + 1), self.random.choice(list(When)))
        try:
            give_pin(reader, card_uuid, pin, OWN)
        except (PinInDoubt, ReaderError) as error:
            self.met[type(error).__name__] += 1
            self._settle(card_uuid, pin)

    def _settle(self, card_uuid: UUID, pin: Pin) -> None:
        reader: CardReader = self.tray.reader()
        if not settle_pin(reader, card_uuid, pin, OWN):
            give_pin(reader, card_uuid, pin, OWN)

    def _activate(self, card_uuid: UUID) -> None:
        try:
            self._surely(lambda: activate(self.desk, self.tray.reader(), card_uuid, OWN))
        except ServiceProblem:
            if self._surely(lambda: self.own.card(card_uuid)).state is not CardState.ACTIVE:
                raise

    def _once(self, act: Callable[[], object], *already: str) -> None:
        """``already`` are what it is refused with when it was done, and only the answer was lost."""
        try:
            self._surely(act)
        except ServiceProblem as problem:
            if problem.problem.code not in already:
                raise

    def _surely(self, act: Callable[[], T]) -> T:
        """Again and again while there is no line."""
        for _ in range(_PATIENCE):
            try:
                return act()
            except ServiceUnreachable:
                self.met["no line"] += 1
                self._pause()
        raise AssertionError("the service does not come back")

    @staticmethod
    def _pause() -> None:
        time.sleep(0.1)


def _of(timing: Timing) -> Writing:
    """Each command and each step is a message over the network."""
    return Writing(timing.whole, timing.card, timing.apdus, timing.apdus + len(timing.steps))
