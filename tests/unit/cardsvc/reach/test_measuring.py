"""The measure of reach, against sets that were worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.reach.measuring import Party, measure, percentile
from cardsvc.wire.reach import PartyKind

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
NOW = BEGIN + timedelta(hours=10)


def revocation(number: int) -> UUID:
    return UUID(int=number)


def kiosk(name: str, after_seconds: Mapping[int, float | None]) -> Party:
    """Acknowledges each revocation, all of which are made at the beginning, after so many seconds."""
    settled = {
        revocation(number): None if seconds is None else BEGIN + timedelta(seconds=seconds)
        for number, seconds in after_seconds.items()
    }
    return Party(name, PartyKind.KIOSK, settled)


def test_percentiles_are_those_of_nearest_rank() -> None:
    """The example of https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method: 15, 20, 35, 40, 50."""
    spans = [timedelta(seconds=seconds) for seconds in (15, 20, 35, 40, 50)]
    found = [percentile(spans, percent) for percent in (5, 30, 40, 50, 100)]
    assert [span.total_seconds() for span in found if span is not None] == [15, 20, 20, 35, 50]
    assert percentile([], 99) is None


def test_a_hundred_revocations_and_two_kiosks() -> None:
    """The slower kiosk counts. Kiosk 1 takes n seconds for revocation n; kiosk 2 takes 3, but 200 and 1,000 twice.

    Worked out by hand: the spans are 3, 3, 3, 4 … 98, 200, 1000; the 50th of them is 50, the 99th 200.
    """
    one = kiosk("kiosk-1", {number: float(number) for number in range(1, 101)})
    two = kiosk("kiosk-2", {number: {99: 200.0, 100: 1000.0}.get(number, 3.0) for number in range(1, 101)})
    revoked = {revocation(number): BEGIN for number in range(1, 101)}
    reach = measure(revoked, [one, two], since=BEGIN, now=NOW)
    assert (reach.p50_seconds, reach.p99_seconds, reach.max_seconds) == (50, 200, 1000)
    assert (reach.revocations, reach.complete) == (100, 100)


def test_what_somebody_has_not_acknowledged_is_open_until_now() -> None:
    silent = kiosk("kiosk-2", {1: None, 2: None})
    prompt = kiosk("kiosk-1", {1: 2.0, 2: 2.0, 3: 2.0})
    revoked = {revocation(1): BEGIN, revocation(2): BEGIN + timedelta(hours=9), revocation(3): BEGIN}
    reach = measure(revoked, [prompt, silent], since=BEGIN, now=NOW)
    assert (reach.p50_seconds, reach.p99_seconds, reach.max_seconds) == (3600, 36_000, 36_000)
    assert (reach.revocations, reach.complete) == (3, 1)
    first, second = reach.parties
    assert (first.client_id, first.expected, first.unacknowledged) == ("kiosk-2", 2, 2)
    assert first.oldest_unacknowledged == BEGIN
    assert (second.client_id, second.unacknowledged, second.oldest_unacknowledged) == ("kiosk-1", 0, None)


def test_where_nobody_else_must_know_it_is_over_at_once() -> None:
    reach = measure({revocation(1): BEGIN}, [], since=BEGIN, now=NOW)
    assert (reach.complete, reach.max_seconds) == (1, 0)


def test_without_revocations_there_is_nothing_to_measure() -> None:
    reach = measure({}, [kiosk("kiosk-1", {})], since=BEGIN, now=NOW)
    assert (reach.revocations, reach.p50_seconds, reach.p99_seconds, reach.max_seconds) == (0, None, None, None)


@pytest.mark.parametrize("percent", [1, 50, 99, 100])
@given(spans=st.lists(st.timedeltas(timedelta(0), timedelta(days=9)), min_size=1, max_size=300).map(sorted))
def test_a_percentile_is_not_exceeded_by_so_many_percent_and_no_smaller_span_is(
    percent: int, spans: list[timedelta]
) -> None:
    found = percentile(spans, percent)
    assert found is not None
    assert 100 * sum(span <= found for span in spans) >= percent * len(spans)
    assert 100 * sum(span < found for span in spans) < percent * len(spans)
