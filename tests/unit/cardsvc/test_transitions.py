"""The table of states: what DESIGN §6 says, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.transitions import (
    APPLICATION_TRANSITIONS,
    CARD_TRANSITIONS,
    TransitionRefused,
    check_application,
    check_card,
)
from cardsvc.wire.lifecycle import ApplicationState, CardState

S = TypeVar("S", bound=StrEnum)

# Written down from DESIGN §6 and ADR 0005, one arrow a line; "cancelled" follows from every open state of an
# application.
CARD_ARROWS = """
stock reserved
reserved personalising
reserved stock
stock quarantined
reserved quarantined
personalising sealed
personalising quarantined
quarantined destroyed
sealed delivered
sealed revoked
delivered active
delivered revoked
active held
active revoked
active expired
held active
held revoked
held expired
revoked destroyed
expired destroyed
"""
APPLICATION_ARROWS = """
draft submitted
draft cancelled
submitted approved
submitted rejected
submitted cancelled
approved personalising
approved cancelled
personalising produced
personalising approved
personalising cancelled
produced closed
produced cancelled
"""


def arrows(table: Mapping[S, frozenset[S]]) -> set[str]:
    return {f"{state} {following}" for state, followers in table.items() for following in followers}


def test_cards_move_as_designed() -> None:
    assert arrows(CARD_TRANSITIONS) == set(CARD_ARROWS.split("\n")) - {""}


def test_applications_move_as_designed() -> None:
    assert arrows(APPLICATION_TRANSITIONS) == set(APPLICATION_ARROWS.split("\n")) - {""}


def test_every_state_is_in_the_tables() -> None:
    assert set(CARD_TRANSITIONS) == set(CardState)
    assert set(APPLICATION_TRANSITIONS) == set(ApplicationState)


@given(st.sampled_from(CardState), st.sampled_from(CardState))
def test_what_is_not_in_the_table_is_refused_and_says_what_is_open(state: CardState, wanted: CardState) -> None:
    if wanted in CARD_TRANSITIONS[state]:
        check_card(state, wanted)
        return
    with pytest.raises(TransitionRefused) as refused:
        check_card(state, wanted)
    assert refused.value.data == {
        "subject": "card",
        "state": state,
        "wanted": wanted,
        "open": sorted(CARD_TRANSITIONS[state]),
    }
    assert state.value in refused.value.detail
    assert all(follower in refused.value.detail for follower in CARD_TRANSITIONS[state])


@given(st.sampled_from(ApplicationState), st.sampled_from(ApplicationState))
def test_applications_are_refused_likewise(state: ApplicationState, wanted: ApplicationState) -> None:
    if wanted in APPLICATION_TRANSITIONS[state]:
        check_application(state, wanted)
        return
    with pytest.raises(TransitionRefused) as refused:
        check_application(state, wanted)
    assert refused.value.data["open"] == sorted(APPLICATION_TRANSITIONS[state])


def test_from_every_state_there_is_a_way_to_an_end() -> None:
    assert_ends(CARD_TRANSITIONS, {CardState.DESTROYED})
    assert_ends(
        APPLICATION_TRANSITIONS, {ApplicationState.REJECTED, ApplicationState.CLOSED, ApplicationState.CANCELLED}
    )


def assert_ends(table: Mapping[S, frozenset[S]], ends: set[S]) -> None:
    assert {state for state, followers in table.items() if not followers} == ends
    assert all(reachable(table, state) & ends for state in table)


def reachable(table: Mapping[S, frozenset[S]], start: S) -> set[S]:
    found, todo = {start}, [start]
    while todo:
        new = table[todo.pop()] - found
        found |= new
        todo += new
    return found
