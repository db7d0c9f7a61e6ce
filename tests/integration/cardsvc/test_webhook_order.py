"""Whatever happens to receivers, processes and clocks: each person's events arrive in order, and all of them do."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardsvc.db import new_id, reading, transaction
from cardsvc.departments.repository import get_department
from cardsvc.departments.service import add_department
from cardsvc.reach.models import RevocationAcknowledgement
from cardsvc.services import Services
from cardsvc.webhooks import subscribing
from cardsvc.webhooks.addresses import AddressRules
from cardsvc.webhooks.delivering import CLAIM_BEYOND, Courier, Limits
from cardsvc.webhooks.models import DepartmentEvent
from cardsvc.webhooks.numbering import LARGEST_BATCH, number_all
from cardsvc.webhooks.postman import TURN, Postman
from cardsvc.webhooks.sending import Outcome, Parcel
from cardsvc.wire.departments import CardStanding
from cardsvc.wire.webhooks import DepartmentEvent as Told
from cardsvc.wire.webhooks import EventType, ReplayRequest
from tests.fixtures.services import StandingClock
from tests.fixtures.webhooks import ATTEMPT, MEDICAL, PATIENCE, URL, Outbox, types

PEOPLE = ("wei", "mei", "lin")
DEPARTMENT = "education"
JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
}
"""RFC 7517 appendix A.1: nothing is signed with it here."""


class Died(BaseException):
    """SIGKILL, as far as Python has one."""


@dataclass
class Receiver:
    """Answers as it was told; once it kills the sender, before or after taking the event."""

    answers: Sequence[str] = ()
    taken: list[Told] = field(default_factory=list)
    attempts: int = 0

    def send(self, parcel: Parcel) -> Outcome:
        event = Told.model_validate_json(parcel.body)
        answer = self.answers[self.attempts % len(self.answers)] if self.answers else "take"
        self.attempts += 1
        if answer == "die":
            raise Died
        if answer == "refuse":
            return Outcome(status=500)
        self.taken.append(event)
        if answer == "take and die":
            raise Died
        return Outcome(status=204)


def event(department_id: UUID, person: str, turn: int, at: datetime, event_id: UUID | None = None) -> DepartmentEvent:
    """Of a person whose card is held."""
    return DepartmentEvent(
        id=event_id or uuid4(),
        department_id=department_id,
        pseudonym=person.ljust(43, "_"),
        type=EventType.CARD_HELD,
        standing=CardStanding.HELD,
        occurred_at=at,
        turn=turn,
    )


@dataclass
class Run:
    """One department, its receiver, and a clock."""

    services: Services
    clock: StandingClock
    receiver: Receiver = field(default_factory=Receiver)
    written: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        services = self.services
        with transaction(services.sessions) as session:
            department = add_department(
                session, code=DEPARTMENT, title="Education", public_jwk=JWK, actor="ana", now=self.clock()
            )
            self.department_id = department.id
            subscribing.subscribe(
                session, services.keystore, AddressRules(), DEPARTMENT, URL, actor="ana", now=self.clock()
            )
        courier = Courier(
            services.sessions, services.keystore, self.receiver, self.clock, lambda: 0.5, Limits(ATTEMPT, PATIENCE)
        )
        self.postman = Postman(services.sessions, courier, self.clock)

    def happens(self, person: str) -> None:
        event_id = uuid4()
        with transaction(self.services.sessions) as session:
            row = event(self.department_id, person, len(self.written[person]) + 1, self.clock(), event_id)
            session.add(row)
        self.written[person].append(event_id)

    def round(self, answers: Sequence[str]) -> None:
        self.receiver.answers, self.receiver.attempts = answers, 0
        try:
            self.postman.round()
        except Died:
            self.clock.now += ATTEMPT + CLAIM_BEYOND  # what it had claimed is free again

    def replays(self, share: float) -> None:
        everything = [event for events in self.written.values() for event in events]
        with reading(self.services.sessions) as session:
            numbered = [event for event in everything if session.get_one(DepartmentEvent, event).number is not None]
        if numbered:
            since = numbered[int(share * len(numbered))]
            with transaction(self.services.sessions) as session:
                request = ReplayRequest(since=since)
                subscribing.replay(session, DEPARTMENT, request, actor="ana", now=self.clock())
            self.receiver.taken.clear()  # from here on the order counts anew

    def assert_in_order(self) -> None:
        """Of each person's events, each comes first after all before it have come, as far as they are to come."""
        for person, events in self.written.items():
            seen = [event.id for event in self.receiver.taken if event.data.pseudonym.startswith(person)]
            first = list(dict.fromkeys(seen))
            assert first == [event for event in events if event in first]

    def assert_complete(self) -> None:
        for _ in range(60):
            self.round(())
            self.clock.advance(hours=13)
        with reading(self.services.sessions) as session:
            states = Counter(row.delivery for row in session.query(DepartmentEvent))
        assert set(states) <= {"delivered"}
        assert sum(states.values()) == sum(map(len, self.written.values()))


