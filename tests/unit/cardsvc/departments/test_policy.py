"""Policies: what they say, and what none may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.departments.errors import PolicyInvalid, PurposeNotCovered, ReaderNotCovered
from cardsvc.departments.policy import KNOWN_ATTRIBUTES, NEVER_AT_TAP, NOTHING, ServiceRule, parse_policy, write_policy
from cardsvc.wire.levels import Level


def rules_of(services: Any) -> Mapping[str, ServiceRule]:
    return parse_policy({"services": services}).services


def test_a_policy_says_for_each_service_what_it_needs_and_may_have() -> None:
    rules = rules_of(
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
        rules_of({"loan": {"level": "tap", "attributes": ["district", attribute]}})

    assert refused.value.data == {"service": "loan", "attributes": [attribute]}


def test_of_all_that_is_known_a_tap_tells_the_district_alone() -> None:
    told = KNOWN_ATTRIBUTES - NEVER_AT_TAP

    assert told == {"district"}


@given(st.sampled_from([Level.PIN, Level.SIGN]), st.frozensets(st.sampled_from(sorted(KNOWN_ATTRIBUTES))))
def test_a_visit_by_tap_gets_nothing_that_a_tap_must_not_tell(level: Level, attributes: frozenset[str]) -> None:
    rule = rules_of({"x": {"level": level.value, "attributes": sorted(attributes)}})["x"]

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
    rules = parse_policy({"services": services})

    assert parse_policy(write_policy(rules)) == rules


@pytest.mark.parametrize(
    ("services", "member"),
    [
        ({"loan": {"level": "telepathy"}}, "services.loan.level"),
        ({"loan": {}}, "services.loan.level"),
        ({"loan": {"level": "pin", "attributes": ["shoe_size"]}}, "services.loan.attributes"),
        ({"loan": {"level": "pin", "attributes": "name"}}, "services.loan.attributes"),
        ({"loan": {"level": "pin", "price": 3}}, "services.loan.price"),
        ({"Not A Code": {"level": "pin"}}, "services.Not A Code.[key]"),
        ([], "services"),
        (None, "services"),
        ("loan", "services"),
    ],
)
def test_a_malformed_policy_is_refused_with_the_place(services: Any, member: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        rules_of(services)

    assert refused.value.data["members"] == [member]


def terms(**changed: Any) -> dict[str, Any]:
    return {"services": {"loan": {"level": "tap"}}, "purposes": {"review": "Review"}, **changed}


def test_purposes_questions_and_reader_levels_are_read_as_they_were_written() -> None:
    rules = parse_policy(
        terms(
            purposes={"review": {"en": "Review", "zh-Hans": "复核", "pt": "Revisão"}, "visit": "Home visits"},
            questions={
                "age-at-least:60": {"level": "tap", "purposes": ["visit", "review"]},
                "resident-of:taipa": {"level": "pin"},
            },
            reader_levels=["tap"],
        )
    )
    assert parse_policy(write_policy(rules)) == rules
    assert rules.purposes["visit"] == {"en": "Home visits"}
    assert write_policy(rules)["questions"]["age-at-least:60"] == {"level": "tap", "purposes": ["review", "visit"]}
    assert rules.questions["resident-of:taipa"].purposes == frozenset()


def test_what_a_policy_does_not_name_it_does_not_cover() -> None:
    rules = parse_policy(terms(reader_levels=["tap"]))
    rules.require_purpose("review")
    rules.require_reader(Level.TAP)
    with pytest.raises(PurposeNotCovered) as purpose:
        rules.require_purpose("curiosity")
    with pytest.raises(ReaderNotCovered) as reader:
        rules.require_reader(Level.PIN)
    assert (purpose.value.data, reader.value.data) == ({"purpose": "curiosity"}, {"level": "pin"})
    with pytest.raises(PurposeNotCovered):
        NOTHING.require_purpose("review")
    with pytest.raises(ReaderNotCovered):
        NOTHING.require_reader(Level.TAP)


@pytest.mark.parametrize(
    ("changed", "member"),
    [
        ({"purposes": {"review": ""}}, "purposes.review.en"),
        ({"purposes": {"review": {"pt": "Revisão"}}}, "purposes.review"),
        ({"purposes": {"Re View": "Review"}}, "purposes.Re View"),
        ({"questions": {"age-at-least:60": {"level": "tap", "purposes": ["gossip"]}}}, ""),
        ({"questions": {"age-at-least:60": {}}}, "questions.age-at-least:60.level"),
        ({"questions": {"shoe-size:41": {"level": "pin"}}}, "questions"),
        ({"questions": {"age-at-least:0": {"level": "pin"}}}, "questions"),
        ({"questions": {"age-at-least:060": {"level": "pin"}}}, "questions"),
        ({"questions": {"age-at-least:sixty": {"level": "pin"}}}, "questions"),
        ({"questions": {"resident-of:-": {"level": "pin"}}}, "questions"),
        ({"questions": {"60 or over?": {"level": "pin"}}}, "questions.60 or over?"),
        ({"reader_levels": ["sign"]}, "reader_levels"),
        ({"reader_levels": ["glance"]}, "reader_levels.0"),
    ],
)
def test_a_policy_with_other_terms_than_there_are_is_refused(changed: dict[str, Any], member: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_policy(terms(**changed))
    assert [name.removesuffix(".[key]") for name in refused.value.data["members"]] == [member]


def test_ages_that_would_tell_a_birth_date_are_not_asked_together() -> None:
    years = [{f"age-at-least:{age}": {"level": "pin"} for age in ages} for ages in ((60, 65), (60, 64), (60, 90, 61))]
    assert len(parse_policy(terms(questions=years[0])).questions) == 2
    for questions in years[1:]:
        with pytest.raises(PolicyInvalid, match="5 years apart"):
            parse_policy(terms(questions=questions))


def test_a_tap_answers_one_question_about_age() -> None:
    both = {"age-at-least:18": {"level": "tap"}, "age-at-least:60": {"level": "tap"}}
    with pytest.raises(PolicyInvalid, match="a tap answers 1 question"):
        parse_policy(terms(questions=both))
    both["age-at-least:18"]["level"] = "pin"
    districts = {f"resident-of:{name}": {"level": "tap"} for name in ("taipa", "coloane")}
    assert len(parse_policy(terms(questions=both | districts)).questions) == 4
