"""What a kiosk may claim of the time without its network: it says itself when a tap was, and what it knew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete

from cardsvc.callers.errors import KioskDisabled
from cardsvc.callers.models import CallerKind
from cardsvc.cards.holding import hold, restore
from cardsvc.cards.models import Card
from cardsvc.citizens.history import read_history
from cardsvc.client import ServiceClient
from cardsvc.db import reading, transaction
from cardsvc.fleet.standing import disable, enable
from cardsvc.locks.service import LIFTED, LOCKED
from cardsvc.offline.models import OfflinePackage
from cardsvc.offline.supplying import KEPT
from cardsvc.reach.models import Revocation
from cardsvc.retention.feeds import old_packages
from cardsvc.transitions import move_card
from cardsvc.wire.authentication import CardAtTap
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState, HoldReason
from cardsvc.wire.offline_taps import OfflineBatch, OfflineTap, TapVerdict
from tests.fixtures.booths import DEPARTMENT, Booth, enrol_anew
from tests.fixtures.proofs import City, IssuedCard

UNKNOWN = "offline-package-unknown"


def reasons(booth: Booth) -> list[str | None]:
    return [tap.reason for tap in booth.bring()]


def fetched(booth: Booth) -> int:
    booth.client.offline_package()
    return booth.now()


# When it was


def test_a_tap_counts_only_with_a_package_that_this_kiosk_was_given(booth: Booth) -> None:
    other = Booth(booth.city, "kiosk-2")
    theirs = fetched(other)
    booth.city.clock.advance(seconds=30)
    ours, card = fetched(booth), booth.city.card()
    booth.city.clock.advance(seconds=30)
    for known_as_of in (ours, theirs, ours - 1, ours + 1):
        booth.tap(card, known_as_of=known_as_of)
    assert reasons(booth) == [None, UNKNOWN, UNKNOWN, UNKNOWN]
    assert booth.outcomes() == ["ok", UNKNOWN, UNKNOWN, UNKNOWN]


def test_a_kiosk_that_is_heard_from_cannot_place_a_tap_longer_ago(sqlite_booth: Booth) -> None:
    booth, card = sqlite_booth, sqlite_booth.city.card()
    packages = []
    for _ in range(9):
        packages.append(fetched(booth))
        booth.city.clock.advance(hours=1)
    for package in packages:
        booth.tap(card, package + 10, known_as_of=package)
    assert reasons(booth) == [UNKNOWN] + [None] * 8


def test_a_kiosk_that_was_cut_off_for_long_brings_what_it_took_then(sqlite_booth: Booth) -> None:
    """Also when answers got lost since: what was replaced is not forgotten at once."""
    booth, card = sqlite_booth, sqlite_booth.city.card()
    package = fetched(booth)
    booth.city.clock.advance(minutes=5)
    booth.tap(card, known_as_of=package)
    booth.city.clock.advance(days=80)
    for _ in range(3):
        fetched(booth)
        booth.city.clock.advance(seconds=KEPT.total_seconds() / 3)
    assert reasons(booth) == [None]


def test_packages_are_forgotten(sqlite_booth: Booth) -> None:
    for _ in range(20):
        fetched(sqlite_booth)
        sqlite_booth.city.clock.advance(hours=1)
    with reading(sqlite_booth.city.services.sessions) as session:
        assert session.query(OfflinePackage).count() == 8
        assert len(list(session.scalars(old_packages(sqlite_booth.city.clock())))) == 8


def test_two_packages_of_one_second_are_one(booth: Booth) -> None:
    assert fetched(booth) == fetched(booth)
    booth.tap(booth.city.card(), known_as_of=booth.now())
    assert reasons(booth) == [None]


def test_the_first_tap_of_a_lost_journal_is_not_taken_again_in_another_writing(booth: Booth) -> None:
    """The card signed its place, which is the same in the next journal, and not how the kiosk wrote it down."""
    city, card = booth.city, booth.city.card()
    first = booth.tap(card)
    booth.bring()
    tap = OfflineTap.model_validate_json(first.content)
    city.clock.advance(minutes=1)
    enrol_anew(city, booth.name)
    city.clock.advance(minutes=1)

    def brought(known_as_of: int) -> tuple[TapVerdict, str | None, str | None]:
        booth.entries.clear()
        booth.write(tap.model_copy(update={"known_as_of": known_as_of}).model_dump_json().encode() + b" ")
        (judged,) = booth.bring()
        return judged.verdict, judged.reason, judged.assertion

    assert brought(tap.known_as_of) == (TapVerdict.REFUSED, UNKNOWN, None)
    city.clock.advance(minutes=1)
    enrol_anew(city, booth.name)
    city.clock.advance(minutes=1)
    assert brought(fetched(booth)) == (TapVerdict.REFUSED, "offline-data-too-old", None)


# Out of service


def test_what_a_kiosk_took_while_it_was_out_of_service_is_refused(booth: Booth) -> None:
    """It had no network and had not heard of it."""
    city, card = booth.city, booth.city.card()
    ana = city.caller("ana", CallerKind.OFFICER)
    package = fetched(booth)
    city.clock.advance(minutes=1)
    booth.tap(card, known_as_of=package)
    city.clock.advance(minutes=1)
    ana.disable_kiosk(booth.name, "the door was forced")
    city.clock.advance(minutes=1)
    booth.tap(card, known_as_of=package)
    ana.enable_kiosk(booth.name)
    city.clock.advance(minutes=1)
    booth.tap(card, known_as_of=package)
    booth.tap(card, known_as_of=fetched(booth))
    assert reasons(booth) == [None, "kiosk-disabled", "kiosk-disabled", None]


def test_a_journal_that_was_on_its_way_when_the_kiosk_was_disabled_is_not_taken(booth: Booth) -> None:
    city, services = booth.city, booth.city.services
    booth.tap(city.card())
    batch, actor = OfflineBatch(entries=booth.entries), city.principal(booth.name)  # let in
    with transaction(services.sessions) as session:
        disable(session, booth.name, "x", actor="ana", now=city.clock())
    with pytest.raises(KioskDisabled), transaction(services.sessions) as session:
        services.journals.take(session, batch, actor=actor, now=city.clock())
    with pytest.raises(KioskDisabled):
        services.packer.pack(actor, city.clock())
    assert booth.outcomes() == []
    with transaction(services.sessions) as session:
        enable(session, booth.name, actor="ana", now=city.clock())
    assert reasons(booth) == [None]


# Whose card it was


def seen_by(booth: Booth, card: IssuedCard) -> list[str]:
    with reading(booth.city.services.sessions) as session:
        return [entry.outcome for entry in read_history(session, card.citizen_id).entries]


def test_nobody_reads_of_a_card_that_did_not_sign(sqlite_booth: Booth) -> None:
    """A kiosk can name any card; auditors see that it did."""
    booth, city = sqlite_booth, sqlite_booth.city
    card, stranger = city.card(), city.card()
    booth.tap(card, card_uuid=stranger.uuid)
    assert reasons(booth) == ["signature-invalid"]
    (entry,) = city.audit("tap.offline")
    assert (entry.actor, entry.citizen_id, entry.card_id) == (booth.name, None, None)
    assert entry.detail["claimed_card"] == str(stranger.uuid)
    assert (seen_by(booth, card), seen_by(booth, stranger)) == ([], [])


def test_a_citizen_reads_of_a_tap_of_theirs_that_was_refused(sqlite_booth: Booth) -> None:
    booth, card = sqlite_booth, sqlite_booth.city.card()
    booth.tap(card, service="report")
    booth.tap(card, booth.now() + 400)
    assert reasons(booth) == ["service-not-covered", "tap-in-the-future"]
    assert seen_by(booth, card) == ["tap-in-the-future", "service-not-covered"]


def test_a_card_that_was_held_before_it_was_restored_was_held_then(sqlite_booth: Booth) -> None:
    """Also when it is not known any more that it was: what kiosks were told is kept for 90 days."""
    booth, city, card = sqlite_booth, sqlite_booth.city, sqlite_booth.city.card(CardState.DELIVERED)
    with transaction(city.services.sessions) as session:
        move_card(session, session.get_one(Card, card.id), CardState.ACTIVE, actor="desk-1", now=city.clock())
        hold(session, session.get_one(Card, card.id), HoldReason.LOST, held_for=None, actor="ana", now=city.clock())
        session.flush()
        session.execute(delete(Revocation))
    city.clock.advance(minutes=1)
    booth.tap(card)
    city.clock.advance(minutes=1)
    with transaction(city.services.sessions) as session:
        restore(session, session.get_one(Card, card.id), actor="ana", now=city.clock())
    booth.tap(card)
    held, restored = booth.bring()
    assert (held.verdict, held.card) == (TapVerdict.CARD_NOT_IN_FORCE, CardAtTap.HELD)
    assert (restored.verdict, restored.card) == (TapVerdict.ACCEPTED, CardAtTap.IN_FORCE)


# What the citizen had locked


def with_visit(city: City, card: IssuedCard, work: Callable[[ServiceClient, str], object]) -> None:
    city.clock.advance(minutes=1)
    kiosk = city.client("kiosk-9")
    (challenge,) = kiosk.challenges(Level.PIN)
    work(kiosk, kiosk.authenticate(card.prove(challenge)).visit_token)
    city.clock.advance(minutes=1)


def lock(city: City, card: IssuedCard) -> None:
    with_visit(city, card, lambda kiosk, token: kiosk.lock_card(token, department=DEPARTMENT))


def unlock(city: City, card: IssuedCard) -> None:
    with_visit(city, card, lambda kiosk, token: kiosk.unlock_card(token, department=DEPARTMENT))


def test_the_locks_of_that_moment_count(booth: Booth) -> None:
    """A department is told of what the citizen did before they locked the card, and of nothing they did not allow."""
    city, card = booth.city, booth.city.card()
    city.caller("kiosk-9")
    for changed in (lambda *_: city.clock.advance(minutes=1), lock, lock, unlock, lock):
        changed(city, card)
        booth.tap(card)
    assert reasons(booth) == [None, "locked-by-citizen", "locked-by-citizen", None, "locked-by-citizen"]
    assert [entry.event for entry in city.audit(LOCKED) + city.audit(LIFTED)] == [LOCKED] * 3 + [LIFTED]


def test_who_locked_the_card_for_taps_before_was_not_there(sqlite_booth: Booth) -> None:
    city, card = sqlite_booth.city, sqlite_booth.city.card()
    city.caller("kiosk-9")
    sqlite_booth.tap(card)
    with_visit(city, card, lambda kiosk, token: kiosk.lock_card(token, level=Level.TAP))
    sqlite_booth.tap(card)
    city.clock.advance(seconds=timedelta(days=1).total_seconds())
    assert reasons(sqlite_booth) == [None, "locked-by-citizen"]
