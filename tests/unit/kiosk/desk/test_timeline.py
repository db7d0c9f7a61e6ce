"""A person's history in one list, and what it says of each moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from cardsvc.wire.lifecycle import (
    ApplicationKind,
    ApplicationState,
    Card,
    CardState,
    Transition,
)
from cardsvc.wire.lives import Correction, Loss, PastApplication, PersonLife
from cardsvc.wire.losses import Channel, LossKind, LossOutcome
from cardsvc.wire.manifest import Language
from cardsvc.wire.people import CorrectionCause
from cardsvc.wire.registry import RegistryEvent, RegistryEventKind, RegistryEventState
from kiosk.desk.cases import Case
from kiosk.desk.timeline import history_of_card, history_of_person, reason_of, saying
from kiosk.desk.words import words_in

BEGIN = datetime(2026, 1, 1, 9, tzinfo=UTC)


def at(hours: int) -> datetime:
    return BEGIN + timedelta(hours=hours)


def step(state: str, hours: int, reason: str | None = None) -> Transition:
    return Transition(state=state, actor="ana", at=at(hours), reason=reason)


CARD = Card(
    uuid=uuid4(),
    state=CardState.HELD,
    stock_number="HQ-000001",
    history=[step("stock", 0), step("active", 4), step("held", 6, "lost")],
)
OTHER = Card(uuid=uuid4(), state=CardState.QUARANTINED, stock_number="HQ-000002", history=[step("stock", 1)])
LIFE = PersonLife(
    applications=[
        PastApplication(
            id=uuid4(),
            kind=ApplicationKind.FIRST,
            state=ApplicationState.CLOSED,
            requested_by="ana",
            responsible="ana",
            card_uuid=CARD.uuid,
            history=[step("draft", 2), step("closed", 4)],
        )
    ],
    cards=[CARD, OTHER],
    losses=[
        Loss(
            number="4711082604",
            kind=LossKind.LOST,
            channel=Channel.TELEPHONE,
            card_uuid=CARD.uuid,
            reported_by="bo",
            reported_at=at(6),
            found_until=at(360),
            outcome=LossOutcome.FOUND,
            closed_at=at(9),
        )
    ],
    registry_events=[
        RegistryEvent(
            id=uuid4(),
            citizen_id=uuid4(),
            kind=RegistryEventKind.DEATH,
            state=RegistryEventState.REVERSED,
            reference="R-1",
            occurred_on=date(2026, 1, 1),
            reported_by="bo",
            reported_at=at(7),
            decided_by="cy",
            decided_at=at(8),
        )
    ],
    corrections=[Correction(at=at(3), corrected_by="ana", cause=CorrectionCause.MOVE)],
)


def told(language: Language = Language.ENGLISH) -> list[str]:
    words = words_in(language)
    return [saying(one, words["timeline"], words["failures"]["states"]) for one in history_of_person(LIFE)]


def test_everything_stands_in_one_list_in_the_order_in_which_it_happened() -> None:
    assert told() == [
        "Card HQ-000001: in stock",
        "Card HQ-000002: in stock",
        "Application (first card): draft",
        "Details corrected: move",
        "Application (first card): closed",
        "Card HQ-000001: in force",
        "Card HQ-000001: held",
        "Card HQ-000001 reported: lost, by telephone. Report 4711082604",
        "Registry: died on 2026-01-01, number R-1",
        "Registry, number R-1: taken back",
        "Report 4711082604 about card HQ-000001 is closed: found",
    ]


def test_it_is_said_in_every_language() -> None:
    english = told()
    for language in (Language.CHINESE, Language.PORTUGUESE):
        assert not set(told(language)) & set(english)


def test_the_history_of_a_card_leaves_out_what_is_about_others() -> None:
    case = Case(at(10), CARD, uuid4(), LIFE)
    numbers = [moment.about.get("card", "HQ-000001") for moment in history_of_card(case)]
    assert set(numbers) == {"HQ-000001"}
    assert len(numbers) == 7
    assert history_of_card(Case(at(10), None, uuid4(), LIFE)) == []


def test_a_reason_is_said_in_words_where_it_is_a_code() -> None:
    words = words_in(Language.ENGLISH)["timeline"]
    (held,) = [one for one in history_of_person(LIFE) if one.reason]
    assert reason_of(held, words) == "lost"
    free = history_of_card(Case(at(10), CARD.model_copy(update={"history": [step("held", 1, "odd print")]})))
    assert [reason_of(one, words) for one in free] == ["odd print"]
