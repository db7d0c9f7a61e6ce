"""Any sequence of requests, by anybody, in any order, with any delay between them: what must hold holds.

Never two active cards of one person; never an active card whose certificates are not in force, and never certificates
in force of a card that is not active; every history leads by arrows of the table to the present state; no gap in the
records about a person (`tests/fixtures/invariants.py`). No request ends in a fault of ours.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import date
from itertools import count
from pathlib import Path
from uuid import UUID

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cardsvc.app import create_app
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import create_database_engine, session_factory
from cardsvc.services import Services
from cardsvc.settings import Settings
from cardsvc.transitions import TransitionRefused
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.file_keystore import FileKeystore
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import ApplicationKind, ReplacementCause, RevocationReason
from cardsvc.wire.losses import Channel, LossKind, LossReportRequest
from cardsvc.wire.registry import RegistryEventKind, RegistryEventRequest
from tests.fixtures.asgi import AsgiTransport
from tests.fixtures.counter import Counter
from tests.fixtures.databases import KINDS, migrate
from tests.fixtures.invariants import assert_sound
from tests.fixtures.postgres import Cluster
from tests.fixtures.proofs import City
from tests.fixtures.services import NOW, StandingClock
from tests.fixtures.whole import WHOLE

OpenCounter = Callable[[], AbstractContextManager[Counter]]

REFUSED = frozenset({403, 404, 409, 410, 422})
WHICH = st.integers(0, 63)
"""Which of the things there are; the newest are likelier, they have most ahead of them."""


class Lifecycle(RuleBasedStateMachine):
    """Two people, three officers and a desk."""

    def __init__(self, open_counter: OpenCounter) -> None:
        super().__init__()
        self._room = ExitStack()
        self.counter = self._room.enter_context(open_counter())
        self.people: list[UUID] = []
        self.applications: list[UUID] = []
        self.cards: list[UUID] = []
        self.events: list[UUID] = []

    @initialize(issued=st.booleans())
    def begin(self, *, issued: bool) -> None:
        for has_card in (issued, True):
            draft = self.counter.ana.create_application(self.counter.person())
            self.people.append(draft.citizen_id)
            self.applications.append(draft.id)
            if has_card:
                self.cards.append(self.counter.issued(draft).uuid)

    def officer(self, which: int) -> ServiceClient:
        return (self.counter.ana, self.counter.bo, self.counter.cy)[which % 3]

    def attempt(self, call: Callable[[], object]) -> None:
        """Whatever comes of it, it is an answer."""
        try:
            call()
        except ServiceProblem as refused:
            if refused.problem.status not in REFUSED:
                raise

    @rule(which=WHICH, officer=WHICH, kind=st.sampled_from(ApplicationKind), lost=st.booleans())
    def apply(self, which: int, officer: int, kind: ApplicationKind, *, lost: bool) -> None:
        cause = (ReplacementCause.LOST if lost else ReplacementCause.DAMAGED) if kind.value == "replacement" else None

        def ask() -> None:
            application = self.officer(officer).apply(pick(self.people, which), kind, cause)
            self.applications.append(application.id)

        self.attempt(ask)

    @rule(which=WHICH, officer=WHICH)
    def submit(self, which: int, officer: int) -> None:
        self.attempt(lambda: self.officer(officer).submit(pick(self.applications, which)))

    @rule(which=WHICH, officer=WHICH)
    def approve(self, which: int, officer: int) -> None:
        self.attempt(lambda: self.officer(officer).approve(pick(self.applications, which)))

    @rule(which=WHICH, officer=WHICH)
    def reject(self, which: int, officer: int) -> None:
        self.attempt(lambda: self.officer(officer).reject(pick(self.applications, which), "no"))

    @rule(which=WHICH, officer=WHICH)
    def cancel(self, which: int, officer: int) -> None:
        self.attempt(lambda: self.officer(officer).cancel(pick(self.applications, which), "not needed"))

    @rule(which=WHICH)
    def reserve(self, which: int) -> None:
        def take() -> None:
            number = self.counter.blank().stock_number
            self.cards.append(self.counter.ana.personalise(pick(self.applications, which), number).uuid)

        self.attempt(take)

    @rule(which=WHICH)
    def carry_on(self, which: int) -> None:
        """All that is left to do for an application, as far as it goes."""
        application = pick(self.applications, which)
        self.attempt(lambda: self.counter.ana.submit(application))
        self.attempt(lambda: self.counter.bo.approve(application))
        number = self.counter.blank().stock_number

        def finish() -> None:
            card = self.counter.ana.personalise(application, number)
            self.cards.append(card.uuid)
            self.counter.ana.deliver(self.counter.write(card.uuid))
            self.counter.activate(card.uuid)

        self.attempt(finish)

    @rule(which=WHICH, kind=st.sampled_from([ApplicationKind.REPLACEMENT, ApplicationKind.TEMPORARY]))
    def change_ones_mind(self, which: int, kind: ApplicationKind) -> None:
        """Ask for another card, and give it up when the old one is held already."""
        cause = ReplacementCause.DAMAGED if kind is ApplicationKind.REPLACEMENT else None

        def ask_and_cancel() -> None:
            application = self.counter.ana.apply(pick(self.people, which), kind, cause)
            self.applications.append(application.id)
            self.counter.ana.submit(application.id)
            self.counter.ana.cancel(application.id, "not needed")

        self.attempt(ask_and_cancel)

    @precondition(lambda self: self.cards)
    @rule(which=WHICH)
    def write(self, which: int) -> None:
        try:
            self.counter.write(pick(self.cards, which))
        except TransitionRefused:
            return

    @precondition(lambda self: self.cards)
    @rule(which=WHICH)
    def deliver(self, which: int) -> None:
        self.attempt(lambda: self.counter.ana.deliver(pick(self.cards, which)))

    @precondition(lambda self: self.counter.keys.keys() & set(self.cards))
    @rule(which=WHICH)
    def activate(self, which: int) -> None:
        written = [card for card in self.cards if card in self.counter.keys]
        self.attempt(lambda: self.counter.activate(pick(written, which)))

    @precondition(lambda self: self.cards)
    @rule(which=WHICH, officer=WHICH)
    def hold(self, which: int, officer: int) -> None:
        self.attempt(lambda: self.officer(officer).hold(pick(self.cards, which), "suspicious"))

    @precondition(lambda self: self.cards)
    @rule(which=WHICH, officer=WHICH, approved=st.booleans())
    def reinstate(self, which: int, officer: int, *, approved: bool) -> None:
        card = pick(self.cards, which)
        if approved:
            self.attempt(lambda: self.counter.approval(ApprovalKind.REINSTATEMENT, card))
        self.attempt(lambda: self.officer(officer).reinstate(card))

    @precondition(lambda self: self.cards)
    @rule(which=WHICH, reason=st.sampled_from(RevocationReason))
    def revoke(self, which: int, reason: RevocationReason) -> None:
        self.attempt(lambda: self.counter.cy.revoke(pick(self.cards, which), reason))

    @precondition(lambda self: self.cards)
    @rule(which=WHICH)
    def give_back(self, which: int) -> None:
        self.attempt(lambda: self.counter.ana.return_card(pick(self.cards, which)))

    @precondition(lambda self: self.cards)
    @rule(which=WHICH)
    def release(self, which: int) -> None:
        self.attempt(lambda: self.counter.ana.release(pick(self.cards, which)))

    @precondition(lambda self: self.cards)
    @rule(which=WHICH)
    def spoil(self, which: int) -> None:
        self.attempt(lambda: self.counter.ana.spoil(pick(self.cards, which), "misprinted"))

    @precondition(lambda self: self.cards)
    @rule(which=WHICH, approved=st.booleans())
    def destroy(self, which: int, *, approved: bool) -> None:
        card = pick(self.cards, which)
        if approved:
            self.attempt(lambda: self.counter.approval(ApprovalKind.STOCK_WRITE_OFF, card))
        self.attempt(lambda: self.counter.ana.destroy(card, "shredded"))

    @rule(which=WHICH, kind=st.sampled_from(LossKind))
    def lose(self, which: int, kind: LossKind) -> None:
        request = LossReportRequest(citizen_id=pick(self.people, which), kind=kind, channel=Channel.DESK)
        self.attempt(lambda: self.counter.ana.report_loss(request))

    @rule(which=WHICH, kind=st.sampled_from(RegistryEventKind))
    def go(self, which: int, kind: RegistryEventKind) -> None:
        request = RegistryEventRequest(kind=kind, reference="R-1", occurred_on=date(2026, 3, 1))

        def tell() -> None:
            self.events.append(self.counter.ana.report_registry_event(pick(self.people, which), request).id)

        self.attempt(tell)

    @precondition(lambda self: self.events)
    @rule(which=WHICH, person=WHICH)
    def confirm(self, which: int, person: int) -> None:
        self.attempt(lambda: self.counter.approval(ApprovalKind.DEATH, pick(self.people, person)))
        self.attempt(lambda: self.counter.ana.confirm_registry_event(pick(self.events, which)))

    @precondition(lambda self: self.events)
    @rule(which=WHICH, person=WHICH)
    def reverse(self, which: int, person: int) -> None:
        def come_back() -> None:
            self.applications.append(self.counter.ana.reverse_registry_event(pick(self.events, which)).id)

        self.attempt(lambda: self.counter.approval(ApprovalKind.DEATH_REVERSAL, pick(self.people, person)))
        self.attempt(come_back)

    @rule(days=st.sampled_from([1, 7, 8, 15, 400, 1500]))
    def wait(self, days: int) -> None:
        """Not so long that the city's authorities are over."""
        if (self.counter.city.clock.now - NOW).days + days < 2000:
            self.counter.city.clock.advance(days=days)

    @rule()
    def time_passes(self) -> None:
        assert not self.counter.services.timekeeper.run().busy

    @invariant()
    def sound(self) -> None:
        assert_sound(self.counter.services)

    def teardown(self) -> None:
        self._room.close()