answers = st.lists(st.sampled_from(["take", "refuse", "die", "take and die"]), min_size=1, max_size=6).map(tuple)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("happens"), st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4).map(tuple)),
        st.tuples(st.just("round"), answers),
        st.tuples(st.just("passes"), st.timedeltas(timedelta(0), timedelta(days=2))),
        st.tuples(st.just("replay"), st.floats(min_value=0, max_value=1, exclude_max=True)),
    ),
    min_size=6,
    max_size=24,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=actions)
def test_each_persons_events_arrive_in_order_and_all_of_them_do(
    plan: list[tuple[str, object]],
    migrated_sqlite: Path,
    tmp_path: Path,
    make_services: Callable[[str], Services],
) -> None:
    clock = StandingClock()
    copy = shutil.copy(migrated_sqlite, tmp_path / f"{new_id()}.db")
    services = make_services(f"sqlite:///{copy}")
    run = Run(services, clock)
    try:
        for what, how in plan:
            if what == "happens" and isinstance(how, tuple):
                for person in how:
                    run.happens(person)
            elif what == "round" and isinstance(how, tuple):
                run.round(how)
            elif what == "replay" and isinstance(how, float):
                run.replays(how)
            elif isinstance(how, timedelta):
                clock.now += how
            run.assert_in_order()
        run.assert_complete()
        run.assert_in_order()
    finally:
        services.sessions.kw["bind"].dispose()


def test_an_event_that_is_asked_for_again_while_it_is_sent_comes_again_in_its_turn(outbox: Outbox) -> None:
    outbox.medical.subscribe(URL)
    card = outbox.visitor()
    outbox.hold(card)
    outbox.reinstate(card)
    first, _ = outbox.told()

    def ask_again(event: Told) -> Outcome:
        outbox.inbox.is_up()
        assert (event.type, outbox.medical.replay(first.id)) == (EventType.CARD_REVOKED, 3)
        return Outcome(status=204)

    outbox.inbox.answers = ask_again
    outbox.revoke(card)
    outbox.postman.round()
    once = [EventType.CARD_HELD, EventType.CARD_REINSTATED, EventType.CARD_REVOKED]
    assert types(outbox.inbox.accepted) == [*once, *once]
    assert outbox.medical.subscription().waiting == 0


def test_a_batch_takes_along_what_its_people_must_hear_first(sqlite_outbox: Outbox) -> None:
    """One server's clock was ahead at the first act, and hundreds of others happened before the first was due."""
    outbox, later = sqlite_outbox, sqlite_outbox.clock() + timedelta(hours=1)
    acts = [
        ("wei", 2, outbox.clock()),
        *((f"p{n}", 1, outbox.clock()) for n in range(LARGEST_BATCH)),
        ("wei", 1, later),
    ]
    with transaction(outbox.services.sessions) as session:
        department = get_department(session, MEDICAL).id
        session.add_all(event(department, person, turn, at) for person, turn, at in acts)
    number_all(outbox.services.sessions, outbox.clock())
    weis = [row.turn for row in sorted(outbox.written(), key=lambda row: row.number or 0) if row.pseudonym[:3] == "wei"]
    assert weis == [1, 2]
    assert sorted(row.number or 0 for row in outbox.written()) == list(range(1, LARGEST_BATCH + 3))


def test_a_hundred_acknowledgements_at_once_are_one(outbox: Outbox) -> None:
    outbox.revoke(outbox.visitor())
    outbox.postman.round()
    (revocation,) = outbox.kiosk.revocations()
    together = Barrier(20)

    def acknowledge(_: int) -> int:
        together.wait()
        return outbox.kiosk.acknowledge(revocation.id).number

    with ThreadPoolExecutor(20) as kiosks:
        assert set(kiosks.map(acknowledge, range(100))) == {1}
    with reading(outbox.services.sessions) as session:
        assert session.query(RevocationAcknowledgement).count() == 1


def test_services_that_work_at_once_number_and_deliver_each_event_once(outbox: Outbox) -> None:
    """As several workers do: each with a postman of its own."""
    outbox.medical.subscribe(URL)
    for _ in range(6):
        outbox.hold(outbox.visitor())
    postmen = [outbox.new_postman() for _ in range(5)]
    together = Barrier(len(postmen))

    def go_round(postman: Postman) -> int:
        together.wait()
        return postman.round()

    with ThreadPoolExecutor(len(postmen)) as services:
        attempts = sum(services.map(go_round, postmen))
    attempts += outbox.postman.round()
    assert attempts == len(outbox.inbox.parcels) == 6
    assert [event.number for event in outbox.told()] == list(range(1, 7))


def test_a_slow_receiver_leaves_its_lane_to_whoever_waits(sqlite_outbox: Outbox) -> None:
    outbox = sqlite_outbox
    outbox.city.department("education").subscribe(URL)
    outbox.medical.subscribe(URL)
    cards = [outbox.visitor(MEDICAL, "education") for _ in range(4)]
    for card in cards:
        outbox.hold(card)

    def slowly(_: Told) -> Outcome:
        outbox.clock.advance(seconds=0.6 * TURN.total_seconds())
        return Outcome(status=204)

    outbox.inbox.answers = slowly
    with ThreadPoolExecutor(1) as lane:
        outbox.postman.look(lane, lambda: False)
    names = {outbox.name(card) for card in cards}
    assert Counter(event.data.pseudonym in names for event in outbox.inbox.accepted) == {True: 2, False: 2}
