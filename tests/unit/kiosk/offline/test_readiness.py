"""For how long services may still be taken without a network, and how that is told."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cardsvc.wire.offline_taps import OfflinePackage, OfflineServices
from cardsvc.wire.policies import OfflineTerms
from kiosk.offline.readiness import Readiness, measure
from kiosk.offline.supplies import Supplies
from kiosk.offline.watch import ClockWatch
from tests.fixtures.authorities import Entity

AS_OF = 1_772_444_000
POINTS, REPORT = ("environment", "recycling-points"), ("environment", "problem-report")
ROOT = Entity.root().certificate


def supplies(fetched_at: int = AS_OF) -> Supplies:
    services = {"recycling-points": OfflineTerms(max_age_seconds=3600)}
    package = OfflinePackage(
        iss="http://127.0.0.1",
        aud="kiosk-1",
        iat=AS_OF,
        exp=AS_OF + 7200,
        issuers=[],
        status_lists=[],
        departments={"environment": OfflineServices(policy_version=1, services=services)},
    )
    return Supplies(package, ROOT, (), {}, fetched_at)


@pytest.mark.parametrize(
    ("age", "left", "soon"), [(0, 3600, False), (2699, 901, False), (2700, 900, True), (3600, 0, True), (9999, 0, True)]
)
def test_what_is_left_and_when_somebody_is_warned(age: int, left: int, *, soon: bool) -> None:
    ready = measure(supplies(), AS_OF + age, [POINTS, REPORT], None)
    assert ready.seconds_left == {POINTS: left}
    assert ready.soon == ({POINTS} if soon else set())
    assert ready.allowed == ({POINTS} if left else set())


def test_what_is_not_offered_here_does_not_count() -> None:
    assert measure(supplies(), AS_OF, [REPORT], None).seconds_left == {}


def test_closed_is_closed_whatever_is_left() -> None:
    assert measure(supplies(), AS_OF, [POINTS], "offline-clock-wrong").allowed == frozenset()


def test_metrics_can_be_read_by_prometheus() -> None:
    ready = Readiness({POINTS: 12, REPORT: 0}, closed="offline-journal-closed")
    families = {family.name: family for family in text_string_to_metric_families(ready.as_metrics(3))}
    left = {
        (one.labels["department"], one.labels["service"]): one.value
        for one in families["kiosk_offline_seconds_left"].samples
    }
    assert left == {POINTS: 12, REPORT: 0}
    assert [families[name].samples[0].value for name in ("kiosk_offline_closed", "kiosk_journal_waiting")] == [1, 3]


class Times:
    """A clock and the machine's count of seconds, which go together until somebody moves one."""

    def __init__(self) -> None:
        self.wall, self.count = AS_OF, 1000.0

    def clock(self) -> datetime:
        return datetime.fromtimestamp(self.wall, UTC)

    def monotonic(self) -> float:
        return self.count

    def pass_by(self, seconds: int) -> None:
        self.wall += seconds
        self.count += seconds


@pytest.fixture
def times() -> Times:
    return Times()


def watch(folder: Path, times: Times) -> ClockWatch:
    return ClockWatch(folder, times.clock, times.monotonic)


@pytest.mark.parametrize(("moved", "wrong"), [(0, False), (300, False), (301, True), (-300, False), (-301, True)])
def test_a_clock_that_moved_against_the_count_of_seconds(
    tmp_path: Path, times: Times, moved: int, *, wrong: bool
) -> None:
    watched = watch(tmp_path, times)
    times.pass_by(1000)
    times.wall += moved
    assert watched.is_wrong(supplies()) is wrong


@pytest.mark.parametrize(("behind", "wrong"), [(300, False), (301, True), (4 * 3600, True)])
def test_a_clock_that_is_behind_what_was_signed(tmp_path: Path, times: Times, behind: int, *, wrong: bool) -> None:
    times.wall -= behind
    assert watch(tmp_path, times).is_wrong(supplies()) is wrong


@pytest.mark.parametrize(("ahead", "wrong"), [(300, False), (301, True), (-301, True)])
def test_a_clock_that_was_wrong_when_the_service_was_heard(
    tmp_path: Path, times: Times, ahead: int, *, wrong: bool
) -> None:
    times.wall += ahead
    assert watch(tmp_path, times).is_wrong(supplies(fetched_at=AS_OF + ahead)) is wrong


def test_what_was_seen_is_known_after_a_start_and_corrected_by_the_service(tmp_path: Path, times: Times) -> None:
    watched = watch(tmp_path, times)
    times.pass_by(3000)
    watched.note(supplies())
    times.wall -= 2500
    again = watch(tmp_path, times)
    assert again.is_wrong(supplies())
    again.heard(supplies(fetched_at=times.wall))
    times.pass_by(10)
    assert not again.is_wrong(supplies())


def test_a_clock_that_cannot_be_believed_is_not_written_down(tmp_path: Path, times: Times) -> None:
    watched = watch(tmp_path, times)
    times.wall += 3 * 3600
    watched.note(supplies())
    assert not (tmp_path / "clock").exists()


def test_two_threads_write_it_down(tmp_path: Path, times: Times) -> None:
    watched = watch(tmp_path, times)
    failed: list[Any] = []

    def write() -> None:
        try:
            for _ in range(100):
                watched.heard(supplies())
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
