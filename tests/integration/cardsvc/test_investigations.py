"""Investigations, on both databases: who may look at whom, and what the person can read and check in the end."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import select

from cardsvc.audit.findings import Fault
from cardsvc.audit.models import AuditRecord
from cardsvc.audit.sequencer import Sequencer
from cardsvc.audit.verification import verify
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.citizens.erasing import forget_person
from cardsvc.citizens.models import Citizen
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.clock import city_day
from cardsvc.db import reading, snapshot, transaction
from cardsvc.sealed.models import SealedEntry
from cardsvc.wire.history import AccessEntry, Deed
from cardsvc.wire.investigations import Investigation, InvestigationRequest, InvestigationState
from cardsvc.wire.levels import Level
from cardsvc.wire.notes import NoteKey
from cardsvc.wire.officers import OfficerRequest, Role
from cardsvc.wire.sealed import OpeningFalse
from tests.fixtures.proofs import WEI, City, IssuedCard
from tests.fixtures.refusals import refused

ACTS: Mapping[str, Callable[[ServiceClient], Callable[[UUID], object]]] = {
    "approve": lambda client: client.approve_investigation,
    "open": lambda client: client.open_investigated_person,
    "access-history": lambda client: client.read_investigated_history,
    "release": lambda client: client.release_investigation,
}
"""What is done with one investigation."""


class Bureau:
    """Two investigators, and a citizen with a card whom they may be interested in."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.dan, self.eva, self.fay = (self.investigator(name) for name in ("dan", "eva", "fay"))
        self.kiosk = city.caller("kiosk-1")
        self.card: IssuedCard = city.card()
        self.citizen = self.card.citizen_id
        self.passes()

    def investigator(self, name: str) -> ServiceClient:
        return self.city.caller(name, CallerKind.OFFICER, roles=[Role.INVESTIGATOR])

    @property
    def today(self) -> date:
        return city_day(self.city.clock())

    def passes(self, **time: float) -> None:
        """So much time goes by, and the service does what is due."""
        self.city.clock.advance(**time)
        run = self.city.services.timekeeper.run()
        assert not run.busy

    def refused(self, call: Callable[..., object], *given: object) -> str:
        """Why, a minute later."""
        self.city.clock.advance(minutes=1)
        return refused(call, *given)[0]

    def asked(self, days: int = 10, **changed: Any) -> Investigation:
        request = {"citizen_id": self.citizen, "reference": "PJ/2026/118", "release_on": self.today + timedelta(days)}
        return self.dan.request_investigation(InvestigationRequest.model_validate(request | changed))

    def approved(self, days: int = 10) -> Investigation:
        asked = self.asked(days)
        self.city.clock.advance(minutes=1)
        return self.eva.approve_investigation(asked.id)

    def look(self, investigation: Investigation) -> None:
        self.city.clock.advance(minutes=1)
        self.dan.open_investigated_person(investigation.id)

    def history(self) -> list[AccessEntry]:
        """As the citizen reads it, oldest first, without the visits in which they do."""
        (challenge,) = self.kiosk.challenges(Level.PIN)
        token = self.kiosk.authenticate(self.card.prove(challenge)).visit_token
        entries = self.kiosk.own_access_history(token).entries[::-1]
        return [entry for entry in entries if entry.event not in {"authentication", "access-history.read"}]

    def released(self) -> list[AuditRecord]:
        return self.city.audit("sealed.release")

    def faults(self) -> list[Fault]:
        """What `cardsvc audit verify` finds."""
        services = self.city.services
        Sequencer(services.sessions, services.audit_signer, services.clock).sequence()
        with snapshot(services.sessions.kw["bind"]) as connection:
            return [finding.fault for finding in verify(connection, self.key, self.city.clock()).findings]

    @property
    def key(self) -> NoteKey:
        return self.city.services.audit_signer.key


@pytest.fixture
def bureau(city: City) -> Bureau:
    return Bureau(city)


@pytest.fixture
def sqlite_bureau(sqlite_city: City) -> Bureau:
    return Bureau(sqlite_city)


