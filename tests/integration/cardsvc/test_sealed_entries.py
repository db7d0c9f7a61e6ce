"""That nobody without the keys can tell whether there are sealed entries, neither from the log nor from any table."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import sqrt
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from cardsvc.audit.models import AuditRecord
from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceProblem
from cardsvc.clock import city_day
from cardsvc.db import in_transaction, reading, transaction
from cardsvc.models import Base
from cardsvc.retention import running as retention
from cardsvc.sealed.content import PLAIN_SIZE, Content, Entry
from cardsvc.sealed.models import SealedBatch, SealedEntry
from cardsvc.sealed.publishing import publish
from cardsvc.sealed.vault import Vault, batch_id
from cardsvc.services import Services
from cardsvc.trust.keystore import NotSealedHere
from cardsvc.wire.investigations import InvestigationRequest
from cardsvc.wire.levels import Level
from cardsvc.wire.officers import Role
from cardsvc.wire.people import Purpose, SearchRequest
from cardsvc.wire.sealed import commitment
from tests.fixtures.proofs import City, IssuedCard
from tests.fixtures.services import NOW

DAYS = 5
CONTENT = Content(
    event="investigation.open",
    outcome="ok",
    actor="dan",
    at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    investigation=UUID(int=1),
    citizen=UUID(int=2),
    reference="PJ/2026/118",
    release_on=date(2026, 4, 1),
)

QUIET: Mapping[int, Callable[[], object]] = {}


class Town:
    """A city in which the same happens every day, and an observer who reads the whole database."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.dan, self.eva = (
            city.caller(name, CallerKind.OFFICER, roles=[Role.INVESTIGATOR, Role.CLERK]) for name in ("dan", "eva")
        )
        self.kiosk = city.caller("kiosk-1")
        self.card: IssuedCard = city.card()
        self.now = city.clock.now

    def live(self, secrets: Mapping[int, Callable[[], object]] = QUIET) -> Iterator[Any]:
        """Some days; what the observer saw three times on each of them."""
        self.city.clock.now = self.now
        self.city.services.timekeeper.run()
        for day in range(DAYS):
            for hours in (3, 8, 13):
                self._work()
                secrets.get(day, lambda: None)()
                self.city.clock.advance(hours=hours)
                self.city.services.timekeeper.run()
                yield dict(self._see())

    def investigate(self, times: int) -> None:
        release_on = city_day(self.city.clock()) + timedelta(100)
        request = InvestigationRequest(citizen_id=self.card.citizen_id, reference="A-1", release_on=release_on)
        for _ in range(times):
            found = self.dan.request_investigation(request)
            self.eva.approve_investigation(found.id)
            self.dan.open_investigated_person(found.id)

    def _work(self) -> None:
        for client in (self.dan, self.eva):
            client.access_token()
        (challenge,) = self.kiosk.challenges(Level.TAP)
        self.kiosk.authenticate(self.card.prove(challenge))

    def _see(self) -> Iterator[tuple[str, list[str]]]:
        """Every row of every table; of what is drawn at random the kind alone, and of what is sealed the length."""
        with reading(self.city.services.sessions) as session:
            for name, table in Base.metadata.tables.items():
                rows = session.execute(select(table)).all()
                yield name, sorted(repr([_shape(value, name) for value in row]) for row in rows)


_RANDOM = re.compile(r"[0-9A-Fa-f]{12,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w-]{43,}")
"""Serial numbers, commitments, ids, thumbprints."""


def _shape(value: Any, table: str) -> Any:
    match value:
        case dict():
            return {name: _shape(member, table) for name, member in value.items()}
        case list() | tuple():
            return [_shape(member, table) for member in value]
        case bytes() if table.startswith("sealed"):
            return len(value)
        case str():
            return _RANDOM.sub("random", value)
    is_drawn = isinstance(value, bytes | UUID) or (isinstance(value, int) and table == "status_places")
    return "random" if is_drawn else value


@pytest.fixture
def quiet(sqlite_city: City) -> list[Any]:
    """What the observer saw of a city without sealed entries."""
    return list(Town(sqlite_city).live())


@pytest.fixture
def town(quiet: list[Any], city: City) -> Town:
    """Another city that is like it."""
    city.clock.now = NOW
    return Town(city)


def test_a_city_with_investigations_looks_like_one_without(quiet: list[Any], town: Town) -> None:
    secrets = {1: lambda: town.investigate(1), 3: lambda: town.investigate(2)}
    for number, seen in enumerate(town.live(secrets)):
        assert seen == quiet[number]
    with reading(town.city.services.sessions) as session:
        assert len(list(town.city.services.vault.open_all(session))) == 3 * 3 * 3


def refused(call: Callable[..., object], *given: object) -> None:
    with pytest.raises(ServiceProblem):
        call(*given)


