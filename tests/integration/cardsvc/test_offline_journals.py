"""Journals that kiosks bring back: each entry once, and in order, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from cardsvc.citizens.erasing import forget_person
from cardsvc.citizens.models import Citizen
from cardsvc.db import transaction
from cardsvc.wire.offline import NO_ENTRY
from cardsvc.wire.offline_taps import (
    TapVerdict,
)
from tests.fixtures.booths import DEPARTMENT, Booth, enrol_anew


def test_entries_that_come_again_are_answered_the_same(booth: Booth) -> None:
    card = booth.city.card()
    booth.tap(card)
    first = booth.bring()
    booth.city.clock.advance(minutes=10)
    booth.tap(card)
    again = booth.bring()
    assert [tap.tap_id for tap in again][:1] == [first[0].tap_id]
    assert again[0].assertion not in (None, first[0].assertion)  # good for five minutes from now
    assert len(booth.outcomes()) == 2


def test_the_same_batch_a_hundred_times_at_once_takes_effect_once(booth: Booth) -> None:
    cards = [booth.city.card() for _ in range(3)]
    for card in cards:
        booth.tap(card)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: [tap.tap_id for tap in booth.bring()], range(100)))
    assert len(answers) == 100
    assert len({tuple(answer) for answer in answers}) == 1
    assert booth.outcomes() == ["ok", "ok", "ok"]


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
    assert len(booth.outcomes()) == 1
    assert len(booth.bring()) == 4


def test_an_entry_that_was_tampered_with_is_refused_with_all_that_came_along(sqlite_booth: Booth) -> None:
    booth, card = sqlite_booth, sqlite_booth.city.card()
    good = booth.tap(card)
    bad = booth.tap(card).model_copy(update={"content": good.content})
    assert booth.refused(good, bad)["fault"] == "altered"
    assert booth.outcomes() == []


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
        enrol_anew(city, booth.name)
        booth.entries.clear()
        city.clock.advance(seconds=10)
        booth.tap(card)
        assert [tap.sequence for tap in booth.bring()] == [1]
        assert [tap.sequence for tap in booth.bring()] == [1]
    booth.entries.clear()
    city.clock.advance(seconds=10)
    booth.tap(card)
    assert booth.refused()["fault"] == "forked"
    assert len(booth.outcomes()) == 4


def test_a_former_journal_is_never_taken_again_and_still_vouched_for(booth: Booth) -> None:
    """Whoever has a copy of the lost disk brings it after the next enrolment, or after the one after that."""
    city, card = booth.city, booth.city.card()
    booth.tap(card), booth.tap(card)
    told, _ = booth.bring()
    former = list(booth.entries)
    for _ in range(2):
        city.clock.advance(seconds=10)
        enrol_anew(city, booth.name)
        assert booth.refused(former[0].model_copy(update={"hash": NO_ENTRY}))["fault"] == "altered"
        booth.entries.clear()
        city.clock.advance(seconds=10)
        booth.tap(card)
        booth.bring()
    enrol_anew(city, booth.name)
    city.clock.advance(seconds=10)
    assert booth.refused(*former)["fault"] == "forked"
    assert [tap.sequence for tap in booth.bring()] == [1]
    assert len(booth.outcomes()) == 4
    assert city.client(DEPARTMENT).verify(told.assertion or "").claims.jti == str(told.tap_id)


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
