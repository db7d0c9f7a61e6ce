"""Taps that a kiosk took without its network, as the service judges them, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from cardsvc.callers.models import CallerKind
from cardsvc.cards.models import Card
from cardsvc.citizens.history import read_history
from cardsvc.client import AssertionOffline, AssertionVerifier, StaticJwks
from cardsvc.db import reading, transaction
from cardsvc.departments.models import Acquaintance
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.departments.repository import get_department
from cardsvc.departments.service import publish_policy
from cardsvc.transitions import move_card
from cardsvc.wire.authentication import CardAtTap
from cardsvc.wire.history import Deed
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState, RevocationReason
from cardsvc.wire.offline_taps import (
    LATEST,
    TapVerdict,
)
from tests.fixtures.booths import DEPARTMENT, SERVICE, Booth
from tests.fixtures.proofs import City


def verifier(city: City) -> AssertionVerifier:
    jwks = city.http().get("/.well-known/jwks.json").json()
    audience = city.principal(DEPARTMENT).audience
    return AssertionVerifier(city.services.settings.issuer, audience, StaticJwks(jwks), city.clock)


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
    assert booth.outcomes() == ["card-not-active"]


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
    booth.tap(card, known_as_of=booth.given(booth.now() - 3601))
    booth.tap(card, known_as_of=booth.given(booth.now() + 1))
    booth.tap(card, department="finance")
    booth.tap(card, when=booth.now() + 301)
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
    assert booth.outcomes() == [tap.reason or "ok" for tap in judged]


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
    city = sqlite_booth.city
    city.caller("desk-1", CallerKind.DESK)
    desk = Booth(city, "desk-1")
    desk.write(b"{}?")
    assert desk.refused()["fault"] == "not-a-kiosk"
    assert desk.outcomes() == []
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