def test_the_person_reads_everything_from_the_day_that_was_set_and_can_check_it(bureau: Bureau) -> None:
    before = bureau.history()
    found = bureau.approved(days=3)
    assert (found.state, found.requested_by, found.approved_by) == (InvestigationState.APPROVED, "dan", "eva")
    bureau.city.clock.advance(minutes=1)
    looked_at = bureau.city.clock()
    assert bureau.dan.open_investigated_person(found.id).person == WEI
    bureau.city.clock.advance(minutes=1)
    assert bureau.dan.read_investigated_history(found.id).total > 0

    for _ in range(2):
        bureau.passes(days=1)
        assert bureau.history() == before
    bureau.passes(days=1)

    shown = bureau.history()[len(before) :]
    assert [(entry.event, entry.actor) for entry in shown] == [
        ("investigation.request", "dan"),
        ("investigation.approve", "eva"),
        ("investigation.open", "dan"),
        ("investigation.read-history", "dan"),
    ]
    assert {(entry.outcome, entry.deed, entry.reference) for entry in shown} == {
        ("ok", Deed.INVESTIGATED, "PJ/2026/118")
    }
    assert (shown[2].at, shown[2].released_at) == (looked_at, bureau.city.clock())
    numbers = [entry.number for entry in shown]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    for entry in shown:
        assert entry.sealed is not None
        content = bureau.kiosk.verify_opening(entry.sealed, bureau.key)
        assert (content["event"], content["citizen"]) == (entry.event, str(bureau.citizen))
    assert bureau.faults() == []


def test_what_was_changed_opens_nothing(bureau: Bureau) -> None:
    bureau.look(bureau.approved(days=1))
    bureau.passes(days=1)
    opening = bureau.history()[-1].sealed
    assert opening is not None
    other = bureau.history()[-2].sealed
    assert other is not None
    changed = [
        opening.model_copy(update={"content": opening.content.replace("dan", "eva")}),
        opening.model_copy(update={"salt": other.salt}),
        opening.model_copy(update={"commitment": other.commitment}),
        opening.model_copy(update={"commitment": "0" * 64}),
    ]
    for wrong in changed:
        with pytest.raises(OpeningFalse):
            bureau.kiosk.verify_opening(wrong, bureau.key)
    assert refused(bureau.kiosk.sealed_batch, bureau.today) == ("record-not-found", 404)


def test_a_commitment_of_another_log_proves_nothing(sqlite_bureau: Bureau) -> None:
    sqlite_bureau.look(sqlite_bureau.approved(days=1))
    sqlite_bureau.passes(days=1)
    opening = sqlite_bureau.history()[-1].sealed
    assert opening is not None
    batch = sqlite_bureau.kiosk.sealed_batch(opening.day)
    forged = json.loads(batch.receipt.entry)
    forged["detail"]["commitments"][0] = opening.commitment
    receipt = batch.receipt.model_copy(update={"entry": json.dumps(forged, separators=(",", ":"), sort_keys=True)})
    with pytest.raises(ValueError, match=r"promise|proof"):
        batch.model_copy(update={"receipt": receipt}).commitments(sqlite_bureau.key, opening.day)


def test_nobody_looks_alone(bureau: Bureau) -> None:
    asked = bureau.asked()
    assert refused(bureau.dan.approve_investigation, asked.id) == ("same-person", 403)
    assert refused(bureau.dan.open_investigated_person, asked.id) == ("investigation-not-approved", 403)
    bureau.eva.approve_investigation(asked.id)
    assert refused(bureau.eva.open_investigated_person, asked.id) == ("investigation-not-approved", 403)
    assert refused(bureau.fay.approve_investigation, asked.id) == ("investigation-over", 410)
    assert bureau.dan.open_investigated_person(asked.id).id == bureau.citizen


def test_two_names_of_one_person_are_not_two_people(sqlite_bureau: Bureau) -> None:
    somebody = sqlite_bureau.city.card()
    with transaction(sqlite_bureau.city.services.sessions) as session:
        for caller in session.scalars(select(Caller).where(Caller.client_id.in_(["dan", "eva"]))):
            caller.citizen_id = somebody.citizen_id
    assert refused(sqlite_bureau.eva.approve_investigation, sqlite_bureau.asked().id) == ("same-person", 403)


