"""Policies: what they say, and what none may say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.departments.errors import PolicyInvalid
from cardsvc.departments.policy import KNOWN_ATTRIBUTES, NEVER_AT_TAP, parse_policy, write_policy
from cardsvc.wire.levels import Level


def test_a_policy_says_for_each_service_what_it_needs_and_may_have() -> None:
    rules = parse_policy(
        {
            "clinic-check-in": {"level": "tap", "attributes": ["district"]},
            "balance": {"level": "pin", "attributes": ["name", "district"]},
            "ticket": {"level": "tap"},
        }
    )

    assert rules["clinic-check-in"].level is Level.TAP
    assert rules["balance"].attributes == {"name", "district"}
    assert rules["ticket"].attributes == frozenset()


@pytest.mark.parametrize("attribute", ["name", "name_latin", "birth_date", "document_number"])
def test_a_policy_that_lets_a_tap_say_who_it_is_is_refused(attribute: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_policy({"loan": {"level": "tap", "attributes": ["district", attribute]}})

    assert refused.value.data == {"service": "loan", "attributes": [attribute]}


def test_of_all_that_is_known_a_tap_tells_the_district_alone() -> None:
    told = KNOWN_ATTRIBUTES - NEVER_AT_TAP

    assert told == {"district"}


@given(st.sampled_from([Level.PIN, Level.SIGN]), st.frozensets(st.sampled_from(sorted(KNOWN_ATTRIBUTES))))
def test_a_visit_by_tap_gets_nothing_that_a_tap_must_not_tell(level: Level, attributes: frozenset[str]) -> None:
    rule = parse_policy({"x": {"level": level.value, "attributes": sorted(attributes)}})["x"]

    assert rule.may_have(Level.TAP) == attributes - NEVER_AT_TAP
    assert rule.may_have(level) == attributes


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8})?", fullmatch=True),
        st.fixed_dictionaries(
            {
                "level": st.sampled_from(["pin", "sign"]),
                "attributes": st.lists(st.sampled_from(sorted(KNOWN_ATTRIBUTES)), unique=True),
            }
        ),
    )
)
def test_what_is_written_is_read_as_it_was(services: dict[str, Any]) -> None:
    rules = parse_policy(services)

    assert parse_policy(write_policy(rules)) == rules


@pytest.mark.parametrize(
    ("services", "member"),
    [
        ({"loan": {"level": "telepathy"}}, "loan.level"),
        ({"loan": {}}, "loan.level"),
        ({"loan": {"level": "pin", "attributes": ["shoe_size"]}}, "loan.attributes"),
        ({"loan": {"level": "pin", "attributes": "name"}}, "loan.attributes"),
        ({"loan": {"level": "pin", "price": 3}}, "loan.price"),
        ({"Not A Code": {"level": "pin"}}, "Not A Code.[key]"),
        ([], ""),
        (None, ""),
        ("loan", ""),
    ],
)
def test_a_malformed_policy_is_refused_with_the_place(services: Any, member: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_policy(services)

    assert refused.value.data["members"] == [member]
