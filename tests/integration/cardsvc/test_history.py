"""Everything that is looked up about citizens is in their own history, in words, on both databases."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cardsvc
from cardsvc.callers.models import CallerKind
from cardsvc.citizens.deeds import EVENTS, KINDS, PURPOSES, deed_of
from cardsvc.client import ServiceClient
from cardsvc.db import transaction
from cardsvc.departments.models import Policy
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.departments.repository import get_department
from cardsvc.departments.service import publish_policy
from cardsvc.wire.departments import CardStandings
from cardsvc.wire.history import AccessEntry, AccessHistory, Deed
from cardsvc.wire.levels import Level
from cardsvc.wire.losses import Channel, LossKind, LossReportRequest
from cardsvc.wire.manifest import Language
from cardsvc.wire.people import DocumentKind, Purpose, SearchRequest
from tests.fixtures.counter import Counter
from tests.fixtures.pictures import PDF
from tests.fixtures.proofs import POLICY, WEI, City, IssuedCard

DEPARTMENT = "medical-insurance"


MOST = 100
"""Entries in a page, unless more are asked for."""


class Life:
    """A citizen with a card, a clerk, a kiosk, and a department that has met the citizen."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.kiosk, self.department = city.caller("kiosk-1"), city.department(DEPARTMENT)
        self.ana = city.caller("ana", CallerKind.OFFICER)
        self.card: IssuedCard = city.card()
        self.citizen = self.card.citizen_id
        self.name = pseudonym(city.services.keystore, DEPARTMENT, self.citizen)

    def visit(self) -> str:
        (challenge,) = self.kiosk.challenges(Level.PIN)
        return self.kiosk.authenticate(self.card.prove(challenge)).visit_token

    def tell(self) -> str:
        return self.kiosk.exchange(self.visit(), DEPARTMENT, "balance", ["name"])

    def history(self, cursor: str | None = None) -> AccessHistory:
        return self.kiosk.own_access_history(self.visit(), cursor)

    def newest(self) -> AccessEntry:
        """What happened before the visit in which it is read."""
        return self.history().entries[1]

    def ask(self) -> CardStandings:
        return self.department.card_standings([self.name], "benefit-review")

    def tap_at_department(self) -> None:
        (challenge,) = self.department.challenges(Level.TAP)
        self.department.authenticate_at_own_reader(self.card.prove(challenge), "clinic-check-in")


@pytest.fixture
def life(city: City) -> Life:
    return Life(city)


@pytest.fixture
def sqlite_life(sqlite_city: City) -> Life:
    return Life(sqlite_city)


LOOKS: dict[str, tuple[Callable[[Life], object], Deed]] = {
    "person.open": (lambda it: it.ana.open_person(it.citizen, Purpose.COMPLAINT, "C-1"), Deed.LOOKED),
    "person.open-versions": (lambda it: it.ana.person_versions(it.citizen, Purpose.COMPLAINT), Deed.LOOKED),
    "person.search": (
        lambda it: it.ana.search_people(SearchRequest(name=WEI.name, purpose=Purpose.COMPLAINT)),
        Deed.FOUND,
    ),
    "person.duplicates": (lambda it: it.ana.find_duplicates(WEI), Deed.FOUND),
    "card.view": (lambda it: it.ana.card(it.card.uuid), Deed.LOOKED),
    "registry.view": (lambda it: it.ana.registry_events(it.citizen), Deed.LOOKED),
    "access-history.read": (lambda it: it.ana.access_history(it.citizen), Deed.LOOKED),
    "locks.read": (lambda it: it.ana.open_locks(it.citizen, Purpose.CARD_LOCK), Deed.LOOKED),
    "card-standing.ask": (lambda it: (it.tell(), it.ask()), Deed.ASKED),
    "question.ask": (
        lambda it: (it.tell(), it.department.ask([it.name], "resident-of:taipa", "benefit-review")),
        Deed.ASKED,
    ),
    "assertion.issue": (lambda it: it.tell(), Deed.TOLD),
    "card-authentication": (lambda it: it.tap_at_department(), Deed.TOLD),
    "assertion.verify": (lambda it: it.department.verify(it.tell()), Deed.VERIFIED),
}


@pytest.mark.parametrize("event", LOOKS)
def test_every_look_is_in_the_history_of_whom_it_was_about(life: Life, event: str) -> None:
    look, deed = LOOKS[event]
    look(life)
    entry = life.newest()
    assert (entry.event, entry.outcome, entry.deed) == (event, "ok", deed)
    assert set(entry.words) == set(Language)


def test_it_says_who_asked_when_for_what_and_under_which_version(life: Life) -> None:
    life.tell()
    with transaction(life.city.services.sessions) as session:
        terms = POLICY | {"purposes": {**POLICY["purposes"], "benefit-review": "Something else"}}
        publish_policy(session, get_department(session, DEPARTMENT), terms, actor="ceremony", now=life.city.clock())
    life.ask()
    now = life.city.clock()
    second = life.newest()
    assert (second.at, second.policy_version, second.purpose) == (now, 2, "benefit-review")
    assert second.purpose_words == {"en": "Something else"}
    (first,) = (entry for entry in life.history().entries if entry.event == "assertion.issue")
    assert (first.department, first.department_title, first.service) == (DEPARTMENT, DEPARTMENT, "balance")
    assert (first.actor, first.actor_title, first.policy_version) == ("kiosk-1", "kiosk-1", 1)
    assert first.attributes == ["name"]