def pick(things: list[UUID], which: int) -> UUID:
    return things[-1 - which % len(things)]


@pytest.fixture(params=KINDS)
def open_counter(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    keystore_folder: Path,
    keystore: FileKeystore,
    authority: IssuingAuthority,
) -> OpenCounter:
    """A counter with a database and a clock of its own for each example, so that what fails fails again."""
    numbers = count()

    @contextmanager
    def open_database() -> Iterator[str]:
        if request.param == "sqlite":
            file = tmp_path / f"{next(numbers)}.db"
            shutil.copy(request.getfixturevalue("migrated_sqlite"), file)
            yield f"sqlite:///{file}"
            return
        cluster: Cluster = request.getfixturevalue("postgres_cluster")
        with cluster.database(cluster.template("migrated", migrate)) as url:
            yield url

    @contextmanager
    def open_() -> Iterator[Counter]:
        clock = StandingClock()
        with open_database() as url:
            settings = Settings(database_url=url, keystore_dir=keystore_folder)
            engine = create_database_engine(url)
            services = Services(settings, clock, session_factory(engine), keystore, authority)
            with AsgiTransport(create_app(services)) as transport:
                yield Counter(City(services, clock, transport))
            engine.dispose()

    return open_


def test_whatever_is_asked_in_whatever_order(open_counter: OpenCounter) -> None:
    class Machine(Lifecycle):
        def __init__(self) -> None:
            super().__init__(open_counter)

    run_state_machine_as_test(
        Machine,
        settings=hypothesis.settings(
            max_examples=50 if WHOLE else 6,
            stateful_step_count=40,
            # To make a failing example shorter takes longer than anybody waits: each step is a request.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