def test_two_investigators_whom_one_administrator_let_in_are_one_person_until_they_have_keys_of_their_own(
    sqlite_bureau: Bureau,
) -> None:
    """The administrator may have made both keys."""
    city = sqlite_bureau.city
    ana, bo = (city.caller(name, CallerKind.OFFICER, roles=[Role.ADMINISTRATOR]) for name in ("ana", "bo"))
    for name in ("jo", "kim"):
        city.keys[name] = ECKey.generate_key("P-256")
        public = dict(city.keys[name].as_dict(private=False))
        ana.add_officer(OfficerRequest(client_id=name, title=name, public_jwk=public))
        grant = ana.request_role(name, Role.INVESTIGATOR, "new")
        assert grant.approval is not None
        bo.approve_request(grant.approval.id)
        ana.grant_role(grant.id)
    request = InvestigationRequest(
        citizen_id=sqlite_bureau.citizen, reference="A-1", release_on=sqlite_bureau.today + timedelta(9)
    )
    asked = city.client("jo").request_investigation(request)
    assert refused(city.client("kim").approve_investigation, asked.id) == ("same-person", 403)

    city.client("kim").rotate_key(own := ECKey.generate_key("P-256"))
    assert city.client("kim", own).approve_investigation(asked.id).approved_by == "kim"


def test_nobody_has_a_part_in_an_investigation_of_themselves(sqlite_bureau: Bureau) -> None:
    with transaction(sqlite_bureau.city.services.sessions) as session:
        (eva,) = session.scalars(select(Caller).where(Caller.client_id == "eva"))
        eva.citizen_id = sqlite_bureau.citizen
    request = InvestigationRequest(
        citizen_id=sqlite_bureau.citizen, reference="A-1", release_on=sqlite_bureau.today + timedelta(1)
    )
    assert refused(sqlite_bureau.eva.request_investigation, request) == ("recipient-decides", 403)


@pytest.mark.parametrize("act", ["list", *ACTS])
def test_an_investigation_of_oneself_is_not_there(sqlite_bureau: Bureau, act: str) -> None:
    """Whoever heard of it, even by a refusal, would know."""
    asked = sqlite_bureau.approved()
    with transaction(sqlite_bureau.city.services.sessions) as session:
        for caller in session.scalars(select(Caller).where(Caller.client_id.in_(["dan", "fay"]))):
            caller.citizen_id = sqlite_bureau.citizen
    assert [one.id for one in sqlite_bureau.eva.investigations()] == [asked.id]
    for concerned in (sqlite_bureau.fay, sqlite_bureau.dan):
        if act == "list":
            assert list(concerned.investigations()) == []
        else:
            assert refused(ACTS[act](concerned), asked.id) == ("investigation-unknown", 404)


def test_investigations_are_read_on_page_by_page(sqlite_bureau: Bureau) -> None:
    first, second, third = (sqlite_bureau.asked() for _ in range(3))
    headers = {"Authorization": f"Bearer {sqlite_bureau.eva.access_token()}"}
    path, seen = "/v1/investigations?limit=1", []
    while path:
        answer = sqlite_bureau.city.http().get(path, headers=headers)
        seen.append([one["id"] for one in answer.json()["investigations"]])
        path = str(answer.request.url.join(answer.links["next"]["url"])) if answer.links else ""
    assert sorted(seen) == sorted([str(one.id)] for one in (first, second, third))


def test_somebody_may_be_named_by_document_number(sqlite_bureau: Bureau) -> None:
    found = sqlite_bureau.asked(citizen_id=None, document_number=WEI.document_number)
    assert found.citizen_id == sqlite_bureau.citizen
    with pytest.raises(ServiceProblem, match="no-such-citizen"):
        sqlite_bureau.asked(citizen_id=None, document_number="G0000000")


@pytest.mark.parametrize("days", [-1, 0, 731])
def test_a_release_is_neither_in_the_past_nor_too_far_away(sqlite_bureau: Bureau, days: int) -> None:
    with pytest.raises(ServiceProblem) as refused:
        sqlite_bureau.asked(days)
    assert (refused.value.problem.code, refused.value.problem.status) == ("release-date-refused", 422)
    assert refused.value.problem.data["latest"] == (sqlite_bureau.today + timedelta(730)).isoformat()


def test_a_request_waits_a_week_and_a_yes_lasts_a_month(bureau: Bureau) -> None:
    late, in_time = bureau.asked(60), bureau.asked(60)
    bureau.passes(days=6)
    bureau.eva.approve_investigation(in_time.id)
    bureau.passes(days=1)
    assert refused(bureau.eva.approve_investigation, late.id) == ("investigation-over", 410)
    bureau.passes(days=28)
    assert bureau.dan.open_investigated_person(in_time.id).id == bureau.citizen
    bureau.passes(days=1)
    assert refused(bureau.dan.open_investigated_person, in_time.id) == ("investigation-over", 410)
    listed = {one.id: (one.state, one.looks) for one in bureau.fay.investigations()}
    assert listed == {late.id: (InvestigationState.OVER, 0), in_time.id: (InvestigationState.OVER, 1)}


