"""The order in which events of one batch are numbered."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from cardsvc.webhooks.models import DepartmentEvent
from cardsvc.webhooks.numbering import in_order
from cardsvc.wire.departments import CardStanding
from cardsvc.wire.webhooks import EventType

DEPARTMENTS = [UUID(int=1), UUID(int=2)]
events = st.builds(
    DepartmentEvent,
    id=st.uuids(version=4),
    department_id=st.sampled_from(DEPARTMENTS),
    pseudonym=st.sampled_from(["wei", "mei", "lin"]),
    turn=st.integers(min_value=1, max_value=9),
    type=st.just(EventType.CARD_HELD),
    standing=st.just(CardStanding.HELD),
    occurred_at=st.datetimes(timezones=st.just(UTC)),
)


@given(st.lists(events, unique_by=lambda event: event.id, max_size=30))
def test_each_persons_events_are_in_their_own_order_and_none_is_lost(written: list[DepartmentEvent]) -> None:
    """Whatever the clocks of two servers said."""
    numbered = in_order(written)
    assert sorted(event.id for event in numbered) == sorted(event.id for event in written)
    for person in {(event.department_id, event.pseudonym) for event in written}:
        turns = [event.turn for event in numbered if (event.department_id, event.pseudonym) == person]
        assert turns == sorted(turns)


@given(st.lists(events, unique_by=lambda event: event.id, max_size=30))
def test_with_clocks_that_agree_it_is_the_order_of_time(written: list[DepartmentEvent]) -> None:
    for event in written:
        event.turn = 1
    assert [event.occurred_at for event in in_order(written)] == sorted(event.occurred_at for event in written)
