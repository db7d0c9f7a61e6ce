"""When it is tried again: later and later, never in step, and never too late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cardsvc.webhooks.schedule import (
    AWAY,
    HEALTHY,
    LONGEST_TROUBLE,
    PAUSES,
    TROUBLED,
    Health,
    after_failure,
    pause_after,
)
from cardsvc.wire.webhooks import SubscriptionState

NOW = datetime(2026, 3, 2, tzinfo=UTC)
PATIENCE = timedelta(hours=72)
chances = st.floats(min_value=0, max_value=1, exclude_max=True)
statuses = st.sampled_from([None, 301, 400, 404, 429, 500, 503])


def test_the_schedule_is_the_one_that_is_documented() -> None:
    hours = [pause.total_seconds() / 3600 for pause in PAUSES]
    assert hours == sorted(hours)
    assert (PAUSES[0].total_seconds(), hours[-1]) == (5, 12)
    assert [pause_after(attempts, 0.5) for attempts in range(1, len(PAUSES) + 1)] == list(PAUSES)


@given(st.integers(min_value=1, max_value=1000), chances)
def test_pauses_grow_up_to_twelve_hours_and_vary_by_a_fifth(attempts: int, chance: float) -> None:
    planned = PAUSES[min(attempts, len(PAUSES)) - 1]
    assert planned * 0.8 <= pause_after(attempts, chance) <= planned * 1.2
    assert pause_after(attempts, 0.5) <= pause_after(attempts + 1, 0.5) <= timedelta(hours=12)


def failed(times: int, every: timedelta, chance: float = 0.5, status: int | None = 503) -> tuple[Health, datetime]:
    health, now = HEALTHY, NOW
    for _ in range(times):
        health = after_failure(health, status, now, chance, PATIENCE)
        now += every
    return health, now


@given(
    st.integers(min_value=1, max_value=60), st.timedeltas(timedelta(seconds=1), timedelta(hours=13)), chances, statuses
)
def test_a_receiver_out_of_order_is_left_alone_for_a_while(
    times: int, every: timedelta, chance: float, status: int | None
) -> None:
    health, now = failed(times, every, chance, status)
    last = now - every
    assert (health.failures, health.failing_since) == (times, NOW)
    assert (health.state is SubscriptionState.SUSPENDED) == (last - NOW >= PATIENCE)
    if health.hold_until is None:
        assert times < TROUBLED
        return
    pause = health.hold_until - last
    assert not health.may_try(health.hold_until - timedelta(microseconds=1))
    assert health.may_try(health.hold_until)
    assert (
        timedelta(0) < pause <= (PAUSES[-1] * 1.2 if health.state is SubscriptionState.SUSPENDED else LONGEST_TROUBLE)
    )


@given(st.integers(min_value=0, max_value=60), chances)
def test_410_ends_it(times: int, chance: float) -> None:
    health, now = failed(times, timedelta(hours=2))
    ended = after_failure(health, 410, now, chance, PATIENCE)
    assert ended.state is SubscriptionState.DISABLED
    assert not ended.may_try(now + timedelta(days=365))


@given(chances, statuses)
def test_what_was_disabled_stays_so_whatever_comes_of_an_attempt_under_way(chance: float, status: int | None) -> None:
    health, now = failed(9, timedelta(hours=12))
    assert health.state is SubscriptionState.SUSPENDED
    ended = replace(health, state=SubscriptionState.DISABLED)
    assert after_failure(ended, status, now, chance, PATIENCE) == ended


def test_a_receiver_that_was_away_for_long_is_told_from_one_that_dislikes_some_events() -> None:
    health, _ = failed(1, timedelta(0))
    assert [health.was_away(NOW + after) for after in (timedelta(0), AWAY / 2, AWAY)] == [False, False, True]
    assert not HEALTHY.was_away(NOW)
