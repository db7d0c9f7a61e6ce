"""What is deleted when: the page, the counting, the deleting."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from cardsvc.callers.models import CallerKind, UsedClientAssertion
from cardsvc.citizens.erasing import list_erasures, read_erasures
from cardsvc.citizens.models import Citizen, Document, SearchToken
from cardsvc.db import reading, transaction
from cardsvc.issuance.models import Application
from cardsvc.retention.rules import RULES, Deed
from cardsvc.retention.running import as_markdown, count_due, run
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import ApplicationState
from cardsvc.wire.people import DocumentKind, Relation
from tests.fixtures.issuance import MEI
from tests.fixtures.pictures import PDF
from tests.fixtures.proofs import City
from tests.fixtures.webhooks import URL, Outbox

PAGE = Path(__file__).parents[4] / "docs" / "retention.md"


def due(city: City) -> dict[str, int]:
    return {name: count for name, count in count_due(city.services.sessions, city.clock()).items() if count}


def done(city: City) -> dict[str, int]:
    settings = city.services.settings
    counts = run(city.services.sessions, settings.erasures_file, city.clock())
    return {name: count for name, count in counts.items() if count}


def test_the_page_is_written_from_the_table() -> None:
    assert as_markdown() in PAGE.read_text()


def test_names_are_unique_and_every_rule_waits() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.keep.total_seconds() > 0 for rule in RULES)


def test_nothing_is_due_in_a_city_of_today(city: City) -> None:
    city.card()
    city.caller("kiosk-1").challenges(Level.TAP)
    assert due(city) == {}
    assert done(city) == {}
    assert city.audit("retention") == []


def test_a_draft_is_cancelled_then_its_documents_and_its_person_go(city: City) -> None:
    clerk = city.caller("ana", CallerKind.OFFICER)
    application = clerk.create_application(MEI)
    clerk.attach_document(application.id, DocumentKind.OTHER, PDF)
    city.clock.advance(days=31)
    assert due(city)["drafts"] == 1
    assert done(city)["drafts"] == 1
    with reading(city.services.sessions) as session:
        assert session.get_one(Application, application.id).state is ApplicationState.CANCELLED
        assert session.scalar(select(func.count()).select_from(Document)) == 1
    city.clock.advance(days=181)
    counts = done(city)
    assert (counts["documents"], counts["applicants"]) == (1, 1)
    with reading(city.services.sessions) as session:
        citizen = session.scalars(select(Citizen)).one()
        assert (citizen.wrapped_key, citizen.sealed_person) == (None, b"")
        assert session.scalar(select(func.count()).select_from(Document)) == 0
        assert session.scalar(select(func.count()).select_from(SearchToken)) == 0
        assert list_erasures(session) == list(read_erasures(city.services.settings.erasures_file))
    assert done(city) == {}


def test_whoever_asks_for_a_card_while_they_are_about_to_be_erased_stays(city: City) -> None:
    """On PostgreSQL a clerk may write an application between the search and the lock."""
    clerk = city.caller("ana", CallerKind.OFFICER)
    citizen_id = clerk.create_application(MEI).citizen_id
    (rule,) = [rule for rule in RULES if rule.name == "applicants"]
    settings, now = city.services.settings, city.clock()
    with transaction(city.services.sessions) as session:
        rule.end(session, [citizen_id], Deed(now, settings.erasures_file))
    with reading(city.services.sessions) as session:
        assert session.get_one(Citizen, citizen_id).wrapped_key is not None
    assert list(read_erasures(settings.erasures_file)) == []


def test_whoever_acts_for_somebody_who_stays_stays(city: City) -> None:
    """A guardian needs no card of their own."""
    clerk, child = city.caller("ana", CallerKind.OFFICER), city.card().citizen_id
    application = clerk.create_application(MEI)
    clerk.cancel(application.id, "no card wanted")
    clerk.appoint_guardian(child, application.citizen_id, Relation.GUARDIAN)
    city.clock.advance(days=200)
    assert "applicants" not in done(city)
    clerk = city.client("ana")
    clerk.dismiss_guardian(child, application.citizen_id)
    assert done(city)["applicants"] == 1


def test_whoever_has_a_card_stays(city: City) -> None:
    card = city.card()
    city.clock.advance(days=4000)
    done(city)
    with reading(city.services.sessions) as session:
        assert session.get_one(Citizen, card.citizen_id).wrapped_key is not None


def test_visits_and_used_assertions_go_and_counting_deletes_nothing(city: City) -> None:
    card, kiosk = city.card(), city.caller("kiosk-1")
    (challenge,) = kiosk.challenges(Level.TAP)
    kiosk.authenticate(card.prove(challenge))
    city.clock.advance(days=91)
    expected = {"client-assertions": 1, "visits": 1}
    assert due(city) == expected
    assert due(city) == expected
    assert done(city) == expected
    with reading(city.services.sessions) as session:
        assert session.scalar(select(func.count()).select_from(UsedClientAssertion)) == 0
    assert {(entry.detail["rule"], entry.detail["count"]) for entry in city.audit("retention")} == set(expected.items())


def test_feeds_lose_what_is_old_but_never_their_newest(outbox: Outbox) -> None:
    """The next event is numbered after the newest, however old that is, and asked for after it."""
    city = outbox.city
    outbox.medical.subscribe(URL)
    for _ in range(3):
        outbox.revoke(outbox.visitor())
        outbox.postman.round()
    for revocation in outbox.kiosk.revocations():
        outbox.kiosk.acknowledge(revocation.id)
    newest, last = list(outbox.medical.events())[-1], list(outbox.kiosk.revocations())[-1]
    city.clock.advance(days=91)
    feeds = ("department-events", "revocations", "acknowledgements")
    assert {name: count for name, count in done(city).items() if name in feeds} == dict.fromkeys(feeds, 2)
    medical, kiosk = city.client("medical-insurance"), city.client("kiosk-1")
    assert list(medical.events()) == [newest]
    assert list(kiosk.revocations()) == [last]
    outbox.ana, outbox.kiosk = city.client("ana"), kiosk
    outbox.revoke(outbox.visitor())
    outbox.postman.round()
    assert [event.number for event in medical.events(newest.id)] == [4]
    assert [revocation.number for revocation in kiosk.revocations(last.id)] == [4]
    assert outbox.ana.revocation_reach().parties[0].client_id == "kiosk-1"