def test_two_people_release_an_investigation_before_its_date(bureau: Bureau) -> None:
    found = bureau.approved(days=300)
    bureau.look(found)
    bureau.passes(days=1)
    asked = bureau.dan.release_investigation(found.id)
    assert (asked.state, asked.release_asked_by) == (InvestigationState.APPROVED, "dan")
    assert bureau.refused(bureau.dan.release_investigation, found.id) == "same-person"
    assert bureau.history() == []

    bureau.city.clock.advance(minutes=1)
    assert bureau.eva.release_investigation(found.id).state is InvestigationState.RELEASED

    assert [entry.event.removeprefix("investigation.") for entry in bureau.history()] == ["request", "approve", "open"]
    assert bureau.refused(bureau.fay.release_investigation, found.id) == "investigation-over"
    assert bureau.refused(bureau.dan.open_investigated_person, found.id) == "investigation-over"
    assert list(bureau.eva.investigations()) == []
    bureau.passes(days=1)  # the release itself, and what was refused on its day
    assert [(entry.event.removeprefix("investigation."), entry.outcome) for entry in bureau.history()[3:]] == [
        ("ask-release", "ok"),
        ("release", "same-person"),
        ("release", "ok"),
        ("release", "investigation-over"),
        ("open", "investigation-over"),
    ]
    assert bureau.faults() == []


def test_a_release_on_the_day_itself_shows_nothing_before_its_commitment(bureau: Bureau) -> None:
    found = bureau.approved()
    bureau.dan.release_investigation(found.id)
    bureau.city.clock.advance(minutes=1)
    bureau.eva.release_investigation(found.id)
    assert bureau.history() == []
    bureau.passes(days=1)
    assert len(bureau.history()) == 4
    assert bureau.faults() == []


def test_what_was_refused_is_released_with_the_rest(bureau: Bureau) -> None:
    asked = bureau.asked(days=1)
    assert bureau.refused(bureau.dan.open_investigated_person, asked.id) == "investigation-not-approved"
    bureau.passes(days=1)
    assert [(entry.event, entry.outcome) for entry in bureau.history()] == [
        ("investigation.request", "ok"),
        ("investigation.open", "investigation-not-approved"),
    ]


def test_an_erased_person_is_not_looked_at_and_the_entries_are_released_all_the_same(bureau: Bureau) -> None:
    found = bureau.approved(days=2)
    bureau.look(found)
    with transaction(bureau.city.services.sessions) as session:
        forget_person(session, session.get_one(Citizen, bureau.citizen))
    assert refused(bureau.dan.open_investigated_person, found.id) == ("person-erased", 410)
    with pytest.raises(ServiceProblem, match="person-erased"):
        bureau.asked()
    bureau.passes(days=2)
    assert len([entry for entry in bureau.released() if entry.citizen_id == bureau.citizen]) == 4
    assert bureau.faults() == []


