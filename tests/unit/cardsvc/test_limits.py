"""Buckets of turns: how many at once, how fast they come back, and what is told of them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.limits import LIMITS, Buckets, Limit, TooManyRequests, Traffic, parse_limits

READ = Traffic.READ


@dataclass
class Stopwatch:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def buckets(limit: Limit, watch: Stopwatch) -> Buckets:
    return Buckets({**LIMITS, READ: limit}, watch)


def refused(of: Buckets, who: str = "ana") -> TooManyRequests:
    with pytest.raises(TooManyRequests) as caught:
        of.take(who, READ)
    return caught.value


def test_so_many_turns_at_once_and_then_one_after_the_other() -> None:
    watch = Stopwatch()
    of = buckets(Limit(3, 60), watch)

    assert [(standing.left, standing.full_in) for _ in range(3) if (standing := of.take("ana", READ))] == [
        (2, 20),
        (1, 40),
        (0, 60),
    ]
    assert refused(of).data == {"retry_after": 20, "violated-policies": ["read"]}
    watch.now += 19
    assert refused(of).data["retry_after"] == 1
    watch.now += 1
    standing = of.take("ana", READ)
    assert standing is not None
    assert (standing.left, standing.full_in) == (0, 60)


def test_whoever_waits_as_told_has_a_turn() -> None:
    watch = Stopwatch()
    of = buckets(Limit(7, 3), watch)
    for _ in range(50):
        try:
            of.take("ana", READ)
        except TooManyRequests as refusal:
            watch.now += refusal.standing.wait
            of.take("ana", READ)


def test_a_refusal_costs_nothing() -> None:
    watch = Stopwatch()
    of = buckets(Limit(1, 10), watch)
    of.take("ana", READ)
    for _ in range(100):
        refused(of)
    watch.now += 10
    of.take("ana", READ)


def test_everybody_and_every_kind_of_traffic_has_a_bucket() -> None:
    of = buckets(Limit(1, 10), Stopwatch())
    of.take("ana", READ)
    of.take("bo", READ)
    of.take("ana", Traffic.WRITE)
    refused(of)


def test_a_turn_that_is_given_back_is_there_again() -> None:
    of = buckets(Limit(1, 10), Stopwatch())
    of.give_back("ana", READ)
    for _ in range(5):
        of.take("ana", READ)
        of.give_back("ana", READ)
    of.take("ana", READ)
    refused(of)


def test_without_a_limit_nothing_is_counted() -> None:
    of = Buckets(parse_limits("none"), Stopwatch())
    assert {of.take("ana", traffic) for traffic in Traffic} == {None}
    of.give_back("ana", READ)


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=60), st.integers(1, 10), st.integers(1, 20))
def test_in_no_time_are_there_more_turns_than_the_quota_and_what_came_back(
    pauses: list[float], quota: int, seconds: int
) -> None:
    watch, taken = Stopwatch(), []
    of = buckets(Limit(quota, seconds), watch)
    for pause in pauses:
        watch.now += pause
        try:
            of.take("ana", READ)
        except TooManyRequests:
            continue
        taken.append(watch.now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= quota + (taken[last] - taken[first]) * quota / seconds + 1e-3


def test_a_flood_of_addresses_is_not_remembered_for_ever() -> None:
    watch = Stopwatch()
    of = buckets(Limit(1, 10), watch)
    for number in range(3 * Buckets.MOST):
        of.take(f"address-{number}", READ)
    assert len(of._full_at) <= Buckets.MOST
    refused(of, f"address-{3 * Buckets.MOST - 1}")
    watch.now += 10
    for number in range(Buckets.MOST):
        of.take(f"other-{number}", READ)
    assert len(of._full_at) <= Buckets.MOST


def test_limits_are_changed_by_words() -> None:
    changed = parse_limits("read=5/2 bulk=none")
    assert changed == {**LIMITS, READ: Limit(5, 2), Traffic.BULK: None}
    assert parse_limits("") == LIMITS
    assert set(parse_limits(" none ").values()) == {None}


@pytest.mark.parametrize(
    "text", ["reading=1/1", "read", "read=", "read=1", "read=0/1", "read=1/0", "read=-1/1", "=1/1"]
)
def test_words_that_say_no_limit_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"limit|traffic"):
        parse_limits(text)
