"""Which cards a kiosk turns away, and when it says that it does."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from cardsvc.client import ServiceProblem, ServiceUnreachable
from cardsvc.wire.problems import PROBLEM_TYPE_PREFIX, Problem
from cardsvc.wire.reach import Acknowledgement, Revocation, RevocationKind
from kiosk.fleet.revocations import Revocations
from tests.fixtures.services import NOW, StandingClock

ANA, BO = uuid4(), uuid4()


class Feed:
    """The service's feed, written by the test."""

    def __init__(self) -> None:
        self.rows: list[Revocation] = []
        self.acknowledged: list[UUID] = []
        self.is_there = True
        self.asked: list[UUID | None] = []

    def add(self, card: UUID, kind: RevocationKind) -> UUID:
        row = Revocation(id=uuid4(), number=len(self.rows) + 1, kind=kind, card_uuid=card, at=NOW)
        self.rows.append(row)
        return row.id

    def revocations(self, after: UUID | None = None) -> Iterator[Revocation]:
        self.asked.append(after)
        if not self.is_there:
            raise ServiceUnreachable("no connection")
        ids = [row.id for row in self.rows]
        if after is not None and after not in ids:
            problem = {"type": PROBLEM_TYPE_PREFIX + "revocation-unknown", "title": "x", "status": 404}
            raise ServiceProblem(Problem.model_validate(problem))
        yield from self.rows[0 if after is None else ids.index(after) + 1 :]

    def acknowledge(self, up_to: UUID) -> Acknowledgement:
        self.acknowledged.append(up_to)
        return Acknowledgement(up_to=up_to, number=1, at=NOW)


@pytest.fixture
def feed() -> Feed:
    return Feed()


def test_what_is_held_revoked_or_over_is_turned_away_until_it_is_restored(feed: Feed, clock: StandingClock) -> None:
    known = Revocations(feed, clock)
    known.hear(feed.add(ANA, RevocationKind.HELD))
    assert known.turns_away(ANA)
    assert not known.turns_away(BO)
    feed.add(ANA, RevocationKind.RESTORED)
    known.hear(feed.add(BO, RevocationKind.EXPIRED))
    assert (known.turns_away(ANA), known.turns_away(BO)) == (False, True)


def test_it_reads_on_from_the_last_and_acknowledges_what_it_has_taken_note_of(feed: Feed, clock: StandingClock) -> None:
    known = Revocations(feed, clock)
    first = feed.add(ANA, RevocationKind.REVOKED)
    known.hear(first)
    known.hear(first)  # nothing new: nobody is asked
    second = feed.add(BO, RevocationKind.REVOKED)
    known.hear(second)
    assert feed.asked == [None, first]
    assert feed.acknowledged == [first, second]


def test_what_could_not_be_read_is_neither_acknowledged_nor_fresh(feed: Feed, clock: StandingClock) -> None:
    known = Revocations(feed, clock)
    newest = feed.add(ANA, RevocationKind.REVOKED)
    feed.is_there = False
    with pytest.raises(ServiceUnreachable):
        known.hear(newest)
    assert (feed.acknowledged, known.read_at) == ([], None)
    feed.is_there = True
    known.hear(newest)
    assert (feed.acknowledged, known.read_at) == ([newest], clock())


def test_where_there_are_none_that_is_known_too(feed: Feed, clock: StandingClock) -> None:
    known = Revocations(feed, clock)
    known.hear(None)
    assert (known.read_at, feed.asked) == (clock(), [])


def test_a_service_that_was_restored_from_a_backup_is_read_from_the_beginning(feed: Feed, clock: StandingClock) -> None:
    known = Revocations(feed, clock)
    known.hear(feed.add(ANA, RevocationKind.REVOKED))
    feed.rows.clear()
    newest = feed.add(BO, RevocationKind.REVOKED)
    known.hear(newest)
    assert known.turns_away(BO)
    assert feed.acknowledged[-1] == newest