@pytest.mark.parametrize("act", ["open", "search", "refusal"])
def test_the_observer_sees_anything_that_is_not_sealed(quiet: list[Any], town: Town, act: str) -> None:
    """So the test above can fail."""
    acts: dict[str, Callable[[], object]] = {
        "open": lambda: town.dan.open_person(town.card.citizen_id, Purpose.COMPLAINT),
        "search": lambda: town.dan.search_people(SearchRequest(name="nobody", purpose=Purpose.COMPLAINT)),
        "refusal": lambda: refused(town.dan.open_person, uuid4(), Purpose.COMPLAINT),
    }
    assert list(town.live({2: acts[act]})) != quiet


@pytest.mark.parametrize("act", ["malformed", "unknown", "too late"])
def test_what_is_refused_to_investigators_is_not_seen_either(quiet: list[Any], town: Town, act: str) -> None:
    late = InvestigationRequest(citizen_id=town.card.citizen_id, reference="A-1", release_on=date(2000, 1, 1))
    acts: dict[str, Callable[[], object]] = {
        "malformed": lambda: town.city.http().post(
            "/v1/investigations", json={"x": 1}, headers={"Authorization": f"Bearer {town.dan.access_token()}"}
        ),
        "unknown": lambda: refused(town.dan.open_investigated_person, uuid4()),
        "too late": lambda: refused(town.dan.request_investigation, late),
    }
    assert list(town.live({2: acts[act]})) == quiet


class Years:
    """Many days of sealed entries, without HTTP: on every other day a few."""

    def __init__(self, services: Services) -> None:
        self.vault, self.services = Vault(services.keystore, 32), services
        self.days: dict[bool, list[list[str]]] = {True: [], False: []}
        """The commitments of days with and without entries, as they are in the log."""
        self.ranks: list[int] = []
        self.positions: list[int] = []

    def live(self, days: int) -> None:
        for number in range(days):
            now = NOW + timedelta(number)
            with transaction(self.services.sessions) as session:
                for _ in range(8 if number % 2 else 0):
                    self.vault.write(session, now, lambda _: CONTENT)
                self.vault.prepare(session, now)
                batch = session.get_one(SealedBatch, batch_id(city_day(now)))
                taken = [place for place in self.vault.open_batch(session, batch) if not place.entry.is_free]
                publish(session, self.vault, batch.id, actor="clock", now=now + timedelta(1))
                commitments = self.published(session)
            self.days[bool(taken)].append(commitments)
            self.ranks += [commitments.index(place.entry.commitment.hex()) for place in taken]
            self.positions += [place.row.position for place in taken]

    def published(self, session: Session) -> list[str]:
        newest = select(AuditRecord).where(AuditRecord.event == "sealed.batch").order_by(AuditRecord.id.desc()).limit(1)
        commitments: list[str] = session.scalars(newest).one().detail["commitments"]
        return commitments


def too_uneven(values: Iterable[int], kinds: int) -> bool:
    """By Pearson's chi-square, eight standard deviations beyond its mean: by chance never (below 1 in 10^9)."""
    counts = Counter(values)
    expected = counts.total() / kinds
    statistic = sum((counts[kind] - expected) ** 2 / expected for kind in range(kinds))
    return statistic > kinds - 1 + 8 * sqrt(2 * (kinds - 1))


def test_commitments_of_days_with_and_without_entries_have_the_same_statistics(sqlite_services: Services) -> None:
    years = Years(sqlite_services)
    years.live(100)
    for days in years.days.values():
        assert len(days) == 50
        assert all(len(day) == 32 and day == sorted(set(day)) for day in days)
        assert not too_uneven((byte for day in days for text in day for byte in bytes.fromhex(text)), 256)
    assert len(years.ranks) == 50 * 8
    assert not too_uneven(years.ranks, 32)
    assert not too_uneven(years.positions, 32)


def test_the_statistics_find_a_place_that_is_taken_first() -> None:
    assert too_uneven([number % 8 for number in range(400)], 32)
    assert too_uneven([number % 250 for number in range(50_000)], 256)


def test_the_first_entries_of_a_day_may_come_at_once(services: Services) -> None:
    """Before the clock has made the day's batch."""

    def write(session: Session) -> UUID:
        content = services.vault.write(session, NOW, lambda identity: replace(CONTENT, investigation=identity))
        return content.investigation

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda _: in_transaction(services.sessions, write), range(16)))
    with reading(services.sessions) as session:
        kept = [place.row.id for place in services.vault.open_all(session)]
        assert len(session.scalars(select(SealedBatch)).all()) == 2
    assert sorted(kept) == sorted(written)
    assert len(set(written)) == 16


