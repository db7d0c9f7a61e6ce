"""Taps that a kiosk took without its network, as the service judges them, on both databases."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from sqlalchemy import event, select

from cardsvc.callers.models import CallerKind
from cardsvc.cards.models import Card
from cardsvc.citizens.erasing import forget_person
from cardsvc.citizens.history import read_history
from cardsvc.citizens.models import Citizen
from cardsvc.client import AssertionOffline, AssertionVerifier, ServiceClient, ServiceProblem, StaticJwks
from cardsvc.db import new_id, reading, transaction
from cardsvc.departments.errors import PolicyInvalid
from cardsvc.departments.models import Acquaintance
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.departments.repository import get_department
from cardsvc.departments.service import publish_policy
from cardsvc.fleet.models import EnrolmentCode, Kiosk
from cardsvc.offline.models import OfflineTap as Row
from cardsvc.retention import feeds
from cardsvc.transitions import move_card
from cardsvc.wire import jose
from cardsvc.wire.authentication import CardAtTap
from cardsvc.wire.history import Deed
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState, RevocationReason
from cardsvc.wire.offline import NO_ENTRY, OfflineStatement, entry_hash
from cardsvc.wire.offline_taps import (
    LATEST,
    PACKAGE_TYP,
    JudgedTap,
    OfflineEntry,
    OfflinePackage,
    OfflineTap,
    TapVerdict,
)
from readers.piv.identifiers import KeyReference
from tests.fixtures.proofs import City, IssuedCard

DEPARTMENT, SERVICE = "environment", "recycling-points"
POLICY: dict[str, Any] = {
    "services": {SERVICE: {"level": "tap", "offline": {"max_age_seconds": 3600}}, "report": {"level": "tap"}}
}


@dataclass
class Booth:
    """A kiosk with a journal, as far as the service can see."""

    city: City
    name: str = "kiosk-1"
    entries: list[OfflineEntry] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = self.name in self.city.keys
        self.client: ServiceClient = self.city.client(self.name) if known else self.city.caller(self.name)

    def now(self) -> int:
        return int(self.city.clock().timestamp())

    def tap(self, card: IssuedCard, **changed: Any) -> OfflineEntry:
        """Journal a tap. ``changed`` are members of the tap to be replaced after it was signed."""
        sequence, previous = self.place()
        at, department, service = self.now(), DEPARTMENT, changed.get("service", SERVICE)
        signed = OfflineStatement(self.name, sequence, previous, at, card.uuid, department, service)
        tap = OfflineTap(
            at=at,
            card_uuid=card.uuid,
            department=department,
            service=service,
            known_as_of=at - 60,
            signature=card.sign(KeyReference.CARD_AUTHENTICATION, signed.digest),
        )
        return self.write(tap.model_copy(update=changed).model_dump_json().encode())

    def write(self, content: bytes) -> OfflineEntry:
        sequence, previous = self.place()
        hashed = entry_hash(self.name, sequence, previous, content)
        entry = OfflineEntry(sequence=sequence, previous_hash=previous, content=content, hash=hashed)
        self.entries.append(entry)
        return entry

    def place(self) -> tuple[int, bytes]:
        return (self.entries[-1].sequence + 1, self.entries[-1].hash) if self.entries else (1, NO_ENTRY)

    def bring(self, *entries: OfflineEntry) -> list[JudgedTap]:
        return self.client.submit_offline_taps(entries or self.entries)

    def refused(self, *entries: OfflineEntry) -> dict[str, Any]:
        with pytest.raises(ServiceProblem) as caught:
            self.bring(*entries)
        assert (caught.value.problem.status, caught.value.problem.code) == (409, "journal-refused")
        return caught.value.problem.data


@pytest.fixture
def booth(city: City) -> Booth:
    city.department(DEPARTMENT, POLICY)
    city.clock.advance(hours=2)
    return Booth(city)


@pytest.fixture
def sqlite_booth(sqlite_city: City) -> Booth:
    sqlite_city.department(DEPARTMENT, POLICY)
    sqlite_city.clock.advance(hours=2)
    return Booth(sqlite_city)


def verifier(city: City) -> AssertionVerifier:
    jwks = city.http().get("/.well-known/jwks.json").json()
    audience = city.principal(DEPARTMENT).audience
    return AssertionVerifier(city.services.settings.issuer, audience, StaticJwks(jwks), city.clock)


def outcomes(city: City) -> list[str]:
    return [record.outcome for record in city.audit("tap.offline")]


def test_a_tap_is_judged_and_the_department_told_by_its_own_name_for_the_person(booth: Booth) -> None:
    card = booth.city.card()
    entry = booth.tap(card)
    booth.city.clock.advance(minutes=20)
    (judged,) = booth.bring()
    assert (judged.sequence, judged.hash, judged.verdict) == (1, entry.hash, TapVerdict.ACCEPTED)
    assert judged.assertion is not None
    claims = verifier(booth.city).verify(judged.assertion, service=SERVICE, level=Level.TAP, offline=True).claims
    assert claims.sub == pseudonym(booth.city.services.keystore, DEPARTMENT, card.citizen_id)
    assert claims.offline is not None
    assert (claims.offline.at, claims.offline.card) == (booth.now() - 1200, CardAtTap.IN_FORCE)
    assert (claims.jti, claims.client_id, claims.policy_version) == (str(judged.tap_id), "kiosk-1", 1)


def test_a_department_that_does_not_expect_it_refuses_it(sqlite_booth: Booth) -> None:
    sqlite_booth.tap(sqlite_booth.city.card())
    (judged,) = sqlite_booth.bring()
    with pytest.raises(AssertionOffline):
        verifier(sqlite_booth.city).verify(judged.assertion or "", service=SERVICE, level=Level.TAP)


def test_a_department_can_ask_about_it_and_is_acquainted(sqlite_booth: Booth) -> None:
    city = sqlite_booth.city
    sqlite_booth.tap(city.card())
    (judged,) = sqlite_booth.bring()
    verified = city.client(DEPARTMENT).verify(judged.assertion or "")
    assert verified.claims.offline is not None
    with reading(city.services.sessions) as session:
        assert session.query(Acquaintance).count() == 1


def test_the_citizen_reads_that_it_was_passed_on(sqlite_booth: Booth) -> None:
    city, card = sqlite_booth.city, sqlite_booth.city.card()
    sqlite_booth.tap(card)
    sqlite_booth.bring()
    with reading(city.services.sessions) as session:
        newest = read_history(session, card.citizen_id).entries[0]
    assert (newest.event, newest.deed, newest.outcome) == ("tap.offline", Deed.TOLD, "ok")
    assert (newest.department, newest.service, newest.policy_version) == (DEPARTMENT, SERVICE, 1)


def test_the_department_hears_that_the_card_was_revoked_already(booth: Booth) -> None:
    city, card = booth.city, booth.city.card()
    city.caller("ana", CallerKind.OFFICER).revoke(card.uuid, RevocationReason.WITHDRAWN)
    city.clock.advance(minutes=10)
    booth.tap(card)  # the kiosk does not know yet
    city.clock.advance(minutes=10)
    (judged,) = booth.bring()
    assert (judged.verdict, judged.card) == (TapVerdict.CARD_NOT_IN_FORCE, CardAtTap.REVOKED)
    claims = verifier(city).verify(judged.assertion or "", service=SERVICE, level=Level.TAP, offline=True).claims
    assert claims.offline is not None
    assert claims.offline.card is CardAtTap.REVOKED
    assert outcomes(city) == ["card-not-active"]


def test_a_card_that_was_revoked_later_was_in_force_then(booth: Booth) -> None:
    city, card = booth.city, booth.city.card()
    booth.tap(card)
    city.clock.advance(minutes=10)
    city.caller("ana", CallerKind.OFFICER).revoke(card.uuid, RevocationReason.WITHDRAWN)
    (judged,) = booth.bring()
    assert (judged.verdict, judged.card) == (TapVerdict.ACCEPTED, CardAtTap.IN_FORCE)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (CardState.HELD, CardAtTap.HELD),
        (CardState.REVOKED, CardAtTap.REVOKED),
        (CardState.EXPIRED, CardAtTap.EXPIRED),
        (CardState.DELIVERED, CardAtTap.NONE),
    ],
)
def test_of_a_card_whose_changes_are_not_known_any_more_its_state_counts(
    sqlite_booth: Booth, state: CardState, expected: CardAtTap
) -> None:
    card = sqlite_booth.city.card()
    sqlite_booth.city.put_in_state(card, state)
    sqlite_booth.tap(card)
    (judged,) = sqlite_booth.bring()
    assert (judged.verdict, judged.card) == (TapVerdict.CARD_NOT_IN_FORCE, expected)


def test_what_is_wrong_with_a_tap_is_on_record_and_the_journal_goes_on(sqlite_booth: Booth) -> None:
    booth, city = sqlite_booth, sqlite_booth.city
    card, stranger = city.card(), city.card()
    booth.write(b"{}?")
    booth.tap(card, card_uuid=stranger.uuid)
    booth.tap(card, service="report")
    booth.tap(card, service="loan")
    booth.tap(card, known_as_of=booth.now() - 3601)
    booth.tap(card, known_as_of=booth.now() + 1)
    booth.tap(card, department="finance")
    booth.tap(card, at=booth.now() + 301)
    booth.tap(card)
    judged = booth.bring()
    assert [tap.reason for tap in judged] == [
        "tap-malformed",
        "signature-invalid",
        "service-not-covered",
        "service-not-covered",
        "offline-data-too-old",
        "offline-data-too-old",
        "signature-invalid",
        "tap-in-the-future",
        None,
    ]
    assert [tap.assertion is None for tap in judged] == [True] * 8 + [False]
    assert outcomes(city) == [tap.reason or "ok" for tap in judged]


def test_a_card_that_nobody_knows_is_refused(sqlite_booth: Booth) -> None:
    card = sqlite_booth.city.card()
    sqlite_booth.tap(card, card_uuid=sqlite_booth.city.principal("kiosk-1").caller_id)
    assert sqlite_booth.bring()[0].reason == "card-unknown"


def test_what_the_citizen_locked_the_card_for_is_not_told(sqlite_booth: Booth) -> None:
    booth, card = sqlite_booth, sqlite_booth.city.card()
    with transaction(booth.city.services.sessions) as session:
        session.get_one(Card, card.id).locks = (f"department:{DEPARTMENT}",)
    booth.tap(card)
    (judged,) = booth.bring()
    assert (judged.verdict, judged.reason, judged.assertion) == (TapVerdict.REFUSED, "locked-by-citizen", None)


def test_the_policy_counts_that_the_kiosk_could_know(sqlite_booth: Booth) -> None:
    booth, city, card = sqlite_booth, sqlite_booth.city, sqlite_booth.city.card()
    city.clock.advance(minutes=5)
    booth.tap(card)
    city.clock.advance(minutes=5)
    with transaction(city.services.sessions) as session:
        stricter = {"services": {SERVICE: {"level": "tap"}}}
        publish_policy(session, get_department(session, DEPARTMENT), stricter, actor="ceremony", now=city.clock())
    city.clock.advance(minutes=5)
    booth.tap(card)
    assert [tap.reason for tap in booth.bring()] == [None, "service-not-covered"]


@pytest.mark.parametrize("moment", [LATEST, LATEST + 1, 10**18, -1])
@pytest.mark.parametrize("member", ["at", "known_as_of"])
def test_a_time_that_no_calendar_has_does_not_stop_the_journal(sqlite_booth: Booth, member: str, moment: int) -> None:
    booth, card = sqlite_booth, sqlite_booth.city.card()
    booth.tap(card, **{member: moment})
    booth.tap(card)
    wrong, right = booth.bring()
    assert (wrong.verdict, right.verdict) == (TapVerdict.REFUSED, TapVerdict.ACCEPTED)
    assert (wrong.reason == "tap-malformed") is (moment != LATEST)


def test_a_tap_of_longer_ago_than_is_known_what_became_of_cards_is_refused(sqlite_booth: Booth) -> None:
    booth, card = sqlite_booth, sqlite_booth.city.card()
    booth.tap(card)
    booth.city.clock.advance(seconds=1)
    booth.tap(card)
    booth.city.clock.advance(days=90)
    assert [tap.reason for tap in booth.bring()] == ["tap-too-old", None]


def test_a_card_that_was_put_into_force_later_was_not_in_force_then(booth: Booth) -> None:
    city, card = booth.city, booth.city.card(CardState.DELIVERED)
    booth.tap(card)
    city.clock.advance(minutes=10)
    with transaction(city.services.sessions) as session:
        move_card(session, session.get_one(Card, card.id), CardState.ACTIVE, actor="kiosk-1", now=city.clock())
    booth.tap(card)
    early, late = booth.bring()
    assert (early.verdict, early.card) == (TapVerdict.CARD_NOT_IN_FORCE, CardAtTap.NONE)
    assert (late.verdict, late.card) == (TapVerdict.ACCEPTED, CardAtTap.IN_FORCE)


def test_a_desk_has_no_journal(sqlite_booth: Booth) -> None:
    city, card = sqlite_booth.city, sqlite_booth.city.card()
    city.caller("desk-1", CallerKind.DESK)
    desk = Booth(city, "desk-1")
    desk.tap(card)
    assert desk.refused()["fault"] == "not-a-kiosk"
    assert outcomes(city) == []
    assert [record.actor for record in city.audit("tap.journal")] == ["desk-1"]


def test_the_database_is_asked_as_often_for_a_batch_as_for_one(booth: Booth) -> None:
    """While somebody waits for each of these statements, nobody else writes (SQLite), or about these people."""
    engine = booth.city.services.sessions.kw["bind"]
    asked = list[str]()
    event.listen(engine, "before_cursor_execute", lambda *sent: asked.append(sent[2]))
    cards = [booth.city.card() for _ in range(12)]
    booth.tap(cards[0]), booth.bring()  # by now keys are read and there is a token
    counts = []
    for some in (cards[1:2], cards[2:]):
        new = [booth.tap(card) for card in some]
        for _ in ("taken", "repeated"):
            asked.clear()
            assert len(booth.bring(*new)) == len(some)
            counts.append(len(asked))
    assert counts[2:] == counts[:2]


# Once, and in order


def test_entries_that_come_again_are_answered_the_same(booth: Booth) -> None:
    card = booth.city.card()
    booth.tap(card)
    first = booth.bring()
    booth.city.clock.advance(minutes=10)
    booth.tap(card)
    again = booth.bring()
    assert [tap.tap_id for tap in again][:1] == [first[0].tap_id]
    assert again[0].assertion not in (None, first[0].assertion)  # good for five minutes from now
    assert len(outcomes(booth.city)) == 2


def test_the_same_batch_a_hundred_times_at_once_takes_effect_once(booth: Booth) -> None:
    cards = [booth.city.card() for _ in range(3)]
    for card in cards:
        booth.tap(card)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: [tap.tap_id for tap in booth.bring()], range(100)))
    assert len(answers) == 100
    assert len({tuple(answer) for answer in answers}) == 1
    assert outcomes(booth.city) == ["ok", "ok", "ok"]


def test_after_thirty_days_nothing_more_is_told(sqlite_booth: Booth) -> None:
    sqlite_booth.tap(sqlite_booth.city.card())
    sqlite_booth.bring()
    sqlite_booth.city.clock.advance(days=30)
    (judged,) = sqlite_booth.bring()
    assert (judged.verdict, judged.assertion) == (TapVerdict.ACCEPTED, None)


def test_a_gap_is_refused_and_on_record(booth: Booth) -> None:
    card = booth.city.card()
    entries = [booth.tap(card) for _ in range(4)]
    booth.bring(entries[0])
    expected = {"fault": "gap", "sequence": 3, "taken": 1}
    assert booth.refused(entries[2], entries[3]) | expected == booth.refused(entries[2], entries[3])
    assert booth.refused(entries[1], entries[3])["sequence"] == 4
    assert [record.outcome for record in booth.city.audit("tap.journal")] == ["journal-refused"] * 3
    assert len(outcomes(booth.city)) == 1
    assert len(booth.bring()) == 4


def test_an_entry_that_was_tampered_with_is_refused_with_all_that_came_along(sqlite_booth: Booth) -> None:
    booth, card = sqlite_booth, sqlite_booth.city.card()
    good = booth.tap(card)
    bad = booth.tap(card).model_copy(update={"content": good.content})
    assert booth.refused(good, bad)["fault"] == "altered"
    assert outcomes(booth.city) == []


def test_a_journal_that_begins_anew_is_refused(sqlite_booth: Booth) -> None:
    booth, card = sqlite_booth, sqlite_booth.city.card()
    booth.tap(card), booth.tap(card)
    booth.bring()
    booth.entries.clear()
    booth.city.clock.advance(seconds=1)
    booth.tap(card)
    assert booth.refused() | {"fault": "forked", "sequence": 1, "taken": 2} == booth.refused()


def test_a_kiosk_that_was_enrolled_anew_begins_anew_once(booth: Booth) -> None:
    city, card = booth.city, booth.city.card()
    booth.tap(card), booth.tap(card)
    booth.bring()
    for _ in range(2):
        city.clock.advance(seconds=10)
        enrolled_anew(city, booth.name)
        booth.entries.clear()
        city.clock.advance(seconds=10)
        booth.tap(card)
        assert [tap.sequence for tap in booth.bring()] == [1]
        assert [tap.sequence for tap in booth.bring()] == [1]
    booth.entries.clear()
    city.clock.advance(seconds=10)
    booth.tap(card)
    assert booth.refused()["fault"] == "forked"
    assert len(outcomes(city)) == 4


def test_a_former_journal_is_never_taken_again_and_still_vouched_for(booth: Booth) -> None:
    """Whoever has a copy of the lost disk brings it after the next enrolment, or after the one after that."""
    city, card = booth.city, booth.city.card()
    booth.tap(card), booth.tap(card)
    told, _ = booth.bring()
    former = list(booth.entries)
    for _ in range(2):
        city.clock.advance(seconds=10)
        enrolled_anew(city, booth.name)
        assert booth.refused(former[0].model_copy(update={"hash": NO_ENTRY}))["fault"] == "altered"
        booth.entries.clear()
        city.clock.advance(seconds=10)
        booth.tap(card)
        booth.bring()
    enrolled_anew(city, booth.name)
    city.clock.advance(seconds=10)
    assert booth.refused(*former)["fault"] == "forked"
    assert [tap.sequence for tap in booth.bring()] == [1]
    assert len(outcomes(city)) == 4
    assert city.client(DEPARTMENT).verify(told.assertion or "").claims.jti == str(told.tap_id)


def enrolled_anew(city: City, name: str) -> None:
    """As if it had brought another code."""
    with transaction(city.services.sessions) as session:
        caller_id, now = city.principal(name).caller_id, city.clock()
        kiosk = session.scalars(select(Kiosk).where(Kiosk.caller_id == caller_id)).one_or_none()
        if kiosk is None:
            kiosk = Kiosk(id=new_id(), client_id=name, title=name, caller_id=caller_id, created_at=now)
            session.add(kiosk)
            session.flush()
        code = EnrolmentCode(
            id=new_id(),
            kiosk_id=kiosk.id,
            code_sha256=new_id().bytes * 2,
            made_by="ana",
            made_at=now,
            expires_at=now,
            used_at=now,
        )
        session.add(code)


def test_a_journal_that_was_put_back_to_the_past_is_refused(sqlite_booth: Booth) -> None:
    booth, card = sqlite_booth, sqlite_booth.city.card()
    booth.tap(card), booth.tap(card)
    booth.bring()
    booth.entries.pop()
    booth.city.clock.advance(seconds=1)
    booth.tap(card), booth.tap(card)
    assert booth.refused(booth.entries[-1])["fault"] == "forked"


def test_another_kiosks_journal_is_refused(sqlite_booth: Booth) -> None:
    sqlite_booth.tap(sqlite_booth.city.card())
    other = Booth(sqlite_booth.city, "kiosk-2")
    assert other.refused(*sqlite_booth.entries)["fault"] == "altered"
    assert [record.actor for record in sqlite_booth.city.audit("tap.journal")] == ["kiosk-2"]


def test_a_kiosk_cannot_sign_for_another(sqlite_booth: Booth) -> None:
    """Its own hash, and the card's word for another kiosk's journal."""
    entry = sqlite_booth.tap(sqlite_booth.city.card())
    other = Booth(sqlite_booth.city, "kiosk-2")
    other.write(entry.content)
    assert other.bring()[0].reason == "signature-invalid"


def test_a_person_who_was_erased_is_nobody_any_more(sqlite_booth: Booth) -> None:
    booth, card = sqlite_booth, sqlite_booth.city.card()
    booth.tap(card)
    booth.bring()
    with transaction(booth.city.services.sessions) as session:
        forget_person(session, session.get_one(Citizen, card.citizen_id))
    assert booth.bring()[0].assertion is None


# What a kiosk takes along


def test_a_package_leads_to_the_root_and_names_what_is_current(booth: Booth) -> None:
    city = booth.city
    city.card()
    token = jose.parse_certified(booth.client.offline_package(), typ=PACKAGE_TYP, max_length=1 << 17)
    signer, issuing = [x509.load_der_x509_certificate(der) for der in token.certificates]
    issuing.verify_directly_issued_by(city.services.authority.root)
    signer.verify_directly_issued_by(issuing)
    package = OfflinePackage.model_validate(token.token.claims)
    assert (package.aud, package.iat) == ("kiosk-1", booth.now())
    assert [base64.b64encode(token.certificates[1]).decode()] == package.issuers
    terms = package.terms(DEPARTMENT, SERVICE)
    assert terms is not None
    assert terms.max_age_seconds == 3600
    assert package.terms(DEPARTMENT, "report") is None
    (current,) = package.status_lists
    assert current.is_of(booth.client.status_list(current.uri))


def test_a_package_is_for_kiosks(sqlite_city: City) -> None:
    department = sqlite_city.department()
    with pytest.raises(ServiceProblem) as caught:
        department.offline_package()
    assert caught.value.problem.status == 403


@pytest.mark.parametrize(
    "rule",
    [
        {"level": "pin", "offline": {"max_age_seconds": 3600}},
        {"level": "sign", "offline": {"max_age_seconds": 3600}},
        {"level": "tap", "attributes": ["district"], "offline": {"max_age_seconds": 3600}},
        {"level": "tap", "offline": {"max_age_seconds": 59}},
        {"level": "tap", "offline": {"max_age_seconds": 72 * 3600 + 1}},
        {"level": "tap", "offline": {}},
    ],
)
def test_a_policy_lets_nothing_else_be_served_without_a_network(sqlite_city: City, rule: dict[str, Any]) -> None:
    with pytest.raises(PolicyInvalid):
        sqlite_city.department(DEPARTMENT, {"services": {SERVICE: rule}})


def test_rows_go_after_90_days_but_the_newest(sqlite_booth: Booth) -> None:
    booth, card = sqlite_booth, sqlite_booth.city.card()
    booth.tap(card), booth.tap(card)
    booth.bring()
    with reading(booth.city.services.sessions) as session:
        old = list(session.scalars(feeds.old_taps(booth.city.clock() + timedelta(days=1))))
        assert [session.get_one(Row, tap).sequence for tap in old] == [1]