def test_a_purpose_is_told_as_it_was_called_under_the_version_of_the_time(sqlite_life: Life) -> None:
    sqlite_life.tell()
    sqlite_life.ask()
    with transaction(sqlite_life.city.services.sessions) as session:
        terms = POLICY | {"purposes": {}, "questions": {}}
        department = get_department(session, DEPARTMENT)
        publish_policy(session, department, terms, actor="ceremony", now=sqlite_life.city.clock())
    assert sqlite_life.newest().purpose_words == POLICY["purposes"]["benefit-review"]


def test_a_policy_that_was_changed_by_hand_hides_nothing(sqlite_life: Life) -> None:
    sqlite_life.tell()
    sqlite_life.ask()
    with transaction(sqlite_life.city.services.sessions) as session:
        session.query(Policy).one().terms = {"services": "everything"}
    entry = sqlite_life.newest()
    assert (entry.purpose, entry.purpose_words, entry.department) == ("benefit-review", None, DEPARTMENT)


def test_an_officers_purpose_and_case_are_told_and_the_officers_name_is_not(sqlite_life: Life) -> None:
    sqlite_life.ana.open_person(sqlite_life.citizen, Purpose.COURT_ORDER, "C-1")
    entry = sqlite_life.newest()
    assert (entry.actor, entry.actor_title, entry.reference) == ("ana", None, "C-1")
    assert entry.purpose_words == {"en": "Order of a court", "zh-Hans": "法院命令", "pt": "Ordem judicial"}


def test_a_refused_look_is_in_it_as_refused(sqlite_life: Life) -> None:
    sqlite_life.tell()
    sqlite_life.kiosk.lock_card(sqlite_life.visit(), department=DEPARTMENT)
    with pytest.raises(Exception, match="locked-by-citizen"):
        sqlite_life.tap_at_department()
    entry = sqlite_life.newest()
    assert (entry.event, entry.outcome, entry.department) == ("card-authentication", "locked-by-citizen", DEPARTMENT)


def test_pages_have_every_entry_once(life: Life) -> None:
    for _ in range(MOST + 5):
        life.ana.card(life.card.uuid)
    numbers, cursor, pages = list[int](), None, 0
    token = life.visit()
    while True:
        page = life.kiosk.own_access_history(token, cursor)
        numbers += [entry.number for entry in page.entries]
        pages += 1
        cursor = page.next
        if cursor is None:
            break
    assert pages == 2
    assert numbers == list(range(MOST + 6, 0, -1))


def test_a_last_page_that_is_full_has_no_next_one(sqlite_life: Life) -> None:
    for _ in range(MOST):
        sqlite_life.ana.card(sqlite_life.card.uuid)
    page = sqlite_life.ana.access_history(sqlite_life.citizen)
    assert (len(page.entries), page.next) == (MOST, None)


def test_looks_at_what_stands_around_a_person_are_in_it_too(counter: Counter) -> None:
    citizen, card = counter.first()
    report = counter.ana.report_loss(LossReportRequest(citizen_id=citizen, kind=LossKind.LOST, channel=Channel.DESK))
    counter.ana.loss_report(report.number)
    assert newest(counter.ana, counter) == "card.report.view"
    counter.ana.card(card.uuid)
    assert newest(counter.ana, counter) == "card.view"


def test_a_list_of_documents_is_a_look(sqlite_counter: Counter) -> None:
    application = sqlite_counter.ana.create_application(sqlite_counter.person())
    sqlite_counter.ana.attach_document(application.id, DocumentKind.OTHER, PDF)
    sqlite_counter.ana.documents(application.id)
    assert newest(sqlite_counter.ana, sqlite_counter) == "document.list"


def newest(client: ServiceClient, counter: Counter) -> str:
    """Of the only citizen there is."""
    (citizen,) = {entry.citizen_id for entry in counter.city.audit("application.create")}
    assert citizen is not None
    return client.access_history(citizen).entries[0].event


NOT_ABOUT_PEOPLE = {"audit", "backup", "caller", "ceremony", "office", "officer", "people", "policy", "retention"}
NOT_ABOUT_PEOPLE |= {"fleet-plan", "kiosk", "request", "role", "seal", "stock", "trust", "webhook"}


def test_every_event_that_may_be_about_a_person_has_words_of_its_own() -> None:
    events = set(written_events())
    assert {"person.open", "card-standing.ask", "authentication", "locks.set"} <= events
    unnamed = {event for event in events if deed_of(event)[0] is Deed.OTHER}
    assert {event.partition(".")[0] for event in unnamed} <= NOT_ABOUT_PEOPLE


def written_events() -> Iterator[str]:
    """What is written as an event anywhere in the service."""
    for path in Path(cardsvc.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.keyword(arg="event", value=ast.Constant(value=str(event))):
                    yield event
                case ast.AnnAssign(
                    target=ast.Name(id="EVENT" | "LOCKED" | "LIFTED"), value=ast.Constant(value=str(event))
                ):
                    yield event
                case ast.Assign(targets=[ast.Name(id="EVENT")], value=ast.Constant(value=str(event))):
                    yield event
                case ast.Call(func=ast.Name(id="_record"), args=[_, ast.Constant(value=str(event)), *_]):
                    yield event


def test_all_words_are_there_in_every_language() -> None:
    for words in (*(words for _, words in (*EVENTS.values(), *KINDS.values())), *PURPOSES.values()):
        assert set(words) == set(Language)
        assert len(set(words.values())) == len(Language)
    assert set(PURPOSES) == set(Purpose)