def test_every_minute_every_place_is_written_anew_until_its_day_is_published(city: City) -> None:
    keeper, vault, clock = city.services.timekeeper, city.services.vault, city.clock
    keeper.run()
    first = sealed(city)
    with transaction(city.services.sessions) as session:
        taken = vault.write(session, clock(), lambda identity: replace(CONTENT, investigation=identity)).investigation
    written = sealed(city)
    clock.advance(minutes=1)
    keeper.run()
    second = sealed(city)
    assert first.keys() == second.keys()
    assert not set(first.values()) & set(second.values())
    assert {name for name, value in second.items() if value == written[name]} == {taken}
    with reading(city.services.sessions) as session:
        (place,) = vault.open_all(session)
        assert (place.row.id, place.content.investigation) == (taken, taken)
    clock.advance(days=1)
    keeper.run()
    third = sealed(city)
    assert not set(second.values()) & set(third.values())
    clock.advance(minutes=1)
    keeper.run()
    with reading(city.services.sessions) as session:
        batches = select(SealedBatch.id).where(SealedBatch.published_at.is_not(None))
        published = set(session.scalars(select(SealedEntry.id).where(SealedEntry.batch_id.in_(batches))))
    assert {name for name, value in sealed(city).items() if value == third.get(name)} == published


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_postgresql_counts_for_good_is_the_same_with_and_without_entries(city: City) -> None:
    keeper, clock = city.services.timekeeper, city.clock
    keeper.run()
    counted = [updates(city)]
    for entries in (0, 3, 1, 0, 12):
        with transaction(city.services.sessions) as session:
            for _ in range(entries):
                city.services.vault.write(session, clock(), lambda _: CONTENT)
        clock.advance(minutes=1)
        keeper.run()
        counted.append(updates(city))
    assert [after - before for before, after in pairwise(counted)] == [2 * city.services.settings.sealed_entries] * 5


def updates(city: City) -> int:
    """How often a place was written, as anybody with the database may read any time later."""
    engine = city.services.sessions.kw["bind"]
    engine.dispose()  # a connection hands in its numbers at its end at the latest
    counts = text("SELECT sum(n_tup_upd) FROM pg_stat_user_tables WHERE relname = 'sealed_entries'")
    backends = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    with engine.connect() as connection:
        while connection.scalar(backends) > 1:
            connection.rollback()
        return int(connection.scalar(counts))


def sealed(city: City) -> dict[UUID, bytes]:
    with reading(city.services.sessions) as session:
        return {row.id: row.sealed for row in session.scalars(select(SealedEntry))}


def test_what_was_moved_to_another_place_does_not_open(sqlite_city: City) -> None:
    sqlite_city.services.timekeeper.run()
    with transaction(sqlite_city.services.sessions) as session:
        one, other = session.scalars(select(SealedEntry).limit(2)).all()
        one.sealed = other.sealed
    with pytest.raises(NotSealedHere), reading(sqlite_city.services.sessions) as session:
        list(sqlite_city.services.vault.open_all(session))


def test_batches_are_forgotten_three_years_later_and_not_before(sqlite_city: City) -> None:
    keeper, settings = sqlite_city.services.timekeeper, sqlite_city.services.settings
    keeper.run()
    sqlite_city.clock.advance(days=1)
    keeper.run()
    counts = []
    for days in (3 * 365, 1):
        sqlite_city.clock.advance(days=days)
        done = retention.run(sqlite_city.services.sessions, settings.erasures_file, sqlite_city.clock())
        counts.append(done["sealed-batches"])
    assert counts == [0, 1]
    with reading(sqlite_city.services.sessions) as session:
        assert {batch.day for batch in session.scalars(select(SealedBatch))} == {
            NOW.date() + timedelta(1),
            NOW.date() + timedelta(2),
        }


def test_a_content_comes_back_as_it_was_and_all_have_one_length() -> None:
    for content in (CONTENT, replace(CONTENT, citizen=None), replace(CONTENT, reference="x" * 40, actor="y" * 64)):
        entry = Entry(bytes(range(32)), bytes(content))
        assert len(bytes(entry)) == len(bytes(Entry(bytes(32)))) == PLAIN_SIZE
        assert Content.from_bytes(Entry.from_bytes(bytes(entry)).content) == content
    assert Entry.from_bytes(bytes(Entry(bytes(32)))).is_free
    with pytest.raises(ValueError, match="too long"):
        bytes(Entry(bytes(32), b"x" * PLAIN_SIZE))


@pytest.mark.needs("openssl")
def test_a_commitment_is_what_openssl_makes_of_the_same_bytes() -> None:
    salt, content = bytes(range(32)), bytes(CONTENT)
    written = b"citizen-card/sealed/v1\0" + salt + content
    done = subprocess.run(["openssl", "dgst", "-sha256", "-r"], input=written, capture_output=True, check=True)
    assert done.stdout.split()[0].decode() == commitment(salt, content).hex()
    assert json.loads(content) == {
        "v": 1,
        "event": "investigation.open",
        "outcome": "ok",
        "actor": "dan",
        "at": "2026-03-02T09:30:00+00:00",
        "investigation": str(UUID(int=1)),
        "citizen": str(UUID(int=2)),
        "reference": "PJ/2026/118",
        "release_on": "2026-04-01",
    }