def test_a_full_day_goes_on_in_the_next_days_batch_and_then_nothing_is_done(sqlite_bureau: Bureau) -> None:
    size = sqlite_bureau.city.services.settings.sealed_entries
    asked = sqlite_bureau.asked(days=1)
    investigators = [sqlite_bureau.eva, sqlite_bureau.fay, *map(sqlite_bureau.investigator, ("gil", "hua", "ivo"))]
    for number in range(2 * size - 1):
        with contextlib.suppress(ServiceProblem):  # whatever comes of it goes on record
            investigators[number // (size // 2)].approve_investigation(asked.id)
    answers = [refused(investigators[-1].approve_investigation, asked.id) for _ in range(2)]
    assert answers == [("sealed-entries-full", 409)] * 2
    sqlite_bureau.passes(days=1)
    assert len(sqlite_bureau.released()) == size
    sqlite_bureau.asked(days=1)
    sqlite_bureau.passes(days=1)
    assert len(sqlite_bureau.released()) == 2 * size
    assert [len(entry.detail["commitments"]) for entry in sqlite_bureau.city.audit("sealed.batch")] == [size] * 2
    assert sqlite_bureau.faults() == []


def test_one_investigator_does_not_keep_the_others_from_their_work(sqlite_bureau: Bureau) -> None:
    size = sqlite_bureau.city.services.settings.sealed_entries
    mine = [sqlite_bureau.asked() for _ in range(size // 2)]
    with pytest.raises(ServiceProblem, match="sealed-entries-full"):
        sqlite_bureau.asked()
    assert refused(sqlite_bureau.dan.release_investigation, mine[0].id) == ("sealed-entries-full", 409)
    assert sqlite_bureau.eva.approve_investigation(mine[0].id).approved_by == "eva"
    sqlite_bureau.passes(days=1)
    assert sqlite_bureau.dan.open_investigated_person(mine[0].id).id == sqlite_bureau.citizen


def test_a_quarter_of_the_places_is_for_agreeing_and_releasing(sqlite_bureau: Bureau) -> None:
    size = sqlite_bureau.city.services.settings.sealed_entries
    clients = [sqlite_bureau.dan, sqlite_bureau.eva, sqlite_bureau.fay]
    request = InvestigationRequest(
        citizen_id=sqlite_bureau.citizen, reference="A-1", release_on=sqlite_bureau.today + timedelta(9)
    )
    for number in range(2 * (size - size // 4)):
        asked = clients[number // (size // 2)].request_investigation(request)
    gil = sqlite_bureau.investigator("gil")
    assert refused(gil.request_investigation, request) == ("sealed-entries-full", 409)
    assert gil.approve_investigation(asked.id).approved_by == "gil"
    assert gil.release_investigation(asked.id).release_asked_by == "gil"


def test_many_at_once_take_a_place_each(bureau: Bureau) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: bureau.asked().id, range(16)))
    assert len(set(found)) == 16
    assert {one.id for one in bureau.dan.investigations()} == set(found)


def test_two_who_release_at_once_release_each_entry_once(bureau: Bureau) -> None:
    found = bureau.approved()
    bureau.passes(days=1)
    bureau.dan.release_investigation(found.id)

    def release(client: ServiceClient) -> str:
        try:
            return client.release_investigation(found.id).state
        except ServiceProblem as refused:
            return refused.problem.code

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(release, [bureau.eva, bureau.fay]))
    assert sorted(outcomes) == ["investigation-over", "released"]
    assert len(bureau.released()) == 2
    assert bureau.faults() == []


def test_only_investigators_investigate_and_the_attempts_of_others_are_on_record(sqlite_bureau: Bureau) -> None:
    clerk = sqlite_bureau.city.caller("ana", CallerKind.OFFICER, roles=sorted(set(Role) - {Role.INVESTIGATOR}))
    assert refused(clerk.investigations) == ("insufficient-scope", 403)
    assert refused(clerk.approve_investigation, uuid4()) == ("insufficient-scope", 403)
    (entry,) = sqlite_bureau.city.audit("request")
    assert (entry.actor, entry.outcome, entry.detail["operation"]) == (
        "ana",
        "insufficient-scope",
        "approveInvestigation",
    )


@pytest.mark.parametrize("act", ACTS)
def test_an_investigation_that_is_not_there_is_unknown(sqlite_bureau: Bureau, act: str) -> None:
    """Also by the id of a place that is free."""
    with reading(sqlite_bureau.city.services.sessions) as session:
        free = session.scalars(select(SealedEntry.id)).first()
    for unknown in (uuid4(), free):
        assert refused(ACTS[act](sqlite_bureau.dan), unknown) == ("investigation-unknown", 404)
    assert sqlite_bureau.city.audit("request") == []


def test_days_on_which_the_service_did_not_run_have_their_batches_too(bureau: Bureau) -> None:
    bureau.look(bureau.approved(days=3))
    bureau.passes(days=9)
    days = [date.fromisoformat(entry.detail["day"]) for entry in bureau.city.audit("sealed.batch")]
    assert days == [bureau.today - timedelta(9 - number) for number in range(9)]
    assert len(bureau.history()) == 3
    assert bureau.faults() == []


def test_verify_finds_a_batch_that_is_gone_and_an_opening_that_was_changed(bureau: Bureau) -> None:
    bureau.look(bureau.approved(days=1))
    bureau.passes(days=3)
    assert bureau.faults() == []
    with transaction(bureau.city.services.sessions) as session:
        batches = session.scalars(select(AuditRecord).where(AuditRecord.event == "sealed.batch")).all()
        session.delete(batches[1])
        entry = session.scalars(select(AuditRecord).where(AuditRecord.event == "sealed.release")).first()
        assert entry is not None
        sealed = entry.detail["sealed"]
        entry.detail = {"sealed": sealed | {"content": sealed["content"].replace("dan", "eva")}}
    assert bureau.faults().count(Fault.SEALED_WRONG) == 2
